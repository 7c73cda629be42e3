"""The endpoint /compare: a whole experiment run from JSON or promptfoo's YAML, with its progress and its verdict."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gradio as gr
from gradio.events import api

from prompts.experiment import Experiment
from prompts.figures.verdict import summary
from prompts.runs.progress import Progress
from prompts.services import Services
from rag.errors import StrategyNotFound
from ui.components import Running, guarded, owner_of
from ui.test_files import whole

Json = dict[str, object]
_LOOK_S = 0.3
_WATCHING = 8  # clients that may wait for their runs at once; the runs take turns by themselves


def endpoint(services: Services, running: Running) -> None:
    """Add the endpoint to the current Blocks."""

    @guarded
    def compare(experiment: dict | str, request: gr.Request) -> Iterator[Json]:  # type: ignore[type-arg]  # noqa: D417
        """Run an experiment: ways of asking (columns) over test cases (rows), judged by checks.

        Streams {run, state, done, total, seconds_left}; the last one has {run, state, summary, cells} besides. A run
        whose client goes away is paused, and can be resumed from the page.

        Args:
            experiment: as JSON {columns: [{label, prompt: {system, examples, user, begin}, model, decoding, ...}],
                rows: [{vars: {...}, assert: [...]}], checks: [...], repeats, seed, name}, the same as text, or the
                text of a promptfoo configuration (YAML).
        """
        owner = owner_of(request)
        run = services.runs.start(owner, read(experiment))
        try:
            with running.event(request.session_hash) as gone:
                yield from _followed(services, owner, run, gone)
        finally:
            with suppress(StrategyNotFound):  # somebody may have deleted it meanwhile
                services.runs.pause(owner, run)  # nothing, where it is done

    api(compare, api_name="compare", concurrency_limit=_WATCHING)


def read(experiment: object) -> Experiment:
    """Return the experiment. Raises ExperimentInvalid, UnsafeCheck, TemplateCode, ..."""
    return whole(experiment) if isinstance(experiment, str) else Experiment.from_json(experiment)


def _followed(services: Services, owner: str, run: str, gone: threading.Event) -> Iterator[Json]:
    """Yield how far the run is until it goes on no longer, then all of it. `gone`: nobody waits for it any more."""
    last = None
    while not gone.is_set():
        now = services.runs.progress(owner, run)
        if now != last:
            yield _progress(run, now)
            last = now
        if not now.going_on:
            yield _whole(services, owner, run)
            return
        gone.wait(_LOOK_S)


def _progress(run: str, now: Progress) -> Json:
    said = now.to_json()
    return {"run": run, **{name: said[name] for name in ("state", "done", "total", "seconds_left")}}


def _whole(services: Services, owner: str, run: str) -> Json:
    record, cells = services.run_store.get(owner, run), services.run_store.cells(owner, run)
    found: dict[str, Any] = _progress(run, services.runs.progress(owner, run))
    found["summary"] = summary(record.experiment, cells).to_json()
    found["cells"] = [cell.to_json() for cell in cells.values()]
    found["error"] = dict(record.error)
    return found
