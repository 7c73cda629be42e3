"""The schema of aula.sqlite and how it is opened and brought up to date; nothing here knows what the rows mean."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    false,
    literal_column,
    true,
)

from rag.errors import DataTooNew

metadata = MetaData()

# A document is its content: the id is the sha256 of the bytes.
documents = Table(
    "documents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("suffix", String(16), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    Column("unit", String(16), nullable=False, server_default="page"),
    Column("language", String(8), nullable=False, server_default=""),
    Column("status", String(16), nullable=False),  # waiting | reading | paused | locked | ready | partial | failed
    Column("page_count", Integer, nullable=False, server_default="0"),  # of the file, once it has been opened
    Column("note", JSON),  # {"en": ..., "es": ...} or null
    Column("chunk_size", Integer),  # in tokens, as is the overlap; null: rag.chunking's own
    Column("chunk_overlap", Integer),
    Column("read", Boolean, nullable=False, server_default=true()),  # every page that will come is in `pages`
    Column("encrypted", Boolean, nullable=False, server_default=false()),  # who holds it has shown its password
    Column("finished", Boolean, nullable=False, server_default=false()),  # it was ready or partial before: never undone
    Column("origin", Text, nullable=False, server_default=""),  # the archive, address or folder that it came from
)

# A shelf of an owner's own. `folder`: the watched folder that fills it, by its root's key and the path below that.
collections = Table(
    "collections",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("name", Text, nullable=False),
    Column("folder", JSON),  # {"root": ..., "path": ...} or null
    Column("created", DateTime(timezone=True), nullable=False),
    UniqueConstraint("owner", "name"),
)

# What was last seen of each file of a watched folder, so that a change is noticed and a file is not read twice.
watched = Table(
    "watched",
    metadata,
    Column("collection", ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, primary_key=True),  # below the folder, with "/"
    Column("bytes", Integer, nullable=False),
    Column("modified", Float, nullable=False),  # seconds since 1970, as the file system has it
    Column("document", String(64)),
)

# Who holds a document, under which name. The last holder's delete removes the document itself.
holdings = Table(
    "holdings",
    metadata,
    Column("owner", String(128), primary_key=True),
    Column("document", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("added", DateTime(timezone=True), nullable=False),
    Column("collection", ForeignKey("collections.id", ondelete="SET NULL")),
)

# What was handed in and is no document yet: an archive, an address, a copy of a locked file. Gone once it is.
intake = Table(
    "intake",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # archive | address | locked
    Column("source", Text, nullable=False),  # the sha256 of a file in files/, or the address
    Column("collection", ForeignKey("collections.id", ondelete="SET NULL")),
    Column("status", String(16), nullable=False),  # waiting | reading | paused | locked | failed
    Column("error", JSON),  # {"en": ..., "es": ...} or null
    Column("created", DateTime(timezone=True), nullable=False),
    Index("intake_by_owner", "owner", "created"),
)

pages = Table(
    "pages",
    metadata,
    Column("document", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("how", String(16), nullable=False),  # text | ocr | empty | failed | waiting; see rag.pages
    Column("reason", Text, nullable=False, server_default=""),
    Column("body", JSON),  # [start, end] of the text without what is repeated on each page; null: all of it
    Column("headings", JSON),  # [[start, level], ...]
    Column("indexed", Boolean, nullable=False, server_default=false()),  # its chunks, terms and vectors are written
    Index("pages_unindexed", "document", "number", sqlite_where=literal_column("indexed = 0")),
)

# A chunk is a span of a page's text; the text itself stands only in `pages`.
chunks = Table(
    "chunks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document", String(64), nullable=False),
    Column("page", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("heading", Text, nullable=False, server_default=""),  # the headings that it stands under, from the top
    ForeignKeyConstraint(["document", "page"], ["pages.document", "pages.number"], ondelete="CASCADE"),
    Index("chunks_by_document", "document", "page", "start"),
    sqlite_autoincrement=True,  # an id is never used twice, so a vector left behind can never meet another text
)

# The vector of each chunk under each embedding model: the truth that Chroma is put right from.
vectors = Table(
    "vectors",
    metadata,
    Column("chunk", ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True),
    Column("model", String(128), primary_key=True),  # as EmbeddingSpec.collection names it
    Column("vector", LargeBinary, nullable=False),  # float16, little-endian, of length 1
)

# What was chosen on the page and holds for everybody, such as the embedding model.
preferences = Table(
    "preferences",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("title", Text, nullable=False),
    Column("documents", JSON),  # the chosen documents: null = all, [] = none
    Column("updated", DateTime(timezone=True), nullable=False),
    Index("conversations_by_owner", "owner", "updated"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("meta", JSON, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Index("messages_by_conversation", "conversation", "id"),
    sqlite_autoincrement=True,
)

feedback = Table(
    "feedback",
    metadata,
    Column("message", ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("score", Float, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)

# A run of an experiment; what it was run with is kept beside it (see prompts.runs.provenance).
runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("name", Text, nullable=False),
    Column("experiment", JSON, nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | running | paused | done | failed
    Column("error", JSON),  # {"en": ..., "es": ...} or null
    Column("replays", ForeignKey("runs.id", ondelete="SET NULL")),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("updated", DateTime(timezone=True), nullable=False),
    Index("runs_by_owner", "owner", "created"),
)

# A cell is there or not: its key makes it impossible to keep one twice.
cells = Table(
    "cells",
    metadata,
    Column("run", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("repeat", Integer, primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("column", Integer, primary_key=True),
    Column("content", JSON, nullable=False),
)

# What a person saved under a name: a strategy or an experiment. What it holds stands in its versions.
items = Table(
    "items",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("kind", String(16), nullable=False),  # strategy | experiment
    Column("name", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("updated", DateTime(timezone=True), nullable=False),
    Index("items_by_owner", "owner", "kind", "updated"),
)

item_versions = Table(
    "item_versions",
    metadata,
    Column("item", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1
    Column("content", JSON, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
)


def open_database(path: Path) -> Engine:
    """Open (and create or migrate) the database at `path`. Raises DataTooNew for a newer schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        _migrate(engine, path)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    """WAL lets the page read while a document is written; secure_delete overwrites what is deleted."""
    connection.isolation_level = None  # the driver's own transactions leave DDL and first reads outside: see _begin
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Begin the transaction ourselves: at once for writing, so that what it reads first cannot change under it."""
    reads = connection.get_execution_options().get("aula_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def reading(engine: Engine) -> Engine:
    """Return the same database for connections that only read, which never wait for a writer."""
    return engine.execution_options(aula_reads=True)


def checkpoint(engine: Engine) -> bool:
    """Empty the write-ahead log into the file, outside of any transaction; False when a reader stood in the way."""
    raw = engine.raw_connection()
    try:
        row = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        raw.close()
    return row is not None and row[0] == 0


def _migrate(engine: Engine, path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with reading(engine).connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == head:
        return
    if found is not None:
        if found not in {revision.revision for revision in script.walk_revisions()}:
            raise DataTooNew(found=found, known=head)
        _keep_copy(path, found)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _keep_copy(path: Path, revision: str) -> Path:
    """Copy the file through SQLite's own backup, so that what lies in the write-ahead log comes along."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    kept = path.with_name(f"{path.stem}.{revision}.{stamp}.sqlite")
    partial = kept.with_suffix(".partial")
    source, target = sqlite3.connect(path), sqlite3.connect(partial)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    shutil.move(partial, kept)
    return kept
