"""A run that waits or runs: what is left of it, how fast it goes, how to stop it. It asks nothing, keeps nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from prompts.experiment import Experiment, Place
from prompts.runs.cautions import cautions
from prompts.runs.cell import Cell
from prompts.runs.pace import Pace
from prompts.runs.runner import todo

if TYPE_CHECKING:
    from prompts.checks.kinds import Tools


class AtWork:
    """Belongs to prompts.runs.background, which holds its lock while it changes one."""

    tools: Tools

    def __init__(self, owner: str, run: str, experiment: Experiment, done: int) -> None:
        """Wait for the first turn; `done` cells are there already."""
        self.owner, self.run = owner, run
        self.experiment = experiment
        self.done = done
        self.begun = False
        self.current: Place | None = None
        self.cancel = threading.Event()
        self.warnings = cautions(experiment)
        self._pace = Pace(len(experiment.columns))
        self._todo: Iterator[Place] = iter(())
        self._remaining: Counter[int] = Counter()

    def begin(self, experiment: Experiment, tools: Tools, cells: Mapping[Place, Cell]) -> None:
        """Take in what is run, and what of it is done."""
        self.experiment, self.tools = experiment, tools
        self.done = len(cells)
        for place, cell in cells.items():
            self._pace.add(place.column, cell.reply.seconds)
        self._remaining = Counter(place.column for place in todo(experiment, cells))
        self._todo = todo(experiment, cells)
        self.begun = True

    def next(self) -> Place | None:
        """Return the next cell to run; None when there is no other."""
        return next(self._todo, None)

    def finished(self, place: Place, seconds: float) -> None:
        """Count a cell that is kept, and what it took."""
        self.done += 1
        self.current = None
        self._remaining[place.column] -= 1
        self._pace.add(place.column, seconds)

    def left(self) -> float | None:
        """Return the seconds that it will still take by itself; None while that is not known."""
        if not self.begun:
            return None
        return self._pace.left([self._remaining[column] for column in range(len(self.experiment.columns))])
