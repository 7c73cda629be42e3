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
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rag.chunking import Cut, Span, chunk_page
from rag.dense import Dense, embed_chunks
from rag.errors import AulaError, Cancelled, DamagedDocument, DocumentNotFound, NoRoom, TooLarge
from rag.jobs import Clock, Job, Jobs
from rag.language import detect_document
from rag.loaders import Parsed, parse
from rag.page_image import PagePictures
from rag.recut import Recutter
from rag.store import Document, Facts, Store

log = logging.getLogger(__name__)

MAX_BYTES = 200 * 1024 * 1024


class Library:
    """What owners hold: takes files in, lists and deletes documents. Every call names the owner."""

    def __init__(self, store: Store, dense: Dense, files: Path, work: Path, pictures: PagePictures) -> None:
        """Use a store and vectors; `files` keeps the originals, `work` what is on its way in."""
        self._store = store
        self._dense = dense
        self._files = files
        self._work = work
        self._pictures = pictures
        self._jobs = Jobs()
        self._queue: queue.Queue[tuple[Job, Callable[[], None]] | None] = queue.Queue()
        self._worker: threading.Thread | None = None
        self._writing = threading.Lock()  # a delete and a save of the same document must not cross
        self._recutter = Recutter(store, dense, self._jobs, self._writing)

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
        self._pictures.sweep(kept)
        self._worker = threading.Thread(target=self._run, name="aula-ingest", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        """Cancel what is running and end the worker."""
        self._jobs.stop()
        self._queue.put(None)
        if self._worker is not None:
            self._worker.join(timeout=10)

    # -- taking in ---------------------------------------------------------------------------------------------

    def add(self, owner: str, uploads: Sequence[tuple[Path, str]]) -> list[str]:
        """Queue (file, name) uploads, return a job id each. The bytes are copied: the caller may delete the files."""
        ids = []
        for path, name in uploads:
            job = Job(id=uuid.uuid4().hex, owner=owner, name=name)
            try:
                copied = self._take(path, job)
            except (AulaError, OSError) as error:
                (self._work / job.id).unlink(missing_ok=True)
                self._jobs.put(replace(job, stage="failed", status="failed", error=_foreseen(error, name)))
            else:
                self._jobs.put(job)
                self._queue.put((job, partial(self._upload, job.id, copied)))
            ids.append(job.id)
        return ids

    def _take(self, path: Path, job: Job) -> Path:
        if path.stat().st_size > MAX_BYTES:
            raise TooLarge(name=job.name, limit=f"{MAX_BYTES // 1024 // 1024} MB")
        self._work.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copyfile(path, self._work / job.id))

    def rechunk(self, owner: str, document: str, size: int, overlap: int) -> str:
        """Queue cutting a document anew, into chunks of at most `size` characters that share up to `overlap`.

        Returns the job's id; until it is done the old chunks answer, and a cancel leaves them. Raises BadCut,
        DocumentNotFound (also for another's) and DocumentShared.
        """
        cut = Cut(size, overlap)
        job = self._recutter.job(uuid.uuid4().hex, owner, document)
        self._jobs.put(job)
        self._queue.put((job, partial(self._recutter.run, job.id, document, cut)))
        return job.id

    # -- watching ----------------------------------------------------------------------------------------------

    def jobs(self, owner: str) -> list[Job]:
        """Return the owner's jobs, running and finished, in the order they came."""
        return self._jobs.of(owner)

    def wait(self, owner: str, ids: Sequence[str], timeout: float | None = None) -> Iterator[list[Job]]:
        """Yield the jobs `ids` whenever one changed (at most five times a second), until all have ended."""
        return self._jobs.wait(owner, ids, timeout)

    def cancel(self, owner: str, job: str) -> None:
        """Stop a job; nothing of it stays."""
        self._jobs.cancel(owner, job)

    def forget(self, owner: str, ids: Sequence[str]) -> None:
        """Take ended jobs off the list."""
        self._jobs.forget(owner, ids)

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
            self._pictures.forget(document)
            self._dense.forget(document)

    # -- the worker --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            job, work = item
            try:
                work()
            except Cancelled:
                self._jobs.update(job.id, stage="cancelled", status="cancelled", eta_s=None)
            except AulaError as error:
                self._jobs.update(job.id, stage="failed", status="failed", error=error, eta_s=None)
            except Exception as error:
                log.exception("a job on a document failed")
                foreseen = _foreseen(error, job.name)
                self._jobs.update(job.id, stage="failed", status="failed", error=foreseen, eta_s=None)

    def _upload(self, key: str, path: Path) -> None:
        try:
            if opened := self._jobs.open(key):
                self._process(*opened, path)
        finally:
            path.unlink(missing_ok=True)

    def _process(self, job: Job, cancel: threading.Event, path: Path) -> None:
        key = job.id
        if cancel.is_set():
            raise Cancelled
        digest = _sha256(path)
        if self._store.holds(job.owner, digest):
            self._finish(job, digest, "duplicate")
            return
        if self._store.hold(job.owner, digest, job.name):  # another owner's copy is ready: share it
            self._finish(job, digest, None)
            return
        self._jobs.update(key, stage="reading", document=digest)
        clock = Clock()
        parsed = parse(
            path,
            job.name,
            cancel=cancel,
            progress=lambda done, total: self._jobs.update(
                key, done=done, total=total, pages=done, eta_s=clock.left(done, total)
            ),
        )
        self._keep(job, path, digest, parsed, cancel)

    def _keep(self, job: Job, path: Path, digest: str, parsed: Parsed, cancel: threading.Event) -> None:
        key = job.id
        self._jobs.update(
            key, stage="splitting", done=0, total=0, pages=len(parsed.pages), unit=parsed.unit, eta_s=None
        )
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
            self._jobs.update(key, stage="embedding", total=len(ids), chunks=len(ids), language=language)
            embedded = self._embed(key, ids, cancel)
            if not self._store.hold(job.owner, digest, job.name):
                raise DocumentNotFound
        except BaseException:
            self._undo(digest)
            raise
        self._finish(job, digest, None)
        if not embedded:
            self._dense.catch_up_soon()  # the model may have come between the two

    def _embed(self, key: str, chunks: Sequence[int], cancel: threading.Event) -> bool:
        """Embed the chunks; False when there is no embedding model yet: words alone for now, vectors when it comes."""
        loaded = self._dense.get(cancel)
        if loaded is None:
            return False
        clock = Clock()
        embed_chunks(
            *loaded,
            self._store.chunk_texts(chunks),
            progress=lambda done, total: self._jobs.update(key, done=done, total=total, eta_s=clock.left(done, total)),
            cancel=cancel,
        )
        return True

    def _undo(self, digest: str) -> None:
        with self._writing:
            self._store.erase(digest)
            (self._files / digest).unlink(missing_ok=True)
            self._dense.forget(digest)

    def _finish(self, job: Job, digest: str, status: str | None) -> None:
        known = self._store.document(job.owner, digest)
        self._jobs.update(
            job.id,
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
