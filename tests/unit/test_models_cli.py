"""python -m rag.models: what it prints, in which language, and its exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rag import models_cli
from rag.entries import Entry, Hub
from rag.models import Catalogue
from rag.models_cli import CANCELLED, FAILED, OK, Bar, language, main
from rag.settings import Settings
from rag.transfer import Progress, Report
from tests.model_sources import FakeHub, serve, sha256

ROOT = Path(__file__).resolve().parents[2]
DATA = b"GGUF" + os.urandom(100_000)
TINY = Entry(
    name="tiny",
    title="Tiny",
    kind="llm",
    bytes=len(DATA),
    licence="MIT",
    languages=("en",),
    sha256=sha256(DATA),
    sources=(Hub("org/tiny", "tiny.gguf"),),
)
LOST = Entry(name="lost", title="Lost", kind="llm", bytes=1, sources=(Hub("org/lost", "lost.gguf"),))


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    return Catalogue(Settings(data_dir=tmp_path, models_dir=tmp_path / "models"), (TINY, LOST))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch):
    with serve(FakeHub({"org/tiny/tiny.gguf": DATA})) as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.url)
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        yield fake


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "es_MX.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "es_AR.UTF-8"}, "es"),
    ],
)
def test_the_language_is_the_terminals(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_both_languages_say_everything() -> None:
    assert models_cli.TEXTS["en"].keys() == models_cli.TEXTS["es"].keys()
    assert all(models_cli.TEXTS["en"][key] != text for key, text in models_cli.TEXTS["es"].items())


def test_pull_list_and_verify(hub: FakeHub, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pull", "tiny"], catalogue) == OK
    said = capsys.readouterr()
    assert f"tiny: ready, {catalogue.folder / 'tiny.gguf'}" in said.out
    assert "100%" in said.err
    assert main(["list"], catalogue) == OK
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["*", "tiny", "llm", "0", "MB", "en", "MIT"]
    assert rows[1].split()[0] == "lost"
    assert main(["verify"], catalogue) == OK
    assert capsys.readouterr().out == "tiny: as it should be\n"
    (catalogue.folder / "tiny.gguf").write_bytes(DATA[:-1])
    assert main(["verify", "tiny"], catalogue) == FAILED
    assert "NOT the file" in capsys.readouterr().out


def test_one_failure_does_not_keep_the_others_from_coming(
    hub: FakeHub, catalogue: Catalogue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "es_ES.UTF-8")
    assert main(["pull", "lost", "unknown", "tiny"], catalogue) == FAILED
    said = capsys.readouterr()
    assert "No se ha podido descargar «Lost»" in said.err
    assert "el archivo no está allí" in said.err
    assert "unknown" in said.err
    assert "tiny: listo" in said.out
    assert catalogue.installed("tiny")


def test_verify_with_nothing_there_says_so(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"], catalogue) == OK
    assert "Nothing is installed" in capsys.readouterr().out
    assert main(["verify", "tiny"], catalogue) == FAILED


@pytest.mark.parametrize("arguments", [[], ["pull"], ["push", "x"]])
def test_wrong_usage_is_code_2(catalogue: Catalogue, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments, catalogue)
    assert caught.value.code == 2


def test_ctrl_c_stops_with_the_shells_code_and_says_that_it_resumes(
    hub: FakeHub, catalogue: Catalogue, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = catalogue.pull

    def interrupted(name: str, progress: Report, cancel) -> Path:
        signal.raise_signal(signal.SIGINT)
        return pull(name, progress, cancel)

    monkeypatch.setattr(catalogue, "pull", interrupted)
    before = signal.getsignal(signal.SIGINT)
    assert main(["pull", "tiny"], catalogue) == CANCELLED
    assert "goes on from there" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_a_models_folder_that_cannot_be_made_is_said(
    hub: FakeHub, tmp_path: Path, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    assert main(["pull", "tiny"], catalogue) == FAILED
    assert "models" in capsys.readouterr().err


def test_the_bar_is_redrawn_in_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    bar = Bar(models_cli.TEXTS["es"])
    bar(Progress("tiny", "hub org/tiny", 250_000_000, 1_000_000_000, "downloading"))
    line = capsys.readouterr().err
    assert line.startswith("\r")
    assert "\n" not in line
    assert "[#######....................." in line
    assert " 25%" in line
    assert "250 MB / 1.0 GB" in line


def test_the_module_runs_and_starts_light(tmp_path: Path) -> None:
    environment = {**os.environ, "AULA_MODELS_DIR": str(tmp_path), "LC_ALL": "es_ES.UTF-8", "PYTHONUTF8": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "rag.models", "list"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "qwen2.5-coder-1.5b-instruct" in run.stdout
    assert f"* instalado en {tmp_path}" in run.stdout
    code = "import sys, rag.models; print(sorted({'torch', 'transformers', 'gradio', 'numpy'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert loaded.stdout.strip() == "[]"
