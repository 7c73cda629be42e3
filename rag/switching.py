"""Another embedding model takes over: every chunk is embedded anew behind the page while the old one serves.

What is embedded is kept in aula.sqlite as it comes, so that a switch goes on after a pause or a restart. The vectors of
the model that served before stay there too: going back takes only what has come since.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from rag import preferences
from rag.dense import Dense
from rag.errors import AulaError, Cancelled, ModelLoadFailed, ModelNotInstalled
from rag.jobs import Pace
from rag.lanes import low_priority
from rag.models import Catalogue
from rag.settings import DEFAULT_EMBEDDING, Settings

log = logging.getLogger(__name__)

CHOSEN, NEXT = "embedding", "embedding_next"  # preferences: a name; {"name": ..., "paused": ...}


@dataclass(frozen=True)
class Switch:
    """How far it is. `done` of `total` chunks have a vector; `state`: running | paused | failed."""

    name: str
    done: int = 0
    total: int = 0
    eta_s: float | None = None
    state: str = "running"
    error: AulaError | None = None


def chosen(settings: Settings, catalogue: Catalogue, database: Engine) -> str:
    """Return the embedding model to serve: the one that the command line names, else the one that was chosen."""
    if settings.embedding != DEFAULT_EMBEDDING:
        return settings.embedding
    name = preferences.read(database, CHOSEN)
    known = {entry.name for entry in catalogue.entries("embedding") if catalogue.installed(entry.name)}
    return str(name) if name in known else settings.embedding


class Switching:
    """Knows which embedding model was chosen, and brings in another. Safe to use from several threads."""

    def __init__(self, settings: Settings, catalogue: Catalogue, dense: Dense) -> None:
        """Nothing is begun yet."""
        self._settings = settings
        self._catalogue = catalogue
        self._dense = dense
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._switch: Switch | None = None

    def chosen(self) -> str:
        """Return the embedding model to serve, as the function of this name does."""
        return chosen(self._settings, self._catalogue, self._dense.database)

    def status(self) -> Switch | None:
        """Return the switch that is under way, or None."""
        with self._lock:
            return self._switch

    # -- what a person does ------------------------------------------------------------------------------------

    def begin(self, name: str) -> None:
        """Begin to bring in an installed model; one that is being brought in makes room. Raises ModelNotInstalled."""
        entry = self._catalogue.entry(name)
        if not self._catalogue.installed(name):
            raise ModelNotInstalled(name=entry.title)
        self._halt()
        preferences.write(self._dense.database, NEXT, {"name": entry.name, "paused": False})
        self._start(entry.name)

    def pause(self) -> None:
        """Stop for now; what is embedded is kept."""
        current = self.status()
        if current is None:
            return
        self._halt()
        preferences.write(self._dense.database, NEXT, {"name": current.name, "paused": True})
        with self._lock:
            self._switch = replace(current, state="paused", eta_s=None)

    def resume(self) -> None:
        """Go on after a pause or a failure."""
        current = self.status()
        if current is not None and current.state != "running":
            self.begin(current.name)

    def cancel(self) -> None:
        """Leave it: the vectors that were made are forgotten, and the model that serves goes on."""
        from rag.embeddings import embedding_spec

        current = self.status()
        self._halt()
        preferences.write(self._dense.database, NEXT, None)
        with self._lock:
            self._switch = None
        if current is not None and self._catalogue.installed(current.name):
            self._dense.abandon(embedding_spec(self._catalogue, current.name).collection)

    # -- what the app does -------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Take up a switch that the last run did not finish; one that was paused stays so."""
        with self._lock:
            self._switch = None  # after a restore another may be under way, or none
        left = preferences.read(self._dense.database, NEXT)
        name = str(left["name"]) if left else ""
        if not name or name == self.chosen() or not self._catalogue.installed(name):
            return
        if left["paused"]:
            done, total = self._dense.prepared(self._collection(name))
            with self._lock:
                self._switch = Switch(name, done, total, state="paused")
        else:
            self._start(name)

    def stop(self) -> None:
        """End what is being embedded; the next start goes on."""
        self._halt()

    def _halt(self) -> None:
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=30)

    def _start(self, name: str) -> None:
        with self._lock:
            self._stop = threading.Event()
            self._switch = Switch(name)
            self._thread = threading.Thread(target=self._run, args=(name, self._stop), name="aula-switch", daemon=True)
            self._thread.start()

    def _run(self, name: str, stop: threading.Event) -> None:
        try:
            low_priority()
            self._bring_in(name, stop)
        except Cancelled:
            return  # whoever stopped it has said what it is now
        except AulaError as error:
            self._update(state="failed", error=error, eta_s=None)
        except Exception as error:
            log.exception("the embedding model could not be changed")
            self._update(state="failed", error=ModelLoadFailed(name=name, reason=type(error).__name__), eta_s=None)

    def _bring_in(self, name: str, stop: threading.Event) -> None:
        from rag.embeddings import Embedder, embedding_spec

        spec = embedding_spec(self._catalogue, name)
        embedder = Embedder(self._catalogue.path(name), spec)
        before, total = self._dense.prepared(spec.collection)
        self._update(done=before, total=total)
        self._dense.prepare(embedder, stop, self._report(before))
        if stop.is_set():
            raise Cancelled
        self._dense.swap(embedder)
        preferences.write(self._dense.database, CHOSEN, name)
        preferences.write(self._dense.database, NEXT, None)
        with self._lock:
            self._switch = None

    def _report(self, before: int) -> Callable[[int, int], None]:
        pace, marked = Pace(), 0

        def report(done: int, total: int) -> None:
            nonlocal marked
            pace.mark(done - marked if done > marked else done)
            marked = done
            self._update(done=before + done, total=before + total, eta_s=pace.left(total - done))

        return report

    def _collection(self, name: str) -> str:
        from rag.embeddings import embedding_spec

        return embedding_spec(self._catalogue, name).collection

    def _update(self, **changes: object) -> None:
        with self._lock:
            if self._switch is not None:
                self._switch = replace(self._switch, **changes)  # type: ignore[arg-type]
