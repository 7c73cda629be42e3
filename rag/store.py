"""Documents, their pages and chunks in aula.sqlite: the truth. It knows nothing of vectors or of files being read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select, text

from rag import chunk_rows, lexical
from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE, Cut, Span
from rag.database import checkpoint, chunks, documents, holdings, pages, reading
from rag.errors import DocumentNotFound, DocumentShared
from rag.loaders import PageText

_IN = 500  # ids a statement: under SQLite's limit on variables in every build


@dataclass(frozen=True)
class Document:
    """A document as its owner sees it. `id` is the sha256 of its bytes; `note` says in each language what is amiss."""

    id: str
    name: str
    pages: int
    chunks: int
    language: str
    status: str
    bytes: int
    added: datetime
    unit: str = "page"
    note: dict[str, str] | None = None
    chunk_size: int = CHUNK_SIZE
    chunk_overlap: int = CHUNK_OVERLAP

    def message(self, lang: str) -> str:
        """Return what is amiss, in `lang`, or an empty text."""
        return (self.note or {}).get(lang, "")


@dataclass(frozen=True)
class Chunk:
    """A chunk with its text, cut from its page: start and end are characters of the page's text."""

    id: int
    document: str
    name: str
    page: int
    start: int
    end: int
    text: str
    language: str


@dataclass(frozen=True)
class Facts:
    """What is known of a document besides its pages."""

    id: str
    suffix: str
    bytes: int
    title: str
    unit: str
    language: str
    status: str
    note: dict[str, str] | None = None


class Store:
    """Reads and writes of the library. Reads name the owner; another's document is as one that is not there."""

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        self._database = database
        self._reads = reading(database)

    def hold(self, owner: str, document: str, name: str) -> bool:
        """Let `owner` hold a document that is stored already; False if it is not stored, or already held."""
        with self._database.begin() as connection:
            if not _exists(connection, document) or _held(connection, owner, document):
                return False
            connection.execute(
                insert(holdings).values(owner=owner, document=document, name=name, added=datetime.now(UTC))
            )
            return True

    def holds(self, owner: str, document: str) -> bool:
        """Tell whether `owner` has the document."""
        with self._reads.connect() as connection:
            return _held(connection, owner, document)

    def stored(self, document: str) -> bool:
        """Tell whether anybody has the document."""
        with self._reads.connect() as connection:
            return _exists(connection, document)

    def save(self, facts: Facts, texts: Sequence[PageText], spans: Sequence[Span]) -> list[int]:
        """Write a document, its pages, chunks and index rows in one transaction; return the chunks' ids in order."""
        by_page = {page.number: page.text for page in texts}
        with self._database.begin() as connection:
            _erase(connection, facts.id)
            connection.execute(insert(documents).values(page_count=len(texts), **vars(facts)))
            if texts:
                connection.execute(insert(pages), [{"document": facts.id, **vars(page)} for page in texts])
            ids = chunk_rows.reserve(connection, len(spans))
            chunk_rows.write(connection, facts.id, facts.language, by_page, ids, spans)
            return ids

    def reserve(self, count: int) -> list[int]:
        """Return `count` ids for chunks to come, so that their vectors can be made before they are written."""
        with self._database.begin() as connection:
            return chunk_rows.reserve(connection, count)

    def recut(self, owner: str, document: str, cut: Cut, ids: Sequence[int], spans: Sequence[Span]) -> list[int]:
        """Put new chunks in the place of a document's old ones, in one transaction; return the old ones' ids.

        Raises DocumentNotFound, also for another's, and DocumentShared when somebody else holds it too: the chunks
        are theirs as well.
        """
        with self._database.begin() as connection:
            held = connection.execute(select(holdings).where(holdings.c.document == document)).all()
            mine = next((row for row in held if row.owner == owner), None)
            if mine is None:
                raise DocumentNotFound
            if len(held) > 1:
                raise DocumentShared(name=mine.name)
            return chunk_rows.exchange(connection, document, cut, ids, spans)

    def release(self, owner: str, document: str) -> bool:
        """Take a document from `owner`; True when nobody holds it now and it was erased. Raises DocumentNotFound."""
        with self._database.begin() as connection:
            if not _held(connection, owner, document):
                raise DocumentNotFound
            connection.execute(delete(holdings).where(holdings.c.owner == owner, holdings.c.document == document))
            others = connection.execute(select(holdings.c.owner).where(holdings.c.document == document)).first()
            if others:
                return False
            _erase(connection, document)
        self._forget_deleted()
        return True

    def erase(self, document: str) -> None:
        """Remove a document that nobody holds, such as one whose reading was cancelled."""
        with self._database.begin() as connection:
            _erase(connection, document)

    def _forget_deleted(self) -> None:
        """Merge the full-text index and empty the write-ahead log, where deleted words would live on."""
        with self._database.begin() as connection:
            connection.execute(text("INSERT INTO chunk_terms(chunk_terms) VALUES ('optimize')"))
        checkpoint(self._database)

    def documents(self, owner: str) -> list[Document]:
        """Return the owner's documents, the newest first."""
        return self._documents(owner)

    def document(self, owner: str, document: str) -> Document:
        """Return one document. Raises DocumentNotFound, also for another's."""
        found = self._documents(owner, document)
        if not found:
            raise DocumentNotFound
        return found[0]

    def _documents(self, owner: str, only: str | None = None) -> list[Document]:
        counted = select(chunks.c.document, func.count().label("n")).group_by(chunks.c.document).subquery()
        query = (
            select(documents, holdings.c.name, holdings.c.added, func.coalesce(counted.c.n, 0).label("n"))
            .join(holdings, holdings.c.document == documents.c.id)
            .outerjoin(counted, counted.c.document == documents.c.id)
            .where(holdings.c.owner == owner)
            .order_by(holdings.c.added.desc(), holdings.c.name)
        )
        if only is not None:
            query = query.where(documents.c.id == only)
        with self._reads.connect() as connection:
            rows = connection.execute(query).all()
        return [
            Document(
                id=row.id,
                name=row.name,
                pages=row.page_count,
                chunks=row.n,
                language=row.language,
                status=row.status,
                bytes=row.bytes,
                added=row.added.replace(tzinfo=UTC),
                unit=row.unit,
                note=row.note,
                chunk_size=CHUNK_SIZE if row.chunk_size is None else row.chunk_size,
                chunk_overlap=CHUNK_OVERLAP if row.chunk_overlap is None else row.chunk_overlap,
            )
            for row in rows
        ]

    def page_text(self, owner: str, document: str, number: int) -> str:
        """Return a page's text; pages count from 1. Raises DocumentNotFound."""
        query = (
            select(pages.c.text)
            .join(holdings, holdings.c.document == pages.c.document)
            .where(holdings.c.owner == owner, pages.c.document == document, pages.c.number == number)
        )
        with self._reads.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise DocumentNotFound
        return str(row.text)

    def page_texts(self, owner: str, document: str) -> list[tuple[int, str]]:
        """Return (number, text) of every page, in order. Raises DocumentNotFound, also for another's."""
        query = (
            select(pages.c.number, pages.c.text)
            .join(holdings, holdings.c.document == pages.c.document)
            .where(holdings.c.owner == owner, pages.c.document == document)
            .order_by(pages.c.number)
        )
        with self._reads.connect() as connection:
            found = [(int(row.number), str(row.text)) for row in connection.execute(query)]
            if not found and not _held(connection, owner, document):
                raise DocumentNotFound
        return found

    def documents_of(self, ids: Iterable[int]) -> dict[int, str]:
        """Return {chunk id: document} for those of `ids` that exist."""
        wanted, found = list(ids), {}
        with self._reads.connect() as connection:
            for start in range(0, len(wanted), _IN):
                query = select(chunks.c.id, chunks.c.document).where(chunks.c.id.in_(wanted[start : start + _IN]))
                found.update({row.id: row.document for row in connection.execute(query)})
        return found

    def chunk_texts(self, ids: Sequence[int]) -> list[tuple[int, str, str]]:
        """Return (chunk id, document, text) for `ids`, whoever holds them: what is embedded."""
        found: list[tuple[int, str, str]] = []
        with self._reads.connect() as connection:
            for start in range(0, len(ids), _IN):
                query = (
                    select(chunks, pages.c.text)
                    .join(pages, (pages.c.document == chunks.c.document) & (pages.c.number == chunks.c.page))
                    .where(chunks.c.id.in_(ids[start : start + _IN]))
                )
                found += [(row.id, row.document, row.text[row.start : row.end]) for row in connection.execute(query)]
        return found

    def chunks(self, owner: str, ids: Iterable[int]) -> dict[int, Chunk]:
        """Return the chunks of `ids` that are the owner's, with their texts."""
        wanted = list(ids)
        found: dict[int, Chunk] = {}
        with self._reads.connect() as connection:
            for start in range(0, len(wanted), _IN):
                query = (
                    select(chunks, pages.c.text, holdings.c.name, documents.c.language)
                    .join(pages, (pages.c.document == chunks.c.document) & (pages.c.number == chunks.c.page))
                    .join(documents, documents.c.id == chunks.c.document)
                    .join(holdings, holdings.c.document == chunks.c.document)
                    .where(chunks.c.id.in_(wanted[start : start + _IN]), holdings.c.owner == owner)
                )
                for row in connection.execute(query):
                    cut = row.text[row.start : row.end]
                    found[row.id] = Chunk(
                        row.id, row.document, row.name, row.page, row.start, row.end, cut, row.language
                    )
        return found

    def lexical(self, terms: Sequence[str], documents_: Sequence[str], k: int) -> dict[int, float]:
        """Return {chunk id: BM25} of the best `k` chunks of these documents."""
        with self._reads.connect() as connection:
            return lexical.search(connection, terms, documents_, k)

    def lexical_parts(self, terms: Sequence[str], ids: Sequence[int]) -> dict[int, dict[str, float]]:
        """Return {chunk id: {term: its part of the BM25 score}}."""
        with self._reads.connect() as connection:
            return lexical.contributions(connection, terms, ids)

    def document_frequencies(self, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Return the number of chunks, and in how many of them each term stands."""
        with self._reads.connect() as connection:
            return lexical.document_frequencies(connection, terms)

    def term_weights(self, terms: Sequence[str]) -> dict[str, float]:
        """Return {term: inverse document frequency} over all chunks; a term that stands nowhere weighs most."""
        return lexical.weights(*self.document_frequencies(terms), terms)

    def ids(self) -> dict[int, str]:
        """Return {chunk id: document} of every chunk, for putting Chroma right."""
        with self._reads.connect() as connection:
            return {row.id: row.document for row in connection.execute(select(chunks.c.id, chunks.c.document))}

    def orphans(self) -> list[str]:
        """Return the documents that nobody holds: what an interrupted upload left."""
        query = select(documents.c.id).where(documents.c.id.not_in(select(holdings.c.document)))
        with self._reads.connect() as connection:
            return [row.id for row in connection.execute(query)]

    def every_id(self) -> set[str]:
        """Return the id of every document on the machine."""
        with self._reads.connect() as connection:
            return {row.id for row in connection.execute(select(documents.c.id))}

    def held_by_others(self, owner: str, document: str | None = None) -> bool:
        """Tell whether anybody else has a document (any at all: then a search must be filtered), or this one."""
        query = select(holdings.c.owner).where(holdings.c.owner != owner).limit(1)
        if document is not None:
            query = query.where(holdings.c.document == document)
        with self._reads.connect() as connection:
            return connection.execute(query).first() is not None


def _exists(connection: Connection, document: str) -> bool:
    return connection.execute(select(documents.c.id).where(documents.c.id == document)).first() is not None


def _held(connection: Connection, owner: str, document: str) -> bool:
    query = select(holdings.c.document).where(holdings.c.owner == owner, holdings.c.document == document)
    return connection.execute(query).first() is not None


def _erase(connection: Connection, document: str) -> None:
    lexical.remove(connection, document)
    connection.execute(delete(documents).where(documents.c.id == document))
