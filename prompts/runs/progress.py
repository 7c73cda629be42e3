"""How far a run is, and whether a replay came out as the run that it repeats: values for whoever shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prompts.experiment import Place
from prompts.runs.cell import Cell
from prompts.runs.provenance import differs
from prompts.runs.store import GOING_ON, RunRecord, State
from prompts.words import Said


@dataclass(frozen=True)
class Progress:
    """`done` of `total` cells; `seconds_left` is None until a cell of every column is done, and while nothing runs.

    `current` is the cell at work, `ahead` how many runs of the same owner come before it, `warnings` what is worth
    knowing (see prompts.runs.cautions), `error` why it failed, in each language.
    """

    state: State
    done: int
    total: int
    seconds_left: float | None = None
    current: Place | None = None
    ahead: int = 0
    warnings: tuple[Said, ...] = ()
    error: Mapping[str, str] = field(default_factory=dict)

    @property
    def going_on(self) -> bool:
        """Whether it runs or waits for its turn."""
        return self.state in GOING_ON

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "seconds_left": None if self.seconds_left is None else round(self.seconds_left, 1),
            "current": vars(self.current) if self.current else None,
            "ahead": self.ahead,
            "warnings": [warning.to_json() for warning in self.warnings],
            "error": dict(self.error),
        }


@dataclass(frozen=True)
class Reproduced:
    """Whether a replay gave the same answers. `same` is None until every cell of both is done or one differs.

    `cells` are the places whose answers differ, `compared` how many both have, `provenance` what they were run with
    differently (see provenance.differs).
    """

    same: bool | None
    cells: tuple[Place, ...]
    compared: int
    provenance: tuple[str, ...]


def compare(
    first: RunRecord, before: Mapping[Place, Cell], second: RunRecord, after: Mapping[Place, Cell]
) -> Reproduced:
    """Compare the answers of two runs of one experiment, cell by cell: their whole texts, and those of samples."""
    both = [place for place in second.experiment.places() if place in before and place in after]
    different = tuple(place for place in both if _said(before[place]) != _said(after[place]))
    whole = len(both) == second.experiment.size
    same = False if different else True if whole else None
    return Reproduced(same, different, len(both), differs(first.provenance, second.provenance))


def _said(cell: Cell) -> tuple[object, ...]:
    return cell.reply.text, cell.reply.samples, bool(cell.reply.error)
