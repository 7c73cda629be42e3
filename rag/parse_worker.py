"""The process that reads one document: a job as JSON on stdin, one JSON line for each page on stdout.

Knows its limits and which reader a format needs. Light on purpose: it starts for every upload, and may be
killed at any moment. Lines: what rag/loaders.py calls Opened, then PageText for each page, with {"at": number} where
one is begun, then {"end": note} or {"error": kind}.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from rag.pages import IMAGES, PageText, Refused, Unit

_NICE = 10  # the page and the answer come first
Emit = Callable[[dict[str, object]], None]


class Document(Protocol):
    """An opened document."""

    title: str
    unit: Unit
    total: int
    repaired: bool

    def pages(self, first: int, last: int) -> Iterator[PageText]:
        """Yield pages `first` to `last`, numbered from 1, both included."""
        ...


@dataclass(frozen=True)
class Job:
    """What to read, from page `first` on. `skip`: pages that nobody asks for. `lost`: pages that are not to be read.

    `avoid` are the pages on which PDFium died (0: on opening). `used`: characters of pages that were read before. The
    rest are Limits.
    """

    path: Path
    kind: str
    first: int
    skip: frozenset[int]
    lost: frozenset[int]
    avoid: frozenset[int]
    password: str | None
    seconds: float
    page_seconds: float
    memory_mb: int
    pages: int
    chars: int
    used: int = 0


def job_from(fields: dict[str, Any]) -> Job:
    """Return the job that its JSON describes."""
    sets = {key: frozenset(fields[key]) for key in ("skip", "lost", "avoid")}
    return Job(**fields | sets | {"path": Path(fields["path"])})


def limit_resources(memory_mb: int, cpu: int) -> None:
    """Limit memory and seconds of processor time where the system can: the parent's own limits hold everywhere."""
    try:
        import resource
    except ImportError:  # Windows
        return
    memory = memory_mb * 2**20
    limits = (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, cpu, cpu + 5),  # beyond the first a signal, beyond the second the end
        (resource.RLIMIT_CORE, 0, 0),
    )
    for what, soft, hard in limits:
        try:
            resource.setrlimit(what, (soft, hard))
        except (ValueError, OSError):  # macOS refuses RLIMIT_AS
            continue


def open_document(job: Job, emit: Emit) -> Document:
    """Open the job's file with the reader of its kind; each is imported only when it is needed."""
    if job.kind == ".pdf":
        from rag.parse_pdf import Asked, PdfDocument

        asked = Asked(job.password, job.skip, job.lost, job.avoid)
        return PdfDocument(job.path, asked, lambda number: emit({"at": number}))
    if job.kind in IMAGES:
        from rag.parse_image import ImageDocument

        return ImageDocument(job.path)
    from rag.parse_text import open_sections

    return open_sections(job.path, job.kind, job.memory_mb * 2**20, job.chars)


def serve(job: Job, emit: Emit) -> None:
    """Read the job's document and emit its lines."""
    document = open_document(job, emit)
    opened = {"total": document.total, "unit": document.unit, "title": document.title, "repaired": document.repaired}
    emit({**opened, "encrypted": getattr(document, "encrypted", False)})
    last = min(document.total, job.pages)
    chars = job.used
    for page in document.pages(job.first, last):
        if page.number in job.skip or page.number in job.lost:
            continue
        chars += len(page.text)
        if chars > job.chars and page.number > 1:
            emit({"end": "chars"})
            return
        emit(asdict(page))
    emit({"end": "pages" if document.total > job.pages else getattr(document, "note", "")})


def main() -> None:
    """Serve the job on stdin. Stdout is kept to ourselves: what a library prints must not end up in it."""
    lines = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)

    def emit(line: dict[str, object]) -> None:
        lines.write(json.dumps(line).encode() + b"\n")
        lines.flush()

    job = job_from(json.loads(sys.stdin.buffer.read()))
    with suppress(OSError, AttributeError):  # Windows has no such call
        os.nice(_NICE)
    limit_resources(job.memory_mb, int(job.seconds * (job.pages // 1000 + 1)) + 10)
    try:
        serve(job, emit)
    except Refused as refused:
        emit({"error": refused.kind})
    except MemoryError:
        emit({"error": "memory"})
    except Exception:  # whatever a parser throws at a file that is not what it says
        emit({"error": "damaged"})


if __name__ == "__main__":
    main()
