"""Runs an experiment cell by cell: asks, then judges, and skips what is done. It keeps nothing."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Container, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from prompts.ask import Asker, failed
from prompts.checks.registry import grade
from prompts.experiment import Experiment, Place
from prompts.reply import Reply
from prompts.runs.affix import affixed
from prompts.runs.cell import Cell
from rag.errors import AulaError, Cancelled, ModelError, ModelNotReady

if TYPE_CHECKING:
    from prompts.checks.kinds import Tools

_TRIES = 3  # how often a cell is asked whose model was closed beneath it


def run(
    experiment: Experiment,
    asker: Asker,
    tools: Tools,
    owner: str = "",
    done: Container[Place] = (),
    cancel: threading.Event | None = None,
) -> Iterator[Cell]:
    """Yield each cell that is not done, in the experiment's order; a cell that `cancel` cuts short is not yielded.

    What is wrong with one cell (QuestionTooLong, VariableMissing, ...) stands in its reply's `error`. Raises
    ModelError where there is no model to ask: no later cell would fare better.
    """
    cancel = cancel or threading.Event()
    for place in todo(experiment, done):
        if cancel.is_set():
            return
        try:
            cell = answer(experiment, place, asker, tools, owner, cancel)
        except Cancelled:
            return
        yield cell


def todo(experiment: Experiment, done: Container[Place]) -> Iterator[Place]:
    """Yield the cells that are not done, in the order in which they are run."""
    return (place for place in experiment.places() if place not in done)


def answer(
    experiment: Experiment, place: Place, asker: Asker, tools: Tools, owner: str, cancel: threading.Event
) -> Cell:
    """Return one cell, answered and judged. Raises Cancelled when it was cut short, and ModelError."""
    reply = _reply(experiment, place, asker, owner, cancel)
    try:
        grades = () if reply.error else grade(experiment, place, reply, tools)
    except (Cancelled, ModelError):
        raise
    except AulaError as error:  # the judge's prompt does not fit, perhaps
        grades, reply = (), replace(reply, error=failed(error, experiment.columns[place.column]).error)
    if cancel.is_set():  # perhaps in the middle of a judgement
        raise Cancelled
    return Cell.judged(place, reply, grades, experiment.rows[place.row].extra.get("threshold"))


def _reply(experiment: Experiment, place: Place, asker: Asker, owner: str, cancel: threading.Event) -> Reply:
    row = experiment.rows[place.row]
    column = affixed(experiment.columns[place.column], row)
    seeds = [experiment.cell_seed(place, sample) for sample in range(column.samples)]
    for _ in range(_TRIES):
        try:
            reply = deque(asker.ask(column, row.values, seeds, owner, cancel), maxlen=1).pop()
        except (Cancelled, ModelError):
            raise
        except AulaError as error:
            return failed(error, column)
        if cancel.is_set():
            raise Cancelled
        if not reply.stopped:
            return reply
    raise ModelNotReady  # it stopped three times and nobody had asked for it
