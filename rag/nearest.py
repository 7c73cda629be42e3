"""The chunks nearest to a question: exactly, among few, or by Chroma's HNSW, among all. It loads no model.

A filter inside an HNSW index costs more the less it lets through. So the cosines of a few documents are taken of every
chunk they have, and a filter that lets much through is applied to more neighbours than are wanted.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag.kept_vectors import Ids, KeptVectors

if TYPE_CHECKING:
    from rag.embeddings import Matrix, Vector
    from rag.vectors import VectorStore

EXACT = 20_000  # chunks up to which every cosine is taken: 3 ms for vectors at hand, 0.1 s for those that are read
_HELD = 64 * 1024 * 1024  # bytes of vectors kept at hand
_SPARE = 1.5  # times as many neighbours as a filter would let through of a question about everything alike


class Nearest:
    """Searches vectors, and keeps at hand those of the documents that were asked last. Safe from several threads."""

    def __init__(self, kept: KeptVectors) -> None:
        """Read vectors from `kept`."""
        self._kept = kept
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], tuple[Ids, Matrix]] = OrderedDict()
        self._changes = 0

    def search(self, index: VectorStore, query: Vector, k: int, documents: Sequence[str] | None) -> dict[int, float]:
        """Return {chunk: cosine} of about the `k` nearest chunks of `documents`, or of all where that is None."""
        if documents is None:
            return index.search(query, k)
        few = self._kept.count(documents, EXACT + 1) <= EXACT
        found = {} if few else self._most(index, query, k, documents)
        return found if len(found) >= k else self._exact(index.name, query, k, documents)

    def _most(self, index: VectorStore, query: Vector, k: int, documents: Sequence[str]) -> dict[int, float]:
        """Return those of `documents` among more neighbours than are wanted: too few where they are about else."""
        total = index.count()
        near = index.search(query, min(total, int(_SPARE * k * max(1.0, total / EXACT))))
        inside = self._kept.within(list(near), documents)
        return {chunk: near[chunk] for chunk in sorted(inside, key=lambda chunk: -near[chunk])[:k]}

    def _exact(self, model: str, query: Vector, k: int, documents: Sequence[str]) -> dict[int, float]:
        """Return the `k` nearest by the cosine of each chunk of `documents`."""
        parts = [(ids, matrix) for ids, matrix in self._vectors(model, documents) if len(ids)]
        if not parts:
            return {}
        ids = np.concatenate([ids for ids, _ in parts])
        near = np.concatenate([matrix @ query for _, matrix in parts])
        best = np.argpartition(-near, k)[:k] if k < len(near) else np.arange(len(near))
        return {int(ids[place]): float(near[place]) for place in best}

    def cosines(self, model: str, query: Vector, chunks: Sequence[int]) -> dict[int, float]:
        """Return {chunk: cosine} for those of `chunks` that have a vector under `model`."""
        return {chunk: float(vector @ query) for chunk, vector in self._kept.get(model, chunks).items()}

    # -- vectors at hand ---------------------------------------------------------------------------------------

    def _vectors(self, model: str, documents: Sequence[str]) -> list[tuple[Ids, Matrix]]:
        with self._lock:
            before = self._changes
            held = {document: self._held.get((model, document)) for document in documents}
        lacking = [document for document, found in held.items() if found is None]
        read = self._kept.by_document(model, lacking) if lacking else {}
        with self._lock:
            if before == self._changes:  # what was read while vectors were written may be what was there before
                self._held.update({(model, document): found for document, found in read.items()})
            for document in documents:
                if (model, document) in self._held:
                    self._held.move_to_end((model, document))
            self._shrink()
        return [found for found in (held | read).values() if found is not None]

    def _shrink(self) -> None:
        size = sum(matrix.nbytes for _, matrix in self._held.values())
        while size > _HELD:
            _, (_, matrix) = self._held.popitem(last=False)
            size -= matrix.nbytes

    def forget(self, document: str) -> None:
        """Let go of a document's vectors: it has others now, or none."""
        with self._lock:
            self._changes += 1
            for key in [key for key in self._held if key[1] == document]:
                del self._held[key]

    def clear(self) -> None:
        """Let go of every vector."""
        with self._lock:
            self._changes += 1
            self._held.clear()
