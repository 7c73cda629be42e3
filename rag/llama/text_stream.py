"""Turns a model's bytes into text as they come: whole characters only, and nothing of a stop string."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Feed it the bytes of each token, show what it returns. `stopped` turns true at the first stop string."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """Return the text that can be shown now; what may be the beginning of a stop string waits."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data)
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:  # the first to be complete, as if the text had come character by character
            self.stopped = True
            return self._take(min(found)[1])
        return self._take(len(self._held) - self._waiting())

    def finish(self) -> str:
        """Return the text still held back. The bytes of an unfinished character are dropped."""
        return "" if self.stopped else self._take(len(self._held))

    def _waiting(self) -> int:
        """Return how many characters at the end could still become a stop string."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for size in range(min(longest, len(self._held)), 0, -1):
            tail = self._held[-size:]
            if any(stop.startswith(tail) for stop in self._stops):
                return size
        return 0

    def _take(self, count: int) -> str:
        taken, self._held = self._held[:count], self._held[count:]
        return taken
