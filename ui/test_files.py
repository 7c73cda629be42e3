"""Files and texts that become a test set, and a test set that becomes a file; which reader is for what, no more."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from prompts.experiment import Experiment, Row
from prompts.promptfoo import reader as promptfoo
from prompts.tables.reader import Table, from_rows, read_table
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
        return promptfoo.load(data.decode("utf-8-sig", errors="replace"), name)
    if suffix == ".json":
        found = _object(data)
        if "columns" in found and "rows" in found:
            return Experiment.from_json(found)
        if "prompts" in found or "tests" in found:
            return promptfoo.load(data.decode("utf-8-sig"), name)
    return read_table(name, data)


def _object(data: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}  # whoever reads tables says what is wrong
    return found if isinstance(found, dict) else {}


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
    text = io.StringIO()
    writer = csv.DictWriter(text, table.columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(table.rows)
    # The mark at its beginning tells a spreadsheet that this is UTF-8.
    return carriers.file("test-set.csv", "text/csv", "\ufeff" + text.getvalue())


def as_promptfoo(experiment: Experiment) -> str:
    """Return an experiment as the file of a promptfoo configuration."""
    return carriers.file("promptfooconfig.yaml", "application/yaml", promptfoo.dump(experiment))
