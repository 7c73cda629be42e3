"""What the jobs say of documents on their way in, to everybody who holds them; it does none of the work."""

from __future__ import annotations

from typing import Any

from rag.errors import AulaError, DocumentNotFound
from rag.jobs import Job, Jobs, job_id
from rag.outcome import renamed, said
from rag.store import Store
from rag.work import Work


class Reporter:
    """Keeps the jobs of documents up to date. A document's job has the same id after a restart."""

    def __init__(self, store: Store, jobs: Jobs) -> None:
        """Tell `jobs` what `store` has."""
        self._store = store
        self._jobs = jobs

    def follow(self, document: str, part_of: str = "") -> None:
        """List a job for each holder of a document that has none under way."""
        state = self._store.state(document)
        known = {job.id for job in self._jobs.follow(document)}
        for owner, name in state.holders if state else ():
            key = job_id(owner, document)
            if key not in known:
                self._jobs.put(Job(key, owner, name, document=document, part_of=part_of))

    def show(self, work: Work, at_once: bool = True) -> None:
        """Say how far a document is; not `at_once`: if that was not said a moment ago."""
        if at_once or work.due():
            for job in self._jobs.follow(work.document):
                self._jobs.update(job.id, **work.fields())

    def rest(self, document: str, stage: str, error: AulaError | None = None) -> None:
        """Say that a document waits for the person: `stage` is paused or locked."""
        for job in self._jobs.follow(document):
            told = renamed(error, job.name) if error else None
            self._jobs.update(job.id, stage=stage, status=stage, eta_s=None, error=told)

    def trouble(self, document: str, error: AulaError) -> None:
        """Say why a document that is under way does not get on."""
        for job in self._jobs.follow(document):
            self._jobs.update(job.id, error=renamed(error, job.name), eta_s=None)

    def ended(self, document: str, error: AulaError | None = None) -> None:
        """Say that nothing more is done for a document."""
        for job in self._jobs.follow(document):
            told = renamed(error, job.name) if error else None
            self._jobs.update(job.id, **{**self.end(job), "error": told})

    def end(self, job: Job) -> dict[str, Any]:
        """Return what a job says of a document that nothing is done for."""
        try:
            known = self._store.document(job.owner, str(job.document))
        except DocumentNotFound:
            return {"stage": "cancelled", "status": "cancelled", "eta_s": None}
        return {
            "stage": "failed" if known.status == "failed" else "done",
            "status": known.status,
            "done": known.pages,
            "total": known.pages,
            "read": known.pages,
            "pages": known.pages,
            "unit": known.unit,
            "chunks": known.chunks,
            "language": known.language,
            "note": said(known.note, job.name),
            "eta_s": None,
        }
