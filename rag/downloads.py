"""The downloads of this run: begun, followed, cancelled, waited for; not what is done with the files."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rag.errors import AulaError, Cancelled, ModelLoadFailed
from rag.models import Catalogue, Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Download:
    """A download on its way or ended. `state`: running | done | failed | cancelled; sizes in bytes."""

    name: str
    title: str
    done: int = 0
    total: int = 0
    source: str = ""
    step: str = "downloading"
    eta_s: float | None = None
    state: str = "running"
    error: AulaError | None = None


class Downloads:
    """One row a model, under the name that the model will have. Safe to use from several threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Download through this catalogue."""
        self._catalogue = catalogue
        self._changed = threading.Condition()
        self._rows: dict[str, Download] = {}
        self._cancels: dict[str, threading.Event] = {}
        self._stopped = False

    def run(self, name: str) -> str:
        """Download in this thread and return the model's own name; one that is under way is waited for.

        `name` may be a typed "hub:owner/repo/file.gguf". Raises what `Catalogue.pull` raises.
        """
        entry = self._catalogue.entry(name)
        cancel = threading.Event()
        with self._changed:
            if self._stopped:
                raise Cancelled
            running = self._rows.get(entry.name)
            ours = running is None or running.state != "running"
            if ours:
                self._cancels[entry.name] = cancel
                self._rows[entry.name] = Download(entry.name, entry.title)
        if ours:
            self._pull(name, entry.name, cancel)
        else:
            self._wait(entry.name)
        return entry.name

    def _wait(self, name: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._rows[name].state != "running")
            row = self._rows[name]
        if row.state == "cancelled":
            raise Cancelled
        if row.error is not None:
            raise type(row.error)(**row.error.params)

    def _pull(self, wanted: str, name: str, cancel: threading.Event) -> None:
        try:
            self._catalogue.pull(wanted, self._follow(name), cancel)
        except Cancelled:
            self._change(name, state="cancelled", eta_s=None)
            raise
        except AulaError as error:
            self._change(name, state="failed", error=error, eta_s=None)
            raise
        except Exception as error:
            log.exception("a download broke")
            known = ModelLoadFailed(name=name, reason=type(error).__name__)
            self._change(name, state="failed", error=known, eta_s=None)
            raise known from error
        self._change(name, state="done", eta_s=None)

    def _follow(self, name: str) -> Callable[[Progress], None]:
        """Return a listener that keeps the row; the pace is that of the present step since its first report."""
        begun: dict[str, tuple[float, int]] = {}

        def follow(progress: Progress) -> None:
            started, first = begun.setdefault(progress.state, (time.monotonic(), progress.done))
            spent, came = time.monotonic() - started, progress.done - first
            left = spent / came * (progress.total - progress.done) if came > 0 and spent > 1 else None
            self._change(
                name,
                done=progress.done,
                total=progress.total,
                source=progress.source,
                step=progress.state,
                eta_s=left,
            )

        return follow

    def _change(self, name: str, **changes: object) -> None:
        with self._changed:
            self._rows[name] = replace(self._rows[name], **changes)  # type: ignore[arg-type]
            self._changed.notify_all()

    def cancel(self, name: str | None = None) -> None:
        """Stop one download, or all; what has come is kept for the next try."""
        with self._changed:
            for key, cancel in self._cancels.items():
                if name is None or key == name:
                    cancel.set()

    def stop(self) -> None:
        """Cancel all and begin no more."""
        with self._changed:
            self._stopped = True
        self.cancel()

    def rows(self) -> list[Download]:
        """Return the downloads of this run, in the order they began."""
        with self._changed:
            return list(self._rows.values())
