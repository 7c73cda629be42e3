"""Documents on their way in: three lanes that read, recognise and index, and what each document comes to.

SQLite is the truth: what is kept here is only who has a turn, and how far a document is. It knows no owners.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from rag import ocr
from rag.ends import Ends
from rag.errors import AulaError, Cancelled, DocumentNotFound, EncryptedDocument
from rag.indexing import Indexer
from rag.lane_parts import Parts
from rag.lanes import Lane
from rag.outcome import foreseen, locked_out
from rag.reading import Reader
from rag.recognising import Recogniser
from rag.records import NAME, State
from rag.recut import Recutter
from rag.work import Work

log = logging.getLogger(__name__)

_LET_GO_S = 5.0
_AGAIN_S = 2.0  # after which it is tried once more to write what could not be written


class Pipeline(Ends):
    """Takes documents from "accepted" to "done". Safe to use from several threads."""

    def __init__(self, parts: Parts) -> None:
        """Nothing runs before `start`."""
        super().__init__(parts)
        self._read = Lane("aula-read", self._read_turn)
        self._index = Lane("aula-index", self._index_turn)
        self._ocr = Lane("aula-ocr", self._ocr_turn)
        self._lanes = (self._read, self._index, self._ocr)
        self._reader = Reader(parts.store, parts.files, self._read.others_wait, self._pages_came)
        self._recogniser = Recogniser(parts.store, parts.files)
        self._indexer = Indexer(parts.store, parts.dense, parts.writing, parts.busy)
        self.recutter = Recutter(parts.store, parts.dense, parts.jobs, parts.writing, self._indexer.embed)

    # -- start and stop ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Go on with what is not done, then work."""
        for state in self._store.unfinished():
            self._restore(state)
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """End what is under way; the next start goes on with it."""
        with self._lock:
            for work in self._works.values():
                work.cancel.set()
            self._works.clear()
            self._asked.clear()
        self.recutter.stop()
        for lane in self._lanes:
            lane.stop()

    def _restore(self, state: State) -> None:
        """Take a document up where an earlier run left it."""
        tally, sees = self._store.tally(state.id), ocr.available()
        shut = state.is_shut(tally, sees)
        if state.status == "locked" and not shut:
            self._store.set_status(state.id, "reading")
        elif state.finished and state.status != "paused":
            if shut:
                self._store.read_no_more(state.id)
            if (shut or state.read) and not tally.is_open(sees and not shut):
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
            tally = self._store.tally(document)
            locked = password is None and not state.finished and state.is_shut(tally, ocr.available())
            if locked and state.status != "paused":
                self._store.set_status(document, "locked")
            if locked or state.status in ("paused", "locked"):
                self._reporter.rest(document, "paused" if state.status == "paused" else "locked")
                return
            work = Work(state, tally, tally.rows - len(self._store.page_numbers(document)), password)
            self._works[document] = work
        self._reporter.show(work)
        if not state.read:
            self._read.put(document)
        self._index.put(document)
        if tally.waiting:
            self._ocr.put(document)

    def pause(self, document: str) -> None:
        """Let a document rest until `resume`, also after a restart."""
        with self._lock:
            if document in self._works:
                self._store.set_status(document, "paused")
                self._take_off(document)
                self._reporter.rest(document, "paused")

    def resume(self, document: str) -> None:
        """Go on with a paused document."""
        state = self._store.state(document)
        if state is not None and state.status == "paused":
            self._wake(state)
            if state.finished and state.is_shut(self._store.tally(document), ocr.available()):
                self._store.read_no_more(document)
                self._ask(document, EncryptedDocument(name=NAME))
            else:
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
        self.recutter.forget(document)
        self._read.let_go(document, _LET_GO_S)
        self._ocr.let_go(document, _LET_GO_S)
        self._indexer.forget(document)

    def cut(self, key: str) -> None:
        """Give a cut its turn."""
        self._index.put(key)

    def _go_on(self, document: str) -> None:
        self._index.put(document)

    def _ended(self, document: str) -> None:
        self._indexer.forget(document)
        for key in self.recutter.all():
            self._index.put(key)

    def under_way(self, document: str) -> bool:
        """Tell whether something is being done for a document."""
        with self._lock:
            return document in self._works

    def _wake(self, state: State) -> None:
        status = "partial" if state.finished else "reading" if state.pages else "waiting"
        self._store.set_status(state.id, status)

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
            return self._try(work, turn, fail)
        except Exception as error:  # what it came to cannot be written down, as on a full disk: it stays under way
            if not locked_out(error):
                log.exception("what a document came to could not be kept")
                self._reporter.trouble(document, foreseen(error))
                work.cancel.wait(_AGAIN_S)
            return True

    def _try(self, work: Work, turn: Callable[[Work], bool], fail: Callable[[Work, AulaError], None]) -> bool:
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
        self._show(work, at_once=not more)
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
        self._show(work, at_once=False)
