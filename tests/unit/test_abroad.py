"""A page in the other language is not behind one in the question's own only because of its language."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from rag.chunking import Span
from rag.database import open_database
from rag.dense import Dense
from rag.embeddings import EmbeddingSpec
from rag.evidence import Judge
from rag.loaders import PageText
from rag.retrieval import Retriever
from rag.store import Facts, Store

TEXTS = {"es": "La biblioteca abre a las nueve.", "en": "There are 42 plots in the garden."}
COSINES = {"es": 0.80, "en": 0.77}  # the English page is the right one, and lies farther off for its language
QUESTION = "¿Cuántas parcelas tiene el huerto?"


class Near:
    """Cosines as they are set, whatever the words."""

    complete = True

    def __init__(self, abroad: float, store: Store) -> None:
        spec = EmbeddingSpec("e", "0" * 64, weight=1.0, abroad=abroad)
        self._store = store
        self._embedder = SimpleNamespace(
            spec=spec, encode_query=lambda text: np.array([1.0, 0.0]), encode_sentences=self._sentences
        )

    def get(self, cancel: threading.Event | None = None) -> tuple[SimpleNamespace, SimpleNamespace]:
        return self._embedder, SimpleNamespace()

    def search(self, index: object, query: np.ndarray, k: int, inside: list[str] | None) -> dict[int, float]:
        return {chunk: COSINES["es" if key[0] == "a" else "en"] for chunk, key in self._store.ids().items()}

    def cosines(self, index: object, query: np.ndarray, chunks: list[int]) -> dict[int, float]:
        return {}

    def _sentences(self, texts: list[str]) -> np.ndarray:
        languages = {text: language for language, text in TEXTS.items()}
        return np.array([[COSINES[languages[text]], 0.0] for text in texts])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = open_database(tmp_path / "a.sqlite")
    store = Store(database)
    for key, language in (("a", "es"), ("b", "en")):
        text = TEXTS[language]
        facts = Facts(key * 64, ".txt", 1, "", "section", language, "ready")
        store.save(facts, [PageText(1, text, "text")], [Span(1, 0, len(text))])
        store.hold("local", key * 64, f"{language}.txt")
    yield store
    database.dispose()


def test_what_a_foreign_page_lacks_is_made_up_for(store: Store) -> None:
    before = Retriever(store, cast(Dense, Near(0.0, store))).search("local", QUESTION)
    assert [passage.language for passage in before] == ["es", "en"]
    after = Retriever(store, cast(Dense, Near(0.05, store))).search("local", QUESTION)
    assert [passage.language for passage in after] == ["en", "es"]
    assert after[0].dense == pytest.approx(0.77)  # what is shown stays what was measured


def test_the_gate_makes_up_for_it_too(store: Store) -> None:
    near = cast(Dense, Near(0.05, store))
    passages = Retriever(store, near).search("local", QUESTION)
    judge = Judge(store, near)
    abroad = judge.weigh(QUESTION, "es", passages)
    assert abroad.passage == pytest.approx(0.82)
    assert abroad.foreign
    assert judge.weigh("How many plots are there?", "en", passages).passage == pytest.approx(0.85)
