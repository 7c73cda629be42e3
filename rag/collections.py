"""Shelves that owners sort their documents into, and what a choice of documents and shelves comes to.

It knows nothing of what documents hold, nor of folders that fill a shelf by themselves (rag/folders.py).
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from rag.database import collections, holdings, reading
from rag.errors import CollectionEmpty, CollectionExists, CollectionNotFound, CollectionUnnamed

NAME_LENGTH = 80
_PREFIX = "collection:"  # of a choice's entry that is a collection; a document's id is hexadecimal
_IN = 500  # ids a statement: under SQLite's limit on variables in every build


@dataclass(frozen=True)
class Folder:
    """A folder on this machine: `root`, the key of one that was named at start, and the `path` below it, with "/".

    `once`: it is only imported, and no longer of the collection when that is done.
    """

    root: str
    path: str
    once: bool = False


@dataclass(frozen=True)
class Collection:
    """`documents`: how many are in it. `folder`: the one that fills it by itself, if any."""

    id: str
    name: str
    documents: int = 0
    folder: Folder | None = None


class Collections:
    """Every call names the owner, and another's collection is as one that is not there (CollectionNotFound).

    A document is in at most one collection of each owner.
    """

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        self._database = database
        self._reads = reading(database)

    def list(self, owner: str) -> Sequence[Collection]:
        """Return the owner's collections by name, each with how many documents it has."""
        counted = (
            select(holdings.c.collection, func.count().label("n"))
            .where(holdings.c.owner == owner)
            .group_by(holdings.c.collection)
            .subquery()
        )
        query = (
            select(collections, func.coalesce(counted.c.n, 0).label("n"))
            .outerjoin(counted, counted.c.collection == collections.c.id)
            .where(collections.c.owner == owner)
        )
        with self._reads.connect() as connection:
            found = [Collection(row.id, row.name, row.n, _folder(row.folder)) for row in connection.execute(query)]
        return sorted(found, key=lambda one: one.name.casefold())

    def get(self, owner: str, collection: str) -> Collection:
        """Return one collection. Raises CollectionNotFound."""
        found = next((one for one in self.list(owner) if one.id == collection), None)
        if found is None:
            raise CollectionNotFound
        return found

    def make(self, owner: str, name: str, folder: Folder | None = None) -> str:
        """Make an empty collection and return its id. Raises CollectionExists and CollectionUnnamed."""
        key, now = uuid.uuid4().hex, datetime.now(UTC)
        with self._database.begin() as connection:
            values = {"id": key, "owner": owner, "name": _free(connection, owner, name), "created": now}
            connection.execute(insert(collections).values(folder=vars(folder) if folder else None, **values))
        return key

    def make_numbered(self, owner: str, name: str, folder: Folder | None = None) -> str:
        """Make a collection of that name, shortened if need be and with a number where it is taken; return its id."""
        with self._reads.connect() as connection:
            query = select(collections.c.name).where(collections.c.owner == owner)
            taken = {other.casefold() for other in connection.execute(query).scalars()}
        short = tidy(f"{name[: NAME_LENGTH - 6]} ·").removesuffix("·").strip() or "·"
        numbers = (f"{short} {number}" for number in range(2, len(taken) + 3))
        return self.make(owner, next(one for one in (short, *numbers) if one.casefold() not in taken), folder)

    def rename(self, owner: str, collection: str, name: str) -> None:
        """Give it another name. Raises CollectionNotFound, CollectionExists and CollectionUnnamed."""
        with self._database.begin() as connection:
            check(connection, owner, collection)
            named = _free(connection, owner, name, collection)
            connection.execute(update(collections).where(collections.c.id == collection).values(name=named))

    def delete(self, owner: str, collection: str) -> Sequence[str]:
        """Remove a collection and return what was in it: its documents stay, in no collection.

        A folder that it watched is watched no longer. Raises CollectionNotFound.
        """
        with self._database.begin() as connection:
            check(connection, owner, collection)
            held = (holdings.c.owner == owner) & (holdings.c.collection == collection)
            inside = connection.execute(select(holdings.c.document).where(held)).scalars().all()
            connection.execute(update(holdings).where(held).values(collection=None))
            connection.execute(delete(collections).where(collections.c.id == collection))
        return inside

    def move(self, owner: str, documents: Sequence[str], collection: str | None) -> int:
        """Put documents into a collection, or into none; return how many of them the owner holds.

        Raises CollectionNotFound.
        """
        moved = 0
        with self._database.begin() as connection:
            if collection is not None:
                check(connection, owner, collection)
            for start in range(0, len(documents), _IN):
                some = holdings.c.document.in_(list(documents[start : start + _IN]))
                changed = update(holdings).where(holdings.c.owner == owner, some).values(collection=collection)
                moved += connection.execute(changed).rowcount
        return moved

    def documents(self, owner: str, wanted: Sequence[str]) -> Sequence[str]:
        """Return the documents of the `wanted` collections, the newest first. Raises CollectionNotFound."""
        query = (
            select(holdings.c.document)
            .where(holdings.c.owner == owner, holdings.c.collection.in_(list(wanted)))
            .order_by(holdings.c.added.desc(), holdings.c.name)
        )
        with self._reads.connect() as connection:
            for collection in wanted:
                check(connection, owner, collection)
            return connection.execute(query).scalars().all()

    def by_document(self, owner: str) -> Mapping[str, str]:
        """Return {document: collection} of the documents that are in one."""
        query = select(holdings.c.document, holdings.c.collection).where(
            holdings.c.owner == owner, holdings.c.collection.is_not(None)
        )
        with self._reads.connect() as connection:
            return {row.document: row.collection for row in connection.execute(query)}

    def expand(self, owner: str, choice: Sequence[str] | None) -> Sequence[str] | None:
        """Return the documents that a choice names now: its own and those of its collections, each once.

        None is all and stays None, an empty choice stays empty. Raises CollectionNotFound, and CollectionEmpty where
        there is nothing in what was chosen: an empty list would ask the model alone.
        """
        if choice is None:
            return None
        named, shelves = parted(choice)
        documents = list(dict.fromkeys([*named, *(self.documents(owner, shelves) if shelves else ())]))
        if shelves and not documents:
            raise CollectionEmpty
        return documents

    def asked(
        self, owner: str, documents: Sequence[str] | None, collections: Sequence[str] | None
    ) -> Sequence[str] | None:
        """Return what is asked where documents and collections are named apart; neither: all. Raises as `expand`."""
        if not collections:
            return documents
        return self.expand(owner, [*(documents or ()), *(chosen(one) for one in collections)])


def chosen(collection: str) -> str:
    """Return the entry of a choice that stands for all of a collection, whatever is in it when it is asked."""
    return _PREFIX + collection


def parted(choice: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the documents and the collections that a choice names."""
    shelves = [entry.removeprefix(_PREFIX) for entry in choice if entry.startswith(_PREFIX)]
    return [entry for entry in choice if not entry.startswith(_PREFIX)], shelves


def check(connection: Connection, owner: str, collection: str) -> None:
    """Raise CollectionNotFound unless `owner` has the collection."""
    query = select(collections.c.id).where(collections.c.id == collection, collections.c.owner == owner)
    if connection.execute(query).first() is None:
        raise CollectionNotFound


def tidy(name: str) -> str:
    """Return a name on one line, without signs that cannot be seen. Raises CollectionUnnamed."""
    seen = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in unicodedata.normalize("NFC", name))
    whole = " ".join(seen.split())
    if not whole or len(whole) > NAME_LENGTH:
        raise CollectionUnnamed(limit=NAME_LENGTH)
    return whole


def _free(connection: Connection, owner: str, name: str, own: str = "") -> str:
    """Return the tidied name. Raises CollectionExists where another one has it, in capitals or not."""
    named = tidy(name)
    query = select(collections.c.name).where(collections.c.owner == owner, collections.c.id != own)
    if named.casefold() in {other.casefold() for other in connection.execute(query).scalars()}:
        raise CollectionExists(name=named)
    return named


def _folder(kept: Mapping[str, Any] | None) -> Folder | None:
    return Folder(**kept) if kept else None
