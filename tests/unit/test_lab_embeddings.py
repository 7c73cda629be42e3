"""Similarity, analogies and the map of passages, on vectors of our own: what is reckoned, and what is refused."""

from __future__ import annotations

import json
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import analogies, umap_process
from lab.analogies import Analogy, Near, analogy, directions, word_list
from lab.chunk_map import Cloud, amid, cloud, document_order, kept_neighbours, plane
from lab.similarity import LONGEST, MOST, similarity
from lab.umap_process import Umaps
from rag.chunking import Span
from rag.errors import BadOption, Cancelled, DocumentNotFound, EmbedderMissing, MapNotDrawn, TooFewPassages
from rag.kept_vectors import KeptVectors
from rag.pages import PageText
from rag.records import Facts, Opening
from rag.store import Store
from ui.lab.analogy_part import _told
from ui.lab.map_view import PCA, Shown, drawing
from ui.texts import say

MODEL = "of-our-own-1"


def unit(*rows):
    matrix = np.array(rows, np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


class FakeEmbedder:
    """Has a vector for the words that it is told, and the first axis for any other."""

    def __init__(self, vectors):
        self.spec = SimpleNamespace(name="fake", collection=MODEL)
        self.dimensions = len(next(iter(vectors.values())))
        self._vectors = vectors

    def encode_sentences(self, texts):
        other = np.eye(self.dimensions)[0]
        return unit(*[self._vectors.get(text, other) for text in texts])


class FakeDense:
    def __init__(self, vectors, kept=None):
        self._embedder = FakeEmbedder(vectors)
        self.kept = kept
        self.error = None

    def get(self, cancel=None):
        return self._embedder, None


class NoDense:
    error = None

    def get(self, cancel=None):
        return None


# -- similarity ----------------------------------------------------------------------------------------------------


def test_the_matrix_has_every_cosine():
    found = similarity(FakeDense({"a": [1, 0], "b": [3, 4], "c": [0, -2]}), [" a ", "b", "c"])
    assert found.texts == ("a", "b", "c")
    assert np.allclose(found.cosines, [[1, 0.6, 0], [0.6, 1, -0.8], [0, -0.8, 1]])
    assert [(i, j) for i, j, _ in found.pairs()] == [(0, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize("texts", [["one"], [], ["a", " "], ["a"] * (MOST + 1), ["a", "b" * (LONGEST + 1)]])
def test_what_cannot_be_compared_is_refused(texts):
    with pytest.raises(BadOption):
        similarity(FakeDense({"a": [1, 0]}), texts)


def test_without_a_model_it_says_so():
    with pytest.raises(EmbedderMissing):
        similarity(NoDense(), ["a", "b"])


# -- analogies -----------------------------------------------------------------------------------------------------

AXES = {"king": [1, 1, 0], "queen": [1, -1, 0], "man": [0, 1, 0.2], "woman": [0, -1, 0.2], "apple": [0, 0.1, 1]}


def test_the_words_that_were_put_in_do_not_count(monkeypatch):
    monkeypatch.setattr(analogies, "word_list", lambda lang: tuple(AXES))
    found = analogy(FakeDense(AXES), "king", "man", "woman", lang="en", centred=False)
    assert found.answer.word == "queen"
    assert {near.word for near in found.nearest if near.given} == {"king", "man", "woman"}
    assert [near.rank for near in found.nearest] == list(range(1, 6))
    vectors = dict(zip(AXES, unit(*AXES.values()), strict=True))
    target = vectors["king"] - vectors["man"] + vectors["woman"]
    assert found.answer.cosine == pytest.approx(
        float(target @ vectors["queen"]) / float(np.linalg.norm(target)), abs=1e-6
    )
    assert found.answer.start == pytest.approx(float(vectors["king"] @ vectors["queen"]), abs=1e-6)


def test_nothing_need_be_taken_away(monkeypatch):
    monkeypatch.setattr(analogies, "word_list", lambda lang: ("up", "both", "right", "down"))
    known = {"up": [0, 1], "right": [1, 0], "both": [1, 1], "down": [0, -1]}
    found = analogy(FakeDense(known), "up", "", "right", lang="en", centred=False)
    assert (found.nearest[0].word, found.answer.word) == ("both", "both")
    assert found.nearest[0].cosine == pytest.approx(1.0)


@pytest.mark.parametrize("words", [("", "a", "b"), ("a", "b", " "), ("a" * 61, "", "b")])
def test_a_formula_without_words_is_refused(words):
    with pytest.raises(BadOption):
        analogy(FakeDense(AXES), *words, lang="en")


@pytest.mark.parametrize(
    ("first", "said"), [("king", "plus_first"), ("man", "given_first"), ("queen", "given_not_first")]
)
def test_the_word_that_comes_first_is_told_for_what_it_is(first, said):
    nearest = tuple(Near(word, 1, 0.9, 0.5, word != "queen") for word in (first, "queen"))
    told = _told(Analogy("fake", "man", "", "king", True, 300, nearest), "en")
    assert told == say("en", f"lab.embeddings.{said}", size=300, **({} if first == "queen" else {"word": first}))


def test_the_mean_is_that_of_the_list_alone():
    vectors = unit([1, 1, 0], [1, -1, 0], [0, 0, 1])
    moved = directions(vectors, 2)
    assert np.allclose(moved[:2], [[0, 1, 0], [0, -1, 0]])
    assert np.allclose(np.linalg.norm(moved, axis=1), 1)
    assert np.allclose(directions(vectors, 0), vectors)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_our_words_are_enough_and_each_stands_once(lang):
    words = word_list(lang)
    assert len(words) > 250
    assert len(set(words)) == len(words)
    assert all(word.isalpha() for word in words)


# -- the plane -----------------------------------------------------------------------------------------------------


@given(st.integers(3, 60), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_the_plane_is_that_of_the_singular_values(count, dimensions, seed):
    vectors = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    found = plane(vectors)
    moved = vectors.astype(np.float64) - vectors.astype(np.float64).mean(axis=0)
    _, singular, _ = np.linalg.svd(moved, full_matrices=False)
    shares = singular**2 / (singular**2).sum()
    assert found.kept == pytest.approx(shares[:2].sum(), abs=1e-9)
    points = found.at(vectors)
    assert points.shape == (count, 2)
    assert np.allclose((points**2).sum(axis=0), singular[:2] ** 2)  # the variance along each axis
    assert np.allclose(found.axes @ found.axes.T, np.eye(2))
    assert np.allclose(found.at(vectors[0]), points[:1])


def test_the_same_cloud_is_drawn_the_same_way_round():
    vectors = np.random.default_rng(3).normal(size=(40, 6)).astype(np.float32)
    one, other = plane(vectors), plane(vectors[::-1].copy())
    assert np.allclose(one.axes, other.axes)


def test_what_is_flat_already_keeps_every_neighbour():
    points = np.random.default_rng(5).uniform(0, 1, size=(300, 2))
    lifted = np.column_stack([points, np.ones(300)]).astype(np.float32)
    sphere = lifted / np.linalg.norm(lifted, axis=1, keepdims=True)
    angles = np.column_stack([points[:, 0] * 0.6, np.zeros(300)])
    circle = np.column_stack([np.cos(angles[:, 0]), np.sin(angles[:, 0])]).astype(np.float32)
    assert kept_neighbours(circle, angles) > 0.99  # cosines order an arc as its angles do
    assert kept_neighbours(sphere, np.random.default_rng(6).uniform(size=(300, 2))) < 0.15  # at random: 10 of 299


def test_a_question_is_put_amid_its_nearest():
    vectors = unit([1, 0], [1, 0.1], [0, 1], [-1, 0])
    points = np.array([[0.0, 0.0], [0.0, 2.0], [50.0, 0.0], [90.0, 0.0]])
    (found,) = amid(vectors, points, unit([1, 0.05])[0], neighbours=2)
    assert found[0] == pytest.approx(0)
    assert 0 < found[1] < 2


# -- what is on the map --------------------------------------------------------------------------------------------


@pytest.fixture
def held(database):
    """A store with two documents of "me", one of "you", and a vector for every chunk."""
    store, kept = Store(database), KeptVectors(database)
    for document, owner, count in (("a" * 64, "me", 6), ("b" * 64, "me", 2), ("c" * 64, "you", 4)):
        lines = [f"line {number} of {document[0]}, which goes on and on" for number in range(count)]
        text = "\n".join(lines)
        starts = [text.index(line) for line in lines]
        spans = [Span(1, start, start + len(line)) for start, line in zip(starts, lines, strict=True)]
        ids = store.save(Facts(document, ".txt", 1, "", "page", "en", "ready"), [PageText(1, text, "text")], spans)
        store.hold(owner, document, f"{document[0]}.txt")
        kept.write(MODEL, ids, np.random.default_rng(count).normal(size=(count, 4)).astype(np.float32))
    return store, FakeDense({"": [1, 0, 0, 0]}, kept)


def test_a_cloud_has_the_owners_chunks_and_nobody_elses(held):
    found = cloud(*held, "me")
    assert [chunk.name for chunk in found.chunks] == ["a.txt"] * 6 + ["b.txt"] * 2
    assert found.vectors.shape == (8, 4)
    assert (found.total, found.model) == (8, "fake")
    assert found.chunks[1].text.startswith("line 1 of a, which")
    assert (found.chunks[0].start, found.chunks[0].end) == (0, len(found.chunks[0].text))
    assert len(cloud(*held, "me", ["a" * 64]).chunks) == 6
    with pytest.raises(DocumentNotFound):
        cloud(*held, "me", ["c" * 64])


def test_another_owner_is_told_nothing_by_a_chunks_id(held):
    store, _ = held
    foreign = [key for key, document in store.ids().items() if document == "c" * 64]
    assert store.openings("me", foreign, 20) == {}
    assert [one.text for one in store.openings("you", foreign, 6).values()] == ["line 0", "line 1", "line 2", "line 3"]


def test_of_too_many_some_are_left_out_but_not_those_that_were_found(held):
    store, dense = held
    everything = [chunk.id for chunk in cloud(store, dense, "me").chunks]
    few = cloud(store, dense, "me", most=3, always=[everything[1]])
    assert few.total == 8
    assert [chunk.id for chunk in few.chunks] == [everything[0], everything[1], everything[4], everything[7]]


def test_next_to_nothing_makes_no_map(held):
    with pytest.raises(TooFewPassages):
        cloud(*held, "me", ["b" * 64])


# -- as it is shown ------------------------------------------------------------------------------------------------


def shown(**more):
    names = ["<b>x</b>", "y", "y", "y"]
    chunks = tuple(
        Opening(10 + place, f"{name}-id", name, 1, 0, 5, '<i onclick="z">', "page") for place, name in enumerate(names)
    )
    vectors = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    flat = plane(vectors)
    return Shown(PCA, Cloud("fake", chunks, vectors, 4), flat.at(vectors), flat, 0.5, **more)


def test_the_document_with_most_passages_comes_first():
    assert document_order(shown().cloud.chunks) == {"y-id": 0, "<b>x</b>-id": 1}


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_map_escapes_what_documents_say_and_has_a_row_a_passage(lang):
    html = drawing(shown(question="<q>", found=(12, 99), asked=np.array([[0.5, 0.25]])), lang)
    assert "<i onclick" not in html
    assert "<b>x" not in html
    assert "<q>" not in html
    assert html.count("<tr>") == 1 + 4 + 1  # the heads, the passages, the question
    data = json.loads(
        html.split('data-map="')[1].split('"')[0].replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">")
    )
    assert data["document"] == [1, 0, 0, 0]
    assert data["found"] == [2]  # a chunk that is not drawn is not marked
    assert data["question"] == {"x": 0.5, "y": 0.25}


# -- the process of UMAP -------------------------------------------------------------------------------------------

CLOUD = np.random.default_rng(1).normal(size=(20, 5)).astype(np.float32)
_READ = "import sys,json; job=json.loads(sys.stdin.buffer.readline()); sys.stdin.buffer.read(); out=sys.stdout.buffer\n"
_MARK = 'open(sys.argv[1], "a").write("x"); '
_ANSWER = _MARK + 'out.write(b\'{"done": 1, "total": 2}\\n{"rows": 20}\\n\' + bytes(160))'


def worker(monkeypatch, code, *arguments):
    monkeypatch.setattr(umap_process, "COMMAND", [sys.executable, "-c", _READ + code, *arguments])


def test_a_map_is_worked_out_once(monkeypatch, tmp_path):
    runs = tmp_path / "runs"
    worker(monkeypatch, _ANSWER, str(runs))
    umaps, told = Umaps(), []
    assert umaps.known(CLOUD, 15) is None
    for _ in range(2):
        found = umaps.points(CLOUD, 15, threading.Event(), lambda done, total: told.append((done, total)))
        assert found.shape == (20, 2)
    assert runs.read_text() == "x"
    assert told == [(1, 2)]
    assert umaps.known(CLOUD, 15) is not None
    assert umaps.known(CLOUD, 5) is None


@pytest.mark.parametrize("code", ['out.write(b\'{"error": "memory"}\\n\')', "pass", "out.write(b'what?\\n')"])
def test_a_worker_that_fails_is_told(monkeypatch, code):
    worker(monkeypatch, code)
    with pytest.raises(MapNotDrawn):
        Umaps().points(CLOUD, 15, threading.Event())


def test_stop_ends_the_process(monkeypatch):
    started = []
    start = umap_process.child.start
    monkeypatch.setattr(umap_process.child, "start", lambda command: started.append(start(command)) or started[-1])
    worker(monkeypatch, 'out.write(b\'{"done": 1, "total": 2}\\n\'); out.flush(); import time; time.sleep(600)')
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        Umaps().points(CLOUD, 15, cancel, lambda done, total: cancel.set())
    assert started[0].returncode is not None


@pytest.mark.parametrize("neighbours", [2, 51])
def test_neighbours_have_their_limits(neighbours):
    with pytest.raises(BadOption):
        Umaps().points(CLOUD, neighbours, threading.Event())
