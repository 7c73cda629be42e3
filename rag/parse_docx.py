"""DOCX to sections: paragraphs and tables in their order, cut at the headings.

Walks the XML itself: python-docx's own texts leave out content controls, tracked insertions and text boxes.
Runs in the parsing process only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
from docx.document import Document as DocxDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from rag.archive import check_office
from rag.cleaning import clean_characters
from rag.sections import LEVELS, Block, Sections, first_heading, join_blocks

_HEADING = re.compile(r"(?:heading|título|titulo|encabezado) ?([1-9])|(?:title|título)$", re.IGNORECASE)

_P, _TBL, _TR, _TC, _T = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc", "t"))
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # a text box, once more
_SKIPPED = {qn("w:del"), qn("w:moveFrom"), qn("w:instrText"), _FALLBACK}
_MARKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}


def docx_sections(path: Path, memory: int) -> Sections:
    """Cut a DOCX at its upper headings. Raises Refused: a bomb, protected, of before 2007, or none at all."""
    check_office(path, memory, "word/document.xml")
    document = docx.Document(str(path))
    blocks = [*_blocks(document.element.body, _styles(document)), *_notes(document)]
    title = document.core_properties.title
    return Sections(join_blocks(blocks), title or first_heading(blocks))


@dataclass(frozen=True)
class _Style:
    level: int = 9  # of a heading; 9 is none
    is_item: bool = False


def _styles(document: DocxDocument) -> dict[str, _Style]:
    """Return what each paragraph style says; one that says nothing takes it from the style it is based on."""
    styles: dict[str, _Style] = {}
    for style in document.styles.element.findall(qn("w:style")):
        identifier, name = style.get(qn("w:styleId"), ""), _value(style, "w:name")
        own = _own_style(style.find(qn("w:pPr")))
        if match := _HEADING.fullmatch(name):
            own = _Style(level=int(match[1] or 1))
        styles[identifier] = own if own != _Style() else styles.get(_value(style, "w:basedOn"), own)
    return styles


def _own_style(properties: BaseOxmlElement | None) -> _Style:
    if properties is None:
        return _Style()
    outline = _value(properties, "w:outlineLvl")
    return _Style(int(outline) + 1 if outline.isdigit() else 9, properties.find(qn("w:numPr")) is not None)


def _value(element: BaseOxmlElement, tag: str) -> str:
    child = element.find(qn(tag))
    return "" if child is None else str(child.get(qn("w:val"), ""))


def _blocks(body: BaseOxmlElement, styles: dict[str, _Style]) -> Iterator[Block]:
    items: list[str] = []
    for element in _paragraphs_and_tables(body):
        text = _table(element) if element.tag == _TBL else _text(element)
        properties = element.find(qn("w:pPr"))
        own = _own_style(properties)
        named = styles.get(_value(properties, "w:pStyle"), own) if properties is not None else own
        level = min(own.level, named.level)
        if text and level > LEVELS and (own.is_item or named.is_item):
            items.append(f"- {text}")
        elif text:
            if items:
                yield Block("\n".join(items))
                items = []
            yield Block(text, level if level <= LEVELS and element.tag == _P else 0)
    if items:
        yield Block("\n".join(items))


def _paragraphs_and_tables(body: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
    """Yield them in document order, also from inside of content controls and tracked changes."""
    stack = list(reversed(body))
    while stack:
        element = stack.pop()
        if element.tag in {_P, _TBL}:
            yield element
        elif isinstance(element.tag, str) and element.tag not in _SKIPPED:
            stack.extend(reversed(element))


def _text(root: BaseOxmlElement) -> str:
    """Return the text under `root`; a paragraph inside of another (a text box) starts a line."""
    pieces: list[str] = []
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        if element.tag == _T:
            pieces.append(element.text or "")
        elif element.tag in _MARKS:
            pieces.append(_MARKS[element.tag])
        elif isinstance(element.tag, str) and element.tag not in _SKIPPED:
            if element.tag == _P:
                pieces.append("\n")
            stack.extend(reversed(element))
    lines = (" ".join(line.split()) for line in clean_characters("".join(pieces)).split("\n"))
    return "\n".join(line for line in lines if line)


def _table(table: BaseOxmlElement) -> str:
    """Return a line for each row, its cells parted by " | "; a table in a cell is text of that cell."""
    rows = []
    for row in _children(table, _TR):
        cells = [" ".join(_text(cell).split()) for cell in _children(row, _TC)]
        if any(cells):
            rows.append(" | ".join(cells))
    return "\n".join(rows)


def _children(root: BaseOxmlElement, tag: str) -> Iterator[BaseOxmlElement]:
    """Yield the nearest descendants with `tag`: a content control may stand between."""
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        if element.tag == tag:
            yield element
        elif isinstance(element.tag, str) and element.tag not in _SKIPPED:
            stack.extend(reversed(element))


def _notes(document: DocxDocument) -> Iterator[Block]:
    kinds = {RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES}
    for relation in document.part.rels.values():
        if relation.is_external or relation.reltype not in kinds:
            continue
        for note in parse_xml(relation.target_part.blob):
            if text := _text(note):
                yield Block(text)
