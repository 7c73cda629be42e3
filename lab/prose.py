"""A sample document as continuous text, for counting in; knows no page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup

_SOURCES = Path(__file__).parent.parent / "documents" / "src"
_NAMES = {"en": "harbour-lane-garden", "es": "guia-de-la-biblioteca"}


@cache
def prose(lang: str) -> str:
    """Return the sample document in "en" or "es" from its beginning to its end, a paragraph a line."""
    source = (_SOURCES / f"{_NAMES.get(lang, _NAMES['en'])}.html").read_text(encoding="utf-8")
    parts = (" ".join(one.get_text().split()) for one in BeautifulSoup(source, "html.parser").select("p, li"))
    return "\n".join(part for part in parts if part)
