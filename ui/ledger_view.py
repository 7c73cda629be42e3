"""How each page of a document was read, as HTML: a strip, and a table of runs of equal pages. It reads nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup

from ui.components import button
from ui.texts import grouped, say, table

AMISS = frozenset({"failed", "waiting"})
_ORDER = ("text", "ocr", "empty", "read", "waiting", "failed", "unread")  # as they are counted out
_GRAVITY = {kind: n for n, kind in enumerate(("unread", "empty", "text", "ocr", "read", "waiting", "failed"))}
_CELLS = 120  # of the strip, however many pages there are
_LINES = 40  # of the table, until all are asked for


class PageState(Protocol):
    """What the library's ledger says of a page, numbered from 1."""

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def how(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def indexed(self) -> bool: ...  # noqa: D102
    @property
    def chunks(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Run:
    """Neighbouring pages that came to the same. `kind` is `how`, or read (not indexed yet), or unread."""

    first: int
    last: int
    kind: str
    reason: str = ""
    chunks: int = 0

    @property
    def length(self) -> int:
        """How many pages."""
        return self.last - self.first + 1

    @property
    def amiss(self) -> bool:
        """Whether its text is missing."""
        return self.kind in AMISS


@dataclass(frozen=True)
class Cell:
    """A piece of the strip: its gravest run, the page of it that a click opens, how many pages wide it is."""

    run: Run
    page: int
    width: int


def runs(pages: Iterable[PageState], total: int = 0) -> list[Run]:
    """Join the pages, in order, into runs; pages up to `total` that are not there are unread."""
    joined: list[Run] = []
    for page in pages:
        if page.number > _end(joined) + 1:
            joined.append(Run(_end(joined) + 1, page.number - 1, "unread"))
        _join(joined, Run(page.number, page.number, _kind(page), page.reason, page.chunks))
    if total > _end(joined):
        joined.append(Run(_end(joined) + 1, total, "unread"))
    return joined


def _end(joined: Sequence[Run]) -> int:
    return joined[-1].last if joined else 0


def _join(joined: list[Run], one: Run) -> None:
    before = joined[-1] if joined else None
    if before is not None and (before.kind, before.reason) == (one.kind, one.reason):
        joined[-1] = Run(before.first, one.last, one.kind, one.reason, before.chunks + one.chunks)
    else:
        joined.append(one)


def _kind(page: PageState) -> str:
    return "read" if page.how in ("text", "ocr") and not page.indexed else page.how


def described(run: Run, lang: str) -> str:
    """Return a run's state in words, with its reason where there is one: "failed: damaged"."""
    words = say(lang, f"docs.page_{run.kind}")
    why = table(lang).get(f"docs.why_{run.kind}_{run.reason}", "")
    return f"{words}: {why}" if why else words


def where(run: Run, lang: str) -> str:
    """Return "44", or "1–43"."""
    if run.first == run.last:
        return grouped(run.first, lang)
    return f"{grouped(run.first, lang)}–{grouped(run.last, lang)}"


def ledger(
    document: str, name: str, unit: str, found: Sequence[Run], lang: str, *, amiss: bool = False, whole: bool = False
) -> Markup:
    """Return what opens below a document's row. `amiss`: only what is missing; `whole`: every line of the table."""
    label = say(lang, "docs.ledger_name", name=name)
    if not found:
        inside = Markup('<p class="aula-empty">{}</p>').format(say(lang, "docs.runs_none"))
    else:
        inside = _summary(document, found, lang, amiss) + _strip(document, found, lang)
        chosen = [run for run in found if run.amiss] if amiss else list(found)
        inside += _table(document, unit, chosen, lang, whole)
    return Markup('<div class="aula-ledger" role="region" aria-label="{}">{}</div>').format(label, inside)


def _summary(document: str, found: Sequence[Run], lang: str, amiss: bool) -> Markup:
    totals = dict.fromkeys(_ORDER, 0)
    for run in found:
        totals[run.kind] += run.length
    said = Markup("").join(
        Markup('<li><span class="aula-run-key {}"></span>{} {}</li>').format(
            kind, grouped(n, lang), say(lang, f"docs.page_{kind}")
        )
        for kind, n in totals.items()
        if n
    )
    only = Markup("")
    if amiss or any(run.amiss for run in found):
        only = Markup(
            '<button type="button" class="aula-button small" data-do="ledger-amiss" data-id="{}" aria-pressed="{}">{}'
            "</button>"
        ).format(document, "true" if amiss else "false", say(lang, "docs.runs_amiss"))
    return Markup('<div class="aula-ledger-head"><ul>{}</ul>{}</div>').format(said, only)


def _strip(document: str, found: Sequence[Run], lang: str) -> Markup:
    """Return the pages as a band, for the eye and the mouse; the table says the same to everybody."""
    band = Markup("").join(_cell(document, cell, lang) for cell in cells(found))
    return Markup('<div class="aula-strip" aria-hidden="true">{}</div>').format(band)


def _cell(document: str, cell: Cell, lang: str) -> Markup:
    opens = Markup("")
    if cell.run.kind != "unread":
        opens = Markup(' data-cite data-document="{}" data-page="{}" data-spans=""').format(document, cell.page)
    return Markup('<span class="aula-run {}" style="flex-grow:{}" title="{}"{}></span>').format(
        cell.run.kind, cell.width, f"{where(cell.run, lang)}: {described(cell.run, lang)}", opens
    )


def cells(found: Sequence[Run], most: int = _CELLS) -> list[Cell]:
    """Return what the strip is made of: the runs, or, where there are more than `most`, as many equal stretches."""
    if len(found) <= most:
        return [Cell(run, run.first, run.length) for run in found]
    total, at, made = found[-1].last, 0, []
    for n in range(most):  # total > most, since there are more runs than that: no stretch is empty
        first, last = n * total // most + 1, (n + 1) * total // most
        while found[at].last < first:
            at += 1
        inside = itertools.takewhile(lambda run, last=last: run.first <= last, found[at:])  # type: ignore[misc]
        worst = max(inside, key=lambda run: _GRAVITY[run.kind])
        made.append(Cell(worst, max(first, worst.first), last - first + 1))
    return made


def _table(document: str, unit: str, chosen: Sequence[Run], lang: str, whole: bool) -> Markup:
    if not chosen:
        return Markup('<p class="aula-empty">{}</p>').format(say(lang, "docs.runs_fine"))
    shown = chosen if whole else chosen[:_LINES]
    heads = (f"docs.runs_where_{unit}", "docs.runs_state", "docs.runs_chunks")
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(say(lang, key)) for key in heads)
    lines = Markup("").join(_line(document, run, lang) for run in shown)
    left = len(chosen) - len(shown)
    rest = Markup("")
    if left:
        rest = button(say(lang, "docs.runs_whole", n=grouped(left, lang)), "ledger-whole", document, kind="small")
    return Markup('<div class="aula-runs"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}</div>').format(
        head, lines, rest
    )


def _line(document: str, run: Run, lang: str) -> Markup:
    place: str | Markup = where(run, lang)
    if run.kind != "unread":
        place = Markup(
            '<button type="button" class="aula-link" data-cite data-document="{}" data-page="{}" data-spans=""'
            ' aria-label="{}, {}">{}</button>'
        ).format(document, run.first, place, say(lang, "docs.runs_open", number=grouped(run.first, lang)), place)
    return Markup('<tr><th scope="row">{}</th><td class="{}">{}</td><td>{}</td></tr>').format(
        place, "aula-amiss" if run.amiss else "", described(run, lang), grouped(run.chunks, lang) if run.chunks else "–"
    )
