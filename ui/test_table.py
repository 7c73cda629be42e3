"""Between the editable table and the rows of a test set: what the table shows, and what it does not lose.

A table shows each row as promptfoo's CSV does: a column a variable, `__expected` and the like for what else it has. A
row that nobody has changed stays exactly as it was, also where the table has no words for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prompts.experiment import Row
from prompts.tables.reader import Table, from_rows, to_rows

EXPECTED = "expected"  # the variable that checks compare answers with, unless told otherwise
Grid = dict[str, Any]  # {"headers": [...], "data": [[...]]}, as the component takes and gives it


def grid(headers: Sequence[str], data: Sequence[Sequence[str]]) -> Grid:
    """Return a value for the component; a table without rows has an empty one, to be written in."""
    return {"headers": list(headers), "data": [list(row) for row in data] or [[""] * len(headers)], "metadata": None}


def blank(variables: Sequence[str]) -> Grid:
    """Return an empty table for the variables, with a column for what is expected."""
    return grid([*(name for name in variables if name != EXPECTED), EXPECTED], [])


def table_of(value: object) -> Table:
    """Return what the component holds, without empty rows; it gives a data frame, or its own JSON."""
    headers, data = _parts(value)
    named = [(n, name) for n, name in enumerate(headers) if name]
    rows = []
    for line in data:
        cells = {name: _text(line[n]) if n < len(line) else "" for n, name in named}
        if any(cell.strip() for cell in cells.values()):
            rows.append(cells)
    return Table(tuple(dict.fromkeys(name for _, name in named)), tuple(rows))


def parts(value: Any) -> tuple[list[str], list[list[str]]]:  # noqa: ANN401 - Gradio's, or pandas'
    """Return the headers and the cells that the component holds, empty rows and all."""
    headers, data = _parts(value)
    return headers, [[_text(cell) for cell in line] for line in data]


def _parts(value: Any) -> tuple[list[str], list[list[object]]]:  # noqa: ANN401 - Gradio's, or pandas'
    if isinstance(value, Mapping):
        return [str(name or "").strip() for name in value.get("headers") or []], list(value.get("data") or [])
    if value is None:
        return [], []
    return [str(name).strip() for name in value.columns], value.to_numpy(dtype=object).tolist()


def _text(value: object) -> str:
    empty = value is None or value != value
    return "" if empty else str(value)


def with_row(value: object) -> Grid:
    """Return the table with one more row, an empty one."""
    headers, data = parts(value)
    return grid(headers, [*data, [""] * len(headers)])


def without_row(value: object, number: int) -> Grid:
    """Return the table without a row, counted from 0; the last one where there are not so many."""
    headers, data = parts(value)
    return grid(headers, [line for n, line in enumerate(data) if n != min(number, len(data) - 1)])


def line_of(value: object, number: int) -> int | None:
    """Return which row of the test set a line of the table is, both counted from 0; None for an empty line."""
    _, data = parts(value)
    filled = [any(cell.strip() for cell in line) for line in data]
    return sum(filled[:number]) if number < len(filled) and filled[number] else None


def for_variables(value: object, variables: Sequence[str], own: Sequence[str]) -> tuple[Grid | None, list[str]]:
    """Return an empty table with a column for each of `variables`, None where it has them; and what is now `own`.

    Headers that are still `own`, as this function gave them last, are changed; others belong to somebody: none of them
    is taken away.
    """
    headers, _ = parts(value)
    wanted = blank(variables)
    if headers == list(own):
        return (None if headers == wanted["headers"] else wanted), wanted["headers"]
    lacking = [name for name in wanted["headers"] if name not in headers]
    return (blank([*headers, *lacking]) if lacking else None), list(own)


def with_variable(value: object, name: str) -> Grid:
    """Return the table with one more column, before what is expected; as it is where there is one of that name."""
    headers, data = parts(value)
    name = name.strip(" {}")
    if not name or name in headers:
        return grid(headers, data)
    at = headers.index(EXPECTED) if EXPECTED in headers else len(headers)
    return grid([*headers[:at], name, *headers[at:]], [[*line[:at], "", *line[at:]] for line in data])


def show(rows: Sequence[Row], variables: Sequence[str] = ()) -> Grid:
    """Return the table of `rows`; `variables` have a column even where no row fills them."""
    if not rows:
        return blank(variables)
    table = from_rows(rows)
    headers = [*table.columns, *(name for name in variables if name not in table.columns)]
    return grid(headers, [[row.get(name, "") for name in headers] for row in table.rows])


def rows_of(table: Table, kept: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows of a table; those that say what one of `kept` says are that row. Raises UnsafeCheck, ..."""
    known: dict[frozenset[tuple[str, str]], Row] = {}
    if kept:
        known = {_key(line): row for line, row in zip(from_rows(kept).rows, kept, strict=True)}
    read = to_rows(table)
    return tuple(known.get(_key(line), row) for line, row in zip(table.rows, read, strict=True))


def _key(line: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in line.items() if value)


def joined(first: Table, second: Table) -> Table:
    """Return the rows of both below each other."""
    return Table(tuple(dict.fromkeys([*first.columns, *second.columns])), (*first.rows, *second.rows))
