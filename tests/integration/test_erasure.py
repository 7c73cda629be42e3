"""What is deleted is gone: a planted phrase, and vectors, are looked for in every file of the data folder."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.prompt import Prompt
from prompts.reply import Reply, Source
from prompts.runs.cell import Cell
from prompts.services import Services, build_services
from rag.answer import AskOptions
from rag.database import _keep_copy, holdings, messages
from rag.dialogue import Dialogue
from rag.erasure import note
from rag.store import Document
from tests.pdf_bytes import document, text
from ui.uploads import take_over

pytestmark = pytest.mark.model
OWNER = "local"
PLANTED = "zanahorico"  # as it stands; the full-text index has the stem of it
PAGE = f"The {PLANTED} lamp of Cape Sorrow was lit in 1907 and its keeper was called Olmedo."
KEPT = "The garden of Harbour Lane has 41 plots, and the guardian of its quincunx is called Ibarra."


@pytest.fixture(autouse=True)
def _uploads(settings, monkeypatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(settings.data_dir / "uploads"))


@pytest.fixture
def services(settings) -> Iterator[Services]:
    built = build_services(settings)
    built.start()
    while built.engine.status().state == "loading" or not built.dense.complete:
        assert built.dense.state != "failed"
        threading.Event().wait(0.1)
    yield built
    built.close()


def put_in(services: Services, name: str, content: bytes, owner: str = OWNER) -> Document:
    cached = services.settings.data_dir / "uploads" / name / name
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    with take_over([{"path": str(cached), "orig_name": name}]) as uploads:
        ids = services.library.add(owner, uploads)
    (job,) = list(services.library.wait(owner, ids))[-1]
    assert job.status in ("ready", "duplicate"), job
    return services.library.document(owner, str(job.document))


def found(folder: Path, planted: str | bytes = PLANTED[:9]) -> set[str]:
    """Return the files below `folder` that hold the text in any of the forms it is written in, or the bytes."""
    forms = [planted] if isinstance(planted, bytes) else [planted.encode(code) for code in ("utf-8", "utf-16-le")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder))
        for path in files
        if any(form in path.read_bytes() or form.upper() in path.read_bytes() for form in forms)
    }


def quote_in_a_run(services: Services, held: Document) -> str:
    experiment = Experiment(columns=(Column("A", Prompt("{{q}}")),), rows=(Row({"q": "?"}),))
    run = services.run_store.create(OWNER, experiment)
    sources = (Source(held.id, held.name, 1, PAGE),)
    reply = Reply("done", text="In 1907.", prompt=f"<passages>{PAGE}</passages>", model="m", sources=sources)
    assert services.run_store.put(OWNER, run, Cell.judged(Place(0, 0, 0), reply, []))
    return run


def ask(services: Services, question: str) -> str:
    # One token: what the answer itself says stays, and is not what is looked for.
    talk = Dialogue(services.history, services.answerer, services.collections)
    options = AskOptions.from_json({"max_tokens": 1})
    return list(talk.ask(OWNER, "", question, None, options, threading.Event()))[-1].conversation


def test_a_planted_phrase_is_nowhere_after_a_delete(services: Services) -> None:
    folder = services.settings.data_dir
    lost = put_in(services, "lamp.pdf", document([text(PAGE[:44], PAGE[44:])]))
    kept = put_in(services, "garden.md", KEPT.encode())
    services.viewer.view(OWNER, lost.id, 1)
    assert (folder / "pages" / lost.id).is_dir()
    conversation = ask(services, "When was the lamp of Cape Sorrow lit, and who was its keeper?")
    run = quote_in_a_run(services, lost)
    _keep_copy(services.settings.database, "0003")
    index = services.dense.get()[1]  # type: ignore[index]
    vectors = [row.tobytes()[:64] for row in index.get(sorted(index.ids()))[1]]
    theirs = services.dense.kept.by_document(index.name, [lost.id])[lost.id][0]
    lost_vectors = [row.tobytes()[:64] for row in index.get([int(key) for key in theirs])[1]]

    before = found(folder)
    assert {f"files/{lost.id}", "aula.sqlite"} <= before | {"aula.sqlite"}
    assert any(name.startswith("aula.0003") for name in before)
    assert "reading" in services.history.messages(OWNER, conversation)[-1].meta
    assert any(found(folder / "chroma", vector) for vector in lost_vectors)

    services.library.delete(OWNER, lost.id)
    answer = services.history.messages(OWNER, conversation)[-1]
    assert PLANTED not in str(answer.meta)  # what can be seen is gone at once
    assert answer.content
    cell = services.run_store.cells(OWNER, run)[Place(0, 0, 0)]
    assert (cell.reply.text, cell.reply.prompt, cell.reply.sources[0].text) == ("In 1907.", "", "")
    assert services.erasure.settled(60)
    assert found(folder) == set()
    assert not (folder / "pages" / lost.id).exists()
    assert all(not found(folder, vector) for vector in lost_vectors)

    # What is kept is whole: in the library, in the index and in the copy of the database.
    assert found(folder, "quincunx") >= {f"files/{kept.id}"}
    assert [one.document for one in services.retriever.search(OWNER, "Who is the guardian in Harbour Lane?", 3)]
    assert len(vectors) > len(lost_vectors)
    assert len(services.dense.get()[1].ids()) == len(vectors) - len(lost_vectors)  # type: ignore[index]
    (copy,) = folder.glob("aula.0003.*.sqlite")
    with sqlite3.connect(copy) as old:
        assert old.execute("SELECT id FROM documents").fetchall() == [(kept.id,)]
        assert old.execute("SELECT count(*) FROM messages").fetchone() == (2,)
    old.close()


def test_a_quote_stays_with_whoever_still_holds_the_document(services: Services) -> None:
    lost = put_in(services, "lamp.md", PAGE.encode())
    assert put_in(services, "copia.md", PAGE.encode(), "eva").id == lost.id
    kept = {}
    for owner in (OWNER, "eva"):
        talk = services.history.create(owner, "¿?")
        citation = {"n": 1, "document": lost.id, "name": "lamp.md", "page": 1, "quote": PAGE, "start": 0, "end": 9}
        services.history.append(owner, talk, "assistant", "Sí.", {"citations": [citation], "stats": {"model": "m"}})
        kept[owner] = talk
    services.library.delete(OWNER, lost.id)
    assert services.erasure.settled(60)
    mine = services.history.messages(OWNER, kept[OWNER])[-1].meta
    (citation,) = mine["citations"]  # type: ignore[misc]
    assert (citation["document"], citation["page"], citation["deleted"]) == (lost.id, 1, True)
    assert (citation["name"], citation["quote"]) == ("", "")
    assert mine["stats"] == {"model": "m"}
    assert PLANTED in str(services.history.messages("eva", kept["eva"])[-1].meta)
    assert services.library.page_text("eva", lost.id, 1)


def test_an_answer_that_ends_after_the_delete_keeps_no_quote(services: Services) -> None:
    lost = put_in(services, "lamp.md", PAGE.encode())
    services.library.delete(OWNER, lost.id)
    talk = services.history.create(OWNER, "¿?")
    seen = {"name": "lamp.md", "page": 1, "text": PAGE, "document": lost.id}
    reading = {"prompt": PAGE, "passages": [seen], "dropped": []}
    services.history.append(OWNER, talk, "assistant", "Sí.", {"reading": reading})
    assert services.history.messages(OWNER, talk)[-1].meta == {"reading": None}
    assert services.erasure.settled(60)
    assert found(services.settings.data_dir) == set()


def test_prompts_of_before_that_name_no_document_go_too(services: Services) -> None:
    lost = put_in(services, "lamp.md", PAGE.encode())
    talk = services.history.create(OWNER, "¿?")
    seen = {"name": "lamp.md", "page": 1, "text": PAGE}
    answer = {"reading": {"prompt": PAGE, "passages": [seen], "dropped": []}, "citations": []}
    with services.database.begin() as connection:
        row = {"conversation": talk, "role": "assistant", "content": "Sí.", "meta": answer}
        connection.execute(insert(messages).values(created=datetime.now(UTC), **row))
    services.library.delete(OWNER, lost.id)
    assert services.erasure.settled(60)
    assert found(services.settings.data_dir) == set()


def test_what_a_crash_left_is_cleaned_at_the_next_start(settings) -> None:
    first = build_services(settings)
    first.library.start()
    lost = put_in(first, "lamp.md", PAGE.encode())
    first.library.stop()
    _keep_copy(settings.database, "0003")
    with first.database.begin() as connection:  # the moment of the delete, and nothing after it
        note(connection, lost.id)
        connection.execute(delete(holdings).where(holdings.c.document == lost.id))
    first.database.dispose()
    first.hold.release()
    second = build_services(settings)
    second.erasure.start()
    second.library.start()
    try:
        assert second.erasure.settled(60)
        assert second.library.documents(OWNER) == []
        assert found(settings.data_dir) == set()
    finally:
        second.close()


def test_a_copy_that_cannot_be_read_is_removed_and_one_in_use_is_not(services: Services) -> None:
    broken = services.settings.data_dir / "aula.0002.20250101-000000.sqlite"
    broken.write_bytes(b"SQLite format 3\x00" + PAGE.encode() * 100)
    lost = put_in(services, "lamp.md", PAGE.encode())
    whole = _keep_copy(services.settings.database, "0003")
    shutil.copy(whole, whole.with_suffix(".partial"))
    services.library.delete(OWNER, lost.id)
    assert services.erasure.settled(60)
    assert not broken.exists()
    assert whole.exists()
    assert os.path.getsize(whole) > 0
    assert found(services.settings.data_dir) == set()
