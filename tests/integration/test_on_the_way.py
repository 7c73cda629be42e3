"""Documents on their way in: what stops, resumes, locks and retries them, through the real parser, OCR and SQLite."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from rag import loaders, ocr
from rag.database import pages
from rag.errors import (
    AddressOffline,
    Cancelled,
    DamagedDocument,
    EncryptedDocument,
    ModelNotInstalled,
    NoRoom,
    NothingToCut,
    WrongPassword,
)
from rag.jobs import Job
from rag.pages import PageText
from rag.services import Services, build_services
from tests.pdf_bytes import document as pdf
from tests.pdf_bytes import image_page, text

OWNER = "local"


@pytest.fixture
def services(settings) -> Iterator[Services]:
    """Without an embedding model: chunks are indexed by their words, which takes no time."""
    built = build_services(settings)
    built.dense.fail(ModelNotInstalled(name="e5"))
    built.library.start()
    yield built
    built.close()


def sections(count: int, about: str = "faro") -> bytes:
    return "\n\n".join(
        f"# Parte {n}\n\nEl {about} número {n} mide {n} metros y es rojo." for n in range(count)
    ).encode()


def put(services: Services, folder: Path, name: str, data: bytes, owner: str = OWNER) -> str:
    path = folder / name
    path.write_bytes(data)
    (key,) = services.library.add(owner, [(path, name)])
    path.unlink()  # it was taken over
    return key


def rest(services: Services, key: str, owner: str = OWNER) -> Job:
    """Wait until a job has ended or waits for the person."""
    return list(services.library.wait(owner, [key]))[-1][0]


def until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.01)


@pytest.fixture
def slow(monkeypatch) -> list[int]:
    """Reading that stops before its 70th page, until something is put into the list."""
    gate: list[int] = []
    original = loaders.read

    def read(*args, cancel, **more):
        for event in original(*args, cancel=cancel, **more):
            while isinstance(event, PageText) and event.number == 70 and not gate and not cancel.is_set():
                time.sleep(0.01)
            yield event
            if cancel.is_set():
                raise Cancelled

    monkeypatch.setattr(loaders, "read", read)
    return gate


def encrypted(password: str, data: bytes = b"") -> bytes:
    from pypdf import PdfReader, PdfWriter

    data = data or pdf([text("El faro mide 32 metros."), text("La entrada es gratis.")])
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


# -- accepted ------------------------------------------------------------------------------------------------------


def test_what_is_accepted_is_there_before_it_is_read(services, tmp_path, slow):
    key = put(services, tmp_path, "largo.md", sections(200))
    (document,) = services.library.documents(OWNER)
    assert (services.settings.files_dir / document.id).read_bytes() == sections(200)
    assert document.status in ("waiting", "reading")
    until(lambda: services.library.document(OWNER, document.id).chunks > 0)  # what is read can be searched already
    assert services.retriever.search(OWNER, "faro")
    slow.append(1)
    job = rest(services, key)
    assert (job.stage, job.status, job.done, job.total, job.read) == ("done", "ready", 200, 200, 200)
    ledger = services.library.ledger(OWNER, document.id)
    assert (len(ledger.pages), ledger.total, ledger.counts) == (200, 200, {"text": 200})
    assert all(page.indexed and page.chunks for page in ledger.pages)


def test_a_restart_goes_on_by_itself(services, settings, tmp_path, slow):
    key = put(services, tmp_path, "largo.md", sections(200))
    until(lambda: len(services.library.ledger(OWNER, services.library.documents(OWNER)[0].id).pages) >= 32)
    services.close()
    again = build_services(settings)
    again.dense.fail(ModelNotInstalled(name="e5"))
    slow.append(1)
    again.library.start()
    (job,) = again.library.jobs(OWNER)  # nobody asked for it
    assert (job.id, job.name) == (key, "largo.md")
    assert rest(again, key).status == "ready"
    assert again.library.ledger(OWNER, job.document).counts == {"text": 200}
    again.close()


def test_paused_stays_paused_until_it_is_resumed(services, tmp_path, slow):
    key = put(services, tmp_path, "largo.md", sections(200))
    until(lambda: services.library.jobs(OWNER)[0].read >= 32)
    services.library.pause("berta", key)  # another's does nothing
    services.library.pause(OWNER, key)
    assert rest(services, key).stage == "paused"
    slow.append(1)
    services.library.stop()
    services.library.start()
    (job,) = services.library.jobs(OWNER)
    assert (job.stage, services.library.documents(OWNER)[0].status) == ("paused", "paused")
    services.library.resume(OWNER, key)
    assert rest(services, key).status == "ready"


def test_documents_take_turns(services, tmp_path, slow, monkeypatch):
    store, done = services.retriever._store, []
    original = store.finish
    monkeypatch.setattr(store, "finish", lambda document, *what: (done.append(document), original(document, *what)))
    pages = pdf([text(f"El faro número {n} mide {n} metros.") for n in range(200)])
    long = put(services, tmp_path, "largo.pdf", pages)
    until(lambda: services.library.jobs(OWNER)[0].read >= 32)
    short = put(services, tmp_path, "corto.md", sections(2, "puente"))
    slow.append(1)
    states = list(services.library.wait(OWNER, [long, short]))
    assert done[0] == states[-1][1].document  # the short one did not wait for all of the long one
    assert {job.status for job in states[-1]} == {"ready"}


def test_what_is_dear_to_open_is_not_opened_anew_for_each_turn(services, tmp_path, slow, monkeypatch):
    opened = []
    original = loaders.read

    def read(path, name, **more):
        opened.append(path)
        return original(path, name, **more)

    monkeypatch.setattr(loaders, "read", read)
    long = put(services, tmp_path, "largo.md", sections(200))
    until(lambda: services.library.jobs(OWNER)[0].read >= 32)
    short = put(services, tmp_path, "corto.md", sections(2, "puente"))
    slow.append(1)
    assert {job.status for job in list(services.library.wait(OWNER, [long, short]))[-1]} == {"ready"}
    assert len(opened) == 2


def test_deleting_and_cancelling_while_it_is_read(services, tmp_path, slow):
    for end in (
        lambda key: services.library.delete(OWNER, services.library.jobs(OWNER)[0].document),
        lambda key: services.library.cancel(OWNER, key),
    ):
        key = put(services, tmp_path, "largo.md", sections(200))
        until(lambda: services.library.documents(OWNER)[0].chunks > 0)
        end(key)
        assert services.library.documents(OWNER) == []
        assert services.retriever._store.ids() == {}
        assert list(services.settings.files_dir.iterdir()) == []
    slow.append(1)
    assert rest(services, put(services, tmp_path, "largo.md", sections(200))).status == "ready"


# -- passwords -----------------------------------------------------------------------------------------------------


def test_a_locked_document_asks_for_its_password(services, tmp_path, caplog):
    key = put(services, tmp_path, "secreto.pdf", encrypted("zanahórico"))
    job = rest(services, key)
    assert (job.stage, type(job.error)) == ("locked", EncryptedDocument)
    services.library.unlock(OWNER, key, "no es")
    job = rest(services, key)
    assert (job.stage, type(job.error)) == ("locked", WrongPassword)
    assert "secreto.pdf" in job.message("es")
    services.library.stop()
    services.library.start()
    assert services.library.jobs(OWNER)[0].stage == "locked"
    services.library.unlock(OWNER, key, "zanahórico")
    assert rest(services, key).status == "ready"
    assert services.retriever.search(OWNER, "faro")
    assert "zanah" not in caplog.text
    services.library.stop()
    for file in services.settings.data_dir.rglob("*"):
        if file.is_file():
            assert "zanahórico".encode() not in file.read_bytes(), file


def test_another_must_show_the_password_too(services, tmp_path):
    data = encrypted("clave")
    key = put(services, tmp_path, "a.pdf", data)
    rest(services, key)
    services.library.unlock(OWNER, key, "clave")
    assert rest(services, key).status == "ready"
    hers = put(services, tmp_path, "b.pdf", data, "berta")
    assert rest(services, hers, "berta").stage == "locked"
    assert services.library.documents("berta") == []
    services.library.stop()
    services.library.start()
    assert services.library.jobs("berta")[0].stage == "locked"
    services.library.unlock("berta", hers, "otra")
    assert isinstance(rest(services, hers, "berta").error, WrongPassword)
    services.library.unlock("berta", hers, "clave")
    assert rest(services, hers, "berta").status == "ready"
    assert services.library.documents("berta")[0].name == "b.pdf"


def test_a_password_that_one_has_shown_opens_it_for_nobody_else(services, tmp_path, slow):
    data = encrypted("clave")
    keys = {owner: put(services, tmp_path, "a.pdf", data, owner) for owner in ("ana", "berta")}
    for owner, key in keys.items():
        assert rest(services, key, owner).stage == "locked"
    services.library.unlock("berta", keys["berta"], "clave")
    assert rest(services, keys["berta"], "berta").status == "ready"
    assert services.library.documents("ana") == []
    assert services.retriever.search("ana", "faro") == []
    services.library.stop()
    services.library.start()
    services.library.unlock("ana", keys["ana"], "clave")
    assert rest(services, keys["ana"], "ana").status == "ready"
    assert [document.name for document in services.library.documents("ana")] == ["a.pdf"]


def test_a_password_that_was_not_tried_is_not_kept(services, tmp_path, monkeypatch):
    data, library = encrypted("clave"), services.library
    key = put(services, tmp_path, "a.pdf", data)
    rest(services, key)
    library.unlock(OWNER, key, "clave")
    assert rest(services, key).status == "ready"
    hers = put(services, tmp_path, "b.pdf", data, "berta")
    rest(services, hers, "berta")
    monkeypatch.setattr(library._unpacker._lane, "put", lambda key: None)  # its turn is far away
    library.unlock("berta", hers, "clave")
    library.cancel("berta", hers)
    assert library._unpacker._passwords == {}


def test_an_encrypted_document_waits_for_its_password_as_it_was(services, tmp_path, monkeypatch):
    original = loaders.read

    def read(*args, **more):
        for event in original(*args, **more):
            bad = isinstance(event, PageText) and event.number == 2
            yield PageText(2, "", "failed", "damaged") if bad else event

    monkeypatch.setattr(loaders, "read", read)
    library, data = services.library, encrypted("clave")
    keys = {}
    for owner in (OWNER, "berta"):
        keys[owner] = put(services, tmp_path, "a.pdf", data, owner)
        assert rest(services, keys[owner], owner).stage == "locked"
        library.unlock(owner, keys[owner], "clave")
        assert rest(services, keys[owner], owner).status == "partial"
    document = str(rest(services, keys[OWNER]).document)
    monkeypatch.undo()
    services.dense.fail(ModelNotInstalled(name="e5"))

    def stands(owner: str) -> tuple[str, dict[str, int]]:
        return library.document(owner, document).status, dict(library.ledger(owner, document).counts)

    before = stands(OWNER)
    assert before == ("partial", {"text": 1, "failed": 1})
    assert rest(services, library.retry(OWNER, document)).stage == "locked"
    assert stands(OWNER) == stands("berta") == before
    library.unlock(OWNER, keys[OWNER], "no es")
    job = rest(services, keys[OWNER])
    assert (job.stage, type(job.error), stands("berta")) == ("locked", WrongPassword, before)
    library.cancel(OWNER, keys[OWNER])
    assert rest(services, keys[OWNER]).status == "partial"
    assert stands(OWNER) == before
    assert library.document(OWNER, document).message("en")
    library.retry(OWNER, document)
    library.stop()
    library.start()  # what was only asked for is forgotten
    assert stands(OWNER) == before
    library.unlock(OWNER, library.retry(OWNER, document), "clave")
    assert rest(services, keys[OWNER]).status == "ready"
    assert stands("berta") == ("ready", {"text": 2})


# -- what could not be read ----------------------------------------------------------------------------------------


def test_a_page_that_fails_hides_no_other_and_is_read_again(services, tmp_path, monkeypatch):
    original = loaders.read
    broken = [2]

    def read(*args, **more):
        for event in original(*args, **more):
            bad = isinstance(event, PageText) and event.number in broken
            yield PageText(event.number, "", "failed", "damaged") if bad else event

    monkeypatch.setattr(loaders, "read", read)
    job = rest(services, put(services, tmp_path, "faros.md", sections(3)))
    assert job.status == "partial"
    assert job.message("en") != job.message("es")
    (document,) = services.library.documents(OWNER)
    states = services.library.ledger(OWNER, document.id).pages
    assert [(page.number, page.how, page.reason) for page in states] == [
        (1, "text", ""),
        (2, "failed", "damaged"),
        (3, "text", ""),
    ]
    before = services.retriever._store.ids().keys()
    assert rest(services, services.library.retry(OWNER, document.id)).status == "partial"
    broken.clear()
    job = rest(services, services.library.retry(OWNER, document.id))
    assert (job.status, job.message("es")) == ("ready", "")
    after = services.retriever._store.ids().keys()
    assert before < after  # the others stayed as they were
    assert services.library.page_text(OWNER, document.id, 2)


def test_what_was_ready_is_not_deleted_by_stopping_a_retry(services, tmp_path, slow):
    slow.append(1)
    key = put(services, tmp_path, "faro.md", sections(100))
    document = rest(services, key).document
    assert services.library.retry(OWNER, document) == key
    assert rest(services, key).status == "ready"  # there was nothing to read again
    slow.clear()
    store = services.retriever._store
    store.read_again(document)  # as if a page of it had failed
    store.set_status(document, "paused")
    with services.database.begin() as connection:
        connection.execute(update(pages).where(pages.c.number == 70).values(how="failed", reason="again:time"))
    services.library.stop()
    services.library.start()
    assert [job.stage for job in services.library.jobs(OWNER)] == ["paused"]
    services.library.cancel(OWNER, key)
    assert services.library.document(OWNER, document).status in ("partial", "ready")
    assert services.retriever.search(OWNER, "faro")


def test_a_failed_document_stays_and_can_be_tried_again(services, tmp_path, monkeypatch):
    original = loaders.read

    def damaged(path, name, **more):
        raise DamagedDocument(name=name)

    monkeypatch.setattr(loaders, "read", damaged)
    job = rest(services, put(services, tmp_path, "faro.md", sections(2)))
    assert (job.stage, job.status) == ("failed", "failed")
    services.library.stop()
    services.library.start()
    assert services.library.jobs(OWNER) == []  # a failed one waits for the person
    (document,) = services.library.documents(OWNER)
    assert "faro.md" in document.message("es")
    monkeypatch.setattr(loaders, "read", original)
    key = put(services, tmp_path, "faro.md", sections(2))  # the same bytes: tried again
    assert rest(services, key).status == "ready"
    assert [one.status for one in services.library.documents(OWNER)] == ["ready"]


def test_a_retry_that_fails_as_a_whole_leaves_the_pages_as_they_were(services, tmp_path, monkeypatch):
    original = loaders.read

    def half(*args, **more):
        for event in original(*args, **more):
            bad = isinstance(event, PageText) and event.number == 2
            yield PageText(2, "", "failed", "time") if bad else event

    def damaged(path, name, **more):
        raise DamagedDocument(name=name)

    monkeypatch.setattr(loaders, "read", half)
    document = rest(services, put(services, tmp_path, "faros.md", sections(3))).document
    monkeypatch.setattr(loaders, "read", damaged)
    job = rest(services, services.library.retry(OWNER, document))
    assert (job.status, job.message("es")) == ("partial", DamagedDocument(name="faros.md").text("es"))
    assert services.library.ledger(OWNER, document).counts == {"text": 2, "failed": 1}


@pytest.mark.parametrize("owner", [OWNER, "berta"])
def test_a_wrong_suffix_does_not_stick_to_the_bytes(services, tmp_path, owner):
    assert rest(services, put(services, tmp_path, "faro.docx", sections(2))).status == "failed"
    assert rest(services, put(services, tmp_path, "faro.md", sections(2), owner), owner).status == "ready"
    assert services.library.documents(owner)[0].name == "faro.md"
    assert services.library.documents(OWNER)[0].status == "ready"


def test_a_full_disk_is_said_and_what_waits_goes_on_when_there_is_room(services, tmp_path, monkeypatch):
    import sqlite3

    from sqlalchemy.exc import OperationalError

    full = [True]
    store = services.library._store

    def refusing(original):
        def write(*args, **more):
            if full:
                raise OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))
            return original(*args, **more)

        return write

    for name in ("opened", "add_pages", "all_read", "finish"):
        monkeypatch.setattr(store, name, refusing(getattr(store, name)))
    key = put(services, tmp_path, "faro.md", sections(2))
    until(lambda: services.library.jobs(OWNER)[0].error is not None)
    job = services.library.jobs(OWNER)[0]
    assert (job.ended, type(job.error), job.error.params) == (False, NoRoom, {"name": "faro.md"})
    full.clear()
    job = rest(services, key)
    assert (job.status, job.error) == ("ready", None)


def test_a_document_of_which_nothing_was_read_is_not_cut(services, tmp_path):
    document = rest(services, put(services, tmp_path, "faro.docx", sections(2))).document
    with pytest.raises(NothingToCut, match=r"faro\.docx"):
        services.library.rechunk(OWNER, document, 128, 12)


# -- pictures ------------------------------------------------------------------------------------------------------


def endless(path, kind, number, *, cancel, **_):
    cancel.wait()
    raise Cancelled


def pictured() -> bytes:
    content, picture, resources = image_page()
    return pdf([text("El faro mide 32 metros."), content], [picture], resources)


def test_pages_wait_for_tesseract_and_are_read_when_it_comes(services, tmp_path, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    job = rest(services, put(services, tmp_path, "escaneado.pdf", pictured()))
    assert job.status == "partial"
    assert "tesseract-ocr-spa" in job.message("es")
    assert "brew install" in job.message("en")
    assert services.library.ledger(OWNER, job.document).counts == {"text": 1, "waiting": 1}
    assert services.retriever.search(OWNER, "faro")
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", lambda path, kind, number, **_: PageText(number, "Una boya verde.", "ocr"))
    services.library.stop()
    services.library.start()
    job = rest(services, services.library.jobs(OWNER)[0].id)
    assert (job.status, job.ocr_done, job.message("es")) == ("ready", job.ocr_total, "")
    assert services.retriever.search(OWNER, "boya")[0].page == 2


def test_stopping_what_only_completes_a_document_keeps_it(services, tmp_path, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    document = rest(services, put(services, tmp_path, "escaneado.pdf", pictured())).document

    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", endless)
    key = services.library.retry(OWNER, document)
    until(lambda: services.library.jobs(OWNER)[0].stage == "ocr")
    services.library.cancel(OWNER, key)
    assert rest(services, key).status == "partial"
    assert services.library.ledger(OWNER, document).counts == {"text": 1, "waiting": 1}
    assert services.retriever.search(OWNER, "faro")


def test_a_retry_that_is_paused_and_then_cancelled_keeps_the_document(services, tmp_path, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    document = rest(services, put(services, tmp_path, "escaneado.pdf", pictured())).document
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", endless)
    key = services.library.retry(OWNER, document)
    until(lambda: services.library.jobs(OWNER)[0].stage == "ocr")
    services.library.pause(OWNER, key)
    assert rest(services, key).stage == "paused"
    services.library.cancel(OWNER, key)
    assert [one.status for one in services.library.documents(OWNER)] == ["partial"]


def test_pictures_of_an_encrypted_document_wait_for_its_password(services, tmp_path, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", endless)
    key = put(services, tmp_path, "secreto.pdf", encrypted("clave", pictured()))
    rest(services, key)
    services.library.unlock(OWNER, key, "clave")
    until(lambda: services.library.jobs(OWNER)[0].stage == "ocr")
    services.library.pause(OWNER, key)
    passwords = []

    def read(path, kind, number, *, password=None, **_):
        passwords.append(password)
        return PageText(number, "Una boya verde.", "ocr") if password else PageText(number, "", "failed", "encrypted")

    monkeypatch.setattr(ocr, "read", read)
    services.library.resume(OWNER, key)
    assert rest(services, key).stage == "locked"
    services.library.unlock(OWNER, key, "clave")
    assert rest(services, key).status == "ready"
    assert passwords == ["clave"]


def test_a_retry_of_an_encrypted_document_is_forgotten_by_a_restart_and_can_be_asked_again(
    services, tmp_path, monkeypatch
):
    monkeypatch.setattr(ocr, "available", lambda: False)
    key = put(services, tmp_path, "secreto.pdf", encrypted("clave", pictured()))
    rest(services, key)
    services.library.unlock(OWNER, key, "clave")
    document = rest(services, key).document
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", lambda path, kind, number, **_: PageText(number, "Una boya verde.", "ocr"))
    services.library.retry(OWNER, document)
    services.library.stop()
    services.library.start()
    assert services.library.jobs(OWNER) == []
    assert services.library.document(OWNER, document).status == "partial"
    services.library.retry(OWNER, document)
    services.library.unlock(OWNER, key, "clave")
    assert rest(services, key).status == "ready"
    assert services.library.ledger(OWNER, document).counts == {"text": 1, "ocr": 1}


@pytest.fixture
def stamped(monkeypatch) -> None:
    """A second page that is a picture with a few words on it."""
    original = loaders.read

    def read(*args, **more):
        for event in original(*args, **more):
            second = isinstance(event, PageText) and event.number == 2
            yield PageText(2, "Registro 4711", "waiting", "image") if second else event

    monkeypatch.setattr(loaders, "read", read)


def test_the_few_words_of_a_stamped_scan_are_found_while_its_picture_waits(services, tmp_path, monkeypatch, stamped):
    monkeypatch.setattr(ocr, "available", lambda: False)
    job = rest(services, put(services, tmp_path, "registro.md", sections(3)))
    assert job.status == "partial"
    ledger = services.library.ledger(OWNER, job.document)
    assert (ledger.counts, ledger.pages[1].chunks) == ({"text": 2, "waiting": 1}, 1)
    assert services.retriever.search(OWNER, "4711")[0].page == 2
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", lambda path, kind, number, **_: PageText(number, "Registro 4711. Boya.", "ocr"))
    job = rest(services, services.library.retry(OWNER, job.document))
    assert job.status == "ready"
    assert [passage.text for passage in services.retriever.search(OWNER, "4711")] == ["Registro 4711. Boya."]


@pytest.mark.parametrize("how", ["empty", "failed"])
def test_the_few_words_of_a_stamped_scan_stay_when_its_picture_gives_nothing(
    services, tmp_path, monkeypatch, stamped, how
):
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", lambda path, kind, number, **_: PageText(number, "", how, "ocr"))
    job = rest(services, put(services, tmp_path, "registro.md", sections(3)))
    assert job.status == ("ready" if how == "empty" else "partial")
    assert services.retriever.search(OWNER, "4711")[0].page == 2


# -- archives and addresses ----------------------------------------------------------------------------------------


def test_an_archive_becomes_its_documents(services, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("curso/faro.md", sections(2))
        archive.writestr("curso/puente.md", sections(2, "puente"))
        archive.writestr("curso/film.mp4", b"\0\0\0\x18ftypmp42")
    key = put(services, tmp_path, "curso.zip", packed.getvalue())
    jobs = list(services.library.wait(OWNER, [key]))[-1]
    assert (jobs[0].kind, jobs[0].status) == ("archive", "partial")
    assert {job.name: job.status for job in jobs[1:]} == {
        "faro.md": "ready",
        "puente.md": "ready",
        "film.mp4": "failed",
    }
    held = services.library.documents(OWNER)
    assert {document.origin for document in held} == {"curso.zip"}
    assert {file.name for file in services.settings.files_dir.iterdir()} == {document.id for document in held}
    assert services.retriever._store.intakes() == []


def test_the_file_of_an_archive_that_failed_is_not_kept(services, tmp_path, monkeypatch):
    from rag import archive

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("faro.md", sections(2))
    original = archive.members

    def members(path, name):
        yield from original(path, name=name)
        raise OSError("gone")

    monkeypatch.setattr(archive, "members", members)
    key = put(services, tmp_path, "curso.zip", packed.getvalue())
    assert rest(services, key).stage == "failed"
    (document,) = services.library.documents(OWNER)
    assert [file.name for file in services.settings.files_dir.iterdir()] == [document.id]
    monkeypatch.undo()
    key = put(services, tmp_path, "curso.zip", packed.getvalue())  # once more: it is handed in again
    assert rest(services, key).status == "ready"


def test_an_archive_that_was_cut_short_is_opened_again(services, tmp_path, monkeypatch):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("faro.md", sections(2))
        archive.writestr("puente.md", sections(2, "puente"))
    monkeypatch.setattr(services.library._unpacker, "_turn", lambda key: False)
    monkeypatch.setattr(services.library._unpacker._lane, "_turn", lambda key: False)
    put(services, tmp_path, "curso.zip", packed.getvalue())
    services.library.stop()
    monkeypatch.undo()
    fresh = type(services.library)(
        services.retriever._store,
        services.dense,
        services.settings.files_dir,
        services.settings.work_dir,
        services.library._pictures,
    )
    fresh.start()
    (job,) = [job for job in fresh.jobs(OWNER) if job.kind == "archive"]
    assert list(fresh.wait(OWNER, [job.id]))[-1][0].status == "ready"
    assert {document.name for document in fresh.documents(OWNER)} == {"faro.md", "puente.md"}
    fresh.stop()


def test_an_address_is_refused_offline_and_says_so_after_a_restart(services):
    key = services.library.add_address(OWNER, "https://example.org/faro.html")
    job = rest(services, key)
    assert (job.kind, job.stage) == ("address", "failed")
    assert job.message("es") == AddressOffline(address="https://example.org/faro.html").text("es")
    services.library.stop()
    services.library.start()
    assert services.library.jobs(OWNER)[0].message("es") == job.message("es")
    services.library.forget(OWNER, [key])
    services.library.stop()
    services.library.start()
    assert services.library.jobs(OWNER) == []
