"""HTML to sections: what a reader of the page would read, cut at its headings. Nothing is fetched.

What stands around the text on a web page (menus, banners, footers, notices about cookies) is left out; see _root.

Runs in the parsing process only.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from rag.cleaning import clean_characters
from rag.parse_text import decode
from rag.sections import Block, Sections, first_heading, join_blocks


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DROPPED = _names(
    "script style template noscript nav head svg iframe object embed canvas audio video button select input "
    "textarea dialog"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
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
_MAIN = 0.4  # of a page's characters: with less it is a teaser, and the text is elsewhere
_AROUND = _names("nav aside menu")
_AROUND_ROLES = _names("navigation banner contentinfo complementary search menu menubar dialog alertdialog")
_NOTICE = re.compile(r"cookie|gdpr|breadcrumb|skip-?(?:link|to|nav)|social-|share-", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def html_sections(data: bytes) -> Sections:
    """Cut an HTML page into sections at its upper headings. Its title is its own, else the first heading."""
    soup = parsed(data)
    found = blocks(_root(soup), around=False) or blocks(soup)
    title = soup.title.get_text(" ").strip() if soup.title else ""
    return Sections(join_blocks(found), title or first_heading(found))


def parsed(data: bytes) -> BeautifulSoup:
    """Return the tree of a page; entities of its own are not expanded."""
    return BeautifulSoup(_text(data), "lxml")  # which python-docx needs, so it is always here


def blocks(root: Tag, around: bool = True) -> list[Block]:
    """Return what `root` says, in its order; without `around`, menus, banners and the like are left out."""
    return _Walk(around).blocks(root)


def _root(soup: BeautifulSoup) -> Tag:
    """Return the part that the page itself calls the main one, if much of the text is there."""
    whole = len(soup.get_text())
    for selector in ("main", "[role=main]", "article"):
        tag = soup.select_one(selector)
        if tag is not None and len(tag.get_text()) > _MAIN * whole:
            return tag
    return soup


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

    def __init__(self, around: bool) -> None:
        self._around = around
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
            elif not (_is_dropped(node) or (not self._around and self._is_around(node))):
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
            self._border(_HEADINGS.get(tag.name, 0))

    def _count(self, tag: Tag, step: int) -> None:
        self._inside["item"] += step * (tag.name in _ITEMS or tag.name in _LISTS)
        self._inside["cell"] += step * (tag.name in _CELLS)
        self._inside["pre"] += step * (tag.name == "pre")

    def _border(self, level: int = 0) -> None:
        """End a paragraph, which inside of a list is only a line, and inside of a table nothing at all."""
        if self._inside["cell"]:
            self._open.append(" ")
        elif self._inside["item"] and not level:
            if not (self._open and self._open[-1].endswith("\n- ")):
                self._open.append("\n")
        else:
            text = _tidy("".join(self._open))
            self._open = []
            if text:
                self._done.append(Block(text, level))

    def _is_around(self, tag: Tag) -> bool:
        """Whether it stands around the text. A header or footer inside of an article is part of it."""
        if tag.name in _AROUND or str(tag.get("role", "")) in _AROUND_ROLES:
            return True
        if tag.name in {"header", "footer"}:
            inside = tag.find_parent(["article", "main", "section", "blockquote"])
            return inside is None and tag.find(["h1", "h2"]) is None
        named = f"{tag.get('id', '')} {' '.join(tag.get('class') or [])}"
        return tag.name in {"div", "ul", "ol", "p"} and bool(_NOTICE.search(named))


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
