"""What a row of the Documents tab says of a document: its state, how far it is, what is amiss. Words only, no HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.errors import WrongPassword
from rag.jobs import Job
from rag.store import Document
from ui.components import size, time_left
from ui.texts import count, grouped, say, table

MOVING = frozenset({"waiting", "reading", "ocr", "indexing", "splitting", "embedding"})
AMISS = frozenset({"locked", "partial", "failed", "duplicate"})
UNITS = {"page": "docs.pages", "slide": "docs.slides", "sheet": "docs.sheets", "section": "docs.sections"}
_COUNTED = {"cut": "docs.chunks", "archive": "docs.files"}  # what a job has that is not counted in pages
Shelf = tuple[str, str]  # a collection's id and name

_ACTIONS: dict[str, tuple[str, ...]] = {
    "paused": ("see", "ledger", "resume", "cancel"),
    "locked": ("unlock", "delete"),
    "ready": ("see", "ledger", "move", "delete"),
    "partial": ("retry", "see", "ledger", "move", "delete"),
    "failed": ("retry", "see", "ledger", "delete"),
}
_LOOSE: dict[str, tuple[str, ...]] = {  # of what is no document yet
    "paused": ("resume", "cancel"),
    "locked": ("unlock", "cancel"),
    "failed": ("dismiss",),
    "duplicate": ("dismiss",),
}


@dataclass(frozen=True)
class Row:
    """One line of the list: a document with what is being done to it, or something that is no document yet."""

    document: Document | None = None
    job: Job | None = None
    shelf: Shelf | None = None

    @property
    def key(self) -> str:
        """Its id among the rows."""
        return self.document.id if self.document else self.job.id if self.job else ""

    @property
    def name(self) -> str:
        """The name that its owner gave it."""
        return self.document.name if self.document else self.job.name if self.job else ""

    @property
    def unit(self) -> str:
        """What its pages are called: page, slide, sheet or section."""
        return self.document.unit if self.document else self.job.unit if self.job else "page"

    @property
    def state(self) -> str:
        """What is being done to it, or else what it has come to."""
        if self.job is not None and not self.job.ended:
            return self.job.stage
        if self.document is not None:
            return self.document.status
        return (self.job.status or self.job.stage) if self.job else "waiting"

    @property
    def moving(self) -> bool:
        """Whether it will change by itself."""
        return self.state in MOVING

    @property
    def amiss(self) -> bool:
        """Whether somebody has to look at it."""
        return self.state in AMISS


def rows(documents: Sequence[Document], jobs: Sequence[Job], shelves: Sequence[Shelf] = ()) -> list[Row]:
    """Join documents and jobs into one list: what is no document yet first, then the documents as they come."""
    going = {job.document: job for job in jobs if job.document and not job.ended}
    held = {document.id for document in documents}
    loose = [Row(job=job) for job in reversed(jobs) if _loose(job, held)]
    named = {shelf[0]: shelf for shelf in shelves}
    return [*loose, *(Row(one, going.get(one.id), named.get(one.collection or "")) for one in documents)]


def _loose(job: Job, held: set[str]) -> bool:
    """Tell whether a job has a line of its own: its document, where there is one, shows the rest."""
    if job.status == "duplicate":
        return not job.part_of  # whoever drops an archive again does not want to dismiss each of its files
    return job.document not in held and job.stage not in ("done", "cancelled")


def actions(row: Row) -> tuple[str, ...]:
    """Return what can be done with it, in the order of its buttons."""
    if row.job is not None and row.job.kind == "cut" and row.moving:
        return ("see", "ledger", "cancel")
    if row.document is None:
        rests = row.job is not None and row.job.kind == "archive"  # an address is fetched at once or not at all
        moving = ("pause", "cancel") if rests else ("cancel",)
        return _LOOSE.get(row.state, moving if row.moving else ())
    going: tuple[str, ...] = ("see", "ledger", "pause", "cancel") if row.job else ("see", "ledger", "delete")
    offered = going if row.moving else _ACTIONS.get(row.state, going)
    unread = row.document.pages == 0
    if row.state == "locked" and not unread:  # of a retry, or of a reading that a restart cut short
        offered = ("unlock", "see", "ledger", "cancel")
    return tuple(do for do in offered if not (unread and do in ("see", "ledger")))


def facts(row: Row, lang: str) -> list[str]:
    """Return the figures below the name: the state in words, how far it is, pages, passages, language, size."""
    said = [say(lang, f"docs.state_{row.state}")]
    if row.job is not None and not row.job.ended:
        said += progress(row.job, lang)
    if row.document is not None:
        moving = row.job is not None and row.job.total > 0 and row.job.kind != "cut"
        said += _held(row.document, lang, not moving)
    return said


def _held(document: Document, lang: str, counted: bool) -> list[str]:
    said = [count(lang, UNITS.get(document.unit, UNITS["page"]), document.pages)] if counted and document.pages else []
    if counted and document.chunks:
        said.append(count(lang, "docs.chunks", document.chunks))
    if document.language:
        said.append(table(lang).get(f"lang.{document.language}", document.language))
    return [*said, size(document.bytes, lang)]


def progress(job: Job, lang: str) -> list[str]:
    """Return how far a job is, in pages (in passages while it is cut anew), and how long is left if that is known."""
    said = _figures(job, lang)
    if job.stage == "ocr" and job.ocr_total:
        said.append(say(lang, "docs.ocr_of", done=grouped(job.ocr_done, lang), total=grouped(job.ocr_total, lang)))
    if job.eta_s and job.stage in MOVING - {"waiting"}:
        said.append(time_left(job.eta_s, lang))
    return said


def _figures(job: Job, lang: str) -> list[str]:
    if job.total <= 0:
        return []
    if job.kind in _COUNTED:
        total = count(lang, _COUNTED[job.kind], job.total)
        return [say(lang, "docs.done_of", done=grouped(job.done, lang), total=total)]
    total = count(lang, UNITS.get(job.unit, UNITS["page"]), job.total)
    if job.read >= job.total:
        return [say(lang, "docs.ready_of", done=grouped(job.done, lang), total=total)]
    said = [say(lang, "docs.read_of", read=grouped(job.read, lang), total=total)]
    return [*said, say(lang, "docs.searchable", n=grouped(job.done, lang))] if job.done else said


def note(row: Row, lang: str) -> str:
    """Return what is amiss, in a sentence or two with what to do, or an empty text."""
    if row.job is not None and row.job.status == "duplicate":
        return say(lang, "docs.duplicate")
    if row.state == "locked" and not (row.job and isinstance(row.job.error, WrongPassword)):
        return say(lang, "docs.unlock_note")
    told = row.job.message(lang) if row.job is not None else ""
    if not told and row.document is not None and not (row.job and row.moving):
        told = row.document.message(lang)
    return told


def counts(listed: Iterable[Row]) -> dict[str, int]:
    """Return how many there are in all, on their way, and with something amiss."""
    found = {"all": 0, "going": 0, "amiss": 0}
    for row in listed:
        found["all"] += 1
        found["going"] += row.moving
        found["amiss"] += row.amiss
    return found
