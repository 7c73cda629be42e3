"""Who may use the model now: one at a time, in the order of asking; knows nothing of models."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_POLL_S = 0.05  # how often someone who waits looks whether they were cancelled


class Turns:
    """A first-come, first-served lock that is not bound to a thread (a stream may be read from several)."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._own = threading.local()

    @property
    def busy(self) -> bool:
        """Whether somebody has the turn or waits for it."""
        return bool(self._queue)

    @property
    def waited(self) -> float:
        """How many seconds this thread has waited for its turns so far."""
        return float(getattr(self._own, "seconds", 0.0))

    @contextmanager
    def taken(self, cancel: threading.Event | None = None) -> Iterator[bool]:
        """Wait for one's turn and hold it; gives False when `cancel` was set before the turn came."""
        ticket, asked = object(), time.perf_counter()
        with self._changed:
            self._queue.append(ticket)
        try:
            got = self._wait(ticket, cancel)
            self._own.seconds = self.waited + time.perf_counter() - asked
            yield got
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _wait(self, ticket: object, cancel: threading.Event | None) -> bool:
        with self._changed:
            while self._queue[0] is not ticket:
                self._changed.wait(_POLL_S if cancel else None)
                if cancel and cancel.is_set():
                    return False
            return True
