"""Where a page's text can be cut, and how well: at headings, paragraphs, items, rows, sentences and words.

It knows nothing of tokens or of how much goes into a chunk.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

from rag.pages import Heading


class Break(IntEnum):
    """What begins where a text may be cut; the higher, the better the place."""

    TOKEN = 0  # inside a word
    WORD = 1
    LINE = 2  # of a text whose lines end where the paper did, or of a list without marks
    SENTENCE = 3
    STOP = 4  # a line after one that ends a sentence
    ITEM = 5  # of a list, or a row of a table
    PARAGRAPH = 6
    SECTION = 7  # a heading


@dataclass(frozen=True)
class Piece:
    """A stretch that is not cut in two unless it is too long, text[start:end], and what begins with it.

    `whole`: an item or a row, of which no part is shared either. `body`: where what follows its headings begins.
    """

    start: int
    end: int
    kind: Break
    whole: bool = False
    body: int = 0


_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_MARK = re.compile(r"(?:[-*+•‣▪■□●○◦◆◇·–—✓➢➔→►▶]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])\s+\S")
_ROW = re.compile(r"\S\s\|\s|^\|")
_ENDED = re.compile(r"""[.!?…:。！？]["'»”’)\]]*\Z""")
# Behind a full stop and before a capital letter, a digit or an opening mark; Chinese and Japanese need no space.
_SENTENCE = re.compile(r"""[.!?…]["'»”’)\]]*\s+(?=["'«“‘(\[]*(?:[^\W_a-zß-öø-ÿ]|[¿¡]))|[。！？]+(?=[^\s。！？])""")
_ABBREVIATION = re.compile(r"(?:^|[\s(«“])(?:[A-ZÁÉÍÓÚÑ][a-zñ]{0,2}|[a-z]{1,2}|[a-z]\.\s?[a-z])\.\s+\Z")


def pieces(text: str, start: int, end: int, headings: Sequence[Heading]) -> list[Piece]:
    """Return the paragraphs, items and rows of text[start:end] in order, each heading with what follows it."""
    begins = {at for at, _ in headings if start <= at < end}
    found: list[Piece] = []
    row = False
    for first, last in _lines(text, start, end, begins):
        after_row, row = row, bool(_ROW.search(text, first, last))
        kind = _kind(text, (first, last), (after_row, row), begins, found)
        if kind is Break.LINE:
            found[-1] = replace(found[-1], end=last)
        else:
            found.append(Piece(first, last, kind, row or bool(_MARK.match(text, first, last)), first))
    return _glued(found)


def sentences(text: str, start: int, end: int) -> list[int]:
    """Return where sentences begin inside text[start:end], the first one left out.

    A rule of thumb that needs no language: what is shown and quoted is cut by rag/sentences.py.
    """
    return [
        found.end()
        for found in _SENTENCE.finditer(text, start, end)
        if not _ABBREVIATION.search(text[max(start, found.end() - 12) : found.end()])
    ]


def lines(text: str, start: int, end: int) -> list[int]:
    """Return where lines begin inside text[start:end], the first one left out."""
    return [first for first, _ in _lines(text, start, end, set())][1:]


def _lines(text: str, start: int, end: int, begins: set[int]) -> Iterator[tuple[int, int]]:
    """Yield the lines that are not blank, without the white space around them; a heading begins one of its own."""
    ordered = sorted(begins)
    for line in _LINE.finditer(text, start, end):
        inside = ordered[bisect_right(ordered, line.start()) : bisect_left(ordered, line.end())]
        for first, last in pairwise([line.start(), *inside, line.end()]):
            bare = text[first:last].lstrip()
            if bare:
                begin = last - len(bare)
                if first in begins:  # a heading's place may be given before its white space
                    begins.add(begin)
                yield begin, begin + len(bare.rstrip())


def _kind(
    text: str, line: tuple[int, int], rows: tuple[bool, bool], begins: set[int], before: Sequence[Piece]
) -> Break:
    """Return what begins with a line; LINE: it goes on with the piece before it.

    `rows`: whether the line before it and the line itself are rows of a table.
    """
    if line[0] in begins:
        return Break.SECTION
    if not before or before[-1].kind is Break.SECTION or text.count("\n", before[-1].end, line[0]) > 1:
        return Break.PARAGRAPH
    if rows[1] or _MARK.match(text, *line):
        return Break.ITEM
    if rows[0]:
        return Break.STOP
    return Break.STOP if _ENDED.search(text[max(before[-1].start, before[-1].end - 8) : before[-1].end]) else Break.LINE


def _glued(found: Sequence[Piece]) -> list[Piece]:
    """Join each heading, or several in a row, with the piece that follows."""
    joined: list[Piece] = []
    begun: int | None = None
    for number, piece in enumerate(found):
        start = piece.start if begun is None else begun
        if piece.kind is Break.SECTION and number + 1 < len(found):
            begun = start
            continue
        joined.append(piece if begun is None else replace(piece, start=start, kind=Break.SECTION))
        begun = None
    return joined
