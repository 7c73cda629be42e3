"""Opens a PDF: PDFium first, with its password, or mended where its end is lost; pypdf where PDFium cannot.

Knows documents, not what stands on a page. Runs in the parsing process only.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium_c
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError

from rag.cleaning import clean_characters
from rag.pages import Refused
from rag.pdf_repair import rebuilt

_MOST_BOOKMARKS = 10_000
_MOST_FOR_PYPDF = 10_000  # pages, all of which it reads first: a second for five thousand
_IDLE_TITLE = re.compile(r"(?i)^(?:untitled|sin t[ií]tulo|microsoft (?:word|powerpoint).*|.*\.\w{2,4}|\W*)$")
_BROKEN = (PyPdfError, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, OSError)


@dataclass(frozen=True)
class Bookmark:
    """An entry of the outline: it leads to page `number`; `level` 1 is the highest."""

    number: int
    level: int
    title: str


class PdfFile:
    """An opened PDF. Without PDFium (`plain`) it is pypdf's alone.

    Raises Refused("encrypted" | "password" | "damaged"). `encrypted`: it opens with this password only.
    """

    def __init__(self, path: Path, password: str | None = None, plain: bool = False) -> None:
        password = None if password is None else password.encode("utf-8", "replace").decode()
        self._path = path
        self._password: str | None = None
        self.repaired = False
        self.encrypted = False
        self.pdfium = None if plain else self._open(password)
        if plain:
            self._password, self.encrypted = password, password is not None
        self.total = len(self.pdfium) if self.pdfium else self._pypdf_total()

    def _open(self, password: str | None) -> pypdfium2.PdfDocument | None:
        """Open the file without a password, for an empty one is none, and then with it."""
        document, locked = _pdfium(self._path, None)
        if locked and password is None:
            raise Refused("encrypted")
        if locked:
            document, locked = _pdfium(self._path, password)
            if locked:
                raise Refused("password")
            self._password, self.encrypted = password, True
        if document is None and (repaired := rebuilt(self._path)):
            document, locked = _pdfium(repaired, password)
            self.repaired = document is not None
        return document

    def _pypdf_total(self) -> int:
        if self.pypdf is None:
            raise Refused("damaged")
        return len(self.pypdf.pages)

    @cached_property
    def pypdf(self) -> PdfReader | None:
        """The other library's view of the file, opened only when it is needed; None when it cannot be."""
        warnings.simplefilter("ignore")
        if self.pdfium and len(self.pdfium) > _MOST_FOR_PYPDF:
            return None
        try:
            reader = PdfReader(self._path, strict=False, password=self._password)
            return reader if len(reader.pages) else None
        except FileNotDecryptedError:
            raise Refused("encrypted" if self._password is None else "password") from None
        except _BROKEN:
            return None

    def title(self) -> str:
        """Return the title that the file gives itself, unless it is what a program puts there."""
        if self.pdfium is None:
            return ""
        title = " ".join(clean_characters(self.pdfium.get_metadata_value("Title")).split())
        return "" if _IDLE_TITLE.match(title) else title[:300]

    def bookmarks(self) -> list[Bookmark]:
        """Return the entries of the outline that lead to a page, in its order."""
        try:
            return list(islice(self._bookmarks(), _MOST_BOOKMARKS)) if self.pdfium else []
        except (pypdfium2.PdfiumError, ValueError, RecursionError):
            return []

    def _bookmarks(self) -> Iterator[Bookmark]:
        if self.pdfium is None:
            return
        for entry in islice(self.pdfium.get_toc(max_depth=6), _MOST_BOOKMARKS):
            target = entry.get_dest()
            index = target.get_index() if target else None
            if index is not None and index >= 0:
                title = " ".join(clean_characters(entry.get_title()[:300]).split())
                yield Bookmark(index + 1, entry.level + 1, title)


def _pdfium(source: Path | bytes, password: str | None) -> tuple[pypdfium2.PdfDocument | None, bool]:
    """Return the document, None when it has no pages or is none, and whether it asks for another password."""
    try:
        document = pypdfium2.PdfDocument(source, password=password)
        return (document if len(document) else None), False
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", 0) in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}
        return None, locked
