"""Everything of a data folder as one file, made while the app runs; `python -m rag.backup make|check|restore FILE`.

Knows the database's tables and where files lie, nothing of the page. A backup is checked by rag/backup_check.py and
put back by rag/restoring.py.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

import rag
from rag.backup_manifest import DATABASE, DIGEST, KIND, MANIFEST, Manifest, Member
from rag.errors import BackupNoRoom, Cancelled, NothingToBackUp, RestoreBusy
from rag.settings import Settings
from rag.transfer import human

__all__ = ["Manifest", "Progress", "make"]

Progress = Callable[[int, int], None]  # bytes done, bytes in all
CHUNK = 2**20  # bytes between two looks at the cancel event
_PAGES = 2_000  # of the database, likewise
_SPARE = 16 * 2**20  # bytes that a disk keeps free


def make(
    settings: Settings,
    target: Path,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Manifest:
    """Write a backup of the data folder to `target`, which appears when it is whole, and return what it holds.

    The app may run: the database is copied at one moment (https://sqlite.org/backup.html), the originals are those
    that it names. A document that is deleted while this goes on is taken out of the copy. Raises NothingToBackUp,
    BackupNoRoom, RestoreBusy (another is being made), Cancelled.
    """
    if not settings.database.is_file():
        raise NothingToBackUp(folder=settings.data_dir)
    part = target.with_name(f"{target.name}.part")
    try:
        with alone(settings) as folder, _full_disk(settings):
            manifest = _Making(settings, folder / DATABASE, progress, cancel or threading.Event()).write(part)
            part.replace(target)
            return manifest
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def alone(settings: Settings) -> Iterator[Path]:
    """Give an empty folder on the data's disk, gone afterwards, while no other backup or restore is under way.

    Raises RestoreBusy.
    """
    lock = FileLock(settings.data_dir / ".backup.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise RestoreBusy from None
    try:
        settings.backup_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.backup_dir) as folder:
            yield Path(folder)
    finally:
        lock.release()


def sweep(settings: Settings) -> None:
    """Delete what a run that was ended left on its way out or in."""
    with suppress(RestoreBusy), alone(settings):
        shutil.rmtree(settings.backup_dir, ignore_errors=True)


def copy_database(source: Path, target: Path, step: Callable[[int, int], None] | None = None) -> None:
    """Copy a database as it is at this moment, whoever reads or writes it; `step` gets (pages done, pages in all)."""
    with closing(sqlite3.connect(source, timeout=30, isolation_level=None)) as old:
        old.execute("BEGIN")  # what is written from here on is not seen, so the copy never begins again
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(target)) as new:
            old.backup(new, pages=_PAGES, progress=lambda _, left, total: step(total - left, total) if step else None)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, and nothing beside it
        old.execute("ROLLBACK")


class _Making:
    """One backup on its way: the copied database, and how far it is."""

    def __init__(self, settings: Settings, copy: Path, progress: Progress | None, cancel: threading.Event) -> None:
        self._settings = settings
        self._copy = copy
        self._progress = progress or (lambda _done, _total: None)
        self._cancel = cancel
        self._done = 0
        self._total = 0  # not known before the database has been copied
        self._members: dict[str, Member] = {}

    def write(self, part: Path) -> Manifest:
        """Write the whole file. Raises Cancelled."""
        copy_database(self._settings.database, self._copy, lambda _done, _total: self._look())
        self._done = self._copy.stat().st_size  # copied once and packed once: what counts is that it moves
        originals, strategies = self._originals(), self._strategies()
        sizes = [path.stat().st_size for path in (*originals.values(), *strategies.values()) if path.is_file()]
        self._total = 2 * self._done + sum(sizes)
        self._need_room(part.parent)
        with _private(part) as file, zipfile.ZipFile(file, "w") as archive:
            archive.writestr(KIND, str(rag.__version__))
            lost = [name for name, path in originals.items() if not self._pack(archive, f"files/{name}", path)]
            for name, path in strategies.items():
                self._pack(archive, f"strategies/{name}", path)
            self._take_out_deleted(lost)
            self._pack(archive, DATABASE, self._copy, zipfile.ZIP_DEFLATED)
            manifest = self._manifest()
            archive.writestr(MANIFEST, manifest.to_json(), zipfile.ZIP_DEFLATED)
        return manifest

    def _originals(self) -> dict[str, Path]:
        """Return {sha256: path} of every original that the copied database names."""
        with closing(sqlite3.connect(self._copy)) as copy:
            names = {str(row[0]) for row in copy.execute("SELECT id FROM documents")}
            if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'intake'").fetchone():
                names |= {str(row[0]) for row in copy.execute("SELECT source FROM intake")}
        return {name: self._settings.files_dir / name for name in sorted(names) if DIGEST.fullmatch(name)}

    def _strategies(self) -> dict[str, Path]:
        return {path.name: path for path in sorted(self._settings.strategies_dir.glob("*.yaml"))}

    def _pack(self, archive: zipfile.ZipFile, name: str, path: Path, how: int = zipfile.ZIP_STORED) -> bool:
        """Pack one file; False when it is not there."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
        info.compress_type = how
        try:
            source = path.open("rb")
        except OSError:
            return False
        with source, archive.open(info, "w", force_zip64=True) as packed:
            while data := source.read(CHUNK):
                digest.update(data)
                packed.write(data)
                size += len(data)
                self._done += len(data)
                self._look()
        self._members[name] = Member(size, digest.hexdigest())
        return True

    def _take_out_deleted(self, lost: list[str]) -> None:
        """Take documents out of the copy that were deleted since it was made: what is deleted is gone."""
        with closing(sqlite3.connect(self._settings.database, timeout=30)) as live:
            there = {str(row[0]) for row in live.execute("SELECT id FROM documents")}
        gone = [name for name in lost if name not in there]
        if gone:
            from rag.database import open_database
            from rag.store import Store

            copied = open_database(self._copy)
            for name in gone:
                Store(copied).erase(name)
            copied.dispose()
            with closing(sqlite3.connect(self._copy)) as copy:
                copy.execute("PRAGMA journal_mode=DELETE")
                copy.execute("VACUUM")

    def _manifest(self) -> Manifest:
        with closing(sqlite3.connect(self._copy)) as copy:
            schema = str(copy.execute("SELECT version_num FROM alembic_version").fetchone()[0])
            documents = [str(row[0]) for row in copy.execute("SELECT id FROM documents")]
            conversations = int(copy.execute("SELECT count(*) FROM conversations").fetchone()[0])
        sound = {name for name, member in self._members.items() if name == f"files/{member.sha256}"}
        return Manifest(
            app=rag.__version__,
            schema=schema,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            documents=len(documents),
            conversations=conversations,
            lost=sum(f"files/{name}" not in sound for name in documents),
            members=dict(self._members),
        )

    def _look(self) -> None:
        if self._cancel.is_set():
            raise Cancelled
        self._progress(min(self._done, self._total), self._total)

    def _need_room(self, folder: Path) -> None:
        need = self._total - self._done + _SPARE
        if shutil.disk_usage(folder).free < need:
            raise BackupNoRoom(need=human(need))


@contextmanager
def _full_disk(settings: Settings) -> Iterator[None]:
    """Say in words that the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BackupNoRoom(need=human(settings.database.stat().st_size)) from None


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that nobody else on the machine may read, and see it onto the disk."""
    with suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb"
    ) as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


if __name__ == "__main__":
    from rag.backup_cli import main

    sys.exit(main())
