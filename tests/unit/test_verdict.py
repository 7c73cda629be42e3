"""A run in words: who is better and how sure that is, on whole and partial results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.figures.stats import wilson
from prompts.figures.verdict import Pair, Summary, points, summary
from prompts.outcome import Outcome
from prompts.prompt import Prompt
from prompts.reply import Reply
from prompts.runs.cell import Cell

LETTERS: Mapping[str, Outcome] = {"r": "right", "w": "wrong", "u": "unparsed", "n": "none"}


def run(*columns: str, strict: Sequence[str] = (), repeats: int = 1, rows: int | None = None) -> Summary:
    """A run of which each column is written as a letter a cell: all rows, then all rows again."""
    size = rows if rows is not None else len(columns[0]) // repeats
    labels = "ABCDEF"[: len(columns)]
    experiment = Experiment(
        tuple(Column(one, Prompt("x")) for one in labels), tuple(Row({}) for _ in range(size)), repeats=repeats
    )
    cells = {}
    for number, column in enumerate(columns):
        for position, letter in enumerate(column):
            place = Place(number, position % size, position // size)
            read = (strict or columns)[number][position]
            stats = {"prompt_tokens": 10, "completion_tokens": 20 + number, "tokens_per_s": 5.0}
            reply = Reply("done", seconds=1.0 + position % size, stats=stats)
            if letter == "e":
                cells[place] = Cell(place, Reply("done", error={"en": "x", "es": "x"}))
            elif letter != " ":
                cells[place] = Cell(place, reply, (), LETTERS[read], LETTERS[letter])
    return summary(experiment, cells)


def pair(result: Summary, number: int = 0) -> Pair:
    return result.pairs[number]


def notes(result: Summary) -> list[str]:
    return [note.key for note in result.notes]


def test_a_column_in_figures() -> None:
    (column,) = run("rrrwwuune").columns
    assert (column.n, column.right, column.wrong, column.unparsed, column.none, column.errors) == (7, 3, 2, 2, 1, 1)
    assert column.accuracy == pytest.approx(3 / 7)  # what could not be read is not right
    assert column.readable == pytest.approx(5 / 7)
    assert (column.low, column.high) == wilson(3, 7)
    assert (column.seconds_median, column.tokens_median, column.tokens_per_s) == (4.5, 20.0, 5.0)


def test_better_in_words() -> None:
    a, b = "r" * 40 + "w" * 60, "r" * 38 + "w" * 2 + "r" * 14 + "w" * 46
    found = pair(run(a, b))
    assert (found.only_a, found.only_b, found.conclusion, found.better) == (2, 14, "better", 1)
    assert found.verdict.text("en") == "B is better than A by 12 points (4 to 19)."
    assert found.verdict.text("es") == "B es mejor que A por 12 puntos (de 4 a 19)."
    turned = pair(run(b, a))
    assert (turned.difference, turned.better) == (-found.difference, 0)
    assert turned.verdict.text("en") == "A is better than B by 12 points (4 to 19)."


def test_a_difference_that_cannot_be_told() -> None:
    found = pair(run("r" * 10 + "w" * 10, "r" * 8 + "ww" + "r" * 5 + "w" * 5))
    assert (found.conclusion, found.better, found.only_a, found.only_b) == ("unclear", None, 2, 5)
    assert found.needed is not None
    assert found.needed > 20
    assert f"about {found.needed} would be needed" in found.verdict.text("en")
    assert f"harían falta unos {found.needed}" in found.verdict.text("es")
    level = pair(run("rrrrwwww" * 2, "wwwwrrrr" * 2))
    assert (level.conclusion, level.needed, level.verdict.key) == ("unclear", None, "verdict.unclear")


def test_too_few_items_for_any_difference() -> None:
    found = pair(run("wwwww", "rrrrr"))
    assert (found.difference, found.conclusion) == (1.0, "few")
    assert "At least 6 are needed" in found.verdict.text("en")
    assert pair(run("wwwwww", "rrrrrr")).conclusion == "better"


def test_practically_the_same_only_within_three_points() -> None:
    assert pair(run("r" * 50, "r" * 50)).conclusion == "unclear"
    found = pair(run("r" * 300, "r" * 300))
    assert found.conclusion == "same"
    assert -0.03 <= found.low <= 0 <= found.high <= 0.03
    assert "iguales" in found.verdict.text("es")


def test_three_columns_are_corrected_and_say_so() -> None:
    a, b = "w" * 6 + "r" * 10, "r" * 16
    assert pair(run(a, b)).conclusion == "better"
    three = run(a, b, a)
    assert [(one.a, one.b) for one in three.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert pair(three).p == pytest.approx(2 / 64)
    assert pair(three).p_adjusted == pytest.approx(3 * 2 / 64)
    assert pair(three).conclusion == "unclear"
    said = pair(three).verdict.text("en")
    assert "On its own this comparison would show a difference" in said
    assert "one of 3" in said
    assert "entre tantas" in pair(three).verdict.text("es")
    assert pair(three).needed is not None
    assert pair(run(a, b)).needed is not None
    assert (pair(three).needed or 0) > (pair(run(a, b)).needed or 0)  # each must pass a stricter test
    assert "verdict.holm" in notes(three)
    assert "verdict.holm" not in notes(run(a, b))


def test_what_the_interval_shows_and_the_test_does_not_is_explained() -> None:
    found = pair(run("w" * 5 + "r" * 95, "r" * 100))
    assert (found.low > 0, found.p > 0.05, found.conclusion) == (True, True, "unclear")
    assert "leaves out 0" in found.verdict.text("en")
    assert "deja fuera el 0" in found.verdict.text("es")


def test_where_as_many_items_would_do_it_is_chance_and_no_number() -> None:
    a, b = "w" * 6 + "r" * 10, "r" * 16
    found = pair(run(a, b, a))
    assert found.needed is not None
    said = found.verdict.text("en")
    assert ("matter of chance" in said) == (found.needed <= found.n)
    assert ("would be needed" in said) == (found.needed > found.n)


def test_strict_reading_beside_the_lenient_one() -> None:
    a, b = "w" * 20 + "r" * 20, "r" * 40
    result = run(a, b, strict=(a, "u" * 40))
    assert pair(result).better == 1
    assert (result.columns[1].accuracy, result.columns[1].strict_accuracy) == (1.0, 0.0)
    assert result.columns[1].strict_unparsed == 40
    (said,) = [note for note in result.notes if note.key == "verdict.strict"]
    assert "A is better than B" in said.text("en")
    assert "verdict.strict" not in notes(run(a, b))


def test_what_could_not_be_read_or_failed_is_said() -> None:
    result = run("rru", "rre")
    assert notes(result)[:2] == ["verdict.unparsed", "verdict.errors_one"]
    assert "1 of 3" in result.notes[0].text("en")
    assert pair(result).n == 2  # only where both were judged


def test_partial_results() -> None:
    result = run("rrw ", "rw  ")
    assert (result.done, result.size, pair(result).n) == (5, 8, 2)
    assert notes(result)[0] == "verdict.partial"
    nothing = run("", "", rows=3)
    assert pair(nothing).conclusion == "nothing"
    assert nothing.columns[0].accuracy is None
    assert pair(run("nnn", "rrr")).conclusion == "nothing"


def test_with_repeats_a_row_counts_once() -> None:
    # Rows: A is right in 2, 1 and 0 of 2 repeats, B in 2, 2 and 1.
    result = run("rrw" + "rww", "rrr" + "rrw", repeats=2)
    assert result.columns[0].n == 3
    assert result.columns[0].right == 3
    assert result.columns[0].accuracy == pytest.approx((1 + 0.5 + 0) / 3)
    found = pair(result)
    assert (found.n, found.only_a, found.only_b) == (3, 0, 1)  # half is not most
    assert "verdict.repeats" in notes(result)


def test_thirds_add_up() -> None:
    (column,) = run("rrr" * 3, repeats=3).columns
    assert column.accuracy == 1.0
    (column,) = run("rrw" * 7 + "rwr" * 7 + "wrr" * 7, repeats=3).columns
    assert column.accuracy == pytest.approx(2 / 3)


def test_all_of_it_is_json_in_both_languages() -> None:
    data = json.loads(json.dumps(run("rrw", "ruu", "wwe").to_json()))
    assert set(data["pairs"][0]["verdict"]) == {"en", "es"}
    assert data["columns"][1]["readable"] == pytest.approx(1 / 3)
    assert data["notes"]


@pytest.mark.parametrize(("share", "shown"), [(0.124, 12), (-0.08, -8), (0.004, 0.4), (0.0, 0), (0.0002, 0)])
def test_points(share: float, shown: float) -> None:
    assert points(share) == shown
