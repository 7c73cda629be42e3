"""A backup made and put back beneath the running library: real parser, SQLite, Chroma and embeddings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from rag.backup import make
from rag.database import chunks, documents, pages, runs, vectors
from rag.embeddings import embedding_spec
from rag.errors import BackupDamaged, Cancelled, RestoreBusy
from rag.restoring import restore, restore_live
from rag.services import Services, build_services
from rag.settings import Settings

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
