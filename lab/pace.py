"""How fast a model reads and writes here, measured through its queue; knows no prompt and no page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import EmptyQuestion

if TYPE_CHECKING:
    from rag.llm import LlamaChat

Told = Callable[[int, int], None]

READ = 128  # tokens read to see how fast: two steps
WRITTEN = 12


@dataclass(frozen=True)
class Pace:
    """Tokens a second, of a prompt that is read and of an answer that is written, waiting for one's turn left out."""

    read: float
    write: float

    @property
    def cost(self) -> float:
        """How many tokens are read in the time in which one is written."""
        return self.read / self.write

    def seconds(self, read: int, written: int) -> float:
        """Return how long it takes to read so many tokens and to write so many."""
        return read / self.read + written / self.write


def measure(
    chat: LlamaChat,
    prompt: Sequence[int],
    cancel: threading.Event | None = None,
    told: Told | None = None,
    written: int = WRITTEN,
) -> Pace:
    """Read up to READ tokens of `prompt` afresh, then go on greedily for `written` tokens, and time both.

    Raises EmptyQuestion, QuestionTooLong, ModelNotReady, Cancelled.
    """
    if not prompt:
        raise EmptyQuestion
    tokens = _fresh(chat, prompt)
    chat.sequences.after([(tokens[0] + 1) % chat.vocabulary.size], cancel)  # to have the memory and the weights at hand
    total = len(tokens) + written
    began = _worked(chat)
    row = chat.sequences.after(tokens, cancel)
    read = _worked(chat)
    _tell(told, len(tokens), total)
    for done in range(written):
        tokens = [*tokens, int(np.argmax(row))]
        row = chat.sequences.after(tokens, cancel)
        _tell(told, total - written + done + 1, total)
    ended = _worked(chat)
    return Pace((len(tokens) - written) / max(read - began, 1e-6), written / max(ended - read, 1e-6))


def _worked(chat: LlamaChat) -> float:
    """Return the seconds of a clock that stands still while this thread waits for its turn at the model."""
    return time.perf_counter() - chat.sequences.waited


def _fresh(chat: LlamaChat, prompt: Sequence[int]) -> list[int]:
    """Return the prompt's beginning after a token by chance, so that nothing of it is remembered from before."""
    chance = int(np.random.default_rng().integers(chat.vocabulary.size))
    return [chance, *prompt][: max(1, min(READ, chat.sequences.size - WRITTEN))]


def _tell(told: Told | None, done: int, total: int) -> None:
    if told is not None:
        told(done, total)
