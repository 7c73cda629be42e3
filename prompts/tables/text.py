"""CSV, TSV, JSON and JSON Lines to tables: encoding and separator are found out. It opens no file."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prompts.promptfoo.cases import rows_of
from prompts.promptfoo.plain_text import Written, plain
from prompts.tables.rows import from_rows
from prompts.tables.table import MOST_BYTES, Table, made, too_large
from prompts.tables.writer import as_written
from rag.errors import TableUnreadable

FORMATS = "CSV, TSV, XLSX, JSON [{…}, {…}], JSON Lines"
_SEPARATORS = (",", ";", "\t", "|")
_LOOKED_AT = 50  # lines by which the separator is told
_NOTHING = "\x1f"  # separates nothing in a text that a person wrote
_EXCEL = "sep="  # what Excel puts above a table to say what separates it


def decoded(data: bytes) -> str:
    """Return bytes as text: by their mark, else as UTF-8, else as Excel writes in Western Europe (Windows-1252)."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def from_csv(name: str, text: str) -> Table:
    """Return a table of separated values. Raises TableUnreadable, RowTooLong, TableTooLarge."""
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise unreadable(name)
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith(_EXCEL) and len(first.strip()) == len(_EXCEL) + 1:
        separator, text = first.strip()[-1], rest
    else:
        separator = _separator(text)
    lines = _lines(name, text, separator)
    header = next((line for line in lines if any(cell.strip() for cell in line)), None)
    if header is None:
        raise unreadable(name)
    return made(name, header, lines)


def _separator(text: str) -> str:
    """Return what separates most lines into as many cells as the header has; where nothing does, nothing."""
    best: tuple[float, int, str] = (0.0, 1, _NOTHING)
    for separator in _SEPARATORS:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
            widths = [len(row) for row in itertools.islice(rows, _LOOKED_AT) if any(row)]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            best = max(best, (sum(width == widths[0] for width in widths) / len(widths), widths[0], separator))
    return best[2]


def _lines(name: str, text: str, separator: str) -> Iterator[Sequence[str]]:
    _refuse_open_quote(name, text, separator)
    number = 0
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            yield [as_written(cell) for cell in line]
            number += any(line)
    except csv.Error as error:  # a cell beyond what the reader takes
        raise too_large(name, number) from error


def _refuse_open_quote(name: str, text: str, separator: str) -> None:
    """Raise TableUnreadable, naming the row, for a quote that is never closed: it would swallow the rest unseen."""
    number = 0
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            number += any(line)
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise unreadable(name, number) from error


def from_json(name: str, text: str) -> Table:
    """Return the table of a list of objects, or of promptfoo's tests. Raises TableUnreadable, UnsafeCheck, ..."""
    try:
        data = json.loads(text, parse_float=Written.read)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and lines[0].lstrip().startswith("{"):
            return from_jsonl(name, text)
        raise unreadable(name) from error
    if isinstance(data, Mapping):
        data = data.get("tests", [data])
    return _of_objects(name, data if isinstance(data, list) else [data])


def from_jsonl(name: str, text: str) -> Table:
    """Return the table of an object a line. Raises TableUnreadable, naming the row, UnsafeCheck, ..."""
    found = []
    for number, line in enumerate((line for line in text.splitlines() if line.strip()), 1):
        try:
            found.append(json.loads(line, parse_float=Written.read))
        except (ValueError, RecursionError) as error:
            raise unreadable(name, number) from error
    return _of_objects(name, found)


def _of_objects(name: str, data: Sequence[Any]) -> Table:
    for number, one in enumerate(data, 1):
        if not isinstance(one, Mapping):
            raise unreadable(name, number)
    if not data:
        raise unreadable(name)
    if all("vars" in one for one in data):
        return from_rows(rows_of({"tests": list(data)}))
    columns = list(dict.fromkeys(str(key) for one in data for key in one))
    return made(name, columns, ([plain(one.get(column)) for column in columns] for one in data))


def checked_size(name: str, size: int) -> None:
    """Raise TableTooLarge for more bytes than a table may have."""
    if size > MOST_BYTES:
        raise too_large(name, 0)


def unreadable(name: str, row: int = 0) -> TableUnreadable:
    """Return the error that says what can be read."""
    return TableUnreadable(name=name, row=row, wanted=FORMATS)
