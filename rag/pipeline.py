"""Documents on their way in: three lanes that read, recognise and index, and what each document comes to.

SQLite is the truth: what is kept here is only who has a turn, and how far a document is. It knows no owners.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from rag import ocr
from rag.errors import AulaError, Cancelled, DocumentNotFound, EncryptedDocument
from rag.indexing import Indexer
from rag.lane_parts import Parts
from rag.lanes import Lane
from rag.outcome import foreseen, locked_out, note_of, outcome
from rag.reading import Reader
from rag.recognising import Recogniser
from rag.records import NAME, State
from rag.recut import Recutter
from rag.reporting import Reporter
from rag.work import Work

log = logging.getLogger(__name__)

_LET_GO_S = 5.0


class Pipeline:
    """Takes documents from "accepted" to "done". Safe to use from several threads."""

    def __init__(self, parts: Parts) -> None:
        """Nothing runs before `start`."""
        self._store, self._dense = parts.store, parts.dense
        self._reporter = Reporter(parts.store, parts.jobs)
        self._works: dict[str, Work] = {}
        self._asked: set[str] = set()  # what is as it was until somebody gives its password
        self._lock = threading.RLock()
        self._read = Lane("aula-read", self._read_turn)
        self._index = Lane("aula-index", self._index_turn)
        self._ocr = Lane("aula-ocr", self._ocr_turn)
        self._reader = Reader(parts.store, parts.files, self._read.others_wait, self._pages_came)
        self._recogniser = Recogniser(parts.store, parts.files)
        self._indexer = Indexer(parts.store, parts.dense, parts.writing, parts.busy)
        self.recutter = Recutter(parts.store, parts.dense, parts.jobs, parts.writing, self._indexer.embed)

    # -- start and stop ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Go on with what is not done, then work."""
        for state in self._store.unfinished():
            self._restore(state)
        for lane in (self._read, self._index, self._ocr):
            lane.start()

    def stop(self) -> None:
        """End what is under way; the next start goes on with it."""
        with self._lock:
            for work in self._works.values():
                work.cancel.set()
            self._works.clear()
            self._asked.clear()
        self.recutter.stop()
        for lane in (self._read, self._index, self._ocr):
            lane.stop()

    def _restore(self, state: State) -> None:
        """Take a document up where an earlier run left it."""
        tally = self._store.tally(state.id)
        pictures = tally.waiting and ocr.available()
        if state.encrypted and (not state.read or pictures):
            if not state.finished:
                self._store.set_status(state.id, "locked")
            elif not state.read:
                self._store.read_no_more(state.id)
            pictures = 0
        elif state.status == "locked" and state.read:
            self._store.set_status(state.id, "reading")
        if state.finished and state.status != "paused" and state.read and not tally.left and not pictures:
            return
        self._reporter.follow(state.id)
        self.begin(state.id)

    # -- what a document can be told ---------------------------------------------------------------------------

    def begin(self, document: str, password: str | None = None) -> None:
        """Go on with a document, unless it rests."""
        with self._lock:
            state = self._store.state(document)
            if state is None or document in self._works:
                return
            if state.status in ("paused", "locked"):
                self._reporter.rest(document, state.status)
                return
            tally = self._store.tally(document)
            work = Work(state, tally, tally.rows - len(self._store.page_numbers(document)), password)
            self._works[document] = work
        self._reporter.show(work)
        if not state.read:
            self._read.put(document)
        self._index.put(document)
        if tally.waiting:
            self._ocr.put(document)
        self._check(work)

    def pause(self, document: str) -> None:
        """Let a document rest until `resume`, also after a restart."""
        if self.under_way(document):
            self._store.set_status(document, "paused")
            self._take_off(document)
            self._reporter.rest(document, "paused")

    def resume(self, document: str) -> None:
        """Go on with a paused document."""
        state = self._store.state(document)
        if state is not None and state.status == "paused":
            self._wake(state)
            self.begin(document)

    def unlock(self, document: str, password: str) -> None:
        """Go on with a locked document, or with one that is to be read again."""
        state = self._store.state(document)
        if state is not None and state.status == "locked":
            self._wake(state)
            self.begin(document, password)
        elif state is not None and document in self._asked:
            self._asked.discard(document)
            self._store.read_again(document)
            self.begin(document, password)

    def _ask(self, document: str, error: EncryptedDocument) -> None:
        """Ask for the password of a document that is left as it was until that comes: nothing of it is kept."""
        self._asked.add(document)
        self._reporter.rest(document, "locked", error)

    def again(self, document: str) -> None:
        """Read again what could not be read; of an encrypted document once its password has come."""
        state = self._store.state(document)
        if state is None or self.under_way(document):
            return
        self._reporter.follow(document)
        if state.encrypted:
            self._ask(document, EncryptedDocument(name=NAME))
        else:
            self._store.read_again(document)
            self.begin(document)

    def leave(self, document: str) -> None:
        """Stop completing a document that could be asked before: it is what it was."""
        self._take_off(document)
        if document in self._asked:  # nothing was begun
            self._asked.discard(document)
            self._reporter.ended(document)
            return
        self._store.read_no_more(document)
        state = self._store.state(document)
        if state is not None:
            self._finish(state, unembedded=False)

    def drop(self, document: str) -> None:
        """Let go of one that is to be deleted: on return its file is not open here."""
        self._take_off(document)
        self._asked.discard(document)
        self._read.let_go(document, _LET_GO_S)
        self._ocr.let_go(document, _LET_GO_S)
        self._indexer.forget(document)

    def cut(self, key: str) -> None:
        """Give a cut its turn."""
        self._index.put(key)

    def under_way(self, document: str) -> bool:
        """Tell whether something is being done for a document."""
        with self._lock:
            return document in self._works

    def _wake(self, state: State) -> None:
        status = "partial" if state.finished else "reading" if state.pages else "waiting"
        self._store.set_status(state.id, status)

    def _take_off(self, document: str) -> None:
        with self._lock:
            work = self._works.pop(document, None)
        if work is not None:
            work.cancel.set()
        for lane in (self._read, self._index, self._ocr):
            lane.drop(document)

    # -- turns -------------------------------------------------------------------------------------------------

    def _work(self, document: str) -> Work | None:
        with self._lock:
            return self._works.get(document)

    def _turn(self, document: str, turn: Callable[[Work], bool], fail: Callable[[Work, AulaError], None]) -> bool:
        """Do a turn of a document that is under way; say whether there is more to do at once."""
        work = self._work(document)
        if work is None:
            return False
        try:
            more = turn(work)
        except (Cancelled, DocumentNotFound):
            return False
        except EncryptedDocument as error:
            self._locked(work, error)
            return False
        except Exception as error:
            if locked_out(error):
                return True
            if not isinstance(error, AulaError):
                log.exception("a document could not be taken in")
            fail(work, foreseen(error))
            return False
        self._reporter.show(work, at_once=not more)
        if not more:
            self._check(work)
        return more

    def _read_turn(self, document: str) -> bool:
        more = self._turn(document, self._reader.turn, self._fail)
        self._index.put(document)  # "all are read" may have been what it waited for
        return more

    def _index_turn(self, key: str) -> bool:
        if self.recutter.has(key):
            return self.recutter.turn(key)
        return self._turn(key, self._indexer.turn, self._give_up)

    def _ocr_turn(self, document: str) -> bool:
        more = self._turn(document, self._recogniser.turn, self._give_up)
        self._index.put(document)
        return more

    def _pages_came(self, work: Work) -> None:
        if work.pictures():
            self._ocr.put(work.document)
        self._index.put(work.document)
        self._reporter.show(work, at_once=False)

    # -- ends --------------------------------------------------------------------------------------------------

    def _check(self, work: Work) -> None:
        """Finish a document that nothing more can be done for."""
        with self._lock:
            if self._works.get(work.document) is not work:
                return
            state = self._store.state(work.document)
            if state is None or not state.read:
                return
            tally = self._store.tally(work.document)
            if tally.left or (tally.waiting and ocr.available()):
                return
            del self._works[work.document]
            self._finish(state, work.unembedded)

    def _finish(self, state: State, unembedded: bool) -> None:
        came_to = outcome(state, self._store.outline(state.id), ocr.available())
        self._store.finish(state.id, came_to.status, came_to.note)
        self._indexer.forget(state.id)
        self._reporter.ended(state.id, came_to.error)
        if unembedded:
            self._dense.catch_up_soon()  # the model may have come on the way
        for key in self.recutter.all():
            self._index.put(key)

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
                del self._works[work.document]
                self._store.finish(work.document, "failed", note_of(error))
                self._reporter.ended(work.document, error)
        self._index.put(work.document)

    def _give_up(self, work: Work, error: AulaError) -> None:
        """End all that is done for a document; what is missing can be tried again."""
        if self._work(work.document) is work:
            self._take_off(work.document)
            tally = self._store.tally(work.document)
            self._store.finish(work.document, "partial" if tally.chunks else "failed", note_of(error))
            self._reporter.ended(work.document, error)

    def _locked(self, work: Work, error: EncryptedDocument) -> None:
        if self._work(work.document) is work:
            self._take_off(work.document)
            state = self._store.state(work.document)
            if state is not None and state.finished:
                self._store.read_no_more(work.document)
                self._ask(work.document, error)
            else:
                self._store.lock(work.document)
                self._reporter.rest(work.document, "locked", error)
