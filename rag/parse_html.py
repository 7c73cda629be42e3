"""HTML to sections: what a reader of the page would read, cut at its headings. Nothing is fetched.

Runs in the parsing process only.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from rag.cleaning import clean_characters
from rag.parse_text import Block, Sections, decode, first_heading, join_blocks


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DROPPED = _names(
    "script style template noscript nav head svg iframe object embed canvas audio video button select input "
    "textarea dialog"
)
_HEADINGS = _names("h1 h2 h3")
_BLOCKS = _names(
    "address article aside blockquote center dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody tfoot thead tr ul"
)
_ITEMS = _names("li dd dt")
_LISTS = _names("ul ol dl table")
_CELLS = _names("td th")
_CELL_END = "\x1f"
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def html_sections(data: bytes) -> Sections:
    """Cut an HTML page into sections at h1, h2 and h3. Its title is its own, else the first heading."""
    soup = BeautifulSoup(_text(data), "lxml")  # which python-docx needs, so it is always here
    blocks = _Walk().blocks(soup)
    title = soup.title.get_text(" ").strip() if soup.title else ""
    return Sections(join_blocks(blocks), title or first_heading(blocks))


def _text(data: bytes) -> str:
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


class _Walk:
    """Walks the tree without recursion: pages nest as deep as they like."""

    def __init__(self) -> None:
        self._done: list[Block] = []
        self._open: list[str] = []
        self._inside = {"item": 0, "cell": 0, "pre": 0}

    def blocks(self, root: Tag) -> list[Block]:
        """Return headings, paragraphs, lists (one item a line) and tables (one row a line) in their order."""
        stack: list[tuple[PageElement, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if not isinstance(node, Tag):
                self._text(node)
            elif leaving:
                self._leave(node)
            elif not _is_dropped(node):
                self._enter(node)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.contents))
        self._border()
        return self._done

    def _text(self, node: PageElement) -> None:
        if not isinstance(node, NavigableString) or isinstance(node, PreformattedString):
            return
        text = clean_characters(str(node))
        if self._inside["pre"]:
            self._open.append(text)
        elif text.strip() or (self._open and not self._open[-1].endswith((" ", "\n"))):
            self._open.append(_SPACE.sub(" ", text))

    def _enter(self, tag: Tag) -> None:
        if tag.name == "br":
            self._open.append(" " if self._inside["cell"] else "\n")
        elif tag.name in _BLOCKS:
            self._border()
        if tag.name == "li":
            self._open.append("\n- ")
        self._count(tag, 1)

    def _leave(self, tag: Tag) -> None:
        self._count(tag, -1)
        if tag.name in _CELLS:
            self._open.append(_CELL_END)
        elif tag.name == "tr":
            self._open.append("\n")
        elif tag.name in _BLOCKS:
            self._border(heading=tag.name in _HEADINGS)

    def _count(self, tag: Tag, step: int) -> None:
        self._inside["item"] += step * (tag.name in _ITEMS or tag.name in _LISTS)
        self._inside["cell"] += step * (tag.name in _CELLS)
        self._inside["pre"] += step * (tag.name == "pre")

    def _border(self, heading: bool = False) -> None:
        """End a paragraph, which inside of a list is only a line, and inside of a table nothing at all."""
        if self._inside["cell"]:
            self._open.append(" ")
        elif self._inside["item"] and not heading:
            if not (self._open and self._open[-1].endswith("\n- ")):
                self._open.append("\n")
        else:
            text = _tidy("".join(self._open))
            self._open = []
            if text:
                self._done.append(Block(text, heading))


def _is_dropped(tag: Tag) -> bool:
    if tag.name in _DROPPED or tag.has_attr("hidden") or tag.get("aria-hidden") == "true":
        return True
    return bool(_HIDDEN.search(str(tag.get("style", ""))))


def _tidy(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        cells = [_SPACE.sub(" ", cell).strip() for cell in line.rstrip(_CELL_END).split(_CELL_END)]
        shown = " | ".join(cells) if len(cells) > 1 else line.rstrip(_CELL_END).rstrip()
        if shown.strip() not in {"", "-"}:
            lines.append(shown)
    return "\n".join(lines).strip()
