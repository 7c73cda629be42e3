"""The charts say their figures, escape their labels, and keep their names apart at phone width."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from prompts.figures.charts import accuracy_svg, latency_svg, spread
from prompts.figures.tally import ColumnSummary
from prompts.figures.verdict import Summary
from prompts.words import LANGUAGES

SVG = "{http://www.w3.org/2000/svg}"
A = ColumnSummary("Zero-shot", n=100, right=35, accuracy=0.35, low=0.264, high=0.447, seconds_median=1.24)
B = replace(A, label='<b onload="x">&', accuracy=0.6, low=0.502, high=0.691, seconds_median=6.3)
EMPTY = ColumnSummary("Not yet")


def of(*columns: ColumnSummary) -> Summary:
    return Summary(columns, (), (), 0, 0)


def close(count: int) -> Summary:
    """Columns whose points all but coincide, with names as long as they come."""
    return of(*(replace(A, label=f"{n} " + "long name " * 9, accuracy=0.35 + n / 1000) for n in range(count)))


def texts(svg: str) -> list[tuple[float, float, str, str]]:
    """What is written: x, y, where it is anchored, and the words."""
    found = fromstring(svg).iter(f"{SVG}text")
    return [(float(one.get("x")), float(one.get("y")), one.get("text-anchor"), one.text or "") for one in found]


@pytest.mark.parametrize("draw", [accuracy_svg, latency_svg])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_picture_that_says_its_figures(draw, lang) -> None:
    root = fromstring(draw(of(A, B), lang))
    assert root.get("role") == "img"
    assert root.get("aria-label") == root.find(f"{SVG}title").text
    said = root.find(f"{SVG}desc").text
    assert all(one in said for one in ("Zero-shot", "35", "60", B.label))


def test_figures_as_each_language_writes_them() -> None:
    assert "35% (26 to 45)" in accuracy_svg(of(A), "en")
    assert "35 % (de 26 a 45)" in accuracy_svg(of(A), "es")
    assert "1.2 s, 35%" in latency_svg(of(A), "en")
    assert "1,2 s, 35 %" in latency_svg(of(A), "es")


@pytest.mark.parametrize("draw", [accuracy_svg, latency_svg])
def test_labels_are_data_and_colours_the_texts_own(draw) -> None:
    svg = draw(of(A, B), "en")
    assert "<b" not in svg
    assert 'fill="currentColor"' in svg
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb\(|<script|https?://(?!www\.w3\.org/2000/svg)", svg)


def test_bars_and_whiskers_stand_where_the_figures_are() -> None:
    root = fromstring(accuracy_svg(of(A, B), "en"))
    first, second = [float(one.get("width")) for one in root.iter(f"{SVG}rect")]
    assert first / second == pytest.approx(0.35 / 0.6, abs=0.01)
    whisker = next(one for one in root.iter(f"{SVG}line") if one.get("class") == "whisker")
    left, right = float(whisker.get("x1")), float(whisker.get("x2"))
    assert (right - left) / first == pytest.approx((0.447 - 0.264) / 0.35, abs=0.02)


def test_points_stand_where_the_figures_are() -> None:
    dots = list(fromstring(latency_svg(of(A, B), "en")).iter(f"{SVG}circle"))
    best, worst = dots
    assert float(best.get("cy")) < float(worst.get("cy"))
    assert float(best.get("cx")) > float(worst.get("cx"))


@pytest.mark.parametrize("draw", [accuracy_svg, latency_svg])
@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_two_texts_overlap_at_phone_width(draw, count, lang) -> None:
    """By a width a letter that Chromium's usual sans-serif stays below at 12 units."""
    svg = draw(close(count), lang)
    height = float(fromstring(svg).get("viewBox").split()[3])
    boxes = []
    for x, y, anchor, text in texts(svg):
        width = 6.4 * len(text)
        left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        boxes.append((left, left + width, y - 10, y + 2))
        assert 0 <= y <= height
        assert left > -4
        assert left + width <= 366, text
    for one, other in itertools.combinations(boxes, 2):
        apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
        assert apart, (one, other)


def test_before_anything_is_judged() -> None:
    assert "aún sin juzgar" in accuracy_svg(of(A, EMPTY), "es")
    assert "not judged yet" in latency_svg(of(EMPTY), "en")
    assert "Not yet" not in latency_svg(of(A, EMPTY), "en")
    assert latency_svg(of(replace(A, seconds_median=0.0)), "en")


@given(st.lists(st.floats(0, 100), max_size=6).map(sorted))
def test_names_are_spread_in_order(wanted: list[float]) -> None:
    places = spread(wanted, 15, 0, 100)
    assert all(b - a >= 15 - 1e-9 for a, b in itertools.pairwise(places))
    assert all(-1e-9 <= one <= 100 for one in places)


def test_names_that_are_apart_stay_where_they_are() -> None:
    assert spread([10, 50, 90], 15, 0, 100) == [10, 50, 90]
