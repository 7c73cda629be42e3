"""The report's rows: what was put in, and what each column answered to it, folded until one wants to see it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from prompts.experiment import Experiment, Place, Row
from prompts.outcome import Grade, Outcome
from prompts.promptfoo.expected import written
from prompts.report.bilingual import block, both, each, folded, joined, said, terms
from prompts.runs.cell import Cell
from prompts.words import shown

_TITLE = 90  # characters of a row's values that it is called by


def rows(experiment: Experiment, cells: Mapping[Place, Cell]) -> Markup:
    """Return every row that has an answer; the others have nothing to show yet."""
    by_row: dict[int, list[Cell]] = {}
    for place in sorted(cells, key=lambda place: (place.row, place.column, place.repeat)):
        by_row.setdefault(place.row, []).append(cells[place])
    return joined(_row(experiment, number, found) for number, found in by_row.items())


def _row(experiment: Experiment, number: int, cells: Sequence[Cell]) -> Markup:
    row = experiment.rows[number]
    outcomes = joined((badge(cell.lenient, cell.reply.error) for cell in cells), " ")
    title = Markup("<b>{}</b> {} {}").format(number + 1, _name(row), outcomes)
    values = terms((name, block(value)) for name, value in row.values.items())
    checks = joined(Markup("<li><code>{}</code></li>").format(written(check)) for check in row.checks)
    own = Markup("<p>{}</p><ul>{}</ul>").format(both("report.checks_row"), checks) if row.checks else Markup("")
    answers = joined(_cell(experiment, cell) for cell in cells)
    return folded(title, Markup('{}{}<div class="columns">{}</div>').format(values, own, answers), "row")


def _name(row: Row) -> str:
    whole = row.description or " · ".join(row.values.values())
    return textwrap.shorten(whole, _TITLE, placeholder="…")


def badge(outcome: Outcome, error: Mapping[str, str] | None = None) -> Markup:
    """Return an outcome as a word; colour only repeats what it says."""
    if error:
        return Markup('<span class="badge error">{}</span>').format(both("report.failed"))
    return Markup('<span class="badge {}">{}</span>').format(outcome, both(f"outcome.{outcome}"))


def _cell(experiment: Experiment, cell: Cell) -> Markup:
    place, reply = cell.place, cell.reply
    repeat = f" · {place.repeat + 1}/{experiment.repeats}" if experiment.repeats > 1 else ""
    head = Markup("<h4>{}{}</h4><p>{}</p>").format(
        experiment.columns[place.column].label, repeat, badge(cell.lenient, reply.error)
    )
    if reply.error:
        text = Markup("<p>{}</p>").format(each(lambda lang: reply.error.get(lang) or reply.error.get("en", "")))
    else:
        text = block(reply.text)
    figures = Markup("") if reply.error else Markup("<p class=small>{}</p>").format(_figures(cell))
    parts = [head, text, _votes(reply.votes), _grades(cell), figures]
    if reply.prompt:
        parts.append(folded(both("report.prompt"), block(reply.prompt)))
    return Markup("<section>{}</section>").format(joined(parts))


def _votes(votes: Mapping[str, int]) -> Markup:
    if not votes:
        return Markup("")
    listed = joined((Markup("<q>{}</q> {}×").format(text, n) for text, n in votes.items()), ", ")
    return Markup("<p>{} {}</p>").format(both("report.votes"), listed)


def _grades(cell: Cell) -> Markup:
    if not cell.grades:
        return Markup("")
    return Markup("<ul class=grades>{}</ul>").format(joined(_grade(grade) for grade in cell.grades))


def _grade(grade: Grade) -> Markup:
    strict = Markup(" ({} {})").format(both("report.strictly"), both(f"outcome.{grade.strict}"))
    return Markup("<li><code>{}</code> {}{}<br>{}</li>").format(
        written(grade.check),
        both(f"outcome.{grade.lenient}"),
        strict if grade.strict != grade.lenient else "",
        said(grade.reason),
    )


def _figures(cell: Cell) -> Markup:
    reply = cell.reply
    tokens = reply.stats.get("completion_tokens")
    return each(
        lambda lang: " · ".join(
            part
            for part in (
                reply.model,
                f"{shown(round(reply.seconds, 2), lang)} s",
                f"{tokens} tokens" if tokens is not None else "",
                f"seed {reply.seed}",
            )
            if part
        )
    )
