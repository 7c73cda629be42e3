"""A data folder as the version before ingestion by page left it, opened by this one."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from rag import database, ocr
from rag.errors import ModelNotInstalled
from rag.pages import PageText
from rag.services import Services, build_services

OWNER, SCAN, PLAIN = "local", "a" * 64, "b" * 64
PAGES = [
    (SCAN, 1, "The keeper lights the lamp.", "text", ""),
    (SCAN, 2, "", "empty", "image"),
    (SCAN, 3, "", "failed", "garbled"),
    (SCAN, 4, "", "empty", ""),
    (SCAN, 5, "", "failed", "time"),
    (PLAIN, 1, "Nothing is missing here.", "text", ""),
]


def migrated_to(path: Path, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture
def old(settings):
    """A document of which three pages could not be read, marked ready, and another that lacks nothing."""
    settings.files_dir.mkdir(parents=True)
    migrated_to(settings.database, "0003")
    with closing(sqlite3.connect(settings.database)) as connection:
        for document, count in ((SCAN, 5), (PLAIN, 1)):
            (settings.files_dir / document).write_bytes(b"%PDF-")
            connection.execute(
                "INSERT INTO documents (id, suffix, bytes, title, unit, language, status, page_count, note) "
                "VALUES (?, '.pdf', 5, '', 'page', 'en', 'ready', ?, 'null')",
                [document, count],
            )
            connection.execute(
                "INSERT INTO holdings (owner, document, name, added) VALUES (?, ?, ?, '2025-01-01 00:00:00.000000')",
                [OWNER, document, f"{document[0]}.pdf"],
            )
        connection.executemany("INSERT INTO pages (document, number, text, how, reason) VALUES (?, ?, ?, ?, ?)", PAGES)
        connection.execute(
            'INSERT INTO chunks (id, document, page, start, "end") VALUES (1, ?, 1, 0, 27), (2, ?, 1, 0, 24)',
            [SCAN, PLAIN],
        )
        connection.commit()
    return settings


def started(settings) -> Services:
    built = build_services(settings)
    built.dense.fail(ModelNotInstalled(name="e5"))
    built.library.start()
    return built


def states(services: Services, document: str) -> list[str]:
    return [page.how for page in services.library.ledger(OWNER, document).pages]


def test_pages_that_are_pictures_are_read_by_the_start_itself(old, monkeypatch):
    def read(_path, kind, number, **_more):
        return PageText(number, f"Read from the picture of page {number}, a {kind}.", "ocr")

    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", read)
    services = started(old)
    end = time.monotonic() + 30
    while services.library.ledger(OWNER, SCAN).counts.get("ocr") != 2 and time.monotonic() < end:
        time.sleep(0.02)
    for _ in services.library.wait(OWNER, [job.id for job in services.library.jobs(OWNER)], 30):
        pass
    assert states(services, SCAN) == ["text", "ocr", "ocr", "empty", "failed"]
    assert all(page.indexed for page in services.library.ledger(OWNER, SCAN).pages)
    assert states(services, PLAIN) == ["text"]
    assert services.library.document(OWNER, PLAIN).status == "ready"
    services.close()


def test_without_tesseract_they_wait_and_the_document_says_so(old, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    services = started(old)
    document = services.library.document(OWNER, SCAN)
    assert document.status == "partial"
    assert "Tesseract" in document.message("en")
    assert "imágenes" in document.message("es")
    assert states(services, SCAN) == ["text", "waiting", "waiting", "empty", "failed"]
    assert services.library.document(OWNER, PLAIN).status == "ready"
    assert not services.library.document(OWNER, PLAIN).message("en")
    services.close()
