"""A question to the chunks that answer it: dense and lexical search, fused. It knows nothing of the language model.

Fusion is the convex combination of per-query normalised scores (Bruch, Gai and Ingber 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval"), not of ranks: rank fusion lets a weak list hurt a strong one.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag import lexical
from rag.dense import Dense
from rag.errors import EmptyQuestion
from rag.store import Store

CANDIDATES = 100  # from each of the two searches, before fusion


@dataclass(frozen=True)
class Passage:
    """A chunk that was found. `dense` is a cosine, `lexical` a BM25 score, `score` the fused one (0..1)."""

    chunk: int
    document: str
    name: str
    page: int
    text: str
    start: int
    end: int
    score: float
    dense: float
    lexical: float
    language: str = ""


class Retriever:
    """Searches what an owner holds."""

    def __init__(self, store: Store, dense: Dense) -> None:
        """Search with this store and, once they are loaded, these vectors."""
        self._store = store
        self._dense = dense

    def search(
        self,
        owner: str,
        question: str,
        k: int = 5,
        documents: Sequence[str] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[Passage]:
        """Return the best `k` chunks of `documents` (None: all that `owner` holds), best first.

        Raises EmptyQuestion, DocumentNotFound (also for another's document), Cancelled.
        """
        if not question.strip():
            raise EmptyQuestion
        held = self._store.documents(owner)
        if documents is not None:
            held = [self._store.document(owner, document) for document in documents]
        if not held:
            return []
        ids = [document.id for document in held]
        terms = lexical.query_terms(question, sorted({document.language for document in held}))
        by_words = self._store.lexical(terms, ids, max(CANDIDATES, k))
        weight, by_meaning = self._search_dense(owner, question, ids, documents is None, by_words, k, cancel)
        fused = fuse(by_meaning, by_words, weight)
        # Vectors of another owner's documents, or of an upload on its way, must not take the place of what is held.
        owners = self._store.documents_of(fused)
        fused = {chunk: score for chunk, score in fused.items() if owners.get(chunk) in set(ids)}
        best = sorted(fused, key=lambda chunk: (-fused[chunk], chunk))[:k]
        found = self._store.chunks(owner, best)
        return [
            Passage(
                chunk=chunk.id,
                document=chunk.document,
                name=chunk.name,
                page=chunk.page,
                text=chunk.text,
                start=chunk.start,
                end=chunk.end,
                score=fused[chunk.id],
                dense=by_meaning.get(chunk.id, 0.0),
                lexical=by_words.get(chunk.id, 0.0),
                language=chunk.language,
            )
            for chunk in (found[key] for key in best if key in found)
        ]

    def _search_dense(
        self,
        owner: str,
        question: str,
        ids: Sequence[str],
        everything: bool,
        by_words: Mapping[int, float],
        k: int,
        cancel: threading.Event | None,
    ) -> tuple[float, dict[int, float]]:
        """Return the dense weight and {chunk: cosine} of the nearest chunks and of those found by words."""
        loaded = self._dense.get(cancel)
        if loaded is None or not self._dense.complete:
            return 0.0, {}
        embedder, vectors = loaded
        query = embedder.encode_query(question)
        unfiltered = everything and not self._store.held_by_others(owner)
        found = vectors.search(query, max(CANDIDATES, k), None if unfiltered else ids)
        # A chunk found by its words has a cosine too: without it, it would count as the farthest of all.
        for chunk, vector in vectors.get([chunk for chunk in by_words if chunk not in found]).items():
            found[chunk] = float(np.dot(query, vector) / (np.linalg.norm(vector) or 1.0))
        return embedder.spec.weight, found


def fuse(dense: Mapping[int, float], words: Mapping[int, float], weight: float) -> dict[int, float]:
    """Return weight * dense (min-max to 0..1) + (1 - weight) * BM25 (divided by its maximum), for chunks of either."""
    low = min(dense.values(), default=0.0)
    span = max(dense.values(), default=0.0) - low
    top = max(words.values(), default=0.0)
    return {
        chunk: weight * (((dense[chunk] - low) / span if span > 0 else 1.0) if chunk in dense else 0.0)
        + (1.0 - weight) * (words.get(chunk, 0.0) / top if top > 0 else 0.0)
        for chunk in dense.keys() | words.keys()
    }
