"""Text and Markdown to sections: finds the encoding, cuts at headings or at paragraph borders.

These files have no pages, so a citation names a section. Which reader a format needs is said here, and each is
imported only when it is needed. Runs in the parsing process only.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.cleaning import clean_characters, join_hyphen
from rag.layout import flow, is_marked, text_lines
from rag.pages import CODE, FORMATS, Refused
from rag.sections import Block, Section, Sections, cut, first_heading, join_blocks

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# In the order of how common they are; what a wrong one gives is letters that Spanish and English do not use.
_OLD_ENCODINGS = ("cp1252", "cp850", "mac-roman")
_EXPECTED = frozenset("áéíóúüñçàèòïâêîôûäöÁÉÍÓÚÜÑÇ¿¡ªº«»“”‘’„–—…·•€£°§©®²³½%")
_TEXT_CONTROLS = frozenset("\t\n\r\f\x0b\x1b\x85")
_PACKED = {".docx", ".pptx", ".xlsx", ".odt", ".odp", ".ods", ".epub"}


def open_sections(path: Path, kind: str, memory: int, chars: int) -> Sections:
    """Open a file that has no pages. `memory` in bytes, `chars` is as much of it as will be used."""
    if kind in _PACKED:
        return _open_packed(path, kind, memory)
    with path.open("rb") as file:
        data = file.read(4 * chars)
    if FORMATS.get(kind) == "HTML":
        from rag.parse_html import html_sections

        return html_sections(data)
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    if FORMATS.get(kind) in {"CSV", "JSON"}:
        from rag.parse_data import data_sections

        return data_sections(text, kind)
    if FORMATS.get(kind) == CODE:
        from rag.parse_code import code_sections

        return code_sections(text, kind)
    return markdown_sections(text) if kind in {".md", ".markdown"} else plain_sections(text)


def _open_packed(path: Path, kind: str, memory: int) -> Sections:
    """Open what is a ZIP of its own format's parts."""
    if kind == ".docx":
        from rag.parse_docx import docx_sections

        return docx_sections(path, memory)
    if kind == ".pptx":
        from rag.parse_pptx import pptx_slides

        return pptx_slides(path, memory)
    if kind == ".xlsx":
        from rag.parse_xlsx import xlsx_sheets

        return xlsx_sheets(path, memory)
    if kind == ".epub":
        from rag.parse_epub import epub_sections

        return epub_sections(path, memory)
    from rag.parse_odt import odf_document

    return odf_document(path, kind, memory)


def decode(data: bytes) -> str:
    """Return the text of `data`; raises Refused("damaged") when it is none."""
    text = _decoded(data)
    sample = text[:100_000]
    controls = sum(char < " " and char not in _TEXT_CONTROLS for char in sample)
    if controls > 0.002 * len(sample) + 2:
        raise Refused("damaged")
    return text


def _decoded(data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, "replace")
    odd, even = data[1:2000:2].count(0), data[0:2000:2].count(0)
    if max(odd, even) > 0.3 * len(data[:1000]) and min(odd, even) < 0.05 * max(odd, even):
        return data.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken <= 0.02 * sum(char > "\x7f" for char in text):  # a few bad bytes, or it was cut off
        return text
    return max((data.decode(name, "replace") for name in _OLD_ENCODINGS), key=_plausibility)


def _plausibility(text: str) -> int:
    foreign = [char for char in text[:200_000] if char > "\x7f"]
    return sum(1 if char in _EXPECTED else -2 for char in foreign)


def plain_sections(text: str) -> Sections:
    """Cut plain text into sections of about SECTION characters."""
    return Sections([Section(piece) for piece in cut(text)], render=_render_plain)


def _render_plain(piece: str) -> str:
    return flow(text_lines(clean_characters(piece)), narrowest=40, widest=200)


_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\(<?([^()\s<>]*)>?(?:[ \t]+[\"'][^\"'\n]*[\"'])?\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^\n]{1,400}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])(\*|_)(?=[^\s*_])([^\n*_]{1,400}?)(?<=\S)\1(?![\w*])")
_RULE = re.compile(r"^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$")


def markdown_sections(text: str) -> Sections:
    """Cut Markdown at its upper headings; emphasis and links become plain text."""
    blocks = markdown_blocks(_without_front_matter(text))
    return Sections(join_blocks(blocks), first_heading(blocks))


def markdown_blocks(text: str) -> list[Block]:
    """Return what a piece of Markdown says."""
    return list(_markdown_blocks(_COMMENT.sub("", text).split("\n")))


def _without_front_matter(text: str) -> str:
    if text.startswith("---\n"):
        end = text.find("\n---\n", 3)
        if end > 0:
            return text[end + 5 :]
    return text


def _markdown_blocks(lines: Sequence[str]) -> Iterator[Block]:
    """Yield headings, fenced code as it stands, and the paragraphs between them."""
    prose: list[str] = []
    code: list[str] = []
    fence = ""
    for line in [*lines, "\n"]:  # the last one, which no line can be, closes what is open
        opening = _FENCE.match(line)
        if fence:
            if line == "\n" or (opening and opening[1].startswith(fence)):
                fence = ""
                yield from _code(code)
                code = []
            else:
                code.append(line)
            continue
        heading = _heading(line, prose)
        if opening or heading or line == "\n":
            yield from _prose(prose)
            prose = []
            fence = opening[1] if opening else ""
            if heading:
                yield Block(_inline(clean_characters(heading[1])), heading[0])
        else:
            prose.append(line)


def _heading(line: str, prose: list[str]) -> tuple[int, str] | None:
    """Return level and text of a heading; an underlined one is taken back out of `prose`."""
    if match := _ATX.match(line):
        return (len(match[1]), match[2]) if match[2] else None
    match = _UNDERLINE.match(line)
    paragraph_before = len(prose) > 1 and prose[-2].strip()
    if match and prose and prose[-1].strip() and not paragraph_before and "|" not in prose[-1]:
        return (1 if match[1][0] == "=" else 2), prose.pop().strip()
    return None


def _code(lines: Sequence[str]) -> Iterator[Block]:
    text = clean_characters("\n".join(lines)).strip("\n")
    if text:
        yield Block(text)


def _prose(lines: Sequence[str]) -> Iterator[Block]:
    kept = [line for line in lines if not _RULE.match(line) and not _TABLE_RULE.match(line)]
    text = _inline(_reflow(clean_characters("\n".join(kept))))
    if text.strip():
        yield Block(text)


def _reflow(text: str) -> str:
    """Join the lines of a paragraph, as Markdown does, up to a hard break, a list item or a table row."""
    paragraphs: list[str] = []
    fresh = True
    for line in text.split("\n"):
        own = fresh or not line.strip() or is_marked(line) or line.startswith(("    ", "\t|"))
        if own:
            paragraphs.append(line.rstrip(" \\"))
        else:
            joined = paragraphs[-1]
            hyphen = joined.endswith("-") and joined[-2:-1].isalpha()
            more = line.strip().rstrip("\\")
            paragraphs[-1] = join_hyphen(joined[:-1], more) if hyphen else f"{joined} {more}"
        fresh = not line.strip() or line.endswith(("  ", "\\"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(paragraphs)).strip("\n")


def _inline(text: str) -> str:
    text = _LINK.sub(lambda match: match[1] or match[2], text)
    return _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
