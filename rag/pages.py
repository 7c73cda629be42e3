"""What reading a document comes to: pages of text, each with how it was got, and what may be missing.

Values only, shared by rag/loaders.py and the process that it starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FORMATS: dict[str, str] = {
    ".pdf": "PDF",
    ".txt": "TXT",
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".docx": "DOCX",
    ".html": "HTML",
    ".htm": "HTML",
}

How = Literal["text", "empty", "failed"]
Unit = Literal["page", "section"]


@dataclass(frozen=True)
class PageText:
    """One page, numbered from 1. `reason` is a code that says why there is no text.

    Of an empty page: "" (blank) or "image" (pictures only). Of a failed one: "damaged", "garbled" (its font
    has no character map), "time", "memory" or "crash".
    """

    number: int
    text: str
    how: How
    reason: str = ""


@dataclass(frozen=True)
class Limits:
    """`seconds` for each 1,000 pages begun, `page_seconds` for one; `chars` of text in all."""

    seconds: float = 120.0
    page_seconds: float = 30.0
    memory_mb: int = 1500
    pages: int = 5000
    chars: int = 50_000_000


@dataclass(frozen=True)
class Parsed:
    """What a document came to. `total` is the number of pages in the file; `pages` may be only the first.

    `partial`: some of it is missing; `note` says what: "pages" or "chars" (over the limit), "time", "failed",
    "repaired" (the end of the file is lost).
    """

    pages: list[PageText]
    unit: Unit
    title: str
    total: int
    partial: bool = False
    note: str = ""

    def explain(self, lang: str = "en") -> str:
        """Say in `lang` ("en" or "es") what is missing; "" when nothing is."""
        if not self.note:
            return ""
        failed = [page.number for page in self.pages if page.how == "failed"]
        shown = ", ".join(map(str, failed[:8])) + (", …" if len(failed) > 8 else "")
        text = _NOTES[self.note].get(lang, _NOTES[self.note]["en"])
        kept = len(self.pages)
        readable = kept - len(failed)
        return text.format(kept=kept, readable=readable, total=self.total, failed=len(failed), which=shown)


class Refused(Exception):
    """Raised in the parsing process: the document as a whole cannot be read.

    `kind`: encrypted, damaged, empty, too_large or memory.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


_NOTES: dict[str, dict[str, str]] = {
    "pages": {
        "en": "Only the first {kept} of {total} pages were read. Split the document to ask the rest.",
        "es": (
            "Solo se han leído las primeras {kept} páginas de {total}. "
            "Divide el documento para consultar el resto."
        ),
    },
    "chars": {
        "en": "It is very long: only its beginning, up to page {kept}, was read. Split it to ask the rest.",
        "es": (
            "Es muy largo: solo se ha leído el principio, hasta la página {kept}. "
            "Divídelo para consultar el resto."
        ),
    },
    "time": {
        "en": "Reading took too long and was stopped: {failed} of {total} pages are missing ({which}).",
        "es": "La lectura tardaba demasiado y se ha detenido: faltan {failed} páginas de {total} ({which}).",
    },
    "repaired": {
        "en": "The file is damaged: only {readable} pages could be recovered.",
        "es": "El archivo está dañado: solo se han podido recuperar {readable} páginas.",
    },
    "failed": {
        "en": "{failed} of {total} pages could not be read ({which}). The others can be asked.",
        "es": "No se han podido leer {failed} páginas de {total} ({which}). Las demás se pueden consultar.",
    },
}
