"""rag/llama/context.py: a prompt is read in steps that begin at whole multiples and are never tiny."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.llama.context import BATCH, steps


@given(st.integers(0, 4 * BATCH))
def test_steps_are_the_whole_prompt_in_order(length: int) -> None:
    tokens = list(range(length))
    cut = [list(step) for step in steps(tokens)]
    assert [token for step in cut for token in step] == tokens
    assert all(len(step) <= BATCH for step in cut)
    assert all(step[0] % 8 == 0 for step in cut)
    assert all(len(step) >= 8 for step in cut) or length < 8
