"""lab/measures.py, and what the strategies' progress and the panels' numbers come to; without a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.measures import agreement, different, distinct_n, ngrams, normalised, overlap, repetition
from lab.search import penalty
from lab.strategies import DRAWN, STRATEGIES, Plan, _Parts
from lab.writing import repeating
from rag.errors import BadOption
from ui.lab.beginning import number, whole

TEXTS = st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=5)


def test_distinct_n_is_the_share_of_different_ones_in_a_text_averaged() -> None:
    assert distinct_n([[1, 2, 1], [1, 2]], 1) == pytest.approx((2 / 3 + 1) / 2)
    assert distinct_n([[1, 1, 1], [1, 2]], 2) == pytest.approx((1 / 2 + 1) / 2)
    assert distinct_n([[1, 2, 3]] * 4, 1) == 1.0  # as the texts of a beam: the same in another text repeats nothing
    assert distinct_n([[1]], 2) is None


def test_repetition_is_within_a_text_and_averaged() -> None:
    assert repetition([[1, 2, 1, 2, 1, 2], [1, 2, 3, 4, 5, 6]], 2) == pytest.approx((1 - 2 / 5) / 2)
    assert repetition([[1, 2, 3], [1, 2, 3]], 2) == 0.0  # the same in another text repeats nothing
    assert repetition([[1, 2, 3]], 4) is None


@given(TEXTS, st.integers(1, 4))
def test_shares_are_shares(texts: list[list[int]], n: int) -> None:
    for share in (distinct_n(texts, n), repetition(texts, n)):
        assert share is None or 0.0 <= share <= 1.0
    if any(ngrams(text, n) for text in texts):
        assert distinct_n(texts, n) == pytest.approx(1.0 - (repetition(texts, n) or 0.0))


def test_answers_are_the_same_without_capitals_and_punctuation() -> None:
    assert normalised("  ¡París,\nya! ") == "parís ya"
    assert agreement(["París.", "parís", "Lyon", "PARÍS!"]) == pytest.approx(3 / 4)
    assert different(["París.", "parís", "Lyon"]) == 2
    assert agreement([]) is None


def test_overlap_is_over_pairs() -> None:
    assert overlap(["a b", "b a"]) == pytest.approx(1.0)
    assert overlap(["a b", "b c", "d"]) == pytest.approx((1 / 3 + 0 + 0) / 3)
    assert overlap(["", "!"]) == 1.0
    assert overlap(["alone"]) is None


@given(st.lists(st.integers(0, 2), max_size=15), st.integers(1, 4))
def test_what_is_not_blocked_repeats_no_ngram(written: list[int], n: int) -> None:
    blocked = set(repeating(tuple(written), n))
    before = ngrams(written, n)
    for token in range(3):
        whole = [*written, token]
        new = tuple(whole[-n:]) if len(whole) >= n else None
        assert (token in blocked) == (new in before)


def test_nothing_is_blocked_unless_asked() -> None:
    assert repeating((1, 1, 1, 1), 0) == []


def test_the_penalty_is_that_of_the_paper() -> None:
    assert penalty(50, 0.0) == 1.0
    assert penalty(1, 0.6) == 1.0
    assert penalty(7, 1.0) == pytest.approx(2.0)


def test_each_drawn_strategy_changes_one_thing() -> None:
    ways = Plan().ways()
    assert tuple(ways) == DRAWN
    assert ways["sampling"] == type(ways["sampling"])()
    assert len(set(ways.values())) == len(DRAWN)
    assert Plan(("greedy", "top_p")).ways().keys() == {"top_p"}
    assert set(DRAWN) < set(STRATEGIES)


def test_progress_never_goes_back_and_ends_at_all() -> None:
    heard: list[tuple[int, int]] = []
    parts = _Parts(lambda done, total: heard.append((done, total)), 10, [5, 20])
    first = parts.next()
    first(1, 10)
    first(4, 10)  # a text that ended early
    second = parts.next()
    second(1, 10)
    second(10, 10)
    assert heard == [(5, 250), (20, 250), (70, 250), (250, 250)]


@pytest.mark.parametrize("bad", [None, "", "x", "nan", "inf", True, -1, 6, [1]])
def test_numbers_from_a_page_are_checked(bad: object) -> None:
    with pytest.raises(BadOption):
        number(bad, "n", 0, 5)


def test_numbers_may_come_as_text_and_whole_ones_are_whole() -> None:
    assert number("2.5", "n", 0, 5) == 2.5
    assert whole("2", "n", 0, 5) == 2
    with pytest.raises(BadOption):
        whole(2.5, "n", 0, 5)
