"""Finds a quote among the letters of a drawn page: which boxes to lay over it. Knows no PDF and no picture.

What is stored of a page was cleaned and re-flowed: hyphens joined, ligatures taken apart, columns put in a row. So
only letters and digits are compared, without case and accents, in the order in which the page holds them.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

UNITS = 100_000  # the longer side of a page in the whole numbers of its glyphs
_SHORTEST = 6  # letters; a shorter run may stand anywhere by chance
_ENOUGH = 0.6  # of the quote's letters; with fewer found, it stands rather elsewhere
_FAR = 3.0  # times the line's height: what stands further along the line is another column

Glyph = tuple[str, int, int, int, int]  # folded letters, then left, top, right and bottom


@dataclass(frozen=True)
class Box:
    """A part of a page as shares, 0 to 1, of its width and height, from its top left."""

    left: float
    top: float
    right: float
    bottom: float


def extent(width: float, height: float) -> tuple[int, int]:
    """Return the width and height of a page in its glyphs' numbers."""
    longer = max(width, height)
    return max(round(UNITS * width / longer), 1), max(round(UNITS * height / longer), 1)


def folded(text: str) -> str:
    """Return the letters and digits of `text` in one form: NFKD without marks, case folded, the dotless i an i."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in plain.replace("ı", "i") if char.isalnum())


def boxes(glyphs: Sequence[Glyph], size: tuple[int, int], text: str, spans: Sequence[tuple[int, int]]) -> list[Box]:
    """Return the boxes of the ranges `spans` of the page's stored `text`, a box for each line or part of one.

    `size` is the page's extent. Each range costs up to its length times the page's: the caller bounds both.
    A quote that the page holds in pieces (a footer between, the next column) is found piece by piece; one that is
    hardly there at all gets no box.
    """
    page = _Page(glyphs)
    total = len(folded(text)) or 1
    found: list[Box] = []
    for start, end in spans:
        near = round(len(folded(text[:start])) / total * len(page.letters))
        for first, last in page.runs(folded(text[start:end]), near):
            found += (_shares(box, size) for box in _lines(page.between(first, last)))
    return list(dict.fromkeys(found))


class _Page:
    """The letters of a page in a row, and the glyph that each belongs to."""

    def __init__(self, glyphs: Sequence[Glyph]) -> None:
        self._glyphs = glyphs
        self.letters = "".join(glyph[0] for glyph in glyphs)
        self._starts = [0, *accumulate(len(glyph[0]) for glyph in glyphs)]

    def between(self, first: int, last: int) -> Sequence[Glyph]:
        """Return the glyphs of the letters from `first` up to, not including, `last`."""
        return self._glyphs[bisect_right(self._starts, first) - 1 : bisect_right(self._starts, last - 1)]

    def runs(self, quote: str, near: int) -> list[tuple[int, int]]:
        """Return where `quote` stands, as runs of letters: the whole nearest to `near`, else its longest pieces."""
        if not quote:
            return []
        at = self._nearest(quote, near)
        if at >= 0:
            return [(at, at + len(quote))]
        found = list(self._pieces(quote, near))
        covered = sum(last - first for first, last in found)
        return found if covered >= _ENOUGH * len(quote) else []  # too few also where the search was given up

    def _pieces(self, quote: str, near: int) -> Iterator[tuple[int, int]]:
        done = missed = 0
        while done < len(quote) and missed <= (1 - _ENOUGH) * len(quote):
            length = self._longest(quote, done)
            if length < min(_SHORTEST, len(quote) - done):
                done, missed = done + 1, missed + 1
                continue
            at = self._nearest(quote[done : done + length], near)
            yield at, at + length
            done, near = done + length, at + length

    def _longest(self, quote: str, done: int) -> int:
        """Return how many letters of `quote` from `done` on stand together on the page."""
        low, high = 0, len(quote) - done
        while low < high:  # a shorter piece stands wherever a longer one does
            middle = (low + high + 1) // 2
            if quote[done : done + middle] in self.letters:
                low = middle
            else:
                high = middle - 1
        return low

    def _nearest(self, piece: str, near: int) -> int:
        """Return where `piece` begins nearest to `near`, -1 when it is nowhere."""
        after = self.letters.find(piece, max(near, 0))
        before = self.letters.rfind(piece, 0, max(near, 0) + len(piece))
        if after < 0 or (before >= 0 and near - before < after - near):
            return before
        return after


def _lines(glyphs: Sequence[Glyph]) -> Iterator[Sequence[int]]:
    """Join the glyphs that follow one another on a line."""
    current: list[int] = []
    for _, *box in glyphs:
        if current and _follows(current, box):
            current = [*map(min, current[:2], box[:2]), *map(max, current[2:], box[2:])]
            continue
        if current:
            yield current
        current = box
    if current:
        yield current


def _follows(line: Sequence[int], box: Sequence[int]) -> bool:
    """Whether `box` is beside the end of `line`, at about its height."""
    common = min(line[3], box[3]) - max(line[1], box[1])
    height = min(line[3] - line[1], box[3] - box[1])
    gap = max(box[0] - line[2], line[0] - box[2])
    return common > 0.5 * height and gap < _FAR * max(line[3] - line[1], box[3] - box[1])


def _shares(box: Sequence[int], size: tuple[int, int]) -> Box:
    return Box(*(side / whole for side, whole in zip(box, (*size, *size), strict=True)))
