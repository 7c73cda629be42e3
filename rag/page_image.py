"""Pictures of pages, each drawn once by a process of its own (rag/page_worker.py) and kept in a folder that is bounded.

Knows originals and pictures by the sha256 of a document; nothing of owners: who may see a page is decided above.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import threading
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from rag import child
from rag.errors import PageNotDrawn
from rag.highlight import Glyph

log = logging.getLogger(__name__)

VERSION = 1  # of what the worker writes: what an older one drew is drawn again
_COMMAND = child.command("rag.page_worker")
_AT_ONCE = 2  # processes; further pages wait, so that a class that looks does not starve the model
_SUFFIX = f"-{VERSION}.page"


@dataclass(frozen=True)
class DrawLimits:
    """What drawing one page may take. `scale` is in pixels per point, less for a page of more than `pixels`.

    `seconds` of waiting, `memory_mb` of the process, `glyphs` whose places are kept.
    """

    scale: float = 2.0  # sharp on a dense screen, and when looked at closely
    pixels: int = 4_000_000
    glyphs: int = 50_000
    seconds: float = 20.0
    memory_mb: int = 1500


@dataclass(frozen=True)
class Picture:
    """A page as it is drawn: `width` and `height` in points, the picture's media type and bytes, its letters."""

    width: float
    height: float
    type: str
    image: bytes
    glyphs: Sequence[Glyph]


class PagePictures:
    """Draws pages of the originals in `files` and keeps them in `folder`, those last looked at, up to `most` bytes."""

    def __init__(
        self,
        files: Path,
        folder: Path,
        most: int = 256 * 2**20,
        limits: DrawLimits = DrawLimits(),
    ) -> None:
        """Use two folders; nothing is opened yet."""
        self._files = files
        self._folder = folder
        self._most = most
        self._limits = limits
        self._drawing = threading.BoundedSemaphore(_AT_ONCE)

    def picture(self, document: str, page: int) -> Picture:
        """Return a page of a stored PDF, counted from 1. `document` is a held id, never a user's text.

        Raises PageNotDrawn when it is broken, or takes too long or too much memory.
        """
        kept = self._folder / document / f"{page}{_SUFFIX}"
        if found := _read(kept):
            return found
        with self._drawing:
            if found := _read(kept):  # drawn while this one waited
                return found
            drawn = self._draw(document, page)
            found = _parsed(drawn)
        if found is None:
            log.info("page %d of %s was not drawn: %r", page, document, drawn[:40])
            raise PageNotDrawn
        self._keep(kept, drawn)
        return found

    def forget(self, document: str) -> None:
        """Delete the pictures of a document that was erased; `document` is an id, as above."""
        shutil.rmtree(self._folder / document, ignore_errors=True)

    def sweep(self, kept: Collection[str]) -> None:
        """Delete the pictures of every document that is not in `kept`, and what an older version drew."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for folder in self._folder.iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        for file in self._folder.glob("*/*"):
            if not file.name.endswith(_SUFFIX):
                file.unlink(missing_ok=True)

    def _draw(self, document: str, page: int) -> bytes:
        limits = asdict(self._limits)
        seconds = float(limits.pop("seconds"))
        job = {"path": str((self._files / document).resolve()), "page": page, "cpu": int(seconds) + 1, **limits}
        try:
            done = subprocess.run(
                _COMMAND,
                cwd=child.ROOT,
                env=child.environment(),
                input=json.dumps(job).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return b"too long"
        return done.stdout or b"crashed"

    def _keep(self, path: Path, drawn: bytes) -> None:
        """Write a picture whole or not at all, then make room; without room it is drawn again next time."""
        part = path.with_name(f"{uuid.uuid4().hex}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(drawn)
            part.replace(path)
            self._make_room()
        except OSError:
            log.warning("a page's picture could not be kept", exc_info=True)
            part.unlink(missing_ok=True)

    def _make_room(self) -> None:
        """Delete the pictures that were not looked at for the longest."""
        files = []
        for path in self._folder.glob("*/*"):
            with suppress(OSError):  # another thread has just deleted it
                files.append((path.stat().st_mtime_ns, path.stat().st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._most:
                return
            path.unlink(missing_ok=True)
            total -= size


def _read(path: Path) -> Picture | None:
    """Return a kept picture and note that it was looked at; None when there is none."""
    try:
        found = _parsed(path.read_bytes())
        os.utime(path)
    except OSError:
        return None
    return found


def _parsed(drawn: bytes) -> Picture | None:
    """Return what a worker wrote; None when it says that it could not, or was ended before it was done."""
    head, _, image = drawn.partition(b"\n")
    try:
        fields = json.loads(head)
        glyphs = [(str(letters), int(a), int(b), int(c), int(d)) for letters, a, b, c, d in fields["glyphs"]]
        width, height, kind = float(fields["width"]), float(fields["height"]), str(fields["type"])
    except (ValueError, TypeError, KeyError):
        return None
    return Picture(width, height, kind, image, glyphs) if image else None
