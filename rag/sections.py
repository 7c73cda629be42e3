"""What a file without pages comes to: blocks with their headings, joined into sections, slides or sheets.

Knows no format: the readers (rag/parse_*.py) make blocks or sections of theirs. Runs in the parsing process only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.cleaning import clean_characters
from rag.pages import Heading, PageText, Refused, Unit

SECTION = 3000  # characters of a section where the author made none
_LONGEST_SECTION = 2 * SECTION  # an author's own section is cut beyond this
_SPLITS = 3  # a heading of this level or above begins a section
LEVELS = 6  # of headings, as in HTML
NOTES = "Notas / Notes:"  # a speaker's, said in both languages: a slide does not tell which one it is in


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading of `level` 1 to LEVELS (0: none), a list or a table, as clean text."""

    text: str
    level: int = 0


@dataclass(frozen=True)
class Section:
    """The text of a section, and where in it headings begin. `pictured`: it shows pictures, which are not read."""

    text: str
    headings: tuple[Heading, ...] = ()
    pictured: bool = False


class Sections:
    """A document of sections, slides or sheets; `render` makes the text of each when it is asked for.

    `note`: "chars" when the file goes on beyond the last one, which was over a limit of its reader.
    """

    repaired = False
    encrypted = False

    def __init__(
        self,
        sections: Sequence[Section],
        title: str = "",
        render: Callable[[str], str] = str,
        unit: Unit = "section",
        note: str = "",
    ) -> None:
        if not sections:
            raise Refused("empty")
        self._sections = sections
        self._render = render
        self.title = " ".join(clean_characters(title).split())[:300]
        self.total = len(sections)
        self.unit = unit
        self.note = note

    def pages(self, first: int, last: int) -> Iterator[PageText]:
        """Yield sections `first` to `last`, from 1."""
        for number in range(first, last + 1):
            section = self._sections[number - 1]
            text = self._render(section.text)
            text = text.rstrip("\n") if section.headings else text.strip("\n")
            if text.strip():
                yield PageText(number, text, "text", headings=section.headings)
            else:
                yield PageText(number, "", "empty", "image" if section.pictured else "")


def first_heading(blocks: Sequence[Block]) -> str:
    """Return the first heading, or ""."""
    return next((block.text for block in blocks if block.level), "")


def section(blocks: Sequence[Block], border: str = "\n\n") -> Section:
    """Join blocks into one section, a heading on one line."""
    texts: list[str] = []
    headings: list[Heading] = []
    at = 0
    for block in blocks:
        text = " ".join(block.text.split()) if block.level else block.text.strip("\n")
        if not text:
            continue
        if block.level:
            headings.append((at, min(block.level, LEVELS)))
        texts.append(text)
        at += len(text) + len(border)
    return Section(border.join(texts), tuple(headings))


def join_blocks(blocks: Sequence[Block]) -> list[Section]:
    """Join blocks into sections, a new one at each upper heading that follows some text, and where one grows long."""
    groups: list[list[Block]] = [[]]
    body, size = False, 0
    for block in _short(blocks):
        splits = 0 < block.level <= _SPLITS
        if body and (splits or size + len(block.text) > _LONGEST_SECTION):
            groups.append(_taken_back(groups[-1]))
            body, size = False, sum(len(other.text) for other in groups[-1])
        groups[-1].append(block)
        body = body or not block.level
        size += len(block.text)
    return [made for group in groups if (made := section(group)).text]


def _taken_back(group: list[Block]) -> list[Block]:
    """Take the headings at the end of a group out of it: they stand over what comes."""
    end = len(group)
    while end and group[end - 1].level:
        end -= 1
    back = group[end:]
    del group[end:]
    return back


def _short(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks, the ones that are too long for a section in pieces."""
    for block in blocks:
        if block.level or len(block.text) <= _LONGEST_SECTION:
            yield block
        else:
            yield from (Block(piece) for piece in cut(block.text))


def cut(text: str, size: int = SECTION) -> list[str]:
    """Cut `text` into pieces of `size` to twice `size` characters: between paragraphs, lines or words."""
    pieces = []
    start = 0
    while len(text) - start > 2 * size:
        end = start + 2 * size
        for border in ("\n\n", "\n", ". ", " "):
            if (found := text.find(border, start + size, end)) >= 0:
                end = found + len(border)
                break
        pieces.append(text[start:end])
        start = end
    pieces.append(text[start:])
    return [piece for piece in pieces if piece.strip()]
