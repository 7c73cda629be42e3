"""Pages as they come, in a real SQLite file: kept once, indexed once, counted, read again; nothing of a deleted one."""

import numpy as np
import pytest
from sqlalchemy import select, text

from rag.chunking import Span
from rag.database import vectors
from rag.errors import DocumentNotFound
from rag.jobs import Job, Jobs, job_id
from rag.outcome import outcome, renamed
from rag.pages import PageText
from rag.records import NAME, Intake, Upload
from rag.store import Store

KEY = "a" * 64
PAGES = [
    PageText(1, "Cabecera\nEl faro se encendió en 1907.", "text", body=(9, 37), headings=((9, 1),)),
    PageText(2, "", "failed", "time"),
    PageText(3, "", "waiting", "image"),
    PageText(4, "", "empty"),
]


@pytest.fixture
def store(database) -> Store:
    kept = Store(database)
    assert kept.accept("ana", Upload(KEY, ".pdf", 10, "curso.zip"), "faro.pdf") == "new"
    kept.opened(KEY, 4, "page", "Faro", encrypted=False)
    kept.set_language(KEY, "es")
    kept.add_pages(KEY, PAGES)
    return kept


def index(store: Store, *numbers: int, vector: bool = True) -> list[int]:
    spans = [Span(number, 9, 37, "Faros") for number in numbers]
    ids = store.reserve(len(spans))
    matrix = np.eye(len(ids), 4, dtype=np.float32) if vector else None
    store.index(KEY, numbers, spans, ids, ["Faros\nEl faro"] * len(ids), "model" if vector else "", matrix)
    return ids


def test_pages_come_back_as_they_were_read(store):
    assert list(store.page_rows(KEY)) == PAGES
    assert store.unindexed(KEY, 9) == [PAGES[0]]
    assert store.waiting_pages(KEY) == [3]
    assert store.page_numbers(KEY) == {1, 2, 3, 4}
    assert list(store.headed(KEY, 0, 4, ("text",))) == [PAGES[0]]
    assert list(store.headed(KEY, 1, 4, ("text",))) == []
    state = store.state(KEY)
    assert (state.status, state.pages, state.read, state.holders) == ("reading", 4, False, (("ana", "faro.pdf"),))
    tally = store.tally(KEY)
    assert (tally.rows, tally.text, tally.failed, tally.waiting, tally.empty, tally.left) == (4, 1, 1, 1, 1, 1)


def test_a_page_is_kept_once_and_indexed_once(store, database):
    (chunk,) = index(store, 1)
    store.add_pages(KEY, [PageText(1, "otra cosa", "text"), PageText(2, "La segunda.", "text")])
    assert store.page_text("ana", KEY, 1) == PAGES[0].text  # what was read stays
    assert store.page_text("ana", KEY, 2) == "La segunda."  # what could not be read may come
    with pytest.raises(DocumentNotFound):
        index(store, 1, 2)
    assert [page.number for page in store.unindexed(KEY, 9)] == [2]  # nothing of that was written
    assert store.ids() == {chunk: KEY}
    with database.connect() as connection:
        assert connection.execute(select(vectors.c.chunk, vectors.c.model)).all() == [(chunk, "model")]
        assert connection.execute(text("SELECT rowid FROM chunk_terms")).scalars().all() == [chunk]
    assert store.chunks("ana", [chunk])[chunk].heading == "Faros"
    assert store.lexical(["far"], [KEY], 5).keys() == {chunk}


def test_a_picture_is_settled_once(store):
    assert store.settle_page(KEY, PageText(3, "Una boya.", "ocr"))
    assert not store.settle_page(KEY, PageText(3, "Otra.", "ocr"))
    assert [page.number for page in store.unindexed(KEY, 9, "ocr")] == [3]
    assert store.ledger("ana", KEY).counts == {"text": 1, "failed": 1, "ocr": 1, "empty": 1}


def test_failed_pages_are_read_again_or_left_as_they_were(store):
    store.finish(KEY, "partial", {"en": "x", "es": "x"})
    store.read_again(KEY)
    assert store.page_numbers(KEY) == {1, 3, 4}
    assert not store.state(KEY).read
    assert store.state(KEY).finished
    store.set_status(KEY, "paused")
    store.all_read(KEY, "")  # its note has gone
    assert store.state(KEY).finished
    store.read_again(KEY)
    assert [page.how for page in store.ledger("ana", KEY).pages] == ["text", "waiting", "waiting", "empty"]
    store.read_no_more(KEY)
    assert store.page_numbers(KEY) == {1, 2, 3, 4}
    assert store.ledger("ana", KEY).pages[1].reason == "time"
    store.finish(KEY, "failed", None)
    store.read_again(KEY)
    assert list(store.page_rows(KEY)) == []
    assert store.state(KEY).status == "waiting"


def test_what_was_deleted_takes_no_more_pages(store):
    index(store, 1)
    with pytest.raises(DocumentNotFound):
        store.let_go("berta", KEY)
    assert store.let_go("ana", KEY)
    assert store.orphans() == [KEY]
    store.erase(KEY)
    for call in (
        lambda: store.add_pages(KEY, PAGES),
        lambda: store.opened(KEY, 4, "page", "", encrypted=False),
        lambda: index(store, 1),
        lambda: store.ledger("ana", KEY),
    ):
        with pytest.raises(DocumentNotFound):
            call()
    assert not store.settle_page(KEY, PageText(3, "Una boya.", "ocr"))
    assert (store.ids(), store.every_id()) == ({}, set())


def test_who_hands_in_what_is_there_shares_it_unless_it_is_locked(store):
    upload = Upload(KEY, ".pdf", 10)
    assert store.accept("ana", upload, "otra.pdf") == "duplicate"
    assert store.accept("berta", upload, "suyo.pdf", collection="of somebody else") == "shared"
    assert store.document("berta", KEY).collection is None
    assert [one.id for one in store.held("berta")] == [KEY]
    with pytest.raises(DocumentNotFound):
        store.held("carla", [KEY])
    store.opened(KEY, 4, "page", "", encrypted=True)
    assert store.accept("carla", upload, "c.pdf") == "locked"
    assert store.documents("carla") == []
    with pytest.raises(DocumentNotFound):
        store.ledger("carla", KEY)


def test_where_it_came_from_is_the_first_comers_to_know(store):
    store.accept("berta", Upload(KEY, ".pdf", 10, "otro.zip"), "suyo.pdf")
    assert store.document("ana", KEY).origin == "curso.zip"
    assert store.document("berta", KEY).origin == ""


def test_unfinished_documents_are_found_again(store):
    assert [state.id for state in store.unfinished()] == [KEY]
    store.finish(KEY, "failed", None)
    assert store.unfinished() == []
    store.finish(KEY, "partial", None)
    assert [state.id for state in store.unfinished()] == [KEY]  # a page with text is not indexed
    index(store, 1, vector=False)
    store.settle_page(KEY, PageText(3, "", "empty", "ocr"))
    assert store.unfinished() == []


def test_what_was_handed_in_is_found_again(store):
    entry = Intake("i", "ana", "curso.zip", "archive", "b" * 64)
    store.take_in(entry)
    store.set_intake("i", "failed", {"en": "x", "es": "x"})
    assert store.intake("i") == Intake(**{**vars(entry), "status": "failed", "error": {"en": "x", "es": "x"}})
    store.drop_intake("i")
    assert store.intakes() == []


def test_the_outcome_says_what_is_missing_and_how_to_get_it(store):
    state = store.state(KEY)
    missing = outcome(state, PAGES, ocr=False)
    assert missing.note["en"].count("1 page is a picture of text and has not been read.") == 1
    two = outcome(state, [*PAGES, PageText(5, "", "waiting", "image")], ocr=False)
    assert two.note["es"].count("Hay 2 páginas que son imágenes de texto y no se han leído.") == 1
    assert missing.status == "partial"
    assert "tesseract-ocr-spa" in missing.note["es"]
    assert "1" in missing.note["en"]
    assert "tesseract" not in outcome(state, PAGES, ocr=True).note["en"].lower()
    assert outcome(state, PAGES[:1], ocr=True).status == "ready"
    nothing = outcome(state, PAGES[1:2] + PAGES[3:], ocr=True)
    assert nothing.status == "failed"
    assert NAME in nothing.note["es"]
    assert "faro.pdf" in renamed(nothing.error, "faro.pdf").text("es")


def test_a_job_is_the_same_after_a_restart_and_brings_its_parts():
    assert job_id("ana", KEY) == job_id("ana", KEY) != job_id("berta", KEY)
    jobs = Jobs()
    jobs.put(Job("zip", "ana", "curso.zip", "done"))
    jobs.put(Job("one", "ana", "faro.md", "locked", part_of="zip"))
    jobs.put(Job("two", "berta", "faro.md", "reading", part_of="zip"))
    (seen,) = list(jobs.wait("ana", ["zip"]))  # a locked one waits for the person, not the person for it
    assert [job.id for job in seen] == ["zip", "one"]
