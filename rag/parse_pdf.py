"""PDF pages to text: PDFium first, pypdf where PDFium finds nothing or cannot open the file.

PDFium because it keeps the spaces between words that pypdf loses in tightly set pages, and tells where each
line stands, from which rag/layout.py makes paragraphs. Runs in the parsing process only.
"""

from __future__ import annotations

import ctypes
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from io import BytesIO
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium_c
from pypdf import PageObject, PdfReader
from pypdf.errors import FileNotDecryptedError, LimitReachedError, PyPdfError

from rag.cleaning import clean_characters, is_scrambled, repair_accents, unreadable_share
from rag.layout import Line, flow, text_lines
from rag.pages import PageText, Refused, Unit
from rag.pdf_repair import rebuilt

_HYPHEN = "\ufffe"  # what PDFium puts where a line ended in a hyphen
_MOST_CHARS = 2_000_000  # of one page; a real one has some thousands
_GARBLED = 0.3
_EMPTY_STREAM = 16  # bytes; nothing at all takes 8 when it is compressed
_FEW_PATHS = 20  # a frame, some rules; more is a drawing, or text turned into curves
_WRITES = re.compile(rb"\b(?:Tj|TJ|Do)\b|['\"]")
_IDLE_TITLE = re.compile(r"(?i)^(?:untitled|sin t[ií]tulo|microsoft (?:word|powerpoint).*|.*\.\w{2,4}|\W*)$")
_FIXED_FACE = re.compile(rb"(?i)mono|courier|consol|typewriter|cmtt")


def _open_pdfium(source: Path | bytes) -> pypdfium2.PdfDocument | None:
    try:
        document = pypdfium2.PdfDocument(source)
        return document if len(document) else None
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", 0) == pdfium_c.FPDF_ERR_PASSWORD:
            raise Refused("encrypted") from None
        return None


class PdfDocument:
    """An opened PDF. `avoid`: pages at which PDFium is not to be tried again; 0 is the opening itself.

    Raises Refused("encrypted" | "damaged"). A password that is empty is no password.
    """

    unit: Unit = "page"

    def __init__(self, path: Path, avoid: frozenset[int] = frozenset()) -> None:
        self._path = path
        self._avoid = avoid
        self.repaired = False
        self._pdfium = None if 0 in avoid else self._open()
        self.total = len(self._pdfium) if self._pdfium else self._pypdf_total()
        self.title = self._title()

    def _open(self) -> pypdfium2.PdfDocument | None:
        document = _open_pdfium(self._path)
        if document is None and (repaired := rebuilt(self._path)):
            document = _open_pdfium(repaired)
            self.repaired = document is not None
        return document

    @cached_property
    def _pypdf(self) -> PdfReader | None:
        """The other library's view of the file, opened only when it is needed; None when it cannot be."""
        warnings.simplefilter("ignore")
        try:
            reader = PdfReader(self._path, strict=False)
            return reader if len(reader.pages) else None
        except FileNotDecryptedError:
            raise Refused("encrypted") from None
        except (PyPdfError, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
            return None

    def _pypdf_total(self) -> int:
        if self._pypdf is None:
            raise Refused("damaged")
        return len(self._pypdf.pages)

    def _title(self) -> str:
        if self._pdfium is None:
            return ""
        title = " ".join(clean_characters(self._pdfium.get_metadata_value("Title")).split())
        return "" if _IDLE_TITLE.match(title) else title[:300]

    def pages(self, first: int, last: int) -> Iterator[PageText]:
        """Yield pages `first` to `last`; what goes wrong on one page stays there."""
        for number in range(first, last + 1):
            try:
                yield self._page(number)
            except (MemoryError, LimitReachedError):
                yield PageText(number, "", "failed", "memory")
            except Exception:  # the page is broken in a way that no library foresaw
                yield PageText(number, "", "failed", "damaged")

    def _page(self, number: int) -> PageText:
        text, drawn = "", ""
        if self._pdfium is not None and number not in self._avoid:
            text, drawn = _pdfium_page(self._pdfium, number - 1)
        garbled = unreadable_share(text) > _GARBLED or (self.repaired and is_scrambled(text))
        if not text.strip() or garbled:
            idle = drawn == "image" or self.repaired  # nothing to find, or nothing that pypdf could open
            other = "" if idle else self._pypdf_page(number, drawn)
            if other.strip() and unreadable_share(other) <= _GARBLED:
                text, garbled = other, False
        text = repair_accents(clean_characters(text)).strip()
        text = re.sub(rf"\A{number}(?:\n|\Z)|\n{number}\Z", "", text).strip()  # the number printed on the page
        if garbled:
            return PageText(number, "", "failed", "garbled")
        if text:
            return PageText(number, text[:_MOST_CHARS], "text")
        if self.repaired and not drawn:
            return PageText(number, "", "failed", "damaged")  # its instructions are in the part that is lost
        return PageText(number, "", "empty", "image" if drawn == "image" else "")

    def _pypdf_page(self, number: int, drawn: str) -> str:
        """Return pypdf's text of a page on which PDFium found none; raises when the page is broken."""
        if self._pypdf is None or number > len(self._pypdf.pages):
            return ""
        page = self._pypdf.pages[number - 1]
        stored = _stored_bytes(page)
        contents = page.get_contents()
        data = contents.get_data() if contents is not None else b""
        writes = _WRITES.search(data)
        text = page.extract_text() if writes else ""
        lost = writes or (not data.strip() and stored > _EMPTY_STREAM)
        if lost and not drawn and not text.strip():
            raise Refused("damaged")  # there are instructions, and nothing came of them
        return flow(text_lines(clean_characters(text)))


def _stored_bytes(page: PageObject) -> int:
    """Return the size of a page's instructions in the file, which pypdf shows only by writing them."""
    contents = page.get("/Contents")
    streams = contents.get_object() if contents is not None else []
    written = BytesIO()
    for part in streams if isinstance(streams, list) else [streams]:
        part.get_object().write_to_stream(written)
        written.write(b"\n")
    return sum(len(body) for body in re.findall(rb"stream\n(.*?)\nendstream", written.getvalue(), re.DOTALL))


def _pdfium_page(document: pypdfium2.PdfDocument, index: int) -> tuple[str, str]:
    """Return the text of a page and, when there is none, what it draws: "image", "text" or ""."""
    page = document[index]
    try:
        textpage = page.get_textpage()
        try:
            lines = _lines(textpage, page.get_rotation())
        finally:
            textpage.close()
        return (flow(lines), "text") if lines else ("", _drawn(page))
    finally:
        page.close()


def _drawn(page: pypdfium2.PdfPage) -> str:
    paths = 0
    kinds = set()
    for item in page.get_objects(max_depth=3):
        kinds.add(item.type)
        paths += item.type == pdfium_c.FPDF_PAGEOBJ_PATH
        if item.type == pdfium_c.FPDF_PAGEOBJ_TEXT:
            return "text"
    if pdfium_c.FPDF_PAGEOBJ_IMAGE in kinds or paths > _FEW_PATHS:
        return "image"
    return "path" if kinds else ""


def _lines(textpage: pypdfium2.PdfTextPage, rotation: int) -> list[Line]:
    """Return the lines in PDFium's reading order, with the boxes of the page as it is shown."""
    count = min(textpage.count_chars(), _MOST_CHARS)
    raw = textpage.get_text_range(0, count, errors="surrogatepass") if count > 0 else ""
    lines: list[Line] = []
    offset = 0  # in UTF-16 units, as PDFium counts
    for row in re.split(f"(\r\n|{_HYPHEN})", raw):
        units = len(row.encode("utf-16-le", "surrogatepass")) // 2
        if row == _HYPHEN and lines:
            lines[-1] = replace(lines[-1], hyphen=True)
        elif row.strip():
            lines.append(_line(textpage, row, offset, rotation))
        offset += units
    return lines


def _line(textpage: pypdfium2.PdfTextPage, row: str, offset: int, rotation: int) -> Line:
    text = " ".join(clean_characters(row).split())
    start = offset + len(row) - len(row.lstrip())
    end = offset + len(row.rstrip().encode("utf-16-le", "surrogatepass")) // 2 - 1
    word_end = min(start + len(row.split(maxsplit=1)[0]) - 1, end)
    first, word, last = (_Char(textpage, position, rotation) for position in (start, word_end, end))
    # A bullet or a footnote mark is set smaller and higher than its line: the largest of three speaks for it.
    usual = max(first, _Char(textpage, (start + end) // 2, rotation), last, key=lambda char: char.size)
    hyphen = text.endswith("-") and len(text) > 1 and text[-2].isalnum()
    return Line(
        text=text[:-1] if hyphen else text,
        left=first.left,
        right=last.right,
        base=usual.base,
        height=usual.size or 1.0,
        word=word.right - first.left,
        hyphen=hyphen,
        fixed=first.is_fixed() and last.is_fixed(),
    )


class _Char:
    """One character of a page: its place and size in points, the page upright."""

    def __init__(self, textpage: pypdfium2.PdfTextPage, position: int, rotation: int) -> None:
        """`position` is in the text as PDFium gives it, which leaves some characters of the page out."""
        self._page = textpage.raw
        self._index = max(pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._page, position), 0)
        try:
            left, bottom, right, top = textpage.get_charbox(self._index, loose=True)
        except pypdfium2.PdfiumError:
            left = bottom = right = top = 0.0
        x, y = ctypes.c_double(left), ctypes.c_double(bottom)
        pdfium_c.FPDFText_GetCharOrigin(self._page, self._index, x, y)
        sides = {90: (bottom, top), 180: (-right, -left), 270: (-top, -bottom)}
        self.left, self.right = sides.get(rotation, (left, right))
        matrix = pdfium_c.FS_MATRIX()
        pdfium_c.FPDFText_GetMatrix(self._page, self._index, matrix)
        self.size = pdfium_c.FPDFText_GetFontSize(self._page, self._index) * math.hypot(matrix.c, matrix.d)
        self.base = {90: -x.value, 180: -y.value, 270: x.value}.get(rotation, y.value)

    def is_fixed(self) -> bool:
        """Whether it is set in a typewriter face."""
        name = ctypes.create_string_buffer(128)
        flags = ctypes.c_int()
        pdfium_c.FPDFText_GetFontInfo(self._page, self._index, name, len(name), flags)
        return bool(flags.value & 1) or bool(_FIXED_FACE.search(name.value))
