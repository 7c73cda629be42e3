"""What is under way in the background, for the person who waits: jobs and how far they are. It does no work itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.errors import AulaError

_KEPT = 200  # finished jobs that are still listed
ENDED = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True)
class Job:
    """One upload on its way, or one document being cut anew (`kind`: add | cut).

    `stage`: waiting | reading | splitting | embedding | done | failed | cancelled. `done` of `total` counts pages while
    reading and chunks while embedding; `status` is set at the end: ready | partial | duplicate | failed | cancelled.
    `unit`: page | section, known once it is read. `before`: how many chunks a document had that is cut anew.
    """

    id: str
    owner: str
    name: str
    stage: str = "waiting"
    done: int = 0
    total: int = 0
    pages: int = 0
    unit: str = "page"
    chunks: int = 0
    language: str = ""
    document: str | None = None
    status: str = ""
    error: AulaError | None = None
    note: dict[str, str] | None = None
    eta_s: float | None = None
    kind: str = "add"
    before: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.stage in ENDED

    def message(self, lang: str) -> str:
        """Return what is amiss, in `lang`, or an empty text."""
        return self.error.text(lang) if self.error else (self.note or {}).get(lang, "")


class Jobs:
    """The jobs of every owner; whoever looks or cancels sees their own only. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._jobs: dict[str, Job] = {}
        self._cancels: dict[str, threading.Event] = {}
        self._changed = threading.Condition(threading.RLock())

    # -- for whoever does the work -----------------------------------------------------------------------------

    def put(self, job: Job) -> None:
        """List a job, or list it as it is now; the oldest ended ones go."""
        with self._changed:
            self._jobs[job.id] = job
            self._cancels.setdefault(job.id, threading.Event())
            ended = [key for key, other in self._jobs.items() if other.ended]
            for key in ended[: max(0, len(ended) - _KEPT)]:
                self._drop(key)
            self._changed.notify_all()

    def update(self, key: str, **changes: object) -> None:
        """Change a job's fields, if it is still listed: the person may have cleared its row."""
        with self._changed:
            if key in self._jobs:
                self._jobs[key] = replace(self._jobs[key], **changes)  # type: ignore[arg-type]
                self._changed.notify_all()

    def open(self, key: str) -> tuple[Job, threading.Event] | None:
        """Return a job that has not ended and the event that cancels it, else None."""
        with self._changed:
            job = self._jobs.get(key)
            return None if job is None or job.ended else (job, self._cancels[key])

    def stop(self) -> None:
        """Cancel everything."""
        for cancel in list(self._cancels.values()):
            cancel.set()

    # -- for whoever waits -------------------------------------------------------------------------------------

    def of(self, owner: str) -> list[Job]:
        """Return the owner's jobs, running and finished, in the order they came."""
        with self._changed:
            return [job for job in self._jobs.values() if job.owner == owner]

    def wait(self, owner: str, ids: Sequence[str], timeout: float | None = None) -> Iterator[list[Job]]:
        """Yield the jobs `ids` whenever one changed (at most five times a second), until all have ended."""
        end = None if timeout is None else time.monotonic() + timeout
        last: list[Job] = []
        while True:
            with self._changed:
                now = self._named(owner, ids)
                if now == last:
                    self._changed.wait(0.5)
                    now = self._named(owner, ids)
            if now != last:
                yield now
                last = now
            if all(job.ended for job in now) or (end is not None and time.monotonic() > end):
                return
            time.sleep(0.2)

    def cancel(self, owner: str, key: str) -> None:
        """Stop a job; nothing of it stays."""
        with self._changed:
            known = self._jobs.get(key)
            if known is not None and known.owner == owner:
                self._cancels[key].set()
                if known.stage == "waiting":  # its turn may be minutes away
                    self.update(key, stage="cancelled", status="cancelled")

    def forget(self, owner: str, ids: Sequence[str]) -> None:
        """Take ended jobs off the list."""
        with self._changed:
            for job in self._named(owner, ids):
                if job.ended:
                    self._drop(job.id)

    def _named(self, owner: str, ids: Sequence[str]) -> list[Job]:
        return [self._jobs[key] for key in ids if key in self._jobs and self._jobs[key].owner == owner]

    def _drop(self, key: str) -> None:
        del self._jobs[key]
        self._cancels.pop(key, None)


class Clock:
    """Says how long is left, from the pace so far."""

    def __init__(self) -> None:
        """Begin to measure."""
        self._start = time.monotonic()

    def left(self, done: int, total: int) -> float | None:
        """Return the seconds left, or None while there is nothing to go by."""
        spent = time.monotonic() - self._start
        return spent / done * (total - done) if done > 0 and spent > 1.0 else None
