"""Files and texts that become a test set, and a test set that becomes a file; which reader is for what, no more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath

from prompts.experiment import Experiment, Row
from prompts.promptfoo import reader as promptfoo
from prompts.tables.reader import Table, from_rows, read_table
from prompts.tables.writer import to_csv
from rag.errors import ExperimentInvalid
from ui import carriers

_YAML = (".yaml", ".yml")
_SEPARATOR = "|"


def taken(name: str, data: bytes) -> Experiment | Table:
    """Return what a file holds: a table, or a whole experiment (Aula's JSON, promptfoo's YAML or JSON).

    Raises TableUnreadable, TableTooLarge, ExperimentInvalid, UnsafeCheck, TemplateCode, ...
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in _YAML:
        return whole(data.decode("utf-8-sig", errors="replace"), name)
    if suffix == ".json":
        found = _experiment(data.decode("utf-8-sig", errors="replace"), name)
        if found is not None:
            return found
    return read_table(name, data)


def whole(text: str, name: str = "") -> Experiment:
    """Return the experiment that a text holds: Aula's own JSON, else promptfoo's YAML or JSON. Raises as `taken`."""
    return _experiment(text, name) or promptfoo.load(text, name)


def _experiment(text: str, name: str) -> Experiment | None:
    """Return the experiment of a JSON text; None where it is no JSON, or something else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None  # whoever reads something else says what is wrong
    if not isinstance(found, dict):
        return None
    if "columns" in found and "rows" in found:
        return Experiment.from_json(found)
    return promptfoo.load(text, name) if "prompts" in found or "tests" in found else None


def lists(text: str) -> dict[str, list[str]]:
    """Return the values of each variable out of lines as "city: Lugo | Soria". Raises ExperimentInvalid."""
    found: dict[str, list[str]] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, values = line.partition(":")
        if not colon or not name.strip() or not values.strip():
            raise ExperimentInvalid(where=line.strip()[:60], wanted=f"city: Lugo {_SEPARATOR} Soria")
        found[name.strip()] = [value.strip() for value in values.split(_SEPARATOR)]
    return found


def as_csv(rows: Sequence[Row]) -> str:
    """Return rows as the file of a CSV that Aula, promptfoo and spreadsheets read."""
    table = from_rows(rows)
    lines = ([row.get(column, "") for column in table.columns] for row in table.rows)
    return carriers.file("test-set.csv", "text/csv", to_csv(table.columns, lines))


def as_promptfoo(experiment: Experiment) -> str:
    """Return an experiment as the file of a promptfoo configuration."""
    return carriers.file("promptfooconfig.yaml", "application/yaml", promptfoo.dump(experiment))
