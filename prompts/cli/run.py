"""Runs an experiment in the terminal: progress on standard error, the table and what it shows on standard output."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGINT, default_int_handler, signal
from typing import TYPE_CHECKING

from prompts.ask import Asker
from prompts.cli.load import Unusable
from prompts.cli.models import Models
from prompts.cli.table import table
from prompts.experiment import Experiment, Place
from prompts.figures.verdict import summary
from prompts.report.export import to_json
from prompts.report.page import html
from prompts.runs.cautions import cautions
from prompts.runs.cell import Cell
from prompts.runs.pace import Pace
from prompts.runs.provenance import describe, pinned
from prompts.runs.runner import run
from prompts.runs.store import RunRecord, State
from prompts.words import say

if TYPE_CHECKING:
    from types import FrameType

STOPPED = 130  # what a shell reports for Ctrl-C
Cells = Mapping[Place, Cell]


@dataclass(frozen=True)
class Outputs:
    """What is wanted besides the table: one JSON object as the last line, a report."""

    lang: str
    as_json: bool = False
    html: Path | None = None


def run_and_show(experiment: Experiment, models: Models, outputs: Outputs) -> int:
    """Run every cell, print what came of it and return the exit code. Raises Unusable, ModelError."""
    began = datetime.now(UTC)
    experiment = pinned(experiment, models.chat().model) if _uses_default(experiment) else experiment
    provenance = describe(experiment, models.chat, models.catalogue)
    for caution in cautions(experiment):
        print(caution.text(outputs.lang), file=sys.stderr)
    with _interruptible() as cancel:
        cells = _cells(experiment, models, outputs.lang, cancel)
        stopped = cancel.is_set()
    shown = summary(experiment, cells)
    print(table(shown, outputs.lang))
    state: State = "paused" if stopped else "done"
    record = RunRecord("", "", experiment.name, experiment, provenance, state, began, datetime.now(UTC))
    if outputs.html is not None:
        _write(outputs.html, html(record, shown, cells, outputs.lang))
    code = STOPPED if stopped else _code(cells)
    if outputs.as_json:
        print(json.dumps({"passed": code == 0, **to_json(record, cells)}, ensure_ascii=False))
    return code


def _uses_default(experiment: Experiment) -> bool:
    return any(not column.model for column in experiment.columns)


def _cells(experiment: Experiment, models: Models, lang: str, cancel: threading.Event) -> dict[Place, Cell]:
    line = Line(experiment, lang)
    cells: dict[Place, Cell] = {}
    tools = models.tools(experiment, cancel)
    began = time.monotonic()
    try:
        for cell in run(experiment, Asker(models.chat), tools, cancel=cancel):
            cells[cell.place] = cell
            line.add(cell.place, time.monotonic() - began)
            began = time.monotonic()
    finally:
        line.end()
    return cells


def _code(cells: Cells) -> int:
    """Return 1 when an answer was wrong, could not be read or did not come."""
    return int(any(cell.lenient in ("wrong", "unparsed") or cell.reply.error for cell in cells.values()))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable("cli.unwritable", name=path, reason=error.strerror or error) from error


class Line:
    """One line of progress on standard error: redrawn in a terminal, a line each tenth elsewhere."""

    def __init__(self, experiment: Experiment, lang: str) -> None:
        """Begin with every cell to come."""
        self._lang, self._total = lang, experiment.size
        self._left = Counter(place.column for place in experiment.places())
        self._pace = Pace(len(experiment.columns))
        self._redraw = sys.stderr.isatty()
        self._done, self._tenth = 0, 0

    def add(self, place: Place, seconds: float) -> None:
        """Show that a cell is done."""
        self._done += 1
        self._left[place.column] -= 1
        self._pace.add(place.column, seconds)
        line = say(self._lang, "cli.progress", done=self._done, total=self._total) + self._time()
        if self._redraw:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif self._done * 10 // self._total > self._tenth:
            self._tenth = self._done * 10 // self._total
            print(line, file=sys.stderr, flush=True)

    def _time(self) -> str:
        seconds = self._pace.left([self._left[column] for column in range(len(self._left))])
        if not seconds:
            return ""
        whole = round(seconds)
        return "  " + say(self._lang, "cli.left", time=f"{whole // 60}:{whole % 60:02}")

    def end(self) -> None:
        """Leave the line, so that what follows starts on its own."""
        if self._redraw:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C sets; the second one ends the program as ever."""
    cancel = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        signal(SIGINT, default_int_handler)
        cancel.set()

    before = signal(SIGINT, stop)
    try:
        yield cancel
    finally:
        signal(SIGINT, before)
