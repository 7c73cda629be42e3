"""A file of a folder, copied whole or not at all, and named by its content; it knows no documents."""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.collections import Folder
from rag.folder_tree import FolderTree, Found

log = logging.getLogger(__name__)

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Copied:
    """Where the copy is, the file's own name, and the sha256 of what it holds, which is a document's id."""

    path: Path
    name: str
    document: str


@contextmanager
def copied(
    found: Found, work: Path, where: tuple[FolderTree, Folder], ended: Callable[[], bool] = lambda: False
) -> Iterator[Copied | None]:
    """Give a copy of a file that is gone afterwards; None when the file changed meanwhile, or cannot be read.

    Likewise when `ended`, which is asked all the while, says that nobody wants it any more. A link put in its place, or
    in that of a folder on the way, is not followed out of the root.
    """
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"folder-{uuid.uuid4().hex}"
    try:
        try:
            document = _copy(found, path, where, ended)
        except OSError as error:
            log.info("a file of a folder cannot be read: %s", error.strerror)
            document = ""
        yield Copied(path, os.path.basename(found.file), document) if document else None
    finally:
        path.unlink(missing_ok=True)


def _copy(found: Found, target: Path, where: tuple[FolderTree, Folder], ended: Callable[[], bool]) -> str:
    tree, folder = where
    digest = hashlib.sha256()
    source = os.open(found.file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(source, "rb") as file, target.open("wb") as copy:
        if not tree.inside(folder, found.file):
            return ""
        while block := file.read(_BLOCK):
            digest.update(block)
            copy.write(block)
            if copy.tell() > found.bytes or ended():  # it grows, perhaps for ever
                return ""
        after = os.fstat(file.fileno())
    return digest.hexdigest() if (after.st_size, after.st_mtime) == (found.bytes, found.modified) else ""
