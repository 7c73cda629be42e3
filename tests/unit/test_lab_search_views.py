"""What the Search and Temperature panels draw: well-formed, escaped, with every number in the table; no model."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from lab.search import ROOT, Beams, Hypothesis, Node
from lab.strategies import STRATEGIES, Found, Plan
from lab.writing import Written
from ui.lab import search_view, temperature_view
from ui.lab.beam_tree import tree
from ui.lab.temperature import TEMPERATURES, _ticked
from ui.lab.temperature_view import Rungs
from ui.texts import LANGUAGES, say

EVIL = "<script>alert('1')</script>&"


def _written(text: str, logprob: float = -2.0, ended: bool = False) -> Written:
    return Written((1, 2), text, logprob, (logprob / 2, logprob / 2), ended)


def _beams() -> Beams:
    nodes = (
        Node(ROOT, 1, -0.5, -0.5, 0, True),
        Node(ROOT, 2, -1.0, -1.0, 0, True),
        Node(ROOT, 3, -2.0, -2.0, 0, False),
        Node(0, 2, -0.7, -0.7, 1, True),
        Node(0, 4, -0.9, -0.9, 1, True),
        Node(1, 5, -3.0, -3.0, 1, False),
    )
    best = (Hypothesis(_written("a b", -0.7), -0.7, 3), Hypothesis(_written("a d", -0.9), -0.9, 4))
    return Beams(best, nodes)


def _rows(page: str) -> list[list[str]]:
    """Return the cells of all tables of a page, row by row."""
    tables = [ElementTree.fromstring(one) for one in re.findall(r"<table>.*?</table>", page, re.DOTALL)]
    return [["".join(cell.itertext()) for cell in row] for one in tables for row in one.iter("tr")]


def _drawings(page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_tree_says_what_became_of_every_token(lang: str) -> None:
    page = str(tree(_beams(), lambda token: f"<{token}>", 2, lang))
    (drawing,) = _drawings(page)
    boxes = [one.get("class") for one in drawing.iter("{http://www.w3.org/2000/svg}rect")]
    assert boxes == ["node best", "node left", "node out", "node best", "node found", "node out"]
    rows = _rows(page)[1:]
    fates = [say(lang, f"lab.search.fate_{fate}") for fate in ("best", "left", "out", "best", "found", "out")]
    assert [row[-1] for row in rows] == fates
    assert [row[1] for row in rows] == ["<1>", "<2>", "<3>", "<2>", "<4>", "<5>"]
    assert 'data-value="0.8187' in page  # exp(-0.7 + 0.5): after the text before it
    said = ["".join(one.itertext()) for one in drawing.iter("{http://www.w3.org/2000/svg}title")]
    comma = "," if lang == "es" else "."
    assert any(f"81{comma}9" in one and f"−0{comma}70" in one for one in said)


def test_where_greedys_own_text_is_the_best_no_way_in_the_tree_is() -> None:
    beams = _beams()
    mine = Hypothesis(_written("other", -0.1), -0.1, None)
    page = str(tree(Beams((mine, *beams.best), beams.nodes), str, 2, "en"))
    assert "node best" not in page
    assert page.count("node found") == 3


@pytest.mark.parametrize("lang", LANGUAGES)
def test_results_are_escaped_and_have_a_row_each(lang: str) -> None:
    found = Found({"greedy": ((1, 2),)}, {name: (_written(EVIL), _written(EVIL, -4.0, True)) for name in STRATEGIES})
    found.beams = _beams()
    page = str(search_view.results(found, Plan(length_penalty=0.6, no_repeat_ngram=3), str, str, lang))
    assert "<script" not in page
    assert page.count("data-way=") == len(STRATEGIES)
    numbers = _rows(page)[: 1 + len(STRATEGIES)]
    assert [row[0] for row in numbers[1:]] == [search_view.title(name, lang) for name in STRATEGIES]
    comma = "," if lang == "es" else "."
    assert numbers[1][1:5] == ["2", f"−3{comma}00", f"−2{comma}00", f"−1{comma}50"]
    assert len(_drawings(page)) == 2


def test_what_was_stopped_shows_what_is_there() -> None:
    found = Found({"greedy": ((1, 2),), "beam": ((7, 8),)}, {"greedy": (_written("all of it"),)})
    page = str(search_view.results(found, Plan(), str, lambda tokens: f"so far {tokens}", "en"))
    assert "all of it" in page
    assert "so far (7, 8)" in page
    assert page.count(say("en", "lab.search.waiting")) == len(STRATEGIES) - 2
    assert say("en", "lab.search.waiting") in search_view.growing(Found(), Plan(), str, "en")


LADDER: Rungs = {
    "tokens": ["␣París", "<b>"],
    "rungs": [
        {"t": 0.0, "p": [1.0, 0.0], "tail": 0.0, "entropy": 0.0},
        {"t": 1.0, "p": [0.5, 0.3], "tail": 0.2, "entropy": 1.5},
        {"t": 2.0, "p": [0.4, 0.3], "tail": 0.3, "entropy": 3.25},
    ],
}


def test_the_bars_are_those_of_the_nearest_temperature() -> None:
    page = str(temperature_view.at(LADDER, 1.05, "es"))
    assert "<b>" not in page
    assert [row[1] for row in _rows(page)[1:]] == ["0,50000", "0,30000", "0,20000"]
    assert "1,50 bits" in page
    assert "3,25 bits" in str(temperature_view.at(LADDER, 9.0, "es"))


def test_the_row_has_the_chosen_temperatures_and_the_entropy() -> None:
    rows = _rows(str(temperature_view.row(LADDER, [0.0, 2.0], "en")))
    assert rows[0][1:] == ["Temperature 0", "Temperature 2"]
    assert rows[-1][1:] == ["0.0000", "3.2500"]
    assert rows[-2][1:] == ["0.0000", "0.3000"]


def test_answers_are_counted_and_those_still_growing_shown() -> None:
    texts = (_written("París."), _written("París."), _written("<i>Lyon</i>"), _written("parís"))
    found = Found({"0.5": ((1,),), "1.0": ((2,),)}, {"0.5": texts})
    done = str(temperature_view.answers(found, [0.5, 1.0], str, "en", done=True))
    assert "<i>" not in done
    assert "2 different of 4" in done
    assert "2 times" in done
    assert _rows(done)[1][:5] == ["0.50", "4", "2", "0.50", "0.75"]
    growing = str(temperature_view.answers(found, [0.5, 1.0], lambda tokens: f"so far {tokens}", "en", done=False))
    assert "so far (1,)" in growing
    assert "<figure" not in growing


def test_temperatures_that_are_ticked_may_come_in_any_form() -> None:
    assert _ticked([2, "0.5", 0.0]) == [0.0, 0.5, 2.0]
    assert _ticked(list(TEMPERATURES)) == list(TEMPERATURES)
