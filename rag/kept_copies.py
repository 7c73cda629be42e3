"""Copies of aula.sqlite that were kept before migrations: what is deleted goes out of them too.

It knows tables by their names only, since a copy has the schema of the Aula that it was made by.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from rag import quotes

log = logging.getLogger(__name__)

Deleted = Sequence[Sequence[str]]  # (document, owner); an empty owner is everybody


def scrub(database: Path, deleted: Deleted) -> None:
    """Take deleted documents out of every copy that is kept beside `database`; one that cannot be read is removed."""
    for partial in _named(database, "partial"):
        partial.unlink(missing_ok=True)  # a copy that was never finished
    for copy in _named(database, "sqlite"):
        try:
            take_out(copy, deleted)
        except sqlite3.OperationalError:
            raise  # it is in use, or the disk is full: that passes
        except sqlite3.DatabaseError:
            log.exception("a copy of the database cannot be read, so it is removed: %s", copy.name)
            copy.unlink(missing_ok=True)


def _named(database: Path, suffix: str) -> list[Path]:
    """Return the copies, known by the names that rag.database gives them: what else lies there is the person's."""
    form = re.compile(rf"{re.escape(database.stem)}\.\w+\.\d{{8}}-\d{{6}}\.{suffix}")
    return sorted(path for path in database.parent.iterdir() if form.fullmatch(path.name))


def take_out(database: Path, deleted: Deleted) -> None:
    """Take deleted documents, and what is quoted of them, out of a copy that nobody else has open."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        _scrub(connection, deleted)


def _has(connection: sqlite3.Connection, table: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (table,)).fetchone() is not None


def _scrub(connection: sqlite3.Connection, deleted: Deleted) -> None:
    if not all(_has(connection, table) for table in _HOLDING):
        return
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
        if not (_has(connection, table) and _has(connection, above)):
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


_HOLDING = ("documents", "holdings", "chunks", "chunk_terms")
# table, its column of JSON, the table that knows the owner, and what leads there
_QUOTING = (("messages", "meta", "conversations", "conversation"), ("cells", "content", "runs", "run"))
