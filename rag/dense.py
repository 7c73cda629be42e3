"""The embedding model in use and its vectors, loaded behind the page; it knows how to put Chroma right from SQLite."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import AulaError, Cancelled, ModelNotReady
from rag.store import Store

if TYPE_CHECKING:
    from rag.embeddings import Embedder, EmbeddingSpec
    from rag.vectors import VectorStore

BATCH = 32  # chunks between two looks at the cancel event, about two seconds on two cores
_PORTION = 2_000  # chunks whose texts are held at a time while putting Chroma right


class Dense:
    """Holds the embedder and its vector store once they are there. `state`: none | loading | ready | failed."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Know where the vectors lie; nothing is loaded yet."""
        self._store = store
        self._folder = folder
        self._settled = threading.Event()
        self._loaded: tuple[Embedder, VectorStore] | None = None
        self.state = "none"
        self.error: AulaError | None = None

    def load(self, folder: Path, spec: EmbeddingSpec) -> None:
        """Load the model (seconds), open its collection and embed what is missing there."""
        from rag.embeddings import Embedder
        from rag.vectors import VectorStore

        self.state = "loading"
        self._settled.clear()
        embedder = Embedder(folder, spec)
        vectors = VectorStore(self._folder, embedder)
        self.reconcile(embedder, vectors)
        self._loaded = embedder, vectors
        self.state = "ready"
        self._settled.set()

    def fail(self, error: AulaError) -> None:
        """Say that there will be no embeddings: searches go by words alone from now on."""
        self.error = error
        self.state = "failed"
        self._settled.set()

    def get(
        self, timeout: float | None = 0.0, cancel: threading.Event | None = None
    ) -> tuple[Embedder, VectorStore] | None:
        """Return the embedder and vectors, waiting up to `timeout` seconds (None: until they are settled).

        None means that this machine has no embedding model. Raises ModelNotReady when the time is over.
        """
        waited = 0.0
        while not self._settled.wait(0.1 if timeout is None or timeout > 0 else 0.0):
            waited += 0.1
            if cancel is not None and cancel.is_set():
                raise Cancelled
            if timeout is not None and waited >= timeout:
                raise ModelNotReady
        return self._loaded

    def reconcile(self, embedder: Embedder, vectors: VectorStore) -> None:
        """Make the collection hold a vector for every chunk in SQLite, and no other."""
        known = self._store.ids()
        there = vectors.ids()
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
