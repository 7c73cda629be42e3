"""Many sequences in one memory: what they have in common is held once, and all are taken further in one step."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from rag.llama import native
from rag.llama.context import steps
from rag.llama.memory import Memory, MemoryFull, Row, Stretch
from rag.llama.turns import Turns

MOST = 16  # sequences at once
_SLOTS = 2 * MOST + 2  # as many that are taken further, and as many that they come from
_ROOM = 2_048  # tokens of memory for what sequences do not have in common


class Branches:
    """Sequences that go apart, as a search follows them. One caller at a time, but for `rest` and `close`."""

    def __init__(self, handles: native.Handles, turns: Turns, size: int, step: int) -> None:
        """Take the weights; no memory is taken yet."""
        self._memory = Memory(handles, turns, size + _ROOM, _SLOTS, step)
        self._step = step
        self._held: OrderedDict[int, list[int]] = OrderedDict()  # slot -> its tokens, the longest unused first
        self.evaluations = 0

    @property
    def bytes(self) -> int:
        """What is held now, as it would be saved."""
        return self._memory.bytes

    def rest(self) -> None:
        """Give the memory back; it is taken again when it is needed."""
        self._memory.rest()

    def close(self) -> None:
        """Give the memory back for good."""
        self._memory.close()

    def after(self, wanted: Sequence[tuple[int, ...]], cancel: threading.Event | None) -> list[Row]:
        """Return the logits after each, read-only. Raises MemoryFull, Cancelled, ModelNotReady."""
        if self._memory.open():
            self._held.clear()
        different = list(dict.fromkeys(wanted))
        slots: list[int] = []
        for tokens in different:
            slot = self._place(tokens, set(slots))
            slots.append(slot)
            for part in steps(tokens[len(self._held[slot]) : -1], self._step):
                self._read([(slot, part)], set(slots), cancel)
        last = [(slot, one[-1:]) for slot, one in zip(slots, different, strict=True)]
        self._read(last, set(slots), cancel, scored=True)
        rows = dict(zip(different, self._memory.rows(lambda _, row: row.copy()), strict=True))
        for row in rows.values():
            row.flags.writeable = False
        return [rows[tokens] for tokens in wanted]

    def _place(self, tokens: tuple[int, ...], taken: set[int]) -> int:
        """Return a slot that holds a beginning of `tokens`, never all of them.

        A sequence that is a beginning of them is taken further where it is, unless it is `taken` already; of another,
        the beginning is copied.
        """
        best, common, whole = -1, 0, False
        for slot, held in self._held.items():
            same = _common(tokens, held)
            is_whole = same == len(held) and slot not in taken
            if (same, is_whole) > (common, whole) and (is_whole or self._memory.cuts):
                best, common, whole = slot, same, is_whole
        if not whole:
            source, best = best, self._free(taken | {best})
            if common:
                self._memory.copy(source, best, common)
            self._held[best] = list(tokens[:common])
        self._held.move_to_end(best)
        return best

    def _free(self, spared: set[int]) -> int:
        """Return an empty slot, letting the longest unused sequence go where there is none."""
        for slot in range(_SLOTS):
            if slot not in self._held:
                return slot
        return self._let_go(spared)

    def _let_go(self, spared: set[int]) -> int:
        """Forget the longest unused sequence and return its slot. Raises MemoryFull when all are spared."""
        for slot in self._held:
            if slot not in spared:
                self._memory.cut(slot, 0)
                del self._held[slot]
                return slot
        raise MemoryFull

    def _read(
        self,
        rows: Sequence[tuple[int, Sequence[int]]],
        spared: set[int],
        cancel: threading.Event | None,
        scored: bool = False,
    ) -> None:
        places = range(int(scored))
        stretches = [Stretch(slot, len(self._held[slot]), tokens, places) for slot, tokens in rows]
        while True:
            try:
                self._memory.read(stretches, cancel)
                break
            except MemoryFull:
                self._let_go(spared)
        self.evaluations += 1
        for slot, tokens in rows:
            self._held[slot] += tokens


def _common(tokens: Sequence[int], held: Sequence[int]) -> int:
    """Return how many tokens both begin with, at least one less than there are."""
    common, limit = 0, min(len(tokens) - 1, len(held))
    while common < limit and tokens[common] == held[common]:
        common += 1
    return common
