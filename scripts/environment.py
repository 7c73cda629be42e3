"""The Python environment and its packages: .venv and what requirements*.txt name. It knows no model.

Only the standard library, in syntax that Python 3.8 reads: an old Python gets a sentence and no traceback.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from setup_texts import say, text

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MIN_PYTHON = (3, 11)
PYTHON_NAMES = ("python3.13", "python3.12", "python3.11", "python3.14")
LARGE_DOWNLOAD_MB = 20.0
LOG_TAIL_LINES = 25


class SetupError(Exception):
    """Something the person has to do first; its text says what."""


def shown(path: Path) -> str:
    """Return `path` relative to the project where it lies inside it."""
    return str(path.relative_to(ROOT)) if ROOT in path.parents else str(path)


# -------------------------------------------------------------------------- Python


def probe(python: str | Path) -> tuple[tuple[int, ...], bool] | None:
    """Ask an interpreter for (version, can it make environments); None when it does not run."""
    code = (
        "import sys, importlib.util as u; print('.'.join(map(str, sys.version_info[:3])), "
        "int(bool(u.find_spec('venv') and u.find_spec('ensurepip'))))"
    )
    try:
        done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, timeout=60)
        version, capable = done.stdout.split()
        return tuple(int(part) for part in version.split(".")), capable == "1"
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def dotted(version: Sequence[int]) -> str:
    """Write a version tuple as people do."""
    return ".".join(str(part) for part in version)


def python_hint() -> str:
    """Name the packages that bring a new enough Python."""
    if platform.system() == "Darwin":
        return "brew install python@3.12"
    return "Debian, Ubuntu: python3.11 python3.11-venv; Fedora: python3.12"


def find_python() -> tuple[str, str]:
    """Return (path, version) of the first interpreter that is new enough and makes environments."""
    named = [path for path in map(shutil.which, PYTHON_NAMES) if path]
    seen = [(path, probe(path)) for path in [sys.executable, *named]]
    new = [(path, found) for path, found in seen if found and found[0] >= MIN_PYTHON]
    for path, (version, capable) in new:
        if capable:
            return path, dotted(version)
    if new:
        raise SetupError(text("no_venv_module", python=new[0][0]))
    raise SetupError(text("old_python", need=dotted(MIN_PYTHON), found=dotted(sys.version_info[:3]), how=python_hint()))


def ensure_venv() -> Path:
    """Return the environment's interpreter, making the environment when it is missing or half made."""
    python = VENV / "bin" / "python"
    found = probe(python)
    if found and found[0] < MIN_PYTHON:
        raise SetupError(text("venv_old", venv=shown(VENV), found=dotted(found[0]), need=dotted(MIN_PYTHON)))
    if found and subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0:
        say("venv_there", venv=shown(VENV), version=dotted(found[0]))
        return python
    base, version = find_python()
    say("venv_making", venv=shown(VENV), version=version)
    # --clear: what is there has no working interpreter or no pip, so nothing of use is lost.
    made = subprocess.run([base, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        raise SetupError(text("venv_failed", venv=shown(VENV), reason=(made.stdout + made.stderr).strip()))
    return python


# ------------------------------------------------------------------------ packages


def stamp(requirements: Path) -> Path:
    """Return the file that remembers what was last installed from `requirements`."""
    return VENV / f".installed-{requirements.name}"


def digest(requirements: Path) -> str:
    """Return the sha256 of a requirement file, as its stamp keeps it."""
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def is_installed(requirements: Path) -> bool:
    """Say whether `requirements` is unchanged since it was installed into this environment."""
    kept = stamp(requirements)
    return kept.is_file() and kept.read_text(encoding="utf-8").strip() == digest(requirements)


def pinned(name: str) -> str:
    """Return the version that requirements.txt pins for `name`."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split("==")[1].split()[0] for line in lines if line.startswith(f"{name}=="))


def has_package(python: Path, name: str) -> bool:
    """Say whether the environment has `name` in the pinned version (a local build tag aside)."""
    code = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    done = subprocess.run([python, "-c", code, name], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip().split("+")[0] == pinned(name)


def compiler_hint() -> str:
    """Name what brings a C++ compiler here."""
    if platform.system() == "Darwin":
        return "the Xcode command line tools (xcode-select --install)"
    return "build-essential (Debian, Ubuntu: sudo apt install build-essential; Fedora: gcc-c++)"


def has_compiler() -> bool:
    """Say whether a C++ compiler is here; on macOS clang++ is there even when the tools are not."""
    if platform.system() == "Darwin":
        return subprocess.run(["xcode-select", "-p"], capture_output=True).returncode == 0
    return any(shutil.which(name) for name in (os.environ.get("CXX"), "g++", "clang++", "c++") if name)


def check_compiler(python: Path) -> None:
    """Stop when llama-cpp-python has to be compiled and nothing here compiles; raises SetupError."""
    if has_compiler():
        return
    # A person's pip may know an index that has it ready built: then no compiler is needed.
    name = f"llama-cpp-python=={pinned('llama-cpp-python')}"
    ask = [*pip(python), "install", "--dry-run", "--no-deps", "--only-binary=:all:", "--quiet", name]
    if subprocess.run(ask, capture_output=True).returncode:
        raise SetupError(text("no_compiler", how=compiler_hint()))


def pip(python: Path) -> list[str]:
    """Return the start of a pip command of the environment."""
    return [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]


def ensure_packages(python: Path, *names: str) -> None:
    """Install the requirement files that changed since the last time; raises SetupError."""
    wanted = [ROOT / name for name in names]
    missing = [path for path in wanted if not is_installed(path)]
    if not missing:
        say("packages_there")
        return
    log = VENV / "setup.log"
    say("packages_installing", files=", ".join(path.name for path in missing), log=shown(log))
    if not has_package(python, "llama-cpp-python"):
        check_compiler(python)
        say("compiling")
    if platform.system() == "Linux" and not has_package(python, "torch"):
        say("big_torch")
    options = [part for path in missing for part in ("-r", str(path))]
    if run_pip([*pip(python), "install", "--progress-bar", "off", *options], log):
        raise SetupError(explain(log.read_text(encoding="utf-8", errors="replace"), shown(log)))
    for path in missing:
        stamp(path).write_text(digest(path) + "\n", encoding="utf-8")
    say("packages_done")


def run_pip(command: Sequence[str], log: Path) -> int:
    """Run pip with all its words in `log` and the few that matter on the screen; return its exit status."""
    env = dict(os.environ)
    # Without ninja CMake falls back to make, which would use one core.
    env.setdefault("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
    with log.open("w", encoding="utf-8") as kept, subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout is not None  # noqa: S101  (for the type checker: PIPE was asked for)
        for line in process.stdout:
            kept.write(line)
            kept.flush()
            brief = pip_line(line)
            if brief:
                print(brief, flush=True)
    return process.returncode


def pip_line(line: str) -> str:
    """Return what to show of a line of pip's: large downloads, builds and the final installation, else ""."""
    download = re.match(r"\s*Downloading (\S+) \((?:([\d.]+) (MB|GB))", line)
    if download and (download[3] == "GB" or float(download[2]) >= LARGE_DOWNLOAD_MB):
        name = download[1].rsplit("/", 1)[-1].split("-")[0]
        return text("package_line", what=text("downloading"), name=f"{name} ({download[2]} {download[3]})")
    build = re.match(r"\s*Building wheel for (\S+) .*: started", line)
    if build:
        return text("package_line", what=text("building"), name=build[1])
    install = re.match(r"Installing collected packages: (.+)", line)
    if install:
        count = len(install[1].split(","))
        return text("package_line", what=text("installing"), name=text("several", count=count))
    return ""


def explain(output: str, log: str) -> str:
    """Turn the output of a pip that failed into one sentence that says what to do."""
    if re.search(r"No space left on device", output):
        return text("no_space", log=log)
    if re.search(r"No CMAKE_CXX_COMPILER|CMAKE_CXX_COMPILER-NOTFOUND|is not able to compile", output):
        return text("no_compiler", how=compiler_hint())
    if re.search(r"Could not find CMake|CMake [\d.]+ or higher|distribution found for cmake", output):
        how = "brew install cmake" if platform.system() == "Darwin" else "sudo apt install cmake"
        return text("no_cmake", how=how)
    if re.search(r"NewConnectionError|ConnectionError|NameResolutionError|ReadTimeout|ProxyError", output):
        return text("no_network", log=log)
    nothing = re.search(r"No matching distribution found for (\S+)", output)
    if nothing:
        version, machine = platform.python_version(), platform.machine()
        return text("no_version", name=nothing[1], version=version, machine=machine, log=log)
    return text("pip_failed", log=log, tail="\n".join(output.splitlines()[-LOG_TAIL_LINES:]))
