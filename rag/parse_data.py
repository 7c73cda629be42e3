"""CSV and JSON to sections: rows and records as lines that say what each value is. Runs in the parsing process only."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from rag.cleaning import clean_characters
from rag.parse_code import verbatim_sections
from rag.rows import cell, grouped, lines
from rag.sections import SECTION, Block, Section, Sections, join_blocks

_SEPARATORS = ";\t|,"  # the comma last: it may stand inside of every figure
_SAMPLE = 20_000  # characters by which the separator is told
_ROWS = 100  # of a section
_MOST_ROWS = 200_000
_MOST_VALUES = 500_000
_MOST_CHARS = 20_000_000
_LONGEST_KEY = 200
_LONGEST_FIELD = 2**20
_SHORT = 600  # characters of a record that is one line


def data_sections(text: str, kind: str) -> Sections:
    """Cut `text`, a file with the suffix `kind`, into sections of rows or records."""
    if kind in {".csv", ".tsv"}:
        return csv_sections(text, "\t" if kind == ".tsv" else "")
    return json_sections(text, by_line=kind == ".jsonl")


# -- CSV -----------------------------------------------------------------------------------------------------------


def csv_sections(text: str, separator: str = "") -> Sections:
    """Cut a table into sections of up to _ROWS rows; with no `separator`, the text says which it is."""
    csv.field_size_limit(_LONGEST_FIELD)
    text = text.replace("\0", "")
    if text.startswith("sep=") and "\n" in text:  # Excel's own way of saying it
        first, _, text = text.partition("\n")
        separator = first[4:5] or separator
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator or _separator(text[:_SAMPLE]))
    rows = _Rows(reader)
    groups = []
    left = _MOST_CHARS
    for group in grouped(lines(rows), _ROWS, 2 * SECTION):
        groups.append(Section("\n".join(line.text for line in group)))
        left -= len(groups[-1].text)
        if left < 0:  # each row repeats its header, so that few bytes can come to much text
            rows.note = "chars"
            break
    return Sections(groups, note=rows.note)


class _Rows:
    """The first rows of a table; `note` says "chars" when there were more, or one that could not be read."""

    def __init__(self, reader: Iterator[list[str]]) -> None:
        self._reader = reader
        self.note = ""

    def __iter__(self) -> Iterator[list[str]]:
        for _ in range(_MOST_ROWS):
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except csv.Error:  # a field without end: an open quotation mark
                break
            yield row
        self.note = "chars"


def _separator(sample: str) -> str:
    """Return the sign that parts the rows of `sample` into most equally many cells."""
    complete = sample.rpartition("\n")[0] or sample

    def evenness(sign: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(io.StringIO(complete, newline=""), delimiter=sign) if row]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)

    try:
        return max(_SEPARATORS, key=evenness)
    except csv.Error:
        return ","


# -- JSON ----------------------------------------------------------------------------------------------------------


def json_sections(text: str, by_line: bool = False) -> Sections:
    """Cut JSON into sections: a record of a list is a line or a paragraph, a part of an object has its heading.

    What is no valid JSON is shown as the text that it is.
    """
    try:
        values = _by_line(text) if by_line else _whole(text)
    except (ValueError, RecursionError):
        return verbatim_sections(text)
    budget = _Budget(_MOST_VALUES)
    blocks = [block for value in values for block in _blocks(value, budget)]
    return Sections(join_blocks(blocks), note="chars" if budget.is_spent else "")


def _load(text: str) -> object:
    """Return the value with its numbers as they are written."""
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def _whole(text: str) -> list[object]:
    try:
        return [_load(text)]
    except json.JSONDecodeError:
        if text.count("\n") < 1:
            raise
        return _by_line(text)  # records a line, under the wrong name


def _by_line(text: str) -> list[object]:
    rows = [line for line in text.split("\n") if line.strip()]
    values: list[object] = []
    bad = 0
    for row in rows:
        try:
            values.append(_load(row))
        except (ValueError, RecursionError):
            values.append(row)
            bad += 1
    if bad > len(rows) // 2:
        raise ValueError("no records")
    return [values]


class _Budget:
    """How many values may still be written out."""

    def __init__(self, left: int) -> None:
        self._left = left
        self.is_spent = False

    def take(self) -> bool:
        self.is_spent = self.is_spent or self._left <= 0
        self._left -= 1
        return not self.is_spent


def _blocks(value: object, budget: _Budget) -> Iterator[Block]:
    """Yield the parts of the outermost object under their names, or the records of a list."""
    if isinstance(value, dict):
        plain = {key: part for key, part in value.items() if not isinstance(part, (dict, list))}
        yield from _records([plain] if plain else [], budget)
        for key, part in value.items():
            if isinstance(part, (dict, list)) and part:
                yield Block(cell(str(key)) or "?", 1)
                yield from _records(part if isinstance(part, list) else [part], budget)
    else:
        yield from _records(value if isinstance(value, list) else [value], budget)


def _records(values: list[object], budget: _Budget) -> Iterator[Block]:
    """Yield each record: short ones as lines of one block, a long one as a block of its own."""
    short: list[str] = []
    size = 0
    for value in values:
        parts = [f"{path}: {text}" if path else text for path, text in _flat(value, budget)]
        line = " | ".join(parts)
        if len(line) <= _SHORT:
            short += [line] if line else []
            size += len(line) + 1
        if short and (len(line) > _SHORT or size > SECTION):
            yield Block("\n".join(short))
            short, size = [], 0
        if len(line) > _SHORT:
            yield Block("\n".join(parts))
        if budget.is_spent:
            break
    if short:
        yield Block("\n".join(short))


def _flat(value: object, budget: _Budget) -> Iterator[tuple[str, str]]:
    """Yield each value that is no list or object with the path that leads to it: "autores[0].nombre"."""
    stack: list[tuple[str, object]] = [("", value)]
    while stack and budget.take():
        path, part = stack.pop()
        if isinstance(part, dict):
            stack.extend(reversed([(_under(path, key), inner) for key, inner in part.items()]))
        elif isinstance(part, list) and all(not isinstance(inner, (dict, list)) for inner in part):
            yield path, ", ".join(_shown(inner) for inner in part)
        elif isinstance(part, list):
            stack.extend(reversed([(f"{path}[{place}]", inner) for place, inner in enumerate(part)]))
        else:
            yield path, _shown(part)


def _under(path: str, key: object) -> str:
    name = cell(str(key)[:_LONGEST_KEY])
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return clean_characters(str(value)).strip()
