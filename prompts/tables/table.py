"""A table of texts: what its headers become and how large it may be. It knows nothing of files or of checks."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prompts.experiment import MOST_ROWS
from rag.errors import RowTooLong, TableTooLarge

MOST_COLUMNS = 50
MOST_CHARS = 20_000  # in a cell
MOST_BYTES = 20_000_000
_SPECIAL = "__"  # how promptfoo's own columns begin


@dataclass(frozen=True)
class Table:
    """`columns` are names of variables or promptfoo's own (`__expected`, ...); a row holds a text for each of them."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]


def made(name: str, header: Sequence[str], lines: Iterable[Sequence[str]]) -> Table:
    """Return the table of a header and its lines, without empty rows and columns.

    Raises RowTooLong and TableTooLarge, which name the row, counted from 1 below the header.
    """
    columns = named(header)
    rows: list[dict[str, str]] = []
    for line in lines:
        if not any(cell.strip() for cell in line):
            continue
        number = len(rows) + 1
        if any(cell.strip() for cell in line[len(columns) :]):
            raise RowTooLong(name=name, row=number, found=len(line), wanted=len(columns))
        if number > MOST_ROWS or any(len(cell) > MOST_CHARS for cell in line):
            raise too_large(name, number)
        cells = itertools.chain(line, itertools.repeat(""))
        rows.append({column: _trimmed(column, cell) for column, cell in zip(columns, cells, strict=False)})
    used = [column for column, title in zip(columns, header, strict=True) if title.strip() or _filled(rows, column)]
    if len(used) > MOST_COLUMNS:
        raise too_large(name, 0)
    return Table(tuple(used), tuple({column: row[column] for column in used} for row in rows))


def too_large(name: str, row: int) -> TableTooLarge:
    """Return the error that says what a table may hold."""
    size = f"{MOST_BYTES // 1_000_000} MB"
    return TableTooLarge(name=name, row=row, rows=MOST_ROWS, columns=MOST_COLUMNS, chars=MOST_CHARS, size=size)


def named(header: Iterable[str]) -> list[str]:
    """Return headers as names that a prompt can hold, each once: "2nd name" is _2nd_name, no name is column_3."""
    found: list[str] = []
    for number, title in enumerate(header, 1):
        name = _variable(title) or f"column_{number}"
        unique, n = name, 1
        while unique in found:
            n += 1
            unique = f"{name}_{n}"
        found.append(unique)
    return found


def _variable(title: str) -> str:
    text = unicodedata.normalize("NFC", title.replace("\ufeff", "")).strip()
    if text.startswith(_SPECIAL):
        return text
    name = re.sub(r"[^\w-]+", "_", text).strip("_-")
    return f"_{name}" if name[:1].isdigit() else name


def _trimmed(column: str, cell: str) -> str:
    """Blanks at the edges are seldom meant, except in what is put before or after a prompt."""
    return cell if column in ("__prefix", "__suffix") else cell.strip()


def _filled(rows: Iterable[Mapping[str, str]], column: str) -> bool:
    return any(row[column] for row in rows)
