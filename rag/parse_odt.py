"""ODT, ODP and ODS to sections, slides and sheets, by what OpenDocument 1.3 calls its parts.

A reader of our own over two parts of the ZIP: the libraries for it are no longer kept up. defusedxml reads the XML, and
refuses entities. Runs in the parsing process only.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException, ElementTree

from rag.archive import check_office, opened
from rag.cleaning import clean_characters
from rag.pages import Refused
from rag.rows import lines
from rag.sections import LEVELS, NOTES, Block, Sections, first_heading, join_blocks, section
from rag.sheets import Budget, sheet_sections

Element = Any  # of xml.etree, which defusedxml gives back

_NAMES = {
    prefix: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
} | {"presentation": "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0", "dc": "http://purl.org/dc/elements/1.1/"}


def _tag(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_NAMES[prefix]}}}{local}"


_HEADING, _PARAGRAPH, _LIST, _NOTE = _tag("text:h"), _tag("text:p"), _tag("text:list"), _tag("text:note")
_TABLE, _ROW = _tag("table:table"), _tag("table:table-row")
_CELLS = {_tag("table:table-cell"), _tag("table:covered-table-cell")}
_CLASS = _tag("presentation:class")
_SKIPPED = {
    *map(_tag, ("office:annotation", "office:forms", "text:tracked-changes", "text:sequence-decls")),
    *map(_tag, ("text:table-of-content", "text:alphabetical-index", "text:illustration-index", "text:table-index")),
    *map(_tag, ("presentation:notes", "table:shapes", "text:ruby-text")),
}
_MARKS = {_tag("text:tab"): "\t", _tag("text:line-break"): "\n"}
_SPACES = _tag("text:s")
_REPEATED = {"footer", "header", "date-time", "page-number"}  # what every slide says
_MOST_REPEATS = 1000
_MOST_COLUMNS = 256


def odf_document(path: Path, kind: str, memory: int) -> Sections:
    """Open an OpenDocument file with the suffix `kind`. Raises Refused: a bomb, protected, or none at all."""
    _check_open(path)
    check_office(path, memory, "content.xml")
    try:
        with zipfile.ZipFile(path) as archive:
            content = ElementTree.fromstring(archive.read("content.xml"))
            meta = archive.read("meta.xml") if "meta.xml" in archive.namelist() else b""
        title = _title(meta)
    except (DefusedXmlException, ElementTree.ParseError) as error:
        raise Refused("damaged") from error
    if kind == ".ods":
        return _workbook(content, title)
    return _deck(content, title) if kind == ".odp" else _text_document(content, title)


def _check_open(path: Path) -> None:
    """Raise Refused("protected") where a password is needed."""
    if not zipfile.is_zipfile(path):
        return
    with opened(path) as archive:
        names = set(archive.namelist())
        if "encrypted-package" in names:
            raise Refused("protected")
        if "META-INF/manifest.xml" in names:
            with archive.open("META-INF/manifest.xml") as manifest:
                if b"encryption-data" in manifest.read(2**20):
                    raise Refused("protected")


def _title(meta: bytes) -> str:
    found = ElementTree.fromstring(meta).find(f".//{_tag('dc:title')}") if meta else None
    return "" if found is None else str(found.text or "")


# -- ODT -----------------------------------------------------------------------------------------------------------


def _text_document(content: Element, title: str) -> Sections:
    blocks = [block for body in content.iter(_tag("office:text")) for block in _blocks(body)]
    return Sections(join_blocks(blocks), title or first_heading(blocks))


def _blocks(root: Element) -> Iterator[Block]:
    """Yield headings, paragraphs each followed by its notes, lists (one item a line) and tables, in their order."""
    items: list[str] = []
    for element, depth in _parts(root):
        text = _table(element) if element.tag == _TABLE else _text(element)
        if depth and element.tag == _PARAGRAPH:
            items += [f"{'  ' * min(depth - 1, 8)}- {text}"] if text else []
            continue
        if items:
            yield Block("\n".join(items))
            items = []
        yield Block(text, _level(element))
        for note in element.iter(_NOTE):
            yield Block(_note(note))
    if items:
        yield Block("\n".join(items))


def _parts(root: Element) -> Iterator[tuple[Element, int]]:
    """Yield headings, paragraphs and tables with the number of lists that they stand in."""
    stack = [(root, 0)]
    while stack:
        element, depth = stack.pop()
        if element.tag in {_HEADING, _PARAGRAPH, _TABLE}:
            yield element, depth
        elif element.tag not in _SKIPPED:
            deeper = depth + (element.tag == _LIST)
            stack.extend((child, deeper) for child in reversed(element))


def _level(element: Element) -> int:
    if element.tag != _HEADING:
        return 0
    level = str(element.get(_tag("text:outline-level"), "1"))
    return min(int(level), LEVELS) if level.isdigit() else 1


def _note(note: Element) -> str:
    citation, body = note.find(_tag("text:note-citation")), note.find(_tag("text:note-body"))
    return f"{_text(citation)} {_text(body)}".strip() if citation is not None and body is not None else ""


def _text(root: Element) -> str:
    """Return the text under `root`; a paragraph inside of another (a text box) starts a line."""
    pieces: list[str] = [root.text or ""]
    stack: list[Element | str] = _inside(root)
    while stack:
        element = stack.pop()
        if isinstance(element, str):
            pieces.append(element)
        elif element.tag in _MARKS:
            pieces.append(_MARKS[element.tag])
        elif element.tag == _SPACES:
            pieces.append(" ")
        elif element.tag not in _SKIPPED and element.tag != _NOTE:
            pieces += ["\n" if element.tag in {_PARAGRAPH, _HEADING} else "", element.text or ""]
            stack += _inside(element)
    shown = (" ".join(line.split()) for line in clean_characters("".join(pieces)).split("\n"))
    return "\n".join(line for line in shown if line)


def _inside(element: Element) -> list[Element | str]:
    """Return the children and the texts behind them, the last one first."""
    return [part for child in reversed(element) for part in (child.tail or "", child)]


def _table(table: Element) -> str:
    """Return a line for each row, its cells parted by " | "; a table in a cell is text of that cell."""
    rows = []
    for row in _rows_of(table):
        cells = [" ".join(_text(cell).split()) for cell in row if cell.tag in _CELLS]
        if any(cells):
            rows.append(" | ".join(cells))
    return "\n".join(rows)


def _rows_of(table: Element) -> Iterator[Element]:
    """Yield the table's own rows, also from its header and its groups."""
    stack = list(reversed(table))
    while stack:
        element = stack.pop()
        if element.tag == _ROW:
            yield element
        elif element.tag != _TABLE and element.tag not in _SKIPPED:
            stack.extend(reversed(element))


# -- ODP -----------------------------------------------------------------------------------------------------------


def _deck(content: Element, title: str) -> Sections:
    slides = [
        replace(section(list(_slide(page))), pictured=page.find(f".//{_tag('draw:image')}") is not None)
        for page in content.iter(_tag("draw:page"))
    ]
    if not any(slide.text for slide in slides):
        raise Refused("image" if any(slide.pictured for slide in slides) else "empty")
    named = next((slide.text.split("\n", 1)[0] for slide in slides if slide.headings), "")
    return Sections(slides, title or named, unit="slide")


def _slide(page: Element) -> Iterator[Block]:
    """Yield the title, then the rest, then the notes."""
    frames = [frame for frame in page if frame.get(_CLASS) not in _REPEATED and frame.tag not in _SKIPPED]
    for frame in sorted(frames, key=lambda frame: frame.get(_CLASS) != "title"):
        if frame.get(_CLASS) == "title":
            yield Block(_text(frame), 1)
        else:
            yield from _blocks(frame)
    for notes in page.iter(_tag("presentation:notes")):
        said = [block.text for frame in notes if frame.get(_CLASS) == "notes" for block in _blocks(frame)]
        if any(said):
            yield Block("\n".join([NOTES, *said]))


# -- ODS -----------------------------------------------------------------------------------------------------------


def _workbook(content: Element, title: str) -> Sections:
    budget = Budget()
    tables = [table for book in content.iter(_tag("office:spreadsheet")) for table in book if table.tag == _TABLE]
    sheets = [(str(table.get(_tag("table:name"), "")), list(lines(_rows(table, budget)))) for table in tables]
    return sheet_sections(sheets, title, budget)


def _rows(table: Element, budget: Budget) -> Iterator[list[str]]:
    number = 0
    for row in _rows_of(table):
        cells = _cells(row)
        for _ in range(_times(row, "table:number-rows-repeated", _MOST_REPEATS)):
            number += 1
            if not budget.take(number, cells):
                return
            yield cells


def _cells(row: Element) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag in _CELLS:
            cells += [_text(cell)] * _times(cell, "table:number-columns-repeated", _MOST_COLUMNS)
        if len(cells) >= _MOST_COLUMNS:
            break
    while cells and not cells[-1]:
        cells.pop()
    return cells[:_MOST_COLUMNS]


def _times(element: Element, name: str, most: int) -> int:
    """Return how often the file says that an element is there: up to the edge of the sheet, if one believes it."""
    text = str(element.get(_tag(name), "1"))
    return min(int(text), most) if text.isdigit() and len(text) < 9 else 1
