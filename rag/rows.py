"""Rows of cells to lines that can be read one by one: with its header, each cell says what it is.

"Nota: 9" is found by a question about marks wherever the table is cut; "9" is not. Knows no file format. Runs in the
parsing process only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.cleaning import clean_characters

Row = Sequence[str]
_FIGURE = re.compile(r"[-+−]?[\d.,:/%€$£ \-]*\d[\d.,:/%€$£ \-]*(?:[eE][-+]?\d+)?|TRUE|FALSE", re.ASCII)
_LONGEST_HEADER = 60  # characters: what is longer is a text in a cell
_MOST_COLUMNS = 40


@dataclass(frozen=True)
class Line:
    """A row in words, and the `number`, from 1, under which its file has it."""

    text: str
    number: int


def cell(text: str) -> str:
    """Return a cell's text on one line."""
    return " ".join(clean_characters(text).split())


def lines(rows: Iterable[Row]) -> Iterator[Line]:
    """Yield a line for each row that is not empty: "header: value | header: value" below a header.

    A header is a row of two or more different texts; after an empty row another one may come.
    """
    header: list[str] = []
    waiting: list[tuple[int, list[str]]] = []  # a row that may be a header: what follows it says
    fresh = True
    for number, raw in enumerate(rows, 1):
        row = _trimmed(raw)
        if not row:
            yield from _plain(waiting)
            waiting, fresh = [], True
            continue
        if waiting:
            candidate = waiting.pop()
            if _heads(candidate[1], row, first=not header):
                header = candidate[1]
            else:
                yield Line(_said(candidate[1], header), candidate[0])
        if fresh and _may_head(row):
            waiting = [(number, row)]
        else:
            yield Line(_said(row, header), number)
        fresh = fresh and not waiting and _filled(row) < 2  # a title may stand above a header
    yield from _plain(waiting)


def _plain(waiting: Sequence[tuple[int, list[str]]]) -> Iterator[Line]:
    for number, row in waiting:
        yield Line(" | ".join(row), number)


def _trimmed(row: Row) -> list[str]:
    """Return the cells up to the last one that is filled."""
    cells = [cell(text) for text in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _filled(row: Row) -> int:
    return sum(bool(text) for text in row)


def _may_head(row: Row) -> bool:
    texts = [text for text in row if text]
    return (
        2 <= len(texts) <= _MOST_COLUMNS
        and len(set(texts)) == len(texts)
        and not any(len(text) > _LONGEST_HEADER or _is_figure(text) for text in texts)
    )


def _is_figure(text: str) -> bool:
    return len(text) <= _LONGEST_HEADER and bool(_FIGURE.fullmatch(text))


def _heads(row: Row, below: Row, first: bool) -> bool:
    """Whether `row` is the header of what is `below`; the second table of a sheet must show it by figures."""
    if _filled(below) < 2 and _filled(row) > 2:
        return False
    return first or any(_is_figure(text) for text in below)


def _said(row: Row, header: Row) -> str:
    if not header or _filled(row) < 2:
        return " | ".join(row) if _filled(row) > 1 else "".join(row)
    names = [*header, *[""] * (len(row) - len(header))]
    return " | ".join(f"{name}: {text}" if name else text for name, text in zip(names, row, strict=False) if text)


def grouped(found: Iterable[Line], most: int, chars: int) -> Iterator[list[Line]]:
    """Yield the lines in groups of at most `most` lines and about `chars` characters."""
    group: list[Line] = []
    size = 0
    for line in found:
        if group and (len(group) >= most or size + len(line.text) > chars):
            yield group
            group, size = [], 0
        group.append(line)
        size += len(line.text) + 1
    if group:
        yield group
