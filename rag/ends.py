"""How documents leave the lanes: done, failed, locked, or as they were. What is done with them is the pipeline's.

SQLite is told first: until it has taken down what a document came to, that is under way.
"""

from __future__ import annotations

import threading

from rag import ocr
from rag.errors import AulaError, EncryptedDocument
from rag.lane_parts import Parts
from rag.lanes import Lane
from rag.outcome import note_of, outcome
from rag.records import State
from rag.reporting import Reporter
from rag.work import Work


class Ends:
    """The part of the pipeline that knows what is under way, and ends it."""

    def __init__(self, parts: Parts) -> None:
        """Begin with nothing under way."""
        self._store, self._dense = parts.store, parts.dense
        self._reporter = Reporter(parts.store, parts.jobs)
        self._works: dict[str, Work] = {}
        self._asked: set[str] = set()  # what is as it was until somebody gives its password
        self._lock = threading.RLock()
        self._lanes: tuple[Lane, ...] = ()

    def _ended(self, document: str) -> None:
        """Do what else there is to do once a document is done."""

    def _go_on(self, document: str) -> None:
        """Go on with what has been read of a document."""

    def _show(self, work: Work, at_once: bool) -> None:
        with self._lock:
            if self._works.get(work.document) is work:  # else it has been paused, and its job says so
                self._reporter.show(work, at_once)

    def _take_off(self, document: str) -> None:
        with self._lock:
            work = self._works.pop(document, None)
        if work is not None:
            work.cancel.set()
        for lane in self._lanes:
            lane.drop(document)

    def _ask(self, document: str, error: EncryptedDocument) -> None:
        """Ask for the password of a document that is left as it was until that comes: nothing of it is kept."""
        self._asked.add(document)
        self._reporter.rest(document, "locked", error)

    def _check(self, work: Work) -> None:
        """Finish a document that nothing more can be done for."""
        with self._lock:
            if self._works.get(work.document) is not work:
                return
            state = self._store.state(work.document)
            if state is None or not state.read:
                return
            tally = self._store.tally(work.document)
            if tally.is_open(work.opens and ocr.available()):
                return
            self._finish(state, work.unembedded)

    def _finish(self, state: State, unembedded: bool) -> None:
        came_to = outcome(state, self._store.outline(state.id), ocr.available())
        self._store.finish(state.id, came_to.status, came_to.note)
        self._take_off(state.id)
        self._reporter.ended(state.id, came_to.error)
        if unembedded:
            self._dense.catch_up_soon()  # the model may have come on the way
        self._ended(state.id)

    def _fail(self, work: Work, error: AulaError) -> None:
        """End reading; what has been read before stays and is indexed."""
        with self._lock:
            if self._works.get(work.document) is not work:
                return
            tally = self._store.tally(work.document)
            if tally.text or tally.ocr or tally.waiting:
                self._store.all_read(work.document, "", note_of(error))
                work.all_read()
            else:
                self._store.finish(work.document, "failed", note_of(error))
                self._take_off(work.document)
                self._reporter.ended(work.document, error)
        self._go_on(work.document)

    def _give_up(self, work: Work, error: AulaError) -> None:
        """End all that is done for a document; what is missing can be tried again."""
        with self._lock:
            if self._works.get(work.document) is work:
                tally = self._store.tally(work.document)
                self._store.finish(work.document, "partial" if tally.chunks else "failed", note_of(error))
                self._take_off(work.document)
                self._reporter.ended(work.document, error)

    def _locked(self, work: Work, error: EncryptedDocument) -> None:
        with self._lock:
            if self._works.get(work.document) is not work:
                return
            state = self._store.state(work.document)
            finished = state is not None and state.finished
            if finished:
                self._store.read_no_more(work.document)
            else:
                self._store.lock(work.document)
            self._take_off(work.document)
            if finished:
                self._ask(work.document, error)
            else:
                self._reporter.rest(work.document, "locked", error)
