"""How a page's text is cut into chunks; it knows nothing of files or of vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

# About 300 tokens of Spanish: a paragraph or two, well inside the 512 that the embedding models read.
CHUNK_SIZE = 1_200
CHUNK_OVERLAP = 150
_SEPARATORS = ["\n\n", "\n", ". ", "? ", "! ", "; ", ", ", " ", ""]


@dataclass(frozen=True)
class Span:
    """A chunk as a span of characters of its page: page_text[start:end]."""

    page: int
    start: int
    end: int


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
