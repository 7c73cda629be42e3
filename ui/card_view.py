"""The replication cards as HTML: the finding, its published figure, how our run stands and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from prompts.figures.charts import accuracy_svg
from prompts.figures.tally import ColumnSummary
from prompts.figures.verdict import Summary
from prompts.lessons.cards import Card
from prompts.lessons.conclude import AGREES, DOES_NOT, conclude
from prompts.runs.progress import Progress
from prompts.runs.store import RunRecord
from ui.components import button
from ui.outcomes import share
from ui.results_view import progress
from ui.texts import count, decimal, say

_KINDS = {AGREES: "agrees", DOES_NOT: "differs"}


@dataclass(frozen=True)
class Shown:
    """A card's newest run, how far it is, and what came out once it is done."""

    record: RunRecord | None = None
    progress: Progress | None = None
    summary: Summary | None = None


def card_list(found: Sequence[tuple[Card, Shown]], lang: str) -> Markup:
    """Return all cards in their order."""
    items = Markup("").join(_card(card, shown, lang) for card, shown in found)
    return Markup('<ol class="aula-lessons">{}</ol>').format(items)


def _card(card: Card, shown: Shown, lang: str) -> Markup:
    facts = [
        count(lang, "lesson.items", card.items),
        say(lang, "lesson.columns", names=" | ".join(column.label for column in card.experiment(lang).columns)),
        count(lang, "lesson.minutes", card.minutes),
    ]
    return Markup(
        '<li class="aula-lesson" data-card="{}"><h3>{}</h3><p>{}</p>'
        '<p class="aula-published"><b>{}</b> {} <cite>{}</cite></p><p class="aula-caption">{}</p>{}{}</li>'
    ).format(
        card.name,
        card.title[lang],
        card.why[lang],
        say(lang, "lesson.published"),
        card.published[lang],
        card.source,
        " · ".join(facts),
        _run(card, shown, lang),
        _buttons(card, shown, lang),
    )


def _run(card: Card, shown: Shown, lang: str) -> Markup:
    """Return how the run stands, or what it says."""
    if shown.record is None or shown.progress is None:
        return Markup("")
    if shown.summary is None:
        return progress(shown.record, shown.progress, lang)
    said = conclude(card, shown.summary)
    model = next((column.model for column in shown.record.experiment.columns if column.model), "")
    return Markup(
        '<div class="aula-conclusion {}"><p role="status">{}</p>{}<p class="aula-caption">{}</p></div>'
        "<details><summary>{}</summary>{}</details>"
    ).format(
        _KINDS.get(said.key, "open"),
        said.text(lang),
        _figures(card, shown.summary, lang),
        say(lang, "lesson.ours_note", model=model),
        say(lang, "lesson.chart"),
        Markup(accuracy_svg(shown.summary, lang)),  # noqa: S704 - escaped where it is drawn
    )


def _figures(card: Card, found: Summary, lang: str) -> Markup:
    """Return a table of what was published and what we found, column by column."""
    published = {}
    if card.figures:
        published = dict(zip(card.pairs[0], (card.figures["a"], card.figures["b"]), strict=True))
    heads = ["lesson.way", *(["lesson.published_short"] if published else []), "lesson.ours"]
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}<td>{}</td></tr>').format(
            column.label,
            Markup("<td>{}</td>").format(_percent(published.get(at), lang)) if published else "",
            _ours(column, lang),
        )
        for at, column in enumerate(found.columns)
    )
    row = Markup("").join(Markup('<th scope="col">{}</th>').format(say(lang, key)) for key in heads)
    return Markup('<table class="aula-figures"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(row, rows)


def _percent(value: float | None, lang: str) -> str:
    if value is None:
        return "–"
    return f"{decimal(value, lang)} %" if lang == "es" else f"{decimal(value, lang)}%"


def _ours(column: ColumnSummary, lang: str) -> str:
    if not column.n or column.accuracy is None:
        return "–"
    low, high = (decimal(100 * value, lang, 0) for value in (column.low, column.high))
    return say(lang, "lesson.share", share=share(column.accuracy, lang), low=low, high=high)


def _buttons(card: Card, shown: Shown, lang: str) -> Markup:
    title = card.title[lang]
    going_on = shown.progress is not None and shown.progress.state in ("waiting", "running", "paused")
    done = shown.summary is not None
    parts = []
    if not going_on:
        text = say(lang, "lesson.again" if shown.record else "lesson.run")
        kind = "small" if done else "small primary"
        parts.append(button(text, "run", card.name, label=f"{text}: {title}", kind=kind))
    if shown.record is not None:
        text = say(lang, "lesson.answers")
        parts.append(button(text, "answers", shown.record.id, label=f"{text}: {title}", kind="small"))
    text = say(lang, "lesson.edit")
    parts.append(button(text, "edit", card.name, label=f"{text}: {title}", kind="small quiet"))
    return Markup('<div class="aula-actions">{}</div>').format(Markup("").join(parts))
