"""Runs in the background: started, paused, resumed after a restart, replayed. It asks no model itself.

One thread runs them all, since one model answers one thing at a time; a question in the chat gets in between two
cells. A cell is kept in one transaction or not at all, so a run that is interrupted goes on where it was.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prompts.ask import Asker
from prompts.checks.usable import refuse_unusable
from prompts.experiment import Experiment, Place
from prompts.runs.at_work import AtWork
from prompts.runs.cautions import cautions
from prompts.runs.cell import Cell
from prompts.runs.fair_queue import FairQueue
from prompts.runs.progress import Progress, Reproduced, compare
from prompts.runs.provenance import differs
from prompts.runs.runner import answer
from prompts.runs.store import RunRecord, RunStore
from prompts.runs.tools import ToolsFor
from rag.errors import AulaError, Cancelled, RunFailed, StrategyNotFound

log = logging.getLogger(__name__)

# Waits for the model, names it in the experiment, and says what it will be run with (see prompts.runs.provenance).
Begin = Callable[[Experiment, threading.Event], tuple[Experiment, dict[str, Any]]]
# How long a run goes on while another owner's waits. Every change of run makes the model read other prompts anew.
SLICE_S = 30.0
_JOIN_S = 30.0


class Runs:
    """Every call names the owner, and another's run is as one that is not there (StrategyNotFound). Thread-safe."""

    def __init__(self, store: RunStore, asker: Asker, tools_for: ToolsFor, begin: Begin) -> None:
        """Use these parts. What still went on when the app ended is paused from now on."""
        self._store = store
        self._asker = asker
        self._tools_for = tools_for
        self._begin = begin
        self._changed = threading.Condition(threading.RLock())
        self._queue: FairQueue[AtWork] = FairQueue()
        self._known: dict[str, AtWork] = {}  # what waits or runs, by id
        self._worker: threading.Thread | None = None
        self._stopped = False
        store.pause_all()

    # -- what a person does ----------------------------------------------------------------------------------------

    def start(self, owner: str, experiment: Experiment, name: str = "") -> str:
        """Keep a new run, put it in the queue and return its id; returns at once.

        Raises what a check raises that cannot work whatever is answered (see prompts.checks.usable).
        """
        refuse_unusable(experiment)
        return self._enqueue(owner, self._store.create(owner, experiment, name=name))

    def replay(self, owner: str, run: str) -> str:
        """Start a new run of the same experiment with the same seeds, linked to the first; return its id."""
        first = self._store.get(owner, run)
        return self._enqueue(owner, self._store.create(owner, first.experiment, name=first.name, replays=run))

    def resume(self, owner: str, run: str) -> None:
        """Go on with a run that is paused or failed; one that goes on, or is done, stays as it is."""
        record = self._store.get(owner, run)
        if record.state in ("paused", "failed"):
            self._enqueue(owner, run)

    def pause(self, owner: str, run: str) -> None:
        """Stop it within a step of the model. The cells that are done are kept, the one at work is not."""
        with self._changed:
            self._store.get(owner, run)
            if self._drop(run):
                self._store.set_state(owner, run, "paused")
                self._changed.notify_all()

    def cancel(self, owner: str, run: str) -> None:
        """Stop it for now: the same as `pause`, since what is done is worth keeping. `delete` removes it."""
        self.pause(owner, run)

    def delete(self, owner: str, run: str) -> None:
        """Stop it and remove it with its cells."""
        with self._changed:
            self._store.get(owner, run)
            self._drop(run)
            self._store.delete(owner, run)
            self._changed.notify_all()

    def stop(self) -> None:
        """Pause everything and end the worker; for the end of the app."""
        with self._changed:
            self._stopped = True
            for work in list(self._known.values()):
                self._drop(work.run)
                self._store.set_state(work.owner, work.run, "paused")
            self._changed.notify_all()
            worker = self._worker
        if worker is not None:
            worker.join(timeout=_JOIN_S)

    # -- what a person sees ----------------------------------------------------------------------------------------

    def list(self, owner: str) -> list[RunRecord]:
        """Return the owner's runs, the newest first."""
        return self._store.list(owner)

    def get(self, owner: str, run: str) -> RunRecord:
        """Return a run. Raises StrategyNotFound."""
        return self._store.get(owner, run)

    def cells(self, owner: str, run: str) -> dict[Place, Cell]:
        """Return what is done of a run, in the order in which it is run."""
        return self._store.cells(owner, run)

    def rename(self, owner: str, run: str, name: str) -> None:
        """Give a run another name; an empty one changes nothing."""
        self._store.rename(owner, run, name)

    def progress(self, owner: str, run: str) -> Progress:
        """Return how far a run is."""
        with self._changed:
            work = self._known.get(run)
            if work is not None and work.owner == owner:
                return self._progress(work)
        record = self._store.get(owner, run)
        return Progress(
            state=record.state,
            done=self._store.done(owner, run),
            total=record.experiment.size,
            warnings=cautions(record.experiment),
            error=record.error,
        )

    def stream(self, owner: str, run: str) -> Iterator[Progress]:
        """Yield how far a run is, whenever that changes, until it goes on no longer. Closing it changes nothing."""
        last = None
        while True:
            now = self.progress(owner, run)
            if now != last:
                yield now
                last = now
            if not now.going_on:
                return
            with self._changed:
                self._changed.wait(timeout=1.0)

    def reproduced(self, owner: str, run: str) -> Reproduced | None:
        """Compare a replay with the run that it repeats; None when it repeats none, or that one is gone."""
        second = self._store.get(owner, run)
        if second.replays is None:
            return None
        first = self._store.get(owner, second.replays)
        return compare(first, self._store.cells(owner, first.id), second, self._store.cells(owner, run))

    def _progress(self, work: AtWork) -> Progress:
        before = [*self._queue.before(work.owner, work), work]
        own = _sum(one.left() for one in before)
        if own is not None:  # others take turns with this one, for as long as they last or it does
            own += sum(min(own, _sum(one.left() for one in queue) or own) for queue in self._queue.others(work.owner))
        return Progress(
            state="running" if work.begun else "waiting",
            done=work.done,
            total=work.experiment.size,
            seconds_left=own,
            current=work.current,
            ahead=len(before) - 1,
            warnings=work.warnings,
        )

    # -- the queue -------------------------------------------------------------------------------------------------

    def _enqueue(self, owner: str, run: str) -> str:
        with self._changed:
            if run in self._known or self._stopped:
                return run
            record = self._store.get(owner, run)
            work = AtWork(owner, run, record.experiment, self._store.done(owner, run))
            self._store.set_state(owner, run, "waiting")
            self._known[run] = work
            self._queue.add(owner, work)
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="aula-runs", daemon=True)
                self._worker.start()
            self._changed.notify_all()
        return run

    def _drop(self, run: str) -> bool:
        """Take a run out of the queue and end the cell at work; False when it was not there."""
        work = self._known.pop(run, None)
        if work is None:
            return False
        work.cancel.set()
        self._queue.remove(work.owner, work)
        return True

    # -- the worker ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (work := self._next()) is not None:
            try:
                self._slice(work)
            except Cancelled:
                continue
            except AulaError as error:
                self._fail(work, error)
            except Exception as error:
                log.exception("a run has failed")
                self._fail(work, RunFailed(reason=type(error).__name__))

    def _next(self) -> AtWork | None:
        with self._changed:
            while not self._stopped:
                work = self._queue.first()
                if work is not None:
                    return work
                self._changed.wait()
            return None

    def _slice(self, work: AtWork) -> None:
        """Run cells until the run is done, or its time is over and somebody else waits. Raises Cancelled, AulaError."""
        if not work.begun:
            self._prepare(work)
        end = time.monotonic() + SLICE_S
        while (place := work.next()) is not None:
            with self._changed:
                if work.cancel.is_set():
                    raise Cancelled
                work.current = place
                self._changed.notify_all()
            began = time.monotonic()
            cell = answer(work.experiment, place, self._asker, work.tools, work.owner, work.cancel)
            with self._changed:
                if work.cancel.is_set():
                    raise Cancelled
                self._store.put(work.owner, work.run, cell)
                work.finished(place, time.monotonic() - began)
                self._changed.notify_all()
                if time.monotonic() > end and self._queue.others(work.owner):
                    self._queue.pass_on(work.owner)
                    return
        self._finish(work)

    def _prepare(self, work: AtWork) -> None:
        """Wait for the model, say what the run is run with, and find what is left of it."""
        experiment, provenance = self._begin(work.experiment, work.cancel)
        tools = self._tools_for(experiment, work.cancel)
        with self._changed:
            if work.cancel.is_set():
                raise Cancelled
            before = self._store.get(work.owner, work.run).provenance
            self._store.begin(work.owner, work.run, experiment, _going_on(before, provenance))
            work.begin(experiment, tools, self._store.cells(work.owner, work.run))
            self._changed.notify_all()

    def _finish(self, work: AtWork) -> None:
        with self._changed:
            if self._drop(work.run):
                self._store.set_state(work.owner, work.run, "done")
            self._queue.pass_on(work.owner)
            self._changed.notify_all()

    def _fail(self, work: AtWork, error: AulaError) -> None:
        """Say why a run cannot go on; one that was paused or deleted meanwhile stays as it is."""
        with self._changed:
            if self._known.get(work.run) is work and self._drop(work.run):
                texts: Mapping[str, str] = {lang: error.text(lang) for lang in ("en", "es")}
                try:
                    self._store.set_state(work.owner, work.run, "failed", texts)
                except StrategyNotFound:
                    log.info("a run was removed beneath its worker")
            self._changed.notify_all()


def _going_on(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run is run with: as it was first, and under `changed` what was different when it was resumed."""
    if not before:
        return dict(now)
    changed = sorted({*before.get("changed", ()), *differs(before, now)})
    return {**before, **({"changed": changed} if changed else {})}


def _sum(values: Iterator[float | None]) -> float | None:
    """Return the sum, None when one is not known."""
    found = list(values)
    return None if None in found else float(sum(value or 0.0 for value in found))
