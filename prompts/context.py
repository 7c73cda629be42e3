"""The passages for a column that asks the documents: searched, chosen and delimited. It knows nothing of columns."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from prompts.ask import Find
from prompts.reply import Source
from rag.prompt import delimited
from rag.retrieval import Retriever
from rag.selection import PASSAGES, Selector


def finder(retriever: Retriever, selector: Selector) -> Find:
    """Return what finds the passages for an Asker, in its owner's documents only.

    It raises EmptyQuestion, DocumentNotFound (also for another's document) and Cancelled. The passages stand between
    <passages> and </passages>, which none of them can end.
    """

    def find(
        owner: str, question: str, documents: Sequence[str] | None, cancel: threading.Event
    ) -> tuple[str, tuple[Source, ...]]:
        passages = retriever.search(owner, question, PASSAGES, documents, cancel)
        excerpts = selector.select(question, passages, cancel=cancel).excerpts
        sources = tuple(Source(one.document, one.name, one.page, one.text, one.unit, one.label) for one in excerpts)
        return delimited([one.text for one in excerpts]), sources

    return find
