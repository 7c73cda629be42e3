"""A file to a document that can be asked, and never lost on the way: what the page and the API call.

Every call names the owner. What is done with a document, and when, is rag/pipeline.py; SQLite says how far it is.
"""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection

from rag import erasure as erasing
from rag.arrivals import Arrivals, Source
from rag.chunking import Cut
from rag.dense import Dense
from rag.erasure import Erasure
from rag.errors import RestoreBusy
from rag.jobs import Job, Jobs, job_id
from rag.lane_parts import Parts
from rag.page_image import PagePictures
from rag.pipeline import Pipeline
from rag.store import Document, Ledger, Store
from rag.unpacking import Places, Unpacker

log = logging.getLogger(__name__)


class Library:
    """What owners hold: takes files in, lists and deletes documents."""

    def __init__(
        self,
        store: Store,
        dense: Dense,
        files: Path,
        work: Path,
        pictures: PagePictures,
        *,
        busy: Callable[[], bool] = lambda: False,
        offline: bool = False,
        erasure: Erasure | None = None,
    ) -> None:
        """Use a store and vectors; `files` keeps the originals, `work` what is on its way in.

        `busy` says whether the chat model is answering, which comes first; `offline` that no address is fetched.
        """
        self._store = store
        self._dense = dense
        self._files = files
        self._work = work
        self._pictures = pictures
        self._erasure = erasure
        self._jobs = Jobs()
        self._begun = False
        self._writing = threading.Lock()  # a delete and a write of the same document must not cross
        self._pipeline = Pipeline(Parts(store, dense, self._jobs, files, self._writing, busy))
        self._arrivals = Arrivals(store, self._jobs, self._pipeline, files, work, self._writing)
        places = Places(files, work, offline)
        self._unpacker = Unpacker(store, self._jobs, self._pipeline, self._arrivals, places, self._writing)

    def start(self) -> None:
        """Sweep away what was never accepted or is half deleted, go on with what is not done, begin to work."""
        self._jobs.clear()
        if not self._begun:  # later, what lies there is on its way in
            shutil.rmtree(self._work, ignore_errors=True)
        self._begun = True
        self._work.mkdir(parents=True, exist_ok=True)
        self._files.mkdir(parents=True, exist_ok=True)
        for orphan in self._store.orphans():
            self._erase(orphan)
        self._pictures.sweep(self._sweep_files())
        self._pipeline.start()
        self._unpacker.start()
        self._arrivals.closed = False

    def _sweep_files(self) -> set[str]:
        """Delete originals that no row names; return the documents that there are."""
        with self._writing:  # an upload is a file first, then a row
            held = self._store.every_id()
            kept = held | {entry.source for entry in self._store.intakes() if entry.status != "failed"}
            for file in self._files.iterdir():
                if file.name not in kept:
                    file.unlink(missing_ok=True)
        return held

    def stop(self) -> None:
        """End what is under way; the next start goes on with it."""
        self._unpacker.stop()
        self._pipeline.stop()
        self._jobs.clear()

    def rest(self) -> None:
        """End what is under way and take nothing in until the next start: other data will stand here then."""
        with self._writing:
            self._arrivals.closed = True
        self.stop()

    # -- taking in ---------------------------------------------------------------------------------------------

    def add(self, owner: str, uploads: Sequence[tuple[Path, str]], collection: str | None = None) -> list[str]:
        """Accept (file, name) uploads, return a job id each. The bytes are copied: the caller may delete the files.

        On return each is a document of the owner's, however far it has been read, or has a job that says why not.
        Raises RestoreBusy while a backup is put back.
        """
        self._open_for_all()
        source = Source(owner, collection)
        return [self._arrivals.take_file(path, name, source) for path, name in uploads]

    def add_address(self, owner: str, url: str, collection: str | None = None) -> str:
        """Queue what is at a web address, return its job's id; the document has a job of its own, part of that one.

        Raises RestoreBusy as `add` does.
        """
        self._open_for_all()
        return self._unpacker.add_address(owner, url, collection)

    def _open_for_all(self) -> None:
        if self._arrivals.closed:
            raise RestoreBusy

    def retry(self, owner: str, document: str) -> str:
        """Read again what could not be read of a document (all, when nothing could); return its job's id.

        One that is ready has nothing to read again, and an encrypted one is locked until its password comes.
        Raises DocumentNotFound.
        """
        known = self._store.document(owner, document)
        if known.status in ("partial", "failed"):
            self._pipeline.again(document)
        return job_id(owner, document)

    def rechunk(self, owner: str, document: str, size: int, overlap: int) -> str:
        """Queue cutting a document anew, into chunks of at most `size` tokens that share up to `overlap`.

        Returns the job's id; until it is done the old chunks answer, and a cancel leaves them. Raises BadCut,
        DocumentNotFound (also for another's), NothingToCut and DocumentShared.
        """
        cut = Cut(size, overlap)
        job = self._pipeline.recutter.job(uuid.uuid4().hex, owner, document)
        self._pipeline.recutter.add(job, cut)
        self._pipeline.cut(job.id)
        return job.id

    # -- what the person says while it goes on -----------------------------------------------------------------

    def pause(self, owner: str, job: str) -> None:
        """Let a document or an archive rest until `resume`, also after a restart."""
        known = self._open(owner, job)
        if known is None or known.kind == "cut":
            return
        if self._unpacker.has(job):
            self._unpacker.pause(job)
        elif known.document is not None:
            self._pipeline.pause(known.document)

    def resume(self, owner: str, job: str) -> None:
        """Go on with what was paused."""
        known = self._open(owner, job)
        if known is None:
            return
        if self._unpacker.has(job):
            self._unpacker.resume(job)
        elif known.document is not None:
            self._pipeline.resume(known.document)

    def unlock(self, owner: str, job: str, password: str) -> None:
        """Go on with a locked document. The password is used while it is read, and kept nowhere.

        With a wrong one the job is locked again, and says so.
        """
        known = self._open(owner, job)
        if known is None or known.stage != "locked":
            return
        if self._unpacker.has(job):
            self._unpacker.unlock(job, password)
        elif known.document is not None:
            self._pipeline.unlock(known.document, password)

    def cancel(self, owner: str, job: str) -> None:
        """Stop a job. What was not finished goes; what could be asked before stays as it was."""
        known = self._open(owner, job)
        if known is None:
            return
        if known.kind == "cut":
            self._cancel_cut(known)
        elif self._unpacker.has(job):
            self._unpacker.cancel(job)
            for part in [one for one in self._jobs.of(owner) if one.part_of == job and not one.ended]:
                self.cancel(owner, part.id)
        elif known.document is not None:
            self._cancel_document(owner, known)

    def _open(self, owner: str, job: str) -> Job | None:
        known = self._jobs.find(owner, job)
        return None if known is None or known.ended else known

    def _cancel_cut(self, job: Job) -> None:
        opened = self._jobs.open(job.id)
        if opened is not None:
            opened[1].set()
            if job.stage == "waiting":  # its turn may be minutes away
                self._jobs.update(job.id, stage="cancelled", status="cancelled")

    def _cancel_document(self, owner: str, job: Job) -> None:
        document = str(job.document)
        state = self._store.state(document)
        if state is not None and (state.finished or (state.status == "failed" and state.read)):
            self._pipeline.leave(document)
            return
        if state is not None and self._store.holds(owner, document):
            self._release(owner, document)
        self._jobs.update(job.id, stage="cancelled", status="cancelled", eta_s=None)

    # -- watching ----------------------------------------------------------------------------------------------

    def jobs(self, owner: str) -> list[Job]:
        """Return the owner's jobs, running and finished, in the order they came."""
        return self._jobs.of(owner)

    def wait(self, owner: str, ids: Sequence[str], timeout: float | None = None) -> Iterator[list[Job]]:
        """Yield the jobs `ids`, and those that came from them, whenever one changed (at most five times a second).

        Ends when each has ended or waits for the person: paused or locked.
        """
        return self._jobs.wait(owner, ids, timeout)

    def forget(self, owner: str, ids: Sequence[str]) -> None:
        """Take ended jobs off the list."""
        for key in ids:
            known = self._jobs.find(owner, key)
            if known is not None and known.ended and known.kind in ("archive", "address"):
                self._unpacker.forget(key)
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

    def ledger(self, owner: str, document: str) -> Ledger:
        """Return what each page of a document came to. Raises DocumentNotFound."""
        return self._store.ledger(owner, document)

    def delete(self, owner: str, document: str) -> None:
        """Remove a document from the owner, and from the machine when nobody else holds it. Raises DocumentNotFound."""
        self._store.document(owner, document)
        self._release(owner, document)
        self._jobs.remove(owner, document)

    def _release(self, owner: str, document: str) -> None:
        def note(connection: Connection, last: bool) -> None:
            if self._erasure is not None:  # a restart finishes what a kill cuts short
                erasing.note(connection, document, None if last else owner)

        with self._writing:
            last = self._store.let_go(owner, document, note)
        if last:
            self._pipeline.drop(document)
            self._erase(document)
        elif self._erasure is not None:
            self._erasure.forget(document, owner)

    def _erase(self, document: str) -> None:
        """Remove a document that nobody holds, its file, pictures, vectors and whatever else has words of it."""
        with self._writing:
            if not self._store.is_orphan(document):  # it has come again
                return
            self._store.erase(document)
            (self._files / document).unlink(missing_ok=True)  # a held id here, never a user's text
            self._pictures.forget(document)
            self._dense.forget(document)
        if self._erasure is not None:
            self._erasure.forget(document)
        else:
            self._store.forget_deleted()
