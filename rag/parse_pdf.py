"""PDF pages to text: PDFium first, pypdf where PDFium finds nothing or cannot open the file.

PDFium because it keeps the spaces between words that pypdf loses in tightly set pages, and tells where each
line stands, from which rag/layout.py makes paragraphs. A page is finished once its neighbours are known, for what they
repeat is its header or footer. Runs in the parsing process only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pypdf.errors import LimitReachedError

from rag.layout import flow_places
from rag.pages import PageText, Unit
from rag.pdf_edges import REACH, edges, usual_size
from rag.pdf_file import PdfFile
from rag.pdf_headings import Outline, with_levels, with_title
from rag.pdf_page import RawPage, read_plain, read_raw
from rag.pdf_rows import arranged

_LITTLE = 120  # letters on a picture that covers the page: a stamp on a scan, not its text


@dataclass(frozen=True)
class Asked:
    """What is wanted of a PDF: see Job in rag/parse_worker.py."""

    password: str | None = None
    skip: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()
    avoid: frozenset[int] = frozenset()


class PdfDocument:
    """An opened PDF; `announce` hears of each page that is begun. Raises Refused as PdfFile does."""

    unit: Unit = "page"

    def __init__(
        self, path: Path, asked: Asked = Asked(), announce: Callable[[int], None] = lambda number: None
    ) -> None:
        self._asked = asked
        self._announce = announce
        self._file = PdfFile(path, asked.password, plain=0 in asked.avoid)
        self.total, self.repaired, self.encrypted = self._file.total, self._file.repaired, self._file.encrypted
        self.title = self._file.title()
        self._outline = Outline(self._file.bookmarks())
        self._known: dict[int, RawPage] = {}

    def pages(self, first: int, last: int) -> Iterator[PageText]:
        """Yield pages `first` to `last` but those to skip and the lost; what goes wrong on one page stays there."""
        for number in range(first, last + 1):
            if number in self._asked.skip or number in self._asked.lost:
                continue
            for old in [known for known in self._known if known < number - REACH]:
                del self._known[old]
            page = self._raw(number)
            near = range(max(number - REACH, 1), min(number + REACH, last) + 1)
            around = [self._raw(other) for other in near if other != number]
            self._announce(number)
            try:
                yield self._finished(page, around)
            except MemoryError:
                yield PageText(number, "", "failed", "memory")

    def _raw(self, number: int) -> RawPage:
        if number not in self._known:
            self._known[number] = self._read(number)
        return self._known[number]

    def _read(self, number: int) -> RawPage:
        """Return what a page holds; what a library throws at it stays there."""
        if number in self._asked.lost:
            return RawPage(number, failed="lost")
        self._announce(number)
        try:
            return read_plain(self._file, number) if number in self._asked.avoid else read_raw(self._file, number)
        except (MemoryError, LimitReachedError):
            return RawPage(number, failed="memory")
        except Exception:  # the page is broken in a way that no library foresaw
            return RawPage(number, failed="damaged")

    def _finished(self, page: RawPage, around: list[RawPage]) -> PageText:
        if page.failed:
            return PageText(page.number, "", "failed", page.failed)
        if page.garbled:
            return PageText(page.number, "", "waiting", "garbled")
        if not page.lines:
            pictured = page.drawn in {"image", "both"}
            return PageText(page.number, "", "waiting" if pictured else "empty", "image" if pictured else "")
        text, body, headings = self._laid_out(page, around)
        start, end = body or (0, len(text))
        if end - start < _LITTLE and page.is_scan(around):
            return PageText(page.number, text, "waiting", "image")
        return PageText(page.number, text, "text", "", body, headings)

    def _laid_out(
        self, page: RawPage, around: list[RawPage]
    ) -> tuple[str, tuple[int, int] | None, tuple[tuple[int, int], ...]]:
        """Return the text, its body and its headings: header first and footer last, wherever the file has them."""
        sheets = [near.sheet for near in around if near.lines and not near.plain]
        header, footer = (set(), set()) if page.plain else edges(page.sheet, sheets)
        tops, bottoms = ([page.lines[index] for index in sorted(part)] for part in (header, footer))
        body = arranged([line for index, line in enumerate(page.lines) if index not in header | footer])
        if not page.plain:
            usual = usual_size([page.sheet, *sheets])
            body = with_levels(body, page.number, usual, self._outline)
            if page.width > page.top - page.bottom:
                body = with_title(body, page.top, page.bottom)
        parts = [flow_places(arranged(tops)), flow_places(body), flow_places(arranged(bottoms))]
        return _composed(parts, [line.level for line in body], marked=bool(header or footer))


def _composed(
    parts: list[tuple[str, list[int]]], levels: list[int], marked: bool
) -> tuple[str, tuple[int, int] | None, tuple[tuple[int, int], ...]]:
    (top, _), (body, places), (bottom, _) = parts
    start = len(top) + 2 if top and body else len(top)
    text = "\n\n".join(part for part in (top, body, bottom) if part)
    headings = [(start + place, level) for place, level in zip(places, levels, strict=True) if level and place >= 0]
    return text, (start, start + len(body)) if marked else None, tuple(headings)
