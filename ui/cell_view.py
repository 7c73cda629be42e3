"""One cell of a run as HTML, for the dialog: prompt, answer, samples, checks, figures and the answer's tokens.

Everything of it is data: it goes through markupsafe, and no text of a model becomes markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from lab.tokens import visible
from prompts.checks.meaning import judge_prompt
from prompts.experiment import Experiment, Place, Row
from prompts.outcome import Check, Grade
from prompts.reply import Reply
from prompts.runs.cell import Cell
from rag.errors import PromptError
from ui.outcomes import badge
from ui.places import place_name
from ui.reply_view import figures
from ui.results_view import place_id
from ui.texts import count, say

JUDGED = ("llm-rubric", "model-graded-closedqa")  # by a model, whose prompt is worth reading
Pieces = Sequence[str] | None  # the answer as the model cuts it; None: that model is not in use now


def cell_view(
    experiment: Experiment, cell: Cell, around: tuple[Place | None, Place | None], pieces: Pieces, lang: str
) -> Markup:
    """Return the dialog's content; `around` are the cells before and after, where there are any."""
    row = experiment.rows[cell.place.row]
    parts = [
        _head(experiment, cell, around, lang),
        _answer(cell.reply, lang),
        _look(cell, lang),
        _votes(cell.reply, lang),
        _grades(cell, row, lang),
        _values(row.values, lang),
        _sources(cell.reply, lang),
        _folded("result.prompt", _pre(cell.reply.prompt), lang) if cell.reply.prompt else Markup(""),
        _tokens(cell.reply, pieces, lang),
        figures(cell.reply, lang),
    ]
    return Markup("").join(parts)


def _head(experiment: Experiment, cell: Cell, around: tuple[Place | None, Place | None], lang: str) -> Markup:
    place = cell.place
    title = say(lang, "result.cell", row=place.row + 1, column=experiment.columns[place.column].label)
    if experiment.repeats > 1:
        title = f"{title} · {say(lang, 'result.repeat', n=place.repeat + 1, total=experiment.repeats)}"
    steps = _step("previous", "‹", "viewer.previous", around[0], lang) + _step(
        "next", "›", "viewer.next", around[1], lang
    )
    close = Markup(
        '<button type="button" class="aula-button" data-close aria-label="{0}" title="{0}">✕</button>'
    ).format(say(lang, "viewer.close"))
    return Markup('<header><h2>{}</h2><div class="aula-actions">{}{}</div></header>').format(title, steps, close)


def _step(which: str, sign: str, key: str, to: Place | None, lang: str) -> Markup:
    target = Markup(' data-id="{}"').format(place_id(to)) if to else Markup(" disabled")
    return Markup(
        '<button type="button" class="aula-button" data-do="cell" data-step="{}" aria-label="{}" title="{}"{}>'
        "{}</button>"
    ).format(which, say(lang, key), say(lang, key), target, sign)


def _answer(reply: Reply, lang: str) -> Markup:
    if reply.error:
        return Markup('<p class="aula-error">{}</p>').format(reply.error.get(lang) or reply.error.get("en", ""))
    return _part("result.answer", _pre(reply.text or say(lang, "result.empty_answer")), lang)


def _look(cell: Cell, lang: str) -> Markup:
    """Return the button that opens the answer's tokens in the Lab; the dialog closes with it."""
    if cell.reply.error or not cell.reply.text or not cell.reply.prompt:
        return Markup("")
    return Markup(
        '<p><button type="button" class="aula-button small" data-do="steps" data-id="{}" data-close aria-label="{}">{}'
        "</button></p>"
    ).format(place_id(cell.place), say(lang, "lab.steps.look_name"), say(lang, "lab.steps.look"))


def _votes(reply: Reply, lang: str) -> Markup:
    if not reply.samples:
        return Markup("")
    total = sum(reply.votes.values())
    rows = Markup("").join(
        Markup("<li><q>{}</q> {}</li>").format(said, say(lang, "result.votes_of", n=n, total=total))
        for said, n in reply.votes.items()
    )
    samples = Markup("").join(Markup("<li>{}</li>").format(_pre(text)) for text in reply.samples)
    return _part("result.votes", Markup("<ol>{}</ol>").format(rows), lang) + _folded(
        "result.samples", Markup("<ol>{}</ol>").format(samples), lang
    )


# -- checks ----------------------------------------------------------------------------------------------------------


def _grades(cell: Cell, row: Row, lang: str) -> Markup:
    if not cell.grades:
        return Markup("")
    rows = Markup("").join(_grade(grade, cell, row, lang) for grade in cell.grades)
    return _part("result.checks", Markup('<ul class="aula-grades">{}</ul>').format(rows), lang)


def _grade(grade: Grade, cell: Cell, row: Row, lang: str) -> Markup:
    read = grade.read.strip()
    found = Markup("<p>{} <q>{}</q></p>").format(say(lang, "result.read"), read) if read else Markup("")
    judge = _judge(grade, cell.reply, row, lang)
    return Markup("<li><p><code>{}</code> {} {}</p><p>{}</p>{}{}</li>").format(
        written(grade.check),
        badge(grade.lenient, lang),
        badge(grade.strict, lang, say(lang, "result.strict")),
        grade.reason.text(lang),
        found,
        judge,
    )


def _judge(grade: Grade, reply: Reply, row: Row, lang: str) -> Markup:
    """Return what the judge was asked, where a model judged."""
    if grade.check.type not in JUDGED:
        return Markup("")
    try:
        return _folded("result.judge_prompt", _pre(judge_prompt(grade.check, reply, row, lang)), lang)
    except PromptError as error:  # it was not asked either
        return Markup("<p>{}</p>").format(error.text(lang))


def written(check: Check) -> str:
    """Return a check in promptfoo's words: not-contains: a value (0.8)."""
    name = f"not-{check.type}" if check.negate else check.type
    value = "" if check.value is None else f": {check.value}"
    threshold = "" if check.threshold is None else f" ({check.threshold:g})"
    return f"{name}{value}{threshold}"


# -- what it was asked, and what it took -----------------------------------------------------------------------------


def _values(values: Mapping[str, str], lang: str) -> Markup:
    rows = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in values.items())
    return _folded("result.values", Markup("<dl>{}</dl>").format(rows), lang) if values else Markup("")


def _sources(reply: Reply, lang: str) -> Markup:
    rows = Markup("").join(
        Markup("<li><b>{}</b> · {}<blockquote>{}</blockquote></li>").format(
            source.name or say(lang, "chat.source_deleted"),
            place_name(lang, source.page, source.unit, source.label),
            source.text,
        )
        for source in reply.sources
    )
    return _folded("result.passages", Markup("<ol>{}</ol>").format(rows), lang) if rows else rows


def _tokens(reply: Reply, pieces: Pieces, lang: str) -> Markup:
    if not reply.text:
        return Markup("")
    if pieces is None:
        told = Markup("<p>{}</p>").format(say(lang, "result.other_model", model=reply.model))
        return _folded("result.tokens_cut", told, lang)
    cut = Markup("").join(Markup('<span class="aula-token">{}</span>').format(visible(piece)) for piece in pieces)
    said = count(lang, "result.pieces", len(pieces))
    inside = Markup('<p>{}</p><p class="aula-token-list">{}</p>').format(said, cut)
    return _folded("result.tokens_cut", inside, lang)


def _pre(text: str) -> Markup:
    return Markup('<pre tabindex="0">{}</pre>').format(text)


def _part(title: str, content: Markup, lang: str) -> Markup:
    return Markup("<section><h3>{}</h3>{}</section>").format(say(lang, title), content)


def _folded(title: str, content: Markup, lang: str) -> Markup:
    return Markup("<details><summary>{}</summary>{}</details>").format(say(lang, title), content)
