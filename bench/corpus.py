"""Documents in a data folder of their own, cut and indexed through the app's own code."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rag.answer import Answerer
from rag.chunking import Cut, Path_, Span, chunk_page
from rag.database import open_database
from rag.dense import Dense
from rag.embeddings import embedding_spec
from rag.language import detect_document
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.pages import PageText
from rag.retrieval import Retriever
from rag.services import build_finder
from rag.settings import Settings
from rag.store import Facts, Store
from rag.tokens import Tokeniser, Tokens

OWNER = "bench"


@dataclass(frozen=True)
class Book:
    """A document to index: its name and what was read of it."""

    name: str
    pages: Sequence[PageText]
    suffix: str = ".txt"
    unit: str = "section"


@dataclass(frozen=True)
class Corpus:
    """The indexed documents and how many chunks they are; `ids[i]` is the document of book i, or "" if left out."""

    store: Store
    dense: Dense
    retriever: Retriever
    ids: tuple[str, ...]
    chunks: int

    def answerer(self, chat: Callable[[], LlamaChat]) -> Answerer:
        """Return the app's answerer over this corpus."""
        return Answerer(self.store, self.dense, build_finder(self.store, self.dense, self.retriever), chat)


@contextmanager
def indexed(paragraphs: Sequence[str], embedding: str, left_out: frozenset[int] = frozenset()) -> Iterator[Corpus]:
    """Index `paragraphs` as documents of one page, but for the positions `left_out`, in a temporary data folder."""
    books = [
        None if i in left_out else Book(f"{i}.txt", [PageText(1, text, "text")]) for i, text in enumerate(paragraphs)
    ]
    with shelved(books, embedding) as corpus:
        yield corpus


@contextmanager
def shelved(books: Sequence[Book | None], embedding: str, cut: Cut | None = None) -> Iterator[Corpus]:
    """Index `books`, but for those that are None, in a temporary data folder; `cut` as the app does it, else so."""
    with tempfile.TemporaryDirectory(prefix="aula-bench-") as folder:
        settings = replace(Settings.from_env(), data_dir=Path(folder))  # the models folder stays the shared one
        catalogue = Catalogue(settings)
        weights = catalogue.pull(embedding)
        spec = embedding_spec(catalogue, embedding)
        tokens = Tokens(weights, spec.passage_prefix)
        database = open_database(settings.database)
        store = Store(database)
        spans = [[] if book is None else _spans(book, cut or Cut(), tokens) for book in books]
        ids = tuple("" if book is None else _keep(store, book, at) for book, at in zip(books, spans, strict=True))
        dense = Dense(store, settings.chroma_dir)
        dense.load(weights, spec)
        yield Corpus(store, dense, Retriever(store, dense), ids, sum(map(len, spans)))
        database.dispose()


def _spans(book: Book, cut: Cut, tokens: Tokeniser) -> list[Span]:
    spans: list[Span] = []
    path: Path_ = ()
    for page in book.pages:
        found, path = chunk_page(page, cut, tokens, path)
        spans += found
    return spans


def _keep(store: Store, book: Book, spans: Sequence[Span]) -> str:
    texts = [page.text for page in book.pages]
    content = "\n".join(texts).encode(errors="replace")
    document = hashlib.sha256(book.name.encode() + b"\n" + content).hexdigest()
    facts = Facts(document, book.suffix, len(content), "", book.unit, detect_document(texts), "ready")
    store.save(facts, list(book.pages), spans)
    store.hold(OWNER, document, book.name)
    return document
