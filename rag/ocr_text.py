"""What Tesseract recognised, from its table of words to paragraphs: noise dropped, hyphens joined, headings found.

Knows Tesseract's TSV; nothing of how a page is drawn or of the program that reads it. Places are in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import median

from rag.cleaning import clean_characters
from rag.layout import Line, flow
from rag.pages import Heading

_COLUMNS = 12  # of the table: level, page, block, paragraph, line, word, left, top, width, height, confidence, text
_WORD = "5"  # the level of a row that holds a word
_SURE = 25.0  # of 100; below it Tesseract saw letters in what is none
_SURE_SIGN = 70.0  # for what has neither letter nor figure: specks and rules of a scan look like signs
_SURE_LINE = 45.0  # for the mean of a line
_SIGNS_KEPT = frozenset("•·-–—*+=/%&€$#°|")  # that stand alone in a text
_ALIKE = 0.2  # of a size of type: so far a box is off
_BELOW = frozenset("gjpqyçÇQ,;()[]{}|/@¿_")  # they reach below the line that letters stand on
_LOW = frozenset("acemnorsuvwxzgpqyç")  # letters without a stroke upwards
_HALF, _WHOLE, _DEPTH = 0.52, 0.72, 0.21  # of the size of type: low letters, others, what reaches below the line
_LARGE = 1.3  # times the usual size: the line is a heading
_LONGEST_HEADING = 120  # characters
_FEWEST = 3  # letters and figures on a page that has any text


@dataclass(frozen=True)
class Word:
    """A word, the (block, paragraph, line) it stands in, its box in pixels from the top left, its confidence of 100."""

    text: str
    line: tuple[int, int, int]
    left: int
    top: int
    right: int
    bottom: int
    confidence: float


@dataclass(frozen=True)
class Recognised:
    """A page's text, empty where there is none, and where its headings begin."""

    text: str
    headings: tuple[Heading, ...]


def recognised(table: str) -> list[Word]:
    """Return the words of Tesseract's TSV; a row that is not put together as it should be is left out."""
    words = []
    for row in table.splitlines():
        cells = row.split("\t", _COLUMNS - 1)
        if len(cells) == _COLUMNS and cells[0] == _WORD and cells[-1].strip():
            block, paragraph, line, _, left, top, width, height = map(int, cells[2:10])
            words.append(
                Word(
                    clean_characters(cells[-1]).strip(),
                    (block, paragraph, line),
                    left,
                    top,
                    left + width,
                    top + height,
                    float(cells[10]),
                )
            )
    return words


def laid_out(words: Sequence[Word]) -> Recognised:
    """Return the paragraphs of the words that can be believed, in Tesseract's reading order."""
    rows = [kept for _, group in groupby(words, key=lambda word: word.line) if (kept := _believed(list(group)))]
    lines = _lines(_straight(rows))
    text = flow(lines)
    if sum(char.isalnum() for char in text) < _FEWEST:
        return Recognised("", ())
    return Recognised(text, tuple(_headings(lines, text)))


def _believed(row: list[Word]) -> list[Word]:
    """Return the words of a line that are no noise; none where the line as a whole is."""
    kept = [word for word in row if _is_believed(word)]
    letters = sum(len(word.text) for word in kept)
    if not letters or not any(char.isalnum() for word in kept for char in word.text):
        return []
    mean = sum(word.confidence * len(word.text) for word in kept) / letters
    return kept if mean >= _SURE_LINE else []


def _is_believed(word: Word) -> bool:
    if any(char.isalnum() for char in word.text):
        return word.confidence >= _SURE
    return word.confidence >= _SURE_SIGN and set(word.text) <= _SIGNS_KEPT


def _straight(rows: Sequence[list[Word]]) -> list[list[Word]]:
    """Return the rows of a page that was laid on the scanner a little askew as if it had lain straight."""
    ends = [standing for row in rows if len(standing := [word for word in row if not _BELOW & set(word.text)]) > 1]
    falls = [(row[-1].bottom - row[0].bottom) / (row[-1].left - row[0].left) for row in ends if _is_long(row)]
    fall = median(falls) if falls else 0.0
    return [[_lifted(word, round(fall * word.left)) for word in row] for row in rows]


def _is_long(row: list[Word]) -> bool:
    return row[-1].left - row[0].left > 10 * (row[0].bottom - row[0].top)


def _lifted(word: Word, by: int) -> Word:
    return replace(word, top=word.top - by, bottom=word.bottom - by)


def _lines(rows: Sequence[list[Word]]) -> list[Line]:
    """Return the rows as rag.layout takes them, y growing upwards."""
    return [_line(row, size) for row, size in zip(rows, _sizes(rows), strict=True)]


def _sizes(rows: Sequence[list[Word]]) -> list[float]:
    """Return the size of each row's type, the same for rows that differ by no more than their boxes are off."""
    sizes = [median(map(_size, row)) for row in rows]
    groups: list[list[float]] = []
    for size in sorted(sizes):
        if groups and size <= groups[-1][0] * (1 + _ALIKE):
            groups[-1].append(size)
        else:
            groups.append([size])
    shared = {size: median(group) for group in groups for size in group}
    return [shared[size] for size in sizes]


def _size(word: Word) -> float:
    """Return the size of the type that a word is set in, which its letters fill more or less."""
    tall = any(char.isalnum() and char not in _LOW for char in word.text)
    share = (_WHOLE if tall else _HALF) + (_DEPTH if _BELOW & set(word.text) else 0)
    return (word.bottom - word.top) / share


def _line(row: list[Word], size: float) -> Line:
    text = " ".join(word.text for word in row)
    hyphen = len(text) > 1 and text[-1] in "-¬" and text[-2].isalpha()
    return Line(
        text=text[:-1] if hyphen else text,
        left=row[0].left,
        right=row[-1].right,
        base=-_baseline(row, size),
        height=size,
        word=row[0].right - row[0].left,
        hyphen=hyphen,
    )


def _baseline(row: list[Word], size: float) -> float:
    """Return where the letters of a line stand: the foot of words that have none reaching below it."""
    standing = [word.bottom for word in row if not _BELOW & set(word.text)]
    return median(standing) if standing else median(word.bottom for word in row) - _DEPTH * size


def _headings(lines: Sequence[Line], text: str) -> Iterable[Heading]:
    """Yield where lines begin that are set clearly larger than most letters of the page."""
    letters = sorted((line.height, len(line.text)) for line in lines)
    half, seen, usual = sum(count for _, count in letters) / 2, 0, 0.0
    for height, count in letters:
        seen, usual = seen + count, height
        if seen >= half:
            break
    large = [line for line in lines if line.height >= _LARGE * usual and len(line.text) <= _LONGEST_HEADING]
    levels = {height: n for n, height in enumerate(sorted({line.height for line in large}, reverse=True), start=1)}
    at = 0
    for line in large:
        found = text.find(line.text.strip(), at)
        if found >= 0 and (found == 0 or text[found - 1] == "\n"):  # not where a heading of two lines goes on
            yield found, levels[line.height]
            at = found + len(line.text)
