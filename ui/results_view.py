"""A run as HTML: how far it is, and its matrix of rows by columns, each cell with its outcome and how it begins.

It computes nothing but what is shown; questions, answers and labels are data and go through markupsafe.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from markupsafe import Markup

from prompts.experiment import Experiment, Place, Row
from prompts.runs.cell import Cell
from prompts.runs.progress import Progress
from prompts.runs.store import GOING_ON, RunRecord
from ui.components import button, progress_bar, time_left
from ui.outcomes import SIGNS, badge, together, word
from ui.texts import count, grouped, say

Filter = Literal["all", "failures", "different", "unparsed"]
FILTERS: tuple[Filter, ...] = ("all", "failures", "different", "unparsed")
STATES = {
    "waiting": "result.state_waiting",
    "running": "result.state_running",
    "paused": "result.state_paused",
    "done": "result.state_done",
    "failed": "result.state_failed",
}
PAGE = 100  # rows drawn at once
_BEGINNING = 90  # characters of an answer in its cell
_ROW = 110  # and of what a row is about

Cells = Mapping[Place, Cell]


# -- how far it is ---------------------------------------------------------------------------------------------------


def progress(run: RunRecord, now: Progress, lang: str) -> Markup:
    """Return the state of a run in words, a bar, the time left, what is worth knowing, and its buttons."""
    state = say(lang, STATES[now.state])
    cells = say(lang, "result.cells", done=grouped(now.done, lang), total=grouped(now.total, lang))
    bar = progress_bar(now.done, now.total, cells) if now.state != "done" else Markup("")
    wrong = now.error or run.error
    notes = Markup('<p class="aula-error">{}</p>').format(wrong.get(lang, "")) if wrong else Markup("")
    for warning in now.warnings:
        notes += Markup('<p class="aula-note">{}</p>').format(warning.text(lang))
    # Only the state is read out by itself: counts and seconds change all the time.
    told = Markup('<p><span role="status">{}</span> · {}</p>').format(state, " · ".join([cells, *_when(now, lang)]))
    return Markup('<div class="aula-run-state" data-state="{}" data-done="{}">{}{}{}</div>{}').format(
        now.state, now.done, told, bar, notes, _controls(run.id, now.state, lang)
    )


def _when(now: Progress, lang: str) -> list[str]:
    """Return what is known of the time: how long it takes, or for how many runs it waits."""
    if now.state == "waiting" and now.ahead:
        return [count(lang, "result.ahead", now.ahead)]
    if now.state != "running":
        return []
    if now.seconds_left is None:
        return [say(lang, "result.no_time_yet")]
    return [time_left(now.seconds_left, lang)]


def _controls(key: str, state: str, lang: str) -> Markup:
    if state == "done":
        return Markup("")
    goes_on = state in GOING_ON
    first = (
        button(say(lang, "result.pause"), "pause", key)
        if goes_on
        else button(say(lang, "result.resume"), "resume", key, kind="primary")
    )
    stop = button(
        say(lang, "result.stop"),
        "stop",
        key,
        ask=say(lang, "result.stop_ask"),
        ok=say(lang, "result.stop"),
        cancel=say(lang, "common.cancel"),
    )
    return Markup('<div class="aula-actions">{}{}</div>').format(first, stop)


# -- the matrix ------------------------------------------------------------------------------------------------------


def repeats(experiment: Experiment, cells: Cells, row: int, column: int) -> list[Cell]:
    """Return what there is of a row and a column, in the order of the repeats."""
    places = (Place(column, row, repeat) for repeat in range(experiment.repeats))
    return [cells[place] for place in places if place in cells]


def chosen(experiment: Experiment, cells: Cells, which: Filter) -> list[int]:
    """Return the rows that a filter lets through."""
    rows = range(len(experiment.rows))
    if which == "all":
        return list(rows)
    return [row for row in rows if _passes(experiment, cells, row, which)]


def _passes(experiment: Experiment, cells: Cells, row: int, which: Filter) -> bool:
    groups = [repeats(experiment, cells, row, column) for column in range(len(experiment.columns))]
    if which == "different":
        return len({_said(group) for group in groups if group}) > 1
    every = [cell for group in groups for cell in group]
    if which == "failures":
        return any(cell.lenient == "wrong" or cell.reply.error for cell in every)
    return any("unparsed" in (cell.lenient, cell.strict) for cell in every)


def _said(cells: Sequence[Cell]) -> tuple[str, str]:
    """Return what is compared between columns: the outcome, and what most of the repeats answer."""
    answered = [cell for cell in cells if not cell.reply.error]
    ((most, _),) = Counter(_answer(cell) for cell in answered).most_common(1) or (("", 0),)
    return together(cells), most


def _answer(cell: Cell) -> str:
    """Return what a check read in the answer; all of it where none read anything, or nothing judged it."""
    read = next((grade.read for grade in cell.grades if grade.read.strip()), "") if cell.lenient != "none" else ""
    return " ".join((read or cell.reply.text).split()).casefold()


def matrix(experiment: Experiment, cells: Cells, which: Filter, page: int, lang: str) -> Markup:
    """Return the table of one page of the rows that the filter lets through, `page` counted from 0."""
    rows = chosen(experiment, cells, which)
    if not rows:
        return Markup('<p class="aula-empty">{}</p>').format(say(lang, "result.none_such"))
    pages = -(-len(rows) // PAGE)
    page = max(0, min(page, pages - 1))
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(column.label) for column in experiment.columns)
    body = Markup("").join(_row(experiment, cells, row, lang) for row in rows[page * PAGE : (page + 1) * PAGE])
    table = Markup(
        '<div class="aula-matrix" id="aula-matrix-box" role="region" tabindex="0" aria-label="{}"><table>'
        '<thead><tr><th scope="col">{}</th>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(say(lang, "result.matrix"), say(lang, "result.row"), head, body)
    found = Markup('<p class="aula-caption">{} {}</p>').format(
        count(lang, "result.rows", len(rows)), say(lang, "result.how_to_read")
    )
    return found + table + _turn(page, pages, lang)


def _turn(page: int, pages: int, lang: str) -> Markup:
    if pages < 2:
        return Markup("")
    before = button(say(lang, "viewer.previous"), "page", str(page - 1), kind="small") if page else Markup("")
    after = button(say(lang, "viewer.next"), "page", str(page + 1), kind="small") if page + 1 < pages else Markup("")
    where = say(lang, "viewer.page_of", page=page + 1, pages=pages)
    return Markup('<div class="aula-actions">{}<span class="aula-caption">{}</span>{}</div>').format(
        before, where, after
    )


def _row(experiment: Experiment, cells: Cells, row: int, lang: str) -> Markup:
    head = Markup('<th scope="row"><b>{}</b> {}</th>').format(row + 1, about(experiment.rows[row]))
    found = Markup("").join(
        Markup("<td>{}</td>").format(_cell(experiment, cells, row, column, lang))
        for column in range(len(experiment.columns))
    )
    return Markup('<tr data-row="{}">{}{}</tr>').format(row, head, found)


def about(row: Row) -> str:
    """Return in one line what a row is about: its description, or its values."""
    text = row.description or " · ".join(value for value in row.values.values() if value.strip())
    return shortened(text, _ROW)


def shortened(text: str, length: int) -> str:
    """Return a text in one line, cut at `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def _cell(experiment: Experiment, cells: Cells, row: int, column: int, lang: str) -> Markup:
    group = repeats(experiment, cells, row, column)
    if not group:
        return badge("waiting", lang)
    lenient, strict = together(group), together(group, strict=True)
    label = say(lang, "result.open", row=row + 1, column=experiment.columns[column].label, outcome=word(lenient, lang))
    inside = badge(lenient, lang)
    if lenient not in ("none", "error"):
        inside += badge(strict, lang, say(lang, "result.strict"))
    if experiment.repeats > 1:
        right = sum(cell.lenient == "right" for cell in group)
        inside += Markup('<span class="aula-repeats">{}</span>').format(
            say(lang, "result.right_of", right=right, n=len(group))
        )
    text = group[0].reply.error.get(lang, "") or group[0].reply.text
    return Markup(
        '<button type="button" class="aula-cell {}" data-do="cell" data-id="{}" aria-label="{}">{}'
        '<span class="aula-begins">{}</span></button>'
    ).format(lenient, place_id(group[0].place), label, inside, shortened(text, _BEGINNING))


def place_id(place: Place) -> str:
    """Return column-row-repeat, by which a button names a cell."""
    return f"{place.column}-{place.row}-{place.repeat}"


def read_place(text: str) -> Place | None:
    """Return what `place_id` gave; None for anything else."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 7 for part in parts):
        return None
    return Place(*(int(part) for part in parts))


def legend(lang: str) -> Markup:
    """Return what the signs of the matrix mean."""
    signs = Markup("").join(badge(outcome, lang) for outcome in SIGNS)
    return Markup('<p class="aula-legend">{}</p>').format(signs)
