"""What a search is made of, how a page is cut, and how both are shown: no model."""

from __future__ import annotations

import itertools
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from rag import bm25, lexical
from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE, Span
from rag.inspection import Contribution, Hit, Inspection, Nearest, Term, idf, matches, typed_words
from rag.preview import Preview
from ui.cutting_view import preview
from ui.inspection_view import marked, three_columns, window

BAD = '<img src=x onerror="alert(1)">&'
ODD = (
    "La CANCIÓN",
    "cancio\u0301n, ¡ya!",
    "ﬁn de año",
    "Straße",
    "x_1 ²",
    "İstanbul",
    "ａｂｃ",
    "",
    "\u0301solo",
    "a\u0301\u0323b",
)


# -- where the words are -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ODD)
def test_located_words_are_the_words_of_the_index(value: str) -> None:
    located = lexical.located_words(value)
    assert [word for word, _, _ in located] == lexical.words(value)
    for word, start, end in located:
        assert word in lexical.fold(value[start:end])
    assert all(before[2] <= after[1] for before, after in itertools.pairwise(located))


@pytest.mark.parametrize(
    ("question", "language", "passage", "found"),
    [
        (
            "¿qué cancion cantaban?",
            "es",
            "Cantar canciones: una CANCIÓN y otra cancio\u0301n.",
            "Cantar canciones CANCIÓN cancio\u0301n",
        ),
        ("running horses", "en", "The horse runs; a Horse's run is long.", "horse runs Horse run"),
        ("el año 1907", "es", "En 1907, AÑO de lluvias. El 19071 no cuenta.", "1907 AÑO El"),
        ("faros", "", "Un faro y dos faros.", "faros"),
    ],
)
def test_spans_are_the_words_with_the_stem_of_the_question(
    question: str, language: str, passage: str, found: str
) -> None:
    terms = lexical.query_terms(question, [language])
    assert " ".join(passage[start:end] for start, end, _ in matches(passage, terms, language)) == found


def test_each_stem_is_shown_as_the_word_that_was_typed() -> None:
    question = "¿Qué canciones cantaban?"
    stems = lexical.query_terms(question, ["en", "es"])
    terms = typed_words(question, [*stems, "sung"], ["en", "es"])
    assert {term.word for term in terms} == {"Qué", "canciones", "cantaban", "sung"}
    assert [term.stem for term in terms] == [*stems, "sung"]


# -- what each word adds -----------------------------------------------------------------------------------------


def _fill(connection: Connection, texts: list[str]) -> None:
    connection.execute(text("INSERT INTO documents (id, suffix, bytes, status) VALUES ('d', '', 1, 'ready')"))
    connection.execute(text("INSERT INTO pages (document, number, text, how) VALUES ('d', 1, 'x', 'text')"))
    for key, words in enumerate(texts, start=1):
        values = f"({key}, 'd', 1, 0, 1)"
        connection.execute(text(f'INSERT INTO chunks (id, document, page, start, "end") VALUES {values}'))
        lexical.add(connection, [(key, lexical.index_terms(words, "es"))])


def test_contributions_add_up_to_the_bm25_score(database) -> None:
    texts = [
        "el faro de la costa y el faro viejo",
        "faros, faro, farero",
        "el mar y la costa",
        "la casa de piedra",
        "x_1",
    ]
    with database.begin() as connection:
        _fill(connection, texts)
    with database.begin() as connection:
        terms = lexical.query_terms("¿Está el faro en la costa? x_1", ["es"])
        scores = bm25.search(connection, terms, ["d"], 10)
        parts = bm25.contributions(connection, terms, [1, 2, 3, 4, 5])
        assert parts.keys() == scores.keys()
        for chunk, score in scores.items():
            assert sum(parts[chunk].values()) == pytest.approx(score, rel=1e-9)
        total, holding = lexical.document_frequencies(connection, terms)
        one = parts[1]
        # idf * tf, as the field writes it, is what FTS5 reckons.
        lengths = [len(lexical.words(one)) for one in texts]
        lengths[-1] = 2  # FTS5 cuts at the underscore
        length = 1.2 * (1 - 0.75 + 0.75 * lengths[0] / (sum(lengths) / len(lengths)))
        assert one["far"] == pytest.approx(idf(total, holding["far"]) * 2 * 2.2 / (2 + length))
        assert one["cost"] == pytest.approx(idf(total, holding["cost"]) * 2.2 / (1 + length))
        assert one["la"] == pytest.approx(idf(total, holding["la"]) * 2.2 / (1 + length))
        assert idf(total, holding["la"]) == 1e-6  # in more than half: next to nothing
        assert bm25.contributions(connection, terms, []) == {}


# -- cutting -----------------------------------------------------------------------------------------------------


def test_the_preview_marks_beginnings_and_overlaps() -> None:
    spans = [Span(1, 0, 10), Span(1, 6, 20)]
    found = Preview("0123456789abcdefghij", tuple(spans), longest=1_234, shared=4, exact=True)
    html = preview(found, "es")
    assert [int(n) for n in re.findall(r'aula-cut-mark"[^>]*>(\d+)<', html)] == [1, 2]
    assert '<span class="aula-cut shared">6789</span>' in html
    assert "2 fragmentos" in html
    assert "El más largo tiene 1234 tokens" in html
    assert "En dos fragmentos a la vez: 4 tokens" in html
    assert "se estiman" in preview(replace(found, exact=False), "es")
    assert "<img" not in preview(replace(found, text=BAD, spans=(Span(1, 0, len(BAD)),)), "en")
    assert "no text" in preview(replace(found, text=" ", spans=()), "en")


# -- the page ----------------------------------------------------------------------------------------------------


def hit(passage: str, **more: object) -> Hit:
    values: dict[str, object] = {
        "rank": 1,
        "chunk": 7,
        "document": "d",
        "name": "faro.pdf",
        "page": 3,
        "text": passage,
        "score": 0.5,
        "spans": (),
        "contributions": (),
        "nearest": None,
        "dense_part": 1.0,
        "cosine_part": 1.0,
        "sentence_part": None,
        "lexical_part": 0.25,
        "dense_rank": 2,
        "lexical_rank": None,
    }
    return Hit(**{**values, **more})  # type: ignore[arg-type]


def test_three_columns_say_what_a_score_is_made_of() -> None:
    passage = "El faro mide 32 metros."
    words = (Contribution("far", "faros", 2.31, 2.1, 1.1, 1), Contribution("el", "El", 0.000001, 1e-6, 1.0, 1))
    near = hit(passage, nearest=Nearest(0, 7, 0.913))
    named = hit(passage, score=2.31, spans=((0, 2, "el"), (3, 7, "far")), contributions=words)
    both = hit(passage, score=0.7375, spans=((3, 7, "far"),), contributions=words[:1], sentence_part=1.0)
    found = Inspection("faros", (Term("far", "faros"),), 0.65, (near,), (named,), (both,))
    html = three_columns(found, "", "es")
    assert html.count("<section") == 3
    dense, lexical_, fused = html.split("<section")[1:]
    assert "<mark" not in dense
    assert ">El faro</u>" in dense
    assert "coseno 0,913" in dense
    assert 'style="--share:1.00">faro</mark>' in lexical_
    assert 'style="--share:0.00">El</mark>' in lexical_
    assert "2,10 × 1,10" in lexical_
    assert "Las demás suman 0,00: El" in lexical_
    assert "0,65 × 1,000 + 0,35 × 0,250" in fused
    assert "1,000 = 0,60 × 1,000 (el fragmento) + 0,40 × 1,000 (su frase más cercana)" in fused
    assert "Embedding: n.º 2 · BM25: no está en la lista" in fused


def test_without_embeddings_their_column_says_why() -> None:
    html = three_columns(Inspection("x", (), 0.0, (), (), ()), "No hay modelo.", "es")
    assert html.count("No hay modelo.") == 1
    assert html.count("Ningún fragmento") == 2


def test_passages_names_and_words_are_escaped() -> None:
    bad = hit(
        BAD * 20,
        name=BAD,
        spans=((1, 4, BAD),),
        contributions=(Contribution(BAD, BAD, 1.0, 1.0, 1.0, 1),),
        nearest=Nearest(0, 5, 0.1),
    )
    found = Inspection(BAD, (Term(BAD, BAD),), 0.5, (bad,), (bad,), (bad,))
    assert "<img" not in three_columns(found, BAD, "en")


def test_a_folded_passage_shows_where_most_of_the_weight_is() -> None:
    filler = "relleno " * 60
    passage = f"la {filler}el faro alto de la costa {filler}"
    spans = [
        (at.start(), at.end(), 1.0 if at.group() == "faro" else 0.01) for at in re.finditer(r"\b(la|faro)\b", passage)
    ]
    start, end = window(passage, spans)
    assert "faro alto" in passage[start:end]
    assert end - start < 300
    assert passage[start - 1] == passage[end] == " "
    long = [(20, len(passage), 1.0)]
    assert window(passage, long)[1] < 600
    assert "<u" in three_columns(
        Inspection("x", (), 1.0, (hit(passage, nearest=Nearest(20, len(passage), 0.5)),), (), ()), "", "en"
    )
    assert window("corto", []) == (0, 5)
    assert window(passage, [])[0] == 0
    assert str(marked("a<b", [(0, 1, 1.0)], "u")) == '<u style="--share:1.00">a</u>&lt;b'


# -- the database ------------------------------------------------------------------------------------------------


def test_a_database_of_the_first_schema_keeps_what_it_has(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    from rag.database import open_database
    from rag.store import Store

    path = tmp_path / "aula.sqlite"
    config = Config()
    migrations = Path(__file__).resolve().parents[2] / "rag" / "migrations"
    config.set_main_option("script_location", str(migrations))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with engine.begin() as connection:
        _fill(connection, ["el faro de la costa"])
        connection.execute(text("INSERT INTO holdings VALUES ('local', 'd', 'faro.pdf', '2026-01-01 00:00:00')"))
    engine.dispose()
    opened = open_database(path)
    (document,) = Store(opened).documents("local")
    assert (document.name, document.chunks) == ("faro.pdf", 1)
    assert (document.chunk_size, document.chunk_overlap) == (CHUNK_SIZE, CHUNK_OVERLAP)
    assert set(Store(opened).lexical(["far"], ["d"], 5)) == {1}
    opened.dispose()
    (kept,) = tmp_path.glob("aula.0001.*.sqlite")
    old = sqlite3.connect(kept)
    assert old.execute("SELECT id FROM documents").fetchall() == [("d",)]
    old.close()
