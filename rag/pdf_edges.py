"""Headers and footers: the lines at the edge of a page that its neighbours have too, but for their numbers.

Knows lines with places, of a page and of those around it; nothing of files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rag.layout import Line

REACH = 4  # pages to either side that are looked at
_MOST = 4  # lines of a header, and of a footer
_MARGIN = 0.17  # of the page's height: further in stands no header
_LARGEST = {1: 0.028, -1: 0.04}  # of the page's height: larger type at the top is the title of a slide
_SAME = 3.0  # points between two lines at the same place
_ENOUGH = 3  # pages with the same line, this one included
_FIRST_NUMBER, _LAST_NUMBER = re.compile(r"\W*(\d{1,5})\b"), re.compile(r"\b(\d{1,5})\W*$")
_ROMAN = re.compile(r"\b[ivxlc]{1,7}\b")
_FRAME = r"[-–—·•|~<>()\[\]\s]*"
_PAGE_NUMBER = re.compile(
    rf"(?i)^{_FRAME}(?:p[áa]g(?:ina|e)?\.?\s*|page\s*|p\.\s*|seite\s*|folio\s*)?#(?:\s*(?:/|de|of|von)\s*#)?{_FRAME}$"
)


_Sign = tuple[str, int, int]


@dataclass(frozen=True)
class Sheet:
    """What is known of a page for its neighbours' sake; `bottom` and `top` bound it, in points."""

    number: int
    lines: Sequence[Line]
    bottom: float
    top: float

    @cached_property
    def sizes(self) -> Counter[float]:
        """How many letters are set in which size."""
        found: Counter[float] = Counter()
        for line in self.lines:
            found[round(line.height * 4) / 4] += len(line.text)
        return found

    @cached_property
    def outermost(self) -> dict[int, list[int]]:
        """The lines nearest the top (1) and the bottom (-1), outermost first, that could be its edge."""
        return {side: _outermost(self, side) for side in (1, -1)}

    @cached_property
    def signs(self) -> dict[int, set[_Sign]]:
        """What those lines have in common with their like on other pages."""
        return {side: {_sign(self.lines[index]) for index in places} for side, places in self.outermost.items()}

    @cached_property
    def counted(self) -> dict[int, set[_Sign]]:
        """Where those lines have a number at an end of theirs, and how far that is from the page's own."""
        return {
            side: {sign for index in places for sign in _counted(self.lines[index], self.number)}
            for side, places in self.outermost.items()
        }


def usual_size(sheets: Sequence[Sheet]) -> float:
    """Return the size in which most letters of these pages are set; 0 without any."""
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        sizes.update(sheet.sizes)
    return max(sizes, key=lambda size: (sizes[size], -size)) if sizes else 0.0


def edges(sheet: Sheet, around: Sequence[Sheet]) -> tuple[set[int], set[int]]:
    """Return which of the sheet's lines are its header, and which its footer. `around` are the sheets near it."""
    return _edge(sheet, around, 1), _edge(sheet, around, -1)


def _edge(sheet: Sheet, around: Sequence[Sheet], side: int) -> set[int]:
    signs = [other.signs[side] for other in around]
    counted = [other.counted[side] for other in around]
    found: set[int] = set()
    own: Line | None = None  # the outermost line that is the page's own: further in, all is
    for index in sheet.outermost[side]:
        line = sheet.lines[index]
        if own and abs(own.base - line.base) > _SAME:
            break
        numbered = any(_is_repeated(sign, counted) for sign in _counted(line, sheet.number))
        if numbered or _is_number(line.text, sheet.number) or _is_repeated(_sign(line), signs):
            found.add(index)
        else:
            own = line
    # A page that is nothing but what others repeat is a form or a slide, whose words count.
    return found if len(found) < len(sheet.lines) or len(found) < 2 else set()


def _is_repeated(sign: _Sign, others: Sequence[set[_Sign]]) -> bool:
    text, place, size = sign
    alike = {(text, place + aside, size + more) for aside in (-1, 0, 1) for more in (-1, 0, 1)}
    enough = _ENOUGH if len(others) > 1 else 2
    return bool(text) and 1 + sum(not alike.isdisjoint(other) for other in others) >= enough


def _sign(line: Line) -> _Sign:
    """Return what a line has in common with its like on other pages: its words, height on the page, and size."""
    return _folded(line.text)[:120], round(line.base / _SAME), round(line.height)


def _counted(line: Line, number: int) -> Iterator[_Sign]:
    """Yield what a line that counts pages has in common with its like: its place, and how far it is ahead."""
    for match in (_FIRST_NUMBER.match(line.text), _LAST_NUMBER.search(line.text)):
        if match:
            yield f"{int(match[1]) - number}", round(line.base / _SAME), round(line.height)


def _folded(text: str) -> str:
    return _ROMAN.sub("#", re.sub(r"\d+", "#", " ".join(text.lower().split())))


def _is_number(text: str, number: int) -> bool:
    """Whether a line is nothing but the number of its page."""
    return bool(_PAGE_NUMBER.match(_folded(text))) and str(number) in re.findall(r"\d+", text)


def _outermost(sheet: Sheet, side: int) -> list[int]:
    """Return the lines that could be the edge of a page on this side: their type is no larger than the text's."""
    tall = sheet.top - sheet.bottom
    largest = min(1.35 * usual_size([sheet]), _LARGEST[side] * tall)
    depth = _MARGIN * tall
    edge = sheet.top if side > 0 else sheet.bottom
    near = [
        index
        for index, line in enumerate(sheet.lines)
        if abs(edge - line.base) < depth and line.height <= largest and len(line.text) < 200
    ]
    near.sort(key=lambda index: -side * sheet.lines[index].base)
    return near[:_MOST]
