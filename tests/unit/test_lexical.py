"""Words, stems and BM25 over a real FTS5 index."""

from rag import bm25, lexical


def test_accents_and_plurals_do_not_matter():
    for written in ("Canción", "canciones", "CANCION", "cancio\u0301n"):
        assert lexical.index_terms(written, "es") == lexical.index_terms("canción", "es")


def test_languages_have_their_own_stems():
    assert lexical.query_terms("the running horses", ["en"]) == ["the", "run", "hors"]
    assert "hors" in lexical.query_terms("horses", ["es", "en"])
    assert lexical.query_terms("words", []) == ["words"]


def test_query_terms_cannot_leave_the_match_expression():
    terms = lexical.query_terms('casa" OR terms:* NEAR("x', ["es"])
    assert all(character.isalnum() or character == "_" for term in terms for character in term)


def test_search_finds_ranks_and_forgets(database):
    from sqlalchemy import text

    with database.begin() as connection:
        connection.execute(text("INSERT INTO documents (id, suffix, bytes, status) VALUES ('d', '', 1, 'ready')"))
        connection.execute(text("INSERT INTO pages (document, number, text, how) VALUES ('d', 1, 'x', 'text')"))
        for key, words in ((1, "el faro de la costa"), (2, "faros faro farero"), (3, "nada que ver")):
            connection.execute(
                text(f"INSERT INTO chunks (id, document, page, start, \"end\") VALUES ({key}, 'd', 1, 0, 1)")
            )
            lexical.add(connection, [(key, lexical.index_terms(words, "es"))])
    with database.begin() as connection:
        terms = lexical.query_terms("¿Dónde está el FARO?", ["es"])
        found = bm25.search(connection, terms, ["d"], 10)
        assert set(found) == {1, 2}
        assert all(score > 0 for score in bm25.search(connection, ["nad"], ["d"], 10).values())
        assert bm25.search(connection, terms, ["another"], 10) == {}
        assert bm25.search(connection, [], ["d"], 10) == {}
        lexical.remove(connection, "d")
        assert bm25.search(connection, terms, ["d"], 10) == {}
