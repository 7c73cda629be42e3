"""The Lab's drawings and figures: nothing of a text is markup, a row a bar, names do not lie on each other."""

from __future__ import annotations

import itertools
import re

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from ui.lab.charts import Bar, Line, _ticks, bars, cut, heat, lines
from ui.lab.figure import figure, table

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<b onload="x">&</b>'


def elements(svg: str, name: str) -> list[dict[str, str]]:
    return [{**one.attrib, "": "".join(one.itertext())} for one in fromstring(svg).iter(f"{SVG}{name}")]


def written(svg: str, kind: str) -> list[dict[str, str]]:
    return [one for one in elements(svg, "text") if kind in one["class"].split()]


def test_text_of_any_kind_stays_text() -> None:
    drawn = [
        bars([Bar(HOSTILE, 0.5, HOSTILE, key=HOSTILE)], title=HOSTILE),
        heat([[0.5]], [HOSTILE], [HOSTILE], title=HOSTILE, low=0, high=1, show=[[HOSTILE]], corner=HOSTILE),
        lines([Line(HOSTILE, [(0, 0), (1, 1)])], title=HOSTILE, x_label=HOSTILE, y_label=HOSTILE, lang="en"),
        figure("<svg/>", [HOSTILE], [[HOSTILE]], name="x", caption=HOSTILE, lang="es"),
    ]
    for one in drawn:
        assert "<b " not in one
        assert "onload=&#34;x" in one or "&lt;b" in one
    for one in drawn[:3]:
        assert fromstring(str(one)).find(f"{SVG}title").text == HOSTILE
        assert fromstring(str(one)).get("aria-label") == HOSTILE


def test_a_bar_says_its_number_beside_it_and_is_as_long_as_it_is_much() -> None:
    rows = [Bar("a", 0.5, "50 %"), Bar("b", 0.25, "25 %", "out"), Bar("c", 0.0, "0 %"), Bar("d", 9.0, "900 %")]
    drawn = str(bars(rows, title="t", most=1.0))
    boxes = [one for one in elements(drawn, "rect") if "bar" in one["class"].split()]
    widths = [float(one["width"]) for one in boxes]
    assert [one[""] for one in written(drawn, "value")] == [row.text for row in rows]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)
    assert widths[2] == 1.0  # there, if only just
    assert widths[3] == pytest.approx(2 * widths[0], abs=0.2)  # never longer than there is room for
    assert len({one["y"] for one in boxes}) == len(rows)
    assert [one[""] for one in boxes] == ["a: 50 %", "b: 25 %", "c: 0 %", "d: 900 %"]
    assert "out" in boxes[1]["class"].split()
    assert fromstring(str(bars(rows, title="t", most=0.0))) is not None


def test_an_empty_cell_is_not_one_of_nought() -> None:
    drawn = str(
        heat([[None, 0.0, 1.0]], ["r"], ["a", "b", "c"], title="t", low=0.0, high=1.0, show=[["", "0 %", "100 %"]])
    )
    boxes = elements(drawn, "rect")
    assert [one["class"] for one in boxes] == ["empty", "heat", "heat"]
    assert [float(one["fill-opacity"]) for one in boxes] == [0.0, 0.0, 1.0]
    assert [one[""] for one in boxes] == ["r, a: ", "r, b: 0 %", "r, c: 100 %"]
    assert [one[""] for one in written(drawn, "number")] == ["", "0 %", "100 %"]


def test_a_wide_grid_says_its_numbers_when_one_points_at_them() -> None:
    wide = [str(one) for one in range(20)]
    drawn = str(heat([[0.5] * 20], ["r"], wide, title="t", low=0.0, high=1.0, show=[wide]))
    assert not written(drawn, "number")
    assert elements(drawn, "rect")[7][""] == "r, 7: 7"


def test_a_grid_whose_values_are_all_alike_can_be_drawn() -> None:
    drawn = str(heat([[0.0]], ["r"], ["c"], title="t", low=0.0, high=0.0, show=[["0"]]))
    assert elements(drawn, "rect")[0]["fill-opacity"] == "0.000"


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=5), min_size=1, max_size=6))
def test_each_line_is_named_below_beside_a_piece_of_it(values: list[list[float]]) -> None:
    series = [Line(f"s{name}", list(enumerate(row))) for name, row in enumerate(values)]
    drawn = str(lines(series, title="t", x_label="x", y_label="y", lang="en", high=1.0))
    names = written(drawn, "label")
    assert [one[""] for one in names] == [one.label for one in series]
    for one, other in itertools.pairwise(names):
        assert float(other["y"]) - float(one["y"]) >= 14
    assert min(float(one["y"]) for one in names) > max(float(one["y"]) for one in written(drawn, "axis")) + 12
    pieces = [one for one in elements(drawn, "polyline") if one["points"].count(",") == 2 and "46.0," in one["points"]]
    dashes = [one["stroke-dasharray"] for one in pieces]
    assert len({*dashes}) == len(series) or len(pieces) > len(series)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (0.0, 1.0, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (0.8, 1.0, [0.8, 0.85, 0.9, 0.95, 1.0]),
        (0.0, 497.0, [0.0, 200.0, 400.0]),
        (-15.8, -15.2, [-15.8, -15.6, -15.4, -15.2]),
    ],
)
def test_the_ticks_are_round(low: float, high: float, found: list[float]) -> None:
    assert _ticks(low, high) == pytest.approx(found)


def test_long_labels_stand_above_their_bars_and_whole() -> None:
    name = "Qwen2.5 Coder 1.5B Instruct"
    drawn = str(bars([Bar(name, 0.5, "1"), Bar("b", 1.0, "2")], title="t"))
    labels, boxes = written(drawn, "label"), elements(drawn, "rect")
    assert [one[""] for one in labels] == [name, "b"]
    assert all(float(label["y"]) < float(box["y"]) for label, box in zip(labels, boxes, strict=True))


@pytest.mark.parametrize("count", [1, 2, 7, 13, 40])
def test_what_stands_at_the_axes_does_not_touch_and_is_a_point_of_the_line(count: int) -> None:
    line = Line("s", [(x, 0.97) for x in range(count)])
    drawn = str(lines([line], title="t", x_label="layer", y_label="cosine", lang="en"))
    below = [one for one in written(drawn, "axis") if one["text-anchor"] == "middle"]
    assert 1 <= len(below) <= 8
    assert all(one[""].isdecimal() for one in below)
    places = [float(one["x"]) for one in below]
    assert all(after - before >= 30 for before, after in itertools.pairwise(places))
    beside = [one for one in written(drawn, "axis") if one["text-anchor"] == "end"]
    named = next(one for one in written(drawn, "axis") if one[""] == "cosine")
    assert all(abs(float(one["y"]) - float(named["y"])) >= 11 for one in beside)


@pytest.mark.parametrize(
    ("lang", "beside"), [("en", ["0", "0.25", "0.5", "0.75", "1"]), ("es", ["0", "0,25", "0,5", "0,75", "1"])]
)
def test_the_axes_are_written_as_the_language_has_them(lang: str, beside: list[str]) -> None:
    line = Line("s", [(0, 0.0), (12_000.0, 1.0)])
    drawn = str(lines([line], title="t", x_label="x", y_label="y", lang=lang, high=1.0))
    axis = written(drawn, "axis")
    assert [one[""] for one in axis if one["text-anchor"] == "end"] == beside
    assert [one[""] for one in axis if one["text-anchor"] == "middle"] == ["0", "12.000" if lang == "es" else "12,000"]


def test_lines_differ_by_more_than_their_colour() -> None:
    series = [Line(f"s{n}", [(0, n), (1, n)]) for n in range(6)]
    drawn = str(lines(series, title="t", x_label="x", y_label="y", lang="en"))
    assert len({one["stroke-dasharray"] for one in elements(drawn, "polyline")}) == 6


def test_a_long_label_is_cut() -> None:
    assert (cut("abcdef", 6), cut("abcdefg", 6)) == ("abcdef", "abcde…")


# -- figures ---------------------------------------------------------------------------------------------------------


def test_a_row_of_the_table_for_each_bar_with_whole_numbers_beneath_what_is_shown() -> None:
    rows: list[list[str | int | float | None]] = [["uno", 12345, 0.123456789], ["dos", None, 1 / 3]]
    found = figure("<svg></svg>", ["t", "n", "p"], rows, name="next-token", caption="Cuánto", lang="es", digits=2)
    assert 'data-name="next-token"' in found
    assert re.findall(r'<th scope="col">(.*?)</th>', found) == ["t", "n", "p"]
    assert re.findall(r'<th scope="row">(.*?)</th>', found) == ["uno", "dos"]
    assert re.findall(r'<td data-value="(.*?)">(.*?)</td>', found) == [
        ("12345", "12.345"),
        ("0.123456789", "0,12"),
        ("", "–"),
        (repr(1 / 3), "0,33"),
    ]


def test_the_table_is_folded_unless_told_and_the_drawing_can_be_scrolled_by_keyboard() -> None:
    folded = figure("<svg></svg>", ["h"], [["r"]], name="x", caption="c", lang="en")
    assert "<details><summary>" in folded
    assert "<details open>" in figure("", ["h"], [["r"]], name="x", caption="c", lang="en", opened=True)
    assert 'class="aula-drawn" role="group" tabindex="0" aria-label="c"' in folded
    assert re.findall(r'data-save="(\w+)" aria-label="([^"]*)"', folded) == [
        ("png", "Save “c” as a picture (PNG)"),
        ("csv", "Save the numbers of “c” (CSV)"),
    ]


def test_a_number_as_the_head_of_a_row_is_kept_whole_too() -> None:
    found = table(["h"], [[12345], [0.5]], caption="c", lang="en", digits=1)
    assert re.findall(r'<th scope="row" data-value="(.*?)">(.*?)</th>', found) == [("12345", "12,345"), ("0.5", "0.5")]
