"""The library and the conversations in a real SQLite file: whole writes, owners kept apart, deletes that delete."""

import sqlite3

import pytest
from sqlalchemy import text

from rag.chunking import Span
from rag.database import open_database
from rag.errors import ConversationNotFound, DataTooNew, DocumentNotFound
from rag.history import History, shorten
from rag.loaders import PageText
from rag.store import Facts, Store

PAGES = [PageText(1, "El faro se encendió en 1907. Guarda un secreto zanahórico.", "text"), PageText(2, "", "empty")]


def keep(store, document="a" * 64, owner="ana", name="faro.pdf"):
    facts = Facts(document, ".pdf", 10, "Faro", "page", "es", "ready")
    ids = store.save(facts, PAGES, [Span(1, 0, 28), Span(1, 29, len(PAGES[0].text))])
    assert store.hold(owner, document, name)
    return ids


def test_a_document_is_read_back_whole(database):
    store = Store(database)
    first, second = keep(store)
    (found,) = store.documents("ana")
    assert (found.name, found.pages, found.chunks, found.language, found.status) == ("faro.pdf", 2, 2, "es", "ready")
    assert store.page_text("ana", found.id, 1) == PAGES[0].text
    chunk = store.chunks("ana", [second])[second]
    assert chunk.text == PAGES[0].text[29:]
    assert store.lexical(["far"], [found.id], 5).keys() == {first}


def test_another_owner_sees_nothing(database):
    store = Store(database)
    ids = keep(store)
    assert store.documents("berta") == []
    assert store.chunks("berta", ids) == {}
    for call in (store.document, store.release):
        with pytest.raises(DocumentNotFound):
            call("berta", "a" * 64)
    with pytest.raises(DocumentNotFound):
        store.page_text("berta", "a" * 64, 1)


def test_the_last_holder_erases_it_to_the_byte(database, tmp_path):
    store = Store(database)
    keep(store)
    assert store.hold("berta", "a" * 64, "el mismo.pdf")
    assert not store.hold("berta", "a" * 64, "otra vez.pdf")
    assert store.release("ana", "a" * 64) is False
    assert store.documents("berta")[0].name == "el mismo.pdf"
    assert store.release("berta", "a" * 64) is True
    assert store.ids() == {}
    database.dispose()
    for file in tmp_path.iterdir():
        assert b"zanah" not in file.read_bytes(), file


def test_a_chunk_id_is_never_used_twice(database):
    store = Store(database)
    before = keep(store)
    store.release("ana", "a" * 64)
    assert not set(before) & set(keep(store))


def test_what_nobody_holds_is_an_orphan(database):
    store = Store(database)
    store.save(Facts("b" * 64, ".txt", 1, "", "section", "", "ready"), PAGES, [])
    assert store.orphans() == ["b" * 64]
    store.erase("b" * 64)
    assert store.every_id() == set()


def test_conversations_survive_reopening(tmp_path):
    database = open_database(tmp_path / "aula.sqlite")
    history = History(database)
    key = history.create("ana", "¿Cuándo se encendió?  \n El faro", ["a"])
    history.append("ana", key, "user", "¿Cuándo?")
    answer = history.append("ana", key, "assistant", "En 1907.", {"stats": {"model": "m"}})
    database.dispose()
    database = open_database(tmp_path / "aula.sqlite")
    history = History(database)
    (found,) = history.conversations("ana")
    assert (found.title, found.documents) == ("¿Cuándo se encendió? El faro", ["a"])
    assert [message.content for message in history.messages("ana", key)] == ["¿Cuándo?", "En 1907."]
    history.cut("ana", key, answer)
    assert len(history.messages("ana", key)) == 1
    history.rename("ana", key, " ")
    history.rename("ana", key, "Faro")
    assert history.conversations("ana")[0].title == "Faro"
    history.delete("ana", key)
    assert history.conversations("ana") == []
    database.dispose()


def test_another_owner_cannot_touch_a_conversation(database):
    history = History(database)
    key = history.create("ana", "t")
    for call in (
        lambda: history.messages("berta", key),
        lambda: history.append("berta", key, "user", "x"),
        lambda: history.rename("berta", key, "x"),
        lambda: history.choose("berta", key, []),
        lambda: history.cut("berta", key, 0),
        lambda: history.delete("berta", key),
    ):
        with pytest.raises(ConversationNotFound):
            call()
    assert history.conversations("berta") == []


def test_titles_are_cut_between_words():
    assert shorten("uno " * 40).endswith("uno…")
    assert len(shorten("x" * 500)) <= 60


def test_a_newer_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "aula.sqlite"
    database = open_database(path)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    with pytest.raises(DataTooNew):
        open_database(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    connection.close()


def test_the_schema_is_what_the_code_says(database):
    from sqlalchemy import inspect

    from rag.database import metadata

    for name, table in metadata.tables.items():
        assert {column["name"] for column in inspect(database).get_columns(name)} == set(table.c.keys()), name
