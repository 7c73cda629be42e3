"""How a page's text is cut into chunks, in tokens; it knows nothing of files or of vectors.

rag/breaks.py says where a text can be cut, rag/packing.py where it is, rag/tokens.py what a token is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from rag.breaks import Piece, pieces
from rag.errors import BadCut
from rag.packing import Pack, Packer
from rag.pages import HEADINGS, PageText
from rag.tokens import Counted, Tokeniser

# Chosen on questions marked dev, with multilingual-e5-small: 674 on pages of two or three paragraphs (612 of Spanish
# XQuAD), of a manual (23) and of lecture slides (39). hit@1 on the first: 0.969 at 128 tokens, 0.971 at 192, 0.977 at
# 256, 0.969 at 320, 0.967 at 400, always with a tenth of overlap; at 256, 0.972 without and 0.975 with 15 %. Slides are
# a chunk each anyway, and on the manual hit@1 lies between 0.826 and 0.913, which is two of its questions: no more than
# chance.
CHUNK_SIZE = 256
CHUNK_OVERLAP = 24
SMALLEST, LARGEST = 48, 448  # tokens: a sentence or two; what the default model reads at once, less a heading
HEADING_TOKENS = 48  # that the headings above a chunk may take of what the model reads
_HEADING = 80  # characters of one heading
_BETWEEN = " > "
_LINE = re.compile(r"\s*([^\n]{0,400})")  # of a heading: far more of it than is shown

Path_: TypeAlias = tuple[tuple[int, str], ...]  # (level, text) of the headings that a place stands under, from the top


@dataclass(frozen=True)
class Span:
    """A chunk as a span of characters of its page, page_text[start:end], and the headings that it stands under."""

    page: int
    start: int
    end: int
    heading: str = ""


@dataclass(frozen=True)
class Cut:
    """How a document is cut: chunks of at most `size` tokens, neighbours sharing up to `overlap`. Raises BadCut."""

    size: int = CHUNK_SIZE
    overlap: int = CHUNK_OVERLAP

    def __post_init__(self) -> None:
        if not (SMALLEST <= self.size <= LARGEST and 0 <= self.overlap <= self.size // 2):
            raise BadCut(smallest=SMALLEST, largest=LARGEST)

    @classmethod
    def near(cls, size: int | None, overlap: int | None) -> Cut:
        """Return the cut that is nearest to these values; none are the usual ones."""
        wanted = min(max(CHUNK_SIZE if size is None else size, SMALLEST), LARGEST)
        return cls(wanted, min(max(CHUNK_OVERLAP if overlap is None else overlap, 0), wanted // 2))


@dataclass(frozen=True)
class Stretch:
    """A stretch of a page, page_text[start:end], and the numbers (from 0) of the chunks that hold it."""

    start: int
    end: int
    chunks: tuple[int, ...]


def chunk_page(page: PageText, cut: Cut, tokens: Tokeniser, path: Path_ = ()) -> tuple[list[Span], Path_]:
    """Return the chunks of one page's body in order, and the headings that the next page stands under.

    `path`: those that this page stands under. A chunk begins with a heading or stays within its section, holds whole
    paragraphs, items, rows or sentences as far as they fit, and with its heading is never more than the model reads.
    """
    start, end = page.body or (0, len(page.text))
    after = path_after(page, path)
    if not page.text[start:end].strip():
        return [], after
    size = min(cut.size, tokens.limit - HEADING_TOKENS)
    packer = Packer(page.text, Counted(page.text, tokens), size, min(cut.overlap, size // 2))
    parts = packer.fitted(pieces(page.text, start, end, page.headings[:HEADINGS]))
    above = _Above(page, path, tokens)
    return [Span(page.number, at.start, at.end, above.of(parts, at)) for at in packer.packed(parts)], after


def path_after(page: PageText, path: Path_) -> Path_:
    """Return the headings that the page after `page` stands under, where `page` itself stands under `path`."""
    return _Trail(page, path).at(len(page.text))


def searchable(heading: str, text: str) -> str:
    """Return a chunk as it is indexed for the search by words: under its headings, but for those it begins with.

    What is embedded is its text alone. Chosen as CHUNK_SIZE was, hit@1 on the three sets (XQuAD with its articles'
    titles): no headings 0.977, 0.913, 0.744; indexed 0.980, 0.913, 0.718; embedded too 0.980, 0.826, 0.718. Under the
    headings of a chapter, the embeddings of its chunks come to lie close together.
    """
    parts = heading.split(_BETWEEN) if heading else []
    begins = " ".join(text[: 2 * len(heading) + _HEADING].split())
    own = next((n for n in range(len(parts)) if begins.startswith(" ".join(parts[n:]))), len(parts))
    return f"{_BETWEEN.join(parts[:own])}\n{text}" if own else text


def stretches(spans: Sequence[Span], length: int) -> list[Stretch]:
    """Return a page of `length` characters, whole and in order, cut wherever one of its chunks begins or ends."""
    edges = sorted({0, length, *(span.start for span in spans), *(span.end for span in spans)})
    return [
        Stretch(start, end, tuple(n for n, span in enumerate(spans) if span.start <= start and end <= span.end))
        for start, end in pairwise(edges)
    ]


class _Above:
    """The headings above each chunk of a page, of no more than HEADING_TOKENS."""

    def __init__(self, page: PageText, path: Path_, tokens: Tokeniser) -> None:
        self._trail = _Trail(page, path)
        self._tokens = tokens
        self._known: dict[tuple[str, ...], str] = {}

    def of(self, parts: Sequence[Piece], pack: Pack) -> str:
        """Return the headings of a chunk; where it holds several sections, those that they have in common."""
        bodies = [parts[pack.first].body, parts[pack.last - 1].body]
        first, last = (self._trail.at(body) for body in bodies)
        common = [text for (level, text), other in zip(first, last, strict=False) if (level, text) == other]
        return self._joined(tuple(common))

    def _joined(self, headings: tuple[str, ...]) -> str:
        if headings not in self._known:
            kept = headings
            while kept and self._tokens.count(_BETWEEN.join(kept)) >= HEADING_TOKENS:
                kept = kept[1:]
            self._known[headings] = _BETWEEN.join(kept)
        return self._known[headings]


class _Trail:
    """The headings that each place of a page stands under: those of the page are read once."""

    def __init__(self, page: PageText, path: Path_) -> None:
        self._places: list[int] = []
        self._paths = [path]  # before the first place, and from each place on
        start, end = page.body or (0, len(page.text))
        for place, level in page.headings[:HEADINGS]:
            if start <= place < end and (shown := _shown(page.text, place, end)):
                path = (*(one for one in path if one[0] < level), (level, shown))
                self._places.append(place)
                self._paths.append(path)

    def at(self, place: int) -> Path_:
        """Return the headings above a place, one that begins there left out."""
        return self._paths[bisect_left(self._places, place)]


def _shown(text: str, place: int, end: int) -> str:
    """Return the heading that begins at a place, as chunks are told of it."""
    line = _LINE.match(text, place, end)
    heading = " ".join(line[1].split()) if line else ""
    return heading if len(heading) <= _HEADING else heading[:_HEADING].rsplit(" ", 1)[0] + "…"
