"""A document cut anew: other chunks from the pages that are stored, and their vectors. It reads no file.

The new chunks are embedded in memory, a slice a turn, while the old ones answer; then they take their place in one
transaction. Whatever ends before that leaves nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.chunking import Cut, Path_, Span, chunk_page, searchable
from rag.dense import Dense
from rag.embeddings import Matrix
from rag.errors import AulaError, Cancelled, DamagedDocument, DocumentShared, NothingToCut
from rag.jobs import Job, Jobs, Pace
from rag.store import Store
from rag.tokens import Estimate

log = logging.getLogger(__name__)

SLICE = 32  # chunks a turn
Embed = Callable[[Sequence[str], threading.Event], tuple[str, Matrix] | None]


@dataclass
class _Cutting:
    """One cut under way. `old`: the chunks that were there when it began; `model` "" before the first vectors."""

    document: str
    cut: Cut
    owner: str
    old: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    split: bool = False
    wordy: bool = False  # there is no embedding model: words alone for now
    model: str = ""
    done: int = 0
    vectors: list[Matrix] = field(default_factory=list)
    pace: Pace = field(default_factory=Pace)


class Recutter:
    """Does the jobs whose kind is cut. Its turns are those of one thread."""

    def __init__(self, store: Store, dense: Dense, jobs: Jobs, writing: threading.Lock, embed: Embed) -> None:
        """`writing` is held while chunks take the place of others, so that a delete cannot cross it."""
        self._store = store
        self._dense = dense
        self._jobs = jobs
        self._writing = writing
        self._embed = embed
        self._cuttings: dict[str, _Cutting] = {}

    def job(self, key: str, owner: str, document: str) -> Job:
        """Return the job for a document.

        Raises DocumentNotFound, also for another's, NothingToCut for one that failed, and DocumentShared.
        """
        known = self._store.document(owner, document)
        if known.status == "failed":
            raise NothingToCut(name=known.name)
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

    def add(self, job: Job, cut: Cut) -> None:
        """Take a job on; its turns may begin."""
        self._cuttings[job.id] = _Cutting(str(job.document), cut, job.owner)
        self._jobs.put(job)

    def all(self) -> list[str]:
        """Return the jobs that are not done."""
        return list(self._cuttings)

    def has(self, key: str) -> bool:
        """Tell whether it is a job of these."""
        return key in self._cuttings

    def forget(self, document: str) -> None:
        """Let go of a document that is deleted."""
        for key in [key for key, cutting in list(self._cuttings.items()) if cutting.document == document]:
            self._cuttings.pop(key, None)

    def stop(self) -> None:
        """Forget all; the old chunks stay."""
        self._cuttings.clear()

    # -- turns -------------------------------------------------------------------------------------------------

    def turn(self, key: str) -> bool:
        """Split the document, embed a slice or exchange; True when there is more to do at once."""
        cutting = self._cuttings.get(key)
        opened = self._jobs.open(key)
        if cutting is None or opened is None:  # cancelled before its turn came, or deleted
            self._cuttings.pop(key, None)
            return False
        try:
            return self._step(key, cutting, opened[1])
        except Cancelled:
            self._end(key, stage="cancelled", status="cancelled")
        except AulaError as error:
            self._end(key, stage="failed", status="failed", error=error)
        except Exception:
            log.exception("a document could not be cut anew")
            self._end(key, stage="failed", status="failed", error=DamagedDocument(name=opened[0].name))
        return False

    def _end(self, key: str, **changes: object) -> None:
        self._cuttings.pop(key, None)
        self._jobs.update(key, eta_s=None, **changes)

    def _step(self, key: str, cutting: _Cutting, cancel: threading.Event) -> bool:
        if cancel.is_set():
            raise Cancelled
        state = self._store.state(cutting.document)
        if state is not None and state.status == "failed":
            raise NothingToCut(name=self._store.document(cutting.owner, cutting.document).name)
        if state is not None and not (state.read and state.status in ("ready", "partial")):
            return False  # it is asked again once the document is done
        if not cutting.split:
            self._split(key, cutting, cancel)
        elif cutting.done < len(cutting.spans) and not cutting.wordy:
            self._embed_some(key, cutting, cancel)
        else:
            return self._exchange(key, cutting)
        return True

    def _split(self, key: str, cutting: _Cutting, cancel: threading.Event) -> None:
        self._jobs.update(key, stage="splitting")
        cutting.old = self._store.chunk_ids(cutting.document)
        tokens = self._dense.tokens(cancel) or Estimate()
        above: dict[str, Path_] = {"text": (), "ocr": ()}
        ledger = self._store.ledger(cutting.owner, cutting.document).pages
        held = {page.number for page in ledger if page.chunks}  # also pictures that are not read, with a few words
        for page in self._store.page_rows(cutting.document):
            if cancel.is_set():
                raise Cancelled
            if page.how in above or page.number in held:
                spans, after = chunk_page(page, cutting.cut, tokens, above["text" if page.how == "text" else "ocr"])
                cutting.spans += spans
                above = {"text": after, "ocr": after} if page.how == "text" else {**above, "ocr": after}
        cutting.split = True
        total = len(cutting.spans)
        self._jobs.update(key, stage="embedding", done=0, total=total, chunks=total)

    def _texts(self, cutting: _Cutting, spans: Sequence[Span]) -> list[str]:
        texts = self._store.texts_of(cutting.document, {span.page for span in spans})
        return [texts[span.page][span.start : span.end] for span in spans]

    def _searched(self, cutting: _Cutting, spans: Sequence[Span]) -> list[str]:
        texts = self._texts(cutting, spans)
        return [searchable(span.heading, text) for span, text in zip(spans, texts, strict=True)]

    def _embed_some(self, key: str, cutting: _Cutting, cancel: threading.Event) -> None:
        spans = cutting.spans[cutting.done : cutting.done + SLICE]
        embedded = self._embed(self._texts(cutting, spans), cancel)
        if embedded is None:
            cutting.wordy = True
            return
        model, matrix = embedded
        if cutting.model not in ("", model):  # another model serves now: from the beginning
            cutting.done, cutting.vectors = 0, []
            spans = []
        cutting.model = model
        if spans:
            cutting.vectors.append(matrix)
            cutting.done += len(spans)
            cutting.pace.mark(len(spans))
        left = cutting.pace.left(len(cutting.spans) - cutting.done)
        self._jobs.update(key, done=cutting.done, eta_s=left)

    def _exchange(self, key: str, cutting: _Cutting) -> bool:
        """Let the new chunks take the old ones' place; True when the document has changed and it begins anew."""
        matrix = None if cutting.wordy or not cutting.vectors else np.concatenate(cutting.vectors)
        ids = self._store.reserve(len(cutting.spans))
        terms = self._terms(cutting)
        with self._writing:
            done = self._store.recut(
                cutting.owner, cutting.document, cutting.cut, cutting.old, ids, cutting.spans, terms,
                cutting.model, matrix,
            )  # fmt: skip
            if done:
                self._dense.forget(cutting.document)
                if matrix is not None:
                    self._dense.publish(ids, cutting.document, matrix)
        if not done:
            self._cuttings[key] = _Cutting(cutting.document, cutting.cut, cutting.owner)
            return True
        if matrix is None and ids:
            self._dense.catch_up_soon()  # the model may have come on the way
        status = self._store.document(cutting.owner, cutting.document).status
        self._end(key, stage="done", status=status, done=len(ids), total=len(ids), chunks=len(ids))
        return False

    def _terms(self, cutting: _Cutting) -> list[str]:
        terms: list[str] = []
        for start in range(0, len(cutting.spans), SLICE):
            terms += self._store.terms(cutting.document, self._searched(cutting, cutting.spans[start : start + SLICE]))
        return terms
