"""Sheets of rows to units that can be cited, and how much of a workbook is read. Knows no file format.

Runs in the parsing process only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.pages import Refused
from rag.rows import Line, cell, grouped
from rag.sections import Block, Section, Sections, section

_ROWS = 200  # of a unit
_CHARS = 20_000
_MOST_ROWS = 100_000  # of a sheet, the empty ones between included
_MOST_CELLS = 300_000  # of a workbook: several seconds of reading


class Budget:
    """How many cells are still read; `is_spent` once there were more."""

    def __init__(self, cells: int = _MOST_CELLS) -> None:
        self._cells = cells
        self.is_spent = False

    def take(self, number: int, row: Sequence[object]) -> bool:
        """Count row `number`; False when it is one too many."""
        self._cells -= max(1, len(row))
        self.is_spent = self.is_spent or self._cells < 0 or number > _MOST_ROWS
        return self._cells >= 0 and number <= _MOST_ROWS


def sheet_sections(sheets: Sequence[tuple[str, Sequence[Line]]], title: str, budget: Budget) -> Sections:
    """Make one sheet one unit; where one is too long, all are sections, which say their sheet and rows."""
    made = [part for name, found in sheets for part in _parts(name, found)]
    if not any(found for _, found in sheets):
        raise Refused("empty")
    note = "chars" if budget.is_spent else ""
    return Sections(made, title, unit="sheet" if len(made) == len(sheets) else "section", note=note)


def _parts(name: str, found: Sequence[Line]) -> Iterator[Section]:
    groups = list(grouped(found, _ROWS, _CHARS))
    for group in groups:
        rows = f" ({group[0].number}–{group[-1].number})" if len(groups) > 1 else ""
        yield section([Block(f"{cell(name)}{rows}", 1), Block("\n".join(line.text for line in group))])
    if not groups:
        yield Section("")
