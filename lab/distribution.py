"""What a model gives every token of its vocabulary as the next one: exact probabilities. It knows no sampler, no page.

Everything is reckoned over the whole vocabulary in double precision; only what is shown is cut to the most probable.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from lab.tokens import Token, token

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag.llama.sequences import Progress, Row
    from rag.llama.vocabulary import Vocabulary
    from rag.llm import LlamaChat

    Floats: TypeAlias = "npt.NDArray[np.float64]"
    Ids: TypeAlias = "npt.NDArray[np.int64]"


@dataclass(frozen=True)
class Candidate:
    """A token that may come next. `p` is its probability, `rank` its place (1 is the most probable).

    `end`: with it an answer ends.
    """

    token: Token
    p: float
    logit: float
    rank: int
    end: bool


@dataclass(frozen=True)
class Distribution:
    """The most probable tokens, what all the others have together, and how open the choice is.

    `tail` is the probability of the tokens that are not among `top`; `entropy` is Shannon's (1948), in bits; `size` is
    the number of tokens in the vocabulary.
    """

    top: tuple[Candidate, ...]
    tail: float
    entropy: float
    size: int


def log_softmax(row: Row) -> Floats:
    """Return ln p for (V,) logits, as float64 (V,); a logit of -inf has ln 0."""
    scores = np.asarray(row, dtype=np.float64)
    shifted = scores - scores.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def entropy(logs: Floats) -> float:
    """Return the entropy in bits of a distribution given as (V,) natural logarithms: -sum p log2 p."""
    kept = logs[np.isfinite(logs)]
    return float(-(np.exp(kept) * kept).sum() / np.log(2.0)) + 0.0  # not -0.0


def strongest(row: Row, k: int) -> Ids:
    """Return the ids of the `k` highest of (V,) scores, the highest first; of equal ones the lower id comes first."""
    k = min(k, len(row))
    if k < len(row):
        least = np.partition(row, len(row) - k)[len(row) - k]
        ids = np.flatnonzero(row >= least)
    else:
        ids = np.arange(len(row))
    return np.asarray(ids[np.argsort(-row[ids], kind="stable")][:k], dtype=np.int64)


def candidate(row: Row, logs: Floats, vocabulary: Vocabulary, number: int) -> Candidate:
    """Return one token of a distribution; `logs` is log_softmax(row). Its rank counts the more probable ones."""
    rank = 1 + int(np.count_nonzero(row > row[number])) + int(np.count_nonzero(row[:number] == row[number]))
    return _candidate(row, logs, vocabulary, number, rank)


def distribution(row: Row, vocabulary: Vocabulary, k: int) -> Distribution:
    """Return the distribution that (V,) raw logits stand for, with its `k` most probable tokens."""
    logs = log_softmax(row)
    ids = strongest(row, k)
    top = tuple(_candidate(row, logs, vocabulary, int(number), 1 + place) for place, number in enumerate(ids))
    rest = np.ones(len(row), dtype=bool)
    rest[ids] = False
    return Distribution(top, float(np.exp(logs[rest]).sum()), entropy(logs), len(row))


def look(
    chat: LlamaChat,
    tokens: Sequence[int],
    k: int,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
) -> Distribution:
    """Return the distribution of the token that comes after `tokens`. Raises what `Sequences.after` raises."""
    return distribution(chat.sequences.after(tokens, cancel, told), chat.vocabulary, k)


def _candidate(row: Row, logs: Floats, vocabulary: Vocabulary, number: int, rank: int) -> Candidate:
    p, logit = float(np.exp(logs[number])), float(row[number])
    return Candidate(token(vocabulary, number), p, logit, rank, vocabulary.is_end(number))
