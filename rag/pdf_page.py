"""One PDF page by itself: its lines, whether its letters can be believed, and the pictures that it shows.

Knows nothing of its neighbours. Runs in the parsing process only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import islice

import pypdfium2
import pypdfium2.raw as pdfium_c
from pypdf import PageObject

from rag.cleaning import clean_characters, is_cipher, is_scrambled, repair_accents, unreadable_share
from rag.layout import Line, text_lines
from rag.pages import Refused
from rag.pdf_edges import Sheet
from rag.pdf_file import PdfFile
from rag.pdf_lines import MOST_CHARS, mirrored, page_lines, reads_from_right

_GARBLED = 0.3
_FEW = 400  # letters: a page with more of them is no scan
_EMPTY_STREAM = 16  # bytes; nothing at all takes 8 when it is compressed
_FEW_PATHS = 20  # a frame, some rules; more is a drawing, or text turned into curves
_MOST_OBJECTS = 20_000
_COVERED = 0.8  # of the page, by pictures
_SCAN_DOTS = 0.9  # to the point: 65 to the inch; a scan has 100 or more
_GLYPH_NAME = re.compile(r"/(?:g|gid|cid|uni|glyph)\d+|\(cid:\d+\)")  # where a font does not say what they mean
# What writes nothing: strings that are empty, or blank.
_NOTHING = re.compile(rb"(?:\(\s*\)|<\s*>)\s*(?:Tj\b|['\"])|\[(?:[\s\d.+-]|\(\s*\)|<\s*>)*\]\s*TJ\b")
_MOST_ANNOTATIONS = 500  # of a page that are looked at
_WRITTEN = {pdfium_c.FPDF_ANNOT_WIDGET, pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_STAMP}
_WRITES = re.compile(rb"\b(?:Tj|TJ|Do)\b|['\"]")


@dataclass(frozen=True)
class Picture:
    """A picture on a page: its share of the page, its size in dots, and the bytes that it takes in the file."""

    share: float
    width: int
    height: int
    stored: int

    @property
    def mark(self) -> tuple[int, int, int]:
        """By what the same picture is known on another page."""
        return self.width, self.height, self.stored


@dataclass(frozen=True)
class RawPage:
    """What one page holds. `drawn`: "image", "text", "both", "path" or "" without lines; `failed`: why it was not read.

    `garbled`: there are letters, but not those that one sees. `plain`: its lines have no places.
    """

    number: int
    lines: Sequence[Line] = ()
    bottom: float = 0.0
    top: float = 0.0
    width: float = 0.0
    drawn: str = ""
    pictures: tuple[Picture, ...] = ()
    garbled: bool = False
    plain: bool = False
    failed: str = ""

    @cached_property
    def sheet(self) -> Sheet:
        """Return what its neighbours want to know."""
        return Sheet(self.number, self.lines, self.bottom, self.top)

    def is_scan(self, around: Sequence[RawPage]) -> bool:
        """Whether pictures of its own, fine enough to read, cover the page: a background comes back on others."""
        others = {picture.mark for page in around for picture in page.pictures}
        area = self.width * (self.top - self.bottom)
        share = 0.0
        for picture in self.pictures:
            fine = picture.width * picture.height >= picture.share * area * _SCAN_DOTS**2
            share += picture.share * (fine and picture.mark not in others)
        return share > _COVERED

    def text(self) -> str:
        """Return the lines as they come."""
        return "\n".join(line.text for line in self.lines)


def read_raw(file: PdfFile, number: int) -> RawPage:
    """Return page `number` by PDFium, or by pypdf where that finds nothing or nonsense."""
    if file.pdfium is None:
        return read_plain(file, number)
    page = _with_forms(file.pdfium, number - 1)
    try:
        found, raw = _by_pdfium(page, number)
    finally:
        page.close()
    garbled = _is_garbled(raw, found, file.repaired)
    if found.lines and not garbled:
        return found
    idle = found.drawn == "image" or file.repaired  # nothing to find, or nothing that pypdf could open
    other = None if idle else _by_pypdf(file, number, found.drawn)
    if other and other.lines and not _is_nonsense(other.text()):
        return other
    garbled = garbled or bool(other and other.lines)
    if file.repaired and not found.lines and not found.drawn:
        raise Refused("damaged")  # its instructions are in the part that is lost
    return RawPage(number, drawn=found.drawn, pictures=found.pictures, garbled=garbled)


def _with_forms(document: pypdfium2.PdfDocument, index: int) -> pypdfium2.PdfPage:
    """Open a page; what is typed into its forms and notes is made part of it first: PDFium's text leaves it out."""
    page = document[index]
    count = min(pdfium_c.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS)
    if not any(_annotation(page, place) in _WRITTEN for place in range(count)):
        return page
    pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY)
    page.close()  # only what is opened anew has it
    return document[index]


def _annotation(page: pypdfium2.PdfPage, place: int) -> int:
    annotation = pdfium_c.FPDFPage_GetAnnot(page, place)
    if not annotation:
        return -1
    try:
        return int(pdfium_c.FPDFAnnot_GetSubtype(annotation))
    finally:
        pdfium_c.FPDFPage_CloseAnnot(annotation)


def read_plain(file: PdfFile, number: int) -> RawPage:
    """Return page `number` by pypdf alone."""
    return _by_pypdf(file, number, "") or RawPage(number)


def _is_garbled(raw: str, page: RawPage, repaired: bool) -> bool:
    """Whether the letters of a page are not those that one sees: its font has no character map, or a wrong one."""
    if unreadable_share(raw.replace("\ufffe", "")) > _GARBLED:
        return True
    text = page.text()
    return _is_nonsense(text) or (repaired and is_scrambled(text))


def _is_nonsense(text: str) -> bool:
    named = sum(len(name) for name in _GLYPH_NAME.findall(text))
    return unreadable_share(text) > _GARBLED or named > 0.5 * len(text) or is_cipher(text)


def _by_pdfium(page: pypdfium2.PdfPage, number: int) -> tuple[RawPage, str]:
    textpage = page.get_textpage()
    rotation = page.get_rotation()
    try:
        lines, raw = page_lines(textpage, rotation)
    finally:
        textpage.close()
    if reads_from_right(raw):
        lines = [mirrored(line) for line in lines]
    left, bottom, right, top = page.get_bbox()
    if rotation in {90, 270}:
        left, right, bottom, top = bottom, top, left, right
    low, high = {90: (-top, -bottom), 180: (-top, -bottom)}.get(rotation, (bottom, top))
    few = len(raw) < _FEW
    drawn = "text" if lines else _drawn(page)
    pictures = tuple(_pictures(page)) if few and drawn in {"text", "image", "both"} else ()
    return RawPage(number, lines, low, high, right - left, drawn, pictures), raw


def _drawn(page: pypdfium2.PdfPage) -> str:
    """Return what a page without text draws."""
    paths = 0
    kinds = set()
    for item in islice(page.get_objects(max_depth=3), _MOST_OBJECTS):
        kinds.add(item.type)
        paths += item.type == pdfium_c.FPDF_PAGEOBJ_PATH
    if pdfium_c.FPDF_PAGEOBJ_TEXT in kinds:
        return "both" if pdfium_c.FPDF_PAGEOBJ_IMAGE in kinds else "text"
    if pdfium_c.FPDF_PAGEOBJ_IMAGE in kinds or paths > _FEW_PATHS:
        return "image"
    return "path" if kinds else ""


def _pictures(page: pypdfium2.PdfPage) -> Iterator[Picture]:
    left, bottom, right, top = page.get_bbox()
    area = (right - left) * (top - bottom)
    if not 0 < area < float("inf"):
        return
    for item in islice(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3), 1000):
        if not isinstance(item, pypdfium2.PdfImage):
            continue
        one, two, three, four = item.get_bounds()
        across, down = min(three, right) - max(one, left), min(four, top) - max(two, bottom)
        if across > 0 and down > 0:
            stored = pdfium_c.FPDFImageObj_GetImageDataRaw(item, None, 0)
            width, height = item.get_px_size()
            yield Picture(across * down / area, width, height, int(stored))


def _by_pypdf(file: PdfFile, number: int, drawn: str) -> RawPage | None:
    """Return pypdf's text of a page on which PDFium found none; raises when the page is broken."""
    if file.pypdf is None or number > len(file.pypdf.pages):
        return None
    page = file.pypdf.pages[number - 1]
    stored = _stored_bytes(page)
    contents = page.get_contents()
    data = contents.get_data() if contents is not None else b""
    writes = _WRITES.search(_NOTHING.sub(b"", data))
    text = page.extract_text()[:MOST_CHARS] if writes else ""
    lost = writes or (not data.strip() and stored > _EMPTY_STREAM)
    if lost and not drawn and not text.strip():
        raise Refused("damaged")  # there are instructions, and nothing came of them
    return RawPage(number, text_lines(repair_accents(clean_characters(text))), drawn=drawn, plain=True)


def _stored_bytes(page: PageObject) -> int:
    """Return the size of a page's instructions in the file, which pypdf shows only by writing them."""
    contents = page.get("/Contents")
    streams = contents.get_object() if contents is not None else []
    written = BytesIO()
    for part in streams if isinstance(streams, list) else [streams]:
        part.get_object().write_to_stream(written)
        written.write(b"\n")
    return sum(len(body) for body in re.findall(rb"stream\n(.*?)\nendstream", written.getvalue(), re.DOTALL))
