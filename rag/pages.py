"""What reading a document comes to: pages of text, each with how it was got, and what may be missing.

Values only, shared by rag/loaders.py and the process that it starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_CODE = (
    "bash c cc cfg cpp cs css dart go h hpp ini ipynb java js jsx kt lua m php pl py r rb rs scala sh sql swift tex "
    "toml ts tsx vue xml yaml yml"
)
CODE = "PY, JS, C…"  # the same in both languages
FORMATS: dict[str, str] = {
    ".pdf": "PDF",
    ".docx": "DOCX",
    ".pptx": "PPTX",
    ".xlsx": "XLSX",
    ".odt": "ODT",
    ".odp": "ODP",
    ".ods": "ODS",
    ".epub": "EPUB",
    ".html": "HTML",
    ".htm": "HTML",
    ".xhtml": "HTML",
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".txt": "TXT",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".json": "JSON",
    ".jsonl": "JSON",
    **{f".{suffix}": CODE for suffix in _CODE.split()},
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WebP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
}
# What is a picture and nothing else: its pages have to be read by OCR.
IMAGES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"})
# What came before a format that is read, and what to save it as.
OLD_FORMATS = {".doc": "DOCX", ".rtf": "DOCX", ".ppt": "PPTX", ".pps": "PPTX", ".xls": "XLSX"}
ARCHIVES = frozenset({".zip"})
# What is text whatever it says: a PDF in disguise is not looked for in it.
_TEXTS = {"HTML", "Markdown", "TXT", "CSV", "JSON", CODE}
TEXTS = frozenset(suffix for suffix, name in FORMATS.items() if name in _TEXTS)

How = Literal["text", "ocr", "empty", "failed", "waiting"]
Unit = Literal["page", "slide", "sheet", "section"]
Heading = tuple[int, int]  # where a heading begins in its page's text, and its level, 1 being the highest
HEADINGS = 200  # of one page, at most: what has more is no outline, and each of them costs


@dataclass(frozen=True)
class PageText:
    """One page, numbered from 1. `reason` is a code that says why there is no text, or why it is to be read by OCR.

    text: as the file has it; ocr: read from its picture. waiting: its picture is to be read, because it holds
    pictures only ("image") or its font has no character map ("garbled"). empty: "" (blank), "ocr" (nothing to read in
    its picture) or "image" (the pictures of a slide, which are not read). failed: "damaged", "time", "memory", "crash"
    or "ocr" (its picture could not be read).
    `body`: text[start:end] is what belongs to this page alone, without the header and footer that others repeat; None
    is all of it. `headings`: those that begin on this page, in order.
    """

    number: int
    text: str
    how: How
    reason: str = ""
    body: tuple[int, int] | None = None
    headings: tuple[Heading, ...] = ()


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
        language = lang if lang in _NOTES[self.note] else "en"
        template = _NOTES[self.note][language]
        units = _UNITS[self.unit][language]
        return template.format(
            kept=len(self.pages),
            readable=len(self.pages) - len(failed),
            total=self.total,
            failed=len(failed),
            which=shown,
            units=units,
            Units=units.capitalize(),
        )


class Refused(Exception):
    """Raised in the parsing process: the document as a whole cannot be read.

    `kind`: encrypted, protected (a password that is of no use here), old (of before 2007), damaged, empty, image,
    too_large or memory.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def label(unit: str, text: str) -> str:
    """Return the name of the sheet whose text this is, which is its first line; "" for any other unit."""
    return text.partition("\n")[0][:_LONGEST_LABEL] if unit == "sheet" else ""


def unit_name(unit: str, lang: str, count: int) -> str:
    """Return what `count` of them are called in `lang`, in small letters: "page", "pages"."""
    return (_ONE if count == 1 else _UNITS)[unit][lang]


_LONGEST_LABEL = 60
_ONE = {
    "page": {"en": "page", "es": "página"},
    "slide": {"en": "slide", "es": "diapositiva"},
    "sheet": {"en": "sheet", "es": "hoja"},
    "section": {"en": "section", "es": "sección"},
}
_UNITS = {  # all of one gender in Spanish, which the notes below rely on
    "page": {"en": "pages", "es": "páginas"},
    "slide": {"en": "slides", "es": "diapositivas"},
    "sheet": {"en": "sheets", "es": "hojas"},
    "section": {"en": "sections", "es": "secciones"},
}
_NOTES: dict[str, dict[str, str]] = {
    "pages": {
        "en": "Only the first {kept} of {total} {units} were read. Split the document to ask the rest.",
        "es": (
            "Solo se han leído las primeras {kept} {units} de {total}. Divide el documento para consultar el resto."
        ),
    },
    "chars": {
        "en": "It is very long: only the first {kept} {units} were read. Split it to ask the rest.",
        "es": ("Es muy largo: solo se han leído las primeras {kept} {units}. Divídelo para consultar el resto."),
    },
    "time": {
        "en": "Reading took too long and was stopped. Missing {units}: {which} ({failed} of {total}).",
        "es": "La lectura tardaba demasiado y se ha detenido. Faltan {units}: {which} ({failed} de {total}).",
    },
    "repaired": {
        "en": "The file is damaged. {Units} that could be recovered: {readable}.",
        "es": "El archivo está dañado. {Units} que se han podido recuperar: {readable}.",
    },
    "failed": {
        "en": "{Units} that could not be read: {which} ({failed} of {total}). You can ask the others.",
        "es": "{Units} que no se han podido leer: {which} ({failed} de {total}). Puedes consultar las demás.",
    },
}
