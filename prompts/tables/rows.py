"""A table to the rows of a test set and back, with promptfoo's own columns: `__expected`, `__metric` and the rest.

See https://www.promptfoo.dev/docs/configuration/test-cases/#special-csv-columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from prompts.experiment import Row, read_check
from prompts.outcome import Check
from prompts.promptfoo.expected import expected, written
from prompts.promptfoo.plain_text import plain
from prompts.safety import refuse_unsafe
from prompts.tables.table import Table
from rag.errors import TableUnreadable, UnsafeCheck

_EXPECTED = re.compile(r"__expected_?(\d*)")
_CONFIG = re.compile(r"__config:__expected(\d*):(.+)")
_METADATA = "__metadata:"
_AFFIXES = {"__prefix": "prefix", "__suffix": "suffix"}
_OTHERS = ("__description", "__metric", "__threshold", "__providerOutput")
_FILE = re.compile(r"\s*file:/", re.IGNORECASE)


def to_rows(table: Table) -> tuple[Row, ...]:
    """Return a row for each of the table's. Raises UnsafeCheck and TableUnreadable, naming the row (from 1)."""
    return tuple(_row(cells, number) for number, cells in enumerate(table.rows, 1))


def is_special(column: str) -> bool:
    """Return whether a column is promptfoo's own and no variable."""
    known = column in (*_AFFIXES, *_OTHERS) or column.startswith(_METADATA)
    return known or bool(_EXPECTED.fullmatch(column) or _CONFIG.fullmatch(column))


def _row(cells: Mapping[str, str], number: int) -> Row:
    values = {name: cell for name, cell in cells.items() if not is_special(name)}
    for cell in values.values():
        if _FILE.match(cell):
            raise UnsafeCheck(row=number, found=cell.strip()[:60])
    return Row(values, _checks(cells, number), cells.get("__description", ""), _extra(cells, number))


def _checks(cells: Mapping[str, str], number: int) -> tuple[Check, ...]:
    """Return the checks in the order of their columns; `__config:__expected2:threshold` is for `__expected2`."""
    metric = cells.get("__metric", "").strip()
    found = []
    for name, cell in cells.items():
        match = _EXPECTED.fullmatch(name)
        if match and cell.strip():
            check = expected(cell, number)
            check = replace(check, metric=metric) if metric else check
            found.append(_configured(check, match[1], cells, number))
    return tuple(found)


def _configured(check: Check, which: str, cells: Mapping[str, str], number: int) -> Check:
    data = check.to_json()
    for name, cell in cells.items():
        match = _CONFIG.fullmatch(name)
        # Without a number it is for all of them; "1" is also the only one.
        if match and cell.strip() and match[1] in ("", which or "1"):
            key = match[2].strip()
            data[key] = _number(name, cell, number) if key in ("threshold", "weight") else _json(cell)
    refuse_unsafe({"assert": [data]}, number)
    return read_check(data, number)


def _extra(cells: Mapping[str, str], number: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for name, cell in cells.items():
        key = name.removeprefix(_METADATA)
        if name.startswith(_METADATA) and cell.strip() and key:
            metadata[key.removesuffix("[]")] = _split(cell) if key.endswith("[]") else cell
    options = {key: cells[name] for name, key in _AFFIXES.items() if cells.get(name)}
    extra: dict[str, Any] = {"options": options, "metadata": metadata}
    if cells.get("__threshold", "").strip():
        extra["threshold"] = _number("__threshold", cells["__threshold"], number)
    if cells.get("__providerOutput"):
        extra["providerOutput"] = cells["__providerOutput"]
    return {key: value for key, value in extra.items() if value not in ({}, None)}


def _number(column: str, cell: str, row: int) -> float:
    try:
        return float(cell.strip().replace(",", "."))
    except ValueError as error:
        raise TableUnreadable(name=column, row=row, wanted="0.8") from error


def _json(cell: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _split(cell: str) -> list[str]:
    return [part.strip().replace("\\,", ",") for part in re.split(r"(?<!\\),", cell)]


def from_rows(rows: Sequence[Row]) -> Table:
    """Return the table that `to_rows` reads as these rows, as far as promptfoo's columns have words for them."""
    shared = all(len({check.metric for check in row.checks}) <= 1 for row in rows)
    most = max((len(row.checks) for row in rows), default=0)
    lines = [_line(row, shared, most > 1) for row in rows]
    variables = dict.fromkeys(name for row in rows for name in row.values)
    special = dict.fromkeys(name for line in lines for name in sorted(line, key=_order) if name not in variables)
    columns = (*variables, *sorted(special, key=_order))
    return Table(columns, tuple({column: line.get(column, "") for column in columns} for line in lines))


def _order(column: str) -> tuple[int, int]:
    match = _EXPECTED.fullmatch(column) or _CONFIG.fullmatch(column)
    number = int(match[1] or 0) if match else 0
    groups = ("__description", "__expected", "__config", "__metric", "__threshold", "__prefix", "__suffix", "__meta")
    return next((n for n, start in enumerate(groups) if column.startswith(start)), len(groups)), number


def _line(row: Row, shared: bool, several: bool) -> dict[str, str]:
    line = dict(row.values)
    if row.description:
        line["__description"] = row.description
    for number, check in enumerate(row.checks, 1):
        which = str(number) if several else ""
        line[f"__expected{which}"] = written(check)
        line |= {f"__config:__expected{which}:{key}": text for key, text in _config(check, shared)}
    metric = row.checks[0].metric if row.checks and shared else ""
    options, metadata = (row.extra.get(name) or {} for name in ("options", "metadata"))
    line |= {"__metric": metric} if metric else {}
    line |= {name: plain(options[key]) for name, key in _AFFIXES.items() if options.get(key)}
    for key, value in metadata.items():
        several_of = isinstance(value, list)
        text = ",".join(plain(one).replace(",", "\\,") for one in value) if several_of else plain(value)
        line[f"{_METADATA}{key}{'[]' if several_of else ''}"] = text
    line |= {"__threshold": plain(row.extra["threshold"])} if row.extra.get("threshold") is not None else {}
    line |= {"__providerOutput": plain(row.extra["providerOutput"])} if row.extra.get("providerOutput") else {}
    return line


def _config(check: Check, shared: bool) -> Iterable[tuple[str, str]]:
    if check.weight != 1.0:
        yield "weight", plain(check.weight)
    if check.metric and not shared:
        yield "metric", check.metric
    for key, value in check.options.items():
        yield key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
