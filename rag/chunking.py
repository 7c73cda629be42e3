"""How a page's text is cut into chunks; it knows nothing of files or of vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.errors import BadCut

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

# About 300 tokens of Spanish: a paragraph or two, well inside the 512 that the embedding models read.
CHUNK_SIZE = 1_200
CHUNK_OVERLAP = 150
SMALLEST, LARGEST = 200, 4_000  # a sentence or two; four times what the embedding models read
CHARACTERS_A_TOKEN = 4  # about, in Spanish and English
_SEPARATORS = ["\n\n", "\n", ". ", "? ", "! ", "; ", ", ", " ", ""]


@dataclass(frozen=True)
class Span:
    """A chunk as a span of characters of its page: page_text[start:end]."""

    page: int
    start: int
    end: int


@dataclass(frozen=True)
class Cut:
    """How a document is cut: chunks of at most `size` characters, neighbours sharing up to `overlap`. Raises BadCut."""

    size: int = CHUNK_SIZE
    overlap: int = CHUNK_OVERLAP

    def __post_init__(self) -> None:
        if not (SMALLEST <= self.size <= LARGEST and 0 <= self.overlap <= self.size // 2):
            raise BadCut(smallest=SMALLEST, largest=LARGEST)


@dataclass(frozen=True)
class Stretch:
    """A stretch of a page, page_text[start:end], and the numbers (from 0) of the chunks that hold it."""

    start: int
    end: int
    chunks: tuple[int, ...]


@cache
def _splitter(size: int, overlap: int) -> RecursiveCharacterTextSplitter:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(
        chunk_size=size,
        chunk_overlap=overlap,
        separators=_SEPARATORS,
        keep_separator="end",
        add_start_index=True,
    )


def chunk_page(number: int, text: str, size: int = CHUNK_SIZE, overlap: int = CHUNK_OVERLAP) -> Iterator[Span]:
    """Yield the chunks of one page in order: at most `size` characters, neighbours sharing up to `overlap`."""
    if not text.strip():
        return
    for document in _splitter(size, overlap).create_documents([text]):
        start = int(document.metadata["start_index"])
        if start >= 0:
            yield Span(number, start, start + len(document.page_content))


def stretches(spans: Sequence[Span], length: int) -> list[Stretch]:
    """Return a page of `length` characters, whole and in order, cut wherever one of its chunks begins or ends."""
    edges = sorted({0, length, *(span.start for span in spans), *(span.end for span in spans)})
    return [
        Stretch(start, end, tuple(n for n, span in enumerate(spans) if span.start <= start and end <= span.end))
        for start, end in pairwise(edges)
    ]
