"""A drawing with what belongs to it: a caption, a table of its numbers beneath, and PNG and CSV to take away.

page_lab.js makes both files in the browser, the PNG from the drawing and the CSV from the table, so that no file lies
on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ui.texts import decimal, grouped, say

Cell = str | int | float | None
_DIGITS = 4


def figure(
    drawn: Markup | str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    name: str,
    caption: str,
    lang: str,
    digits: int = _DIGITS,
    opened: bool = False,
) -> Markup:
    """Return a figure: `drawn` is escaped already (an <svg> or <canvas> whose first child says what it shows).

    `heads` are words for people; `rows` the numbers, the first cell of each being its head. A float is shown with so
    many `digits` and kept whole in the CSV. `name` is the file's name without its ending, [a-z-] only. `opened`: the
    table is unfolded from the start.
    """
    return Markup(
        '<figure class="aula-figure" data-name="{name}"><figcaption>{caption}</figcaption>'
        '<div class="aula-drawn" role="group" tabindex="0" aria-label="{caption}">{drawn}</div>'
        '<div class="aula-take"><button type="button" class="aula-button quiet" data-save="png" aria-label="{png}">PNG'
        '</button><button type="button" class="aula-button quiet" data-save="csv" aria-label="{csv}">CSV</button></div>'
        "<details{open}><summary>{numbers}</summary>{table}</details></figure>"
    ).format(
        name=name,
        caption=caption,
        drawn=Markup(drawn),  # noqa: S704 - the drawer has escaped what it filled in
        png=say(lang, "lab.png", what=caption),
        csv=say(lang, "lab.csv", what=caption),
        numbers=say(lang, "lab.numbers"),
        table=table(heads, rows, caption=caption, lang=lang, digits=digits),
        open=Markup(" open") if opened else Markup(""),
    )


def table(
    heads: Sequence[str], rows: Sequence[Sequence[Cell]], *, caption: str, lang: str, digits: int = _DIGITS
) -> Markup:
    """Return a table that scrolls inside its own box; the first cell of a row is its head."""
    top = Markup("").join(Markup('<th scope="col">{}</th>').format(head) for head in heads)
    body = Markup("").join(_row(row, lang, digits) for row in rows)
    return Markup(
        '<div class="aula-figures" role="region" tabindex="0" aria-label="{}"><table><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(caption, top, body)


def _row(row: Sequence[Cell], lang: str, digits: int) -> Markup:
    first = Markup('<th scope="row"{}>{}</th>').format(*_cell(row[0], lang, digits))
    rest = (Markup("<td{}>{}</td>").format(*_cell(cell, lang, digits)) for cell in row[1:])
    return Markup("<tr>{}</tr>").format(first + Markup("").join(rest))


def _cell(cell: Cell, lang: str, digits: int) -> tuple[Markup, str]:
    """Return the attribute that keeps the number whole, and what is shown."""
    if cell is None:
        return Markup(' data-value=""'), "–"
    if isinstance(cell, str):
        return Markup(""), cell
    shown = grouped(cell, lang) if isinstance(cell, int) else decimal(cell, lang, digits)
    return Markup(' data-value="{}"').format(repr(cell)), shown
