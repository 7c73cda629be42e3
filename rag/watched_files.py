"""What was last seen of each file of a watched folder: rows of aula.sqlite, and who watches. It looks at no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select, update

from rag.collections import Folder, check
from rag.database import collections, holdings, reading, watched
from rag.folder_tree import Found


@dataclass(frozen=True)
class Watch:
    """A collection that a folder fills."""

    owner: str
    collection: str
    folder: Folder


@dataclass(frozen=True)
class Kept:
    """What was last seen of a file, and the document that it is; None: one that the person had already."""

    bytes: int
    modified: float
    document: str | None

    def same(self, found: Found) -> bool:
        """Tell whether the file has not changed since."""
        return (self.bytes, self.modified) == (found.bytes, found.modified)


class WatchedFiles:
    """Reads and writes the rows."""

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        self._database = database
        self._reads = reading(database)

    def watches(self) -> Sequence[Watch]:
        """Return every collection that a folder fills, whoever's it is."""
        query = select(collections).where(collections.c.folder.is_not(None)).order_by(collections.c.created)
        with self._reads.connect() as connection:
            rows = [row for row in connection.execute(query) if row.folder]
        return [Watch(row.owner, row.id, Folder(**row.folder)) for row in rows]

    def lasts(self, watch: Watch) -> bool:
        """Tell whether the collection is still there, and still filled by that folder."""
        query = select(collections.c.folder).where(collections.c.id == watch.collection)
        with self._reads.connect() as connection:
            folder = connection.execute(query).scalar()
        return folder is not None and Folder(**folder) == watch.folder

    def end(self, owner: str, collection: str) -> None:
        """Watch no longer; the documents stay. Raises CollectionNotFound."""
        with self._database.begin() as connection:
            check(connection, owner, collection)
            connection.execute(update(collections).where(collections.c.id == collection).values(folder=None))
            connection.execute(delete(watched).where(watched.c.collection == collection))

    def files(self, collection: str) -> Mapping[str, Kept]:
        """Return what was last seen, by path."""
        query = select(watched).where(watched.c.collection == collection)
        with self._reads.connect() as connection:
            return {row.path: Kept(row.bytes, row.modified, row.document) for row in connection.execute(query)}

    def keep(self, collection: str, found: Found, document: str | None) -> None:
        """Note that a file was taken in as it is, unless nobody watches any more."""
        row = {"collection": collection, "path": found.path, "bytes": found.bytes, "modified": found.modified}
        with self._database.begin() as connection:
            there = select(collections.c.folder).where(collections.c.id == collection)
            if connection.execute(there).scalar():  # JSON's null is not SQL's
                replaced = insert(watched).prefix_with("OR REPLACE")
                connection.execute(replaced.values(document=document, **row))

    def drop(self, collection: str, path: str) -> None:
        """Forget a file that is gone."""
        with self._database.begin() as connection:
            connection.execute(delete(watched).where(watched.c.collection == collection, watched.c.path == path))

    def shelf(self, owner: str, document: str) -> tuple[bool, str | None]:
        """Tell whether `owner` holds the document, and the collection that it is in."""
        query = select(holdings.c.collection).where(holdings.c.owner == owner, holdings.c.document == document)
        with self._reads.connect() as connection:
            row = connection.execute(query).first()
        return (False, None) if row is None else (True, row.collection)

    def named(self, owner: str, document: str) -> bool:
        """Tell whether any watched file of the owner's is this document."""
        query = (
            select(watched.c.path)
            .join(collections, collections.c.id == watched.c.collection)
            .where(collections.c.owner == owner, watched.c.document == document)
        )
        with self._reads.connect() as connection:
            return connection.execute(query).first() is not None
