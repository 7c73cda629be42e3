"""What came out of runs that are done, counted once for all tabs; the oldest are forgotten."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from weakref import WeakKeyDictionary

from prompts.figures.verdict import Summary, summary
from prompts.runs.store import RunRecord, RunStore

_MOST = 100  # runs; a summary is a few kilobytes
_known: WeakKeyDictionary[RunStore, OrderedDict[str, tuple[datetime, Summary]]] = WeakKeyDictionary()
_lock = threading.Lock()


def of_done(store: RunStore, run: RunRecord) -> Summary:
    """Return a run's summary; it is counted anew where the run has changed since."""
    with _lock:
        kept = _known.setdefault(store, OrderedDict())
        found = kept.get(run.id)
        if found is not None and found[0] == run.updated:
            kept.move_to_end(run.id)
            return found[1]
    counted = summary(run.experiment, store.cells(run.owner, run.id))  # other pages need not wait for it
    with _lock:
        kept[run.id] = (run.updated, counted)
        while len(kept) > _MOST:
            kept.popitem(last=False)
    return counted
