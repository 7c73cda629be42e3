"""python -m bench search: how long does a search of a large library take, and how much of it does HNSW find?

The passages are made up (bench.made_text). Some of them are embedded; the vectors of all are those again, each a little
beside where it was: real in how they lie together, and made in a minute.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import text

from bench.made_text import FILES, Words, read
from rag.chunking import Span
from rag.database import open_database
from rag.dense import Dense
from rag.embeddings import Embedder, embedding_spec
from rag.models import Catalogue
from rag.pages import PageText
from rag.retrieval import CANDIDATES, Retriever
from rag.settings import Settings
from rag.store import Facts, Store

if TYPE_CHECKING:
    from rag.embeddings import Matrix, Vector
    from rag.vectors import VectorStore

OWNER = "bench"
_DOCUMENT, _PAGE = 250, 5  # chunks of a document and of a page
_EMBEDDED = 500  # passages that are really embedded
_BESIDE = 0.25  # length of what is added to a vector: its cosine with the one it was made from is 0.97
_WORDS = 10  # of a question
_FEW = 3  # documents of a filter
_SLOW = 20  # questions for what is slow and only compared with


@dataclass(frozen=True)
class Options:
    """`folder`: keep the library there, and use it when it is there."""

    chunks: int
    questions: int
    embedding: str
    seed: int
    folder: Path | None = None


class TimedRetriever(Retriever):
    """Takes the time of the closer look apart, and leaves it out after so many: it is the slowest step by far."""

    def __init__(self, store: Store, dense: Dense) -> None:
        """Search as the app does."""
        super().__init__(store, dense)
        self.looks: list[float] = []

    def _best_sentences(
        self, owner: str, question: str, best: Sequence[int], cancel: threading.Event | None
    ) -> dict[int, tuple[float, ...]]:
        if len(self.looks) >= _SLOW:
            return {}
        begun = time.perf_counter()
        found = super()._best_sentences(owner, question, best, cancel)
        self.looks.append((time.perf_counter() - begun) * 1_000)
        return found


def run(options: Options) -> dict[str, Any]:
    """Return milliseconds, p50 and p95, of each way to search, and HNSW's recall."""
    words = {language: read(language) for language in FILES}
    rng = np.random.default_rng(options.seed + 1)
    asked = [" ".join(words[sorted(FILES)[i % 2]].draw(_WORDS, rng)) for i in range(options.questions)]
    with _library(options, words) as (store, dense):
        loaded = dense.get()
        if loaded is None:
            raise SystemExit("There is no embedding model.")
        embedder, index = loaded
        documents = sorted(document.id for document in store.held(OWNER))
        few = [[str(one) for one in rng.choice(documents, min(_FEW, len(documents)), False)] for _ in asked]
        queries = [embedder.encode_query(question) for question in asked]  # so that what follows is compared cold
        result: dict[str, Any] = {"documents": len(documents)}
        embedding = _timed([_unseen(embedder, question) for question in asked])
        result["embedding"] = spread(embedding)
        for name, filters in (("all", [None] * len(asked)), ("three_documents", few)):
            retriever = TimedRetriever(store, dense)
            result[name] = _searches(retriever, asked, filters, embedding)
        result["recall@10"] = round(_recall(dense, index, np.array(queries)), 4)
        result["compared"] = _compared(store, dense, index, asked, queries, documents, few)
    return result


# -- the library -----------------------------------------------------------------------------------------------


@contextmanager
def _library(options: Options, words: dict[str, Words]) -> Iterator[tuple[Store, Dense]]:
    with tempfile.TemporaryDirectory(prefix="aula-bench-") as temporary:
        folder = options.folder or Path(temporary)
        settings = replace(Settings.from_env(), data_dir=folder)
        catalogue = Catalogue(settings)
        weights = catalogue.pull(options.embedding)
        spec = embedding_spec(catalogue, options.embedding)
        database = open_database(settings.database)
        store = Store(database)
        dense = Dense(store, settings.chroma_dir)
        if not store.held(OWNER):
            _fill(store, dense, Embedder(weights, spec), words, options)
        dense.load(weights, spec)  # Chroma is filled from the rows
        yield store, dense
        dense.stop()
        database.dispose()


def _fill(store: Store, dense: Dense, embedder: Embedder, words: dict[str, Words], options: Options) -> None:
    rng = np.random.default_rng(options.seed)
    base: Matrix | None = None
    made = 0
    while made < options.chunks:
        language = sorted(FILES)[made // _DOCUMENT % 2]
        passages = [words[language].passage(rng) for _ in range(min(_DOCUMENT, options.chunks - made))]
        if base is None:
            some = [words[sorted(FILES)[i % 2]].passage(rng) for i in range(min(_EMBEDDED, options.chunks))]
            base = embedder.encode_passages(some)
        ids = _document(store, language, passages, made)
        beside = rng.standard_normal((len(ids), base.shape[1])) * (_BESIDE / np.sqrt(base.shape[1]))
        vectors = base[rng.integers(0, len(base), len(ids))] + beside.astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        dense.kept.write(embedder.spec.collection, ids, vectors)
        made += len(ids)


def _document(store: Store, language: str, passages: Sequence[str], position: int) -> list[int]:
    """Keep a document of these passages, each a chunk; return the chunks' ids."""
    pages: list[PageText] = []
    spans: list[Span] = []
    for start in range(0, len(passages), _PAGE):
        written = ""
        for passage in passages[start : start + _PAGE]:
            spans.append(Span(len(pages) + 1, len(written), len(written) + len(passage)))
            written += passage + "\n\n"
        pages.append(PageText(len(pages) + 1, written, "text"))
    digest = hashlib.sha256(f"{position}\n{passages[0]}".encode()).hexdigest()
    facts = Facts(digest, ".txt", 1, "", "page", language, "ready")
    ids = store.save(facts, pages, spans)
    store.hold(OWNER, digest, f"{position}.txt")
    return ids


# -- measuring -------------------------------------------------------------------------------------------------


def _unseen(embedder: Embedder, question: str) -> Callable[[], object]:
    """Return what embeds a question as if it were asked for the first time."""
    return lambda: embedder.encode_query(f"{question}?")


def _timed(actions: Sequence[Callable[[], object]]) -> list[float]:
    """Return the milliseconds that each takes."""
    taken = []
    for action in actions:
        begun = time.perf_counter()
        action()
        taken.append((time.perf_counter() - begun) * 1_000)
    return taken


def spread(taken: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile."""
    return {"p50": round(float(np.percentile(taken, 50)), 1), "p95": round(float(np.percentile(taken, 95)), 1)}


def _searches(
    retriever: TimedRetriever, asked: Sequence[str], filters: Sequence[list[str] | None], embedding: Sequence[float]
) -> dict[str, Any]:
    without = []
    for question, documents in zip(asked, filters, strict=True):
        begun, looks = time.perf_counter(), len(retriever.looks)
        retriever.search(OWNER, question, documents=documents)
        without.append((time.perf_counter() - begun) * 1_000 - sum(retriever.looks[looks:]))
    both = [one + other for one, other in zip(without, embedding, strict=True)]
    return {"with_embedding": spread(both), "without": spread(without), "closer_look": spread(retriever.looks)}


def _recall(dense: Dense, index: VectorStore, queries: Matrix, k: int = 10) -> float:
    """Return the share of the `k` really nearest that are among the nearest `k` of HNSW's candidates."""
    ids, _, vectors = dense.kept.rows(index.name, sorted(dense.kept.ids(index.name)))
    near = queries @ vectors.T
    shares = []
    for query, cosines in zip(queries, near, strict=True):
        best = {ids[place] for place in np.argsort(-cosines)[:k]}
        found = index.search(query, CANDIDATES)
        shares.append(len(best & set(sorted(found, key=lambda chunk: -found[chunk])[:k])) / len(best))
    return float(np.mean(shares))


def _compared(
    store: Store,
    dense: Dense,
    index: VectorStore,
    asked: Sequence[str],
    queries: Sequence[Vector],
    documents: Sequence[str],
    few: Sequence[Sequence[str]],
) -> dict[str, Any]:
    """Return what the usual ways take: Chroma's own filter, and FTS5 with every word and a join, as Aula once had."""
    some = range(min(_SLOW, len(asked)))
    chroma = [lambda i=i: index.collection.query(**_filtered(queries[i], few[i])) for i in some]
    ours = [lambda i=i: dense.search(index, queries[i], CANDIDATES, few[i]) for i in some]
    words = [lambda i=i: _every_word(store, asked[i], documents) for i in some]
    found = {"chroma_filter": _timed(chroma), "exact_filter": _timed(ours), "every_word": _timed(words)}
    ratio = float(np.median(found["chroma_filter"]) / np.median(found["exact_filter"]))
    return {name: spread(taken) for name, taken in found.items()} | {"chroma_to_exact": round(ratio, 1)}


def _filtered(query: Vector, documents: Sequence[str]) -> dict[str, Any]:
    where = {"document": {"$in": list(documents)}}
    return {"query_embeddings": query[np.newaxis], "n_results": CANDIDATES, "where": where, "include": ["distances"]}


def _every_word(store: Store, question: str, documents: Sequence[str]) -> None:
    from sqlalchemy import bindparam

    from rag import lexical
    from rag.database import reading

    match = " OR ".join(f'"{term}"' for term in lexical.query_terms(question, sorted(FILES)))
    statement = text(
        "SELECT chunk_terms.rowid, -bm25(chunk_terms) FROM chunk_terms JOIN chunks ON chunks.id = chunk_terms.rowid "
        "WHERE chunk_terms MATCH :match AND chunks.document IN :documents ORDER BY bm25(chunk_terms) LIMIT :k"
    ).bindparams(bindparam("documents", expanding=True))
    with reading(store.database).connect() as connection:
        connection.execute(statement, {"match": match, "documents": list(documents), "k": CANDIDATES}).all()
