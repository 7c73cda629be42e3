"""An outcome as people see it: a sign, a word and a colour, so that none of them is needed to tell it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from prompts import words
from prompts.runs.cell import Cell
from ui.texts import decimal, say

SIGNS = {"right": "✓", "wrong": "✗", "unparsed": "?", "none": "–", "error": "!", "waiting": "…"}
_WORST = ("wrong", "unparsed", "right", "none")


def word(outcome: str, lang: str) -> str:
    """Return the word for an outcome, or for a cell that failed or is not there yet."""
    if outcome == "error":
        return say(lang, "result.error")
    if outcome == "waiting":
        return say(lang, "result.waiting")
    return words.say(lang, f"outcome.{outcome}")


def badge(outcome: str, lang: str, before: str = "") -> Markup:
    """Return sign and word; `before` says whose they are."""
    lead = Markup("<small>{}</small> ").format(before) if before else Markup("")
    return Markup('<span class="aula-outcome {}">{}<b aria-hidden="true">{}</b> {}</span>').format(
        outcome, lead, SIGNS[outcome], word(outcome, lang)
    )


def together(cells: Sequence[Cell], strict: bool = False) -> str:
    """Return the outcome of a cell's repeats: what more than half of them have, else the worst that one has."""
    answered = [cell for cell in cells if not cell.reply.error]
    if not answered:
        return "error" if cells else "waiting"
    said = [cell.strict if strict else cell.lenient for cell in answered]
    for outcome in _WORST:
        if 2 * said.count(outcome) > len(said):  # type: ignore[arg-type]
            return outcome
    return next(outcome for outcome in _WORST if outcome in said)


def share(value: float | None, lang: str, digits: int = 0) -> str:
    """Return a part of 1 as a percentage: 85%, or 85 % in Spanish; a dash where there is none."""
    if value is None:
        return "–"
    text = decimal(100 * value, lang, digits)
    return f"{text} %" if lang == "es" else f"{text}%"
