"""What must go besides a document's own rows when it is deleted, so that no file of the data folder still holds it.

Quotes and prompts in conversations and runs go at once. In the background, and again after a restart if need be: words
in the full-text index, the vectors that Chroma only marks as deleted, copies of the database, the write-ahead log.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from rag import kept_copies, quotes
from rag.database import cells, checkpoint, chunks, conversations, holdings, messages, preferences, reading, runs
from rag.errors import Cancelled

log = logging.getLogger(__name__)

_KEY = "erasing"  # of the preference that says what is still to be done
_MERGED = 500  # pages of the index that are merged in one transaction, some hundredths of a second
_ROWS = 200  # messages or cells that are read at a time
_AGAIN_S = 5.0  # until what could not be done is tried again
_QUIET_S, _CHUNKS_A_S = 300.0, 1000.0  # at most, and for so many chunks a second: about what making it anew takes
Renew = Callable[[threading.Event], bool]


class Erasure:
    """Cleans up after deleted documents. Safe to use from several threads; `settled` says when all is gone."""

    def __init__(self, database: Engine, path: Path, renew: Renew | None = None) -> None:
        """Use an open database and the path of its file; nothing is begun yet.

        `renew` makes Chroma anew without what it only marks as deleted; False when that must wait.
        """
        self._database = database
        self._reads = reading(database)
        self._path = path
        self._renew = renew
        self._wake = threading.Condition()
        self._asked = 0  # how often there was something to do, and up to which time it is done
        self._done = 0
        self._stop = threading.Event()
        self._worker: threading.Thread | None = None

    def start(self) -> None:
        """Begin the background work, with what an earlier run did not finish."""
        self._stop.clear()
        if self._pending():
            self._asked += 1
        self._worker = threading.Thread(target=self._run, name="aula-erasure", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        """End the background work; what is left of it is done after the next start."""
        self._stop.set()
        with self._wake:
            self._wake.notify_all()
        if self._worker is not None:
            self._worker.join(timeout=10)
            self._worker = None

    def forget(self, document: str, owner: str | None = None) -> None:
        """Take a deleted document out of everything else; `owner`: only that one has deleted it, others hold it still.

        What the person can see is gone when this returns, the rest soon after (see `settled`).
        """
        with self._database.begin() as connection:
            note(connection, document, owner)
        self._unquote(document, owner)
        with self._wake:
            self._asked += 1
            self._wake.notify_all()

    def settled(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to clean up; False when `timeout` seconds were not enough."""
        with self._wake:
            return self._wake.wait_for(lambda: self._done >= self._asked, timeout)

    # -- at once -----------------------------------------------------------------------------------------------

    def _unquote(self, document: str, owner: str | None) -> None:
        """Take the document's quotes, passages and prompts out of conversations and runs."""
        talks = messages.join(conversations, conversations.c.id == messages.c.conversation)
        mine = [] if owner is None else [conversations.c.owner == owner]
        found = select(messages.c.id, messages.c.meta).select_from(talks).where(_names(messages.c.meta, document))
        self._rewrite(messages, "meta", found.where(*mine), ["id"], document)
        keys = [cells.c.run, cells.c.repeat, cells.c.row, cells.c.column]
        kept = select(*keys, cells.c.content).join(runs, runs.c.id == cells.c.run)
        kept = kept.where(_names(cells.c.content, document), *([] if owner is None else [runs.c.owner == owner]))
        self._rewrite(cells, "content", kept, [key.name for key in keys], document)

    def _rewrite(self, table: Table, column: str, query: Select[Any], keys: Sequence[str], document: str) -> None:
        with self._reads.connect() as connection:
            found = connection.execute(query).mappings().all()
        for start in range(0, len(found), _ROWS):
            with self._database.begin() as connection:
                for row in found[start : start + _ROWS]:
                    kept = quotes.without(row[column], lambda one: one in ("", document))
                    if kept is not None:
                        same = [table.c[key] == row[key] for key in keys]
                        connection.execute(update(table).where(*same).values({column: kept}))

    # -- in the background -------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._wake:
                self._wake.wait_for(lambda: self._stop.is_set() or self._done < self._asked)
                asked = self._asked
            done = self._tried(self._clean_rows)
            if done and not self._quiet(asked):
                continue  # more was deleted: the index is made anew once, after the last
            if done and self._tried(self._clean_index):
                with self._wake:
                    self._done = asked
                    self._wake.notify_all()
            else:
                self._stop.wait(_AGAIN_S)

    def _tried(self, step: Callable[[], bool]) -> bool:
        """Do a step; False when it must be tried again."""
        try:
            return not self._stop.is_set() and step()
        except Cancelled:
            return False
        except Exception:
            log.exception("what is left of a deleted document could not be removed; it is tried again")
            return False

    def _quiet(self, asked: int) -> bool:
        """Tell whether nothing else is deleted for a while, the longer the more there is to be made anew."""
        with self._reads.connect() as connection:
            total = int(connection.scalar(select(func.count()).select_from(chunks)) or 0)
        with self._wake:
            self._wake.wait_for(lambda: self._stop.is_set() or self._asked != asked, min(_QUIET_S, total / _CHUNKS_A_S))
            return self._asked == asked

    def _clean_rows(self) -> bool:
        self._merge_terms()
        self._drop_nameless()
        kept_copies.scrub(self._path, self._pending())
        return checkpoint(self._database)

    def _clean_index(self) -> bool:
        pending = self._pending()
        if pending and self._renew is not None and not self._renew(self._stop):
            return False
        with self._database.begin() as connection:
            _settle(connection, pending)
        return checkpoint(self._database)

    def _merge_terms(self) -> None:
        """Merge the full-text index, in small steps, so that nothing of deleted rows is left in it.

        FTS5 (https://sqlite.org/fts5.html#the_merge_command) only notes what is deleted, until the segment with the
        words is merged; -n begins what 'optimize' does at once, n goes on with it.
        """
        portion = -_MERGED
        while not self._stop.is_set():
            with self._database.begin() as connection:
                before = _changes(connection)
                statement = text("INSERT INTO chunk_terms (chunk_terms, rank) VALUES ('merge', :portion)")
                connection.execute(statement, {"portion": portion})
                if _changes(connection) - before < 2:  # as FTS5 says that nothing is left
                    return
            portion = _MERGED

    def _drop_nameless(self) -> None:
        """Take away what an older Aula kept of prompts without the documents that they were made of."""
        first = [
            func.json_extract(messages.c.meta, f"$.reading.{part}[0].page").is_not(None)
            & func.json_extract(messages.c.meta, f"$.reading.{part}[0].document").is_(None)
            for part in ("passages", "dropped")
        ]
        query = select(messages.c.id, messages.c.meta).where(or_(*first))
        self._rewrite(messages, "meta", query, ["id"], "")

    def _pending(self) -> list[list[str]]:
        with self._reads.connect() as connection:
            return _noted(connection)


def note(connection: Connection, document: str, owner: str | None = None) -> None:
    """Write down, in the transaction that deletes a document, that there is cleaning to do; see Erasure.forget."""
    pending = _noted(connection)
    entry = [document, owner or ""]
    if entry not in pending:
        _write(connection, [*pending, entry])


def unquoted(connection: Connection, owner: str, content: quotes.Json) -> dict[str, Any]:
    """Return `content` without quotes of what `owner` does not hold (any more): an answer may end after a delete."""
    named = quotes.documents_in(content)
    if not named:
        return dict(content)
    query = select(holdings.c.document).where(holdings.c.owner == owner, holdings.c.document.in_(named))
    held = set(connection.execute(query).scalars())
    return quotes.without(content, lambda one: one not in held) or dict(content)


def _names(column: Column[Any], document: str) -> ColumnElement[bool]:
    return cast(column, Text).like(f"%{document}%")


def _changes(connection: Connection) -> int:
    return int(connection.execute(text("SELECT total_changes()")).scalar_one())


def _noted(connection: Connection) -> list[list[str]]:
    kept = connection.execute(select(preferences.c.value).where(preferences.c.key == _KEY)).scalar()
    return [list(entry) for entry in kept or ()]


def _settle(connection: Connection, done: Sequence[list[str]]) -> None:
    _write(connection, [entry for entry in _noted(connection) if entry not in done])


def _write(connection: Connection, pending: Sequence[list[str]]) -> None:
    connection.execute(delete(preferences).where(preferences.c.key == _KEY))
    if pending:
        connection.execute(insert(preferences).values(key=_KEY, value=list(pending)))
