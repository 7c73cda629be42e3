"""What is worth knowing before an experiment is run, in words; none of it forbids anything."""

from __future__ import annotations

from collections.abc import Sequence

from prompts.column import Column
from prompts.experiment import Experiment
from prompts.words import Said


def cautions(experiment: Experiment) -> tuple[Said, ...]:
    """Return what will be the same each time: repeats and samples of columns that always take the likeliest word."""
    found = []
    if experiment.repeats > 1 and (fixed := _greedy(experiment.columns)):
        found.append(Said("run.same_repeats", {"columns": _labels(fixed), "repeats": experiment.repeats}))
    if fixed := _greedy([column for column in experiment.columns if column.samples > 1]):
        found.append(Said("run.same_samples", {"columns": _labels(fixed)}))
    return tuple(found)


def _greedy(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.decoding.temperature == 0 or column.decoding.top_k == 1]


def _labels(columns: Sequence[Column]) -> str:
    return ", ".join(column.label for column in columns)
