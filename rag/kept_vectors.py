"""The vector of every chunk in aula.sqlite, read and written in transactions of its own; it knows no embedding model.

What a model is called here is the name of its collection (EmbeddingSpec.collection).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sqlalchemy import Connection, Engine, func, select

from rag import vector_rows
from rag.database import chunks, reading, vectors
from rag.embeddings import Matrix, Vector

if TYPE_CHECKING:
    import numpy.typing as npt

_IN = 500  # ids a statement: under SQLite's limit on variables in every build

Ids: TypeAlias = "npt.NDArray[np.int64]"  # (n,)
Rows = tuple[list[int], list[str], Matrix]  # chunk ids, their documents, their vectors
Places = Mapping[int, tuple[object, ...]]  # of chunks: document, page, start, end


class KeptVectors:
    """Reads and writes rows of `vectors`. Safe to use from several threads."""

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        self._database = database
        self._reads = reading(database)

    def missing(self, model: str) -> list[int]:
        """Return the chunks that have no vector under `model`, in order."""
        with self._reads.connect() as connection:
            return vector_rows.missing(connection, model)

    def progress(self, model: str) -> tuple[int, int]:
        """Return how many chunks have a vector under `model`, and how many there are."""
        with self._reads.connect() as connection:
            total = connection.execute(select(func.count()).select_from(chunks)).scalar_one()
            return int(total) - len(vector_rows.missing(connection, model)), int(total)

    def ids(self, model: str) -> set[int]:
        """Return the chunks that have a vector under `model`."""
        with self._reads.connect() as connection:
            return set(connection.execute(select(vectors.c.chunk).where(vectors.c.model == model)).scalars())

    def models(self) -> list[str]:
        """Return the models that any chunk has a vector under."""
        with self._reads.connect() as connection:
            return sorted(connection.execute(select(vectors.c.model).distinct()).scalars())

    def rows(self, model: str, ids: Sequence[int]) -> Rows:
        """Return those of the chunks `ids` that have a vector under `model`, with documents and vectors."""
        found: list[Any] = []
        with self._reads.connect() as connection:
            for start in range(0, len(ids), _IN):
                query = (
                    select(vectors.c.chunk, chunks.c.document, vectors.c.vector)
                    .join(chunks, chunks.c.id == vectors.c.chunk)
                    .where(vectors.c.model == model, vectors.c.chunk.in_(ids[start : start + _IN]))
                )
                found += connection.execute(query).all()
        packed = vector_rows.unpacked([row.vector for row in found])
        return [int(row.chunk) for row in found], [str(row.document) for row in found], packed

    def get(self, model: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return {chunk: vector} for those of `ids` that have one under `model`."""
        found: list[Any] = []
        with self._reads.connect() as connection:
            for start in range(0, len(ids), _IN):
                query = select(vectors.c.chunk, vectors.c.vector).where(
                    vectors.c.model == model, vectors.c.chunk.in_(ids[start : start + _IN])
                )
                found += connection.execute(query).all()
        packed = vector_rows.unpacked([row.vector for row in found])
        return {int(row.chunk): vector for row, vector in zip(found, packed, strict=True)}

    def by_document(self, model: str, documents: Sequence[str]) -> dict[str, tuple[Ids, Matrix]]:
        """Return {document: (ids, vectors) of its chunks} under `model`; a document without any has none."""
        found: dict[str, list[tuple[int, bytes]]] = {document: [] for document in documents}
        with self._reads.connect() as connection:
            for start in range(0, len(documents), _IN):
                query = (
                    select(chunks.c.document, chunks.c.id, vectors.c.vector)
                    .join(vectors, (vectors.c.chunk == chunks.c.id) & (vectors.c.model == model))
                    .where(chunks.c.document.in_(documents[start : start + _IN]))
                )
                for document, chunk, vector in connection.execute(query):
                    found[document].append((chunk, vector))
        return {
            document: (np.array([key for key, _ in rows], np.int64), vector_rows.unpacked([one for _, one in rows]))
            for document, rows in found.items()
        }

    def count(self, documents: Sequence[str], most: int) -> int:
        """Return how many chunks `documents` have, or `most` where they have more: it costs no more than that."""
        found = 0
        with self._reads.connect() as connection:
            for start in range(0, len(documents), _IN):
                part = documents[start : start + _IN]
                some = select(chunks.c.document).where(chunks.c.document.in_(part)).limit(most - found).subquery()
                found += int(connection.execute(select(func.count()).select_from(some)).scalar_one())
                if found >= most:
                    break
        return found

    def within(self, ids: Sequence[int], documents: Collection[str]) -> set[int]:
        """Return those of `ids` that are chunks of `documents`."""
        wanted = set(documents)
        found: set[int] = set()
        with self._reads.connect() as connection:
            for start in range(0, len(ids), _IN):
                query = select(chunks.c.id, chunks.c.document).where(chunks.c.id.in_(ids[start : start + _IN]))
                found.update(row.id for row in connection.execute(query) if row.document in wanted)
        return found

    def places(self, ids: Sequence[int]) -> Places:
        """Return where each of `ids` stands that is there, to be asked before its text is read: see `write`."""
        with self._reads.connect() as connection:
            return _places(connection, ids)

    def write(self, model: str, ids: Sequence[int], matrix: Matrix, read: Places | None = None) -> None:
        """Keep a vector for each of `ids` that is still there: a chunk may go while it is embedded.

        `read`: where they stood when they were read. A restore can bring another chunk under the same id, which the
        vector is not of.
        """
        with self._database.begin() as connection:
            there = _places(connection, ids)
            if read is not None:
                there = {key: place for key, place in there.items() if read.get(key) == place}
            kept = [at for at, key in enumerate(ids) if key in there]
            vector_rows.write(connection, model, [ids[at] for at in kept], matrix[kept])

    def drop(self, model: str) -> None:
        """Forget every vector of `model`."""
        with self._database.begin() as connection:
            vector_rows.drop(connection, model)


def _places(connection: Connection, ids: Sequence[int]) -> Places:
    found: dict[int, tuple[object, ...]] = {}
    for start in range(0, len(ids), _IN):
        query = select(chunks.c.id, chunks.c.document, chunks.c.page, chunks.c.start, chunks.c.end)
        rows = connection.execute(query.where(chunks.c.id.in_(ids[start : start + _IN])))
        found.update({int(row[0]): tuple(row[1:]) for row in rows})
    return found
