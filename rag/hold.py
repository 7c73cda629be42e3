"""The data folder belongs to one process at a time: two would sweep away each other's uploads as left by a crash."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import DataInUse


def hold(folder: Path) -> FileLock:
    """Take the data folder for this process, until the lock is released. Raises DataInUse."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise DataInUse(folder=folder) from None
    return lock
