"""Headings of a PDF page: from its bookmarks, from the size of the type, and from bold lines that stand alone.

Knows lines with places and sizes, of a page and of those around it; nothing of files.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from rag.layout import Line
from rag.pages import HEADINGS
from rag.pdf_file import Bookmark

_LONGEST = 160  # characters of a heading
_LONGEST_BOLD = 100
_MOST_LINES = 3
_DEEPEST = 6
_LARGER = ((1.7, 1), (1.35, 2), (1.12, 3))  # times the usual size, and the level of it
_BOLD_LEVEL = 4
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[^\W\d_]")
_PART = re.compile(
    r"(?i)^(?:cap[íi]tulo|chapter|tema|unidad|unit|parte?|lecci[óo]n|lesson|anexo|appendix|ap[ée]ndice)\s"
)
_MANY, _MANY_SHARE = 7, 0.2  # lines of headings on a page, at most, and their share of all
_BEGINS = re.compile(r"[\w¿¡«“\"'(\[§&@#]")  # else it is a point of a list
_NO_END = re.compile(r"[,;:]$|(?<!\.)\.$")
_PAGE_AT_END = re.compile(r"\s\d{1,4}$")
_TITLE = 0.04  # of the page's height: what is set smaller at the top of a slide is not its title


class Outline:
    """The bookmarks of a document."""

    def __init__(self, bookmarks: Sequence[Bookmark]) -> None:
        ordered = sorted(bookmarks, key=lambda entry: entry.number)
        self._numbers = [entry.number for entry in ordered]
        self._entries = ordered

    def titles(self, number: int) -> dict[str, int]:
        """Return the titles that lead to page `number`, folded, with their levels."""
        begin, end = bisect_right(self._numbers, number - 1), bisect_right(self._numbers, number)
        return {_folded(entry.title): entry.level for entry in self._entries[begin:end] if _folded(entry.title)}

    def depth(self, number: int) -> int:
        """Return the level of the last bookmark at or before page `number`; 0 where there is none."""
        place = bisect_right(self._numbers, number)
        return self._entries[place - 1].level if place else 0


def with_levels(lines: Sequence[Line], number: int, usual: float, outline: Outline) -> list[Line]:
    """Return the lines of page `number` with the level of those that are headings."""
    titles = outline.titles(number)
    above = outline.depth(number - 1) if titles else outline.depth(number)
    found = list(lines)
    by_face: list[int] = []
    for begin, end in _runs(lines):
        level, by_title = _level(lines[begin:end], titles, usual)
        if not by_title and not _stands_alone(lines, begin, end):
            level = 0
        if by_title:
            above = level
        if level:
            level = level if by_title else min(max(level, above + 1), _DEEPEST)
            found[begin:end] = [replace(line, level=level, row=False) for line in lines[begin:end]]
            by_face += [] if by_title else range(begin, end)
    if _is_contents(found):
        return list(lines)
    if len(by_face) > max(_MANY, _MANY_SHARE * len(lines)):  # a drawing whose labels are bold
        for index in by_face:
            found[index] = found[index] if found[index].level < _LARGER[-1][1] else lines[index]
    for index in [index for index, line in enumerate(found) if line.level][HEADINGS:]:
        found[index] = lines[index]
    return found


def _is_contents(lines: Sequence[Line]) -> bool:
    """Whether these are lines of a table of contents, set as the headings are that they name."""
    headings = [line.text for line in lines if line.level]
    return len(headings) > 3 and sum(bool(_PAGE_AT_END.search(text)) for text in headings) > 0.5 * len(headings)


def with_title(lines: Sequence[Line], top: float, bottom: float) -> list[Line]:
    """Return the lines of a slide, where the largest are its title if they stand first and no heading is there."""
    found = list(lines)
    if not lines or any(line.level in {1, 2} for line in lines):
        return found
    first = max(range(len(lines)), key=lambda index: lines[index].base)
    largest = max(line.height for line in lines)
    line = lines[first]
    large = line.height > 0.95 * largest and line.height > _TITLE * (top - bottom)
    if large and line.base > (top + bottom) / 2 and len(line.text) < _LONGEST_BOLD and not line.row:
        found[first] = replace(line, level=1)
    return found


def _runs(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Return where lines of one face follow each other closely: a heading may take more than one."""
    runs: list[tuple[int, int]] = []
    for index, line in enumerate(lines):
        begin = runs[-1][0] if runs else 0
        if runs and _is_same(lines[index - 1], line) and index - begin < _MOST_LINES + 1:
            runs[-1] = (begin, index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _is_same(last: Line, line: Line) -> bool:
    near = 0 <= last.base - line.base < 1.7 * max(last.height, line.height)
    alike = abs(last.height - line.height) < 0.06 * line.height and last.bold == line.bold and last.row == line.row
    return near and alike and bool(_BEGINS.match(line.text)) and not _NUMBERED.match(line.text)


def _level(run: Sequence[Line], titles: dict[str, int], usual: float) -> tuple[int, bool]:
    """Return the level of lines that belong together, 0 for none, and whether a bookmark says so."""
    text = " ".join(line.text for line in run)
    for said in (text, run[0].text) if titles else ():
        if level := titles.get(_folded(said), 0):
            return min(level, _DEEPEST), True
    level = _level_by_face(run, len(text), usual)
    if not _BEGINS.match(text):
        return 0, False
    letters = sum(char.isalpha() for char in text) if level else 0
    if letters < 3 or letters < 0.5 * len(text.replace(" ", "")) or _NO_END.search(text):
        return 0, False
    if match := _NUMBERED.match(text):
        return match[1].count(".") + 1, False
    return (1 if _PART.match(text) else level), False


def _level_by_face(run: Sequence[Line], length: int, usual: float) -> int:
    if len(run) > _MOST_LINES or length > _LONGEST or run[0].row or all(line.fixed for line in run):
        return 0
    ratio = run[0].height / usual if usual else 1.0
    level = next((level for least, level in _LARGER if ratio >= least), 0)
    named = not run[0].text[:1].islower()  # "note" before a note is no heading
    bold = length < _LONGEST_BOLD and ratio > 0.95 and named and all(line.bold for line in run)
    return level or (_BOLD_LEVEL if bold else 0)


def _stands_alone(lines: Sequence[Line], begin: int, end: int) -> bool:
    """Whether neighbours on the same line of the page leave it to itself: else it is a cell or a term of a list."""
    first, last = lines[begin], lines[end - 1]
    beside = [*lines[max(begin - 1, 0) : begin], *lines[end : end + 1]]
    return not any(abs(other.base - line.base) < 0.5 * line.height for other in beside for line in (first, last))


def _folded(text: str) -> str:
    words = re.findall(r"[^\W_]+", text.lower())
    while len(words) > 1 and words[0].isdigit():  # bookmarks often leave out the number, or have it alone
        words = words[1:]
    return " ".join(words)
