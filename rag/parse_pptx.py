"""PPTX to slides: title, bullets, tables, charts and what the speaker noted, in the order of the file.

Walks the XML of each slide itself: python-pptx leaves out what stands in alternative content. Runs in the parsing
process only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pptx
from pptx.chart.chart import Chart
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.slide import Slide

from rag.archive import check_office
from rag.cleaning import clean_characters
from rag.pages import Refused
from rag.sections import NOTES, Block, Section, Sections, section

_MOST_POINTS = 500  # of a chart, written out
_SHAPE, _FRAME, _GROUP = qn("p:sp"), qn("p:graphicFrame"), qn("p:grpSp")
_PARAGRAPH, _BREAK, _TEXT = qn("a:p"), qn("a:br"), qn("a:t")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_REPEATED = {"dt", "ftr", "sldNum", "hdr", "sldImg"}  # what every slide says: date, footer, number
_TITLES = {"title", "ctrTitle"}
_TEXT_BOX = "text box"

Element = Any  # lxml's, of which python-pptx's are


def pptx_slides(path: Path, memory: int) -> Sections:
    """Read every slide, the hidden ones too. Raises Refused: a bomb, protected, of before 2007, or none at all."""
    check_office(path, memory, "ppt/presentation.xml")
    try:
        deck = pptx.Presentation(str(path))
        slides = list(deck.slides)
    except (KeyError, ValueError, AttributeError, SyntaxError) as error:
        raise Refused("damaged") from error
    made = [replace(section(list(_blocks(slide))), pictured=_has_pictures(slide)) for slide in slides]
    if not any(one.text for one in made):
        raise Refused("image" if any(one.pictured for one in made) else "empty")
    return Sections(made, deck.core_properties.title or _first_title(made), unit="slide")


def _has_pictures(slide: Slide) -> bool:
    return slide.element.find(f".//{qn('p:pic')}") is not None


def _first_title(slides: list[Section]) -> str:
    return next((slide.text.split("\n", 1)[0] for slide in slides if slide.headings), "")


def _blocks(slide: Slide) -> Iterator[Block]:
    """Yield the title, then the rest, then the notes."""
    shapes = [(kind, shape) for shape in _shapes(slide.element) if (kind := _kind(shape)) not in _REPEATED]
    for kind, shape in sorted(shapes, key=lambda pair: pair[0] not in _TITLES):
        yield from _said(slide, kind, shape)
    if notes := _notes(slide):
        yield Block(f"{NOTES}\n{notes}")


def _said(slide: Slide, kind: str, shape: Element) -> Iterator[Block]:
    if shape.tag == _FRAME:
        text = _table(shape) or _chart(slide, shape) or _diagram(slide, shape)
        yield Block(text)
    elif kind in _TITLES:
        yield Block(" ".join(_paragraphs(shape, bullets=False).split()), 1)
    else:
        yield Block(_paragraphs(shape, bullets=kind not in {"subTitle", _TEXT_BOX}))


def _shapes(root: Element) -> Iterator[Element]:
    """Yield shapes and frames in document order, from inside of groups and alternative content too."""
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        if element.tag in {_SHAPE, _FRAME}:
            yield element
        elif isinstance(element.tag, str) and element.tag != _FALLBACK:
            stack.extend(reversed(element))


def _kind(shape: Element) -> str:
    """Return what the shape is a placeholder for ("obj" where it does not say), or that it is a text box."""
    holder = shape.find(f"*/{qn('p:nvPr')}/{qn('p:ph')}")
    return _TEXT_BOX if holder is None else str(holder.get("type", "obj"))


def _paragraphs(shape: Element, bullets: bool) -> str:
    """Return a line for each paragraph, and a dash before it in a list, deeper ones indented."""
    lines = []
    for paragraph in shape.iter(_PARAGRAPH):
        text = _line(paragraph)
        properties = paragraph.find(qn("a:pPr"))
        level = str(properties.get("lvl", "0")) if properties is not None else "0"
        depth = int(level) if level.isdigit() else 0
        if text:
            lines.append(f"{'  ' * min(depth, 8)}- {text}" if _is_item(properties, bullets, depth) else text)
    return lines[0].removeprefix("- ") if len(lines) == 1 else "\n".join(lines)


def _is_item(properties: Element | None, bullets: bool, depth: int) -> bool:
    if properties is not None and properties.find(qn("a:buNone")) is not None:
        return False
    marked = properties is not None and any(
        properties.find(qn(name)) is not None for name in ("a:buChar", "a:buAutoNum", "a:buBlip")
    )
    return bullets or marked or depth > 0


def _line(paragraph: Element) -> str:
    pieces = []
    for element in paragraph.iter(_TEXT, _BREAK):
        pieces.append("\n" if element.tag == _BREAK else element.text or "")
    return " ".join(clean_characters("".join(pieces)).split())


def _table(frame: Element) -> str:
    """Return a line for each row, its cells parted by " | "."""
    rows = []
    for row in frame.iter(qn("a:tr")):
        cells = [" ".join(filter(None, map(_line, cell.iter(_PARAGRAPH)))) for cell in row.iter(qn("a:tc"))]
        if any(cells):
            rows.append(" | ".join(cells))
    return "\n".join(rows)


def _chart(slide: Slide, frame: Element) -> str:
    """Return the title of a chart and a row for each category with its values."""
    found = next(frame.iter(_CHART), None)
    if found is None:
        return ""
    with suppress(KeyError, ValueError, AttributeError, TypeError, IndexError):
        return "\n".join(_points(slide.part.related_part(found.get(f"{_RELATION}id")).chart))  # type: ignore[attr-defined]
    return ""


def _points(chart: Chart) -> Iterator[str]:
    if chart.has_title and chart.chart_title.has_text_frame:
        yield clean_characters(chart.chart_title.text_frame.text)
    for plot in chart.plots:
        names = [clean_characters(str(name)) for name in plot.categories]
        for series in plot.series:
            values = [(name, value) for name, value in zip(names, series.values, strict=False) if value is not None]
            said = " | ".join(f"{name}: {value:.15g}" for name, value in values[:_MOST_POINTS])
            yield f"{clean_characters(series.name)} | {said}"


def _diagram(slide: Slide, frame: Element) -> str:
    """Return the texts of a SmartArt, a line each."""
    found = next(frame.iter(_DIAGRAM), None)
    if found is None:
        return ""
    with suppress(KeyError, ValueError, SyntaxError):
        data = parse_xml(slide.part.related_part(found.get(f"{_RELATION}dm")).blob)
        lines = filter(None, map(_line, data.iter(_PARAGRAPH)))
        return "\n".join(f"- {line}" for line in lines)
    return ""


def _notes(slide: Slide) -> str:
    if not slide.has_notes_slide:
        return ""
    shapes = (shape for shape in _shapes(slide.notes_slide.element) if _kind(shape) not in _REPEATED)
    return "\n".join(filter(None, (_paragraphs(shape, bullets=False) for shape in shapes)))
