"""A run as a table for spreadsheets and as plain JSON. It draws nothing; the report is prompts.report.page's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prompts.experiment import Place
from prompts.figures.verdict import summary
from prompts.promptfoo.expected import written
from prompts.runs.cell import Cell
from prompts.tables import writer

if TYPE_CHECKING:
    from prompts.runs.store import RunRecord

_HEAD = ("row", "repeat", "column", "model", "description")
_TAIL = (
    "answer",
    "outcome",
    "strict_outcome",
    "read",
    "checks",
    "error",
    "seconds",
    "prompt_tokens",
    "completion_tokens",
    "tokens_per_s",
    "seed",
    "prompt",
)


def to_csv(run: RunRecord, cells: Mapping[Place, Cell]) -> str:
    """Return one line a cell, with the row's variables between what was asked and what was answered.

    Rows and repeats count from 1. What a spreadsheet would take for a formula is disarmed (see prompts.tables.writer).
    """
    variables = list(dict.fromkeys(name for row in run.experiment.rows for name in row.values))
    places = sorted(cells, key=lambda place: (place.row, place.repeat, place.column))
    return writer.to_csv((*_HEAD, *variables, *_TAIL), (_line(run, cells[place], variables) for place in places))


def _line(run: RunRecord, cell: Cell, variables: list[str]) -> list[writer.Value]:
    place, reply = cell.place, cell.reply
    row, stats = run.experiment.rows[place.row], reply.stats
    checks = "; ".join(f"{written(grade.check)} → {grade.lenient}" for grade in cell.grades)
    return [
        place.row + 1,
        place.repeat + 1,
        run.experiment.columns[place.column].label,
        reply.model,
        row.description,
        *(row.values.get(name, "") for name in variables),
        reply.text,
        cell.lenient,
        cell.strict,
        next((grade.read for grade in cell.grades if grade.read), ""),
        checks,
        reply.error.get("en", ""),
        round(reply.seconds, 3),
        stats.get("prompt_tokens"),
        stats.get("completion_tokens"),
        stats.get("tokens_per_s"),
        reply.seed,
        reply.prompt,
    ]


def to_json(run: RunRecord, cells: Mapping[Place, Cell]) -> dict[str, Any]:
    """Return the whole run as plain JSON: {run, experiment, provenance, summary, cells}, without its owner."""
    return {
        "run": {
            "id": run.id,
            "name": run.name,
            "state": run.state,
            "created": run.created.isoformat(timespec="seconds"),
            "updated": run.updated.isoformat(timespec="seconds"),
            "replays": run.replays,
        },
        "experiment": run.experiment.to_json(),
        "provenance": dict(run.provenance),
        "summary": summary(run.experiment, cells).to_json(),
        "cells": [cells[place].to_json() for place in run.experiment.places() if place in cells],
    }
