"""One document on its way in, as it is kept in memory: how far it is, what stops it. It reads and writes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from rag.jobs import Pace
from rag.pages import Limits, PageText
from rag.parse_process import Spent
from rag.records import State, Tally

_REPORTS_S = 0.2
_SETTLED = ("empty", "failed")


class Work:
    """Counts of a document under way. Safe to use from several threads.

    `cancel` stops whatever is being done for it. The password is here and nowhere else, for as long as it is needed.
    """

    def __init__(self, state: State, tally: Tally, again: int = 0, password: str | None = None) -> None:
        """Begin where SQLite says that it is; `again` pages failed and are to be read once more."""
        self.document = state.id
        self.suffix = state.suffix
        self.password = password
        self.opens = password is not None or not state.encrypted  # else only what has been read can be worked on
        self.cancel = threading.Event()
        self.spent: Spent | None = None  # by its reading, once that has begun
        self.unembedded = False  # some of it was written before there was an embedding model
        self.language_known = bool(state.language)
        self._lock = threading.Lock()
        self._total = min(state.pages, Limits().pages)
        self._unit = state.unit
        self._language = state.language
        self._all_read = state.read
        self._read = tally.rows - again
        self._done = tally.text + tally.ocr - tally.left + tally.empty + tally.failed - again
        self._chunks = tally.chunks
        self._ocr_done = tally.ocr
        self._ocr_total = tally.ocr + tally.waiting
        self._paces = {"read": Pace(), "index": Pace(), "ocr": Pace()}
        self._reported = 0.0

    @property
    def name(self) -> str:
        """What the file is called where only its suffix counts: each holder has another name for it."""
        return f"document{self.suffix}"

    def opened(self, total: int, unit: str) -> None:
        """The file is open."""
        with self._lock:
            self._total, self._unit = min(total, Limits().pages), unit

    def pages_read(self, pages: Sequence[PageText]) -> None:
        """These have been read and kept."""
        with self._lock:
            self._read += len(pages)
            self._done += sum(page.how in _SETTLED for page in pages)
            self._ocr_total += sum(page.how == "waiting" for page in pages)
            self._paces["read"].mark(len(pages))

    def all_read(self) -> None:
        """No more will come."""
        with self._lock:
            self._all_read = True
            self._total = max(self._read, 1)

    def page_recognised(self, page: PageText) -> None:
        """A picture has been read, or could not be."""
        with self._lock:
            self._ocr_done += 1
            self._done += page.how in _SETTLED
            self._paces["ocr"].mark()

    def pages_indexed(self, pages: int, chunks: int) -> None:
        """So many can be searched now."""
        with self._lock:
            self._done += pages
            self._chunks += chunks
            self._paces["index"].mark(pages)

    def pictures(self) -> int:
        """Return how many pictures are still to be read."""
        with self._lock:
            return self._ocr_total - self._ocr_done

    def speaks(self, language: str) -> None:
        """The language is known."""
        with self._lock:
            self._language, self.language_known = language, True

    def due(self) -> bool:
        """Tell whether the last report is old enough for another one."""
        with self._lock:
            now = time.monotonic()
            if now - self._reported < _REPORTS_S:
                return False
            self._reported = now
            return True

    def fields(self) -> dict[str, Any]:
        """Return what a Job says of it."""
        with self._lock:
            return {
                "stage": self._stage(),
                "status": "",
                "done": min(self._done, self._total),
                "total": self._total,
                "read": self._read,
                "ocr_done": self._ocr_done,
                "ocr_total": self._ocr_total,
                "pages": self._total,
                "unit": self._unit,
                "chunks": self._chunks,
                "language": self._language,
                "eta_s": self._left(),
                "error": None,
                "note": None,
            }

    def _stage(self) -> str:
        if not self._all_read:
            return "reading" if self._total else "waiting"
        pictures = self._ocr_total - self._ocr_done
        return "ocr" if pictures and self._total - self._done <= pictures else "indexing"

    def _left(self) -> float | None:
        """Return the seconds left: those of the slowest of what goes on side by side."""
        pictures = self._ocr_total - self._ocr_done
        lefts = [
            self._paces["read"].left(0 if self._all_read else self._total - self._read),
            self._paces["index"].left(self._total - self._done - pictures),
            self._paces["ocr"].left(pictures),
        ]
        known = [left for left in lefts if left is not None]
        return max(known) if len(known) == len(lefts) and self._total else None
