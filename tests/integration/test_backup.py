"""A backup made and put back beneath the running library: real parser, SQLite, Chroma and embeddings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from rag.backup import make
from rag.database import chunks, documents, pages, runs, vectors
from rag.embeddings import embedding_spec
from rag.errors import BackupDamaged, Cancelled, RestoreBusy
from rag.mending import adopt
from rag.restoring import restore, restore_live
from rag.services import Services, build_services
from rag.settings import Settings
from rag.store import Store

OWNER = "local"
LIGHTHOUSE = "# El faro\n\nEl faro de Punta Serena se encendió por primera vez el 3 de marzo de 1907.\n"
GARDEN = "# The garden\n\nThe garden of Harbour Lane has 41 plots, and compost is turned every Thursday.\n"
OTHER = "# Los pulpos\n\nLos pulpos tienen tres corazones y sangre azul, y viven pocos años.\n"


def started(settings: Settings) -> Services:
    services = build_services(settings)
    services.library.start()
    name = settings.embedding
    services.dense.load(services.catalogue.path(name), embedding_spec(services.catalogue, name))
    return services


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    built = started(settings)
    yield built
    built.close()


def add(services: Services, folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    ids = services.library.add(OWNER, [(path, name)])
    (job,) = list(services.library.wait(OWNER, ids, timeout=120))[-1]
    assert job.document is not None
    return job.document


def names(services: Services) -> list[str]:
    return sorted(document.name for document in services.library.documents(OWNER))


def best(services: Services, question: str) -> str:
    passage = services.retriever.search(OWNER, question, 1)[0]
    return passage.text


def idle() -> bool:
    return False


def vectors_match(services: Services) -> bool:
    """Whether Chroma holds the vectors of just the chunks that SQLite has."""
    loaded = services.dense.get()
    assert loaded is not None
    with services.database.connect() as connection:
        known = set(connection.execute(select(chunks.c.id)).scalars())
    return loaded[1].ids() == known


def settled(services: Services) -> None:
    """Wait until the index of vectors has been made anew."""
    tick = threading.Event()
    while not services.dense.complete:
        tick.wait(0.05)


def test_what_was_deleted_is_back_and_what_came_later_is_gone(services: Services, tmp_path: Path) -> None:
    lighthouse = add(services, tmp_path, "faro.md", LIGHTHOUSE)
    add(services, tmp_path, "garden.md", GARDEN)
    backup = tmp_path / "backup.zip"
    assert make(services.settings, backup).documents == 2
    services.library.delete(OWNER, lighthouse)
    later = add(services, tmp_path, "pulpos.md", OTHER)
    restore_live(services, backup, idle)
    assert names(services) == ["faro.md", "garden.md"]
    assert "1907" in best(services, "¿Cuándo se encendió el faro?")
    settled(services)
    assert "1907" in best(services, "¿Cuándo se encendió el faro?")
    assert vectors_match(services)
    assert "Punta Serena" in services.library.page_text(OWNER, lighthouse, 1)
    files = {path.name for path in services.settings.files_dir.iterdir()}
    assert lighthouse in files
    assert later not in files
    add(services, tmp_path, "pulpos.md", OTHER)  # and the library works on
    assert "corazones" in best(services, "¿Cuántos corazones tiene un pulpo?")


def test_it_is_read_on_another_machine_where_the_same_numbers_stand_for_other_texts(
    services: Services, settings: Settings, tmp_path: Path
) -> None:
    add(services, tmp_path, "faro.md", LIGHTHOUSE)
    backup = tmp_path / "backup.zip"
    make(services.settings, backup)
    elsewhere = Settings(**{**vars(settings), "data_dir": tmp_path / "elsewhere"})
    other = started(elsewhere)
    add(other, tmp_path, "garden.md", GARDEN)  # its chunk has the number that the lighthouse's has in the backup
    other.close()
    restore(elsewhere, backup)
    other = started(elsewhere)
    try:
        assert names(other) == ["faro.md"]
        settled(other)
        assert "1907" in best(other, "When was the lighthouse lit?")
        assert vectors_match(other)
    finally:
        other.close()


def test_what_was_being_read_when_it_was_made_goes_on_after_a_restore(services: Services, tmp_path: Path) -> None:
    """As the tables stand in the middle of a reading: a page short, and nothing indexed."""
    lighthouse = add(services, tmp_path, "faro.md", LIGHTHOUSE)
    services.library.stop()
    with services.database.begin() as connection:
        connection.execute(update(documents).values(status="reading", read=False))
        connection.execute(pages.delete())
        connection.execute(chunks.delete())
        connection.exec_driver_sql("DELETE FROM chunk_terms")
    backup = tmp_path / "backup.zip"
    make(services.settings, backup)
    services.library.start()
    services.library.delete(OWNER, lighthouse)
    restore_live(services, backup, idle)
    tick = threading.Event()
    while services.library.document(OWNER, lighthouse).status != "ready":
        tick.wait(0.05)
    settled(services)
    assert "1907" in best(services, "¿Cuándo se encendió el faro?")
    with services.database.connect() as connection:
        held = connection.execute(select(func.count()).select_from(chunks)).scalar_one()
        assert connection.execute(select(func.count()).select_from(vectors)).scalar_one() == held


def test_an_upload_under_way_is_dropped_with_the_old_data(services: Services, tmp_path: Path) -> None:
    add(services, tmp_path, "garden.md", GARDEN)
    backup = tmp_path / "backup.zip"
    make(services.settings, backup)
    path = tmp_path / "largo.txt"
    path.write_text("\n\n".join(f"Párrafo {n} sobre los pulpos y sus corazones." for n in range(20_000)))
    services.library.add(OWNER, [(path, "largo.txt")])
    restore_live(services, backup, idle)
    assert names(services) == ["garden.md"]
    add(services, tmp_path, "faro.md", LIGHTHOUSE)
    assert names(services) == ["faro.md", "garden.md"]


def test_what_is_being_embedded_makes_room_and_leaves_no_vector_of_the_old_texts(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is being put right when the backup comes, and another stands under the same number afterwards."""
    add(services, tmp_path, "faro.md", LIGHTHOUSE)
    backup = tmp_path / "backup.zip"
    make(services.settings, backup)
    (first,) = services.library.documents(OWNER)
    services.library.delete(OWNER, first.id)
    assert services.erasure.settled(0) is False  # as it stands, nothing else renews the index
    with services.database.begin() as connection:  # the next chunk has the number of the lighthouse's
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'chunks'")
    add(services, tmp_path, "garden.md", GARDEN)
    loaded = services.dense.get()
    assert loaded is not None
    embedder, encode, began = loaded[0], loaded[0].encode_passages, threading.Event()
    with services.database.begin() as connection:
        connection.execute(vectors.delete())
        assert connection.execute(select(func.max(chunks.c.id))).scalar_one() == 1

    def slow(texts: list[str], stop: threading.Event) -> object:
        if not began.is_set():
            began.set()
            stop.wait()  # hours, if nobody makes it stop
            raise Cancelled
        return encode(texts, stop)

    monkeypatch.setattr(embedder, "encode_passages", slow)
    monkeypatch.setattr("rag.dense.adopt", lambda *_: None)  # it would find the vectors in Chroma again
    services.dense.catch_up_soon()
    began.wait()
    monkeypatch.setattr("rag.dense.adopt", adopt)
    restore_live(services, backup, idle)
    settled(services)
    assert names(services) == ["faro.md"]
    (text,) = [text for _, _, text in services.library._store.chunk_texts([1])]
    kept = services.dense.kept.get(embedder.spec.collection, [1])[1]
    assert float(kept @ encode([text], threading.Event())[0]) > 0.99
    assert vectors_match(services)


def test_the_index_is_empty_while_the_tables_are_exchanged(services: Services, tmp_path: Path) -> None:
    """A kill at any moment of it must not leave vectors of other texts."""
    add(services, tmp_path, "faro.md", LIGHTHOUSE)
    with services.dense.anew():
        loaded = services.dense.get()
        assert loaded is not None
        assert loaded[1].ids() == set()
        assert not services.dense.complete
    settled(services)
    assert vectors_match(services)
    assert "1907" in best(services, "¿Cuándo se encendió el faro?")


def test_after_another_model_has_taken_over_the_index_can_be_made_anew(services: Services, tmp_path: Path) -> None:
    add(services, tmp_path, "faro.md", LIGHTHOUSE)
    loaded = services.dense.get()
    assert loaded is not None
    services.dense.swap(loaded[0])
    with services.dense.anew():
        pass
    settled(services)
    assert vectors_match(services)


def test_a_switch_rests_and_what_the_backup_had_begun_goes_on(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(services, tmp_path, "faro.md", LIGHTHOUSE)
    backup, told = tmp_path / "backup.zip", []
    make(services.settings, backup)
    switching, anew = services.engine.switching, services.dense.anew
    monkeypatch.setattr(switching, "stop", lambda: told.append("stop"))
    monkeypatch.setattr(switching, "go_on", lambda: told.append("go on"))

    def exchanging() -> AbstractContextManager[None]:
        told.append("exchange")
        return anew()

    monkeypatch.setattr(services.dense, "anew", exchanging)
    restore_live(services, backup, idle)
    assert told == ["stop", "exchange", "go on"]


def test_while_it_is_put_back_nothing_is_taken_in(settings: Settings, tmp_path: Path) -> None:
    services = build_services(settings)
    path = tmp_path / "faro.md"
    path.write_text(LIGHTHOUSE, encoding="utf-8")
    try:
        services.library.start()
        services.library.rest()
        with pytest.raises(RestoreBusy):
            services.library.add(OWNER, [(path, "faro.md")])
        with pytest.raises(RestoreBusy):
            services.library.add_address(OWNER, "https://example.org")
        services.library.start()
        services.library.add(OWNER, [(path, "faro.md")])
        assert names(services) == ["faro.md"]
    finally:
        services.close()


def test_an_upload_during_the_sweep_keeps_its_original(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build_services(settings)
    path, coming = tmp_path / "faro.md", []
    path.write_text(LIGHTHOUSE, encoding="utf-8")
    every_id = Store.every_id

    def then_one_comes(store: Store) -> set[str]:
        found = every_id(store)
        coming.append(threading.Thread(target=services.library.add, args=(OWNER, [(path, "faro.md")])))
        coming[-1].start()
        coming[-1].join(0.5)  # it waits for the sweep to end
        return found

    try:
        services.library.start()
        half = services.settings.work_dir / "copy-under-way"
        half.write_bytes(b"half")
        services.library.rest()
        services.library._arrivals.closed = False
        monkeypatch.setattr(Store, "every_id", then_one_comes)
        services.library.start()
        monkeypatch.undo()
        coming[0].join()
        (document,) = services.library.documents(OWNER)
        assert (services.settings.files_dir / document.id).read_text(encoding="utf-8") == LIGHTHOUSE
        assert half.exists()
    finally:
        services.close()


def test_neither_an_answer_nor_a_run_is_lost_to_it(services: Services, tmp_path: Path) -> None:
    add(services, tmp_path, "garden.md", GARDEN)
    backup = tmp_path / "backup.zip"
    make(services.settings, backup)
    add(services, tmp_path, "faro.md", LIGHTHOUSE)
    with pytest.raises(RestoreBusy):
        restore_live(services, backup, lambda: True)
    now = datetime.now(UTC)
    run = {"id": "r", "owner": OWNER, "name": "", "experiment": {}, "provenance": {}, "state": "running"}
    with services.database.begin() as connection:
        connection.execute(insert(runs).values(**run, created=now, updated=now))
    with pytest.raises(RestoreBusy):
        restore_live(services, backup, idle)
    assert names(services) == ["faro.md", "garden.md"]


def test_a_damaged_one_or_a_stop_changes_nothing(services: Services, tmp_path: Path) -> None:
    add(services, tmp_path, "garden.md", GARDEN)
    backup = tmp_path / "backup.zip"
    make(services.settings, backup)
    add(services, tmp_path, "faro.md", LIGHTHOUSE)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        restore_live(services, backup, idle, cancel=cancel)
    backup.write_bytes(backup.read_bytes()[:-4000])
    with pytest.raises(BackupDamaged):
        restore_live(services, backup, idle)
    assert names(services) == ["faro.md", "garden.md"]
    assert "1907" in best(services, "¿Cuándo se encendió el faro?")
    assert list(services.settings.backup_dir.iterdir()) == []
