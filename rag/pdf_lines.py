"""The lines of a PDF page as PDFium sees them: their text, places and faces, and where one is torn by a wide gap.

Knows characters and boxes; what the lines mean is for others. Runs in the parsing process only.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pypdfium2
import pypdfium2.raw as pdfium_c

from rag.cleaning import clean_characters, repair_accents
from rag.layout import Line

MOST_CHARS = 2_000_000  # of one page; a real one has some thousands
_HYPHEN = "\ufffe"  # what PDFium puts where a line ended in a hyphen
_ROWS = re.compile(f"(\r\n|{_HYPHEN})")
_FIXED_FACE = re.compile(rb"(?i)mono|courier|consol|typewriter|cmtt")
_BOLD_FACE = re.compile(rb"(?i)bold|black|heavy|semibold|demi|cmbx|[-,]bd")
_FIXED_FLAG, _BOLD_FLAG = 1, 1 << 18
_BOLD_WEIGHT = 600
_GAP = 1.0  # times the size of the type: a space between words is a third of it, two thirds in a loose line


@dataclass(frozen=True)
class Box:
    """A box in points, y growing upwards, of a page that is upright."""

    left: float
    right: float


def page_lines(textpage: pypdfium2.PdfTextPage, rotation: int) -> tuple[list[Line], str]:
    """Return the lines in PDFium's order, with the boxes of the page as it is shown, and its text as PDFium has it."""
    count = min(textpage.count_chars(), MOST_CHARS)
    raw = textpage.get_text_range(0, count, errors="surrogatepass") if count > 0 else ""
    chars = _Chars(textpage.raw, rotation, _units(raw))
    lines: list[Line] = []
    offset = 0  # in UTF-16 units, as PDFium counts
    for row in _ROWS.split(raw):
        units = len(row) if row.isascii() else len(row.encode("utf-16-le", "surrogatepass")) // 2
        if row == _HYPHEN and lines:
            lines[-1] = replace(lines[-1], hyphen=True)
        elif row.strip():
            lines += chars.lines(row, offset, units == len(row))
        offset += units
    return lines, raw


class _Chars:
    """The characters of one page: their places and faces in points, the page upright."""

    def __init__(self, page: pdfium_c.FPDF_TEXTPAGE, rotation: int, units: int) -> None:
        """`units`: the length of the page's text as PDFium gives it."""
        self._page = page
        self._straight = False
        self._straight = units > 0 and self._index(0) == 0 and self._index(units - 1) == units - 1
        self._rotation = rotation
        self._rect = pdfium_c.FS_RECTF()
        self._matrix = pdfium_c.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._sides = [ctypes.c_double() for _ in range(4)]
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()

    def lines(self, row: str, offset: int, narrow: bool) -> Iterator[Line]:
        """Yield the parts of a row of text, which begins at `offset`; `narrow`: each character is one unit."""
        start = offset + len(row) - len(row.lstrip())
        text = row.strip()
        end = start + (len(text) if narrow else _units(text)) - 1
        first, last = self._index(start), self._index(end)
        parts = [(0, len(text))]
        if narrow and last - first == end - start and self._is_torn(first, last):
            parts = list(self._parts(text, first))
        for number, (begin, finish) in enumerate(parts):
            piece = text[begin:finish]
            if line := self._line(piece, start + begin if narrow else start, end, narrow, glued=number > 0):
                yield line

    def _line(self, piece: str, start: int, end: int, narrow: bool, glued: bool) -> Line | None:
        text = repair_accents(" ".join(clean_characters(piece).split()))
        if not text:
            return None
        if narrow:
            end = start + len(piece) - 1
        word_end = min(start + len(piece.split(maxsplit=1)[0]) - 1, end)
        places = [self._index(position) for position in (start, (start + end) // 2, end)]
        boxes = [self._box(place) for place in (places[0], self._index(word_end), places[2])]
        # A bullet or a footnote mark is set smaller and higher than its line: the largest of three speaks for it.
        size, usual = max((self._size(place), -number) for number, place in enumerate(places))
        fixed, bold = self._face(places[0])
        if fixed or bold:
            other = self._face(places[2])
            fixed, bold = fixed and other[0], bold and other[1]
        hyphen = text.endswith("-") and len(text) > 1 and text[-2].isalnum()
        left, right = min(boxes[0].left, boxes[2].left), max(boxes[0].right, boxes[2].right)
        return Line(
            text=text[:-1] if hyphen else text,
            left=left,
            right=right,
            base=self._base(places[-usual]),
            height=size or 1.0,
            word=max(boxes[1].right, boxes[0].right) - min(boxes[1].left, boxes[0].left),
            hyphen=hyphen,
            fixed=fixed,
            bold=bold,
            glued=glued,
        )

    def _is_torn(self, first: int, last: int) -> bool:
        """Whether there is a wide gap between two of the boxes that PDFium makes of the row."""
        count = pdfium_c.FPDFText_CountRects(self._page, first, last - first + 1)
        if count < 2:
            return False
        gap = _GAP * (self._size(first) or 1.0)
        sides = sorted(self._rectangle(number) for number in range(min(count, 500)))
        reached = sides[0][1]
        for left, right in sides[1:]:
            if left - reached > gap:
                return True
            reached = max(reached, right)
        return False

    def _parts(self, text: str, first: int) -> Iterator[tuple[int, int]]:
        """Yield where the parts of a torn row begin and end in its text."""
        begin = 0
        for space in re.finditer(r"\s+", text):
            one, two = self._box(first + space.start() - 1), self._box(first + space.end())
            gap = max(two.left - one.right, one.left - two.right)  # the second where one reads from the right
            if gap > _GAP * (self._size(first + space.end()) or 1.0):
                yield begin, space.start()
                begin = space.end()
        yield begin, len(text)

    def _index(self, position: int) -> int:
        """Return the character at a place in the text as PDFium gives it, which leaves some of the page out."""
        if self._straight:
            return position
        return max(int(pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._page, position)), 0)

    def _box(self, index: int) -> Box:
        rect = self._rect
        if not pdfium_c.FPDFText_GetLooseCharBox(self._page, index, rect):
            return Box(0.0, 0.0)
        return Box(*self._upright(rect.left, rect.bottom, rect.right, rect.top))

    def _rectangle(self, number: int) -> tuple[float, float]:
        left, top, right, bottom = self._sides
        pdfium_c.FPDFText_GetRect(self._page, number, left, top, right, bottom)
        return self._upright(left.value, bottom.value, right.value, top.value)

    def _upright(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float]:
        sides = {90: (bottom, top), 180: (-right, -left), 270: (-top, -bottom)}
        return sides.get(self._rotation, (left, right))

    def _base(self, index: int) -> float:
        pdfium_c.FPDFText_GetCharOrigin(self._page, index, self._x, self._y)
        x, y = self._x.value, self._y.value
        return {90: -x, 180: -y, 270: x}.get(self._rotation, y)

    def _size(self, index: int) -> float:
        pdfium_c.FPDFText_GetMatrix(self._page, index, self._matrix)
        return float(pdfium_c.FPDFText_GetFontSize(self._page, index)) * math.hypot(self._matrix.c, self._matrix.d)

    def _face(self, index: int) -> tuple[bool, bool]:
        """Return whether a character is set in a typewriter face, and whether in a bold one."""
        pdfium_c.FPDFText_GetFontInfo(self._page, index, self._name, len(self._name), self._flags)
        name, flags = self._name.value, self._flags.value
        fixed = bool(flags & _FIXED_FLAG) or bool(_FIXED_FACE.search(name))
        bold = bool(flags & _BOLD_FLAG) or bool(_BOLD_FACE.search(name))
        return fixed, bold or pdfium_c.FPDFText_GetFontWeight(self._page, index) >= _BOLD_WEIGHT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def reads_from_right(text: str) -> bool:
    """Whether most letters of `text` are Arabic, Hebrew or the like."""
    if text.isascii():
        return False
    kinds = {char: unicodedata.bidirectional(char) for char in set(text)}
    right = sum(text.count(char) for char, kind in kinds.items() if kind in {"R", "AL"})
    return right > 0 and right > sum(text.count(char) for char, kind in kinds.items() if kind == "L")


def mirrored(line: Line) -> Line:
    """Return a line that reads from the right as if it stood in a mirror, for what reckons from left to right."""
    return replace(line, left=-line.right, right=-line.left)
