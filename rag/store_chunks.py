"""Chunks as a search reads them, with their texts and terms; it writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Engine, func, select

from rag import bm25, lexical
from rag.database import chunks, documents, holdings, pages
from rag.frequencies import Frequencies
from rag.pages import label
from rag.records import Chunk, Opening
from rag.store_base import Rows, portions


class ChunkReads(Rows):
    """The part of the store that searches use."""

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        super().__init__(database)
        self._frequencies = Frequencies()

    def documents_of(self, ids: Iterable[int]) -> dict[int, str]:
        """Return {chunk id: document} for those of `ids` that exist."""
        found: dict[int, str] = {}
        with self._reads.connect() as connection:
            for part in portions(list(ids)):
                query = select(chunks.c.id, chunks.c.document).where(chunks.c.id.in_(part))
                found.update({row.id: row.document for row in connection.execute(query)})
        return found

    def chunk_texts(self, ids: Sequence[int]) -> list[tuple[int, str, str]]:
        """Return (chunk id, document, text) for `ids`, whoever holds them: what is embedded."""
        found: list[tuple[int, str, str]] = []
        with self._reads.connect() as connection:
            for part in portions(ids):
                query = (
                    select(chunks, pages.c.text)
                    .join(pages, (pages.c.document == chunks.c.document) & (pages.c.number == chunks.c.page))
                    .where(chunks.c.id.in_(part))
                )
                for row in connection.execute(query):
                    found.append((row.id, row.document, row.text[row.start : row.end]))
        return found

    def chunks(self, owner: str, ids: Iterable[int]) -> dict[int, Chunk]:
        """Return the chunks of `ids` that are the owner's, with their texts."""
        found: dict[int, Chunk] = {}
        with self._reads.connect() as connection:
            for part in portions(list(ids)):
                query = (
                    select(chunks, pages.c.text, holdings.c.name, documents.c.language, documents.c.unit)
                    .join(pages, (pages.c.document == chunks.c.document) & (pages.c.number == chunks.c.page))
                    .join(documents, documents.c.id == chunks.c.document)
                    .join(holdings, holdings.c.document == chunks.c.document)
                    .where(chunks.c.id.in_(part), holdings.c.owner == owner)
                )
                for row in connection.execute(query):
                    found[row.id] = Chunk(
                        row.id,
                        row.document,
                        row.name,
                        row.page,
                        row.start,
                        row.end,
                        row.text[row.start : row.end],
                        row.language,
                        row.heading,
                        row.unit,
                        label(row.unit, row.text),
                    )
        return found

    def openings(self, owner: str, ids: Iterable[int], length: int) -> dict[int, Opening]:
        """Return where the chunks of `ids` that are the owner's stand, each with its first `length` characters."""
        found: dict[int, Opening] = {}
        begins = func.substr(pages.c.text, chunks.c.start + 1, func.min(length, chunks.c.end - chunks.c.start))
        head = func.substr(pages.c.text, 1, length)
        with self._reads.connect() as connection:
            for part in portions(list(ids)):
                query = (
                    select(chunks, begins.label("begins"), head.label("head"), holdings.c.name, documents.c.unit)
                    .join(pages, (pages.c.document == chunks.c.document) & (pages.c.number == chunks.c.page))
                    .join(documents, documents.c.id == chunks.c.document)
                    .join(holdings, holdings.c.document == chunks.c.document)
                    .where(chunks.c.id.in_(part), holdings.c.owner == owner)
                )
                for row in connection.execute(query):
                    place = (row.id, row.document, row.name, row.page, row.start, row.end)
                    found[row.id] = Opening(*place, row.begins, row.unit, label(row.unit, row.head))
        return found

    def lexical(self, terms: Sequence[str], documents_: Sequence[str] | None, k: int) -> dict[int, float]:
        """Return {chunk id: BM25} of the best `k` chunks of these documents, or of all where that is None."""
        with self._reads.connect() as connection:
            _, known = self._frequencies.of(connection, terms)
            return bm25.search(connection, terms, documents_, k, known)

    def lexical_parts(self, terms: Sequence[str], ids: Sequence[int]) -> dict[int, dict[str, float]]:
        """Return {chunk id: {term: its part of the BM25 score}}."""
        with self._reads.connect() as connection:
            _, known = self._frequencies.of(connection, terms)
            return bm25.contributions(connection, terms, ids, known)

    def document_frequencies(self, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Return the number of chunks, and in how many of them each term stands."""
        with self._reads.connect() as connection:
            return self._frequencies.of(connection, terms)

    def term_weights(self, terms: Sequence[str]) -> dict[str, float]:
        """Return {term: inverse document frequency} over all chunks; a term that stands nowhere weighs most."""
        return lexical.weights(*self.document_frequencies(terms), terms)

    def ids(self) -> dict[int, str]:
        """Return {chunk id: document} of every chunk, for putting Chroma right."""
        with self._reads.connect() as connection:
            return {row.id: row.document for row in connection.execute(select(chunks.c.id, chunks.c.document))}

    def chunk_ids(self, document: str) -> list[int]:
        """Return the ids of a document's chunks, in the order they were made."""
        query = select(chunks.c.id).where(chunks.c.document == document).order_by(chunks.c.id)
        with self._reads.connect() as connection:
            return list(connection.execute(query).scalars())
