"""Why a document could not be read, from the parsing process's word for it to an error with words for a person."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from rag import errors
from rag.pages import FORMATS, Limits, PageText


def failure(name: str, pages: Collection[PageText], limits: Limits = Limits()) -> errors.DocumentError:  # noqa: B008
    """Return what it adds up to that no page of `pages` has text."""
    reasons = {page.reason for page in pages if page.how == "failed"}
    for reason in ("memory", "time", "damaged", "crash"):
        if reason in reasons:
            return refusal(reason, name, limits)
    if any(page.how == "waiting" for page in pages):
        return errors.ImageOnlyDocument(name=name)
    return errors.EmptyDocument(name=name)


def refusal(kind: str, name: str, limits: Limits) -> errors.DocumentError:
    """Return why the document as a whole could not be read, from the worker's word for it."""
    if kind == "too_large":
        return errors.TooLarge(name=name, limit=f"{limits.memory_mb} MB")
    if kind == "time":
        return errors.ParseTimeout(name=name, seconds=round(limits.seconds))
    if kind == "old":
        return errors.OldFormat(name=name, wanted=FORMATS.get(Path(name).suffix.lower(), "DOCX"))
    kinds: dict[str, type[errors.DocumentError]] = {
        "protected": errors.ProtectedDocument,
        "encrypted": errors.EncryptedDocument,
        "password": errors.WrongPassword,
        "memory": errors.ParseOutOfMemory,
        "empty": errors.EmptyDocument,
        "image": errors.ImageOnlyDocument,
    }
    return kinds.get(kind, errors.DamagedDocument)(name=name)
