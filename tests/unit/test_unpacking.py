"""A row of `intake` names a file by its sha256 alone: one that names any other file opens and deletes nothing."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine

from rag.errors import RestoreBusy
from rag.jobs import Jobs
from rag.records import Intake
from rag.store import Store
from rag.unpacking import Places, Unpacker


@pytest.mark.parametrize("kind", ["archive", "locked"])
def test_a_row_that_names_another_file_reaches_none(kind: str, database: Engine, tmp_path: Path) -> None:
    secret = tmp_path / "secret.zip"
    with zipfile.ZipFile(secret, "w") as archive:
        archive.writestr("secret.txt", "secret")
    store, jobs, seen = Store(database), Jobs(), []
    arrivals: Any = SimpleNamespace(take=lambda *given: seen.append(given), take_file=lambda *given: seen.append(given))
    pipeline: Any = SimpleNamespace(unlock=lambda *given: seen.append(given))
    (tmp_path / "files").mkdir()
    places = Places(tmp_path / "files", tmp_path / "work", offline=True)
    unpacker = Unpacker(store, jobs, pipeline, arrivals, places, threading.Lock())
    for key, source in (("i", str(secret)), ("j", "../secret.zip")):
        store.take_in(Intake(key, "local", "a.zip", kind, source))
        entry = store.intake(key)
        assert entry is not None
        unpacker.add(entry)
        unpacker._turn(key)
        assert [job.stage for job in jobs.of("local")][-1] == ("failed" if kind == "archive" else "locked")
        unpacker._drop(key)
        assert store.intake(key) is None
    assert seen == []
    assert secret.exists()


def test_an_archive_that_a_restore_interrupts_goes_on_afterwards(database: Engine, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    file = tmp_path / "files" / ("a" * 64)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("note.txt", "note")

    def closed(*_: object) -> None:
        raise RestoreBusy

    store, arrivals, pipeline = Store(database), SimpleNamespace(take=closed), SimpleNamespace()
    places = Places(tmp_path / "files", tmp_path / "work", offline=True)
    given: Any = (store, Jobs(), pipeline, arrivals, places, threading.Lock())
    unpacker = Unpacker(*given)
    entry = Intake("i", "local", "a.zip", "archive", file.name)
    store.take_in(entry)
    unpacker.add(entry)
    unpacker._turn("i")
    assert [kept.status for kept in store.intakes()] == ["waiting"]
    assert file.exists()
