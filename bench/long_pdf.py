"""A long PDF to measure with: numbered pages of plain prose, drawn from the samples that ship with the app."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bs4 import BeautifulSoup

SOURCES = Path(__file__).parent.parent / "documents" / "src"
_LINES, _WIDTH = 42, 88  # a page of A4 in 10 points
_CHAPTER = 12  # pages
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>"


def write_long_pdf(path: Path, pages: int, seed: int = 0) -> None:
    """Write a PDF of `pages` pages with a running header, a number at the foot, and a heading each chapter."""
    draw = random.Random(seed)  # noqa: S311 - a draw of sentences
    sentences = _sentences()
    with path.open("wb") as file:
        places: list[int] = []

        def put(body: bytes) -> None:
            places.append(file.tell())
            file.write(b"%d 0 obj\n%s\nendobj\n" % (len(places), body))

        file.write(b"%PDF-1.7\n")
        kids = b" ".join(b"%d 0 R" % (5 + 2 * number) for number in range(pages))
        put(b"<</Type/Catalog/Pages 2 0 R>>")
        put(b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids))
        put(_FONT % b"Helvetica")
        put(_FONT % b"Helvetica-Bold")
        for number in range(1, pages + 1):
            page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R" % (len(places) + 2)
            put(page + b"/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>>>")
            data = b"\n".join(_page(number, sentences, draw))
            put(b"<</Length %d>>\nstream\n%s\nendstream" % (len(data), data))
        _finish(file, places)


def _sentences() -> list[str]:
    found: list[str] = []
    for source in sorted(SOURCES.glob("*.html")):
        text = BeautifulSoup(source.read_text(encoding="utf-8"), "html.parser").get_text(" ")
        found += [sentence.strip() for sentence in " ".join(text.split()).split(". ") if len(sentence) > 40]
    return found


def _page(number: int, sentences: list[str], draw: random.Random) -> Iterator[bytes]:
    yield _shown("F1", 8, 810, ["Aula: a long document to measure with"])
    begins = number % _CHAPTER == 1
    if begins:
        yield _shown("F2", 16, 780, [f"Chapter {number // _CHAPTER + 1}: {draw.choice(sentences)[:40]}"])
    lines: list[str] = []
    while len(lines) < _LINES - 4 * begins:
        prose = ". ".join(draw.choices(sentences, k=4)) + f" ({draw.randrange(10**6)})."
        lines += [*textwrap.wrap(prose, _WIDTH), ""]
    yield _shown("F1", 10, 750 - 20 * begins, lines[: _LINES - 4 * begins])
    yield _shown("F1", 8, 30, [f"Page {number}"])


def _shown(font: str, size: int, top: int, lines: list[str]) -> bytes:
    escaped = (line.encode("cp1252", "replace").replace(b"\\", b"\\\\") for line in lines)
    rows = b" T* ".join(b"(%s) Tj" % line.replace(b"(", b"\\(").replace(b")", b"\\)") for line in escaped)
    return b"BT /%s %d Tf 60 %d Td %d TL %s ET" % (font.encode(), size, top, round(size * 1.6), rows)


def _finish(file: BinaryIO, places: list[int]) -> None:
    start = file.tell()
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    file.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    file.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))
