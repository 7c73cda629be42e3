"""Intervals and tests against scipy, statsmodels, published examples and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from prompts.figures.stats import holm, items_needed, least_items, mcnemar_exact, paired_difference, wilson

COUNTS = st.integers(0, 60)


@given(st.integers(1, 500), st.data())
def test_wilson_is_scipys_and_statsmodels(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    theirs = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert wilson(right, n, 0.9) == pytest.approx(proportion_confint(right, n, 0.1, "wilson"), abs=1e-9)


def test_wilson_at_its_ends() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    assert wilson(2.5, 5)[0] == pytest.approx(1 - wilson(2.5, 5)[1])
    with pytest.raises(ValueError, match="6 of 5"):
        wilson(6, 5)


@given(COUNTS, COUNTS)
def test_mcnemar_is_statsmodels(b: int, c: int) -> None:
    assert mcnemar_exact(b, c) == pytest.approx(mcnemar([[5, b], [c, 5]], exact=True).pvalue if b + c else 1.0)


def test_mcnemar_of_thousands_of_pairs() -> None:
    assert mcnemar_exact(2_000, 2_400) == pytest.approx(binomtest(2_000, 4_400).pvalue)


@pytest.mark.parametrize(
    ("table", "interval"),
    [
        ((36, 12, 2, 0), (0.0569, 0.3404)),  # Newcombe 1998, his first example
        ((14, 5, 0, 22), (0.0115, 0.2265)),  # Altman et al. 2000, "Statistics with confidence", table 6.2
    ],
)
def test_paired_intervals_of_the_literature(table: tuple[int, int, int, int], interval: tuple[float, float]) -> None:
    difference, low, high = paired_difference(*table)
    assert difference == pytest.approx((table[1] - table[2]) / sum(table))
    assert (low, high) == pytest.approx(interval, abs=6e-5)


def test_without_correlation_the_pairs_are_two_samples() -> None:
    theirs = confint_proportions_2indep(30, 60, 20, 60, method="newcomb", compare="diff")
    assert paired_difference(10, 20, 10, 20)[1:] == pytest.approx(theirs, abs=1e-9)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_paired_interval_turns_with_its_columns(a: int, b: int, c: int, d: int) -> None:
    difference, low, high = paired_difference(a, b, c, d)
    assert -1 <= low <= difference <= high <= 1
    assert paired_difference(a, c, b, d) == pytest.approx((-difference, -high, -low), abs=1e-12)


def test_nineteen_of_twenty_paired_intervals_hold_the_truth() -> None:
    draws = np.random.default_rng(20).multinomial(40, [0.45, 0.25, 0.10, 0.20], size=4_000)
    held = [low <= 0.15 <= high for low, high in (paired_difference(*map(int, one))[1:] for one in draws)]
    assert 0.935 <= np.mean(held) <= 0.98


def test_items_needed_are_connors() -> None:
    b, c, n = 12, 30, 100
    discordant, difference = 0.42, 0.18
    spread = norm.ppf(0.975) * math.sqrt(discordant) + norm.ppf(0.8) * math.sqrt(discordant - difference**2)
    assert items_needed(b, c, n) == items_needed(c, b, n) == math.ceil(spread**2 / difference**2) == 100
    assert items_needed(5, 5, 100) is items_needed(0, 0, 0) is None
    assert (items_needed(12, 30, 100, power=0.9) or 0) > 100


def test_so_many_items_do_show_the_difference() -> None:
    needed = items_needed(10, 25, 100) or 0
    draws = np.random.default_rng(3).multinomial(needed, [0.10, 0.25, 0.65], size=2_000)
    seen = np.mean([mcnemar_exact(int(b), int(c)) < 0.05 for b, c, _ in draws])
    assert 0.74 <= seen <= 0.84  # the exact test asks for a little more than the formula's


@settings(max_examples=12)  # theirs takes a quarter of a second
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_statsmodels(ps: list[float]) -> None:
    assert holm(ps) == pytest.approx(list(multipletests(ps, method="holm")[1]))


def test_the_least_items() -> None:
    assert (least_items(), least_items(3)) == (6, 7)
    assert mcnemar_exact(5, 0) > 0.05 > mcnemar_exact(6, 0)
    assert holm([]) == []
