"""Copies of aula.sqlite that were kept before migrations: what is deleted goes out of them too.

It knows tables by their names only, since a copy has the schema of the Aula that it was made by.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from rag import quotes

log = logging.getLogger(__name__)

Deleted = Sequence[Sequence[str]]  # (document, owner); an empty owner is everybody


def scrub(database: Path, deleted: Deleted) -> None:
    """Take deleted documents out of every copy that is kept beside `database`; one that cannot be read is removed."""
    for partial in database.parent.glob(f"{database.stem}.*.partial"):
        partial.unlink(missing_ok=True)  # a copy that was never finished
    for copy in sorted(database.parent.glob(f"{database.stem}.*.sqlite")):
        try:
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                _scrub(connection, deleted)
        except sqlite3.OperationalError:
            raise  # it is in use, or the disk is full: that passes
        except sqlite3.DatabaseError:
            log.exception("a copy of the database cannot be read, so it is removed: %s", copy.name)
            copy.unlink(missing_ok=True)


def _scrub(connection: sqlite3.Connection, deleted: Deleted) -> None:
    for pragma in ("journal_mode=DELETE", "secure_delete=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.row_factory = sqlite3.Row
    connection.execute("BEGIN IMMEDIATE")
    for document, owner in deleted:
        _release(connection, document, owner)
        _unquote(connection, document, owner)
    connection.execute("COMMIT")
    connection.execute("INSERT INTO chunk_terms (chunk_terms) VALUES ('optimize')")


def _release(connection: sqlite3.Connection, document: str, owner: str) -> None:
    mine = ("document = ? AND owner = ?", (document, owner)) if owner else ("document = ?", (document,))
    connection.execute(f"DELETE FROM holdings WHERE {mine[0]}", mine[1])  # noqa: S608 - our own words
    if connection.execute("SELECT 1 FROM holdings WHERE document = ?", (document,)).fetchone():
        return
    connection.execute("DELETE FROM chunk_terms WHERE rowid IN (SELECT id FROM chunks WHERE document = ?)", (document,))
    connection.execute("DELETE FROM documents WHERE id = ?", (document,))


def _unquote(connection: sqlite3.Connection, document: str, owner: str) -> None:
    for table, column, above, key in _QUOTING:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            continue
        for row, content in _quoting(connection, (table, column, above, key), document, owner):
            kept = quotes.without(json.loads(content), lambda one: one in ("", document))
            if kept is not None:
                statement = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608 - our own names
                connection.execute(statement, (json.dumps(kept), row))


def _quoting(
    connection: sqlite3.Connection, where: tuple[str, str, str, str], document: str, owner: str
) -> Iterator[tuple[int, str]]:
    """Yield the row and the content of what may quote the document: prompts of an older Aula do not name theirs."""
    table, column, above, key = where
    query = (
        f"SELECT {table}.rowid, {table}.{column} FROM {table} JOIN {above} ON {above}.id = {table}.{key} "  # noqa: S608
        f"WHERE ({table}.{column} LIKE ? OR {table}.{column} LIKE '%\"reading\": {{%') AND ? IN ('', {above}.owner)"
    )
    yield from connection.execute(query, (f"%{document}%", owner)).fetchall()


# table, its column of JSON, the table that knows the owner, and what leads there
_QUOTING = (("messages", "meta", "conversations", "conversation"), ("cells", "content", "runs", "run"))
