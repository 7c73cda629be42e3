"""One distribution at many temperatures, and how far drawn answers go apart at each. No page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.distribution import entropy, log_softmax, strongest
from lab.measures import agreement, different, overlap
from lab.tokens import Token, token

if TYPE_CHECKING:
    import numpy.typing as npt

    from lab.writing import Written
    from rag.llama.sequences import Row
    from rag.llama.vocabulary import Vocabulary

GRID = tuple(round(step / 20, 2) for step in range(41))  # 0 to 2, as a slider goes


@dataclass(frozen=True)
class Rung:
    """The distribution at one temperature: the probabilities of the ladder's tokens, that of all others, its entropy.

    The entropy is in bits.
    """

    temperature: float
    p: tuple[float, ...]
    tail: float
    entropy: float


@dataclass(frozen=True)
class Ladder:
    """The most probable tokens, whose order no temperature changes, and one rung for each temperature."""

    tokens: tuple[Token, ...]
    rungs: tuple[Rung, ...]


def heated(row: Row, temperature: float) -> npt.NDArray[np.float64]:
    """Return ln p for (V,) logits divided by `temperature`, as float64 (V,); 0 puts all on the most probable token.

    Ackley, Hinton & Sejnowski 1985, "A learning algorithm for Boltzmann machines".
    """
    if temperature <= 0:
        logs = np.full(len(row), -np.inf)
        logs[int(np.argmax(row))] = 0.0
        return logs
    divided = log_softmax(row) / temperature  # what all scores have added falls out again
    divided -= divided.max()
    return np.asarray(divided - np.log(np.exp(divided).sum()))


def ladder(row: Row, vocabulary: Vocabulary, k: int, temperatures: Sequence[float] = GRID) -> Ladder:
    """Return the `k` most probable tokens at each of the temperatures, exact over the whole vocabulary."""
    ids = strongest(row, k)
    rungs = tuple(_rung(row, ids, temperature) for temperature in temperatures)
    return Ladder(tuple(token(vocabulary, int(number)) for number in ids), rungs)


def _rung(row: Row, ids: npt.NDArray[np.int64], temperature: float) -> Rung:
    logs = heated(row, temperature)
    p = np.exp(logs[ids])
    rest = np.ones(len(row), dtype=bool)
    rest[ids] = False
    return Rung(temperature, tuple(map(float, p)), float(np.exp(logs[rest]).sum()), entropy(logs))


@dataclass(frozen=True)
class Spread:
    """How far the answers at one temperature go apart; None where there are too few to say.

    `different`: how many there are; `agreement`: the share of the most frequent; `overlap`: of their words.
    """

    answers: int
    different: int
    agreement: float | None
    overlap: float | None


def spread(texts: Sequence[Written]) -> Spread:
    """Return how far answers go apart."""
    said = [one.text for one in texts]
    return Spread(len(said), different(said), agreement(said), overlap(said))


def spreads(written: Mapping[str, Sequence[Written]]) -> dict[str, Spread]:
    """Return it for each name that has answers."""
    return {name: spread(texts) for name, texts in written.items() if texts}
