"""The reading lane: files to pages, kept in batches as they are read. It cuts and embeds nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from itertools import count
from pathlib import Path

from rag import loaders
from rag.loaders import Ended, Event, Opened
from rag.pages import PageText
from rag.store import Store
from rag.work import Work

_TURN = 64  # pages after which a document gives way, when others wait
_LONG_TURN = 1000  # where opening it is what takes the time: all but PDFs are read whole for that
_BATCH = 32  # pages a transaction
_BATCH_S = 1.0


class Reader:
    """Reads documents from the first page that is missing."""

    def __init__(
        self, store: Store, files: Path, others_wait: Callable[[], bool], progress: Callable[[Work], None]
    ) -> None:
        """`others_wait` says whether to give way; `progress` is told whenever pages have been kept."""
        self._store = store
        self._files = files
        self._others_wait = others_wait
        self._progress = progress

    def turn(self, work: Work) -> bool:
        """Read on; True when it gave way before the end.

        Raises a DocumentError when the file cannot be opened, DocumentNotFound when it was deleted, and Cancelled.
        """
        known = self._store.page_numbers(work.document)
        first = next(number for number in count(1) if number not in known)
        work.spent = work.spent or loaders.Spent(self._store.characters(work.document))
        events = loaders.read(
            self._files / work.document,
            work.name,
            first=first,
            skip={number for number in known if number > first},
            password=work.password,
            cancel=work.cancel,
            spent=work.spent,
        )
        with closing(events):
            return self._follow(work, events)

    def _follow(self, work: Work, events: Generator[Event]) -> bool:
        batch = _Batch(self._store, work, self._progress)
        turn = _TURN if work.suffix == ".pdf" else _LONG_TURN
        try:
            for event in events:
                if isinstance(event, Opened):
                    self._opened(work, event)
                elif isinstance(event, Ended):
                    batch.keep()
                    self._store.all_read(work.document, event.note)
                    work.all_read()
                else:
                    batch.add(event)
                    if batch.pages >= turn and self._others_wait():
                        return True
            return False
        finally:
            batch.keep()  # what has been read is kept, whatever ends the turn

    def _opened(self, work: Work, event: Opened) -> None:
        self._store.opened(work.document, event.total, event.unit, event.title, event.encrypted)
        work.opened(event.total, event.unit)
        self._progress(work)


class _Batch:
    """Pages that have been read and are not kept yet: at most so many, and not for long."""

    def __init__(self, store: Store, work: Work, progress: Callable[[Work], None]) -> None:
        self._store = store
        self._work = work
        self._progress = progress
        self._held: list[PageText] = []
        self._kept = time.monotonic()
        self.pages = 0  # in this turn

    def add(self, page: PageText) -> None:
        self._held.append(page)
        self.pages += 1
        if len(self._held) >= _BATCH or time.monotonic() - self._kept > _BATCH_S:
            self.keep()

    def keep(self) -> None:
        held, self._held = self._held, []
        if held:
            self._store.add_pages(self._work.document, held)
            self._work.pages_read(held)
            self._progress(self._work)
        self._kept = time.monotonic()
