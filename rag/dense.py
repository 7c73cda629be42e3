"""The embedding model in use and its vectors, loaded behind the page; it knows how to put Chroma right from SQLite."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import AulaError, Cancelled
from rag.store import Store

if TYPE_CHECKING:
    from rag.embeddings import Embedder, EmbeddingSpec
    from rag.vectors import VectorStore

log = logging.getLogger(__name__)

BATCH = 32  # chunks between two looks at the cancel event, about two seconds on two cores
_PORTION = 2_000  # chunks whose texts are held at a time while putting Chroma right


class Dense:
    """Holds the embedder and its vector store once they are there. `state`: none | loading | ready | failed.

    Until then, and where there is no embedding model, searches go by words alone: a question never waits for a
    download, only for the seconds that loading takes.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        """Know where the vectors lie; nothing is loaded yet."""
        self._store = store
        self._folder = folder
        self._settled = threading.Event()
        self._settled.set()
        self._mending = threading.Lock()
        self._loaded: tuple[Embedder, VectorStore] | None = None
        self._stop = threading.Event()
        self.state = "none"
        self.complete = False  # whether every chunk has its vector: half an index would hide the rest
        self.error: AulaError | None = None

    def stop(self) -> None:
        """End what is being embedded."""
        self._stop.set()

    def expect(self) -> None:
        """Say that a load is about to begin, so that what is asked meanwhile waits for it."""
        self._settled.clear()
        self.state = "loading"

    def load(self, folder: Path, spec: EmbeddingSpec) -> None:
        """Load the model (seconds), open its collection, then embed what is missing there."""
        from rag.embeddings import Embedder
        from rag.vectors import VectorStore

        self.expect()
        embedder = Embedder(folder, spec)
        self._loaded = embedder, _open(self._folder, embedder, VectorStore)
        self.complete = False
        self.error = None
        self.state = "ready"
        self._settled.set()
        self._catch_up_logged()

    def fail(self, error: AulaError) -> None:
        """Say that there will be no embeddings: searches go by words alone from now on."""
        self.error = error
        self.state = "failed"
        self._settled.set()

    def get(self, cancel: threading.Event | None = None) -> tuple[Embedder, VectorStore] | None:
        """Return the embedder and vectors, waiting while they load; None when there are none. Raises Cancelled."""
        while not self._settled.wait(0.1):
            if cancel is not None and cancel.is_set():
                raise Cancelled
        return self._loaded

    def forget(self, document: str) -> None:
        """Remove a document's vectors, if there are any here."""
        loaded = self._loaded
        if loaded is not None:
            loaded[1].remove(document)

    def catch_up(self) -> None:
        """Make the collection hold a vector for every chunk in SQLite, and no other; searches then count on it."""
        loaded = self._loaded
        if loaded is None:
            return
        embedder, vectors = loaded
        with self._mending, suppress(Cancelled):
            there = vectors.ids()  # before SQLite is asked: a chunk is always written there first
            known = self._store.ids()
            # Asked again: a document that is cut anew has its vectors before its chunks.
            vectors.remove_chunks(sorted(there - known.keys() - self._store.ids().keys()))
            missing = sorted(known.keys() - there)
            for start in range(0, len(missing), _PORTION):
                part = missing[start : start + _PORTION]
                embed_chunks(embedder, vectors, self._store.chunk_texts(part), cancel=self._stop)
                # What was deleted while it was embedded has come back: out with it.
                vectors.remove_chunks(sorted(set(part) - self._store.ids().keys()))
            self.complete = True

    def catch_up_soon(self) -> None:
        """Begin `catch_up` in a thread of its own."""
        threading.Thread(target=self._catch_up_logged, name="aula-catch-up", daemon=True).start()

    def _catch_up_logged(self) -> None:
        try:
            self.catch_up()
        except Exception:
            log.exception("the vectors could not be completed; the next start tries again")


def _open(folder: Path, embedder: Embedder, kind: type[VectorStore]) -> VectorStore:
    """Open Chroma's folder; a damaged one is put aside and made anew, since all of it stands in SQLite too."""
    try:
        return kind(folder, embedder)
    except Exception:
        log.exception("the vector index is damaged: it is being made anew")
        aside = folder.with_name(f"{folder.name}.damaged")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        return kind(folder, embedder)


def embed_chunks(
    embedder: Embedder,
    vectors: VectorStore,
    rows: Sequence[tuple[int, str, str]],
    progress: Callable[[int, int], None] | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Embed (chunk id, document, text) rows in batches and keep the vectors. Raises Cancelled between two batches.

    Batches are cut from texts sorted by length, so that little of a batch is padding.
    """
    by_length = sorted(rows, key=lambda row: len(row[2]))
    for start in range(0, len(by_length), BATCH):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        ids, documents, texts = zip(*by_length[start : start + BATCH], strict=True)
        vectors.add(ids, documents, embedder.encode_passages(texts))
        if progress is not None:
            progress(min(start + BATCH, len(by_length)), len(by_length))
