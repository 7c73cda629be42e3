"""Set Aula up, then start what was asked for: run, test, check or bench. Every step is done once and says so.

Only the standard library, in syntax that Python 3.8 reads: an old Python gets a sentence and no traceback.
It knows nothing of the app but its requirement files, `python -m rag.models` and app.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import chromium
from environment import ROOT, SetupError, ensure_packages, ensure_venv, shown
from setup_texts import say, text

APP_MODELS = ("smollm2-135m-instruct", "multilingual-e5-small")
TEST_MODELS = (*APP_MODELS, "all-minilm-l6-v2")
CHECKS = (
    ("ruff check", ["-m", "ruff", "check", "--quiet", "--output-format", "concise", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "--quiet", "--output-format", "concise", "."]),
    ("mypy", ["-m", "mypy"]),
    ("imports", ["-m", "pytest", "-q", "tests/unit/test_import_direction.py"]),
)


def models_folder() -> Path:
    """Return the models folder as the app's settings read it, relative names counted from the project."""
    data = Path(os.environ.get("AULA_DATA_DIR") or "data").expanduser()
    return ROOT / Path(os.environ.get("AULA_MODELS_DIR") or data / "models").expanduser()


def ensure_models(python: Path, names: Sequence[str]) -> bool:
    """Fetch the models that are missing; return whether all are there."""
    say("models", names=", ".join(names), folder=shown(models_folder()))
    return subprocess.run([python, "-m", "rag.models", "pull", *names], cwd=ROOT).returncode == 0


def start(python: Path, arguments: Sequence[str], **env: str) -> int:
    """Become `python ARGUMENTS`, so that Ctrl+C and the exit status are its own."""
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(python, [str(python), *arguments], {**os.environ, **env})  # noqa: S606


def run(arguments: Sequence[str]) -> int:
    """Set up and open the app; a model that cannot be fetched is the page's to explain."""
    python = ensure_venv()
    ensure_packages(python, "requirements.txt")
    if not ensure_models(python, APP_MODELS):
        say("models_failed")
    say("starting")
    return start(python, ["app.py", *arguments])


def test(arguments: Sequence[str]) -> int:
    """Set up, find a Chromium and run every test, or those that `arguments` name."""
    python = ensure_venv()
    ensure_packages(python, "requirements.txt", "requirements-dev.txt")
    if not ensure_models(python, TEST_MODELS):
        raise SetupError(text("models_needed", names=", ".join(TEST_MODELS)))
    env = {"AULA_MODELS_DIR": str(models_folder())}
    if needs_browser(arguments):
        env["AULA_CHROMIUM"] = chromium.ensure(python)
    say("tests", what=" ".join(arguments) or text("all_tests"))
    return start(python, ["-m", "pytest", *arguments], **env)


def needs_browser(arguments: Sequence[str]) -> bool:
    """Say whether these pytest arguments run browser tests: all do but those that name other folders only."""
    named = [part for part in arguments if part.startswith("tests/")]
    return not named or any("browser" in part for part in named)


def check(arguments: Sequence[str]) -> int:
    """Run the linters, the types and the import direction, all of them, and say which failed."""
    python = ensure_venv()
    ensure_packages(python, "requirements.txt", "requirements-dev.txt")
    failed = []
    for name, command in CHECKS:
        say("check", what=name)
        if subprocess.run([str(python), *command], cwd=ROOT).returncode:
            failed.append(name)
    if failed:
        raise SetupError(text("check_failed", what=", ".join(failed)))
    say("check_passed")
    return 0


def bench(arguments: Sequence[str]) -> int:
    """Set up and run the bench; without arguments show what it can measure."""
    python = ensure_venv()
    ensure_packages(python, "requirements.txt")
    if not arguments:
        say("bench")
    return start(python, ["-m", "bench", *(arguments or ["--help"])])


COMMANDS = {"run": run, "test": test, "check": check, "bench": bench}


def main(arguments: Sequence[str]) -> int:
    """Run `COMMAND [ARGUMENTS...]`; return the exit status."""
    if not arguments or arguments[0] not in COMMANDS:
        print(f"python3 scripts/setup.py {' | '.join(COMMANDS)} [ARGUMENTS...]", file=sys.stderr)
        return 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n" + text("interrupted"), file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
