"""Lines with their places on the page become paragraphs: running text is joined, all else keeps its lines.

Knows geometry and punctuation; nothing of file formats. Plain text is the same thing, one unit a character.
There is no model here: a line is running text when the next word would not have fitted at its end.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from rag.cleaning import join_hyphen

_BULLET = r"[-*+•▪◦‣·⁃∙●○■□◆◇▶►▸➔➢➤→✓✔✗❖※|>#]"
_NUMBER = r"(?:\(?\d{1,3}(?:\.\d{1,3})*[.)]|\(?[A-Za-z][.)]|\(?[ivxIVX]{1,5}[.)])"
_MARKER = re.compile(rf"{_BULLET}(?:\s|$)|{_NUMBER}\s|[•▪◦‣●■➔➢►✓|]|\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}\s+[A-ZÁÉÍÓÚÑ¿¡]")
_MARKER_ALONE = re.compile(rf"(?:{_BULLET}|{_NUMBER})$")
_LEADERS = re.compile(r"(?:\. ?){4,}\s*[\divxlc]*$")  # a line of a table of contents
# A line that ends in one of these has not ended: articles, prepositions and conjunctions of both languages.
_OPEN_END = re.compile(
    r"(?:,|\b(?:a|al|ante|con|de|del|e|el|en|es|la|las|lo|los|ni|o|para|por|que|se|según|sin|sobre|su|sus|u|un|una|y"
    r"|an|and|as|at|by|for|from|in|is|its|of|on|or|the|their|to|was|were|with))$"
)
_OPEN_URL = re.compile(r"(?:https?://|www\.)\S*[/._=&?#%]$")
_TERMINAL = re.compile(r"[.!?:;…][\"'»”’)\]]*$")
_GAP = 1.17  # times the usual distance from line to line; what is set wider begins something new
_LONG = 40  # characters; a shorter line may be full by chance, in a list or a table


@dataclass(frozen=True)
class Line:
    """One line in any unit, y growing upwards; `base` is its baseline, `word` the width of its first word.

    `height` is the size of its type. `hyphen`: it ended in a hyphen, left out of `text`, which may be there
    only because the line ended. `fixed`: set in a typewriter face, `bold`: in a bold one. `level`: of a heading, 1
    the highest, 0 for none. `row`: of a table, which stays a line of its own. `glued`: the line before it in the
    file goes on in this one, after a wide gap.
    """

    text: str
    left: float
    right: float
    base: float
    height: float
    word: float
    hyphen: bool = False
    fixed: bool = False
    bold: bool = False
    level: int = 0
    row: bool = False
    glued: bool = False

    @property
    def width(self) -> float:
        """From its left to its right."""
        return self.right - self.left


def text_lines(text: str) -> list[Line]:
    """Turn plain text into lines with boxes of one unit per character; blank lines leave a gap."""
    lines = []
    for row, raw in enumerate(text.split("\n")):
        stripped = raw.strip()
        if not stripped:
            continue
        left = len(raw) - len(raw.lstrip())
        hyphen = stripped.endswith("-") and not stripped.endswith(("--", " -"))
        lines.append(
            Line(
                text=raw.rstrip()[:-1] if hyphen else raw.rstrip(),
                left=left,
                right=left + len(stripped),
                base=-row,
                height=1,
                word=len(stripped.split(maxsplit=1)[0]),
                hyphen=hyphen,
            )
        )
    return lines


def is_marked(text: str) -> bool:
    """Whether a line begins with a bullet, a number, a quotation mark of mail or a table's bar."""
    return bool(_MARKER.match(text.lstrip()))


def flow(lines: Sequence[Line], narrowest: int = 0, widest: float = inf) -> str:
    """Return the paragraphs of `lines`, a blank line between them.

    Lines of fewer than `narrowest` characters are never taken for running text (poems, addresses), nor is a
    block wider than `widest`: nobody broke its lines to make them fit.
    """
    return flow_places(lines, narrowest, widest)[0]


def flow_places(lines: Sequence[Line], narrowest: int = 0, widest: float = inf) -> tuple[str, list[int]]:
    """Return what flow() does, and where in it each line begins: -1 for one that goes on with the line before it."""
    all_fixed = all(line.fixed for line in lines)
    paragraphs = _Paragraphs(lines, narrowest)
    last: Line | None = None
    previous: _Block | None = None
    for block in _blocks(lines):
        wrapped = block.right - block.left <= widest and block.is_prose()
        for position, line in enumerate(block.lines):
            if last is None:
                paragraphs.start(line, gap=False)
            elif position == 0:
                paragraphs.add(last, line, _runs_on(last, line), gap=not _same_list(previous, block))
            else:
                listing = not all_fixed and (line.fixed or last.fixed)
                joined = (wrapped or last.hyphen) and not listing and paragraphs.continues(last, line, block)
                paragraphs.add(last, line, joined, gap=False)
            last = line
        previous = block
    return paragraphs.text(), paragraphs.places


def _words(lines: Sequence[Line]) -> set[str]:
    """Return the lower-case words that stand whole on the page."""
    found: set[str] = set()
    broken = False
    for line in lines:
        words = re.findall(r"[^\W\d_]+", line.text.lower())
        found.update(words[broken : len(words) - line.hyphen])
        broken = line.hyphen
    return found


class _Paragraphs:
    """The text so far, and what must be remembered of the paragraph that is open."""

    def __init__(self, lines: Sequence[Line], narrowest: int) -> None:
        self._words = _words(lines)
        self._rights = sorted(line.right for line in lines)
        self._narrowest = narrowest
        self.places: list[int] = []
        self._done: list[str] = []
        self._length = 0  # of what is done
        self._open = ""
        self._lines = 0
        self._item = False  # the open paragraph began with a bullet or a number
        self._hyphen = False

    def start(self, line: Line, gap: bool) -> None:
        if self._lines:
            self._done.append(self._closed() + ("\n\n" if gap else "\n"))
            self._length += len(self._done[-1])
        self.places.append(self._length)
        self._open, self._lines, self._hyphen = line.text, 1, line.hyphen
        self._item = bool(_MARKER.match(line.text.lstrip()))

    def add(self, last: Line, line: Line, joined: bool, gap: bool) -> None:
        text = line.text.lstrip()
        if not joined:
            indented = line.left > last.left + 0.6 * line.height and len(last.text) >= _LONG
            prose = self._lines > 1 and not self._item and not _MARKER.match(text)
            apart = last.row != line.row or last.level != line.level
            self.start(line, apart or (not line.row and (gap or indented or prose)))
            return
        self.places.append(-1)
        if self._hyphen:
            self._open = join_hyphen(self._open, text, self._words)
        elif _OPEN_URL.search(self._open):
            self._open += text
        else:
            self._open = f"{self._open.rstrip()} {text}"
        self._lines, self._hyphen = self._lines + 1, line.hyphen

    def continues(self, last: Line, line: Line, block: _Block) -> bool:
        """Whether `line` goes on with the sentence of `last`, its neighbour above in the same block."""
        text = line.text.lstrip()
        if last.row or line.row or last.level or line.level:
            return bool(last.level) and last.level == line.level and not _MARKER.match(text)
        if _MARKER_ALONE.match(last.text.strip()):
            return True
        if _MARKER.match(text) or last.text.lstrip().startswith("|") or _LEADERS.search(last.text):
            return False
        if last.hyphen and text[0].isalnum():
            return True
        if len(last.text) < self._narrowest or not block.is_full(last, line):
            return False
        lower = _starts_lower(text)
        indented = line.left > last.left + 0.6 * line.height
        if indented and not (lower or self._item or _centred(last, line)):
            return False
        certain = lower and " " in last.text.strip() and last.text.rstrip()[-1] not in ":?!"
        return certain or self._reads_on(last, block)

    def _reads_on(self, last: Line, block: _Block) -> bool:
        """Whether a capital or a number may follow: the longest line of a list is full too, and ends there."""
        if len(last.text.strip()) < _LONG:
            return False
        if _OPEN_END.search(last.text) or block.reaching(last.right - 0.5 * last.height) > 1:
            return True
        in_column = len(self._rights) - bisect_left(self._rights, last.right - last.height) > 2
        return not _TERMINAL.search(last.text) and (self._lines > 1 or in_column)

    def text(self) -> str:
        return "".join([*self._done, self._closed()])

    def _closed(self) -> str:
        text = self._open + "-" if self._hyphen else self._open
        return " ".join(text.split()) if self._lines > 1 else text  # no indent or wide space in running text


def _starts_lower(text: str) -> bool:
    return text.lstrip("«“\"'(¿¡[‘")[:1].islower()


def _runs_on(last: Line, line: Line) -> bool:
    """Whether a paragraph goes on at the top of the next column."""
    above = line.base > last.base + last.height and _same_size(last, line)
    if line.row or last.row or line.level or last.level:
        return False
    return above and len(last.text) > 20 and line.text[:1].islower() and not _TERMINAL.search(last.text)


def _same_list(above: _Block | None, below: _Block) -> bool:
    """Whether two lines apart are rows of a table or items of a list."""
    if above is None or len(above.lines) > 1 or len(below.lines) > 1:
        return False
    one, two = above.lines[0], below.lines[0]
    aligned = abs(one.left - two.left) < 0.5 * one.height and _same_size(one, two)
    return aligned and 0 < one.base - two.base < 3 * one.height


def _same_size(one: Line, two: Line) -> bool:
    return abs(one.height - two.height) <= 0.12 * max(one.height, two.height)


def _centred(one: Line, two: Line) -> bool:
    offset = abs(one.left + one.right - two.left - two.right) / 2
    return offset < 0.4 * one.height and abs(one.left - two.left) > 0.4 * one.height


class _Block:
    """Neighbouring lines of one size and distance, and how wide they run."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self._rights = sorted(line.right for line in lines)
        self.left = min(line.left for line in lines)
        self.right = self._rights[-2 if len(lines) > 3 else -1]  # one line may stick out of the margin
        self._width = max(line.width for line in lines)

    def reaching(self, right: float) -> int:
        """Return how many lines end at `right` or beyond."""
        return len(self.lines) - bisect_left(self._rights, right)

    def is_full(self, last: Line, line: Line) -> bool:
        """Whether the first word of `line` would not have fitted at the end of `last`."""
        room = self._width - last.width if _centred(last, line) else self.right - last.right
        return line.word + 0.2 * line.height > room

    def is_prose(self) -> bool:
        """Whether enough lines are full: of a table or a list only the longest are."""
        pairs = list(pairwise(self.lines))
        return len(pairs) < 4 or sum(self.is_full(*pair) for pair in pairs) >= 0.3 * len(pairs)


def _blocks(lines: Sequence[Line]) -> list[_Block]:
    """Cut where the distance, the size or the column changes."""
    leading = _leading(lines)
    blocks: list[list[Line]] = []
    for line in lines:
        if blocks and _is_near(blocks[-1][-1], line, leading):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return [_Block(block) for block in blocks]


def _leading(lines: Sequence[Line]) -> float:
    """Distance from line to line over line height: the lower quartile, so that gaps do not count."""
    ratios = sorted(
        (one.base - two.base) / one.height
        for one, two in pairwise(lines)
        if one.height > 0 and _same_size(one, two) and 0.5 < (one.base - two.base) / one.height < 3
    )
    return min(max(ratios[len(ratios) // 4], 0.9), 2.4) if ratios else 1.2


def _is_near(last: Line, line: Line, leading: float) -> bool:
    if _MARKER_ALONE.match(last.text.strip()) and abs(last.base - line.base) < line.height:
        return True
    distance = last.base - line.base
    if line.left >= last.right or last.left >= line.right or not _same_size(last, line):
        return False
    return 0.3 * line.height < distance <= _GAP * leading * line.height
