"""The embedding model in use and the index of its vectors, loaded behind the page; it reads no files and cuts no text.

The vectors stand in aula.sqlite, written in the same transaction as their chunks. Chroma is told afterwards, and put
right from there when it was not.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rag import mending, vector_rows
from rag.errors import AulaError, Cancelled
from rag.kept_vectors import KeptVectors
from rag.lanes import low_priority
from rag.mending import Progress, adopt, at_rest, beside, embed_missing, empty_index, mend, open_index
from rag.nearest import Nearest
from rag.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from rag.embeddings import Embedder, EmbeddingSpec, Matrix, Vector
    from rag.tokens import Tokens
    from rag.vectors import VectorStore

log = logging.getLogger(__name__)

_GRACE_S = 1.0  # until an index that is replaced is let go: a search may be under way in it


class Dense:
    """Holds the embedder and its index once they are there. `state`: none | loading | ready | failed.

    Until then, and where there is no embedding model, searches go by words alone: a question never waits for a
    download, only for the seconds that loading takes.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        """Know where Chroma's folder is; nothing is loaded yet."""
        self._store = store
        self._folder = at_rest(folder)
        self.kept = KeptVectors(store.database)
        self._nearest = Nearest(self.kept)
        self._settled = threading.Event()
        self._settled.set()
        self._mending = threading.Lock()
        self._loaded: tuple[Embedder, VectorStore] | None = None
        self._stop = threading.Event()
        self._ended = False  # for good: what only makes room ends `_stop` again
        self.busy: Callable[[], bool] = lambda: False  # whether the chat model is answering, which comes first
        self.state = "none"
        self.complete = False  # whether every chunk has its vector: half an index would hide the rest
        self.error: AulaError | None = None

    # -- the model ---------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End what is being embedded."""
        self._ended = True
        self._stop.set()

    def expect(self) -> None:
        """Say that a load is about to begin, so that what is asked meanwhile waits for it."""
        self._settled.clear()
        self.state = "loading"

    def load(self, folder: Path, spec: EmbeddingSpec, behind: bool = False) -> None:
        """Load the model (seconds), open its index, then embed what has no vector: for hours, so `behind` others."""
        from rag.embeddings import Embedder

        self.expect()
        embedder = Embedder(folder, spec)
        with self._mending:
            self._take(embedder, open_index(self._folder, spec.collection))
            self.complete = False
        self._settled.set()
        if behind:  # not before: questions wait for the model
            low_priority()
        mending.logged(self.catch_up)

    def _take(self, embedder: Embedder, index: VectorStore) -> None:
        self._loaded = embedder, index
        self.error = None
        self.state = "ready"

    def swap(self, embedder: Embedder) -> None:
        """Let another model serve whose vectors stand in SQLite already, once its index is whole. Raises Cancelled."""
        with self._mending:
            old, index = self._loaded, open_index(self._folder, embedder.spec.collection)
            try:
                mend(self.kept, index, self._stop)
            except BaseException:
                index.close()
                raise
            self._take(embedder, index)
            self.complete = True
            if old is not None:  # Chroma counts who has a folder open, and makes none anew before the last has closed
                old[1].close()
        self._settled.set()
        mending.logged(self.catch_up)  # what was written on the way, under the old model alone

    @property
    def serving(self) -> str | None:
        """The name of the model in use, None while there is none."""
        loaded = self._loaded
        return None if loaded is None else loaded[0].spec.name

    @property
    def database(self) -> Engine:
        """The open database."""
        return self._store.database

    def prepare(self, embedder: Embedder, stop: threading.Event, progress: Progress) -> None:
        """Embed every chunk under a model that does not serve yet, those too that come meanwhile. Raises Cancelled."""
        before: list[int] = []
        while (missing := self.kept.missing(embedder.spec.collection)) and missing != before:
            embed_missing(self._store, self.kept, embedder, stop, progress, self.busy)
            before = missing

    def prepared(self, model: str) -> tuple[int, int]:
        """Return how many chunks have a vector under `model`, and how many there are."""
        return self.kept.progress(model)

    def abandon(self, model: str) -> None:
        """Forget the vectors of a model that does not serve."""
        loaded = self._loaded
        if loaded is None or loaded[1].name != model:
            self.kept.drop(model)

    def fail(self, error: AulaError) -> None:
        """Say that there will be no embeddings: searches go by words alone from now on."""
        self.error = error
        self.state = "failed"
        self._settled.set()

    def get(self, cancel: threading.Event | None = None) -> tuple[Embedder, VectorStore] | None:
        """Return the embedder and its index, waiting while they load; None when there are none. Raises Cancelled."""
        while not self._settled.wait(0.1):
            if (cancel is not None and cancel.is_set()) or self._stop.is_set():
                raise Cancelled
        return self._loaded

    def tokens(self, cancel: threading.Event | None = None) -> Tokens | None:
        """Return what counts tokens as the model in use does, as `get` returns the model. Raises Cancelled."""
        loaded = self.get(cancel)
        return None if loaded is None else loaded[0].tokens

    # -- for what is written -----------------------------------------------------------------------------------

    def embed(self, texts: Sequence[str], cancel: threading.Event | None = None) -> tuple[str, Matrix] | None:
        """Return the model's name for rag.vector_rows, and (n, dimensions) vectors rounded as they are kept there.

        None when there is no model: the chunks are written without, and embedded when it comes. Raises Cancelled.
        """
        loaded = self.get(cancel)
        if loaded is None:
            return None
        embedder, _ = loaded
        return embedder.spec.collection, vector_rows.rounded(embedder.encode_passages(texts, cancel))

    def publish(self, ids: Sequence[int], document: str, matrix: Matrix) -> None:
        """Tell Chroma of chunks whose vectors have just been written to SQLite. It never raises: `catch_up` mends."""
        loaded = self._loaded
        if loaded is None or not ids:
            return
        _, index = loaded
        self._nearest.forget(document)
        try:
            if set(self.kept.get(index.name, ids)) == set(ids):
                index.add(ids, [document] * len(ids), matrix)
            else:  # embedded under the model that was in use a moment ago
                self.catch_up_soon()
        except Exception:
            log.exception("Chroma could not be told of new vectors; they are added at the next start")

    def forget(self, document: str) -> None:
        """Remove a document's vectors from Chroma, never raising; those in SQLite go with its chunks."""
        loaded = self._loaded
        self._nearest.forget(document)
        try:
            if loaded is not None:
                loaded[1].remove(document)
        except Exception:
            log.exception("Chroma could not forget a document: it is put right")
            self.catch_up_soon()

    # -- for what searches -------------------------------------------------------------------------------------

    def search(
        self, index: VectorStore, query: Vector, k: int, documents: Sequence[str] | None = None
    ) -> dict[int, float]:
        """Return {chunk: cosine} of about the `k` nearest chunks; `documents` None searches all there are.

        Of documents that are few the cosines are exact, and of all of them HNSW's nearest come. `index`: from `get`,
        with the embedder that made `query`. Where Chroma fails nothing is found, and it is put right.
        """
        try:
            return self._nearest.search(index, query, k, documents)
        except Exception:
            log.exception("Chroma could not be searched: it is put right")
            if not self._mending.locked():
                self.catch_up_soon()
            return {}

    def cosines(self, index: VectorStore, query: Vector, chunks: Sequence[int]) -> dict[int, float]:
        """Return {chunk: cosine} for those of `chunks` that have a vector; `index` and `query` as in `search`."""
        return self._nearest.cosines(index.name, query, chunks)

    # -- putting it right --------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Embed every chunk without a vector, then make Chroma hold what SQLite holds; searches then count on it."""
        with self._mending, suppress(Cancelled):
            loaded = self._loaded  # not before: a restore may have put another in its place
            if loaded is None:
                return
            embedder, index = loaded
            adopt(self.kept, index)
            embed_missing(self._store, self.kept, embedder, self._stop, busy=self.busy)
            self._nearest.clear()
            mend(self.kept, index, self._stop)
            if self._loaded is loaded:
                self.complete = True
                index.drop_others()

    def catch_up_soon(self) -> None:
        """Begin `catch_up` in a thread of its own."""
        mending.logged_behind("aula-catch-up", self.catch_up)

    def rebuild(self) -> None:
        """Make Chroma's folder anew from SQLite; words alone find until it is whole. Raises Cancelled."""
        with self._mending:
            loaded = self._loaded
            if loaded is None:
                return
            self.complete = False
            embed_missing(self._store, self.kept, loaded[0], self._stop, busy=self.busy)
            self._nearest.clear()
            mend(self.kept, self._empty(*loaded), self._stop)
            self.complete = True

    def renew(self, cancel: threading.Event) -> bool:
        """Make Chroma's folder anew, since Chroma only marks what is deleted; the old one serves until then.

        False when it must be tried again: a model is loading, or has changed meanwhile. Raises Cancelled.
        """
        with self._mending:
            loaded = self._loaded
            if self.state == "loading":
                return False
            if loaded is None:  # nobody has it open
                shutil.rmtree(self._folder, ignore_errors=True)
                return True
            embedder, old = loaded
            fresh = beside(self.kept, old, cancel)
            if self._loaded is not loaded:
                fresh.discard()
                return False
            self._loaded, self._folder = (embedder, fresh), fresh.folder
            mend(self.kept, fresh, cancel)  # what was written on the way
        cancel.wait(_GRACE_S)
        old.discard()
        return True

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Hold still while other chunks come to stand in SQLite under the same ids; then the index is made anew.

        Words alone find until it is. Chroma is emptied before: whatever happens, nothing in it is taken for a vector
        of what has come.
        """
        self._stop.set()  # what is being embedded has the lock, perhaps for hours
        with self._mending:
            self._stop.clear()
            if self._ended:
                self._stop.set()
            self.complete = False
            if self._loaded is None:  # nobody has it open
                shutil.rmtree(self._folder, ignore_errors=True)
            else:
                self._empty(*self._loaded)
            try:
                yield
            finally:
                self._nearest.clear()
                mending.logged_behind("aula-rebuild", self.rebuild)

    def _empty(self, embedder: Embedder, index: VectorStore) -> VectorStore:
        index.close()
        fresh = empty_index(self._folder, index.name)
        self._loaded = embedder, fresh
        return fresh
