"""A thread of low priority that gives several documents their turns; it knows nothing of what is done in a turn."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from rag.errors import Cancelled

log = logging.getLogger(__name__)

_NICE = 10  # of 19: whoever answers a person comes first
_YIELD_S = 15.0  # how long a slice waits for the chat model; then it has its turn all the same
_LOOK_S = 0.1


def low_priority() -> None:
    """Let the calling thread, and what it starts, come after others, where the system can do that for one thread."""
    if sys.platform == "linux":  # elsewhere the id of a thread may be that of another process
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def give_way(busy: Callable[[], bool], stop: threading.Event) -> None:
    """Wait while the chat model is `busy` with an answer, but not for ever. Raises Cancelled when `stop` is set."""
    end = time.monotonic() + _YIELD_S
    while busy() and time.monotonic() < end:
        if stop.wait(_LOOK_S):
            raise Cancelled


class Lane:
    """Calls `turn` with one key after the other; a key whose turn returned True comes again after the others."""

    def __init__(self, name: str, turn: Callable[[str], bool]) -> None:
        """Nothing runs before `start`."""
        self._name = name
        self._turn = turn
        self._changed = threading.Condition()
        self._waiting: dict[str, None] = {}  # in order
        self._at: str | None = None
        self._asked_again = False
        self._stopped = threading.Event()  # one for each thread: an old one may still be in its turn
        self._stopped.set()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        with self._changed:
            self._stopped = threading.Event()
            self._at, self._asked_again = None, False
            self._thread = threading.Thread(target=self._run, args=(self._stopped,), name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the turn at hand, and forget who waits."""
        with self._changed:
            self._stopped.set()
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def put(self, key: str) -> None:
        """Give `key` a turn. One that has its turn now gets another: there may be more to do since it began."""
        with self._changed:
            if key == self._at:
                self._asked_again = True
            else:
                self._waiting.setdefault(key)
                self._changed.notify_all()

    def drop(self, key: str) -> None:
        """Take `key` out."""
        with self._changed:
            self._waiting.pop(key, None)
            self._asked_again = self._asked_again and key != self._at

    def others_wait(self) -> bool:
        """Tell whether somebody waits for the turn at hand to end."""
        with self._changed:
            return bool(self._waiting) or self._stopped.is_set()

    def let_go(self, key: str, timeout: float) -> None:
        """Wait until `key` does not have the turn, at most `timeout` seconds."""
        end = time.monotonic() + timeout
        with self._changed:
            if threading.current_thread() is not self._thread:
                self._changed.wait_for(lambda: self._at != key, max(0.0, end - time.monotonic()))

    def _run(self, stopped: threading.Event) -> None:
        low_priority()
        while (key := self._next(stopped)) is not None:
            more = self._taken(key)
            with self._changed:
                if stopped is not self._stopped:  # another thread has taken its place
                    return
                if (more or self._asked_again) and not stopped.is_set():
                    self._waiting.setdefault(key)
                self._at, self._asked_again = None, False
                self._changed.notify_all()

    def _next(self, stopped: threading.Event) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: stopped.is_set() or bool(self._waiting))
            if stopped.is_set():
                return None
            self._at = next(iter(self._waiting))
            del self._waiting[self._at]
            return self._at

    def _taken(self, key: str) -> bool:
        try:
            return self._turn(key)
        except Exception:
            log.exception("a turn of %s failed", self._name)
            return False
