"""What every download shares: progress, cancel, hashes, room on the disk, and why a source failed.

It knows nothing of where bytes come from; rag/hub.py and rag/wheels.py are the two kinds of source.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

from rag.errors import AulaError, Cancelled, NotEnoughDisk

State = Literal["downloading", "checking", "building", "done"]
CHUNK = 1 << 20
SPARE = 100_000_000  # left free besides: a full disk harms more than a missing model
EVERY_S = 0.1  # a page or a terminal cannot show more


@dataclass(frozen=True)
class Progress:
    """How far one model is. `done` and `total` are bytes of its files; `total` is never below `done`."""

    name: str
    source: str
    done: int
    total: int
    state: State


Report: TypeAlias = Callable[[Progress], None]


class SourceFailed(AulaError):
    """One source did not give the model, and the next is tried. `source`: its label, `detail`: why."""

    messages: ClassVar[dict[str, str]] = {"en": "{source} ({detail})", "es": "{source} ({detail})"}


class NoConnection(SourceFailed):
    """`source`: its label."""

    messages: ClassVar[dict[str, str]] = {"en": "{source} (no connection)", "es": "{source} (sin conexión)"}


class ServerTrouble(NoConnection):
    """It answers that it cannot answer now. `source`: its label, `status`: of HTTP."""

    messages: ClassVar[dict[str, str]] = {"en": "{source} (HTTP {status})", "es": "{source} (HTTP {status})"}


class NotThere(SourceFailed):
    """`source`: its label."""

    messages: ClassVar[dict[str, str]] = {
        "en": "{source} (the file is not there)",
        "es": "{source} (el archivo no está allí)",
    }


class AccessDenied(SourceFailed):
    """`source`: its label."""

    messages: ClassVar[dict[str, str]] = {
        "en": "{source} (it asks for an account: accept the licence there and set HF_TOKEN)",
        "es": "{source} (pide una cuenta: acepta allí la licencia y define HF_TOKEN)",
    }


class NoPip(SourceFailed):
    """`source`: its label."""

    messages: ClassVar[dict[str, str]] = {
        "en": "{source} (this Python has no pip: run python -m ensurepip)",
        "es": "{source} (este Python no tiene pip: ejecuta python -m ensurepip)",
    }


class Offline(SourceFailed):
    """Settings forbid the network."""

    messages: ClassVar[dict[str, str]] = {
        "en": "nothing, since offline mode is on (AULA_OFFLINE)",
        "es": "nada, porque el modo sin conexión está activado (AULA_OFFLINE)",
    }


class Tried(AulaError):
    """`failures`: one SourceFailed a source, in order. It only ever stands inside SourceUnreachable."""

    def text(self, lang: str = "en") -> str:
        """Join the reasons of all sources, in `lang`."""
        failures = self.params["failures"]
        return "; ".join(failure.text(lang) for failure in failures) if isinstance(failures, tuple) else ""


class Transfer:
    """One pull: it reports progress at most ten times a second and raises Cancelled once the event is set."""

    def __init__(self, name: str, report: Report | None = None, cancel: threading.Event | None = None) -> None:
        self.name = name
        self.cancel = cancel or threading.Event()
        self._report = report
        self._source, self._total, self._state = "", 0, "downloading"
        self._last: tuple[float, str] = (0.0, "")

    def begin(self, source: str, total: int, state: State = "downloading", done: int = 0) -> None:
        """Start a stage: from here on `at` counts towards `total` bytes, of which `done` are here already."""
        self._source, self._total, self._state = source, total, state
        self.at(done)

    def at(self, done: int) -> None:
        """Report that `done` bytes are here. Raises Cancelled."""
        self.check()
        now = time.monotonic()
        when, state = self._last
        if self._report and (state != self._state or now - when >= EVERY_S or done >= self._total):
            self._last = now, self._state
            self._report(Progress(self.name, self._source, done, max(done, self._total), self._state))  # type: ignore[arg-type]

    def check(self) -> None:
        """Raise Cancelled if the person asked to stop."""
        if self.cancel.is_set():
            raise Cancelled

    def done(self, size: int) -> None:
        """Report the end, once."""
        if self._report:
            self._report(Progress(self.name, self._source, size, size, "done"))


def sha256_of(path: Path, step: Callable[[int], None] | None = None) -> str:
    """Return the file's SHA-256 in hexadecimal; `step` hears the bytes read so far and may raise to stop."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if step:
                step(done)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Return the file's size in bytes, 0 when there is none."""
    return path.stat().st_size if path.is_file() else 0


def human(size: int) -> str:
    """Return bytes as a person reads them, in decimal units: 1.1 GB, 98 MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def ensure_room(name: str, folder: Path, need: int) -> None:
    """Raise NotEnoughDisk unless `need` more bytes fit on the disk of `folder`, with some to spare."""
    free = shutil.disk_usage(folder).free
    if free < need + SPARE:
        raise NotEnoughDisk(name=name, need=human(need + SPARE), free=human(free))
