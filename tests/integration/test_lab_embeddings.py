"""The Embeddings panel's reckoning on a real model, and a real UMAP in its process."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from lab.analogies import analogy
from lab.similarity import similarity
from lab.umap_process import Umaps
from rag.embeddings import Embedder, embedding_spec
from rag.models import Catalogue

pytestmark = pytest.mark.model


class Loaded:
    """What is there once an embedding model has been loaded."""

    error = None

    def __init__(self, embedder):
        self._embedder = embedder

    def get(self, cancel=None):
        return self._embedder, None


@pytest.fixture
def dense(settings):
    catalogue = Catalogue(settings)
    return Loaded(Embedder(catalogue.path("all-minilm-l6-v2"), embedding_spec(catalogue, "all-minilm-l6-v2")))


def test_other_words_with_the_same_meaning_lie_nearer(dense):
    found = similarity(
        dense, ["My cat sleeps all day.", "Kittens spend their time napping.", "The bank closes at two."]
    )
    assert found.dimensions == 384
    assert np.allclose(np.diag(found.cosines), 1.0, atol=1e-5)
    assert found.pairs()[0][:2] == (0, 1)
    assert found.cosines[0][1] > found.cosines[0][2] + 0.2


def test_king_minus_man_plus_woman(dense):
    found = analogy(dense, "king", "man", "woman", lang="en")
    assert found.answer is not None
    assert found.answer.word == "queen"
    assert found.nearest[0].given  # as with word2vec, what was put in lies nearest
    plain = analogy(dense, "king", "man", "woman", lang="en", centred=False)
    assert plain.nearest[-1].cosine > found.nearest[-1].cosine  # the mean is what all words share


def test_a_real_umap_keeps_two_groups_apart():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(2, 32))
    vectors = (np.repeat(centres, 30, axis=0) + 0.2 * rng.normal(size=(60, 32))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    told = []
    points = Umaps().points(vectors, 10, threading.Event(), lambda done, total: told.append((done, total)))
    assert points.shape == (60, 2)
    assert np.isfinite(points).all()
    one, other = points[:30], points[30:]
    apart = np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))
    assert apart > 3 * max(one.std(), other.std())
    assert told[-1][0] == told[-1][1] > 0
