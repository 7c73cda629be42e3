"""Chroma: vectors and their ids only, for the nearest of all. The texts and the vectors themselves are in aula.sqlite.

It is asked directly: LangChain's wrapper brings the text and the metadata of each neighbour along, at twice the time.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

    from rag.embeddings import Matrix, Vector

_WIDE = 400  # neighbours that HNSW looks for at least
_BATCH = 4_000  # under Chroma's own limit of one call


class VectorStore:
    """The vectors of every chunk under one embedding model. Safe to use from several threads."""

    def __init__(self, folder: Path, name: str) -> None:
        """Open (or make) the collection `name`, which belongs to an embedding model and its hash."""
        self.name = name
        self.folder = folder
        self._lock = threading.Lock()
        self._client = _client(folder)
        self.collection: Collection = self._client.get_or_create_collection(
            name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )

    def add(self, chunks: Sequence[int], documents: Sequence[str], vectors: Matrix) -> None:
        """Keep a vector a chunk, each with its document, in place of one that is there."""
        for start in range(0, len(chunks), _BATCH):
            part = slice(start, start + _BATCH)
            with self._lock:
                self.collection.upsert(
                    ids=[str(chunk) for chunk in chunks[part]],
                    embeddings=np.ascontiguousarray(vectors[part], dtype=np.float32),
                    metadatas=[{"document": document} for document in documents[part]],
                )

    def search(self, query: Vector, k: int) -> dict[int, float]:
        """Return {chunk id: cosine similarity} of the nearest `k` chunks of all, as HNSW finds them.

        There is no filter: Chroma's makes it many times slower on a large collection. HNSW looks as far as it is asked
        for neighbours, so it is asked for more than are wanted: among 100,000 chunks that lie close together it then
        finds 0.90 of the ten nearest instead of 0.61, in 3 ms instead of 1.
        """
        wide = max(k, _WIDE)
        found = self.collection.query(query_embeddings=query[np.newaxis], n_results=wide, include=["distances"])
        distances = (found["distances"] or [[]])[0]
        near = sorted(zip(distances, map(int, found["ids"][0]), strict=True))[:k]
        return {chunk: 1.0 - float(far) for far, chunk in near}

    def get(self, chunks: Sequence[int]) -> tuple[list[int], Matrix]:
        """Return those of `chunks` that are here, and their (n, dimensions) vectors."""
        got = self.collection.get(ids=[str(chunk) for chunk in chunks], include=["embeddings"])
        return [int(key) for key in got["ids"]], np.asarray(got["embeddings"], dtype=np.float32)

    def count(self) -> int:
        """Return how many chunks have a vector."""
        return self.collection.count()

    def ids(self) -> set[int]:
        """Return the ids of every chunk that has a vector."""
        return {int(key) for key in self.collection.get(include=[])["ids"]}

    def remove(self, document: str) -> None:
        """Take out every vector of a document, those of other embedding models too."""
        with self._lock:
            for collection in self._client.list_collections():
                collection.delete(where={"document": document})

    def remove_chunks(self, chunks: Sequence[int]) -> None:
        """Take out the vectors of these chunks."""
        for start in range(0, len(chunks), _BATCH):
            with self._lock:
                self.collection.delete(ids=[str(chunk) for chunk in chunks[start : start + _BATCH]])

    def drop_others(self) -> None:
        """Remove the collections of every other model: one serves, and another's can be made from SQLite."""
        with self._lock:
            for collection in self._client.list_collections():
                if collection.name != self.name:
                    self._client.delete_collection(collection.name)

    def check(self) -> None:
        """Raise whatever Chroma raises when its files are damaged: some of them are only read by a search."""
        self.ids()
        some = self.collection.peek(1)["embeddings"]
        if some is not None and len(some):
            self.search(np.asarray(some[0], dtype=np.float32), 1)

    def discard(self) -> None:
        """Let go of the folder and delete it."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()  # type: ignore[attr-defined]

    @staticmethod
    def let_go() -> None:
        """Make Chroma forget every folder that it has open, so that one can be made anew in its place."""
        from chromadb.api.shared_system_client import SharedSystemClient

        SharedSystemClient.clear_system_cache()


def _client(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    folder.mkdir(parents=True, exist_ok=True)
    return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
