"""Chunks, their index rows and their vectors inside an open transaction: they are always written together.

It knows nothing of who holds a document.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, text, update

from rag import lexical, vector_rows
from rag.chunking import Cut, Span
from rag.database import chunks, documents
from rag.embeddings import Matrix


def reserve(connection: Connection, count: int) -> list[int]:
    """Return `count` chunk ids that nothing has had or will get, not even when they stay unused."""
    if count == 0:
        return []
    last = connection.execute(text("SELECT MAX(seq) FROM sqlite_sequence WHERE name = 'chunks'")).scalar_one()
    if last is None:
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES ('chunks', 0)"))
    first = int(last or 0) + 1
    connection.execute(
        text("UPDATE sqlite_sequence SET seq = :last WHERE name = 'chunks'"), {"last": first + count - 1}
    )
    return list(range(first, first + count))


def terms(texts: Sequence[str], language: str) -> list[str]:
    """Return what goes into the full-text index for each text; made before the transaction begins."""
    return [lexical.index_terms(value, language) for value in texts]


def write(
    connection: Connection, document: str, ids: Sequence[int], spans: Sequence[Span], indexed: Sequence[str]
) -> None:
    """Write a document's chunks under `ids`, and the terms of each into the full-text index."""
    if spans:
        pairs = zip(ids, spans, strict=True)
        connection.execute(insert(chunks), [{"id": key, "document": document, **vars(span)} for key, span in pairs])
        lexical.add(connection, list(zip(ids, indexed, strict=True)))


def write_vectors(connection: Connection, model: str, ids: Sequence[int], vectors: Matrix | None) -> None:
    """Write the vectors of chunks that were just written; None where there is no embedding model yet."""
    if vectors is not None:
        vector_rows.write(connection, model, ids, vectors)


def remove(connection: Connection, document: str, first: int = 1, last: int | None = None) -> None:
    """Take the chunks of pages `first` to `last` (both included; None: to the end) out, index rows and vectors too."""
    one = (chunks.c.document == document) & (chunks.c.page >= first)
    if last is not None:
        one &= chunks.c.page <= last
    ids = list(connection.execute(select(chunks.c.id).where(one)).scalars())
    if ids:
        statement = text("DELETE FROM chunk_terms WHERE rowid = :id")
        connection.execute(statement, [{"id": key} for key in ids])
        connection.execute(delete(chunks).where(one))


def exchange(
    connection: Connection,
    document: str,
    cut: Cut,
    old: Sequence[int],
    ids: Sequence[int],
    spans: Sequence[Span],
    indexed: Sequence[str],
) -> bool:
    """Put new chunks in the place of a document's `old` ones and keep how it was cut; False when those have changed."""
    query = select(chunks.c.id).where(chunks.c.document == document)
    if set(connection.execute(query).scalars()) != set(old):
        return False
    remove(connection, document)
    write(connection, document, ids, spans, indexed)
    one = documents.c.id == document
    connection.execute(update(documents).where(one).values(chunk_size=cut.size, chunk_overlap=cut.overlap))
    return True
