"""Reads a page from its picture with Tesseract, in a process of its own that is ended when it hangs or grows.

Knows which program and languages are installed, and limits; nothing of documents. The reading is rag/ocr_worker.py.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from rag import child
from rag.errors import Cancelled, OcrMissing
from rag.pages import Limits, PageText

LANGUAGES = ("spa", "eng")  # as Tesseract names them, the first being what it tries first
LIMITS = Limits(page_seconds=120.0)  # a dense page takes some 10 seconds on a slow core that others use too
_PIXELS = 12_000_000  # A4 at 300 dots per inch has 8.7 million
_COMMAND = child.command("rag.ocr_worker")
_SIGKILL = 9  # by number: Windows has no name for it
_LOOK_AGAIN_S = 20  # so soon a program that was installed meanwhile is found
_STEP_S = 0.1
_USUAL_PLACES = (  # where installers put it without telling anybody
    Path(r"C:\Program Files\Tesseract-OCR\tesseract.exe"),
    Path("/opt/homebrew/bin/tesseract"),
    Path("/usr/local/bin/tesseract"),
)


def available() -> bool:
    """Whether pages can be read from their pictures: Tesseract is installed, with Spanish or English."""
    return bool(languages())


def languages() -> tuple[str, ...]:
    """Return those of LANGUAGES that are installed, as Tesseract names them; none without Tesseract."""
    installed = _installed()
    return tuple(name for name in LANGUAGES if name in installed)


def read(
    path: Path,
    kind: str,
    number: int,
    *,
    password: str | None = None,
    cancel: threading.Event | None = None,
    limits: Limits = LIMITS,
) -> PageText:
    """Read page `number`, counted from 1, of the file at `path`, of which `kind` is the suffix (".pdf", ".png").

    The page comes back as how="ocr"; "empty" with the reason "ocr" when nothing was recognised; "failed" with "time",
    "memory", "damaged", "encrypted", "crash" or "ocr". Raises OcrMissing without Tesseract, Cancelled soon after
    `cancel` is set.
    """
    program, tongues = _program(), languages()
    if program is None or not tongues:
        raise OcrMissing
    job = {
        "path": str(path.resolve()),
        "kind": kind,
        "number": number,
        "password": password,
        "program": program,
        "languages": tongues,
        "turning": "osd" in _installed(),
        "pixels": _PIXELS,
        "seconds": limits.page_seconds,
        "memory_mb": limits.memory_mb,
    }
    return _page(number, _answer(json.dumps(job).encode(), limits.page_seconds, cancel or threading.Event()))


def _page(number: int, answer: dict[str, object]) -> PageText:
    """Return what a worker's answer says of the page."""
    if "error" in answer:
        return PageText(number, "", "failed", str(answer["error"]))
    text, headings = str(answer["text"]), answer["headings"]
    if not text:
        return PageText(number, "", "empty", "ocr")
    found = headings if isinstance(headings, list) else []
    return PageText(number, text, "ocr", headings=tuple((int(start), int(level)) for start, level in found))


def _answer(job: bytes, seconds: float, cancel: threading.Event) -> dict[str, object]:
    """Run a worker on `job`; whatever happens, it and Tesseract have ended on return."""
    process = child.start(_COMMAND)
    try:
        output = _output(process, job, time.monotonic() + seconds, cancel)
    finally:
        _end(process)
    if output is None:
        return {"error": "time"}
    try:
        answer = dict(json.loads(output))
        return answer if "error" in answer else {key: answer[key] for key in ("text", "headings")}
    except (ValueError, TypeError, KeyError):
        # SIGKILL that nobody here sent is the kernel's answer to memory running out.
        return {"error": "memory" if process.returncode == -_SIGKILL else "crash"}


def _output(process: subprocess.Popen[bytes], job: bytes, end: float, cancel: threading.Event) -> bytes | None:
    """Return what a worker wrote; None when it is still at work at `end`. Raises Cancelled."""
    given: bytes | None = job
    while not cancel.is_set():
        try:
            return process.communicate(given, timeout=_STEP_S)[0]
        except subprocess.TimeoutExpired:
            given = None  # it was taken the first time
        if time.monotonic() > end:
            return None
    raise Cancelled


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a worker and Tesseract, its child, which may have outlived it."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()  # the child ends by a limit of its own
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _program() -> str | None:
    """Return where Tesseract is."""
    return shutil.which("tesseract") or next((str(place) for place in _USUAL_PLACES if place.is_file()), None)


def _installed() -> frozenset[str]:
    """Return what Tesseract has been given to read with: languages, and "osd" for how a page lies."""
    program = _program()
    return _listed(program, int(time.monotonic() / _LOOK_AGAIN_S)) if program else frozenset()


@lru_cache(maxsize=1)
def _listed(program: str, _when: int) -> frozenset[str]:
    try:
        done = subprocess.run([program, "--list-langs"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(done.stdout.decode("utf-8", "replace").split())
