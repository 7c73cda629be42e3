"""Folders of this machine that were named at start, and the files below them; it opens none, and follows no link.

A folder is asked for by its root's key and a path below that: the path is looked up part by part among what is listed,
so that nothing outside of a root can be named.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.arrivals import MAX_BYTES
from rag.collections import Folder
from rag.errors import FolderUnreadable
from rag.pages import FORMATS

_ARCHIVES = frozenset({".zip"})  # what is in one cannot be told from what changed in it
_DEEP = 20
_MOST = 20_000  # files of a folder; what is beyond them is not looked at


@dataclass(frozen=True)
class Root:
    """A folder that was named at start. `name` is for people; `there`: whether it can be listed now."""

    key: str
    name: str
    there: bool


@dataclass(frozen=True)
class Found:
    """A file as the file system has it. `path` is below the folder that was looked at, with "/"."""

    path: str
    file: str
    bytes: int
    modified: float


@dataclass
class Look:
    """What a look into a folder found: files by their path, names of those left out, folders that did not open."""

    files: dict[str, Found] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    whole: bool = True

    def covers(self, path: str) -> bool:
        """Tell whether a file of that path would have been found, were it there and not left out."""
        return (
            self.whole and path not in self.skipped and not any(path.startswith(f"{folder}/") for folder in self.closed)
        )

    def left_out(self, unread: Sequence[str]) -> tuple[str, ...]:
        """Return what is not taken in, by name: these files that could not be read are of it too."""
        return tuple(sorted([*self.skipped, *unread, *(f"{folder}/" for folder in self.closed)]))


class FolderTree:
    """The roots and what is below them."""

    def __init__(self, roots: Sequence[Path], hidden: Collection[Path] = ()) -> None:
        """Know the roots; `hidden` are folders that are never looked into, such as the data folder."""
        self._roots = {key_of(root): root for root in roots}
        self._hidden = {str(path.resolve()) for path in hidden}

    def roots(self) -> Sequence[Root]:
        """Return the roots, in the order in which they were named."""
        return [Root(key, path.name or str(path), path.is_dir()) for key, path in self._roots.items()]

    def name(self, folder: Folder) -> str:
        """Return a folder's own name; that of a root that is not there any more is its path's."""
        root = self._roots.get(folder.root)
        return folder.path.rpartition("/")[2] or (root.name if root else "") or str(root or "")

    def below(self, folder: Folder) -> Sequence[Folder]:
        """Return the folders in a folder, by name. Raises FolderUnreadable."""
        try:
            listed = self._entries(self._place(folder))
            entries = [entry.name for entry in listed if self._is_folder(entry) and _sayable(entry.name)]
        except OSError:
            raise FolderUnreadable(name=self.name(folder)) from None
        return [Folder(folder.root, _joined(folder.path, name)) for name in sorted(entries, key=str.casefold)]

    def look(self, folder: Folder) -> Look:
        """Return what is in a folder, and below it.

        Raises FolderUnreadable when it is not there or not to be opened, and when its root is empty: a drive that is
        not mounted looks like that.
        """
        found = Look()
        try:
            place = self._place(folder)
            if not any(True for _ in self._entries(str(self._roots[folder.root]))):
                raise FolderUnreadable(name=self.name(folder))
            self._walk(place, "", 0, found)
        except OSError:
            raise FolderUnreadable(name=self.name(folder)) from None
        return found

    def inside(self, folder: Folder, file: str) -> bool:
        """Tell whether `file` still lies below the root, whatever was put in the place of a folder meanwhile."""
        root = self._roots.get(folder.root)
        return root is not None and os.path.realpath(file).startswith(os.path.join(os.path.realpath(root), ""))

    def _place(self, folder: Folder) -> str:
        """Return where a folder is. Raises FolderUnreadable, and OSError when one on the way cannot be listed."""
        root = self._roots.get(folder.root)
        if root is None:
            raise FolderUnreadable(name=self.name(folder))
        place = str(root)
        for part in folder.path.split("/") if folder.path else ():
            entry = next((one for one in self._entries(place) if one.name == part and self._is_folder(one)), None)
            if entry is None:
                raise FolderUnreadable(name=self.name(folder))
            place = entry.path
        return place

    def _walk(self, place: str, path: str, depth: int, found: Look) -> None:
        for entry in sorted(self._entries(place), key=lambda one: one.name):
            if len(found.files) >= _MOST or depth > _DEEP:
                found.whole = False
                return
            below = _joined(path, entry.name)
            if not _sayable(entry.name):
                found.skipped.append(below.encode("utf-8", "replace").decode())
            elif self._is_folder(entry):
                try:
                    self._walk(entry.path, below, depth + 1, found)
                except OSError:
                    found.closed.append(below)
            elif entry.is_file(follow_symlinks=False):
                _take(entry, below, found)

    @staticmethod
    def _entries(place: str) -> Iterator[os.DirEntry[str]]:
        with os.scandir(place) as listed:
            yield from (entry for entry in listed if not entry.name.startswith((".", "~$")))

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        return entry.is_dir(follow_symlinks=False) and os.path.realpath(entry.path) not in self._hidden


def key_of(root: Path) -> str:
    """Return the key of a root: the same at every start, whatever others are named beside it."""
    return hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _sayable(name: str) -> bool:
    """Tell whether a name is text: file systems allow bytes that are none, which cannot be kept or shown."""
    return not any("\ud800" <= one <= "\udfff" for one in name)


def _take(entry: os.DirEntry[str], path: str, found: Look) -> None:
    suffix = os.path.splitext(entry.name)[1].lower()
    if suffix not in FORMATS or suffix in _ARCHIVES:
        found.skipped.append(path)
        return
    try:
        seen = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return  # it has just gone
    if seen.st_size > MAX_BYTES:
        found.skipped.append(path)
        return
    found.files[path] = Found(path, entry.path, seen.st_size, seen.st_mtime)


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
