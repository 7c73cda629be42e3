"""The draft of the Compare tab that a browser keeps for a reload, and what takes columns' place; no components.

What a browser gives back may be anything, also what another person has left there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ui.column_editor import FIELDS, LEAST, MOST, Fields, written
from ui.column_filling import empty

Json = dict[str, Any]
Replies = list[Mapping[str, object] | None]
LONGEST = 1_000_000  # characters of JSON: a browser keeps a few million in all


def kept(rows: Sequence[Fields], values: Mapping[str, str], owner: str) -> Json | None:
    """Return what the browser is to keep of columns as they stand and values; None where it is too long for it."""
    draft = {"owner": owner, "rows": [dict(row) for row in rows], "values": dict(values)}
    return draft if len(json.dumps(draft)) <= LONGEST else None


def found(draft: object, owner: str) -> tuple[list[Fields], dict[str, str]] | None:
    """Return the columns and values of the owner's draft, if it is one and anything is written in it."""
    if not isinstance(draft, Mapping) or draft.get("owner") != owner or not isinstance(draft.get("rows"), list):
        return None
    try:
        rows = [_row(row, n) for n, row in enumerate(draft["rows"][:MOST])]
        if not any([written(row) for row in rows]):  # each of them is looked at: one that cannot be read raises
            return None
    except (TypeError, ValueError):
        return None
    rows += [empty(n) for n in range(len(rows), LEAST)]
    values = draft.get("values")
    return rows, {str(k): str(v) for k, v in values.items()} if isinstance(values, Mapping) else {}


def _row(row: object, number: int) -> Fields:
    """Return a column's fields; what is missing or of another kind is as in an empty one."""
    blank = empty(number)
    given = row if isinstance(row, Mapping) else {}
    return {name: given[name] if _like(given.get(name), blank[name]) else blank[name] for name in FIELDS}


def _like(value: object, blank: object) -> bool:
    if isinstance(blank, bool):
        return isinstance(value, bool)
    if isinstance(blank, int | float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, type(blank))


def before(rows: Sequence[Fields], replies: Sequence[object], values: Mapping[str, str]) -> Json:
    """Return what brings back columns with their answers and values, after something took their place."""
    return {"rows": list(rows), "replies": list(replies), "values": dict(values)}


def taken_in(rows: Sequence[Fields], replies: Replies, columns: Sequence[Fields]) -> tuple[list[Fields], Replies]:
    """Return the desk with `columns` on it: one goes where nothing is written, else first; several are all there is."""
    if len(columns) >= LEAST:
        return list(columns), [None] * len(columns)
    rows, replies = list(rows), list(replies)
    place = next((n for n, row in enumerate(rows) if not written(row)), 0)
    rows[place], replies[place] = columns[0], None
    return rows, replies
