"""Vectors as rows: kept, found missing, put into an index and searched, without a model and without Chroma."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy import update

from rag import nearest, vector_rows
from rag.chunking import Span
from rag.database import chunks
from rag.errors import Cancelled
from rag.kept_vectors import KeptVectors
from rag.mending import adopt, embed_missing, mend
from rag.nearest import Nearest
from rag.pages import PageText
from rag.store import Facts, Store

MODEL = "toy-1"


class Index:
    """What Chroma does, in memory and exactly."""

    name = MODEL

    def __init__(self):
        self.held = {}
        self.searches = 0

    def add(self, ids, documents, vectors):
        self.held.update(zip(ids, vectors, strict=True))

    def remove_chunks(self, ids):
        for key in ids:
            del self.held[key]

    def ids(self):
        return set(self.held)

    def get(self, ids):
        return list(ids), np.array([self.held[key] for key in ids], dtype=np.float32)

    def count(self):
        return len(self.held)

    def search(self, query, k):
        self.searches += 1
        near = {key: float(vector @ query) for key, vector in self.held.items()}
        return {key: near[key] for key in sorted(near, key=lambda key: -near[key])[:k]}


class Embedder:
    """A vector that a text alone decides."""

    spec = SimpleNamespace(collection=MODEL)

    def __init__(self):
        self.texts = []

    def encode_passages(self, texts, cancel=None):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        self.texts += texts
        return np.array([vector_of(text) for text in texts], dtype=np.float32)


def vector_of(text: str) -> np.ndarray:
    vector = np.random.default_rng(list(text.encode())).standard_normal(16).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def store(database):
    built = Store(database)
    for letter in "ab":
        words = [f"{letter}{number:02d}" for number in range(50)]
        facts = Facts(letter * 64, ".txt", 1, "", "page", "en", "ready")
        spans = [Span(1, 4 * number, 4 * number + 3) for number in range(50)]
        built.save(facts, [PageText(1, " ".join(words), "text")], spans)
        built.hold("local", letter * 64, f"{letter}.txt")
    return built


@pytest.fixture
def kept(store):
    built = KeptVectors(store.database)
    embed_missing(store, built, Embedder(), threading.Event())
    return built


def test_every_chunk_gets_its_own_vector_and_once(store):
    kept, embedder = KeptVectors(store.database), Embedder()
    assert kept.progress(MODEL) == (0, 100)
    told = []
    embed_missing(store, kept, embedder, threading.Event(), lambda done, total: told.append((done, total)))
    assert told[-1] == (100, 100)
    assert kept.missing(MODEL) == []
    ids, documents, vectors = kept.rows(MODEL, sorted(store.ids()))
    texts = {key: (document, text) for key, document, text in store.chunk_texts(ids)}
    for key, document, vector in zip(ids, documents, vectors, strict=True):
        assert document == texts[key][0]
        assert vector == pytest.approx(vector_of(texts[key][1]), abs=1e-3)
    embed_missing(store, kept, embedder, threading.Event())
    assert len(embedder.texts) == 100


def test_what_was_embedded_before_a_stop_is_not_embedded_again(store):
    kept, embedder, stop = KeptVectors(store.database), Embedder(), threading.Event()
    with pytest.raises(Cancelled):
        embed_missing(store, kept, embedder, stop, lambda _done, _total: stop.set())
    before = len(embedder.texts)
    assert 0 < before < 100
    assert kept.progress(MODEL) == (before, 100)
    embed_missing(store, kept, embedder, threading.Event())
    assert len(embedder.texts) == len(set(embedder.texts)) == 100


def test_a_chunk_that_goes_while_it_is_embedded_leaves_no_vector(store):
    kept = KeptVectors(store.database)
    ids = sorted(store.ids())
    store.erase("b" * 64)
    kept.write(MODEL, ids, np.ones((100, 16), dtype=np.float32))
    assert kept.ids(MODEL) == set(store.ids())


def test_a_chunk_that_is_another_when_its_vector_comes_gets_none(store):
    """As a restore does while a slice is embedded: another chunk stands under the same id."""
    kept = KeptVectors(store.database)
    ids = sorted(store.ids())

    class Restoring(Embedder):
        def encode_passages(self, texts, cancel=None):
            if not self.texts:
                with store.database.begin() as connection:
                    connection.execute(update(chunks).where(chunks.c.id == ids[0]).values(start=8, end=11))
                    connection.execute(update(chunks).where(chunks.c.id == ids[1]).values(document="b" * 64))
            return super().encode_passages(texts, cancel)

    embed_missing(store, kept, Restoring(), threading.Event())
    assert kept.missing(MODEL) == ids[:2]
    embed_missing(store, kept, Embedder(), threading.Event())
    assert kept.get(MODEL, ids[:1])[ids[0]] == pytest.approx(vector_of("a02"), abs=1e-3)


def test_vectors_go_with_their_chunks(store, kept):
    store.erase("a" * 64)
    assert kept.ids(MODEL) == set(store.ids())
    assert kept.models() == [MODEL]
    kept.drop(MODEL)
    assert kept.models() == []


def test_an_index_is_put_right_from_rows(store, kept):
    index = Index()
    ids = sorted(store.ids())
    index.add([999, ids[0]], ["x", "x"], np.ones((2, 16), dtype=np.float32))
    mend(kept, index, threading.Event())
    assert index.ids() == set(ids)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        mend(kept, Index(), stop)


def test_vectors_that_only_chroma_has_are_taken_over(store, kept):
    index = Index()
    mend(kept, index, threading.Event())
    index.add([999], ["x"], np.ones((1, 16), dtype=np.float32))
    kept.drop(MODEL)
    adopt(kept, index)
    assert kept.ids(MODEL) == set(store.ids())


def test_what_is_kept_is_what_chroma_is_told(database):
    matrix = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
    rounded = vector_rows.rounded(matrix)
    assert np.array_equal(vector_rows.rounded(rounded), rounded)
    assert rounded == pytest.approx(matrix, rel=1e-3)


# -- searching -------------------------------------------------------------------------------------------------


@pytest.fixture
def index(kept, store):
    built = Index()
    mend(kept, built, threading.Event())
    return built


def best(store, query, document, k):
    texts = [row for row in store.chunk_texts(sorted(store.ids())) if row[1] == document]
    near = {key: float(vector_of(text) @ query) for key, _, text in texts}
    return sorted(near, key=lambda key: -near[key])[:k]


@pytest.mark.parametrize("exact", [20_000, 10])
def test_a_filter_finds_the_nearest_of_its_documents(store, kept, index, monkeypatch, exact):
    monkeypatch.setattr(nearest, "EXACT", exact)
    query = vector_of("a question")
    searcher = Nearest(kept)
    for document in ("a" * 64, "b" * 64):
        found = searcher.search(index, query, 5, [document])
        assert sorted(found, key=lambda key: -found[key]) == best(store, query, document, 5)
    assert index.searches == (0 if exact > 100 else 2)
    assert searcher.search(index, query, 5, []) == {}
    assert searcher.search(index, query, 5, ["c" * 64]) == {}
    assert searcher.search(index, query, 500, ["a" * 64]).keys() == set(best(store, query, "a" * 64, 50))


def test_a_filter_that_hnsw_passes_by_is_searched_exactly(store, kept, index, monkeypatch):
    monkeypatch.setattr(nearest, "EXACT", 40)
    monkeypatch.setattr(nearest, "_SPARE", 0.1)  # too few neighbours, none of them of the document
    query = vector_of("a question")
    found = Nearest(kept).search(index, query, 20, ["b" * 64])
    assert sorted(found, key=lambda key: -found[key]) == best(store, query, "b" * 64, 20)


def test_vectors_at_hand_are_let_go_when_they_change(store, kept, index):
    query, searcher = vector_of("a question"), Nearest(kept)
    before = searcher.search(index, query, 100, ["a" * 64])
    some = sorted(before)[:10]
    kept.write(MODEL, some, np.tile(query, (10, 1)))
    assert searcher.search(index, query, 100, ["a" * 64]) == before
    searcher.forget("a" * 64)
    after = searcher.search(index, query, 100, ["a" * 64])
    assert all(after[key] == pytest.approx(1.0, abs=1e-3) for key in some)
    kept.drop(MODEL)
    searcher.clear()
    assert searcher.search(index, query, 100, ["a" * 64]) == {}


def test_only_so_many_vectors_are_at_hand(kept, index, monkeypatch):
    monkeypatch.setattr(nearest, "_HELD", 50 * 16 * 4)
    searcher = Nearest(kept)
    for document in ("a" * 64, "b" * 64):
        searcher.search(index, vector_of("a question"), 5, [document])
    assert [key[1] for key in searcher._held] == ["b" * 64]
