"""The process that reads one document: a job as JSON on stdin, one JSON line for each page on stdout.

Knows its limits and which reader a format needs. Light on purpose: it starts for every upload, and may be
killed at any moment. Lines: {"total", "unit", "title", "repaired"}, then {"number", "text", "how",
"reason"} for each page, then {"end": note} or {"error": kind}.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from rag.pages import PageText, Refused, Unit

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
    """What to read: `avoid` are the pages on which PDFium died (0: on opening), `first` where to go on."""

    path: Path
    kind: str
    first: int
    avoid: list[int]
    seconds: float
    page_seconds: float
    memory_mb: int
    pages: int
    chars: int


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


def open_document(job: Job) -> Document:
    """Open the job's file with the reader of its kind; each is imported only when it is needed."""
    if job.kind == ".pdf":
        from rag.parse_pdf import PdfDocument

        return PdfDocument(job.path, frozenset(job.avoid))
    from rag.parse_text import open_sections

    return open_sections(job.path, job.kind, job.memory_mb * 2**20, job.chars)


def serve(job: Job, emit: Emit) -> None:
    """Read the job's document and emit its lines."""
    document = open_document(job)
    opened = {"total": document.total, "unit": document.unit, "title": document.title}
    emit({**opened, "repaired": document.repaired})
    last = min(document.total, job.pages)
    chars = 0
    for page in document.pages(job.first, last):
        chars += len(page.text)
        if chars > job.chars and page.number > 1:
            emit({"end": "chars"})
            return
        emit(asdict(page))
    emit({"end": "pages" if document.total > job.pages else ""})


def main() -> None:
    """Serve the job on stdin. Stdout is kept to ourselves: what a library prints must not end up in it."""
    lines = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)

    def emit(line: dict[str, object]) -> None:
        lines.write(json.dumps(line).encode() + b"\n")
        lines.flush()

    fields = json.loads(sys.stdin.buffer.read())
    job = Job(**{**fields, "path": Path(fields["path"])})
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
