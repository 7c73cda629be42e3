"""The map of the hidden sentence as HTML: recall by depth and length, and every answer in the table."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lab.needle import Outcome, recall
from ui.lab.charts import heat
from ui.lab.figure import figure
from ui.texts import decimal, grouped, say


def drawn(outcomes: Sequence[Outcome], title: str, lang: str) -> Markup:
    """Return the heat map with what it comes to in words; `title` is the model's."""
    cells = recall(outcomes)
    depths = sorted({depth for depth, _ in cells})
    lengths = sorted({length for _, length in cells})
    values = [[cells.get((depth, length)) for length in lengths] for depth in depths]
    shown = [["" if value is None else _percent(100 * value, lang) for value in row] for row in values]
    caption = say(lang, "lab.context.caption", model=title)
    map_ = heat(
        values,
        [say(lang, "lab.context.depth_row", share=_percent(depth, lang)) for depth in depths],
        [grouped(length, lang) for length in lengths],
        title=caption,
        low=0.0,
        high=1.0,
        show=shown,
        corner=say(lang, "lab.context.corner"),
    )
    heads = [say(lang, f"lab.context.col_{name}") for name in ("depth", "length", "read", "found", "answer")]
    rows = [_row(one, lang) for one in sorted(outcomes, key=lambda one: (one.length, one.depth, one.repeat))]
    whole = figure(map_, heads, rows, name="needle", caption=caption, lang=lang)
    return _summary(outcomes, lang) + whole


def _row(one: Outcome, lang: str) -> list[str | int]:
    found = say(lang, "lab.context.yes" if one.found else "lab.context.no")
    return [_percent(one.depth, lang), one.length, one.read, found, one.answer]


def _summary(outcomes: Sequence[Outcome], lang: str) -> Markup:
    """Return in words how often it was found: in all, and near the beginning, in the middle and near the end."""
    found = sum(one.found for one in outcomes)
    parts = []
    for key, low, high in _THIRDS:
        part = [one.found for one in outcomes if low <= one.depth <= high]
        if part:
            parts.append(say(lang, key, n=sum(part), total=len(part)))
    whole, by_part = say(lang, "lab.context.found", n=found, total=len(outcomes)), "; ".join(parts)
    return Markup('<p class="aula-note-plain">{}. {}{}.</p>').format(whole, by_part[:1].upper(), by_part[1:])


_THIRDS = (
    ("lab.context.part_first", 0, 33),
    ("lab.context.part_middle", 34, 66),
    ("lab.context.part_last", 67, 100),
)


def plan(prompts: int, tokens: int, time: str, lang: str) -> Markup:
    """Return the line that says what a run takes before it begins; `time` is "" where it is not known yet."""
    said = say(
        lang,
        "lab.context.plan" if time else "lab.context.plan_open",
        prompts=grouped(prompts, lang),
        tokens=grouped(tokens, lang),
        time=time,
    )
    return Markup('<p class="aula-caption" role="status">{}</p>').format(said)


def lasts(seconds: float, lang: str) -> str:
    """Return a duration in whole seconds or minutes, rounded up."""
    if seconds < 90:
        return say(lang, "common.seconds", n=max(1, round(seconds)))
    return say(lang, "common.minutes", n=grouped(round(seconds / 60 + 0.5), lang))


def _percent(value: float, lang: str) -> str:
    number = decimal(value, lang, 0)
    return f"{number} %" if lang == "es" else f"{number}%"
