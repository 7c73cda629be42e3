"""Chunks and their index rows inside an open transaction: the two are always written together.

It knows nothing of who holds a document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select, text, update

from rag import lexical
from rag.chunking import Cut, Span
from rag.database import chunks, documents, pages


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


def write(
    connection: Connection,
    document: str,
    language: str,
    page_texts: Mapping[int, str],
    ids: Sequence[int],
    spans: Sequence[Span],
) -> None:
    """Write a document's chunks under `ids`, and the terms of each into the full-text index."""
    if not spans:
        return
    pairs = list(zip(ids, spans, strict=True))
    connection.execute(insert(chunks), [{"id": key, "document": document, **vars(span)} for key, span in pairs])
    lexical.add(
        connection,
        [(key, lexical.index_terms(page_texts[span.page][span.start : span.end], language)) for key, span in pairs],
    )


def exchange(connection: Connection, document: str, cut: Cut, ids: Sequence[int], spans: Sequence[Span]) -> list[int]:
    """Put new chunks in the place of a document's old ones and keep how it was cut; return the old ones' ids."""
    one = documents.c.id == document
    language = connection.execute(select(documents.c.language).where(one)).scalar_one()
    texts = connection.execute(select(pages.c.number, pages.c.text).where(pages.c.document == document)).all()
    old = connection.execute(select(chunks.c.id).where(chunks.c.document == document)).scalars().all()
    lexical.remove(connection, document)
    connection.execute(delete(chunks).where(chunks.c.document == document))
    write(connection, document, language, {row.number: row.text for row in texts}, ids, spans)
    connection.execute(update(documents).where(one).values(chunk_size=cut.size, chunk_overlap=cut.overlap))
    return list(old)
