"""A question set's paragraphs as one-page documents in a data folder of their own, through the app's own code."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rag.answer import Answerer
from rag.chunking import chunk_page
from rag.database import open_database
from rag.dense import Dense
from rag.embeddings import embedding_spec
from rag.language import detect
from rag.llm import LlamaChat
from rag.loaders import PageText
from rag.models import Catalogue
from rag.retrieval import Retriever
from rag.services import build_finder
from rag.settings import Settings
from rag.store import Facts, Store

OWNER = "bench"


@dataclass(frozen=True)
class Corpus:
    """The indexed paragraphs; `ids[i]` is the document made of paragraph i, or "" if it was left out."""

    store: Store
    dense: Dense
    retriever: Retriever
    ids: tuple[str, ...]

    def answerer(self, chat: Callable[[], LlamaChat]) -> Answerer:
        """Return the app's answerer over this corpus."""
        return Answerer(self.store, self.dense, build_finder(self.store, self.dense, self.retriever), chat)


@contextmanager
def indexed(paragraphs: Sequence[str], embedding: str, left_out: frozenset[int] = frozenset()) -> Iterator[Corpus]:
    """Index `paragraphs`, but for the positions `left_out`, in a temporary data folder."""
    with tempfile.TemporaryDirectory(prefix="aula-bench-") as folder:
        settings = replace(Settings.from_env(), data_dir=Path(folder))  # the models folder stays the shared one
        catalogue = Catalogue(settings)
        weights = catalogue.pull(embedding)
        database = open_database(settings.database)
        store = Store(database)
        ids = tuple("" if i in left_out else _keep(store, i, text) for i, text in enumerate(paragraphs))
        dense = Dense(store, settings.chroma_dir)
        dense.load(weights, embedding_spec(catalogue, embedding))
        yield Corpus(store, dense, Retriever(store, dense), ids)
        database.dispose()


def _keep(store: Store, position: int, text: str) -> str:
    document = hashlib.sha256(f"{position}\n{text}".encode()).hexdigest()
    facts = Facts(document, ".txt", len(text.encode()), "", "section", detect(text), "ready")
    store.save(facts, [PageText(1, text, "text", "")], list(chunk_page(1, text)))
    store.hold(OWNER, document, f"{position}.txt")
    return document
