"""Chroma, through langchain-chroma: vectors and their ids only. The texts stand in aula.sqlite."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.embeddings import Embedder, Matrix, Vector

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from langchain_chroma import Chroma

_BATCH = 4_000  # under Chroma's own limit of one call


class VectorStore:
    """The vectors of every chunk under one embedding model. Safe to use from several threads."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        """Open (or make) the collection that belongs to the embedder's model and hash."""
        from langchain_chroma import Chroma

        self._lock = threading.Lock()
        self._client = _client(folder)
        self._chroma: Chroma = Chroma(
            collection_name=embedder.spec.collection,
            embedding_function=embedder,
            client=self._client,
            collection_configuration={"hnsw": {"space": "cosine"}},
        )
        # LangChain's own add_texts embeds one by one call and keeps the texts: writing goes to the collection itself.
        self._collection: Collection = self._client.get_collection(embedder.spec.collection, embedding_function=None)

    def add(self, chunks: Sequence[int], documents: Sequence[str], vectors: Matrix) -> None:
        """Keep a vector a chunk, each with its document. The text is left empty on purpose: SQLite has it, once."""
        for start in range(0, len(chunks), _BATCH):
            part = slice(start, start + _BATCH)
            with self._lock:
                self._collection.upsert(
                    ids=[str(chunk) for chunk in chunks[part]],
                    embeddings=list(vectors[part]),
                    metadatas=[{"document": document} for document in documents[part]],
                    documents=[""] * len(chunks[part]),
                )

    def search(self, query: Vector, k: int, documents: Sequence[str] | None = None) -> dict[int, float]:
        """Return {chunk id: cosine similarity} of the nearest `k` chunks; `documents` None searches all.

        A filter makes Chroma several times slower on large collections, so the caller leaves it out when it can.
        """
        if documents is not None and not documents:
            return {}
        chosen = None if documents is None else {"document": {"$in": list(documents)}}
        found = self._chroma.similarity_search_by_vector_with_relevance_scores(
            [float(value) for value in query],
            k=k,
            filter=chosen,  # type: ignore[arg-type]
        )
        return {int(document.id): 1.0 - float(distance) for document, distance in found if document.id}

    def get(self, chunks: Sequence[int]) -> dict[int, Vector]:
        """Return the stored vectors of `chunks`; those without one are left out."""
        if not chunks:
            return {}
        got = self._collection.get(ids=[str(chunk) for chunk in chunks], include=["embeddings"])
        vectors = got["embeddings"]
        if vectors is None:
            return {}
        return {int(key): np.asarray(value, dtype=np.float32) for key, value in zip(got["ids"], vectors, strict=True)}

    def ids(self) -> set[int]:
        """Return the ids of every chunk that has a vector."""
        return {int(key) for key in self._collection.get(include=[])["ids"]}

    def remove(self, document: str) -> None:
        """Take out every vector of a document, those of other embedding models too."""
        with self._lock:
            for collection in self._client.list_collections():
                collection.delete(where={"document": document})

    def remove_chunks(self, chunks: Sequence[int]) -> None:
        """Take out the vectors of these chunks."""
        for start in range(0, len(chunks), _BATCH):
            with self._lock:
                self._collection.delete(ids=[str(chunk) for chunk in chunks[start : start + _BATCH]])


def _client(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    folder.mkdir(parents=True, exist_ok=True)
    return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
