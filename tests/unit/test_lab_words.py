"""lab/words.py: bags, stems and n-grams, and BM25 as SQLite's own."""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest

from lab.prose import prose
from lab.words import LONGEST, PASSAGES, Reading, Stem, bags, bm25, cosine, grams, ranks, stems
from rag import lexical
from rag.errors import BadOption, TextTooLong
from ui.lab.word_figures import stemmed
from ui.texts import say

ES = Reading("es")
DOG, MAN = "El perro muerde al hombre.", "El hombre muerde al perro."
PASSAGES_ES = [
    "El farero enciende la lámpara del faro cada noche.",
    "Los faros avisan a los barcos del peligro de las rocas.",
    "La barca del pescador volvió al puerto con la marea.",
    "El coche rojo está aparcado delante del faro viejo, el faro de la isla.",
    "Una receta de pan con aceite y sal.",
]


def test_a_bag_forgets_the_order_and_longer_ngrams_do_not():
    found = bags([DOG, MAN], Reading("es"))
    assert found.vectors[0] == found.vectors[1] == (1, 1, 1, 1, 1)
    assert found.cosines[0] == pytest.approx(1.0)
    assert found.cosines[1] == pytest.approx(0.25)  # "muerde al" alone is in both
    assert found.cosines[2] == pytest.approx(0.0)


def test_counts_are_those_of_the_text():
    counted = grams("Veo la playa. La playa es larga. Y la PLAYA vieja.", Reading("es", 2))
    assert counted == Counter(
        {
            ("la", "playa"): 3,
            ("veo", "la"): 1,
            ("playa", "es"): 1,
            ("es", "larga"): 1,
            ("y", "la"): 1,
            ("playa", "vieja"): 1,
        }
    )  # none across sentences
    assert grams("una casa, dos casas", Reading("es", stems=True))[("cas",)] == 2
    assert grams("la casa de la playa", Reading("es", function_words=False)) == Counter([("casa",), ("playa",)])


def test_the_commonest_terms_come_first_and_one_text_has_no_cosine():
    found = bags(["sol luna sol mar sol mar"], Reading("es"))
    assert found.terms == (("sol",), ("mar",), ("luna",))
    assert found.vectors == ((3, 2, 1),)
    assert set(found.cosines) == {None}
    assert cosine(Counter(), Counter({("a",): 1})) is None


def test_stems_bring_words_together():
    found = {one.stem: one for one in stems(["Canción, canciones y la", "canción. Cantar, cantaba."], ES)}
    assert found["cancion"].words == (("canción", 2), ("canciones", 1)), "as they are spelled"
    assert found["cancion"].count == 3
    assert dict(found["cant"].words) == {"cantar": 1, "cantaba": 1}
    assert next(one.stem for one in stems(["running runs runner and ran"], Reading("en"))) == "run"


def test_spellings_with_and_without_accents_fall_together():
    assert stems(["canción cancion Canción"], ES)[0].words == (("canción", 2), ("cancion", 1))


def test_stems_heed_what_is_left_out():
    kept = stems(["Los gatos y la gata"], Reading("es", function_words=False))
    assert {word for one in kept for word, _ in one.words} == {"gatos", "gata"}


def test_not_all_stems_are_drawn_and_the_caption_says_so():
    many = [Stem(f"s{n}", ((f"w{n}", 1),)) for n in range(19)]
    assert "(se dibujan 12 de 19)" in stemmed(many, "es")
    assert "de 12)" not in stemmed(many[:12], "es")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_example_shows_stems_together(lang):
    texts = [say(lang, f"lab.words.ex_stems_{which}") for which in "ab"]
    found = stems(texts, Reading(lang, function_words=False))
    together = [{word for word, _ in one.words} for one in found]
    assert any({"gato", "gatos"} <= one if lang == "es" else {"cat", "cats"} <= one for one in together)
    assert not any({"gatito", "gatos"} <= one or {"kitten", "cat"} <= one for one in together)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_best_sentence_of_the_example_shares_no_word_with_the_question(lang):
    lines = say(lang, "lab.words.ex_lines").splitlines()
    scores = [sum(part.score for part in one) for one in bm25(say(lang, "lab.words.ex_question"), lines, lang)]
    assert [score > 0.0 for score in scores] == [False, True, True, False, False, False]


@pytest.mark.parametrize(("lang", "begins"), [("en", "Welcome to the garden."), ("es", "La biblioteca es de todos")])
def test_the_example_to_count_in_is_one_text_in_its_order(lang, begins):
    text = prose(lang)
    assert begins in text.splitlines()[1]
    assert len(text.split()) > 700
    assert set("<{") & set(text) == set()
    assert text.rstrip().endswith(("invented.", "inventados."))


@pytest.mark.parametrize("question", ["¿Quién enciende el faro?", "los barcos y las rocas", "faro pan"])
def test_bm25_is_what_fts5_reckons(question):
    terms = lexical.query_terms(question, ["es"])
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5 (terms)")
        rows = [(number, lexical.index_terms(one, "es")) for number, one in enumerate(PASSAGES_ES, start=1)]
        connection.executemany("INSERT INTO t (rowid, terms) VALUES (?, ?)", rows)
        match = " OR ".join(f'"{term}"' for term in terms)
        wanted = dict(connection.execute("SELECT rowid, -bm25(t) FROM t WHERE t MATCH ?", (match,)))
    connection.close()
    found = bm25(question, PASSAGES_ES, "es")
    assert wanted
    for number, parts in enumerate(found, start=1):
        assert sum(part.score for part in parts) == pytest.approx(wanted.get(number, 0.0), abs=1e-9)


def test_each_word_says_what_it_adds():
    parts = bm25("¿Dónde hay faros?", PASSAGES_ES, "es")[3]
    assert [(one.word, one.stem, one.count) for one in parts] == [("faros", "far", 2)]
    assert parts[0].score == parts[0].idf * parts[0].tf > 0


def test_ranks():
    assert ranks([0.5, 0.0, 2.0]) == [2, None, 1]


def test_limits():
    with pytest.raises(BadOption):
        Reading("es", 5)
    with pytest.raises(TextTooLong):
        grams("a " * LONGEST, Reading("es"))
    with pytest.raises(BadOption):
        bm25("a", ["b"] * (PASSAGES + 1), "es")
    with pytest.raises(BadOption):
        bm25("a", [], "es")
    with pytest.raises(TextTooLong):
        bm25("a", ["b" * LONGEST], "es")
