"""A document cut anew: other chunks from the pages that are stored, and their vectors. It reads no file.

The new chunks are embedded under ids of their own while the old ones answer, then take their place in one
transaction. Whatever ends before that leaves only vectors that no chunk has, and those are taken out again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from rag.chunking import Cut, Span, chunk_page
from rag.dense import Dense, embed_chunks
from rag.errors import Cancelled, DocumentShared
from rag.jobs import Clock, Job, Jobs
from rag.store import Store


class Recutter:
    """Does the jobs whose kind is cut."""

    def __init__(self, store: Store, dense: Dense, jobs: Jobs, writing: threading.Lock) -> None:
        """`writing` is held while chunks take the place of others, so that a delete cannot cross it."""
        self._store = store
        self._dense = dense
        self._jobs = jobs
        self._writing = writing

    def job(self, key: str, owner: str, document: str) -> Job:
        """Return the job for a document. Raises DocumentNotFound, also for another's, and DocumentShared."""
        known = self._store.document(owner, document)
        if self._store.held_by_others(owner, document):
            raise DocumentShared(name=known.name)
        return Job(
            id=key,
            owner=owner,
            name=known.name,
            kind="cut",
            document=document,
            pages=known.pages,
            unit=known.unit,
            chunks=known.chunks,
            before=known.chunks,
            language=known.language,
        )

    def run(self, key: str, document: str, cut: Cut) -> None:
        """Cut, embed, exchange. Raises Cancelled, and what `job` raises when things have changed since."""
        opened = self._jobs.open(key)
        if opened is None:  # cancelled before its turn came
            return
        job, cancel = opened
        self._jobs.update(key, stage="splitting")
        texts = dict(self._store.page_texts(job.owner, document))
        spans = _cut(texts, cut, cancel)
        ids = self._store.reserve(len(spans))
        self._jobs.update(key, stage="embedding", total=len(ids), chunks=len(ids))
        try:
            self._embed(key, document, texts, ids, spans, cancel)
            with self._writing:
                old = self._store.recut(job.owner, document, cut, ids, spans)
        except BaseException:
            self._forget(ids)
            raise
        self._settle(old, ids)
        status = self._store.document(job.owner, document).status
        self._jobs.update(key, stage="done", status=status, done=len(ids), total=len(ids), eta_s=None)

    def _embed(
        self,
        key: str,
        document: str,
        texts: Mapping[int, str],
        ids: Sequence[int],
        spans: Sequence[Span],
        cancel: threading.Event,
    ) -> None:
        loaded = self._dense.get(cancel)
        if loaded is not None:
            clock = Clock()
            rows = [(one, document, texts[at.page][at.start : at.end]) for one, at in zip(ids, spans, strict=True)]
            embed_chunks(
                *loaded,
                rows,
                lambda done, total: self._jobs.update(key, done=done, total=total, eta_s=clock.left(done, total)),
                cancel,
            )
        if cancel.is_set():
            raise Cancelled

    def _settle(self, old: Sequence[int], new: Sequence[int]) -> None:
        """Take out the old vectors; where new ones are missing, the embedding model has changed on the way."""
        self._forget(old)
        loaded = self._dense.get()
        if loaded is not None and not loaded[1].ids().issuperset(new):
            self._dense.catch_up_soon()

    def _forget(self, ids: Sequence[int]) -> None:
        loaded = self._dense.get()
        if loaded is not None:
            loaded[1].remove_chunks(ids)


def _cut(texts: Mapping[int, str], cut: Cut, cancel: threading.Event) -> list[Span]:
    spans: list[Span] = []
    for number, text in texts.items():
        if cancel.is_set():
            raise Cancelled
        spans += chunk_page(number, text, cut.size, cut.overlap)
    return spans
