"""Which beginnings of prompts are kept beside the one at hand, and in which slot. It touches no native memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SLOTS = 6  # besides the sequence at hand: what answers, rewrites and translates, in each of two languages
LONGEST = 768  # tokens that are kept of each: a fixed part with its worked examples
WORTH = 64  # tokens: less than that is read again in no time
SPARE = 2_304  # tokens of memory for all of them: 65 MB with a model of 1.5 B


@dataclass(frozen=True)
class Kept:
    """Tokens kept as sequence `slot`; the first `settled` of them were read as prompt."""

    slot: int
    tokens: tuple[int, ...]
    settled: int


class Shelf:
    """The kept beginnings, the one used last at the end. Sequence 0 is the one at hand and never here."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []

    def best(self, tokens: Sequence[int]) -> Kept | None:
        """Return the one that shares most with a prompt, and count it as used."""
        best = max(self._kept, key=lambda kept: _shared(kept.tokens, tokens), default=None)
        if best is None or not _shared(best.tokens, tokens):
            return None
        self._kept.remove(best)
        self._kept.append(best)
        return best

    def put(self, tokens: Sequence[int], settled: int) -> tuple[Kept | None, list[int]]:
        """Keep `tokens`; return what is kept now (None: it was already) and the slots whose content goes.

        What shares its first half with them is of the same kind, and makes room.
        """
        gone: list[int] = []
        for kept in list(self._kept):
            shared = _shared(kept.tokens, tokens)
            if shared == len(tokens) <= len(kept.tokens):
                return None, []
            if 2 * shared >= min(len(kept.tokens), len(tokens)):
                self._kept.remove(kept)
                gone.append(kept.slot)
        while len(self._kept) == SLOTS or sum(len(kept.tokens) for kept in self._kept) + len(tokens) > SPARE:
            gone.append(self._kept.pop(0).slot)
        free = min(set(range(1, SLOTS + 1)) - {kept.slot for kept in self._kept})
        new = Kept(free, tuple(tokens), settled)
        self._kept.append(new)
        return new, gone

    def clear(self) -> bool:
        """Forget all; True when there was something."""
        had = bool(self._kept)
        self._kept.clear()
        return had


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count
