"""A file to a document that can be asked: read, split, embed, keep. One worker, a queue, every job visible.

It knows nothing of the page. A document becomes visible to its owner only when it is whole: whatever a crash leaves
half done has no holder, and is swept away at the next start.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import queue
import shutil
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.chunking import Span, chunk_page
from rag.dense import Dense, embed_chunks
from rag.errors import AulaError, Cancelled, DamagedDocument, DocumentNotFound, NoRoom, TooLarge
from rag.language import detect_document
from rag.loaders import Parsed, parse
from rag.store import Document, Facts, Store

log = logging.getLogger(__name__)

MAX_BYTES = 200 * 1024 * 1024
_KEPT_JOBS = 200  # finished jobs that are still listed
ENDED = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True)
class Job:
    """One upload on its way. `stage`: waiting | reading | splitting | embedding | done | failed | cancelled.

    `done` of `total` counts pages while reading and chunks while embedding; `status` is set at the end:
    ready | partial | duplicate | failed | cancelled. `unit`: page | section, known once it is read.
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

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.stage in ENDED

    def message(self, lang: str) -> str:
        """Return what is amiss, in `lang`, or an empty text."""
        return self.error.text(lang) if self.error else (self.note or {}).get(lang, "")


class Library:
    """What owners hold: takes files in, lists and deletes documents. Every call names the owner."""

    def __init__(self, store: Store, dense: Dense, files: Path, work: Path) -> None:
        """Use a store and vectors; `files` keeps the originals, `work` what is on its way in."""
        self._store = store
        self._dense = dense
        self._files = files
        self._work = work
        self._jobs: dict[str, Job] = {}
        self._cancels: dict[str, threading.Event] = {}
        self._changed = threading.Condition(threading.RLock())
        self._queue: queue.Queue[tuple[str, Path] | None] = queue.Queue()
        self._worker: threading.Thread | None = None
        self._writing = threading.Lock()  # a delete and a save of the same document must not cross

    def start(self) -> None:
        """Sweep away what a crash left half done, then begin to work."""
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True, exist_ok=True)
        self._files.mkdir(parents=True, exist_ok=True)
        for orphan in self._store.orphans():
            self._store.erase(orphan)
        kept = self._store.every_id()
        for file in self._files.iterdir():
            if file.name not in kept:
                file.unlink(missing_ok=True)
        self._worker = threading.Thread(target=self._run, name="aula-ingest", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        """Cancel what is running and end the worker."""
        for cancel in list(self._cancels.values()):
            cancel.set()
        self._queue.put(None)
        if self._worker is not None:
            self._worker.join(timeout=10)

    # -- taking in ---------------------------------------------------------------------------------------------

    def add(self, owner: str, uploads: Sequence[tuple[Path, str]]) -> list[str]:
        """Queue (file, name) uploads, return a job id each. The bytes are copied: the caller may delete the files."""
        ids = []
        for path, name in uploads:
            job = Job(id=uuid.uuid4().hex, owner=owner, name=name)
            self._cancels[job.id] = threading.Event()
            try:
                copied = self._take(path, job)
            except (AulaError, OSError) as error:
                (self._work / job.id).unlink(missing_ok=True)
                self._put(replace(job, stage="failed", status="failed", error=_foreseen(error, name)))
            else:
                self._put(job)
                self._queue.put((job.id, copied))
            ids.append(job.id)
        return ids

    def _take(self, path: Path, job: Job) -> Path:
        if path.stat().st_size > MAX_BYTES:
            raise TooLarge(name=job.name, limit=f"{MAX_BYTES // 1024 // 1024} MB")
        self._work.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copyfile(path, self._work / job.id))

    # -- watching ----------------------------------------------------------------------------------------------

    def jobs(self, owner: str) -> list[Job]:
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

    def _named(self, owner: str, ids: Sequence[str]) -> list[Job]:
        return [self._jobs[key] for key in ids if key in self._jobs and self._jobs[key].owner == owner]

    def cancel(self, owner: str, job: str) -> None:
        """Stop a job; nothing of it stays."""
        with self._changed:
            known = self._jobs.get(job)
            if known is not None and known.owner == owner:
                self._cancels[job].set()
                if known.stage == "waiting":  # its turn may be minutes away
                    self._update(job, stage="cancelled", status="cancelled")

    def forget(self, owner: str, ids: Sequence[str]) -> None:
        """Take ended jobs off the list."""
        with self._changed:
            for job in self._named(owner, ids):
                if job.ended:
                    del self._jobs[job.id]
                    self._cancels.pop(job.id, None)

    # -- documents ---------------------------------------------------------------------------------------------

    def documents(self, owner: str) -> list[Document]:
        """Return the owner's documents, the newest first."""
        return self._store.documents(owner)

    def document(self, owner: str, document: str) -> Document:
        """Return one document. Raises DocumentNotFound."""
        return self._store.document(owner, document)

    def page_text(self, owner: str, document: str, number: int) -> str:
        """Return the text of a page, counted from 1. Raises DocumentNotFound."""
        return self._store.page_text(owner, document, number)

    def delete(self, owner: str, document: str) -> None:
        """Remove a document from the owner, and from the machine when nobody else holds it. Raises DocumentNotFound."""
        with self._writing:
            if not self._store.release(owner, document):
                return
            (self._files / document).unlink(missing_ok=True)  # `document` is a held id here, never a user's text
            self._dense.forget(document)

    # -- the worker --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            key, path = item
            name = self._jobs[key].name if key in self._jobs else ""
            try:
                if key in self._jobs and not self._jobs[key].ended:
                    self._process(key, path)
            except Cancelled:
                self._update(key, stage="cancelled", status="cancelled", eta_s=None)
            except AulaError as error:
                self._update(key, stage="failed", status="failed", error=error, eta_s=None)
            except Exception as error:
                log.exception("ingesting failed")
                self._update(key, stage="failed", status="failed", error=_foreseen(error, name), eta_s=None)
            finally:
                path.unlink(missing_ok=True)

    def _process(self, key: str, path: Path) -> None:
        job, cancel = self._jobs[key], self._cancels[key]
        if cancel.is_set():
            raise Cancelled
        digest = _sha256(path)
        if self._store.holds(job.owner, digest):
            self._finish(key, digest, "duplicate")
            return
        if self._store.hold(job.owner, digest, job.name):  # another owner's copy is ready: share it
            self._finish(key, digest, None)
            return
        self._update(key, stage="reading", document=digest)
        clock = _Clock()
        parsed = parse(
            path,
            job.name,
            cancel=cancel,
            progress=lambda done, total: self._update(
                key, done=done, total=total, pages=done, eta_s=clock.left(done, total)
            ),
        )
        self._keep(key, path, digest, parsed, cancel)

    def _keep(self, key: str, path: Path, digest: str, parsed: Parsed, cancel: threading.Event) -> None:
        job = self._jobs[key]
        self._update(key, stage="splitting", done=0, total=0, pages=len(parsed.pages), unit=parsed.unit, eta_s=None)
        language = detect_document(page.text for page in parsed.pages)
        spans: list[Span] = []
        for page in parsed.pages:
            if cancel.is_set():
                raise Cancelled
            spans += chunk_page(page.number, page.text)
        facts = _facts(digest, job.name, path, parsed, language)
        try:
            with self._writing:
                shutil.copyfile(path, self._files / digest)
                ids = self._store.save(facts, parsed.pages, spans)
            self._update(key, stage="embedding", total=len(ids), chunks=len(ids), language=language)
            embedded = self._embed(key, ids, cancel)
            if not self._store.hold(job.owner, digest, job.name):
                raise DocumentNotFound
        except BaseException:
            self._undo(digest)
            raise
        self._finish(key, digest, None)
        if not embedded:
            self._dense.catch_up_soon()  # the model may have come between the two

    def _embed(self, key: str, chunks: Sequence[int], cancel: threading.Event) -> bool:
        """Embed the chunks; False when there is no embedding model yet: words alone for now, vectors when it comes."""
        loaded = self._dense.get(cancel)
        if loaded is None:
            return False
        clock = _Clock()
        embed_chunks(
            *loaded,
            self._store.chunk_texts(chunks),
            progress=lambda done, total: self._update(key, done=done, total=total, eta_s=clock.left(done, total)),
            cancel=cancel,
        )
        return True

    def _undo(self, digest: str) -> None:
        with self._writing:
            self._store.erase(digest)
            (self._files / digest).unlink(missing_ok=True)
            self._dense.forget(digest)

    def _finish(self, key: str, digest: str, status: str | None) -> None:
        known = self._store.document(self._jobs[key].owner, digest)
        self._update(
            key,
            stage="done",
            document=digest,
            status=status or known.status,
            pages=known.pages,
            unit=known.unit,
            chunks=known.chunks,
            language=known.language,
            note=None if status == "duplicate" else known.note,
            done=known.chunks,
            total=known.chunks,
            eta_s=None,
        )

    def _put(self, job: Job) -> None:
        with self._changed:
            self._jobs[job.id] = job
            ended = [key for key, other in self._jobs.items() if other.ended]
            for key in ended[: max(0, len(ended) - _KEPT_JOBS)]:
                del self._jobs[key]
                self._cancels.pop(key, None)
            self._changed.notify_all()

    def _update(self, key: str, **changes: object) -> None:
        with self._changed:
            if key in self._jobs:  # else the person has cleared its row
                self._jobs[key] = replace(self._jobs[key], **changes)  # type: ignore[arg-type]
                self._changed.notify_all()


class _Clock:
    """Says how long is left, from the pace so far."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def left(self, done: int, total: int) -> float | None:
        """Return the seconds left, or None while there is nothing to go by."""
        spent = time.monotonic() - self._start
        return spent / done * (total - done) if done > 0 and spent > 1.0 else None


def _facts(digest: str, name: str, path: Path, parsed: Parsed, language: str) -> Facts:
    note = {lang: parsed.explain(lang) for lang in ("en", "es")} if parsed.partial else None
    return Facts(
        id=digest,
        suffix=Path(name).suffix.lower()[:16],
        bytes=path.stat().st_size,
        title=parsed.title,
        unit=parsed.unit,
        language=language,
        status="partial" if note else "ready",
        note=note,
    )


def _foreseen(error: Exception, name: str) -> AulaError:
    """Return the error in words for the person."""
    if isinstance(error, AulaError):
        return error
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return NoRoom(name=name) if full else DamagedDocument(name=name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
