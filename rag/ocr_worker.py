"""The process that reads one page from its picture: a job as JSON on stdin, one JSON line on stdout.

Knows PDFium, Pillow and the program `tesseract`; nothing of documents. May be killed at any moment, with its child.
Stdout: {"text", "headings"}, the text being empty where nothing was recognised, or {"error": kind}.
"""

from __future__ import annotations

import io
import json
import logging
import math
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.ocr_text import Recognised, Word, laid_out, recognised
from rag.pages import Refused
from rag.parse_worker import limit_resources
from rag.pdf_repair import rebuilt

if TYPE_CHECKING:
    import pypdfium2
    from PIL.Image import Image

_DPI = 300  # what Tesseract was trained at: its own manual asks for it
_SMALLEST_SIDE = 20  # pixels; below it there is no letter
_SMALL = 1_200_000  # pixels; a picture of a screen is drawn larger, its letters being 10 pixels high
_POOR = 60.0  # of 100: mean confidence below which the page may lie on its side
_NICE = 10


@dataclass(frozen=True)
class OcrJob:
    """Which page to read, counted from 1. `pixels`: the most that are read, `seconds` the most that it may take."""

    path: str
    kind: str
    number: int
    password: str | None
    program: str
    languages: list[str]
    turning: bool  # whether Tesseract can tell how a page lies
    pixels: int
    seconds: float
    memory_mb: int


def read(job: OcrJob) -> Recognised:
    """Return what stands on the page. Raises whatever the file, its library and Tesseract give rise to."""
    picture, dpi = _drawn(job) if job.kind == ".pdf" else _opened(job)
    if min(picture.size) < _SMALLEST_SIDE:
        return Recognised("", ())
    words = _words(job, picture, dpi)
    if job.turning and _confidence(words) < _POOR and (angle := _turned(job, picture, dpi)):
        other = _words(job, picture.rotate(-angle, expand=True, fillcolor=255), dpi)
        words = max(words, other, key=lambda found: (round(_confidence(found)), len(found)))
    return laid_out(words)


def _drawn(job: OcrJob) -> tuple[Image, int]:
    """Return a page of a PDF in grey, turned as it is shown, and its dots per inch."""
    document = _pdf(Path(job.path), job.password)
    document.init_forms()  # what is written into a form is read too
    page = document[job.number - 1]
    width, height = page.get_size()
    if not (1 <= width < math.inf and 1 <= height < math.inf):
        raise ValueError("a page without a size")
    scale = min(_DPI / 72, math.sqrt(job.pixels / (width * height)))
    picture: Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    return picture, max(70, round(scale * 72))


def _pdf(path: Path, password: str | None) -> pypdfium2.PdfDocument:
    """Open a PDF as rag/parse_pdf.py does: one that lost its end gets a new list of pages."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path, password=password)
        if len(document):
            return document
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", 0) == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise Refused("encrypted") from None
    repaired = rebuilt(path)
    if repaired is None:
        raise ValueError("no pages")
    return pypdfium2.PdfDocument(repaired)


def _opened(job: OcrJob) -> tuple[Image, int]:
    """Return a frame of a picture in grey, upright as its camera noted, and dots per inch to reckon with."""
    from rag.parse_image import frame

    picture = frame(Path(job.path), job.number, job.pixels)
    width, height = picture.size
    if width * height < _SMALL:
        picture = picture.resize((width * 2, height * 2))
    return picture, _DPI


def _words(job: OcrJob, picture: Image, dpi: int) -> list[Word]:
    languages = "+".join(job.languages)
    return recognised(_tesseract(job, picture, ["-l", languages, "--psm", "3", "--dpi", str(dpi), "tsv"]))


def _turned(job: OcrJob, picture: Image, dpi: int) -> int:
    """Return by how many degrees the page has to be turned clockwise to stand upright."""
    with suppress(subprocess.SubprocessError, OSError):
        for row in _tesseract(job, picture, ["--psm", "0", "--dpi", str(dpi)]).splitlines():
            name, _, value = row.partition(":")
            if name.strip() == "Rotate" and value.strip().isdigit():
                return int(value) % 360
    return 0


def _tesseract(job: OcrJob, picture: Image, options: list[str]) -> str:
    """Run Tesseract on a picture. Raises CalledProcessError when it fails, TimeoutExpired when it hangs."""
    grey = io.BytesIO()
    picture.save(grey, "PPM")  # nothing to pack and to unpack
    done = subprocess.run(
        [job.program, "stdin", "stdout", *options],
        input=grey.getvalue(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # its threads cost more than they bring, and the chat needs them
        timeout=job.seconds,
        check=True,
    )
    return done.stdout.decode("utf-8", "replace")


def _confidence(words: list[Word]) -> float:
    """Return the mean confidence, 0 to 100, of a letter."""
    letters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / letters if letters else 0.0


def main() -> None:
    """Serve the job on stdin. Stdout is kept to ourselves: what a library prints must not end up in it."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    job = OcrJob(**json.loads(sys.stdin.buffer.read()))
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICE)
    limit_resources(job.memory_mb, int(job.seconds) + 5)
    with answer:
        answer.write(json.dumps(_outcome(job)).encode() + b"\n")


def _outcome(job: OcrJob) -> dict[str, object]:
    try:
        found = read(job)
        return {"text": found.text, "headings": found.headings}
    except MemoryError:
        return {"error": "memory"}
    except subprocess.TimeoutExpired:
        return {"error": "time"}
    except Refused as refused:
        return {"error": refused.kind}
    except (subprocess.SubprocessError, FileNotFoundError):
        return {"error": "ocr"}
    except Exception:  # whatever a page that is not what it should be gives rise to
        return {"error": "damaged"}


if __name__ == "__main__":
    main()
