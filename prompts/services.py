"""Everything the page needs: rag.services with the playground's parts on top; nothing here is module-level state."""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields
from typing import Any

import rag.services
from prompts.ask import Asker
from prompts.context import finder
from prompts.experiment import Experiment
from prompts.runs.background import Begin, Runs
from prompts.runs.provenance import describe, pinned
from prompts.runs.saved import Saved
from prompts.runs.store import RunStore
from prompts.runs.tools import tools_for
from rag.engine import Engine
from rag.errors import Cancelled
from rag.selection import Selector
from rag.settings import Settings

_POLL_S = 0.2


@dataclass(frozen=True)
class Services(rag.services.Services):
    """The lower layers, and what asks prompts, runs experiments and keeps both."""

    asker: Asker
    run_store: RunStore
    runs: Runs
    saved: Saved

    def close(self) -> None:
        """Pause what runs, while the model is still there, then end the rest."""
        self.runs.stop()
        super().close()


def build_services(settings: Settings) -> Services:
    """Open the data folder and put the parts together; nothing is loaded yet. Raises DataInUse, DataTooNew."""
    below = rag.services.build_services(settings)
    asker = Asker(below.lender.chat, finder(below.retriever, Selector(below.dense)))
    store = RunStore(below.database)
    parts = {part.name: getattr(below, part.name) for part in fields(below)}
    return Services(
        **parts,
        asker=asker,
        run_store=store,
        runs=Runs(store, asker, tools_for(below.dense, below.lender.chat), _begin(below)),
        saved=Saved(below.database),
    )


def _begin(below: rag.services.Services) -> Begin:
    def begin(experiment: Experiment, cancel: threading.Event) -> tuple[Experiment, dict[str, Any]]:
        _wait(below.engine, cancel)
        whole = pinned(experiment, below.lender.chat().model)
        return whole, describe(whole, below.lender.chat, below.catalogue, below.settings.embedding)

    return begin


def _wait(engine: Engine, cancel: threading.Event) -> None:
    """Wait while the first model is loading: asking for one by name would load it a second time. Raises Cancelled."""
    while engine.status().state == "loading":
        if cancel.wait(_POLL_S):
            raise Cancelled
