"""lab/divergence.py against scipy, on random and on extreme distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

from lab.divergence import bits, kl_bits

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(2, 2_000), st.floats(0.01, 30))
def test_equals_scipy(seed: int, size: int, spread: float) -> None:
    chance = np.random.default_rng(seed)
    first, second = chance.normal(scale=spread, size=(2, size))
    ours = kl_bits(log_softmax(first), log_softmax(second))
    assert ours == pytest.approx(float(entropy(softmax(first), softmax(second), base=2)), rel=1e-9, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_nothing_from_itself_and_something_from_another(seed: int) -> None:
    chance = np.random.default_rng(seed)
    first, second = log_softmax(chance.normal(size=(2, 50)), axis=1)
    assert kl_bits(first, first) == 0.0
    assert kl_bits(first, second) > 0.0
    assert kl_bits(first, second) != kl_bits(second, first), "it is no distance: the order counts"


def test_what_the_second_never_says_is_infinitely_far_and_what_the_first_never_says_counts_nothing() -> None:
    with np.errstate(divide="ignore"):
        sure, fair = np.log([1.0, 0.0]), np.log([0.5, 0.5])
    assert kl_bits(sure, fair) == pytest.approx(1.0)
    assert kl_bits(fair, sure) == math.inf


def test_a_quarter_is_two_bits() -> None:
    assert bits(math.log(0.25)) == pytest.approx(2.0)
