"""Puts a backup back, into a data folder at rest or beneath the running app; the old data goes only when it worked.

Originals are named by their sha256, so new and old lie side by side until the tables have been exchanged: that is one
transaction of SQLite's (https://sqlite.org/backup.html), and a machine that fails has the old data or the new.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from rag.backup import alone, copy_database, database_size, full_disk, is_full, need_room
from rag.backup_check import Progress, look_through, unpack
from rag.backup_manifest import DATABASE, Manifest
from rag.database import metadata, open_database, reading, runs
from rag.errors import BackupDamaged, BackupNoRoom, BackupTooNew, DataTooNew, RestoreBusy, RestoreFailed
from rag.hold import hold
from rag.settings import Settings
from rag.transfer import human

if TYPE_CHECKING:
    from rag.services import Services

log = logging.getLogger(__name__)

_BEFORE = "before.sqlite"
# What says nothing of the file: somebody else has it open, or the disk is full, or not to be written to.
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY)
_GOING_ON = runs.c.state.in_(["waiting", "running"])


def restore(
    settings: Settings,
    path: Path,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    set_aside: Callable[[Path], None] = lambda _: None,
) -> Manifest:
    """Replace a data folder's documents, conversations and runs with a backup's, while no app runs on it.

    A database that does not open, or is of a newer Aula, is kept beside the new one; `set_aside` is told where.
    Raises as rag.backup_check.unpack does, and DataInUse, RestoreBusy, RestoreFailed.
    """
    held = hold(settings.data_dir)
    try:
        with _staged(settings, path, progress, cancel, path.name) as (folder, manifest):
            aside = _aside(settings.database)
            try:
                database = open_database(settings.database)
                try:
                    _exchange(settings, database, folder, path.name)
                finally:
                    database.dispose()
            except BaseException:
                if aside is not None:
                    _rename(aside, settings.database)
                raise
            shutil.rmtree(settings.chroma_dir, ignore_errors=True)  # made again at the next start, from the tables
            if aside is not None:
                set_aside(aside)
            return manifest
    finally:
        held.release()


def _aside(database: Path) -> Path | None:
    """Move a database out of the way that this Aula cannot open, and return where to; None for one that it can."""
    try:
        open_database(database).dispose()
    except DataTooNew:
        pass
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = getattr(error, "orig", error)
        if getattr(cause, "sqlite_errorcode", None) in _PASSING:
            raise
        log.warning("the database cannot be opened", exc_info=True)
    else:
        return None
    aside = database.with_name(f"{database.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    _rename(database, aside)
    return aside


def _rename(database: Path, to: Path) -> None:
    """Move a database and its log, which belongs to it by its name alone."""
    for ending in ("", "-wal", "-shm"):
        to.with_name(f"{to.name}{ending}").unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            database.with_name(f"{database.name}{ending}").replace(to.with_name(f"{to.name}{ending}"))


def restore_live(
    services: Services,
    path: Path,
    busy: Callable[[], bool],
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    name: str = "",
) -> Manifest:
    """Do the same beneath the running app; `name` is what the person calls the file.

    What is being read or indexed stops and is dropped with the rest of the old data; what the backup had not finished
    goes on afterwards. A run, or an answer (`busy`), is not ended for it: RestoreBusy is raised. Raises else as
    `restore` does.
    """
    called, settings, database = name or path.name, services.settings, services.database
    if busy() or _runs(database):
        raise RestoreBusy
    with _staged(settings, path, progress, cancel, called) as (folder, manifest), _at_rest(services):
        if busy() or _runs(database):
            raise RestoreBusy
        with services.dense.anew():
            _exchange(settings, database, folder, called)
    return manifest


@contextmanager
def _at_rest(services: Services) -> Iterator[None]:
    """Stop what works in the background, and let it go on afterwards with what stands in the tables then."""
    services.folders.stop()
    services.library.rest()
    services.erasure.stop()
    services.engine.switching.stop()
    try:
        yield
    finally:
        if services.dense.serving is not None:  # else it is taken up once a model has been loaded
            services.engine.switching.go_on()
        services.library.start()
        services.erasure.start()
        services.folders.start()


def _runs(database: Engine) -> bool:
    """Whether a run goes on, whoever's it is."""
    with reading(database).connect() as connection:
        return connection.execute(select(runs.c.id).where(_GOING_ON).limit(1)).first() is not None


@contextmanager
def _staged(
    settings: Settings, path: Path, progress: Progress | None, cancel: threading.Event | None, name: str
) -> Iterator[tuple[Path, Manifest]]:
    """Unpack a backup beside the data and bring its database up to date there."""
    with alone(settings) as folder:
        manifest = unpack(path, folder, progress, cancel, name)
        look_through(folder / DATABASE, manifest, name)
        try:
            staged = open_database(folder / DATABASE)
        except DataTooNew:
            raise BackupTooNew(name=name, version=manifest.app) from None
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise BackupDamaged(name=name, part=DATABASE) from error
        try:
            with staged.begin() as connection:  # no thread stands behind a run that went on when it was copied
                connection.execute(update(runs).where(_GOING_ON).values(state="paused"))
        finally:
            staged.dispose()
        yield folder, manifest


def _exchange(settings: Settings, database: Engine, folder: Path, name: str) -> None:
    """Put what was unpacked in the place of the data; when it does not open there, the old tables come back."""
    before, after = database_size(settings), (folder / DATABASE).stat().st_size
    need_room(folder, 2 * before + after)  # the old one kept, the new one in the log, or the old one in it again
    with full_disk(settings):
        copy_database(settings.database, folder / _BEFORE)
        _move(folder / "files", settings.files_dir)
    try:
        _replace(folder / DATABASE, settings.database)
        _opens(database)
    except Exception as error:
        if is_full(error):  # the transaction was not written, so nothing has changed
            raise BackupNoRoom(need=human(before + after)) from error
        log.exception("a backup could not be opened where it was restored")
        _replace(folder / _BEFORE, settings.database)
        raise RestoreFailed(name=name) from error
    _move(folder / "strategies", settings.strategies_dir)


def _move(source: Path, target: Path) -> None:
    """Move the files of one folder into another, over what has the same name."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        for file in source.iterdir():
            file.replace(target / file.name)


def _replace(source: Path, target: Path) -> None:
    """Write one database over another in a single transaction, beneath whoever has it open."""
    with closing(sqlite3.connect(source)) as new, closing(sqlite3.connect(target, timeout=30)) as old:
        new.backup(old)
        with suppress(sqlite3.OperationalError):  # it is written all the same
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what was replaced is gone from the log too


def _opens(database: Engine) -> None:
    """Read from every table, as the app will. Raises what SQLite says."""
    with reading(database).connect() as connection:
        for table in metadata.sorted_tables:
            connection.execute(select(func.count()).select_from(table)).scalar_one()
        connection.execute(text("SELECT count(*) FROM chunk_terms WHERE chunk_terms MATCH 'a'")).scalar_one()
