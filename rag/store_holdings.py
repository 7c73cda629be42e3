"""Who holds which document, and how one comes and goes; it knows nothing of what stands on its pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, text, update

from rag import chunk_rows
from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE
from rag.database import checkpoint, chunks, collections, documents, holdings, pages
from rag.errors import DocumentNotFound
from rag.records import Accepted, Document, Held, Upload
from rag.store_base import Rows, exists, held_by

_ERASED = 50  # pages a transaction: the write lock is held for milliseconds
_MERGED = 100  # pages of the full-text index, likewise
_MERGES = 100_000


class Holdings(Rows):
    """The part of the store that says what an owner has."""

    # -- coming ------------------------------------------------------------------------------------------------

    def accept(self, owner: str, upload: Upload, name: str, collection: str | None = None) -> Accepted:
        """Make an upload a document that `owner` holds, in one transaction; say what it was.

        Only "new" is still to be read. A collection that is not the owner's is none. One that failed takes the new
        name's suffix, which says how it is read.
        """
        with self._database.begin() as connection:
            shelf = _own(connection, owner, collection)
            known = connection.execute(select(documents).where(documents.c.id == upload.id)).first()
            other = known is not None and known.status == "failed" and known.suffix != upload.suffix
            if other and not (known is not None and known.encrypted):
                connection.execute(update(documents).where(documents.c.id == upload.id).values(suffix=upload.suffix))
            if held_by(connection, owner, upload.id):
                _shelve(connection, owner, upload.id, shelf)
                if other:
                    _rename(connection, owner, upload.id, name)
                return "duplicate"
            if known is not None and known.encrypted:
                return "locked"
            if known is None:
                connection.execute(insert(documents).values(status="waiting", read=False, **vars(upload)))
            _hold(connection, owner, upload.id, name, shelf)
            return "new" if known is None else "shared"

    def hold(self, owner: str, document: str, name: str, collection: str | None = None) -> bool:
        """Let `owner` hold a document that is stored already; False if it is not stored, or already held."""
        with self._database.begin() as connection:
            if not exists(connection, document) or held_by(connection, owner, document):
                return False
            _hold(connection, owner, document, name, _own(connection, owner, collection))
            return True

    # -- going -------------------------------------------------------------------------------------------------

    def let_go(self, owner: str, document: str, note: Callable[[Connection, bool], None] | None = None) -> bool:
        """Take a document from `owner`; True when nobody holds it now: then it is to be erased.

        `note` writes down in the same transaction what else is to be done. Raises DocumentNotFound.
        """
        with self._database.begin() as connection:
            if not held_by(connection, owner, document):
                raise DocumentNotFound
            connection.execute(delete(holdings).where(holdings.c.owner == owner, holdings.c.document == document))
            last = connection.execute(select(holdings.c.owner).where(holdings.c.document == document)).first() is None
            if note is not None:
                note(connection, last)
            return last

    def release(self, owner: str, document: str) -> bool:
        """Take a document from `owner`; True when nobody holds it now and it was erased. Raises DocumentNotFound."""
        last = self.let_go(owner, document)
        if last:
            self.erase(document)
            self.forget_deleted()
        return last

    def erase(self, document: str) -> None:
        """Remove a document that nobody holds, a few pages at a time; one cut short is an orphan, swept at start."""
        while self._erase_some(document):
            pass
        with self._database.begin() as connection:
            connection.execute(delete(documents).where(documents.c.id == document))

    def _erase_some(self, document: str) -> bool:
        with self._database.begin() as connection:
            query = select(pages.c.number).where(pages.c.document == document).order_by(pages.c.number).limit(_ERASED)
            numbers = list(connection.execute(query).scalars())
            if numbers:
                chunk_rows.remove(connection, document, numbers[0], numbers[-1])
                connection.execute(
                    delete(pages).where(pages.c.document == document, pages.c.number.between(numbers[0], numbers[-1]))
                )
            return bool(numbers)

    def forget_deleted(self) -> None:
        """Merge the full-text index and empty the write-ahead log, where deleted words would live on.

        FTS5's "optimize" in steps, as its documentation gives them: a negative number to begin with, then until a
        step changes nothing.
        """
        pages_ = -_MERGED
        for _ in range(_MERGES):
            if not self._merge(pages_):
                break
            pages_ = _MERGED
        checkpoint(self._database)

    def _merge(self, size: int) -> bool:
        with self._database.begin() as connection:
            before = connection.connection.driver_connection.total_changes  # type: ignore[union-attr]
            connection.execute(
                text("INSERT INTO chunk_terms(chunk_terms, rank) VALUES ('merge', :size)"), {"size": size}
            )
            after: int = connection.connection.driver_connection.total_changes  # type: ignore[union-attr]
            return after - before >= 2 or size < 0

    # -- what is there -----------------------------------------------------------------------------------------

    def holds(self, owner: str, document: str) -> bool:
        """Tell whether `owner` has the document."""
        with self._reads.connect() as connection:
            return held_by(connection, owner, document)

    def stored(self, document: str) -> bool:
        """Tell whether anybody has the document."""
        with self._reads.connect() as connection:
            return exists(connection, document)

    def held(self, owner: str, chosen: Sequence[str] | None = None) -> list[Held]:
        """Return the owner's documents (all, or those chosen) with what a search needs of them; counts nothing.

        Raises DocumentNotFound for one that is not the owner's.
        """
        query = (
            select(documents.c.id, documents.c.language)
            .join(holdings, holdings.c.document == documents.c.id)
            .where(holdings.c.owner == owner)
            .order_by(holdings.c.added.desc(), holdings.c.name)
        )
        with self._reads.connect() as connection:
            found = {row.id: Held(row.id, row.language) for row in connection.execute(query)}
        if chosen is None:
            return list(found.values())
        if not found.keys() >= set(chosen):
            raise DocumentNotFound
        return [found[document] for document in chosen]

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
        with self._reads.connect() as connection:
            return [_document(row) for row in connection.execute(_listed(owner, only))]

    def is_orphan(self, document: str) -> bool:
        """Tell whether a document is stored and nobody holds it."""
        return document in self.orphans()

    def orphans(self) -> list[str]:
        """Return the documents that nobody holds: what an interrupted delete left."""
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


def _listed(owner: str, only: str | None) -> Select[Any]:
    counted = select(func.count()).where(chunks.c.document == documents.c.id).scalar_subquery()
    other = holdings.alias()
    first = select(func.min(other.c.added)).where(other.c.document == documents.c.id).scalar_subquery()
    mine = [holdings.c.name, holdings.c.added, holdings.c.collection]
    query = (
        select(documents, *mine, counted.label("n"), (holdings.c.added == first).label("first"))
        .join(holdings, holdings.c.document == documents.c.id)
        .where(holdings.c.owner == owner)
        .order_by(holdings.c.added.desc(), holdings.c.name)
    )
    return query if only is None else query.where(documents.c.id == only)


def _document(row: Row[Any]) -> Document:
    return Document(
        id=row.id,
        name=row.name,
        pages=row.page_count,
        chunks=row.n,
        language=row.language,
        status=row.status,
        bytes=row.bytes,
        added=row.added.replace(tzinfo=UTC),
        unit=row.unit,
        note=row.note if row.note and "en" in row.note else None,
        chunk_size=CHUNK_SIZE if row.chunk_size is None else row.chunk_size,
        chunk_overlap=CHUNK_OVERLAP if row.chunk_overlap is None else row.chunk_overlap,
        collection=row.collection,
        origin=row.origin if row.first else "",  # where others have it from is not everybody's to know
        encrypted=row.encrypted,
    )


def _own(connection: Connection, owner: str, collection: str | None) -> str | None:
    if collection is None:
        return None
    query = select(collections.c.id).where(collections.c.id == collection, collections.c.owner == owner)
    return connection.execute(query).scalar()


def _hold(connection: Connection, owner: str, document: str, name: str, collection: str | None) -> None:
    row = {"owner": owner, "document": document, "name": name, "collection": collection}
    connection.execute(insert(holdings).values(added=datetime.now(UTC), **row))


def _rename(connection: Connection, owner: str, document: str, name: str) -> None:
    mine = (holdings.c.owner == owner) & (holdings.c.document == document)
    connection.execute(update(holdings).where(mine).values(name=name))


def _shelve(connection: Connection, owner: str, document: str, collection: str | None) -> None:
    """Put what is already held into a collection, unless it stands in one."""
    if collection is not None:
        mine = (holdings.c.owner == owner) & (holdings.c.document == document) & holdings.c.collection.is_(None)
        connection.execute(update(holdings).where(mine).values(collection=collection))
