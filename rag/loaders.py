"""Reads a document into pages of clean text, in a process of its own that is ended when it hangs or grows.

Knows files, limits and what each page came to; nothing of chunks or the library. The process is
rag/parse_process.py's: a hostile file can cost a page, or its document, never the app.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag import errors
from rag.pages import FORMATS, OLD_FORMATS, TEXTS, Limits, PageText, Parsed, Unit
from rag.parse_failures import failure, refusal
from rag.parse_process import Clock, Spent, Worker, worker

__all__ = [
    "FORMATS",
    "Ended",
    "Event",
    "Limits",
    "Opened",
    "PageText",
    "Parsed",
    "Spent",
    "Unit",
    "failure",
    "kind_of",
    "parse",
    "read",
]

# So many pages in a row at which the process was lost, and the rest is given up.
_MOST_LOSSES = 12


@dataclass(frozen=True)
class Opened:
    """The document is open: it has `total` pages. `encrypted`: it could not have been opened without the password.

    `repaired`: the end of the file is lost, and these are the pages that could be found.
    """

    total: int
    unit: Unit = "page"
    title: str = ""
    repaired: bool = False
    encrypted: bool = False


@dataclass(frozen=True)
class Ended:
    """There is no more; `note` says what is missing: "", "pages", "chars", "time", "failed" or "repaired"."""

    note: str = ""


Event = Opened | PageText | Ended


def read(
    path: Path,
    name: str,
    *,
    first: int = 1,
    skip: Collection[int] = frozenset(),
    password: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    cancel: threading.Event | None = None,
    spent: Spent | None = None,
) -> Generator[Event]:
    """Yield Opened, each page from `first` that is not in `skip`, in order, and Ended; a user calls the file `name`.

    `spent` is what earlier turns took of the limits, and is kept up to date.
    A page that hangs, dies or grows comes as a failed one. Close the generator to stop. Raises a DocumentError when
    nothing can be opened: EncryptedDocument when it needs a password, WrongPassword when it needs another one; and
    Cancelled soon after `cancel` is set.
    """
    job = {"path": str(path.resolve()), "kind": kind_of(path, name), "skip": sorted(skip), "password": password}
    clock = Clock(limits, cancel, spent or Spent())
    return _Reading(name, job | asdict(limits), limits, first, frozenset(skip), clock).events()


def parse(
    path: Path,
    name: str,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    cancel: threading.Event | None = None,
    progress: Callable[[int, int], None] | None = None,
    password: str | None = None,
) -> Parsed:
    """Read the file at `path` whole; `progress` gets (pages done, pages in all).

    Raises a DocumentError when it has no text, and Cancelled soon after `cancel` is set.
    """
    opened, note, pages = Opened(0), "", list[PageText]()
    with closing(read(path, name, password=password, limits=limits, cancel=cancel)) as events:
        for event in events:
            if isinstance(event, Opened):
                opened = event
            elif isinstance(event, Ended):
                note = event.note
            else:
                pages.append(event)
                if progress:
                    progress(len(pages), min(opened.total, limits.pages))
    if not any(page.how == "text" for page in pages):
        raise failure(name, pages, limits)
    return Parsed(pages, opened.unit, opened.title, opened.total, bool(note), note)


def kind_of(path: Path, name: str) -> str:
    """Return the suffix that says how to read the file; of `name` only that is used.

    Raises UnsupportedFormat, also for old formats, and EmptyDocument for a file without bytes.
    """
    suffix = Path(name).suffix.lower()
    with path.open("rb") as file:
        head = file.read(1024)
    if b"%PDF-" in head and suffix not in TEXTS:
        suffix = ".pdf"
    if suffix in OLD_FORMATS:
        raise errors.OldFormat(name=name, wanted=OLD_FORMATS[suffix])
    if suffix not in FORMATS:
        raise errors.UnsupportedFormat(name=name, formats=list(dict.fromkeys(FORMATS.values())))
    if not head:
        raise errors.EmptyDocument(name=name)
    return suffix


class _Reading:
    """How far one document has been read, over all the processes that it takes."""

    def __init__(
        self, name: str, job: dict[str, object], limits: Limits, first: int, skip: frozenset[int], clock: Clock
    ) -> None:
        self._name, self._job, self._limits, self._clock = name, job, limits, clock
        self._skip = skip
        self._next = first
        self._opened: Opened | None = None
        self._note: str | None = None  # the worker's last word
        self._at = 0  # the page that the process has begun; 0: it is opening the file
        self._lost: dict[int, str] = {}  # pages that no process reads, and why
        self._avoid: set[int] = set()  # pages to be read by the other library
        self._losses = 0  # in a row
        self._failed = False
        self._over = False  # the document's time is up

    def events(self) -> Generator[Event]:
        """Yield what read() does."""
        while self._note is None:
            loss = yield from self._process()
            if loss and not self._survive(loss):
                yield from self._give_up(loss)
        yield Ended(self._summary())

    def _summary(self) -> str:
        if self._note == "time" or self._over:
            return "time"
        repaired = "repaired" if self._opened and self._opened.repaired else ""
        return self._note or repaired or ("failed" if self._failed else "")

    def _process(self) -> Generator[Event, None, str]:
        """Yield what one process reads. Returns "" when it finished, else how it was lost."""
        lists = {"lost": sorted(self._lost), "avoid": sorted(self._avoid)}
        job = self._job | lists | {"first": self._next, "used": self._clock.spent.chars}
        self._at = 0
        self._clock.start()
        loss = ""
        with worker(job) as process:
            try:
                while self._note is None and not loss:
                    loss = yield from self._step(process)
            finally:  # also when it gives way
                self._clock.lost(process.seconds(), hung=loss == "time")
        return loss

    def _step(self, process: Worker) -> Generator[Event, None, str]:
        """Yield what the next line brings. Returns how the process was lost, if it was."""
        try:
            line = process.line()
        except queue.Empty:
            return self._check(process)
        if line is None:
            return process.fate()
        try:
            events = self._taken(json.loads(line))
        except (ValueError, TypeError, KeyError):  # its memory is broken: the worker does not write so
            return "crash"
        if isinstance(events, str):
            return events
        for event in events:
            with self._clock.resting():
                yield event
        return self._check(process) if self._note is None else ""

    def _check(self, process: Worker) -> str:
        return self._clock.check(process.seconds()) or ("memory" if process.is_grown(self._limits.memory_mb) else "")

    def _taken(self, line: dict[str, object]) -> Sequence[Event] | str:
        """Return what a line brings, or how the process was lost."""
        if "number" in line:
            page = _page_text(line)
            return [*self._missing(page.number), *self._pages([page])]
        if "at" in line:
            self._at = int(str(line["at"]))
            self._clock.page_begins()
        elif "end" in line:
            missing = self._missing(self._last() + 1) if line["end"] != "chars" else []
            self._note = str(line["end"])
            return missing
        elif "error" in line:
            if self._opened is None:
                raise refusal(str(line["error"]), self._name, self._limits)
            return "memory" if line["error"] == "memory" else "crash"
        elif self._opened is None:
            self._opened = Opened(**line)  # type: ignore[arg-type]
            self._clock.total(self._opened.total)
            return [self._opened]
        return []

    def _pages(self, pages: Sequence[PageText]) -> Sequence[PageText]:
        """Return the pages, which are next in order. Raises ValueError for one that was not asked for."""
        for page in pages:
            if page.number < self._next or page.number > self._last() or page.number in self._skip:
                raise ValueError("not a page that was asked for")
            self._next = page.number + 1
            self._clock.spent.chars += len(page.text)
            self._failed |= page.how == "failed"
            if page.how != "failed":
                self._losses = 0
        return pages

    def _missing(self, until: int, reason: str = "") -> Sequence[PageText]:
        """Return the pages before `until` that no process reads. Raises ValueError where one was merely left out."""
        numbers = [number for number in range(self._next, until) if number not in self._skip]
        if not reason and not self._lost.keys() >= set(numbers):
            raise ValueError("a page was left out")
        return self._pages([PageText(number, "", "failed", self._lost.get(number, reason)) for number in numbers])

    def _last(self) -> int:
        return min(self._opened.total, self._limits.pages) if self._opened else 0

    def _survive(self, loss: str) -> bool:
        """Note at which page a process was lost ("time", "memory", "crash", "over"): True to start another one."""
        at = self._at or (self._next if self._opened else 0)
        self._losses += 1
        if self._over or (self._losses > _MOST_LOSSES and loss != "over"):
            return False
        if loss == "over":
            return self._is_kept(at)
        if loss == "crash" and at not in self._avoid:
            self._avoid.add(at)  # once more, with the other PDF library
            return True
        if self._opened is None:
            raise refusal(loss, self._name, self._limits)  # it cannot even be opened
        self._lost[at] = loss
        return True

    def _is_kept(self, at: int) -> bool:
        """Whether, when the time is up at page `at`, another process is to give out what was read before that page."""
        self._over = True
        if self._opened is None or at <= self._next:
            return False
        self._lost |= dict.fromkeys(range(at, self._last() + 1), "time")
        self._clock.extend()
        return True

    def _give_up(self, loss: str) -> Generator[Event]:
        """Yield what is left as failed."""
        reason = "time" if self._over else loss
        if self._opened is None:
            raise refusal(reason, self._name, self._limits)
        self._note = "time" if self._over else ""
        yield from self._missing(self._last() + 1, reason)


def _page_text(line: dict[str, object]) -> PageText:
    """Return the page that a line holds: JSON knows no tuples."""
    body: tuple[int, int] | None = line.pop("body", None)  # type: ignore[assignment]
    headings: list[tuple[int, int]] = line.pop("headings", [])  # type: ignore[assignment]
    page = PageText(**line)  # type: ignore[arg-type]
    start, end = body or (0, len(page.text))
    if not 0 <= start <= end <= len(page.text):
        raise ValueError("a body outside of its page")
    marks = tuple((int(place), int(level)) for place, level in headings)
    return replace(page, body=(start, end) if body else None, headings=marks)
