"""From a document's pages to its headings and sentences, what is repeated on most pages left out.

It knows nothing of questions, vectors or which of them are worth reading.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag import lexical
from rag.sentences import split_sentences

Page = tuple[int, str]  # (number, text)
Line = tuple[int, int, str]  # (start, end, text)

_BULLET = re.compile(r"^[\W_]*[•●○◆◇■□▪➔➜→►▶✓✔–—*·‣⁃-]\s*")
_WRAPPED = 45  # a line that ends a block of prose may be shorter, any other is not
_HEADING = 90  # characters
_HEADING_WORDS = 14
_REPEATED = 0.4  # share of the pages on which a line stands that is a header or footer
_REPEATED_PAGES = 3
_SHORTEST = 20  # characters of a sentence that says something
_SHORTEST_WORDS = 4
_ADDRESS = re.compile(r"[@#]\w|\w@|https?:|www\.|\w\.(?:com|org|net|es|io)\b")
_LONGEST = 600  # characters: more is a table or a text without full stops


@dataclass(frozen=True)
class Piece:
    """A heading or a sentence: page number, characters of the page, and the text there."""

    page: int
    start: int
    end: int
    text: str
    heading: bool = False


def pieces(pages: Sequence[Page], language: str) -> list[Piece]:
    """Return what stands on the pages, in order; `language` is the documents' (ISO 639-1), for cutting sentences."""
    repeated = _repeated(pages)
    found: list[Piece] = []
    for at, (number, text) in enumerate(pages):
        blocks = list(_blocks(text, repeated))
        for position, block in enumerate(blocks):
            first = position == 0
            if _is_heading(block, first) or (first and at == 0 and _is_title(block)):
                whole = text[block[0][0] : block[-1][1]]
                found.append(Piece(number, block[0][0], block[-1][1], whole, heading=True))
            else:
                found += _sentences(number, text, block, language, first)
    return found


def _blocks(text: str, repeated: set[str]) -> Iterator[list[Line]]:
    """Yield the lines between blank ones, without those that are repeated or mere addresses."""
    block: list[Line] = []
    position = 0
    for whole in text.splitlines(keepends=True):
        line = whole.strip()
        if not line and block:
            yield block
            block = []
        elif line and _key(line) not in repeated and not _is_address(line):
            start = position + whole.index(line)
            block.append((start, start + len(line), line))
        position += len(whole)
    if block:
        yield block


def _is_address(line: str) -> bool:
    """Tell whether a line is mostly web addresses and account names."""
    words = line.split()
    return 2 * sum(bool(_ADDRESS.search(word)) for word in words) >= len(words)


def _key(line: str) -> str:
    """Return what makes two lines the same header: words without numbers."""
    return re.sub(r"[\d\W_]+", " ", lexical.fold(line)).strip()


def _repeated(pages: Sequence[Page]) -> set[str]:
    """Return the lines that stand at the edge of most pages; a bare page number is the empty text."""
    counts: Counter[str] = Counter()
    for _, text in pages:
        lines = [line for line in text.splitlines() if line.strip()]
        counts.update({_key(line) for line in [*lines[:2], *lines[-2:]] if len(line) <= _HEADING})
    needed = max(_REPEATED_PAGES, _REPEATED * len(pages))
    return {line for line, count in counts.items() if count >= needed} | {""}


def _is_heading(block: Sequence[Line], first: bool) -> bool:
    """Tell whether a block is one short line with no full stop that begins as a title does."""
    if len(block) != 1:
        return False
    line = block[0][2]
    words = line.split()
    short = len(line) <= _HEADING and len(words) <= _HEADING_WORDS
    begins = line[0].isupper() or line[0].isdigit() or line[0] in "¿¡#" or first
    return short and begins and not _BULLET.match(line) and line[-1] not in ".,;" and any(map(str.isalpha, line))


def _is_title(block: Sequence[Line]) -> bool:
    return sum(len(line) for _, _, line in block) <= _HEADING and all(line[-1] not in ".,;" for _, _, line in block)


def _sentences(number: int, text: str, block: Sequence[Line], language: str, first: bool) -> Iterator[Piece]:
    """Yield the sentences of a block: across its lines where it is prose, line by line where it is a list."""
    lines = list(block)
    if first and len(lines) > 1 and _is_heading(lines[:1], first) and not _is_prose(lines):
        start, end, line = lines.pop(0)  # a slide's title, with its points right below
        yield Piece(number, start, end, line, heading=True)
    spans = [(lines[0][0], lines[-1][1])] if _is_prose(lines) else [(start, end) for start, end, _ in lines]
    for start, end in spans:
        for sentence in split_sentences(text[start:end], language):
            if _says_something(sentence.text):
                yield Piece(number, start + sentence.start, start + sentence.end, sentence.text)


def _is_prose(lines: Sequence[Line]) -> bool:
    return all(len(line) >= _WRAPPED and not _BULLET.match(line) for _, _, line in lines[:-1])


def _says_something(text: str) -> bool:
    words = [word for word in text.split() if any(map(str.isalpha, word))]
    return _SHORTEST <= len(text) <= _LONGEST and len(words) >= _SHORTEST_WORDS


def distinct(headings: Iterable[Piece]) -> list[Piece]:
    """Return the headings without those that repeat an earlier one: slides that build up, "II", "(continued)"."""
    found: dict[str, Piece] = {}
    for heading in headings:
        key = re.sub(r"\s+(i{1,3}|iv|v|cont\w*)$", "", _key(heading.text))
        found.setdefault(key, heading)
    return list(found.values())
