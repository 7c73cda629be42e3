"""An n-gram model over numbered symbols, by interpolated Kneser-Ney smoothing. It knows no words.

Kneser and Ney 1995, "Improved Backing-off for M-gram Language Modeling", in the interpolated form of Chen and Goodman
1999, "An Empirical Study of Smoothing Techniques for Language Modeling", with one discount for each length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = "npt.NDArray[np.float64]"
    Ids: TypeAlias = "npt.NDArray[np.int64]"
    Flags: TypeAlias = "npt.NDArray[np.bool_]"

UNKNOWN = -1  # a symbol that was not seen, or an n-gram


@dataclass(frozen=True)
class _Counts:
    """How often each n-gram of one length counts, (n-grams,); and for each context the sum, and how many count."""

    each: Ids
    totals: Ids
    kinds: Ids
    discount: float


class _Length:
    """The distinct n-grams of one length. A key is context * size + symbol, where a context is an n-gram one shorter.

    `often` are the plain counts; `kinds_before` counts in how many ways an n-gram is preceded (Kneser and Ney).
    """

    def __init__(self, keys: Ids, often: _Counts) -> None:
        self.keys = keys
        self.often = often
        self.kinds_before = often  # until the next length is known

    def find(self, keys: Ids) -> Ids:
        """Return the place of each key, UNKNOWN for those that are not there."""
        places = np.searchsorted(self.keys, keys)
        places[places == len(self.keys)] = 0
        return np.where(self.keys[places] == keys, places, UNKNOWN)


class KneserNey:
    """Counted once, asked for any length up to `order`: p(symbol | up to n - 1 symbols before it).

    The shortest length is mixed with a `base` distribution that the caller gives, so that what was never seen has a
    probability too. Whatever the context, the probabilities of all symbols sum to what their bases sum to, or to 1
    where those do.
    """

    def __init__(self, stream: Sequence[int], size: int, order: int, kept: Flags | None = None) -> None:
        """Count a stream of symbols 0..size-1. `kept`: which places are predicted, (len(stream),); None means all.

        Raises ValueError for a stream that is shorter than `order`.
        """
        if len(stream) < order:
            raise ValueError("the stream is shorter than an n-gram")
        self.size, self.order = size, order
        symbols = np.asarray(stream, dtype=np.int64)
        used = np.ones(len(symbols), dtype=bool) if kept is None else kept
        self._lengths: list[_Length] = []
        self._ended = np.zeros(0, dtype=np.int64)  # which n-gram of the last length ends at each place
        before = np.zeros(len(symbols), dtype=np.int64)  # which n-gram ends before each place; the empty one for all
        contexts = 1
        for length in range(1, order + 1):
            before, contexts = self._count(symbols, used, before, contexts, length)

    def _count(self, symbols: Ids, used: Flags, before: Ids, contexts: int, length: int) -> tuple[Ids, int]:
        """Count the n-grams of a length; return which one ends before each place, and how many there are."""
        first = length - 1  # no n-gram ends earlier
        keys, starts, places = np.unique(
            before[first:] * self.size + symbols[first:], return_index=True, return_inverse=True
        )
        each = np.bincount(places[used[first:]], minlength=len(keys))
        self._lengths.append(_Length(keys, _counts(each, keys // self.size, contexts)))
        if length > 1:
            shorter = self._lengths[-2]
            ends = self._ended[starts + 1][each > 0]  # the n-gram one shorter that ends at the same place
            counted = np.bincount(ends, minlength=len(shorter.keys))
            shorter.kinds_before = _counts(counted, shorter.keys // self.size, len(shorter.often.totals))
        self._ended = places
        following = np.zeros(len(symbols), dtype=np.int64)
        following[length:] = places[:-1]
        return following, len(keys)

    def kinds(self, length: int) -> int:
        """Return how many different n-grams of a length were seen."""
        return int(np.count_nonzero(self._lengths[length - 1].often.each))

    def seen(self, stream: Sequence[int], start: int, length: int) -> Flags:
        """Return for each place from `start` on whether the n-gram of a length that ends there was seen."""
        ends = self._ends(np.asarray(stream, dtype=np.int64), length)[-1]
        each = self._lengths[length - 1].often.each
        return np.asarray((ends >= 0) & (each[ends] > 0))[start:]

    def probabilities(self, stream: Sequence[int], start: int, length: int, base: Floats) -> Floats:
        """Return p of each symbol from `start` on, (len(stream) - start,), by n-grams of up to `length`.

        `base` is the base probability of each of them; an unknown symbol is UNKNOWN.
        """
        symbols = np.asarray(stream, dtype=np.int64)
        ends = self._ends(symbols, length)
        found = np.asarray(base, dtype=np.float64)
        before = np.zeros(len(symbols), dtype=np.int64)
        for number, places in enumerate(ends, start=1):
            counts = self._counts(number, length)
            found = _mixed(found, counts, before[start:], places[start:])
            before = np.concatenate([[UNKNOWN], places[:-1]])
        return found

    def row(self, context: Sequence[int], length: int, base: Floats) -> Floats:
        """Return p of every symbol after `context`, (size,), by n-grams of up to `length`; `base` is (size,)."""
        found = np.array(base, dtype=np.float64)
        symbols = np.asarray([*context, 0], dtype=np.int64)[-length:]
        ends = self._ends(symbols, length)
        before = [0, *(int(places[-2]) if len(symbols) > 1 else UNKNOWN for places in ends)]
        for number in range(1, length + 1):
            here, counts = before[number - 1], self._counts(number, length)
            if here == UNKNOWN or counts.totals[here] == 0:
                continue
            keys = self._lengths[number - 1].keys
            low, high = np.searchsorted(keys, [here * self.size, (here + 1) * self.size])
            found *= counts.discount * counts.kinds[here] / counts.totals[here]
            found[keys[low:high] % self.size] += (
                np.maximum(counts.each[low:high] - counts.discount, 0.0) / counts.totals[here]
            )
        return found

    def _counts(self, number: int, length: int) -> _Counts:
        """Return the counts that a length is reckoned with: plain ones for the longest, ways of following below it."""
        known = self._lengths[number - 1]
        return known.often if number == length else known.kinds_before

    def _ends(self, symbols: Ids, length: int) -> list[Ids]:
        """Return for each length which n-gram ends at each place, UNKNOWN where none was seen."""
        ends: list[Ids] = []
        before = np.zeros(len(symbols), dtype=np.int64)
        for known in self._lengths[:length]:
            keys = np.where((before >= 0) & (symbols >= 0), before * self.size + symbols, UNKNOWN)
            ends.append(known.find(keys))
            before = np.concatenate([[UNKNOWN], ends[-1][:-1]])
        return ends


def _counts(each: Ids, contexts: Ids, size: int) -> _Counts:
    totals = np.bincount(contexts, weights=each, minlength=size).astype(np.int64)
    return _Counts(each, totals, np.bincount(contexts[each > 0], minlength=size), _discount(each))


def _discount(each: Ids) -> float:
    """Return what is taken off each count: n1 / (n1 + 2 n2) (Ney, Essen and Kneser 1994).

    Where a text has too few n-grams of one count to tell, three quarters, which is what long texts come to; never so
    much or so little that the shorter or the longer n-grams would have no say.
    """
    once, twice = int(np.count_nonzero(each == 1)), int(np.count_nonzero(each == 2))
    return min(0.95, max(0.1, once / (once + 2 * twice))) if once and twice else 0.75


def _mixed(lower: Floats, counts: _Counts, before: Ids, places: Ids) -> Floats:
    """Return the probabilities of one length from the next shorter one's, which stay where there is no context."""
    total = np.where(before >= 0, counts.totals[before], 0)
    count = np.where(places >= 0, counts.each[places], 0)
    safe = np.maximum(total, 1)
    share = np.maximum(count - counts.discount, 0.0) / safe
    rest = counts.discount * np.where(before >= 0, counts.kinds[before], 0) / safe
    return np.asarray(np.where(total > 0, share + rest * lower, lower), dtype=np.float64)
