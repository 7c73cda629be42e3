"""The embedding model in use and its vectors, loaded behind the page; it knows how to put Chroma right from SQLite."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import AulaError, Cancelled
from rag.store import Store

if TYPE_CHECKING:
    from rag.embeddings import Embedder, EmbeddingSpec
    from rag.vectors import VectorStore

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
        self.state = "none"
        self.error: AulaError | None = None

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
        self._loaded = embedder, VectorStore(self._folder, embedder)
        self.error = None
        self.state = "ready"
        self._settled.set()
        self.catch_up()

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
        """Make the collection hold a vector for every chunk in SQLite, and no other."""
        loaded = self._loaded
        if loaded is None:
            return
        embedder, vectors = loaded
        with self._mending:
            there = vectors.ids()  # before SQLite is asked: a chunk is always written there first
            known = self._store.ids()
            vectors.remove_chunks(sorted(there - known.keys()))
            missing = sorted(known.keys() - there)
            for start in range(0, len(missing), _PORTION):
                embed_chunks(embedder, vectors, self._store.chunk_texts(missing[start : start + _PORTION]))


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
