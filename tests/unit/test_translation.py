"""rag/translation.py: a query for the lexical side, translated once and only when it looks like a translation."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from rag.errors import Cancelled
from rag.store import Document
from rag.translation import LONGEST, Translator, foreign_languages, is_translation, translation_prompt
from tests.fake_model import FakeModel

QUERY = "¿Cuánto cuesta la cuota anual del huerto?"
ENGLISH = "What is the annual fee for the garden?"


def test_a_query_is_translated_and_remembered():
    model, translator = FakeModel(ENGLISH), Translator()
    assert translator.translate(model, QUERY, "en") == ENGLISH
    assert translator.translate(model, f"  {QUERY}\n", "en") == ENGLISH
    assert len(model.prompts) == 1


def test_another_model_and_another_language_are_asked_anew():
    translator = Translator()
    assert translator.translate(FakeModel(ENGLISH), QUERY, "en") == ENGLISH
    other = FakeModel("How much is the garden's annual fee?", name="other")
    assert translator.translate(other, QUERY, "en") == "How much is the garden's annual fee?"
    assert translator.translate(FakeModel(""), QUERY, "es") is None


def test_a_failure_is_remembered_too():
    model, translator = FakeModel(QUERY), Translator()
    assert translator.translate(model, QUERY, "en") is None
    assert translator.translate(model, QUERY, "en") is None
    assert len(model.prompts) == 1


def test_the_oldest_is_forgotten_first():
    model, translator = FakeModel(ENGLISH), Translator(size=2)
    for query in ("cuota anual uno", "cuota anual dos", "cuota anual uno", "cuota anual tres", "cuota anual uno"):
        translator.translate(model, query, "en")
    assert len(model.prompts) == 3
    translator.translate(model, "cuota anual dos", "en")
    assert len(model.prompts) == 4


@pytest.mark.parametrize("query", ["", "  ", "x" * (LONGEST + 1)])
def test_nothing_and_too_much_are_not_asked(query):
    model = FakeModel(ENGLISH)
    assert Translator().translate(model, query, "en") is None
    assert Translator().translate(model, QUERY, "fr") is None
    assert model.prompts == []


@pytest.mark.parametrize(
    ("text", "line", "language"),
    [
        (QUERY, ENGLISH, "en"),
        ("fines", "multas", "es"),
        ("¿Qué pasó en 1974?", "What happened in 1974?", "en"),
        ("¿Cómo funciona BM25?", "How does BM25 work?", "en"),
        ("¿En qué año murió Lutero?", "When did Luther die?", "en"),
        ("¿Cuál es la capital de Alemania?", "What is the capital of Germany?", "en"),
        ("Who was the Panthers' leader for 2015?", "¿Quién fue el líder de los Panthers en 2015?", "es"),
    ],
)
def test_translations_are_taken(text, line, language):
    assert is_translation(text, line, language)


@pytest.mark.parametrize(
    ("text", "line", "language"),
    [
        (QUERY, "", "en"),
        (QUERY, QUERY, "en"),  # the same again
        (QUERY, "fee", "en"),  # too short
        (
            QUERY,
            "The annual fee is what everybody pays to use a plot of the garden, and it is due in March. " * 2,
            "en",
        ),
        ("¿Qué pasó en 1974?", "What happened in 1947?", "en"),
        ("¿Qué pasó en la fábrica?", "What happened in 1974 at the factory?", "en"),
        ("¿Cómo funciona BM25?", "How does the BM 25 work?", "en"),
        ("¿Qué poemas escribió Shelley?", "which poems did that person write?", "en"),
    ],
)
def test_what_is_no_translation_is_not_taken(text, line, language):
    assert not is_translation(text, line, language)


def test_the_fixed_part_comes_first():
    one, other = translation_prompt("uno", "en"), translation_prompt("dos", "en")
    assert one[:-1] == other[:-1]
    assert (one[-1].text, other[-1].text) == ("uno", "dos")


def test_stopping_is_passed_on_and_not_remembered():
    cancel, translator = threading.Event(), Translator()
    cancel.set()
    with pytest.raises(Cancelled):
        translator.translate(FakeModel("What is"), QUERY, "en", cancel)
    assert translator.translate(FakeModel(ENGLISH), QUERY, "en") == ENGLISH


def test_many_threads_get_the_same():
    translator, found = Translator(size=3), []

    def ask(n: int) -> None:
        for i in range(50):
            number = (n + i) % 5
            line = translator.translate(FakeModel(f"annual fee of plot {number}"), f"cuota anual {number}", "en")
            found.append(line == f"annual fee of plot {number}")

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 400
    assert all(found)


@pytest.mark.parametrize(
    ("asked", "there", "needed"),
    [
        ("es", ["es"], []),
        ("es", ["en"], ["en"]),
        ("en", ["en", "es", "es"], ["es"]),
        ("es", ["en", "fr", ""], ["en"]),  # the model is only asked for what it can
        ("fr", ["en", "es"], ["es", "en"]),
        ("en", [], []),
    ],
)
def test_only_foreign_languages_need_a_translation(asked, there, needed):
    documents = [
        Document(str(n), "x.pdf", 1, 1, language, "ready", 1, datetime.now(UTC)) for n, language in enumerate(there)
    ]
    assert foreign_languages(asked, documents) == needed
