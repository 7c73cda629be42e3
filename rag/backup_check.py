"""Is a file a backup, whole and not newer than this Aula; and its members, checked and unpacked. It changes no data.

What a backup says of itself is believed of nothing: names come from a list of three kinds, sizes are held to while
reading, every sha256 is computed, and the database is looked through before it is opened.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO

from rag.archive import AMISS
from rag.backup_manifest import (
    DATABASE,
    DIGEST,
    FORMAT,
    KIND,
    MANIFEST,
    MOST_MANIFEST,
    Manifest,
    Member,
)
from rag.errors import BackupDamaged, BackupNoRoom, BackupTooNew, Cancelled, NotABackup
from rag.transfer import human

Progress = Callable[[int, int], None]  # bytes done, bytes in all
_CHUNK = 2**20
_HEAD = 128  # bytes at the beginning, in which the first member's name stands
_RATIO, _ALLOWED = 200, 2**30  # a database packs ten times smaller at best; small ones may be nearly empty
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def check(
    path: Path,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    name: str = "",
) -> Manifest:
    """Read a whole backup and return what it holds; `name` is what the person calls it.

    Raises NotABackup, BackupDamaged, BackupTooNew, Cancelled.
    """
    return _read(path, None, progress, cancel, name)


def unpack(
    path: Path,
    folder: Path,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    name: str = "",
) -> Manifest:
    """Check a backup and unpack it into `folder`. Raises as `check` does, and BackupNoRoom."""
    try:
        return _read(path, folder, progress, cancel, name)
    except OSError as error:
        raise BackupNoRoom(need=human(path.stat().st_size)) from error


def _read(
    path: Path, folder: Path | None, progress: Progress | None, cancel: threading.Event | None, name: str
) -> Manifest:
    called = name or path.name
    reader = _Reader(called, progress or (lambda _done, _total: None), cancel or threading.Event())
    try:
        archive = zipfile.ZipFile(path)
    except AMISS:
        raise _unknown(path, called) from None
    with archive:
        manifest = reader.manifest(archive)
        if folder is not None:
            need = manifest.size * 2  # unpacked, and the database once more in its log
            if shutil.disk_usage(folder).free < need:
                raise BackupNoRoom(need=human(need))
        reader.members(archive, manifest, folder)
    return manifest


def _unknown(path: Path, name: str) -> NotABackup | BackupDamaged:
    """Say what a file is that is no ZIP: half of a backup, or something else."""
    with path.open("rb") as file:
        half = KIND.encode() in file.read(_HEAD)
    return BackupDamaged(name=name, part="ZIP") if half else NotABackup(name=name)


class _Reader:
    """Reads a backup's members within what its manifest says of them."""

    def __init__(self, name: str, progress: Progress, cancel: threading.Event) -> None:
        self._name = name
        self._progress = progress
        self._cancel = cancel
        self._done = 0
        self._total = 0

    def manifest(self, archive: zipfile.ZipFile) -> Manifest:
        """Return the manifest. Raises NotABackup, BackupDamaged, BackupTooNew."""
        names = archive.namelist()
        if names[:1] != [KIND]:
            raise NotABackup(name=self._name)
        if names.count(MANIFEST) != 1 or archive.getinfo(MANIFEST).file_size > MOST_MANIFEST:
            raise self._damaged(MANIFEST)
        try:
            manifest = Manifest.from_json(archive.read(MANIFEST))
        except AMISS:
            raise self._damaged(MANIFEST) from None
        if manifest.format > FORMAT or manifest.schema not in known_schemas():
            raise BackupTooNew(name=self._name, version=manifest.app)
        size = sum(info.compress_size for info in archive.infolist())
        if manifest.size > _RATIO * size + _ALLOWED:
            raise self._damaged(human(manifest.size))
        return manifest

    def members(self, archive: zipfile.ZipFile, manifest: Manifest, folder: Path | None) -> None:
        """Read every member, into `folder` where there is one; what the manifest does not name is passed over."""
        self._total = manifest.size
        there: dict[str, list[zipfile.ZipInfo]] = {}
        for info in archive.infolist():
            there.setdefault(info.filename, []).append(info)
        for name, member in manifest.members.items():
            infos = there.get(name, [])
            if len(infos) != 1 or infos[0].file_size != member.bytes or infos[0].compress_type not in _PACKED:
                raise self._damaged(name)
            # An original that was damaged when the backup was made is as good as lost.
            wanted = name == DATABASE or not name.startswith("files/") or name == f"files/{member.sha256}"
            self._member(archive, infos[0], member, folder / name if folder is not None and wanted else None)

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, member: Member, target: Path | None) -> None:
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
        try:
            packed = archive.open(info)
        except AMISS:
            raise self._damaged(info.filename) from None
        with packed, open(target or os.devnull, "wb") as out:
            digest = self._copied(packed, out, info.filename)
        if digest != member.sha256:
            raise self._damaged(info.filename)

    def _copied(self, packed: IO[bytes], out: IO[bytes], name: str) -> str:
        """Copy a member and return its sha256; zipfile reads no further than the size that it states."""
        digest = hashlib.sha256()
        while data := self._portion(packed, name):
            digest.update(data)
            out.write(data)
            self._done += len(data)
            self._progress(min(self._done, self._total), self._total)
        return digest.hexdigest()

    def _portion(self, packed: IO[bytes], name: str) -> bytes:
        if self._cancel.is_set():
            raise Cancelled
        try:
            return packed.read(_CHUNK)
        except AMISS:
            raise self._damaged(name) from None

    def _damaged(self, part: str) -> BackupDamaged:
        return BackupDamaged(name=self._name, part=part)


def known_schemas() -> frozenset[str]:
    """Return the revisions of the database that this Aula can bring up to date."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return frozenset(revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions())


def look_through(database: Path, manifest: Manifest, name: str) -> None:
    """Raise BackupDamaged unless an unpacked database is sound, of the schema that it says, and tables alone.

    A trigger or a view in it would run whenever Aula writes or reads.
    """
    damaged = BackupDamaged(name=name, part=DATABASE)
    try:
        with closing(sqlite3.connect(database)) as opened:
            opened.execute("PRAGMA trusted_schema=OFF")
            if opened.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise damaged
            if opened.execute("SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchone():
                raise damaged
            if opened.execute("SELECT version_num FROM alembic_version").fetchall() != [(manifest.schema,)]:
                raise damaged
            names = _file_names(opened)
    except sqlite3.Error as error:
        raise damaged from error
    if not all(DIGEST.fullmatch(name) for name in names):
        raise damaged


def _file_names(opened: sqlite3.Connection) -> list[str]:
    """Return whatever stands in a database that Aula uses as the name of a file or a folder."""
    queries = ["SELECT id FROM documents", "SELECT DISTINCT document FROM pages", "SELECT document FROM holdings"]
    if opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'intake'").fetchone():  # not in older schemas
        queries.append("SELECT source FROM intake WHERE kind IS NOT 'address'")
    return [str(row[0]) for query in queries for row in opened.execute(query)]
