"""The process that draws one page: a job as JSON on stdin, the page on stdout as rag/page_image.py reads it.

Knows PDFium, pictures and its limits; nothing of owners or of what is looked for on the page. May be killed at any
moment.
Stdout: one line {"width", "height", "type", "glyphs"}, then the picture's bytes; or one line {"error": kind}.
"""

from __future__ import annotations

import ctypes
import io
import json
import logging
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pypdfium2.raw as pdfium_c

from rag.highlight import Glyph, extent, folded
from rag.parse_image import shown
from rag.parse_worker import limit_resources
from rag.pdf_repair import rebuilt

if TYPE_CHECKING:
    from PIL import Image

_TALL = 2.0  # times the type size: some fonts claim a box far taller than their letters
_LONGEST = 16_000  # pixels; WebP takes no side that is longer
_POINTS = 0.75  # of a page for each dot of a picture, as browsers reckon
_QUALITY = 80  # of 100; beyond it letters look no better and the picture grows


@dataclass(frozen=True)
class PageJob:
    """Which page to draw, counted from 1. `scale`: pixels per point, less where the page has over `pixels`."""

    path: str
    page: int
    scale: float
    pixels: int
    glyphs: int
    memory_mb: int
    cpu: int


def draw(job: PageJob) -> bytes:
    """Return the page as this process writes it. Raises whatever PDFium, Pillow and their files give rise to."""
    if image := shown(Path(job.path), job.page, job.pixels):
        picture, kind = _encoded(image)
        width, height = (side * _POINTS for side in image.size)
        return _written({"width": width, "height": height, "type": kind, "glyphs": []}, picture)
    document = _open(Path(job.path))
    document.init_forms()  # what is written into a form is drawn too
    page = document[job.page - 1]
    width, height = page.get_size()
    if not (1 <= width < math.inf and 1 <= height < math.inf):
        raise ValueError("a page without a size")
    scale = min(job.scale, math.sqrt(job.pixels / (width * height)), _LONGEST / max(width, height))
    picture, kind = _encoded(page.render(scale=scale).to_pil())
    return _written({"width": width, "height": height, "type": kind, "glyphs": _glyphs(page, job.glyphs)}, picture)


def _written(head: dict[str, object], picture: bytes) -> bytes:
    return json.dumps(head, ensure_ascii=False).encode() + b"\n" + picture


def _open(path: Path) -> pypdfium2.PdfDocument:
    """Open a file as rag/parse_pdf.py does: one that lost its end gets a new list of pages."""
    try:
        document = pypdfium2.PdfDocument(path)
        if len(document):
            return document
    except pypdfium2.PdfiumError:
        pass
    repaired = rebuilt(path)
    if repaired is None:
        raise ValueError("no pages")
    return pypdfium2.PdfDocument(repaired)


def _encoded(drawn: Image.Image) -> tuple[bytes, str]:
    """Return the picture and its media type: WebP, a third of PNG's size, where Pillow was built with it."""
    from PIL import features

    image = drawn.convert("RGB")
    out = io.BytesIO()
    if features.check("webp"):
        image.save(out, "WEBP", quality=_QUALITY, method=2)
        return out.getvalue(), "image/webp"
    image.save(out, "PNG")
    return out.getvalue(), "image/png"


def _glyphs(page: pypdfium2.PdfPage, most: int) -> list[Glyph]:
    """Return the letters and digits of the page in PDFium's order, the page upright and cropped as it is drawn."""
    textpage = page.get_textpage()
    found: list[Glyph] = []
    for index in range(min(textpage.count_chars(), most)):
        code = pdfium_c.FPDFText_GetUnicode(textpage, index)
        letters = folded(chr(code)) if 0 < code <= sys.maxunicode else ""
        if letters and (box := _box(page, textpage, index)):
            found.append((letters, *box))
    return found


def _box(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, index: int) -> tuple[int, int, int, int] | None:
    """Return where a character stands on the drawn page; None when PDFium does not know, or it is cropped away."""
    try:
        tight = textpage.get_charbox(index)
        loose = textpage.get_charbox(index, loose=True)
    except pypdfium2.PdfiumError:
        return None
    sides = tight
    if max(loose[2] - loose[0], loose[3] - loose[1]) <= _TALL * max(_size(textpage, index), 1.0):
        sides = (*map(min, tight[:2], loose[:2]), *map(max, tight[2:], loose[2:]))
    across, down = extent(*page.get_size())
    (one_x, one_y), (other_x, other_y) = (_shown(page, across, down, *corner) for corner in (sides[:2], sides[2:]))
    left, right = sorted((one_x, other_x))
    top, bottom = sorted((one_y, other_y))
    if right <= 0 or bottom <= 0 or left >= across or top >= down:
        return None
    return max(left, 0), max(top, 0), min(right, across), min(bottom, down)


def _shown(page: pypdfium2.PdfPage, across: int, down: int, x: float, y: float) -> tuple[int, int]:
    """Return where a point of the page's own plane is drawn, which rotation and crop box decide."""
    to_right, to_bottom = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDF_PageToDevice(page, 0, 0, across, down, 0, x, y, to_right, to_bottom)
    return to_right.value, to_bottom.value


def _size(textpage: pypdfium2.PdfTextPage, index: int) -> float:
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFText_GetMatrix(textpage, index, matrix)
    return float(pdfium_c.FPDFText_GetFontSize(textpage, index) * math.hypot(matrix.c, matrix.d))


def main() -> None:
    """Serve the job on stdin. Stdout is kept to ourselves: what a library prints must not end up in it."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    job = PageJob(**json.loads(sys.stdin.buffer.read()))
    limit_resources(job.memory_mb, job.cpu)
    try:
        drawn = draw(job)
    except MemoryError:
        drawn = b'{"error": "memory"}\n'
    except Exception:  # whatever a page that is not what it should be gives rise to
        drawn = b'{"error": "damaged"}\n'
    with answer:
        answer.write(drawn)


if __name__ == "__main__":
    main()
