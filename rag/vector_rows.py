"""Vectors as rows of aula.sqlite, inside an open transaction; nothing here knows how they are searched.

They are kept in float16: a vector of length 1 loses less than 0.001 of a cosine, and half of the room.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from rag.database import chunks, vectors
from rag.embeddings import Matrix

_KEPT = np.dtype("<f2")


def rounded(matrix: Matrix) -> Matrix:
    """Return (n, dimensions) float32 vectors as they will be read back, so that Chroma holds the same."""
    return np.asarray(matrix.astype(_KEPT), dtype=np.float32)


def write(connection: Connection, model: str, ids: Sequence[int], matrix: Matrix) -> None:
    """Keep a vector a chunk under `model`; chunks must be written first."""
    if ids:
        rows = [
            {"chunk": key, "model": model, "vector": vector.tobytes()}
            for key, vector in zip(ids, matrix.astype(_KEPT), strict=True)
        ]
        connection.execute(insert(vectors).prefix_with("OR REPLACE"), rows)


def read(connection: Connection, model: str, documents: Sequence[str]) -> tuple[list[int], Matrix]:
    """Return the ids and the (n, dimensions) vectors of every chunk of `documents` under `model`."""
    query = (
        select(vectors.c.chunk, vectors.c.vector)
        .join(chunks, chunks.c.id == vectors.c.chunk)
        .where(vectors.c.model == model, chunks.c.document.in_(documents))
    )
    found = connection.execute(query).all()
    return [int(row.chunk) for row in found], unpacked([row.vector for row in found])


def unpacked(blobs: Sequence[bytes]) -> Matrix:
    """Return (n, dimensions) vectors of what stands in `n` rows; (0, 0) for none."""
    if not blobs:
        return np.empty((0, 0), dtype=np.float32)
    return np.frombuffer(b"".join(blobs), dtype=_KEPT).reshape(len(blobs), -1).astype(np.float32)


def missing(connection: Connection, model: str) -> list[int]:
    """Return the chunks that have no vector under `model`, in order."""
    there = select(vectors.c.chunk).where(vectors.c.model == model)
    return list(
        connection.execute(select(chunks.c.id).where(chunks.c.id.not_in(there)).order_by(chunks.c.id)).scalars()
    )


def drop(connection: Connection, model: str) -> None:
    """Forget every vector of `model`."""
    connection.execute(delete(vectors).where(vectors.c.model == model))
