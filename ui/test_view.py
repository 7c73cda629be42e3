"""The test set in words, as HTML: its checks, what is missing, and what would be run. It runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from prompts.checks.registry import KINDS, is_kept_only
from prompts.column import Column
from prompts.experiment import Experiment, Row
from prompts.outcome import Check
from prompts.runs.cautions import cautions
from rag.errors import AulaError
from ui.cell_view import written
from ui.components import button
from ui.test_held import Held
from ui.texts import count, grouped, say

_LISTED = 8  # rows whose own checks are listed
_DURATIONS = ((60, 1, "common.seconds"), (3600, 60, "common.minutes"))


def checks(common: Sequence[Check], by_itself: bool, rows: Sequence[Row], lang: str) -> Markup:
    """Return the checks for all rows with their buttons, then those that rows have of their own.

    `by_itself`: Aula has chosen the one there is, since nobody has chosen any.
    """
    if not common:
        listed = Markup('<p class="aula-empty">{}</p>').format(say(lang, "test.no_checks"))
    else:
        items = Markup("").join(_check(check, n, lang) for n, check in enumerate(common))
        why = Markup('<p class="aula-caption">{}</p>').format(say(lang, "test.by_itself")) if by_itself else ""
        listed = Markup('<ul class="aula-rows">{}</ul>{}').format(items, why)
    title = Markup("<h3>{}</h3>").format(say(lang, "test.checks"))
    return title + listed + _of_rows(rows, lang)


def _check(check: Check, number: int, lang: str) -> Markup:
    name = written(check)
    remove = button(
        say(lang, "test.remove"),
        "remove",
        str(number),
        label=say(lang, "test.remove_name", name=name),
        kind="small quiet",
    )
    return Markup(
        '<li class="aula-row"><div class="aula-row-main"><code>{}</code><span class="aula-meta">{}</span></div>{}</li>'
    ).format(name, in_words(check, lang), remove)


def in_words(check: Check, lang: str) -> str:
    """Return what a check asks for, as its kind is called in words."""
    if is_kept_only(check):
        return say(lang, "test.kept_only")
    kind = KINDS.get(check.type)
    title = kind.title.text(lang) if kind else check.type
    return say(lang, "test.negated", what=title) if check.negate else title


def _of_rows(rows: Sequence[Row], lang: str) -> Markup:
    own = [(n, row.checks) for n, row in enumerate(rows) if row.checks]
    if not own:
        return Markup("")
    items = Markup("").join(
        Markup("<li>{}: {}</li>").format(
            say(lang, "test.row", n=n + 1),
            Markup(", ").join(Markup("<code>{}</code>").format(written(check)) for check in found),
        )
        for n, found in own[:_LISTED]
    )
    more = Markup("<li>{}</li>").format(say(lang, "test.more_rows", n=len(own) - _LISTED)) if own[_LISTED:] else ""
    return Markup("<details><summary>{}</summary><ul>{}{}</ul></details>").format(
        count(lang, "test.own_checks", len(own)), items, more
    )


def told(
    held: Held, columns: Sequence[Column], seconds: Callable[[], float | None], lang: str
) -> tuple[Markup, Markup]:
    """Return what is missing, and what a run would be; `seconds` gives how long a cell takes, where that is known."""
    if not held.rows:
        return Markup(""), Markup('<p class="aula-empty">{}</p>').format(say(lang, "test.empty"))
    try:
        experiment = held.experiment(columns)
    except AulaError as error:
        return Markup('<p class="aula-note">{}</p>').format(error.text(lang)), Markup("")
    return missing(experiment, lang), plan(experiment, seconds(), lang)


def missing(experiment: Experiment, lang: str) -> Markup:
    """Return the variables that the columns need: those that the table lacks, and where one is empty."""
    lacks = dict.fromkeys(name for _, name in experiment.missing())
    said = [say(lang, "test.lacks", names=", ".join(lacks))] if lacks else []
    wanted = dict.fromkeys(name for column in experiment.columns for name in column.variables)
    for name in wanted:
        empty = [n + 1 for n, row in enumerate(experiment.rows) if not row.values.get(name, "-").strip()]
        if empty:
            shown = ", ".join(str(n) for n in empty[:_LISTED]) + (" …" if empty[_LISTED:] else "")
            said.append(say(lang, "test.empty_values", name=name, rows=shown))
    return Markup("").join(Markup('<p class="aula-note">{}</p>').format(one) for one in said)


def plan(experiment: Experiment, seconds: float | None, lang: str) -> Markup:
    """Return what a run would be: columns by rows by repeats, about how long (in seconds a cell), and what to know."""
    parts = [
        count(lang, "test.columns", len(experiment.columns)),
        count(lang, "test.rows", len(experiment.rows)),
        count(lang, "test.repeats_of", experiment.repeats),
    ]
    cells = count(lang, "test.cells", experiment.size)
    text = f"{' × '.join(parts)} = {cells}."
    asked = sum(column.samples for column in experiment.columns) * len(experiment.rows) * experiment.repeats
    if asked > experiment.size:
        text += f" {say(lang, 'test.answers', n=grouped(asked, lang))}"
    if seconds is not None:
        about = duration(seconds * experiment.size, lang)
        text += f" {say(lang, 'test.takes', time=about)}"
    else:
        text += f" {say(lang, 'test.takes_unknown')}"
    notes = Markup("").join(
        Markup('<p class="aula-note">{}</p>').format(one.text(lang)) for one in cautions(experiment)
    )
    return Markup('<p role="status">{}</p>{}').format(text, notes)


def duration(seconds: float, lang: str) -> str:
    """Return a number of seconds for people: 40 s, 12 min, 3 h."""
    for below, unit, key in _DURATIONS:
        if seconds < below:
            return say(lang, key, n=grouped(max(1, round(seconds / unit)), lang))
    return say(lang, "common.hours", n=grouped(round(seconds / 3600), lang))
