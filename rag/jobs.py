"""What is under way in the background, for the person who waits: jobs and how far they are. It does no work itself."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.errors import AulaError

_KEPT = 200  # finished jobs of one owner that are still listed
_FRESH_S = 600.0  # and whatever has ended since, which somebody may be about to look at
ENDED = frozenset({"done", "failed", "cancelled"})
_RESTING = frozenset({"paused", "locked"})  # until the person does something


@dataclass(frozen=True)
class Job:
    """One document on its way in, or what documents come from, or a document being cut anew.

    `kind`: add | cut | archive | address. `stage`: waiting | reading | ocr | indexing | paused | locked | done | failed
    | cancelled, and for a cut splitting | embedding. `done` of `total` are pages: one is done when it can be searched,
    or when there is nothing on it; `read` of them have been read, and `ocr_done` of `ocr_total` from their picture. For
    a cut they are chunks, for an archive its files. `status`, at the end or while it rests: ready | partial | duplicate
    | failed | cancelled | paused | locked. `unit`: page | slide | sheet | section, known once it is read. `before`: how
    many chunks a document had that is cut anew. `part_of`: the job of the archive or address that it came from.
    """

    id: str
    owner: str
    name: str
    stage: str = "waiting"
    done: int = 0
    total: int = 0
    read: int = 0
    ocr_done: int = 0
    ocr_total: int = 0
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
    part_of: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.stage in ENDED

    @property
    def resting(self) -> bool:
        """Whether nothing will happen to it by itself."""
        return self.ended or self.stage in _RESTING

    def message(self, lang: str) -> str:
        """Return what is amiss, in `lang`, or an empty text."""
        return self.error.text(lang) if self.error else (self.note or {}).get(lang, "")


def job_id(owner: str, document: str) -> str:
    """Return the id of the job that takes `document` in for `owner`: the same after a restart."""
    return hashlib.sha256(f"{owner}\n{document}".encode()).hexdigest()[:32]


class Jobs:
    """The jobs of every owner; whoever looks sees their own only. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._jobs: dict[str, Job] = {}
        self._cancels: dict[str, threading.Event] = {}
        self._ended: dict[str, float] = {}  # when
        self._awaited: Counter[str] = Counter()
        self._changed = threading.Condition(threading.RLock())

    # -- for whoever does the work -----------------------------------------------------------------------------

    def put(self, job: Job) -> None:
        """List a job, or list it anew, at the end; the owner's oldest ended ones go."""
        with self._changed:
            self._jobs.pop(job.id, None)
            self._jobs[job.id] = job
            self._cancels[job.id] = threading.Event()
            self._note_end(job)
            self._thin_out(job.owner)
            self._changed.notify_all()

    def _note_end(self, job: Job) -> None:
        if job.ended:
            self._ended.setdefault(job.id, time.monotonic())
        else:
            self._ended.pop(job.id, None)

    def _thin_out(self, owner: str) -> None:
        """Drop the oldest ended jobs of an owner, but for those that are waited for, parts of an open one, or fresh."""
        ended = [job for key in self._ended if (job := self._jobs[key]).owner == owner]
        since = time.monotonic() - _FRESH_S
        for job in ended[: max(0, len(ended) - _KEPT)]:
            parent = self._jobs.get(job.part_of)
            awaited = self._awaited[job.id] or self._awaited[job.part_of] or (parent is not None and not parent.ended)
            if not awaited and self._ended[job.id] <= since:
                self._drop(job.id)

    def update(self, key: str, **changes: object) -> None:
        """Change a job's fields, if it is still listed: the person may have cleared its row."""
        with self._changed:
            known = self._jobs.get(key)
            if known is not None:
                self._jobs[key] = replace(known, **changes)  # type: ignore[arg-type]
                self._note_end(self._jobs[key])
                self._changed.notify_all()

    def follow(self, document: str) -> list[Job]:
        """Return the jobs that take a document in, whoever's they are."""
        with self._changed:
            return [
                job for job in self._jobs.values() if job.document == document and job.kind == "add" and not job.ended
            ]

    def open(self, key: str) -> tuple[Job, threading.Event] | None:
        """Return a job that has not ended and the event that cancels it, else None."""
        with self._changed:
            job = self._jobs.get(key)
            return None if job is None or job.ended else (job, self._cancels[key])

    def renew(self, key: str) -> None:
        """Give a job that was stopped an event that is not set."""
        with self._changed:
            if key in self._jobs:
                self._cancels[key] = threading.Event()

    def clear(self) -> None:
        """Cancel everything and list nothing."""
        with self._changed:
            for cancel in self._cancels.values():
                cancel.set()
            self._jobs.clear()
            self._cancels.clear()
            self._ended.clear()
            self._changed.notify_all()

    # -- for whoever waits -------------------------------------------------------------------------------------

    def of(self, owner: str) -> list[Job]:
        """Return the owner's jobs, running and finished, in the order they came."""
        with self._changed:
            return [job for job in self._jobs.values() if job.owner == owner]

    def find(self, owner: str, key: str) -> Job | None:
        """Return one of the owner's jobs."""
        with self._changed:
            known = self._jobs.get(key)
            return known if known is not None and known.owner == owner else None

    def wait(self, owner: str, ids: Sequence[str], timeout: float | None = None) -> Iterator[list[Job]]:
        """Yield the jobs `ids`, each with those that came from it, whenever one changed (at most five times a second).

        Ends when each has ended or waits for the person.
        """
        with self._changed:
            self._awaited.update(ids)
        try:
            yield from self._changes(owner, ids, None if timeout is None else time.monotonic() + timeout)
        finally:
            with self._changed:
                self._awaited -= Counter(ids)

    def _changes(self, owner: str, ids: Sequence[str], end: float | None) -> Iterator[list[Job]]:
        last: list[Job] | None = None
        while True:
            with self._changed:
                now = self._named(owner, ids)
                if now == last:
                    self._changed.wait(0.5)
                    now = self._named(owner, ids)
            if now != last:
                yield now
                last = now
            if all(job.resting for job in now) or (end is not None and time.monotonic() > end):
                return
            time.sleep(0.2)

    def forget(self, owner: str, ids: Sequence[str]) -> None:
        """Take ended jobs off the list."""
        with self._changed:
            for key in ids:
                job = self.find(owner, key)
                if job is not None and job.ended:
                    self._drop(key)

    def remove(self, owner: str, document: str) -> None:
        """Take the jobs of a document that the owner deleted off the list, and stop those that were under way."""
        with self._changed:
            for job in [job for job in self._jobs.values() if (job.owner, job.document) == (owner, document)]:
                self._cancels[job.id].set()
                self._drop(job.id)
            self._changed.notify_all()

    def _named(self, owner: str, ids: Sequence[str]) -> list[Job]:
        by_key: dict[str, list[Job]] = {}
        for job in self.of(owner):
            for key in {job.id, job.part_of}:
                by_key.setdefault(key, []).append(job)
        return [job for key in ids for job in by_key.get(key, ())]

    def _drop(self, key: str) -> None:
        del self._jobs[key]
        self._cancels.pop(key, None)
        self._ended.pop(key, None)


class Pace:
    """Says how long is left, from how quickly the last of them went."""

    _LOOKED_AT = 12  # the last so many marks
    _LEAST_S = 1.0

    def __init__(self) -> None:
        """Begin to measure."""
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=self._LOOKED_AT)

    def restart(self) -> None:
        """Begin anew: what went before was a rest."""
        done = self._marks[-1][1]
        self._marks.clear()
        self._marks.append((time.monotonic(), done))

    def mark(self, done: int = 1) -> None:
        """Say that `done` more are done."""
        self._marks.append((time.monotonic(), self._marks[-1][1] + done))

    def left(self, count: int) -> float | None:
        """Return the seconds that `count` more will take, None while there is nothing to go by."""
        (began, before), (ended, after) = self._marks[0], self._marks[-1]
        if count <= 0:
            return 0.0
        if after == before or ended - began < self._LEAST_S:
            return None
        return max(0.0, (ended - began) / (after - before) * count - (time.monotonic() - ended))


class Clock:
    """Says how long is left, from the pace since the beginning."""

    def __init__(self) -> None:
        """Begin to measure."""
        self._start = time.monotonic()

    def left(self, done: int, total: int) -> float | None:
        """Return the seconds left, or None while there is nothing to go by."""
        spent = time.monotonic() - self._start
        return spent / done * (total - done) if done > 0 and spent > 1.0 else None
