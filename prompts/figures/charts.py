"""A run's figures drawn: accuracy with intervals, and time against accuracy. Inline SVG that asks nothing of a page.

All is drawn in the text's own colour, so that it reads in the dark and in print; 360 units wide, as a phone is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from prompts.figures.tally import ColumnSummary
from prompts.figures.verdict import Summary, points
from prompts.words import say, shown

_WIDTH = 360
_SVG = Markup(
    '<svg class="aula-chart {name}" role="img" aria-label="{title}" viewBox="0 0 {width} {height}" width="100%" '
    'style="max-width:{most}px" xmlns="http://www.w3.org/2000/svg" font-family="inherit" font-size="12" '
    'fill="currentColor" stroke="none"><title>{title}</title><desc>{desc}</desc>{body}</svg>'
)
_TEXT = Markup('<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>{text}</text>')
_LINE = Markup(
    '<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor" '
    'stroke-width="{width}" stroke-opacity="{opacity}"/>'
)
_FAINT = Markup(' fill-opacity=".75"')


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12, faint: bool = False) -> Markup:
    return _TEXT.format(x=x, y=y, anchor=anchor, size=size, more=_FAINT if faint else "", text=text)


def _line(x1: float, y1: float, x2: float, y2: float, name: str = "grid") -> Markup:
    width, opacity = {"grid": (1, 0.2), "whisker": (2, 1), "leader": (1, 0.45)}[name]
    return _LINE.format(name=name, x1=x1, y1=y1, x2=x2, y2=y2, width=width, opacity=opacity)


def _svg(name: str, title: str, desc: Sequence[str], height: float, body: Sequence[Markup]) -> str:
    whole = Markup("").join(body)
    said = "; ".join(desc) + "."
    shape = {"width": _WIDTH, "most": 2 * _WIDTH, "height": round(height)}
    return str(_SVG.format(name=name, title=title, desc=said, body=whole, **shape))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# -- accuracy bars ---------------------------------------------------------------------------------------------------

_BAR_LEFT, _BAR_RIGHT = 4.0, 226.0  # where 0 % and 100 % stand
_ROW, _BAR, _LABEL_MOST = 44.0, 14.0, 46


def accuracy_svg(summary: Summary, lang: str) -> str:
    """Return the accuracy of each column as a bar with its Wilson interval as a whisker."""
    title = say(lang, "chart.accuracy")
    bottom = _ROW * len(summary.columns) + 4
    ticks = [
        _text(_across(share), bottom + 14, f"{share * 100:.0f}", anchor, 11, faint=True)
        for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    ]
    axis = _text(_BAR_LEFT, bottom + 30, say(lang, "chart.accuracy_axis"), size=11, faint=True)
    bars = [_bar(column, 4 + number * _ROW, lang) for number, column in enumerate(summary.columns)]
    desc = [_bar_said(column, lang) for column in summary.columns]
    return _svg("accuracy", title, desc, bottom + 36, [*bars, *ticks, axis])


def _across(share: float) -> float:
    return _BAR_LEFT + share * (_BAR_RIGHT - _BAR_LEFT)


def _bar(column: ColumnSummary, top: float, lang: str) -> Markup:
    label = _text(_BAR_LEFT, top + 13, _cut(column.label, _LABEL_MOST), size=13)
    label += Markup("").join(_line(_across(x), top + 18, _across(x), top + 36) for x in (0, 0.25, 0.5, 0.75, 1))
    middle = top + 20 + _BAR / 2
    if column.accuracy is None:
        return label + _text(_BAR_RIGHT + 10, middle + 4, say(lang, "chart.nothing"), faint=True)
    width = _across(column.accuracy) - _BAR_LEFT
    bar = Markup('<rect class="bar" x="{}" y="{}" width="{:.1f}" height="{}" fill-opacity=".35"/>')
    low, high = _across(column.low), _across(column.high)
    whisker = _line(low, middle, high, middle, "whisker")
    ends = [_line(x, middle - 4, x, middle + 4, "whisker") for x in (low, high)]
    value = _text(_BAR_RIGHT + 10, middle + 4, say(lang, "chart.accuracy_value", **_figures(column)))
    return Markup("").join([label, bar.format(_BAR_LEFT, top + 20, width, _BAR), whisker, *ends, value])


def _figures(column: ColumnSummary) -> dict[str, object]:
    return {"accuracy": points(column.accuracy or 0.0), "low": points(column.low), "high": points(column.high)}


def _bar_said(column: ColumnSummary, lang: str) -> str:
    if column.accuracy is None:
        return f"{column.label}: {say(lang, 'chart.nothing')}"
    return say(lang, "chart.accuracy_bar", label=column.label, n=column.n, **_figures(column))


# -- time against accuracy -------------------------------------------------------------------------------------------

_LEFT, _RIGHT, _TOP, _LABELS = 34.0, 196.0, 26.0, 214.0
_SPACE, _NAME_MOST = 30.0, 21


@dataclass(frozen=True)
class _Point:
    column: ColumnSummary
    seconds: float
    accuracy: float
    x: float
    y: float


def latency_svg(summary: Summary, lang: str) -> str:
    """Return each column as a point: its median seconds against its accuracy, named at the side."""
    title = say(lang, "chart.latency")
    known = [one for one in summary.columns if one.accuracy is not None and one.seconds_median is not None]
    if not known:
        nothing = say(lang, "chart.nothing")
        return _svg("latency", title, [nothing], 40, [_text(_WIDTH / 2, 24, nothing, "middle", faint=True)])
    bottom = _TOP + max(180.0, _SPACE * len(known))
    most = _nice(max(one.seconds_median or 0.0 for one in known))
    dots = [_point(one, most, bottom) for one in known]
    dots.sort(key=lambda one: one.y)
    names = spread([one.y for one in dots], _SPACE, _TOP + 8, bottom - 14)
    drawn = [_named(one, name, lang) for one, name in zip(dots, names, strict=True)]
    desc = [_point_said(one, lang) for one in dots]
    return _svg("latency", title, desc, bottom + 36, [*_axes(most, bottom, lang), *drawn])


def _point(column: ColumnSummary, most: float, bottom: float) -> _Point:
    seconds, accuracy = column.seconds_median or 0.0, column.accuracy or 0.0
    x = _LEFT + seconds / most * (_RIGHT - _LEFT)
    return _Point(column, seconds, accuracy, x, _height(accuracy, bottom))


def _height(share: float, bottom: float) -> float:
    return bottom - share * (bottom - _TOP)


def _nice(value: float) -> float:
    """Return the least of 1, 2, 5, 10, 20, ... (and their tenths, ...) that is not below `value`."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1, 2, 5) if step * power >= value), 10 * power)


def spread(wanted: Sequence[float], space: float, low: float, high: float) -> list[float]:
    """Return places near the `wanted` ones (in order), at least `space` apart, between `low` and `high` if they fit."""
    places: list[float] = []
    for one in wanted:
        places.append(max(one, low, places[-1] + space if places else low))
    limit = high
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], limit)
        limit = places[number] - space
    return places


def _axes(most: float, bottom: float, lang: str) -> list[Markup]:
    drawn = []
    for share in (0, 0.5, 1):
        y, x = _height(share, bottom), _LEFT + share * (_RIGHT - _LEFT)
        drawn += [_line(_LEFT, y, _RIGHT, y), _line(x, _TOP, x, bottom)]
        drawn.append(_text(_LEFT - 4, y + 4, f"{share * 100:.0f}", "end", 11, faint=True))
        drawn.append(_text(x, bottom + 14, shown(float(most * share), lang), "middle", 11, faint=True))
    drawn.append(_text(_LEFT, bottom + 30, say(lang, "chart.latency_x") + " →", size=11, faint=True))
    drawn.append(_text(4, 13, "↑ " + say(lang, "chart.latency_y"), size=11, faint=True))
    return drawn


def _named(one: _Point, y: float, lang: str) -> Markup:
    figures = say(lang, "chart.latency_point", label="", **_measured(one)).removeprefix(":").strip()
    dot = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="4.5"/>').format(one.x, one.y)
    leader = _line(one.x, one.y, _LABELS - 4, y, "leader")
    name = _text(_LABELS, y + 1, _cut(one.column.label, _NAME_MOST))
    return leader + dot + name + _text(_LABELS, y + 14, figures, size=11, faint=True)


def _measured(one: _Point) -> dict[str, object]:
    return {
        "seconds": float(f"{one.seconds:.2g}") if one.seconds < 10 else round(one.seconds),
        "accuracy": points(one.accuracy),
    }


def _point_said(one: _Point, lang: str) -> str:
    return say(lang, "chart.latency_point", label=one.column.label, **_measured(one))
