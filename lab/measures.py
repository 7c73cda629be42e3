"""How much texts repeat themselves and each other. It knows sequences and words, no model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations
from typing import TypeVar

H = TypeVar("H", bound=Hashable)
_WORDS = re.compile(r"\w+")


def ngrams(sequence: Sequence[H], n: int) -> list[tuple[H, ...]]:
    """Return every `n` members in a row."""
    return [tuple(sequence[at : at + n]) for at in range(len(sequence) - n + 1)]


def distinct_n(sequences: Iterable[Sequence[H]], n: int) -> float | None:
    """Return the share of different n-grams within a text, 0 to 1, averaged over texts; None where there is none.

    Li et al. 2016, "A diversity-promoting objective function for neural conversation models" (distinct-1, distinct-2),
    who pool all texts. Here it is by the text: the texts of one beam begin alike, and pooled they would seem to repeat
    themselves whatever each of them says.
    """
    repeated = repetition(sequences, n)
    return None if repeated is None else 1 - repeated


def repetition(sequences: Iterable[Sequence[H]], n: int = 4) -> float | None:
    """Return the share of n-grams that repeat an earlier one of the same text, averaged over texts; None for none.

    seq-rep-n in Welleck et al. 2019, "Neural text generation with unlikelihood training".
    """
    shares = [1 - len(set(found)) / len(found) for one in sequences if (found := ngrams(one, n))]
    return sum(shares) / len(shares) if shares else None


def normalised(text: str) -> str:
    """Return a text without capitals, punctuation and spacing, by which answers count as the same."""
    return " ".join(_WORDS.findall(text.casefold()))


def different(texts: Iterable[str]) -> int:
    """Return how many different answers there are."""
    return len({normalised(text) for text in texts})


def agreement(texts: Sequence[str]) -> float | None:
    """Return the share of the most frequent answer, 0 to 1; None where there is none.

    It is the vote of self-consistency (Wang et al. 2022, "Self-consistency improves chain of thought reasoning").
    """
    counted = Counter(normalised(text) for text in texts)
    return counted.most_common(1)[0][1] / len(texts) if texts else None


def overlap(texts: Sequence[str]) -> float | None:
    """Return how many of their words two of the texts share (Jaccard 1912), averaged over pairs; None without a pair.

    0: no word in common, 1: the same words. Two texts without words are the same.
    """
    words = [set(normalised(text).split()) for text in texts]
    shares = [len(one & other) / len(one | other) if one | other else 1.0 for one, other in combinations(words, 2)]
    return sum(shares) / len(shares) if shares else None
