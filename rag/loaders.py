"""Reads a document into pages of clean text, in a process of its own that is ended when it hangs or grows.

Knows files, limits and what each page came to; nothing of chunks or the library. The reading itself is
rag/parse_worker.py, which this module starts: a hostile file can cost a page, or its document, never the app.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rag import errors
from rag.pages import FORMATS, Limits, PageText, Parsed, Unit

__all__ = ["FORMATS", "Limits", "PageText", "Parsed", "Unit", "parse"]

# How often a new process is started for one document after the one before it was lost.
_MOST_LOSSES = 6
_COMMAND = [sys.executable, "-m", "rag.parse_worker"]
_SIGKILL = 9  # by number: Windows has no name for it
_LONGEST_LINE = 64 * 2**20
_Lines = queue.Queue[bytes | None]
_ROOT = Path(__file__).resolve().parent.parent


def parse(
    path: Path,
    name: str,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    cancel: threading.Event | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Parsed:
    """Read the file at `path`, which a user called `name`; `progress` gets (pages done, pages in all).

    Raises a DocumentError when nothing can be read, and Cancelled soon after `cancel` is set.
    """
    kind = _kind(path, name)
    reading = _Reading(name, limits, progress)
    clock = _Clock(limits, cancel or threading.Event())
    job: dict[str, object] = {"path": str(path.resolve()), "kind": kind, "first": 1, "avoid": []}
    job.update(asdict(limits))
    for _ in range(_MOST_LOSSES):
        lost = _run_worker(job, reading, clock)
        if not lost or not reading.survive(lost, job, clock):
            break
    return reading.result()


def _kind(path: Path, name: str) -> str:
    """Return the suffix that says how to read the file; of `name` only that is used."""
    suffix = Path(name).suffix.lower()
    with path.open("rb") as file:
        head = file.read(1024)
    if b"%PDF-" in head and suffix not in {".txt", ".md", ".markdown", ".html", ".htm"}:
        suffix = ".pdf"
    if suffix not in FORMATS:
        raise errors.UnsupportedFormat(name=name, formats=list(dict.fromkeys(FORMATS.values())))
    if not head:
        raise errors.EmptyDocument(name=name)
    return suffix


class _Clock:
    """The time that is left for the document and for the page at hand, and whether someone wants to stop."""

    def __init__(self, limits: Limits, cancel: threading.Event) -> None:
        self._limits = limits
        self._cancel = cancel
        self._started = self._page_started = time.monotonic()
        self._thousands = 1

    def page_done(self, total: int) -> None:
        self._page_started = time.monotonic()
        self._thousands = -(-min(total, self._limits.pages) // 1000) or 1

    def is_over(self) -> bool:
        return time.monotonic() - self._started > self._limits.seconds * self._thousands

    def check(self) -> str:
        """Return "time" when the page or the document has taken too long, else "". Raises Cancelled."""
        if self._cancel.is_set():
            raise errors.Cancelled
        late = time.monotonic() - self._page_started > self._limits.page_seconds
        return "time" if late or self.is_over() else ""


@dataclass
class _Reading:
    """What has been read so far, over all the processes that it took."""

    name: str
    limits: Limits
    progress: Callable[[int, int], None] | None
    pages: list[PageText] = field(default_factory=list)
    unit: Unit = "page"
    title: str = ""
    total: int = 0  # 0: the document has not been opened yet
    note: str = ""
    refused: str = ""
    blamed: int = -1  # the page at which the last process was lost

    def take(self, event: PageText | dict[str, object]) -> bool:
        """Take one line of the worker's; True when it was the last."""
        if isinstance(event, PageText):
            self._add(event)
            return False
        if "error" in event:
            self.refused = str(event["error"])
        elif "total" in event:
            self.total, self.title = int(str(event["total"])), str(event["title"])
            self.note = "repaired" if event["repaired"] else ""
            self.unit = "section" if event["unit"] == "section" else "page"
        elif "end" in event:
            self.note = str(event["end"]) or self.note
        return "error" in event or "end" in event

    def _add(self, page: PageText) -> None:
        self.pages.append(page)
        if self.progress:
            self.progress(len(self.pages), min(self.total, self.limits.pages))

    def survive(self, lost: str, job: dict[str, object], clock: _Clock) -> bool:
        """Note that a process was lost ("time", "memory", "crash"): True to start another one."""
        at = len(self.pages) + 1
        if clock.is_over():
            self._give_up("time")
            return False
        again = self.blamed == at
        self.blamed = at
        if lost == "crash" and not again:
            job["avoid"] = [at if self.total else 0]  # once more, with the other PDF library
        elif self.total == 0:
            self.refused = lost  # it cannot even be opened
            return False
        else:
            self._add(PageText(at, "", "failed", lost))
        job["first"] = len(self.pages) + 1
        clock.page_done(self.total)
        return self.total == 0 or len(self.pages) < min(self.total, self.limits.pages)

    def _give_up(self, reason: str) -> None:
        self.refused = reason
        for number in range(len(self.pages) + 1, min(self.total, self.limits.pages) + 1):
            self.pages.append(PageText(number, "", "failed", reason))

    def result(self) -> Parsed:
        """Return the pages, or raise what their reasons add up to."""
        if not any(page.how == "text" for page in self.pages):
            raise self._error()
        if len(self.pages) < min(self.total, self.limits.pages) and self.note not in {"pages", "chars"}:
            self._give_up("crash")
        note = self.note
        if any(page.how == "failed" for page in self.pages):
            note = "time" if self.refused == "time" else note or "failed"
        return Parsed(self.pages, self.unit, self.title, self.total, bool(note), note)

    def _error(self) -> errors.DocumentError:
        reasons = {page.reason for page in self.pages if page.how == "failed"} | {self.refused}
        if "encrypted" in reasons:
            return errors.EncryptedDocument(name=self.name)
        if "too_large" in reasons:
            return errors.TooLarge(name=self.name, limit=f"{self.limits.memory_mb} MB")
        if "memory" in reasons:
            return errors.ParseOutOfMemory(name=self.name)
        if "time" in reasons:
            return errors.ParseTimeout(name=self.name, seconds=round(self.limits.seconds))
        if reasons & {"damaged", "crash"}:
            return errors.DamagedDocument(name=self.name)
        if any(page.reason in {"image", "garbled"} for page in self.pages):
            return errors.ImageOnlyDocument(name=self.name)
        return errors.EmptyDocument(name=self.name)


def _run_worker(job: dict[str, object], reading: _Reading, clock: _Clock) -> str:
    """Feed one process's lines to `reading`. Returns "" when it finished, else how it was lost."""
    with _worker(job) as (process, lines):
        while True:
            try:
                line = lines.get(timeout=0.05)
            except queue.Empty:
                if late := clock.check():
                    return late
                continue
            if line is None:
                break
            event = _event(line)
            if event is None:
                return "crash"
            if reading.take(event):
                return ""
            clock.page_done(reading.total)
            if late := clock.check():
                return late
        # SIGKILL that nobody here sent is the kernel's answer to memory running out.
        return "memory" if process.wait() == -_SIGKILL else "crash"


def _event(line: bytes) -> PageText | dict[str, object] | None:
    """Return what a line says; None when the worker did not write it so, for its memory is broken then."""
    try:
        event = json.loads(line)
        return PageText(**event) if "number" in event else dict(event)
    except (ValueError, TypeError):
        return None


@contextmanager
def _worker(job: dict[str, object]) -> Iterator[tuple[subprocess.Popen[bytes], _Lines]]:
    """Start a worker on `job`; yield it and its lines (None at their end); end it and its children after."""
    process = subprocess.Popen(
        _COMMAND,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name == "posix",
    )
    lines: _Lines = queue.Queue(maxsize=256)
    stopped = threading.Event()
    reader = threading.Thread(target=_read_lines, args=(process, lines, stopped), daemon=True)
    try:
        reader.start()
        if process.stdin is not None:  # it never is, with PIPE
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(json.dumps(job).encode())
        yield process, lines
    finally:
        stopped.set()
        _kill(process)
        reader.join()


def _read_lines(process: subprocess.Popen[bytes], lines: _Lines, stopped: threading.Event) -> None:
    if process.stdout is None:
        return
    with process.stdout as stdout:
        while line := stdout.readline(_LONGEST_LINE):
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
