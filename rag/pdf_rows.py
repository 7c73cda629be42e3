"""What stands side by side on a page: the columns of prose that were drawn row by row, and the rows of tables.

Knows lines with places; nothing of files. Careful by intent: what is not clearly columns or a table is left in the
order of the file, its parts joined to one line again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.layout import Line, is_marked

_LEAST_ROWS = 3
_MOST_ROWS_APART = 3.2  # times the size of the type
_SHORT = 32  # letters that a cell has on average, at most
_LONGEST_CELL = 160
_PROSE = 22  # letters of a line in a column of prose, at least on average
_FULL = 0.8  # of its column that a line of prose fills
_LOOK_BACK = 14  # lines among which the other cells of a row may stand
_LEADER = re.compile(r"(?:\.\s?){4,}")

Row = list[Line]


def arranged(lines: Sequence[Line]) -> list[Line]:
    """Return the lines in reading order, rows of tables as "a | b | c", parts of a line joined again."""
    if not any(_beside(one, two) for one, two in pairwise(lines)):
        return list(lines)
    ordered = _columns(_grouped(lines))
    return [line for part in _tables(ordered) for line in part]


def _grouped(lines: Sequence[Line]) -> list[Row]:
    """Put together what follows each other on one line of the page."""
    rows: list[Row] = []
    for line in lines:
        if rows and (line.glued or _beside(rows[-1][-1], line)):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _beside(left: Line, right: Line) -> bool:
    if right.glued:
        return True
    level = abs(left.base - right.base) < 0.35 * min(left.height, right.height)
    return level and left.right + 0.3 * right.height < right.left


def _joined(row: Row) -> Line:
    """Return the parts of a row as one line."""
    if len(row) == 1:
        return replace(row[0], glued=False) if row[0].glued else row[0]
    first, last = row[0], row[-1]
    usual = max(row, key=lambda line: line.height)
    return replace(
        first,
        text=" ".join(line.text + "-" * (line.hyphen and line is not last) for line in row),
        left=min(line.left for line in row),
        right=max(line.right for line in row),
        base=usual.base,
        height=usual.height,
        hyphen=last.hyphen,
        fixed=all(line.fixed for line in row),
        bold=all(line.bold for line in row),
        glued=False,
    )


# -- columns ------------------------------------------------------------------------------------------------------


def _columns(rows: Sequence[Row]) -> list[Row]:
    """Read one column after the other where two of prose were drawn row by row."""
    found: list[Row] = []
    begin = 0
    while begin < len(rows):
        end, gutter = _stretch(rows, begin)
        if end > begin and _are_prose(rows[begin:end], gutter):
            found += _side(rows[begin:end], gutter, left=True)
            found += _side(rows[begin:end], gutter, left=False)
            begin = end
        else:
            found.append(rows[begin])
            begin += 1
    return found


def _stretch(rows: Sequence[Row], begin: int) -> tuple[int, float]:
    """Return where rows end that all leave the same strip of the page free, and its middle."""
    if len(rows[begin]) != 2:
        return begin, 0.0
    left, right = rows[begin][0].right, rows[begin][1].left
    end = begin
    for row in rows[begin:]:
        sides = _around(row, (left + right) / 2)
        if sides is None or (end > begin and not _is_below(rows[end - 1], row)):
            break
        narrower = max(left, sides[0]), min(right, sides[1])
        if narrower[1] - narrower[0] < 0.6 * row[0].height:
            break
        left, right = narrower
        end += 1
    return end, (left + right) / 2


def _around(row: Row, middle: float) -> tuple[float, float] | None:
    """Return how far the row's parts come to the middle from both sides; None when one lies across."""
    if any(line.left < middle < line.right for line in row):
        return None
    lefts = [line.right for line in row if line.right <= middle]
    rights = [line.left for line in row if line.left >= middle]
    return max(lefts, default=-1e9), min(rights, default=1e9)


def _is_below(above: Row, below: Row) -> bool:
    height = max(above[0].height, below[0].height)
    return 0 < above[0].base - below[0].base < _MOST_ROWS_APART * height


def _are_prose(rows: Sequence[Row], gutter: float) -> bool:
    """Whether both sides are running text: long lines, most of which fill their column."""
    if sum(len(row) > 1 for row in rows) < 4:
        return False
    for left in (True, False):
        lines = [line for row in rows for line in row if (line.right <= gutter) == left]
        if len(lines) < 4 or sum(len(line.text) for line in lines) < _PROSE * len(lines):
            return False
        width = max(line.right for line in lines) - min(line.left for line in lines)
        if sum(line.width > _FULL * width for line in lines) < 0.6 * len(lines):
            return False
    return True


def _side(rows: Sequence[Row], gutter: float, left: bool) -> Iterator[Row]:
    for row in rows:
        part = [line for line in row if (line.right <= gutter) == left]
        if part:
            yield [replace(part[0], glued=False), *part[1:]]


# -- tables -------------------------------------------------------------------------------------------------------


@dataclass
class _Wide:
    """A row of the page with all its cells, whichever the file draws first; `members` are rows of the file."""

    cells: Row
    members: list[int]

    @property
    def base(self) -> float:
        return self.cells[0].base

    @property
    def height(self) -> float:
        return self.cells[0].height


def _tables(rows: Sequence[Row]) -> Iterator[list[Line]]:
    """Yield the rows as lines; those of a table stand where its first one does in the file."""
    made: dict[int, list[Line]] = {}
    taken: set[int] = set()
    for run in _runs(_widened(rows)):
        table = _table(run)
        if table:
            members = sorted(member for wide in run for member in wide.members)
            made[members[0]] = table
            taken.update(members)
    for index, row in enumerate(rows):
        if index in made:
            yield made[index]
        elif index not in taken:
            yield [_joined(row)]


def _widened(rows: Sequence[Row]) -> list[_Wide]:
    """Give each row the cells to its right that the file draws later, after the lines of a cell before them."""
    found: list[_Wide] = []
    for index, row in enumerate(rows):
        home = _home(found, row[0])
        if home is None:
            found.append(_Wide(list(row), [index]))
        else:
            home.cells += row
            home.members.append(index)
    return found


def _home(found: Sequence[_Wide], line: Line) -> _Wide | None:
    if not found or line.base < found[-1].base + 0.35 * line.height:
        return None  # it goes on downwards, as lines do
    for wide in reversed(found[-_LOOK_BACK:]):
        if abs(wide.base - line.base) < 0.35 * line.height:
            return wide if wide.cells[-1].right + 0.3 * line.height < line.left else None
        if wide.cells[-1].right > line.left:
            return None
    return None


def _runs(rows: Sequence[_Wide]) -> Iterator[list[_Wide]]:
    """Yield rows that follow each other and stand in the same columns."""
    run: list[_Wide] = []
    for wide in rows:
        if run and not _goes_on(run, wide):
            yield _trimmed(run)
            run = []
        if run or len(wide.cells) > 1:
            run.append(wide)
    yield _trimmed(run)


def _goes_on(run: Sequence[_Wide], wide: _Wide) -> bool:
    last = run[-1]
    distance = last.base - wide.base
    if not 0 < distance < _MOST_ROWS_APART * max(last.height, wide.height):
        return False
    pattern = max(run[-6:], key=lambda row: len(row.cells))
    if len(wide.cells) == 1:  # a cell's second line, or a row with one cell filled
        return any(_aligned(cell, wide.cells[0]) for cell in pattern.cells) and _fits(pattern.cells, wide.cells[0])
    fewer, more = sorted((pattern.cells, wide.cells), key=len)
    alike = sum(any(_aligned(one, two) for two in more) for one in fewer)
    return alike >= max(2, len(fewer) - 1)


def _aligned(one: Line, two: Line) -> bool:
    near = 0.7 * max(one.height, two.height)
    middle = abs(one.left + one.right - two.left - two.right) / 2
    return abs(one.left - two.left) < near or abs(one.right - two.right) < near or middle < near


def _fits(cells: Sequence[Line], line: Line) -> bool:
    """Whether a line stands within one column: what runs under two of them is text below the table."""
    return sum(cell.left < line.right and line.left < cell.right for cell in cells) <= 1


def _trimmed(run: list[_Wide]) -> list[_Wide]:
    """Leave out single cells at the end, which may be the text that follows."""
    while run and len(run[-1].cells) == 1 and not _is_continuation(run):
        run = run[:-1]
    return run


def _is_continuation(run: Sequence[_Wide]) -> bool:
    line, above = run[-1].cells[0], run[-2] if len(run) > 1 else None
    return above is not None and line.left > above.cells[0].right and above.base - line.base < 1.6 * line.height


def _table(run: Sequence[_Wide]) -> list[Line] | None:
    """Return the rows of a table, None when it is none."""
    full = [wide for wide in run if len(wide.cells) > 1]
    columns = max((len(wide.cells) for wide in full), default=0)
    cells = [cell for wide in full for cell in wide.cells]
    if len(full) < (_LEAST_ROWS if columns == 2 else _LEAST_ROWS - 1) or not _are_cells(cells, full):
        return None
    edges = _edges(full)
    lines: list[tuple[Line, list[str]]] = []
    for wide in run:
        filled = _filled(wide.cells, edges)
        if lines and not filled[0] and lines[-1][0].base - wide.base < 1.6 * wide.height:
            lines[-1] = (lines[-1][0], [f"{one} {two}".strip() for one, two in zip(lines[-1][1], filled, strict=True)])
        else:
            lines.append((_joined(wide.cells), filled))
    return [replace(line, text=" | ".join(filled).strip(), hyphen=False, row=True) for line, filled in lines]


def _are_cells(cells: Sequence[Line], full: Sequence[_Wide]) -> bool:
    letters = [len(cell.text) for cell in cells]
    if sum(letters) > _SHORT * len(letters) or max(letters) > _LONGEST_CELL or all(cell.fixed for cell in cells):
        return False
    marks = sum(is_marked(wide.cells[0].text + " ") and len(wide.cells) == 2 for wide in full)
    leaders = sum(bool(_LEADER.search(cell.text)) for cell in cells)
    return marks < 0.6 * len(full) and leaders < 0.3 * len(full)


def _edges(full: Sequence[_Wide]) -> list[tuple[float, float]]:
    """Return left and right of each column: of the rows with most cells, made wider by the others' cells."""
    most = max(len(wide.cells) for wide in full)
    whole = [wide.cells for wide in full if len(wide.cells) == most]
    return [(min(row[place].left for row in whole), max(row[place].right for row in whole)) for place in range(most)]


def _filled(cells: Sequence[Line], edges: Sequence[tuple[float, float]]) -> list[str]:
    """Return the text in each column; a cell belongs to the one that it overlaps most, or is nearest to."""
    filled = [""] * len(edges)
    for cell in cells:
        overlaps = [min(cell.right, right) - max(cell.left, left) for left, right in edges]
        place = max(range(len(edges)), key=lambda index: overlaps[index])
        text = cell.text.replace("|", "¦") + "-" * cell.hyphen
        filled[place] = f"{filled[place]} {text}".strip()
    return filled
