"""How long a run will still take, from its last cells; it knows no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from statistics import median

_LAST = 9  # cells of a column that the pace is taken from


class Pace:
    """The seconds of each column's last cells. A column's first cell counts only until there is another one.

    The first cell reads a prompt whose beginning the later ones reuse, so it says little of them.
    """

    def __init__(self, columns: int) -> None:
        """Begin with nothing known of any column."""
        self._first: list[float | None] = [None] * columns
        self._last: list[deque[float]] = [deque(maxlen=_LAST) for _ in range(columns)]

    def add(self, column: int, seconds: float) -> None:
        """Take in what a cell took."""
        if self._first[column] is None:
            self._first[column] = seconds
        else:
            self._last[column].append(seconds)

    def left(self, remaining: Sequence[int]) -> float | None:
        """Return the seconds for that many cells of each column; None while one of them has no pace yet."""
        whole = 0.0
        for first, last, cells in zip(self._first, self._last, remaining, strict=True):
            if not cells:
                continue
            if first is None:
                return None
            whole += cells * (median(last) if last else first)
        return whole
