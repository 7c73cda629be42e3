"""BM25 within a budget: exact where all words are within it, near to that beyond."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import text

from rag import bm25, lexical
from rag.frequencies import Frequencies
from rag.store import Store

WORDS = [f"w{rank}" for rank in range(1, 200)]


@pytest.fixture
def filled(database):
    """600 chunks of three documents, whose words are as frequent as Zipf has them."""
    draw = random.Random(7)
    shares = [1 / (rank + 1) for rank in range(len(WORDS))]
    with database.begin() as connection:
        for name in "abc":
            connection.execute(
                text("INSERT INTO documents (id, suffix, bytes, status) VALUES (:id, '', 1, 'ready')"), {"id": name}
            )
            connection.execute(
                text("INSERT INTO pages (document, number, text, how) VALUES (:id, 1, 'x', 'text')"), {"id": name}
            )
        for key in range(1, 601):
            statement = text('INSERT INTO chunks (id, document, page, start, "end") VALUES (:id, :document, 1, 0, 1)')
            connection.execute(statement, {"id": key, "document": "abc"[key % 3]})
            lexical.add(connection, [(key, " ".join(draw.choices(WORDS, shares, k=draw.randint(10, 60))))])
    return database


def every_word(connection, terms, documents, k):
    """What FTS5 itself finds with all the words."""
    match = " OR ".join(f'"{term}"' for term in terms)
    inside = ", ".join(f"'{name}'" for name in documents)
    rows = connection.exec_driver_sql(
        "SELECT chunk_terms.rowid, -bm25(chunk_terms) FROM chunk_terms JOIN chunks ON chunks.id = chunk_terms.rowid "
        f"WHERE chunk_terms MATCH '{match}' AND chunks.document IN ({inside}) ORDER BY bm25(chunk_terms) LIMIT {k}"
    )
    return dict(rows.all())


TERMS = ["w1", "w2", "w5", "w40", "w90", "w150", "nowhere"]


@pytest.mark.parametrize("documents", [None, ["a", "b", "c"], ["b"]])
def test_within_the_budget_it_is_fts5s_own_score(filled, documents):
    with filled.begin() as connection:
        found = bm25.search(connection, TERMS, documents, 50)
        wanted = every_word(connection, TERMS, documents or "abc", 50)
        assert found == wanted


def test_beyond_the_budget_the_best_are_weighed_with_every_word(filled):
    with filled.begin() as connection:
        wanted = every_word(connection, TERMS, "abc", 600)
        found = bm25.search(connection, TERMS, None, 40, budget=100)
        assert found
        assert all(score == pytest.approx(wanted[chunk], rel=1e-9) for chunk, score in found.items())
        assert list(found) == sorted(found, key=lambda chunk: (-found[chunk], chunk))
        best = sorted(wanted, key=lambda chunk: -wanted[chunk])[:10]
        assert set(best[:4]) <= set(found)
        assert len(set(best) & set(found)) >= 8
        assert {chunk % 3 for chunk in bm25.search(connection, TERMS, ["b"], 20, budget=10)} == {1}


def test_the_rarest_words_are_taken_and_one_at_least():
    frequencies = {"the": 900, "of": 800, "lamp": 5, "lens": 9}
    assert bm25.affordable(["the", "lens", "of", "lamp", "none"], frequencies, 100) == ["lens", "lamp"]
    assert bm25.affordable(["the", "of"], frequencies, 100) == ["of"]
    assert bm25.affordable(["the", "lens", "of", "lamp"], frequencies, 10_000) == ["the", "lens", "of", "lamp"]
    assert bm25.affordable(["none"], frequencies, 100) == []


def test_a_word_with_an_underscore_is_a_phrase(filled):
    with filled.begin() as connection:
        lexical.remove(connection, "a")
        statement = text("SELECT id FROM chunks WHERE document = 'a' LIMIT 2")
        first, second = connection.execute(statement).scalars()
        lexical.add(connection, [(first, "n_gram n_gram w1"), (second, "gram n w1")])
    with filled.begin() as connection:
        assert lexical.document_frequencies(connection, ["n_gram"])[1] == {"n_gram": 1}
        found = bm25.search(connection, ["n_gram", "w1"], None, 1)
        parts = bm25.contributions(connection, ["n_gram", "w1"], [first, second])
        assert set(found) == {first}
        assert sum(parts[first].values()) == pytest.approx(found[first])
        assert set(parts[second]) == {"w1"}


def test_counts_are_those_of_the_index(filled):
    with filled.begin() as connection:
        rows = connection.exec_driver_sql("SELECT terms FROM chunk_terms").scalars().all()
        assert lexical.counted(connection) == (600, sum(len(row.split()) for row in rows))
        lexical.remove(connection, "a")
    with filled.begin() as connection:
        assert lexical.counted(connection)[0] == 400


def test_a_large_librarys_frequencies_are_remembered_until_it_changes(filled, monkeypatch):
    monkeypatch.setattr("rag.frequencies._EXACT", 100)
    frequencies = Frequencies()
    terms = ["w1", "w40", "nowhere"]
    with filled.begin() as connection:
        before = frequencies.of(connection, terms)
        assert before == lexical.document_frequencies(connection, terms)
        with monkeypatch.context() as patched:
            patched.setattr(lexical, "document_frequencies", lambda *_: pytest.fail("counted again"))
            assert frequencies.of(connection, ["w1", "w40"]) == before
    with filled.begin() as connection:
        connection.exec_driver_sql("DELETE FROM chunk_terms WHERE rowid = 1")
        lexical.add(connection, [(1, "w40 nowhere")])
    with filled.begin() as connection:
        now = frequencies.of(connection, terms)
        assert now == lexical.document_frequencies(connection, terms)
        assert now[1]["nowhere"] == 1
        lexical.remove(connection, "a")
    with filled.begin() as connection:
        assert frequencies.of(connection, terms) == lexical.document_frequencies(connection, terms)


def test_an_exchange_that_changes_no_sum_is_noticed(filled, monkeypatch):
    monkeypatch.setattr("rag.frequencies._EXACT", 100)
    frequencies = Frequencies()
    with filled.begin() as connection:
        connection.exec_driver_sql("DELETE FROM chunk_terms WHERE rowid IN (1, 2)")
        lexical.add(connection, [(1, "w40 gone"), (2, "w40 stays")])
    with filled.begin() as connection:
        assert frequencies.of(connection, ["gone", "stays", "new"])[1] == {"gone": 1, "stays": 1}
        sums = lexical.counted(connection)
    with filled.begin() as connection:
        connection.exec_driver_sql("DELETE FROM chunk_terms WHERE rowid = 1")
        lexical.add(connection, [(1, "stays new")])
    with filled.begin() as connection:
        assert lexical.counted(connection) == sums
        assert frequencies.of(connection, ["gone", "stays", "new"])[1] == {"stays": 2, "new": 1}


def test_a_word_asked_before_its_document_came_is_found_afterwards(filled, monkeypatch):
    monkeypatch.setattr("rag.frequencies._EXACT", 100)
    store = Store(filled)
    assert store.lexical(["zorglub"], None, 5) == {}
    with filled.begin() as connection:
        connection.exec_driver_sql("DELETE FROM chunk_terms WHERE rowid = 7")
        lexical.add(connection, [(7, "the zorglub stands here")])
    assert list(store.lexical(["zorglub"], None, 5)) == [7]


def test_chunks_without_any_term_give_no_scores(filled):
    with filled.begin() as connection:
        connection.exec_driver_sql("DELETE FROM chunk_terms")
        lexical.add(connection, [(1, "")])
    with filled.begin() as connection:
        assert bm25.contributions(connection, ["lamp"], [1]) == {}
