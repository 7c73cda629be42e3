"""Where in a document something stands, in words: on a page, a slide, a sheet or in a section."""

from __future__ import annotations

from ui.texts import say

_UNITS = {"page": "common.page", "slide": "common.slide", "sheet": "common.sheet", "section": "common.section"}
_OF = {"page": "viewer.page_of", "slide": "viewer.slide_of", "sheet": "viewer.sheet_of", "section": "viewer.section_of"}


def place_name(lang: str, number: object, unit: object = "page", label: object = "") -> str:
    """Return "page 3", "slide 3", or "sheet Sales" where the sheet has that name; what came before units is a page."""
    if unit == "sheet" and label:
        return say(lang, "common.sheet_named", name=label)
    return say(lang, _UNITS.get(str(unit), _UNITS["page"]), number=number)


def place_of_all(lang: str, number: int, total: int, unit: str) -> str:
    """Return "slide 3 of 20"."""
    return say(lang, _OF.get(unit, _OF["page"]), page=number, pages=total)
