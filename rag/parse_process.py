"""The process that reads a document, seen from outside: started, listened to, watched and ended.

Knows lines and limits; nothing of pages. What it runs is rag/parse_worker.py.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from rag import child, errors
from rag.pages import Limits

COMMAND = child.command("rag.parse_worker")
LONGEST_LINE = 64 * 2**20
_SIGKILL = 9  # by number: Windows has no name for it
_LOOK_S = 0.05
_WAITED = 4  # a process that gets little of a busy processor has so many times its seconds by the clock on the wall
_FORGIVEN = 8  # pages that never end, whose time the document is given back
_HURRIED = 3  # after so many of them each page has only a part of its time
_Lines = queue.Queue[bytes | None]


@dataclass
class Spent:
    """What reading a document has taken so far, over all its turns: characters of text, and seconds."""

    chars: int = 0
    seconds: float = 0.0


class Clock:
    """The time that is left for the document and for the page at hand, and whether someone wants to stop.

    What counts is the processor's time: on a busy machine a sound page may wait long, and is not given up for it.
    """

    def __init__(self, limits: Limits, cancel: threading.Event | None, spent: Spent) -> None:
        self._limits = limits
        self._cancel = cancel or threading.Event()
        self.spent = spent
        self._least = spent.seconds + limits.page_seconds if spent.seconds else 0.0  # of a later turn: to open it
        self._before = spent.seconds  # used by processes that have ended, less what is forgiven
        self._now = 0.0  # used by this one
        self._began = self._page_began = (0.0, time.monotonic())  # the processor's time, and the wall's
        self._hung = 0
        self._thousands = 1

    def start(self) -> None:
        """Begin with a process."""
        self._now = 0.0
        self._began = self._page_began = (0.0, time.monotonic())

    def total(self, pages: int) -> None:
        """Take in how long the document is."""
        self._thousands = -(-min(pages, self._limits.pages) // 1000) or 1

    def page_begins(self) -> None:
        """Begin with a page."""
        self._page_began = (self._now, time.monotonic())

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Leave out time in which nobody asks for a page."""
        since = time.monotonic()
        yield
        rested = time.monotonic() - since
        self._began = (self._began[0], self._began[1] + rested)
        self._page_began = (self._page_began[0], self._page_began[1] + rested)

    def lost(self, seconds: float, hung: bool) -> None:
        """End with a process that has used `seconds`; `hung`: it was ended for its page's sake."""
        self._now = seconds
        page, whole = self._since(self._page_began), self._since(self._began)
        if hung and self._hung < _FORGIVEN:
            self._hung += 1
            whole -= page
        self._before += whole
        self.spent.seconds = self._before
        self.start()

    def extend(self) -> None:
        """Allow the document the time of one more page."""
        self._before = self._limits.seconds * self._thousands - self._limits.page_seconds

    def check(self, seconds: float) -> str:
        """Return "over" or "time" when, with `seconds` used by its process, document or page has taken too long.

        Else "". Raises Cancelled.
        """
        self._now = seconds
        if self._cancel.is_set():
            raise errors.Cancelled
        allowed = max(self._limits.seconds * self._thousands, self._least)
        if self._before + self._since(self._began) > allowed:
            return "over"
        allowed = self._limits.page_seconds / (4 if self._hung >= _HURRIED else 1)
        return "time" if self._since(self._page_began) > allowed else ""

    def _since(self, then: tuple[float, float]) -> float:
        return max(self._now - then[0], (time.monotonic() - then[1]) / _WAITED)


class Worker:
    """One process at work on a job; `lines` blocks until it writes, and ends with None."""

    def __init__(self, process: subprocess.Popen[bytes], lines: _Lines) -> None:
        self._process = process
        self._lines = lines
        self._look = psutil.Process(process.pid)
        self._looked = 0.0
        self._seconds = 0.0
        self._bytes = 0

    def line(self) -> bytes | None:
        """Return the next line, None at their end. Raises queue.Empty when none has come in a while."""
        return self._lines.get(timeout=_LOOK_S)

    def seconds(self) -> float:
        """Return the processor's seconds that it has used, as they were a moment ago."""
        self._glance()
        return self._seconds

    def is_grown(self, memory_mb: int) -> bool:
        """Whether it holds more memory than it may, where the system did not stop it by itself."""
        self._glance()
        return self._bytes > memory_mb * 2**20

    def _glance(self) -> None:
        if time.monotonic() - self._looked < _LOOK_S:
            return
        self._looked = time.monotonic()
        with suppress(psutil.Error):
            times = self._look.cpu_times()
            self._seconds, self._bytes = times.user + times.system, self._look.memory_info().rss

    def fate(self) -> str:
        """Return how it ended: SIGKILL that nobody here sent is the kernel's answer to memory running out."""
        return "memory" if self._process.wait() == -_SIGKILL else "crash"


@contextmanager
def worker(job: Mapping[str, object]) -> Iterator[Worker]:
    """Start a process on `job`; end it and its children after."""
    process = child.start(COMMAND)
    lines: _Lines = queue.Queue(maxsize=256)
    stopped = threading.Event()
    reader = threading.Thread(target=_read_lines, args=(process, lines, stopped), daemon=True)
    try:
        reader.start()
        if process.stdin is not None:  # it never is, with PIPE
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(json.dumps(job).encode())
        yield Worker(process, lines)
    finally:
        stopped.set()
        _kill(process)
        reader.join()


def _read_lines(process: subprocess.Popen[bytes], lines: _Lines, stopped: threading.Event) -> None:
    if process.stdout is None:
        return
    with process.stdout as stdout:
        while line := stdout.readline(LONGEST_LINE):
            if not line.endswith(b"\n"):  # endless, or cut off by the process's death
                break
            _put(lines, line, stopped)
    _put(lines, None, stopped)


def _put(lines: _Lines, line: bytes | None, stopped: threading.Event) -> None:
    while not stopped.is_set():
        with suppress(queue.Full):
            lines.put(line, timeout=0.1)
            return


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    process.wait()
