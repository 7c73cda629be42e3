"""A second memory over weights that are loaded already, taken when it is first needed; knows no text.

Every step is one turn in the model's queue. Native memory is touched only under a lock that `rest` takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import llama_cpp.llama_cpp as api
import numpy as np

from rag.errors import Cancelled, ModelNotReady
from rag.llama import native
from rag.llama.turns import Turns

if TYPE_CHECKING:
    import numpy.typing as npt

Row: TypeAlias = "npt.NDArray[np.float32]"  # (vocabulary,) raw logits
T = TypeVar("T")


@dataclass(frozen=True)
class Stretch:
    """Tokens that are read into a `slot` from `position` on; those at the places in `scored` give scores."""

    slot: int
    position: int
    tokens: Sequence[int]
    scored: range = range(0)


class MemoryFull(Exception):
    """There is no room for what was to be read; nothing of it was."""


class Memory:
    """A context of `size` tokens for so many sequences. Not for several threads at once, but for `rest` and `close`."""

    def __init__(self, handles: native.Handles, turns: Turns, size: int, sequences: int, step: int) -> None:
        """Take the weights; nothing is opened yet. `step`: the most tokens read at once."""
        self._handles = handles
        self._turns = turns
        self._shape = (size, step, sequences)
        self._native = threading.Lock()
        self._context: api.llama_context_p | None = None
        self._closed = False
        self._outputs: list[int] = []  # which tokens of the last step gave scores
        self._words = api.llama_vocab_n_tokens(handles.vocab)
        # A recurrent memory holds a state and not its tokens: nothing can be cut off or copied in part.
        self.cuts = not (api.llama_model_is_recurrent(handles.model) or api.llama_model_is_hybrid(handles.model))

    def open(self) -> bool:
        """Take the memory; True where it was not taken, so that nothing is in it. Raises ModelNotReady, MemoryError."""
        with self._native:
            if self._closed:
                raise ModelNotReady()
            if self._context is not None:
                return False
            self._context = native.second_context(self._handles, *self._shape)
            return True

    def rest(self) -> None:
        """Give the memory back."""
        with self._native:
            context, self._context = self._context, None
            if context:
                api.llama_free(context)

    def close(self) -> None:
        """Give the memory back for good: the weights are about to go."""
        self._closed = True
        self.rest()

    def read(self, stretches: Sequence[Stretch], cancel: threading.Event | None) -> None:
        """Read all of them in one step. Raises MemoryFull, Cancelled, ModelNotReady."""
        with self._turns.taken(cancel) as got:
            if not got or (cancel is not None and cancel.is_set()):
                raise Cancelled
            with self._native:
                code, self._outputs = _decoded(self._alive(), stretches)
        if code == 1:  # llama_decode's own code
            raise MemoryFull
        if code != 0:
            raise RuntimeError(f"llama_decode returned {code}")

    def rows(self, use: Callable[[int, Row], T], wanted: slice = slice(None)) -> list[T]:
        """Return use(place, logits) for the `wanted` of the tokens that gave scores last; a row is only valid there."""
        found: list[T] = []
        with self._native:
            for place, output in enumerate(self._outputs[wanted]):
                pointer = api.llama_get_logits_ith(self._alive(), output)
                found.append(use(place, np.ctypeslib.as_array(pointer, shape=(self._words,))))
        return found

    def cut(self, slot: int, count: int) -> bool:
        """Keep only the first `count` tokens of a sequence; False when it could only be emptied."""
        with self._native:
            memory = api.llama_get_memory(self._alive())
            if count and self.cuts and api.llama_memory_seq_rm(memory, slot, count, -1):
                return True
            api.llama_memory_seq_rm(memory, slot, -1, -1)
            return not count

    def copy(self, source: int, target: int, count: int) -> None:
        """Let `target` begin with the first `count` tokens of `source`; they are held once."""
        with self._native:
            api.llama_memory_seq_cp(api.llama_get_memory(self._alive()), source, target, 0, count)

    @property
    def bytes(self) -> int:
        """What is in it now, as it would be saved."""
        with self._native:
            return int(api.llama_state_get_size(self._context)) if self._context else 0

    def _alive(self) -> api.llama_context_p:
        if self._context is None:
            raise ModelNotReady()
        return self._context


def _decoded(context: api.llama_context_p, stretches: Sequence[Stretch]) -> tuple[int, list[int]]:
    """Return llama_decode's code, and the places in the step of the tokens that give scores."""
    batch = api.llama_batch_init(sum(len(one.tokens) for one in stretches), 0, 1)
    outputs: list[int] = []
    try:
        n = 0
        for one in stretches:
            for place, token in enumerate(one.tokens):
                batch.token[n], batch.pos[n], batch.logits[n] = token, one.position + place, place in one.scored
                batch.n_seq_id[n], batch.seq_id[n][0] = 1, one.slot
                outputs += [n] if place in one.scored else []
                n += 1
        batch.n_tokens = n
        return int(api.llama_decode(context, batch)), outputs
    finally:
        api.llama_batch_free(batch)
