"""Documents that are read page by page: what each page came to, vectors beside the chunks, collections, intake."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_CHARACTERS_A_TOKEN = 4  # a cut of one's own was in characters, and is in tokens from here on
# Pages of PDFs that nothing could read before there was OCR, and what is said of their documents until they are read.
_PICTURES = "(how = 'empty' AND reason = 'image') OR (how = 'failed' AND reason = 'garbled')"
_UNREAD = {
    "en": "Some pages are pictures of text and have not been read: that takes Tesseract, which is free.",
    "es": "Algunas páginas son imágenes de texto y no se han leído: para eso hace falta Tesseract, que es gratuito.",
}


def upgrade() -> None:
    """Add tables and columns; what was there is read and indexed whole, but for pages that are pictures."""
    _collections()
    _intake()
    _pages()
    _vectors()


def _collections() -> None:
    op.create_table(
        "collections",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(128), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folder", sa.JSON),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("owner", "name"),
    )
    op.create_table(
        "watched",
        sa.Column("collection", sa.String(32), sa.ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("modified", sa.Float, nullable=False),
        sa.Column("document", sa.String(64)),
    )
    # SQLite adds a column with a reference as it stands; Alembic's own way would make the whole table anew.
    op.execute("ALTER TABLE holdings ADD COLUMN collection VARCHAR(32) REFERENCES collections(id) ON DELETE SET NULL")


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(128), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("collection", sa.String(32), sa.ForeignKey("collections.id", ondelete="SET NULL")),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("intake_by_owner", "intake", ["owner", "created"])
    op.add_column("documents", sa.Column("read", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("documents", sa.Column("encrypted", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("documents", sa.Column("finished", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE documents SET finished = 1 WHERE status IN ('ready', 'partial')")
    op.add_column("documents", sa.Column("origin", sa.Text, nullable=False, server_default=""))
    for column in ("chunk_size", "chunk_overlap"):
        op.execute(f"UPDATE documents SET {column} = {column} / {_CHARACTERS_A_TOKEN}")  # noqa: S608 - our own names


def _pages() -> None:
    op.add_column("pages", sa.Column("body", sa.JSON))
    op.add_column("pages", sa.Column("headings", sa.JSON))
    op.add_column("pages", sa.Column("indexed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE pages SET indexed = 1")
    _pictures()
    op.create_index("pages_unindexed", "pages", ["document", "number"], sqlite_where=sa.text("indexed = 0"))
    op.add_column("chunks", sa.Column("heading", sa.Text, nullable=False, server_default=""))


def _pictures() -> None:
    """Let the start read the pages that are pictures, by itself; their documents can be asked meanwhile."""
    note = "coalesce(nullif(note, 'null'), :note)"  # none is written as JSON has it
    partial = sa.text(
        f"UPDATE documents SET status = 'partial', note = {note} "  # noqa: S608 - our own words
        f"WHERE status IN ('ready', 'partial') AND id IN (SELECT document FROM pages WHERE {_PICTURES})"
    )
    op.execute(partial.bindparams(note=json.dumps(_UNREAD, ensure_ascii=False)))
    op.execute(f"UPDATE pages SET how = 'waiting', indexed = 0 WHERE {_PICTURES}")  # noqa: S608 - our own words


def _vectors() -> None:
    op.create_table(
        "vectors",
        sa.Column("chunk", sa.Integer, sa.ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("model", sa.String(128), primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "preferences",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )
