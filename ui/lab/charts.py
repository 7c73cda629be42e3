"""Bars, lines and heat maps as inline SVG, in the page's own colours, light and dark. They know no panel.

Every text is escaped; numbers stand beside or inside what they belong to, so that nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ui.texts import decimal, grouped

WIDTH = 640.0  # units of a drawing as wide as the column; a phone shows it smaller or lets it scroll
_SVG = Markup(
    '<svg class="aula-plot {name}" role="img" aria-label="{title}" viewBox="0 0 {width:.0f} {height:.0f}" '
    'style="width:100%;min-width:{least}px;max-width:{most:.0f}px" xmlns="http://www.w3.org/2000/svg">'
    "<title>{title}</title>{body}</svg>"
)


@dataclass(frozen=True)
class Bar:
    """A bar: `value` is its length, `text` stands at its end. `kind`: "", "out" (crossed out), "chosen" or "tail".

    `key`: what a click on it reports to an action list, as {do: "take", id: key}.
    """

    label: str
    value: float
    text: str
    kind: str = ""
    key: str = ""


@dataclass(frozen=True)
class Line:
    """A line through (x, y) points."""

    label: str
    points: Sequence[tuple[float, float]]


def svg(name: str, title: str, width: float, height: float, body: Sequence[Markup], least: int = 0) -> Markup:
    """Return a drawing of `width` x `height` units; on a screen narrower than `least` pixels its box scrolls."""
    return _SVG.format(
        name=name,
        title=title,
        width=width,
        height=height,
        least=least,
        most=max(width * 1.25, 500.0) if width <= _NARROW else width * 1.25,
        body=Markup("").join(body),
    )


def text(x: float, y: float, said: str, anchor: str = "start", kind: str = "") -> Markup:
    """Return a text whose baseline begins, ends or has its middle at (x, y)."""
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(kind, x, y, anchor, said)


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> Markup:
    """Return a straight line."""
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(kind, x1, y1, x2, y2)


def rect(x: float, y: float, width: float, height: float, kind: str, opacity: float = 1.0, said: str = "") -> Markup:
    """Return a box; `said` is shown when one points at it."""
    hint = Markup("<title>{}</title>").format(said) if said else Markup("")
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill-opacity="{:.3f}">{}</rect>'
    ).format(kind, x, y, max(0.0, width), height, opacity, hint)


def cut(said: str, most: int) -> str:
    """Return a label that is no longer than `most` characters."""
    return said if len(said) <= most else said[: most - 1] + "…"


_NARROW = 400.0  # units of what is read on a phone without scrolling: its letters are then as large as the page's
_ROW, _LABEL, _VALUE = 26.0, 118.0, 78.0
_ABOVE, _LONGEST = 40.0, 14  # a row whose label stands above its bar; the longest label that stands beside it


def bars(rows: Sequence[Bar], *, title: str, most: float = 1.0) -> Markup:
    """Return horizontal bars, one below the other; a bar of `most` fills the width. Long labels stand above them."""
    above = any(len(bar.label) > _LONGEST for bar in rows)
    row, left = (_ABOVE, 0.0) if above else (_ROW, _LABEL + 6)
    across = _NARROW - left - _VALUE
    body: list[Markup] = []
    for number, bar in enumerate(rows):
        top = number * row
        length = across * min(1.0, max(0.0, bar.value / most if most else 0.0))
        place = (0.0, top + 13, "start") if above else (_LABEL, top + 17, "end")
        down = top + row - 21
        parts = [
            text(place[0], place[1], cut(bar.label, 52), place[2], f"label {bar.kind}"),
            rect(left, down, max(1.0, length), 16, f"bar {bar.kind}", said=f"{bar.label}: {bar.text}"),
            text(left + 6 + length, down + 12, bar.text, "start", f"value {bar.kind}"),
        ]
        body += [_taken(bar.key, top, row, parts)] if bar.key else parts
    return svg("bars", title, _NARROW, len(rows) * row + 4, body, least=300)


def _taken(key: str, top: float, row: float, parts: Sequence[Markup]) -> Markup:
    """Return a bar whose whole row can be clicked."""
    return Markup('<g class="take" data-do="take" data-id="{}">{}{}</g>').format(
        key, rect(0, top, _NARROW, row, "hit"), Markup("").join(parts)
    )


_CELL, _SIDE, _HEAD = 44.0, 150.0, 26.0


def heat(
    values: Sequence[Sequence[float | None]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    low: float,
    high: float,
    show: Sequence[Sequence[str]],
    corner: str = "",
) -> Markup:
    """Return a grid whose cells are the fuller the nearer a value is to `high`; None is an empty cell.

    `show` is what stands in each cell; with more than 14 columns it is only said when one points at it.
    """
    wide = len(columns) <= 14
    cell = _CELL if wide else max(12.0, 560.0 / len(columns))
    tall = 30.0 if wide else cell
    turned = not wide or any(len(column) > 6 for column in columns)
    head = 96.0 if turned else _HEAD
    body = [text(_SIDE - 6, head - 8, corner, "end", "axis")] if corner else []
    for place, column in enumerate(columns):
        body.append(_column_head(_SIDE + (place + 0.5) * cell, head - 8, column, turned))
    for y, (name, line_) in enumerate(zip(rows, values, strict=True)):
        body.append(text(_SIDE - 6, head + (y + 0.5) * tall + 4, cut(name, 20), "end", "label"))
        for x, value in enumerate(line_):
            left, top = _SIDE + x * cell, head + y * tall
            share = 0.0 if value is None or high <= low else min(1.0, max(0.0, (value - low) / (high - low)))
            said = f"{name}, {columns[x]}: {show[y][x]}"
            body.append(rect(left + 1, top + 1, cell - 2, tall - 2, "empty" if value is None else "heat", share, said))
            if wide:
                kind = "on-dark" if share > 0.75 else "on-light"
                body.append(text(left + cell / 2, top + tall / 2 + 4, show[y][x], "middle", f"number {kind}"))
    width = _SIDE + len(columns) * cell + (64 if turned else 8)  # a turned head leans over the edge
    return svg("heat-map", title, width, head + len(rows) * tall + 6, body, least=min(int(width), 480))


def _column_head(x: float, y: float, said: str, turned: bool) -> Markup:
    if not turned:
        return text(x, y, said, "middle", "label")
    return Markup('<g transform="translate({:.1f} {:.1f}) rotate(-50)">{}</g>').format(
        x + 4, y, text(0, 0, cut(said, 14), "start", "label")
    )


_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 26.0, 44.0
_TALL, _NAME = 250.0, 18.0  # of the plot; between two names below it
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "1 4", "12 5")


def lines(
    series: Sequence[Line],
    *,
    title: str,
    x_label: str,
    y_label: str,
    lang: str,
    low: float = 0.0,
    high: float | None = None,
) -> Markup:
    """Return lines over a common x axis, each with a dash of its own that is named below; y from `low` to `high`."""
    points = [point for one in series for point in one.points]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top = high if high is not None else max(max(y for _, y in points), low + 1e-9)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - left) / (right - left) if right > left else 0.5
        up = (y - low) / (top - low) if top > low else 0.0
        return _LEFT + across * (_NARROW - _LEFT - _RIGHT), _TALL - _BOTTOM - up * (_TALL - _TOP - _BOTTOM)

    body: list[Markup] = []
    for value in _ticks(low, top):
        _, y = place(left, value)
        body += [line(_LEFT, y, _NARROW - _RIGHT, y), text(_LEFT - 6, y + 4, _short(value, lang), "end", "axis")]
    ticks = sorted({x for x, _ in points})
    for x in ticks[:: math.ceil(len(ticks) / 8)]:
        body.append(text(place(x, low)[0], _TALL - _BOTTOM + 16, _short(x, lang), "middle", "axis"))
    body.append(text(_LEFT, _TALL - 8, x_label, "start", "axis"))
    body.append(text(0, 9, y_label, "start", "axis"))
    for number, one in enumerate(series):
        body += _drawn(number, [place(x, y) for x, y in one.points])
        body += _named(number, one.label, _TALL + 12 + number * _NAME)
    return svg("lines", title, _NARROW, _TALL + len(series) * _NAME + 6, body, least=300)


def _drawn(number: int, placed: Sequence[tuple[float, float]]) -> list[Markup]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    dot = Markup('<circle class="dot line-{}" cx="{:.1f}" cy="{:.1f}" r="3"/>')
    return [_dashed(number, path), *(dot.format(number % 6, *point) for point in placed)]


def _named(number: int, label: str, y: float) -> list[Markup]:
    """Return what a line is called, beside a piece of it."""
    piece = _dashed(number, f"{_LEFT:.1f},{y - 4:.1f} {_LEFT + 30:.1f},{y - 4:.1f}")
    return [piece, text(_LEFT + 38, y, cut(label, 44), "start", f"label line-{number % 6}")]


def _dashed(number: int, path: str) -> Markup:
    return Markup('<polyline class="line line-{}" stroke-dasharray="{}" points="{}"/>').format(
        number % 6, _DASHES[number % len(_DASHES)], path
    )


def _ticks(low: float, high: float) -> list[float]:
    """Return round values between the two: 1, 2, 2.5 or 5 times a power of ten apart, and three to six of them."""
    wide = (high - low) / 4 if high > low else 1.0
    power = 10.0 ** math.floor(math.log10(wide))
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= wide * 0.999)
    first = math.ceil(low / step - 1e-6)
    return [number * step for number in range(first, math.floor(high / step + 1e-6) + 1)]


def _short(value: float, lang: str) -> str:
    """Return a number at an axis with no more digits than it needs."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if 0 < abs(value) < 100 else 0
    return decimal(value, lang, min(digits, 4)).rstrip("0").rstrip(".,") if digits else grouped(round(value), lang)
