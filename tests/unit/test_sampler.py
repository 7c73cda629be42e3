"""lab/sampler.py against llama.cpp's own samplers, stage by stage, on rows of scores made up here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.sampler import STAGES, Settings, draw, pipeline
from rag.settings import PRESETS
from tests.llama_chain import chain

if TYPE_CHECKING:
    import numpy.typing as npt

OFF = Settings()
ALL = Settings(1.3, 0.2, 0.4, 8, 40, 0.9, 0.8, 0.05, 0.7)


def scores(seed: int, size: int, spread: float) -> npt.NDArray[np.float32]:
    """Return scores no two of which are equal: which of two equal ones comes first is left open."""
    rng = np.random.default_rng(seed)
    some = np.unique(rng.normal(0, spread, size + size // 10 + 10).astype(np.float32))  # a few too many: some are equal
    return rng.permutation(some)[:size]


def agree(row: npt.NDArray[np.float32], chosen: Settings, last: Sequence[int]) -> None:
    """Assert that both keep the same tokens with the same probabilities after every stage."""
    theirs, drawn = chain(row, chosen, last)
    ours = pipeline(row, chosen, last)
    assert [stage.name for stage in ours] == [kept.name for kept in theirs] == list(STAGES)
    for stage, kept in zip(ours, theirs, strict=True):
        mine = dict(zip(stage.ids.tolist(), stage.p.tolist(), strict=True))
        assert {number for number, p in mine.items() if p > 0} == kept.p.keys(), stage.name
        assert all(abs(mine[number] - p) < 1e-4 for number, p in kept.p.items()), stage.name
    final = dict(zip(ours[-1].ids.tolist(), ours[-1].p.tolist(), strict=True))
    assert all(abs(final.get(number, 0.0) - p) < 1e-4 for number, p in drawn.items())


CHOICES = st.builds(
    Settings,
    repeat_penalty=st.sampled_from([0.5, 1.0, 1.1, 2.0]),
    frequency_penalty=st.sampled_from([-1.0, 0.0, 0.3, 2.0]),
    presence_penalty=st.sampled_from([-0.5, 0.0, 0.5]),
    penalty_window=st.sampled_from([0, 1, 3, 64]),
    top_k=st.sampled_from([0, 1, 2, 5, 40, 200, 10_000]),
    typical_p=st.sampled_from([0.0, 0.1, 0.5, 0.95, 1.0]),
    top_p=st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99, 1.0]),
    min_p=st.sampled_from([0.0, 0.01, 0.05, 0.5, 1.0]),
    temperature=st.sampled_from([0.0, 0.05, 0.2, 0.7, 1.0, 2.0]),
)


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 300),
    spread=st.sampled_from([0.1, 1.0, 3.0, 8.0]),
    chosen=CHOICES,
    last=st.lists(st.integers(0, 299), max_size=80),
)
def test_every_stage_is_llama_cpps(seed: int, size: int, spread: float, chosen: Settings, last: list[int]) -> None:
    agree(scores(seed, size, spread), chosen, [token % size for token in last])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "chosen",
    [
        ALL,
        Settings(top_p=0.95),
        Settings(typical_p=0.9),
        Settings(min_p=0.02, temperature=1.5),
        Settings(top_k=300, typical_p=0.7, top_p=0.9),
    ],
)
def test_a_large_vocabulary(seed: int, chosen: Settings) -> None:
    agree(scores(seed, 50_000, 3.0), chosen, [1, 2, 2, 3])


def test_no_two_scores_made_up_here_are_equal() -> None:
    assert len(np.unique(scores(1, 50_000, 3.0))) == 50_000


@pytest.mark.parametrize("temperature", [1e-300, 1e-46, 1e-39, 1e-30, 1e-3])
@pytest.mark.parametrize("top", [8.0, -8.0])
def test_a_temperature_next_to_zero_is_greedy(temperature: float, top: float) -> None:
    row = np.array([top - 3, top, top - 0.5, -np.inf], dtype=np.float32)
    last = pipeline(row, Settings(temperature=temperature), [])[-1]
    assert dict(zip(last.ids.tolist(), last.p.tolist(), strict=True))[1] == 1.0
    assert last.p.sum() == 1.0
    assert {draw(row, Settings(temperature=temperature), [], np.random.default_rng(n)) for n in range(9)} == {1}


@pytest.mark.parametrize("name", list(PRESETS))
def test_the_chats_own_options(name: str) -> None:
    agree(scores(5, 500, 3.0), Settings.from_decoding(PRESETS[name]), [1, 2, 3, 3])


def test_what_is_crossed_out_and_what_it_had() -> None:
    row = np.log(np.array([0.5, 0.2, 0.15, 0.1, 0.05], dtype=np.float32))[[2, 0, 4, 1, 3]]
    stages = {stage.name: stage for stage in pipeline(row, Settings(top_k=4, top_p=0.8), [])}
    assert stages["penalties"].ids.tolist() == [1, 3, 0, 4, 2]
    assert stages["top_k"].out.tolist() == [2]
    assert stages["top_k"].mass == pytest.approx(0.05)
    assert stages["top_k"].p.tolist() == pytest.approx([0.5 / 0.95, 0.2 / 0.95, 0.15 / 0.95, 0.1 / 0.95])
    assert stages["top_p"].ids.tolist() == [1, 3, 0]  # 0.5 + 0.2 is less than 0.8 of 0.95
    assert stages["top_p"].out.tolist() == [4]
    assert stages["top_p"].mass == pytest.approx(0.1 / 0.95)
    assert stages["min_p"].ids.tolist() == [1, 3, 0]
    assert not len(stages["temperature"].out)


def test_nothing_asked_changes_nothing() -> None:
    row = scores(1, 64, 2.0)
    whole = np.exp(row.astype(np.float64)) / np.exp(row.astype(np.float64)).sum()
    for stage in pipeline(row, OFF, [1, 2, 3]):
        assert not len(stage.out)
        assert stage.mass == 0
        np.testing.assert_allclose(stage.p, whole[stage.ids])
        assert stage.p.sum() == pytest.approx(1)


def test_the_row_stays_as_it_was() -> None:
    row = scores(2, 64, 2.0)
    row.flags.writeable = False
    before = row.copy()
    pipeline(row, ALL, [1, 1, 2])
    draw(row, ALL, [1, 1, 2], np.random.default_rng(0))
    np.testing.assert_array_equal(row, before)


def test_equal_scores_go_by_their_number() -> None:
    row = np.zeros(50, dtype=np.float32)
    assert pipeline(row, Settings(top_k=3), [])[-1].ids.tolist() == [0, 1, 2]
    assert pipeline(row, Settings(temperature=0.0), [])[-1].ids.tolist() == [0]


def test_a_score_of_minus_infinity_is_never_drawn() -> None:
    row = np.array([-np.inf, 1.0, -np.inf, 0.5], dtype=np.float32)
    for chosen in (OFF, ALL, Settings(typical_p=0.9), Settings(top_p=0.999), Settings(top_k=3)):
        rng = np.random.default_rng(3)
        assert {draw(row, chosen, [], rng) for _ in range(60)} <= {1, 3}
        assert all(np.isfinite(stage.p).all() for stage in pipeline(row, chosen, []))


def test_drawing_repeats_with_its_seed_and_follows_the_probabilities() -> None:
    row = scores(4, 12, 1.5)
    chosen = Settings(top_k=6, temperature=0.8)
    draws = [draw(row, chosen, [], np.random.default_rng(seed)) for seed in range(40)]
    assert draws == [draw(row, chosen, [], np.random.default_rng(seed)) for seed in range(40)]
    rng = np.random.default_rng(0)
    counts = np.bincount([draw(row, chosen, [], rng) for _ in range(20_000)], minlength=12) / 20_000
    last = pipeline(row, chosen, [])[-1]
    expected = np.zeros(12)
    expected[last.ids] = last.p
    np.testing.assert_allclose(counts, expected, atol=0.012)
    assert {draw(row, Settings(temperature=0.0), [], rng) for _ in range(5)} == {int(row.argmax())}
