"""What the parts of the store share: the open database, and questions that each of them asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Engine, func, select, update

from rag.database import documents, holdings, pages, reading
from rag.page_rows import AGAIN

IN = 500  # ids a statement: under SQLite's limit on variables in every build
T = TypeVar("T")


class Rows:
    """Has the database, once for writing and once for reading."""

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        self._database = database
        self._reads = reading(database)

    @property
    def database(self) -> Engine:
        """The open database, for what keeps rows of its own beside the library's."""
        return self._database


def portions(values: Sequence[T], size: int = IN) -> Iterator[Sequence[T]]:
    """Yield `values` in order, at most `size` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def exists(connection: Connection, document: str) -> bool:
    """Tell whether the document is stored."""
    return connection.execute(select(documents.c.id).where(documents.c.id == document)).first() is not None


def held_by(connection: Connection, owner: str, document: str) -> bool:
    """Tell whether `owner` has the document."""
    query = select(holdings.c.document).where(holdings.c.owner == owner, holdings.c.document == document)
    return connection.execute(query).first() is not None


def as_they_were(connection: Connection, document: str) -> None:
    """Let pages that were to be read once more, and have not been, be failed ones again."""
    again = (pages.c.document == document) & pages.c.reason.startswith(AGAIN, autoescape=True)
    connection.execute(update(pages).where(again).values(reason=func.substr(pages.c.reason, len(AGAIN) + 1)))
