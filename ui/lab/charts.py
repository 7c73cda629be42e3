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
        most=width * 1.25,
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


_ROW, _LABEL, _VALUE = 26.0, 150.0, 90.0


def bars(rows: Sequence[Bar], *, title: str, most: float = 1.0) -> Markup:
    """Return horizontal bars, one below the other; a bar of `most` fills the width."""
    across = WIDTH - _LABEL - _VALUE - 12
    body: list[Markup] = []
    for number, bar in enumerate(rows):
        top = number * _ROW
        length = across * min(1.0, max(0.0, bar.value / most if most else 0.0))
        parts = [
            text(_LABEL, top + 17, cut(bar.label, 20), "end", f"label {bar.kind}"),
            rect(_LABEL + 6, top + 5, max(1.0, length), 16, f"bar {bar.kind}", said=f"{bar.label}: {bar.text}"),
            text(_LABEL + 12 + length, top + 17, bar.text, "start", f"value {bar.kind}"),
        ]
        body += [_taken(bar.key, top, parts)] if bar.key else parts
    return svg("bars", title, WIDTH, len(rows) * _ROW + 4, body, least=480)


def _taken(key: str, top: float, parts: Sequence[Markup]) -> Markup:
    """Return a bar whose whole row can be clicked."""
    return Markup('<g class="take" data-do="take" data-id="{}">{}{}</g>').format(
        key, rect(0, top, WIDTH, _ROW, "hit"), Markup("").join(parts)
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
                kind = "on-dark" if share > 0.55 else "on-light"
                body.append(text(left + cell / 2, top + tall / 2 + 4, show[y][x], "middle", f"number {kind}"))
    width = _SIDE + len(columns) * cell + (64 if turned else 8)  # a turned head leans over the edge
    return svg("heat-map", title, width, head + len(rows) * tall + 6, body, least=min(int(width), 480))


def _column_head(x: float, y: float, said: str, turned: bool) -> Markup:
    if not turned:
        return text(x, y, said, "middle", "label")
    return Markup('<g transform="translate({:.1f} {:.1f}) rotate(-50)">{}</g>').format(
        x + 4, y, text(0, 0, cut(said, 14), "start", "label")
    )


_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 130.0, 26.0, 44.0
_NAME = 13.0  # between two names at the ends of lines
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
    """Return lines over a common x axis, each named at its end and with a dash of its own; y from `low` to `high`."""
    points = [point for one in series for point in one.points]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top = high if high is not None else max(max(y for _, y in points), low + 1e-9)
    height = 300.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - left) / (right - left) if right > left else 0.5
        up = (y - low) / (top - low) if top > low else 0.0
        return _LEFT + across * (WIDTH - _LEFT - _RIGHT), height - _BOTTOM - up * (height - _TOP - _BOTTOM)

    body: list[Markup] = []
    for part in range(5):
        value = low + (top - low) * part / 4
        _, y = place(left, value)
        body += [line(_LEFT, y, WIDTH - _RIGHT, y), text(_LEFT - 6, y + 4, _short(value, lang), "end", "axis")]
    ticks = sorted({x for x, _ in points})
    for x in ticks[:: math.ceil(len(ticks) / 8)]:
        body.append(text(place(x, low)[0], height - _BOTTOM + 16, _short(x, lang), "middle", "axis"))
    body.append(text(_LEFT, height - 6, x_label, "start", "axis"))
    body.append(text(0, 9, y_label, "start", "axis"))
    ends: list[float] = []
    for number, one in enumerate(series):
        placed = [place(x, y) for x, y in one.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        body.append(
            Markup('<polyline class="line line-{}" stroke-dasharray="{}" points="{}"/>').format(
                number % 6, _DASHES[number % len(_DASHES)], path
            )
        )
        body += [
            Markup('<circle class="dot line-{}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(number % 6, *point)
            for point in placed
        ]
        y = _apart(placed[-1][1], ends, height - _BOTTOM)
        body.append(text(placed[-1][0] + 8, y + 4, cut(one.label, 18), "start", f"label line-{number % 6}"))
    return svg("lines", title, WIDTH, height, body, least=420)


def _apart(y: float, ends: list[float], lowest: float) -> float:
    """Return the place nearest to y where no other name stands: above `lowest`, so that it is not on the axis."""
    steps = [step * _NAME for step in range(2 * len(ends) + 1)]  # a name is in the way of two places at the most
    places = [place for step in steps for place in (y + step, y - step) if place <= lowest or place <= y]
    y = next(place for place in places if all(abs(place - other) > _NAME - 0.01 for other in ends))
    ends.append(y)
    return y


def _short(value: float, lang: str) -> str:
    """Return a number at an axis with no more digits than it needs."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if 0 < abs(value) < 100 else 0
    return decimal(value, lang, min(digits, 4)).rstrip("0").rstrip(".,") if digits else grouped(round(value), lang)
