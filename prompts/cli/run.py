"""Runs an experiment in the terminal: progress on standard error, what came of it on standard output."""

from __future__ import annotations

import errno
import json
import os
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
from prompts.checks.registry import is_kept_only
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
from prompts.runs.tools import asks_judge
from prompts.words import Said, say

if TYPE_CHECKING:
    from types import FrameType

STOPPED = 130  # what a shell reports for Ctrl-C
Cells = Mapping[Place, Cell]


@dataclass(frozen=True)
class Outputs:
    """What is wanted besides the table: one JSON object in its place (then it goes to standard error), a report."""

    lang: str
    as_json: bool = False
    html: Path | None = None


def run_and_show(experiment: Experiment, models: Models, outputs: Outputs) -> int:
    """Run every cell, print what came of it and return the exit code. Raises Unusable, ModelError."""
    _refuse_unwritable(outputs.html)
    began = datetime.now(UTC)
    experiment = pinned(experiment, models.chat().model) if _uses_default(experiment) else experiment
    provenance = describe(experiment, models.chat, models.catalogue, models.settings.embedding)
    for caution in cautions(experiment):
        print(caution.text(outputs.lang), file=sys.stderr)
    with _interruptible() as cancel:
        cells = _cells(experiment, models, outputs.lang, cancel)
        stopped = cancel.is_set()
    shown = summary(experiment, cells)
    print(table(shown, outputs.lang), file=sys.stderr if outputs.as_json else sys.stdout)
    problem = _problem(cells)
    if problem is not None and not stopped:
        print(problem.text(outputs.lang), file=sys.stderr)
    code = STOPPED if stopped else int(problem is not None or _failed(cells))
    state: State = "paused" if stopped else "done"
    record = RunRecord("", "", experiment.name, experiment, provenance, state, began, datetime.now(UTC))
    if outputs.as_json:  # before the report, which may find the disk full
        print(json.dumps({"passed": code == 0, **to_json(record, cells)}, ensure_ascii=False), flush=True)
    if outputs.html is not None:
        _write(outputs.html, html(record, shown, cells, outputs.lang))
    return code


def _uses_default(experiment: Experiment) -> bool:
    return any(not column.model for column in experiment.columns) or asks_judge(experiment)


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


def _failed(cells: Cells) -> bool:
    """Tell whether an answer was wrong, could not be read or did not come."""
    return any(cell.lenient in ("wrong", "unparsed") or cell.reply.error for cell in cells.values())


def _problem(cells: Cells) -> Said | None:
    """Return why a run shows less than it was to: a check could not be run on an answer, or none judged any."""
    grades = [grade for cell in cells.values() for grade in cell.grades]
    for grade in grades:
        if grade.lenient == "none" and grade.check.weight and not is_kept_only(grade.check):
            return Said("cli.undecided", {"type": grade.check.type, "why": grade.reason})
    answered = any(not cell.reply.error for cell in cells.values())
    if answered and all(cell.lenient == "none" for cell in cells.values()):
        return Said("cli.nothing_judged")
    return None


def _refuse_unwritable(path: Path | None) -> None:
    """Raise Unusable where a report could not be written, before anything is asked."""
    if path is None:
        return
    number = 0
    if path.is_dir():
        number = errno.EISDIR
    elif not path.parent.is_dir():
        number = errno.ENOENT
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        number = errno.EACCES
    if number:
        raise Unusable("cli.unwritable", name=path, reason=os.strerror(number))


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
