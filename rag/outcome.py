"""What a document came to once nothing more is done for it, in words for the person; it knows no database."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import OperationalError

from rag.errors import AulaError, DamagedDocument, NoRoom, OcrMissing
from rag.pages import PageText, Parsed, unit_name
from rag.parse_failures import failure
from rag.records import NAME, State

_LANGUAGES = ("en", "es")
_ONE_WAITS = {
    "en": "1 {unit} is a picture of text and has not been read.",
    "es": "Hay 1 {unit} que es una imagen de texto y no se ha leído.",
}
_WAITING = {
    "en": "{pages} {unit} are pictures of text and have not been read.",
    "es": "Hay {pages} {unit} que son imágenes de texto y no se han leído.",
}
_RETRY = {"en": "Choose “Retry” to read them.", "es": "Elige «Reintentar» para leerlas."}


@dataclass(frozen=True)
class Outcome:
    """`status`: ready | partial | failed; `note` as it is kept; `error` where nothing of it can be asked."""

    status: str
    note: dict[str, str] | None = None
    error: AulaError | None = None


def outcome(state: State, pages: Sequence[PageText], ocr: bool) -> Outcome:
    """Return what a document with these pages (their texts are not looked at) came to; `ocr`: Tesseract is there."""
    waiting = sum(page.how == "waiting" for page in pages)
    if not waiting and not any(page.how in ("text", "ocr") for page in pages):
        error = failure(NAME, pages)
        return Outcome("failed", note_of(error), error)
    missing = _missing(state, pages)
    parts = [missing, _waiting(waiting, state.unit, ocr)] if waiting else [missing]
    note = {lang: " ".join(part[lang] for part in parts if part) for lang in _LANGUAGES}
    return Outcome("partial", note) if any(parts) else Outcome("ready")


def note_of(error: AulaError) -> dict[str, str]:
    """Return an error as a document's note, in which each holder reads the name that they gave it."""
    named = renamed(error, NAME)
    return {lang: named.text(lang) for lang in _LANGUAGES}


def renamed(error: AulaError, name: str) -> AulaError:
    """Return the error about a document that somebody calls `name`."""
    return type(error)(**{**error.params, "name": name}) if "name" in error.params else error


def foreseen(error: Exception) -> AulaError:
    """Return an error in words for the person."""
    if isinstance(error, AulaError):
        return error
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    full |= isinstance(error, OperationalError) and "full" in str(error.orig)  # SQLite's own word for it
    return NoRoom(name=NAME) if full else DamagedDocument(name=NAME)


def locked_out(error: Exception) -> bool:
    """Tell whether somebody else wrote to the database all the while: what failed is done again."""
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


def said(note: Mapping[str, str] | None, name: str) -> dict[str, str] | None:
    """Return a note as the holder who calls the document `name` reads it."""
    return None if note is None else {lang: note[lang].replace(NAME, name) for lang in _LANGUAGES}


def _missing(state: State, pages: Sequence[PageText]) -> Mapping[str, str]:
    note: Mapping[str, Any] = state.note or {}
    if "error" in note:
        return dict(note["error"])
    failed = any(page.how == "failed" for page in pages)
    code = str(note.get("code", ""))
    if code in ("failed", "time") and not failed:
        code = ""
    code = code or ("failed" if failed else "")
    if not code:
        return {}
    parsed = Parsed(list(pages), state.unit, "", state.pages, True, code)  # type: ignore[arg-type]
    return {lang: parsed.explain(lang) for lang in _LANGUAGES}


def _waiting(pages: int, unit: str, ocr: bool) -> Mapping[str, str]:
    missing = OcrMissing()
    then = _RETRY if ocr else {lang: missing.text(lang) for lang in _LANGUAGES}
    told = _ONE_WAITS if pages == 1 else _WAITING
    said_ = {lang: told[lang].format(pages=pages, unit=unit_name(unit, lang, pages)) for lang in _LANGUAGES}
    return {lang: f"{said_[lang]} {then[lang]}" for lang in _LANGUAGES}
