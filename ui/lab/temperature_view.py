"""Temperatures as figures: one distribution at many, and how far drawn answers go apart. It asks no model.

Texts of a model are data: everything goes through markupsafe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from markupsafe import Markup

from lab.strategies import Found
from lab.temperatures import Ladder, Spread, spreads
from lab.tokens import visible
from lab.writing import Tokens, Written
from ui.lab.charts import Bar, Line, bars, heat, lines
from ui.lab.figure import Cell, figure
from ui.lab.next_view import percent
from ui.texts import decimal, say

Read = Callable[[Tokens], str]  # tokens as they read


class Rung(TypedDict):
    """The distribution at one temperature, as in lab.temperatures.Rung; kept in the page."""

    t: float
    p: list[float]
    tail: float
    entropy: float


class Rungs(TypedDict):
    """A ladder as plain data: the tokens as they are shown, and a rung for each temperature of the slider."""

    tokens: list[str]
    rungs: list[Rung]


def plain(ladder: Ladder) -> Rungs:
    """Return a ladder as plain data."""
    rungs: list[Rung] = [
        {"t": one.temperature, "p": list(one.p), "tail": one.tail, "entropy": one.entropy} for one in ladder.rungs
    ]
    return {"tokens": [visible(one.text) for one in ladder.tokens], "rungs": rungs}


# -- one distribution ----------------------------------------------------------------------------------------------


def at(ladder: Rungs, temperature: float, lang: str) -> Markup:
    """Return the bars at the temperature nearest to the one asked for."""
    rung = min(ladder["rungs"], key=lambda one: abs(one["t"] - temperature))
    names = [*ladder["tokens"], say(lang, "lab.temperature.rest")]
    values = [*rung["p"], rung["tail"]]
    kinds = [*("" for _ in rung["p"]), "tail"]
    drawn = [
        Bar(name, p, percent(p, lang), kind if p > 0 else f"{kind} out".strip())
        for name, p, kind in zip(names, values, kinds, strict=True)
    ]
    entropy = decimal(rung["entropy"], lang, 2)
    caption = say(lang, "lab.temperature.bars", t=decimal(rung["t"], lang, 2), entropy=entropy)
    return figure(
        bars(drawn, title=caption),
        [say(lang, "lab.temperature.token"), say(lang, "lab.temperature.p")],
        list(zip(names, values, strict=True)),
        name="temperature-bars",
        caption=caption,
        lang=lang,
        digits=5,
    )


def row(ladder: Rungs, temperatures: Sequence[float], lang: str) -> Markup:
    """Return tokens by temperatures as a heat map, with what the others have, and the entropy in the table."""
    rungs = [one for one in ladder["rungs"] if one["t"] in temperatures]
    names = [*ladder["tokens"], say(lang, "lab.temperature.rest")]
    heads = [decimal(one["t"], lang, 2).rstrip("0").rstrip(",.") or "0" for one in rungs]
    values = [[(*one["p"], one["tail"])[place] for one in rungs] for place in range(len(names))]
    shown = [[f"{100 * value:.0f}" for value in line] for line in values]
    table: list[list[Cell]] = [[name, *line] for name, line in zip(names, values, strict=True)]
    table.append([say(lang, "lab.temperature.entropy"), *(one["entropy"] for one in rungs)])
    caption = say(lang, "lab.temperature.row")
    corner = say(lang, "lab.temperature.corner")
    return figure(
        heat(values, names, heads, title=caption, low=0.0, high=1.0, show=shown, corner=corner),
        [say(lang, "lab.temperature.token"), *(say(lang, "lab.temperature.at", t=head) for head in heads)],
        table,
        name="temperature-row",
        caption=caption,
        lang=lang,
    )


# -- drawn answers -------------------------------------------------------------------------------------------------


def answers(found: Found, temperatures: Sequence[float], read: Read, lang: str, done: bool) -> Markup:
    """Return the answers at each temperature: how far they go apart, where they are `done`, and the texts."""
    spread = spreads(found.written) if done else {}
    plots = _plots({t: spread[str(t)] for t in temperatures if str(t) in spread}, lang) if spread else Markup("")
    sections = (_section(t, found, spread.get(str(t)), read, lang) for t in temperatures)
    return plots + Markup('<div class="aula-ways">{}</div>').format(Markup("").join(sections))


def _plots(spread: Mapping[float, Spread], lang: str) -> Markup:
    series = [
        _line("agreement", {t: one.agreement for t, one in spread.items()}, lang),
        _line("distinct", {t: one.different / one.answers for t, one in spread.items()}, lang),
        _line("overlap", {t: one.overlap for t, one in spread.items()}, lang),
    ]
    caption = say(lang, "lab.temperature.spread")
    drawn = lines(
        [one for one in series if one.points],
        title=caption,
        x_label=say(lang, "lab.temperature.temperature"),
        y_label="",
        lang=lang,
        high=1.0,
    )
    rows: list[list[Cell]] = [
        [t, one.answers, one.different, one.different / one.answers, one.agreement, one.overlap]
        for t, one in spread.items()
    ]
    heads = ("temperature", "answers", "different", "distinct", "agreement", "overlap")
    about = Markup('<p class="aula-caption">{}</p>').format(say(lang, "lab.temperature.about"))
    return about + figure(
        drawn,
        [say(lang, f"lab.temperature.{head}") for head in heads],
        rows,
        name="temperature-spread",
        caption=caption,
        lang=lang,
        digits=2,
        opened=True,
    )


def _line(name: str, values: Mapping[float, float | None], lang: str) -> Line:
    return Line(say(lang, f"lab.temperature.{name}"), [(t, value) for t, value in values.items() if value is not None])


def _section(temperature: float, found: Found, spread: Spread | None, read: Read, lang: str) -> Markup:
    key = str(temperature)
    written: Sequence[Written] = found.written.get(key, ())
    texts = [one.text for one in written] if spread else [read(one) for one in found.growing.get(key, ())]
    items = Markup("").join(
        Markup("<li><p>{}</p>{}</li>").format(said, _times(n, lang)) for said, n in _counted(texts).items()
    )
    title = say(lang, "lab.temperature.at", t=decimal(temperature, lang, 1))
    about = "" if spread is None else say(lang, "lab.temperature.counted", n=spread.different, total=spread.answers)
    return Markup(
        '<section data-temperature="{}"><h3>{}</h3><p class="aula-caption">{}</p><ol>{}</ol></section>'
    ).format(key, title, about if texts else say(lang, "lab.search.waiting"), items)


def _counted(texts: Sequence[str]) -> dict[str, int]:
    """Return the texts with how often each came, the most frequent first; only the very same one counts as one."""
    return {text: texts.count(text) for text in sorted(dict.fromkeys(texts), key=lambda one: -texts.count(one))}


def _times(n: int, lang: str) -> Markup:
    return (
        Markup('<p class="aula-caption">{}</p>').format(say(lang, "lab.temperature.times", n=n)) if n > 1 else Markup()
    )
