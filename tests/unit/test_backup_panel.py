"""What the backup panel does with a file that was handed over, or is fetched, when the work ends in another way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rag.backup_manifest import Manifest
from rag.errors import BackupDamaged, RestoreBusy
from ui import backup_panel
from ui.backup_panel import BackupPanel
from ui.texts import say

Step = Callable[[int, int], None]


@pytest.fixture
def panel(tmp_path: Path) -> BackupPanel:
    services: Any = SimpleNamespace(
        settings=SimpleNamespace(backup_dir=tmp_path), engine=SimpleNamespace(answering=lambda: False)
    )
    return BackupPanel(services)


def checked(panel: BackupPanel, monkeypatch: pytest.MonkeyPatch) -> str:
    """Hand a file over and have it checked."""
    monkeypatch.setattr(backup_panel, "check", lambda *_: Manifest("1", "1", "2026-01-02T03:04:05", documents=3))
    token = panel._handover.expect("mine.zip")
    panel._handover.arrived(token).write_bytes(b"whole")
    assert "mine.zip" in str(list(panel._told(panel._check(token, "en", None), token, "en"))[-1])
    return token


def restored(panel: BackupPanel, token: str) -> str:
    return str(list(panel._told(panel._restore(token, "en", None), token, "en"))[-1])


def test_one_that_must_wait_is_kept_and_offered_again(panel: BackupPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    token = checked(panel, monkeypatch)

    def busy(*_: object) -> None:
        raise RestoreBusy

    monkeypatch.setattr(backup_panel, "restore_live", busy)
    shown = restored(panel, token)
    assert RestoreBusy().text("en") in shown
    assert 'data-do="restore"' in shown
    assert "3 documents" in shown
    assert panel._handover.arrived(token).read_bytes() == b"whole"

    def worked(_services: object, path: Path, _busy: object, step: Step, _cancel: threading.Event, _name: str) -> None:
        assert path.read_bytes() == b"whole"
        step(1, 2)

    monkeypatch.setattr(backup_panel, "restore_live", worked)
    assert say("en", "backup.restored") in restored(panel, token)
    assert list(panel._services.settings.backup_dir.iterdir()) == []


def test_one_that_cannot_be_restored_is_not_kept(panel: BackupPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    token = checked(panel, monkeypatch)

    def damaged(*_: object) -> None:
        raise BackupDamaged(name="mine.zip", part="x")

    monkeypatch.setattr(backup_panel, "restore_live", damaged)
    assert "is damaged" in restored(panel, token)
    assert list(panel._services.settings.backup_dir.iterdir()) == []


def test_one_that_has_waited_too_long_is_asked_for_again(panel: BackupPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    token = checked(panel, monkeypatch)
    panel._handover.discard(token)
    assert "Choose the file again" in restored(panel, token)


def test_it_is_in_the_downloads_when_its_last_byte_was_sent(
    panel: BackupPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given() -> str:
        file = tmp_path / "made"
        file.write_bytes(b"backup")
        return panel._handover.give(file, "aula.zip")

    token, taken = given(), say("en", "backup.taken")
    showing = panel._take(token, "en", None)
    assert say("en", "backup.taking") in str(next(showing))  # the browser has not come yet
    opened = panel._handover.take(token)
    assert opened is not None
    assert say("en", "backup.taking") in str(next(showing))
    opened[0].close()
    panel._handover.taken(token, whole=True)
    assert taken in str(next(showing))
    assert list(tmp_path.iterdir()) == []
    token = given()
    opened = panel._handover.take(token)
    assert opened is not None
    opened[0].close()
    panel._handover.taken(token, whole=False)
    monkeypatch.setattr(backup_panel, "_BEGINS_S", 0.0)
    shown = str(list(panel._take(token, "en", None))[-1])
    assert taken not in shown
    assert say("en", "backup.broke_off") in shown
    assert token in shown
    panel._handover.discard(token)
    assert taken not in str(list(panel._take(token, "en", None))[-1])
