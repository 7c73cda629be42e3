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
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

import rag
from rag import kept_copies
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
    that it names. A document that is deleted while they are packed is taken out of it again, with what is quoted of
    it; the database is packed last. Raises NothingToBackUp, BackupNoRoom, RestoreBusy (another is being made),
    Cancelled.
    """
    if not settings.database.is_file():
        raise NothingToBackUp(folder=settings.data_dir)
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")  # nobody else's file
    try:
        with alone(settings) as folder, full_disk(settings):
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
        self._regions: dict[str, tuple[int, int]] = {}  # where each member begins in the backup, and where it ends

    def write(self, part: Path) -> Manifest:
        """Write the whole file. Raises Cancelled."""
        need_room(self._copy.parent, database_size(self._settings))
        copy_database(self._settings.database, self._copy, lambda _done, _total: self._look())
        self._done = self._copy.stat().st_size  # copied once and packed once: what counts is that it moves
        originals, strategies = self._originals(), self._strategies()
        sizes = [path.stat().st_size for path in (*originals.values(), *strategies.values()) if path.is_file()]
        self._total = 2 * self._done + sum(sizes)
        need_room(part.parent, self._total - self._done)
        with _private(part) as file, zipfile.ZipFile(file, "w") as archive:
            archive.writestr(KIND, str(rag.__version__))
            for name, path in originals.items():
                begins = file.tell()
                self._pack(archive, f"files/{name}", path)
                self._regions[name] = begins, file.tell()
            for name, path in strategies.items():
                self._pack(archive, f"strategies/{name}", path)
            for name in self._take_out_deleted():
                self._blank(archive, file, name)
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

    def _take_out_deleted(self) -> set[str]:
        """Take out of the copy whatever was deleted since it was made, and return the documents that are gone."""
        with closing(sqlite3.connect(self._copy)) as copy, closing(_reader(self._settings.database)) as live:
            ids, held = "SELECT id FROM documents", "SELECT document, owner FROM holdings"
            gone = {(str(row[0]), "") for row in set(copy.execute(ids)) - set(live.execute(ids))}
            left = {(str(row[0]), str(row[1])) for row in set(copy.execute(held)) - set(live.execute(held))}
        if gone or left:
            kept_copies.take_out(self._copy, sorted(gone | left))
        return {name for name, _ in gone}

    def _blank(self, archive: zipfile.ZipFile, file: IO[bytes], name: str) -> None:
        """Take an original out of the backup that is packed already: out of its list, and with zeros in its place."""
        member = f"files/{name}"
        if self._members.pop(member, None) is None:
            return
        archive.filelist.remove(archive.NameToInfo.pop(member))
        begins, ends = self._regions[name]
        file.seek(begins)
        for at in range(begins, ends, CHUNK):
            file.write(bytes(min(CHUNK, ends - at)))
        file.seek(ends)

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


def need_room(folder: Path, size: int) -> None:
    """Raise BackupNoRoom unless the disk of `folder` takes `size` bytes more."""
    if shutil.disk_usage(folder).free < size + _SPARE:
        raise BackupNoRoom(need=human(size + _SPARE))


def database_size(settings: Settings) -> int:
    """Return how many bytes the database has, with what stands in its log."""
    files = (settings.database, settings.database.with_name(f"{DATABASE}-wal"))
    return sum(file.stat().st_size for file in files if file.is_file())


@contextmanager
def full_disk(settings: Settings) -> Iterator[None]:
    """Say in words that the disk is full. Raises BackupNoRoom."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if not is_full(error):
            raise
        raise BackupNoRoom(need=human(database_size(settings) + _SPARE)) from None


def is_full(error: BaseException) -> bool:
    """Tell whether an error says that the disk is full, in the system's words or in SQLite's."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _reader(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=30)


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
