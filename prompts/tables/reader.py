"""Test sets as tables: a file's bytes or pasted text to a Table, and a Table to rows; each format has its own file."""

from __future__ import annotations

from pathlib import PurePath

from prompts.promptfoo.expected import expected
from prompts.tables.rows import from_rows, to_rows
from prompts.tables.table import MOST_BYTES, MOST_CHARS, MOST_COLUMNS, Table
from prompts.tables.text import checked_size, decoded, from_csv, from_json, from_jsonl, unreadable
from prompts.tables.xlsx import from_xlsx

__all__ = [
    "MOST_BYTES",
    "MOST_CHARS",
    "MOST_COLUMNS",
    "Table",
    "expected",
    "from_rows",
    "parse_pasted",
    "read_table",
    "to_rows",
]

_ZIP, _OLD_EXCEL, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"
_PASTED = "…"


def read_table(name: str, data: bytes) -> Table:
    """Return the table in a file: CSV, TSV, XLSX, JSON or JSON Lines, told by what it holds, then by its name.

    Raises TableUnreadable, RowTooLong, TableTooLarge, which name the row, and UnsafeCheck.
    """
    checked_size(name, len(data))
    if data.startswith(_ZIP):
        return from_xlsx(name, data)
    if data.startswith((_OLD_EXCEL, _PDF)):
        raise unreadable(name)
    text = decoded(data)
    suffix = PurePath(name).suffix.lower()
    if suffix == ".json":
        return from_json(name, text)
    if suffix in (".jsonl", ".ndjson"):
        return from_jsonl(name, text)
    return from_csv(name, text)


def parse_pasted(text: str) -> Table:
    """Return the table that somebody pasted: cells of a spreadsheet, CSV, JSON or JSON Lines. Raises as read_table."""
    checked_size(_PASTED, len(text.encode("utf-8", errors="replace")))
    if text.lstrip()[:1] in ("{", "["):
        return from_json(_PASTED, text)
    return from_csv(_PASTED, text.strip("\n"))
