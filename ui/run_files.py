"""A run as a file to take away; what is in it is prompts.report.export's and prompts.report.page's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from prompts.experiment import Place
from prompts.figures.verdict import summary
from prompts.promptfoo import reader as promptfoo
from prompts.report.export import to_csv, to_json
from prompts.report.page import html
from prompts.runs.cell import Cell
from prompts.runs.store import RunRecord
from ui import carriers

KINDS = ("csv", "json", "promptfoo", "report")
Cells = Mapping[Place, Cell]


def file(kind: str, run: RunRecord, cells: Cells, lang: str) -> str:
    """Return the file for a `carriers.saver`; `kind` is one of KINDS."""
    writers: dict[str, Callable[[], str]] = {
        "csv": lambda: carriers.file(f"run-{run.id[:8]}.csv", "text/csv", to_csv(run, cells)),
        "json": lambda: carriers.file(f"run-{run.id[:8]}.json", "application/json", _json(run, cells)),
        "promptfoo": lambda: carriers.file(
            f"run-{run.id[:8]}.yaml", "application/yaml", promptfoo.dump(run.experiment)
        ),
        "report": lambda: carriers.file(
            f"run-{run.id[:8]}.html", "text/html", html(run, summary(run.experiment, cells), cells, lang)
        ),
    }
    return writers[kind]()


def _json(run: RunRecord, cells: Cells) -> str:
    return json.dumps(to_json(run, cells), ensure_ascii=False, indent=2)
