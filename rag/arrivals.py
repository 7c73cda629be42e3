"""Files on their way to being documents: bytes copied, named by their sha256, and a row each. It reads none of them.

From the moment that `take` returns nothing can lose an upload. One that is killed before that was not accepted: its
bytes are swept at the next start.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from rag.archive import is_archive
from rag.errors import AulaError, EncryptedDocument, RestoreBusy, TooLarge
from rag.jobs import Job, Jobs, job_id
from rag.loaders import kind_of
from rag.outcome import foreseen, renamed
from rag.pipeline import Pipeline
from rag.records import Intake, Upload
from rag.reporting import Reporter
from rag.store import Store

MAX_BYTES = 200 * 1024 * 1024
_PIECE = 2**20


@dataclass(frozen=True)
class Source:
    """Who hands something in, where it is to stand, and what it is part of: `origin` in words, `job` as a row."""

    owner: str
    collection: str | None = None
    origin: str = ""
    job: str = ""


class Arrivals:
    """Takes files over. Safe to use from several threads."""

    def __init__(
        self, store: Store, jobs: Jobs, pipeline: Pipeline, files: Path, work: Path, writing: threading.Lock
    ) -> None:
        """`files` keeps originals, `work` what is being copied; `writing` keeps a delete and an arrival apart."""
        self._store = store
        self._jobs = jobs
        self._pipeline = pipeline
        self._reporter = Reporter(store, jobs)
        self._files = files
        self._work = work
        self._writing = writing
        self.closed = False  # while a backup takes the place of everything
        self.unpack: Callable[[Intake], None] = lambda entry: None  # what an archive's row is given to

    def take_file(self, path: Path, name: str, source: Source) -> str:
        """Take the file at `path` over, which stays where it is; return its job's id. It never raises."""
        try:
            if path.stat().st_size > MAX_BYTES:
                raise too_large(name)
            with path.open("rb") as stream:
                return self.take(stream, name, source)
        except (AulaError, OSError) as error:
            return self.refuse(error, name, source)

    def take(self, stream: BinaryIO, name: str, source: Source) -> str:
        """Take a stream over; return its job's id. Raises a DocumentError for what is not to be read at all."""
        self._work.mkdir(parents=True, exist_ok=True)
        copied = self._work / uuid.uuid4().hex
        try:
            digest = _copy(stream, copied, name)
            if is_archive(name):
                return self._archive(copied, digest, name, source)
            upload = Upload(digest, kind_of(copied, name), copied.stat().st_size, source.origin)
            return self._document(copied, upload, name, source)
        finally:
            copied.unlink(missing_ok=True)

    def refuse(self, error: Exception, name: str, source: Source) -> str:
        """List what could not be taken over."""
        told = renamed(foreseen(error), name)
        job = Job(uuid.uuid4().hex, source.owner, name, "failed", status="failed", error=told, part_of=source.job)
        self._jobs.put(job)
        return job.id

    # -- documents ---------------------------------------------------------------------------------------------

    def _document(self, copied: Path, upload: Upload, name: str, source: Source) -> str:
        key = job_id(source.owner, upload.id)
        with self._writing:
            self._move(copied, upload.id)
            accepted = self._store.accept(source.owner, upload, name, source.collection)
        if accepted == "locked":
            self._ask(key, upload.id, name, source)
        elif accepted == "duplicate" or self._failed(upload.id):
            self._again(key, upload.id, name, source)
        else:
            self.begin(key, upload.id, name, source)
        return key

    def begin(self, key: str, document: str, name: str, source: Source) -> None:
        """List a document that was accepted, and go on with it, unless another holder's copy is done."""
        state = self._store.state(document)
        if state is None:  # deleted already
            return
        if state.read and state.status in ("ready", "partial", "failed") and not self._pipeline.under_way(document):
            job = Job(key, source.owner, name, document=document, part_of=source.job)
            self._jobs.put(replace(job, **self._reporter.end(job)))
            return
        self._reporter.follow(document, source.job)
        self._pipeline.begin(document)

    def _failed(self, document: str) -> bool:
        state = self._store.state(document)
        return state is not None and state.status == "failed"

    def _again(self, key: str, document: str, name: str, source: Source) -> None:
        """What is held already is a duplicate; one that failed, or is on its way, goes on."""
        state = self._store.state(document)
        if state is not None and state.status == "failed":
            self._pipeline.again(document)
        elif state is not None and not (state.read and state.status in ("ready", "partial")):
            self._reporter.follow(document, source.job)
            self._pipeline.begin(document)
        elif not self._pipeline.under_way(document):
            job = Job(key, source.owner, name, document=document, part_of=source.job)
            ended = {**self._reporter.end(job), "status": "duplicate", "note": None}
            self._jobs.put(replace(job, **ended))

    def _ask(self, key: str, digest: str, name: str, source: Source) -> None:
        """Keep a copy of somebody else's encrypted document, until its password has been shown."""
        if self._store.intake(key) is None:
            self._store.take_in(Intake(key, source.owner, name, "locked", digest, source.collection, "locked"))
        self._jobs.put(locked_job(key, source.owner, name, source.job))

    # -- archives ----------------------------------------------------------------------------------------------

    def _archive(self, copied: Path, digest: str, name: str, source: Source) -> str:
        key = job_id(source.owner, digest)
        known = self._store.intake(key)
        if known is not None and known.status == "failed":
            self._store.drop_intake(key)
        if known is None or known.status == "failed":
            with self._writing:
                self._move(copied, digest)
                self._store.take_in(Intake(key, source.owner, name, "archive", digest, source.collection))
        entry = self._store.intake(key)
        if entry is not None:
            self.unpack(entry)
        return key

    def _move(self, copied: Path, digest: str) -> None:
        if self.closed:
            raise RestoreBusy
        self._files.mkdir(parents=True, exist_ok=True)
        copied.replace(self._files / digest)


def locked_job(key: str, owner: str, name: str, part_of: str = "") -> Job:
    """Return the job of a copy of somebody else's encrypted document; it does not say which."""
    error = EncryptedDocument(name=name)
    return Job(key, owner, name, "locked", status="locked", error=error, part_of=part_of)


def too_large(name: str) -> TooLarge:
    """Return what is said of a file that is larger than any may be."""
    return TooLarge(name=name, limit=f"{MAX_BYTES // 1024 // 1024} MB")


def _copy(stream: BinaryIO, target: Path, name: str) -> str:
    """Copy a stream and return its sha256. Raises TooLarge."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > MAX_BYTES:
                raise too_large(name)
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()
