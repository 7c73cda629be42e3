"""The set-up: every step is done once, says so, and when something is missing names what to install."""

from __future__ import annotations

import ast
import os
import platform
import re
import string
import subprocess
import sys
from pathlib import Path

import chromium
import environment
import pytest
import setup
import setup_texts

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with its own requirement files, so that no test touches the real .venv."""
    (tmp_path / "requirements.txt").write_text("llama-cpp-python==0.3.36\ntorch==2.13.0\n", encoding="utf-8")
    for module in (environment, setup):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    (tmp_path / ".venv").mkdir()
    return tmp_path


def program(path: Path, script: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def fake_pip(folder: Path, script: str) -> Path:
    """A Python whose every call is noted in `folder`/calls and answered by `script`."""
    return program(folder / "python", f'echo "$@" >> {folder}/calls\n{script}')


# ---------------------------------------------------------- the scripts themselves


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_an_old_python_reads_the_scripts(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    own = {other.stem for other in SCRIPTS}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.split(".")[0] for name in names} <= own | sys.stdlib_module_names


def test_both_languages_say_the_same_things() -> None:
    def fields(template: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}

    english, spanish = setup_texts.sentences("en"), setup_texts.sentences("es")
    assert {key: fields(line) for key, line in english.items()} == {key: fields(line) for key, line in spanish.items()}
    code = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    used = set(re.findall(r'(?:say|text)\(\s*"(\w+)"', code))
    assert used == set(english)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"LANG": "es_MX.UTF-8"}, "es"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "es_ES.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "es_ES"}, "es"),
        ({}, "en"),
    ],
)
def test_the_locale_decides_the_language(env: dict[str, str], expected: str) -> None:
    assert setup_texts.language(env) == expected


# -------------------------------------------------------------------------- Python


def test_an_old_python_hands_over_to_a_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = program(tmp_path / "python3.12", "echo 3.12.4 1")
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python3", "echo 3.9.2 1")))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.find_python() == (str(newer), "3.12.4")


def test_only_old_pythons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second is a name that is there but does not run, as version managers leave behind.
    program(tmp_path / "python3.13", "exit 127")
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python3", "echo 3.9.2 1")))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(environment.SetupError, match=r"Python 3\.11 or newer.*install it \("):
        environment.find_python()


def test_no_venv_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python3", "echo 3.11.2 0")))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(environment.SetupError, match="install python3-venv"):
        environment.find_python()


def test_the_environment_is_made_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = environment.ensure_venv()
    assert "making" in capsys.readouterr().out
    keep = project / ".venv" / "keep"
    keep.touch()
    assert environment.ensure_venv() == python
    assert "already there" in capsys.readouterr().out
    assert keep.exists()


def test_a_half_made_environment_is_made_again(project: Path) -> None:
    (project / ".venv" / "bin").mkdir()
    (project / ".venv" / "bin" / "python").symlink_to(sys.executable)  # as when pip's installation was stopped
    (project / ".venv" / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n", encoding="utf-8")
    python = environment.ensure_venv()
    assert subprocess.run([python, "-c", "import pip"], check=False).returncode == 0


def test_an_environment_of_an_old_python_is_left_to_the_person(project: Path) -> None:
    program(project / ".venv" / "bin" / "python", "echo 3.9.2 1")
    with pytest.raises(environment.SetupError, match=r"\.venv was made with Python 3\.9\.2"):
        environment.ensure_venv()


# ------------------------------------------------------------------------ packages


def test_packages_are_installed_once_and_again_when_the_list_changes(project: Path) -> None:
    python = fake_pip(project, "echo 0.3.36")
    installs = project / "calls"

    def count() -> int:
        return installs.read_text(encoding="utf-8").count("pip --disable-pip-version-check --no-input install")

    environment.ensure_packages(python, "requirements.txt")
    environment.ensure_packages(python, "requirements.txt")
    assert count() == 1
    with (project / "requirements.txt").open("a", encoding="utf-8") as file:
        file.write("numpy==2.4.6\n")
    environment.ensure_packages(python, "requirements.txt")
    assert count() == 2


def test_a_failed_installation_is_not_taken_for_done(project: Path) -> None:
    python = fake_pip(project, 'case "$*" in *install*) echo "ERROR: it broke"; exit 1;; *) echo 0.3.36;; esac')
    with pytest.raises(environment.SetupError, match="it broke"):
        environment.ensure_packages(python, "requirements.txt")
    assert not environment.is_installed(project / "requirements.txt")


@pytest.mark.parametrize(("system", "word"), [("Linux", "build-essential"), ("Darwin", r"xcode-select --install")])
def test_a_missing_compiler_is_named(project: Path, monkeypatch: pytest.MonkeyPatch, system: str, word: str) -> None:
    python = fake_pip(project, "exit 1")  # nothing installed, and no index has it ready built
    program(project / "bin" / "xcode-select", "exit 2")
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(project / "bin"))
    with pytest.raises(environment.SetupError, match=word):
        environment.ensure_packages(python, "requirements.txt")


def test_no_compiler_is_asked_for_when_nothing_is_to_be_compiled(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "has_compiler", lambda: False)
    environment.ensure_packages(fake_pip(project / "has", "echo 0.3.36"), "requirements.txt")
    (project / ".venv" / ".installed-requirements.txt").unlink()
    ready = fake_pip(project / "ready", 'case "$*" in *install*) exit 0;; *) exit 1;; esac')
    environment.ensure_packages(ready, "requirements.txt")
    assert "--only-binary" in (project / "ready" / "calls").read_text(encoding="utf-8")


@pytest.mark.parametrize("found", ["2.13.0", "2.13.0+cpu"])
def test_a_cpu_build_of_torch_counts_as_the_pinned_version(project: Path, found: str) -> None:
    assert environment.has_package(program(project / "python", f"echo {found}"), "torch")
    assert not environment.has_package(program(project / "old", "echo 2.12.1"), "torch")


@pytest.mark.parametrize(
    ("output", "word"),
    [
        ("OSError: [Errno 28] No space left on device", "disk space"),
        ("CMake Error: No CMAKE_CXX_COMPILER could be found.", "build-essential"),
        ("ERROR: No matching distribution found for cmake>=3.21", "install cmake"),
        ("NewConnectionError('...')\nERROR: No matching distribution found for gradio==6.31.0", "network"),
        ("ERROR: No matching distribution found for torch==2.13.0", r"no build of torch==2\.13\.0"),
        ("first\nlast words", "last words"),
    ],
)
def test_a_failure_of_pip_becomes_a_sentence(output: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    assert re.search(word, environment.explain(output, "setup.log"))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  Downloading torch-2.13.0-cp311.whl (188.4 MB)", "  downloading torch (188.4 MB)"),
        ("  Downloading idna-3.20-py3.whl (70 kB)", ""),
        ("  Building wheel for llama-cpp-python (pyproject.toml): started", "  building llama-cpp-python"),
        ("Installing collected packages: a, b, c", "  installing 3 packages"),
        ("Requirement already satisfied: a", ""),
    ],
)
def test_what_is_shown_of_pip(line: str, shown: str) -> None:
    assert environment.pip_line(line + "\n") == shown


# ------------------------------------------------------------------------ Chromium


def test_a_chromium_on_the_path_must_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "chromium-browser", "echo 'install the snap'; exit 1")
    real = program(tmp_path / "google-chrome", "echo Chrome 1")
    nothing = program(tmp_path / "python", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AULA_CHROMIUM", raising=False)
    assert chromium.find(nothing) == str(real)
    own = program(tmp_path / "own", "echo Chromium 2")
    monkeypatch.setenv("AULA_CHROMIUM", str(own))
    assert chromium.find(nothing) == str(own)


def test_playwrights_own_chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = program(tmp_path / "own", "echo Chromium 2")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "MAC_APPS", ())
    monkeypatch.delenv("AULA_CHROMIUM", raising=False)
    assert chromium.find(program(tmp_path / "python", f"echo {own}")) == str(own)


def test_root_gets_chromium_from_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "apt-get", f'echo "$@" >> {tmp_path}/apt; /bin/cp {tmp_path}/new {tmp_path}/chromium')
    program(tmp_path / "new", "echo Chromium 3")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "MAC_APPS", ())
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv("AULA_CHROMIUM", raising=False)
    assert chromium.ensure(program(tmp_path / "python", "exit 1")) == str(tmp_path / "chromium")
    assert "update\n" in (tmp_path / "apt").read_text(encoding="utf-8")


def test_no_chromium_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "MAC_APPS", ())
    monkeypatch.delenv("AULA_CHROMIUM", raising=False)
    with pytest.raises(environment.SetupError, match="playwright install chromium"):
        chromium.ensure(program(tmp_path / "python", "exit 1"))


# ------------------------------------------------------------------------ commands


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], True), (["-k", "x"], True), (["tests/unit"], False), (["tests/unit", "tests/browser"], True)],
)
def test_which_tests_need_a_browser(arguments: list[str], expected: bool) -> None:
    assert setup.needs_browser(arguments) is expected


def test_the_models_folder_is_the_settings_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.settings import Settings

    monkeypatch.chdir(ROOT)
    for data, models in (("", ""), ("elsewhere", ""), ("", "/weights"), ("elsewhere", "weights")):
        monkeypatch.setenv("AULA_DATA_DIR", data)
        monkeypatch.setenv("AULA_MODELS_DIR", models)
        assert setup.models_folder() == Settings.from_env().models_dir


def test_the_models_are_the_settings_own() -> None:
    from rag.settings import DEFAULT_EMBEDDING, STARTER

    assert setup.APP_MODELS == (STARTER, DEFAULT_EMBEDDING)


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["fly"]) == 2
    assert "run | test | check | bench" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["run", "test", "check", "bench"])
def test_make_hands_over_to_the_script(target: str) -> None:
    done = subprocess.run(["make", "-n", target, "ARGS=--one"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"scripts/setup.py {target}" in done.stdout


def test_ci_is_a_careful_script() -> None:
    path = ROOT / ".ci" / "run"
    assert os.access(path, os.X_OK)
    assert "set -euo pipefail" in path.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0
