"""The test set as the browser keeps it until it is saved, so that a reload loses nothing. It knows no component."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from prompts.tables.reader import Table
from rag.errors import AulaError
from ui import test_held
from ui.test_held import Held

Draft = dict[str, Any]
MOST = 1_000_000  # bytes of JSON; a browser keeps about 5 MB for the whole page
TOO_LARGE: Draft = {"too_large": True}


def of(held: Held, owner: str) -> Draft | None:
    """Return what the browser is to keep: None for nothing to keep, TOO_LARGE for more than it should."""
    if not held.rows and not held.checks and not held.name:
        return None
    found = {
        "owner": owner,
        "columns": list(held.table.columns),
        **held.kept(),
        "repeats": held.repeats,
        "seed": held.seed,
        "name": held.name,
    }
    return found if len(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")) <= MOST else dict(TOO_LARGE)


def read(draft: object, owner: str) -> Held | None:
    """Return what `of` gave; None for anything else, another's, or what can no longer be read."""
    if not isinstance(draft, Mapping) or draft.get("owner") != owner:
        return None
    try:
        rows, checks = test_held.kept_rows(draft), test_held.kept_checks(draft)
        columns = tuple(str(name) for name in draft["columns"])
        extra = dict(draft.get("extra") or {})
        repeats, seed, name = int(draft["repeats"]), int(draft["seed"]), str(draft["name"])
    except (AulaError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return Held(rows, Table(columns, ()), checks, repeats, seed, name, extra)
