"""Which folders the page may look into: named at start only, and never where people log in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import app
from rag.settings import Settings


def test_folders_come_from_the_command_line_or_else_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "uno", tmp_path / "dos"
    one.mkdir()
    monkeypatch.setenv("AULA_FOLDERS", os.pathsep.join([str(one), "", f"{two} "]).strip())
    assert Settings.from_env(data_dir=tmp_path).folders == (one, two)
    assert Settings.from_env(data_dir=tmp_path, folders=(two,)).folders == (two,)
    assert Settings.from_env(data_dir=tmp_path, folders=()).folders == ()
    monkeypatch.delenv("AULA_FOLDERS")
    assert Settings.from_env(data_dir=tmp_path).folders == ()


def test_a_folder_must_be_there_and_a_login_rules_folders_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.arguments(["--folder", str(tmp_path)]).folder == [tmp_path.resolve()]
    with pytest.raises(SystemExit):
        app.arguments(["--folder", str(tmp_path / "nada")])
    assert "is not a folder" in capsys.readouterr().err
    monkeypatch.setenv("AULA_FOLDERS", str(tmp_path))
    with pytest.raises(SystemExit):
        app.arguments(["--auth", "ana:x", "--folder", str(tmp_path)])
    assert "--auth" in capsys.readouterr().err
    assert app.folders(app.arguments(["--auth", "ana:x"])) == ()
    assert app.folders(app.arguments(["--folder", str(tmp_path)])) == (tmp_path.resolve(),)
    assert app.folders(app.arguments([])) is None  # the environment decides
