"""Code to sections: every line as it stands, cut between what is defined; notebooks by their cells.

Knows how definitions begin in the common languages, and no more of these. Runs in the parsing process only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from rag.cleaning import clean_characters
from rag.sections import SECTION, Block, Section, Sections, cut, first_heading, join_blocks

_LONGEST_OUTPUT = 2000  # characters of what a cell of a notebook printed
_DEFINES = re.compile(
    r"(?:export |default |pub(?:\([\w:]+\))? |public |private |protected |internal |static |final |abstract |sealed "
    r"|async |unsafe |data |open )*"
    r"(?:def|class|function\*?|func|fun|fn|interface|trait|impl|struct|enum|record|type|module|namespace|object"
    r"|protocol|extension|sub|package|mod|create(?: or replace)? (?:table|view|function|procedure|trigger|index))\b"
    r"[ \t]*[\w<(\[\"`]",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"(?:export )?(?:const|let|var) \w+ = (?:async )?(?:function\b|\([^()]*\) ?=>|\w+ ?=>)"  # JavaScript
    r"|[\w.]+ (?:<-|=) function\b"  # R, Lua
    r"|[\w-]+ ?\(\) ?\{"  # shells
)
_TYPED = re.compile(  # C and its kin: a type, a name and what it takes
    r"(?!else|return|if|for|while|switch|using|typedef)[A-Za-z_][\w:<>,*& \[\]]* [*&]*[\w:~]+\([^;{}]*\)[ \w]*\{?$"
)
_TYPED_LANGUAGES = {".c", ".cc", ".cpp", ".cs", ".dart", ".h", ".hpp", ".java", ".m", ".scala"}
_LONGEST_DEFINITION = 200
_LEADS = ("@", "#", "//", "/*", " *", "--", "%")  # decorators and comments stay with what comes after them
_TABLE = re.compile(r"\[{1,2}[^\[\]]+\]{1,2}[ \t]*(?:[#;].*)?$")  # of TOML and INI
_TEX = re.compile(r"[ \t]*\\(part|chapter|section|subsection|subsubsection|begin\{frame\})\*?[\[{]")
_TEX_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4}
_TABLES = {".toml", ".ini", ".cfg"}
_NO_DEFINITIONS = {".xml", ".yaml", ".yml", ".css", ".ipynb", *_TABLES}


def code_sections(text: str, kind: str) -> Sections:
    """Cut a file with the suffix `kind` into sections of about SECTION characters, between definitions if it can be."""
    if kind == ".ipynb":
        try:
            return notebook_sections(text)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass  # no notebook: it is shown as it stands
    return verbatim_sections(text, kind)


def verbatim_sections(text: str, kind: str = "") -> Sections:
    """Cut any text into sections in which every line is as it stands."""
    pieces: list[list[str]] = [[]]
    size = 0
    for part in _parts(clean_characters(text).split("\n"), kind):
        length = sum(len(line) + 1 for line in part)
        if size and size + length > SECTION:
            pieces.append([])
            size = 0
        pieces[-1] += part
        size += length
    return Sections([made for piece in pieces for made in _sections(piece, kind)])


def _parts(lines: Sequence[str], kind: str) -> Iterator[list[str]]:
    """Yield the lines up to where something new begins: a definition, or a line at the margin after an empty one."""
    part: list[str] = []
    for place, line in enumerate(lines):
        after_gap = place > 0 and not lines[place - 1].strip()
        begins = _level(line, kind) > 0 or (after_gap and line[:1].strip() not in {"", "}", ")", "]"})
        if begins and not all(above.startswith(_LEADS) for above in part):
            yield part
            part = []
        part.append(line)
    yield part


def _sections(lines: Sequence[str], kind: str) -> Iterator[Section]:
    text = "\n".join(lines).strip("\n")
    if not text.strip():
        return
    for piece in cut(text, SECTION) if len(text) > 2 * SECTION else [text]:
        kept = piece.strip("\n").rstrip()
        headings, at = [], 0
        for line in kept.split("\n"):
            if level := _level(line, kind):
                headings.append((at, level))
            at += len(line) + 1
        yield Section(kept, tuple(headings))


def _level(line: str, kind: str) -> int:
    """Return the level of what the line is the name of, 0 for none."""
    if kind == ".tex":
        found = _TEX.match(line)
        return _TEX_LEVELS.get(found[1], 4) if found else 0
    if kind in _TABLES:
        return int(bool(_TABLE.match(line)))
    if not kind or kind in _NO_DEFINITIONS:
        return 0
    if len(line) > _LONGEST_DEFINITION or not line[:1].strip():
        return 0
    typed = kind in _TYPED_LANGUAGES and _TYPED.match(line)
    return int(bool(typed or _DEFINES.match(line) or _ASSIGNED.match(line)))


def notebook_sections(text: str) -> Sections:
    """Cut a Jupyter notebook at the headings of its prose; code stays as it is, with what it printed.

    The form is nbformat 4's (nbformat.readthedocs.io, "The Notebook file format"), or 3's with its worksheets. Raises
    ValueError, KeyError, TypeError or AttributeError when it is none.
    """
    notebook = json.loads(text)
    sheets = [notebook] if "cells" in notebook else notebook["worksheets"]
    blocks = [block for sheet in sheets for cell in sheet["cells"] for block in _cell(cell)]
    return Sections(join_blocks(blocks), first_heading(blocks))


def _cell(cell: dict[str, object]) -> Iterator[Block]:
    from rag.parse_text import markdown_blocks

    source = _joined(cell.get("source", cell.get("input", "")))
    if cell.get("cell_type") in {"markdown", "heading"}:
        level = cell.get("level")
        yield from markdown_blocks(f"{'#' * int(str(level))} {source}" if level else source)
        return
    if code := clean_characters(source).strip("\n"):
        yield Block(code)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        data = output.get("data") or {}
        printed = clean_characters(_joined(output.get("text") or data.get("text/plain") or "")).strip("\n")
        if printed:
            yield Block(printed[:_LONGEST_OUTPUT])


def _joined(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
