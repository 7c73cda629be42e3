"""How one page of a document would be cut, without cutting it: nothing is written, embedded or remembered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select

from rag.chunking import Cut, Span, chunk_page, stretches
from rag.database import holdings, pages, reading
from rag.dense import Dense
from rag.errors import DocumentNotFound
from rag.page_rows import page_text
from rag.pages import PageText
from rag.tokens import Counted, Estimate, Tokeniser


@dataclass(frozen=True)
class Preview:
    """A page's text and its chunks; in tokens: the longest of them, and what stands in two of them.

    `exact`: they are counted by the embedding model's own tokenizer, not estimated.
    """

    text: str
    spans: tuple[Span, ...]
    longest: int
    shared: int
    exact: bool


class Previewer:
    """Cuts pages for being looked at."""

    def __init__(self, database: Engine, dense: Dense) -> None:
        """Read pages from an open database; count in tokens of the model in `dense`."""
        self._reads = reading(database)
        self._dense = dense

    def cut(self, owner: str, document: str, number: int, cut: Cut) -> Preview:
        """Return how a page, counted from 1, would be cut. Raises DocumentNotFound, also for another's."""
        page = self._page(owner, document, number)
        tokens = self._tokens()
        spans, _ = chunk_page(page, cut, tokens)
        counted = Counted(page.text, tokens)
        twice = [one for one in stretches(spans, len(page.text)) if len(one.chunks) > 1]
        return Preview(
            text=page.text,
            spans=tuple(spans),
            longest=max((counted.count(span.start, span.end) for span in spans), default=0),
            shared=sum(counted.count(one.start, one.end) for one in twice),
            exact=not isinstance(tokens, Estimate),
        )

    def _tokens(self) -> Tokeniser:
        """Return what counts; a person does not wait here for a model that is still loading."""
        return (self._dense.tokens() if self._dense.state == "ready" else None) or Estimate()

    def _page(self, owner: str, document: str, number: int) -> PageText:
        query = (
            select(pages)
            .join(holdings, holdings.c.document == pages.c.document)
            .where(holdings.c.owner == owner, pages.c.document == document, pages.c.number == number)
        )
        with self._reads.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise DocumentNotFound
        return page_text(row)
