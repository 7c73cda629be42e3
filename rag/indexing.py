"""The indexing lane: pages to chunks, terms and vectors, a slice to a transaction. It reads no file.

Slices are cut by content alone, never by what happened to be there in time: the next pages in order until their chunks
are SLICE or there are no more. So a run that was killed and went on writes what an undisturbed one does.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rag import ocr
from rag.chunking import Cut, Path_, Span, chunk_page, path_after, searchable
from rag.dense import Dense
from rag.embeddings import Matrix
from rag.errors import Cancelled
from rag.lanes import give_way
from rag.language import detect_document
from rag.page_rows import TEXT
from rag.pages import PageText
from rag.records import State
from rag.store import Store
from rag.tokens import Estimate, Tokeniser
from rag.work import Work

SLICE = 32  # chunks: about three seconds of two cores
_PAGES = 64
_SAMPLE = 20  # pages that the language is told by


@dataclass(frozen=True)
class Slice:
    """Pages that are indexed together, and their chunks."""

    how: str  # text | ocr
    pages: Sequence[PageText]
    spans: Sequence[Span]
    trail: Trail  # after its last page

    def texts(self) -> list[str]:
        """Return what is embedded of each chunk."""
        by_number = {page.number: page.text for page in self.pages}
        return [by_number[span.page][span.start : span.end] for span in self.spans]

    def searched(self) -> list[str]:
        """Return what is indexed of each chunk, for the search by words."""
        return [searchable(span.heading, text) for span, text in zip(self.spans, self.texts(), strict=True)]


class Indexer:
    """Indexes documents a slice at a time."""

    def __init__(self, store: Store, dense: Dense, writing: threading.Lock, busy: Callable[[], bool]) -> None:
        """`writing` is held while chunks are written, so that a delete cannot cross it; `busy`: the chat answers."""
        self._store = store
        self._dense = dense
        self._writing = writing
        self._busy = busy
        self._trails: dict[tuple[str, str], Trail] = {}

    def turn(self, work: Work) -> bool:
        """Index one slice; False when there is none yet. Raises Cancelled, DocumentNotFound when it was deleted."""
        state = self._store.state(work.document)  # before the pages: "all are read" must not be newer than they
        if state is None or not self._language(work, state):
            return False
        tokens = self._dense.tokens(work.cancel) or Estimate()
        found = self._of_text(state, tokens) or self._of_pictures(state, tokens, work.opens and ocr.available())
        if found is None:
            return False
        embedded = self.embed(found.texts(), work.cancel)
        self._write(work, found, embedded)
        return True

    def forget(self, document: str) -> None:
        """Forget what is remembered of a document."""
        for key in [key for key in list(self._trails) if key[0] == document]:  # the lane adds some meanwhile
            self._trails.pop(key, None)

    # -- slices ------------------------------------------------------------------------------------------------

    def _of_text(self, state: State, tokens: Tokeniser) -> Slice | None:
        """Return the next slice of pages with a text layer; None while more pages may belong to it."""
        pages = self._store.unindexed(state.id, _PAGES, "text")
        trail = self._trail(state.id, "text")
        taken: list[PageText] = []
        spans: list[Span] = []
        whole = state.read or len(pages) == _PAGES
        for page in pages:
            ahead = copy.copy(trail)
            found = self._cut(state, page, tokens, ahead)
            if taken and len(spans) + len(found) > SLICE:
                whole = True
                break
            taken.append(page)
            spans += found
            trail = ahead
        return Slice("text", taken, spans, trail) if whole and taken else None

    def _of_pictures(self, state: State, tokens: Tokeniser, seen: bool) -> Slice | None:
        """Return the next page that was read from its picture: one at a time, as they come.

        Then those whose picture could not be read, or is not `seen`, with the few words that they have besides it.
        """
        kinds = ("ocr", "failed") if seen else ("ocr", "failed", "waiting")
        pages = next(filter(None, (self._store.unindexed(state.id, 1, how) for how in kinds)), [])
        if not pages:
            return None
        trail = copy.copy(self._trail(state.id, "ocr"))
        return Slice("ocr", pages, self._cut(state, pages[0], tokens, trail), trail)

    def _cut(self, state: State, page: PageText, tokens: Tokeniser, trail: Trail) -> list[Span]:
        cut = Cut.near(state.chunk_size, state.chunk_overlap)
        spans, after = chunk_page(page, cut, tokens, trail.above(page.number))
        trail.passed(page.number, after)
        return spans

    def _trail(self, document: str, how: str) -> Trail:
        # A page with text stands under the headings of such pages only: those of pictures may come much later.
        kinds = ("text",) if how == "text" else ("text", "ocr")
        return self._trails.setdefault((document, how), Trail(self._store, document, kinds))

    # -- writing -----------------------------------------------------------------------------------------------

    def embed(self, texts: Sequence[str], cancel: threading.Event) -> tuple[str, Matrix] | None:
        """Return the model's name and the vectors; None without a model. The chat comes first. Raises Cancelled."""
        found: list[tuple[str, Matrix]] = []
        for start in range(0, len(texts), SLICE):
            give_way(self._busy, cancel)
            part = self._dense.embed(texts[start : start + SLICE], cancel)
            if part is None or (found and part[0] != found[0][0]):  # the model came, or was changed, on the way
                return None
            found.append(part)
        if not found:
            return None
        return found[0][0], np.concatenate([matrix for _, matrix in found])

    def _write(self, work: Work, found: Slice, embedded: tuple[str, Matrix] | None) -> None:
        model, matrix = embedded or ("", None)
        numbers = [page.number for page in found.pages]
        with self._writing:
            if work.cancel.is_set():  # in here: afterwards the tables may be those of a backup
                raise Cancelled
            ids = self._store.reserve(len(found.spans))
            self._store.index(work.document, numbers, found.spans, ids, found.searched(), model, matrix)
            if matrix is not None:
                self._dense.publish(ids, work.document, matrix)
        self._trails[work.document, found.how] = found.trail
        work.unembedded |= bool(ids) and matrix is None
        work.pages_indexed(sum(page.how in TEXT for page in found.pages), len(ids))

    # -- language ----------------------------------------------------------------------------------------------

    def _language(self, work: Work, state: State) -> bool:
        """Make sure that the language is known, which the terms of each chunk depend on; False while it cannot be."""
        if state.language or work.language_known:
            return True
        sample = self._sample(state)
        if sample is None:
            return False
        language = detect_document(sample)
        self._store.set_language(work.document, language)
        work.speaks(language)
        return True

    def _sample(self, state: State) -> list[str] | None:
        """Return the texts of the first pages that have some; None while those are not known to be the first."""
        found = self._store.sample(state.id, "text", _SAMPLE)
        if len(found) == _SAMPLE or (found and state.read):
            return found
        if found or not state.read:
            return None
        found = self._store.sample(state.id, "ocr", _SAMPLE)
        settled = not ocr.available() or not self._store.waiting_pages(state.id)
        return found if len(found) == _SAMPLE or settled else None


class Trail:
    """The headings that pages of one document stand under, folded over those before them."""

    def __init__(self, store: Store, document: str, kinds: tuple[str, ...]) -> None:
        """Begin before the first page; only pages of `kinds` count."""
        self._store = store
        self._document = document
        self._kinds = kinds
        self._at = 0
        self._path: Path_ = ()

    def above(self, number: int) -> Path_:
        """Return the headings that page `number` begins under."""
        if number <= self._at:
            self._at, self._path = 0, ()
        if number > self._at + 1:
            for page in self._store.headed(self._document, self._at, number, self._kinds):
                self._path = path_after(page, self._path)
            self._at = number - 1
        return self._path

    def passed(self, number: int, path: Path_) -> None:
        """Say what page `number` leaves behind for the next one."""
        self._at, self._path = number, path
