"""What a ZIP holds, opened so that it cannot hurt: no path of it is ever followed, no bomb goes off.

Knows archives; nothing of the library or of what their members say. The office formats are ZIPs too: `check_office`
looks at them before their reader does.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

from rag.cleaning import clean_characters
from rag.errors import (
    ArchiveLink,
    ArchiveNested,
    ArchiveUnsafe,
    DamagedDocument,
    DocumentError,
    EncryptedDocument,
    UnsupportedFormat,
)
from rag.pages import ARCHIVES, FORMATS, Refused

_NESTED = ARCHIVES | {".7z", ".bz2", ".gz", ".jar", ".rar", ".tar", ".tgz", ".xz", ".zst"}
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ENCRYPTED = 0x1  # of a member's flags
_UTF8 = 0x800
# What zipfile, and what unpacks for it, raise of bytes that are not as they should be; a name may be no UTF-8 either.
AMISS: tuple[type[Exception], ...]
AMISS = (zipfile.BadZipFile, OSError, RuntimeError, ValueError, EOFError, struct.error, zlib.error, lzma.LZMAError)
_ENTRY = 2048  # bytes that an entry of the directory may take on average: its name and what systems note beside it
_LONGEST_NAME = 200
_OLE = b"\xd0\xcf\x11\xe0"  # the container of an encrypted office file, and of the formats before 2007
_PASSWORD = "EncryptedPackage".encode("utf-16-le")
_BOMB = 100  # what unpacks to more than so many times its size was made to hurt
_TREE = 15  # memory that a parsed XML part takes, in times its size


@dataclass(frozen=True)
class ArchiveLimits:
    """How many `members` an archive may have, how many `bytes` they may unpack to, and to what times its size.

    The ratio only counts beyond `harmless` bytes: a few small files may well be packed tightly.
    """

    members: int = 2000
    bytes: int = 2 * 2**30
    ratio: int = 200
    harmless: int = 50 * 2**20


@dataclass(frozen=True)
class Member:
    """A file of an archive. `name` is its path in there, to be shown and never followed; `size` in bytes.

    `problem` says why it cannot be read; where it is None, `open` gives its bytes.
    """

    name: str
    size: int
    problem: DocumentError | None = None
    _archive: zipfile.ZipFile | None = field(default=None, repr=False, compare=False)
    _info: zipfile.ZipInfo | None = field(default=None, repr=False, compare=False)

    def open(self) -> BinaryIO:
        """Return the bytes as a stream, while `members` has not gone on. Raises `problem`, also while reading."""
        if self.problem is not None or self._archive is None or self._info is None:
            raise self.problem or DamagedDocument(name=self.name)
        try:
            inner = self._archive.open(self._info)
        except AMISS as error:
            raise DamagedDocument(name=self.name) from error
        return io.BufferedReader(_Checked(inner, self.name))


class _Checked(io.RawIOBase):
    """A member's bytes; whatever zipfile finds amiss is a DamagedDocument."""

    def __init__(self, inner: IO[bytes], name: str) -> None:
        self._inner = inner
        self._name = name

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any kind of memory
        """Fill `buffer` and return how many bytes came."""
        view = memoryview(buffer).cast("B")
        try:
            data = self._inner.read(len(view))
        except AMISS as error:
            raise DamagedDocument(name=self._name) from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close both."""
        self._inner.close()
        super().close()


class _DirectoryTooLargeError(Exception):
    """The list of what is in a ZIP is itself made to hurt."""


class _Bounded(io.BufferedReader):
    """A file of which at most `most` bytes are read at once, as long as that is set."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        if self.most and size is not None and size > self.most:
            raise _DirectoryTooLargeError
        return super().read(size)


@contextmanager
def opened(path: Path, entries: int = ArchiveLimits.members) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP, unless its directory is larger than one of `entries` may be.

    zipfile reads the directory in one piece and builds an object for each entry, before anybody can count them: a
    refusal of that one read comes before any is built, whatever the file says of how many there are.
    """
    with _Bounded(io.FileIO(path)) as file:
        file.most = entries * _ENTRY
        with zipfile.ZipFile(file) as archive:
            file.most = 0
            yield archive


def is_archive(name: str) -> bool:
    """Whether a file of that name is one that `members` opens."""
    return PurePosixPath(name).suffix.lower() in ARCHIVES


def members(path: Path, limits: ArchiveLimits = ArchiveLimits(), name: str = "") -> Iterator[Member]:
    """Yield every file of the ZIP at `path`, which a user called `name`, in its order, the unreadable ones too.

    Raises before the first one: DamagedDocument (no ZIP), ArchiveUnsafe (a bomb, or simply too much).
    """
    shown = name or path.name
    with ExitStack() as held:
        try:
            archive = held.enter_context(opened(path, limits.members))
        except _DirectoryTooLargeError as error:
            raise _unsafe(limits, shown) from error
        except AMISS as error:
            raise DamagedDocument(name=shown) from error
        files = [info for info in archive.infolist() if not _is_clutter(info)]
        _check(files, path.stat().st_size, limits, shown)
        for info in files:
            called = _name(info)
            yield Member(called, info.file_size, _problem(info, called), archive, info)


def _check(files: list[zipfile.ZipInfo], size: int, limits: ArchiveLimits, name: str) -> None:
    """Raise ArchiveUnsafe. What the directory says is binding: zipfile unpacks no more than that of any member."""
    unpacked = sum(info.file_size for info in files)
    bomb = unpacked > limits.harmless and unpacked > limits.ratio * size
    if bomb or len(files) > limits.members or unpacked > limits.bytes:
        raise _unsafe(limits, name)


def _unsafe(limits: ArchiveLimits, name: str) -> ArchiveUnsafe:
    return ArchiveUnsafe(name=name, files=limits.members, size=_size(limits.bytes))


def _size(count: int) -> str:
    return f"{count / 2**30:.3g} GB" if count >= 2**30 else f"{count // 2**20} MB"


def _is_clutter(info: zipfile.ZipInfo) -> bool:
    """Whether it is a folder, or something that a system puts beside the files."""
    parts = info.filename.replace("\\", "/").split("/")
    hidden = any(part.startswith(".") and part not in {".", ".."} for part in parts)
    return info.is_dir() or hidden or parts[0] == "__MACOSX" or parts[-1].lower() in {"thumbs.db", "desktop.ini"}


def _name(info: zipfile.ZipInfo) -> str:
    """Return the member's path without what would lead out of it. Its suffix, which says the format, is kept."""
    name = info.filename
    if not info.flag_bits & _UTF8:  # zipfile took it for cp437; most programs write UTF-8 or, in Spain, cp850
        raw = name.encode("cp437", "replace")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = raw.decode("cp850")
    parts = clean_characters(name.replace("\\", "/")).replace("\n", " ").split("/")
    kept = "/".join(part for part in parts if part not in {"", ".", ".."})
    return kept[-_LONGEST_NAME:].lstrip("/") or "?"


def _problem(info: zipfile.ZipInfo, name: str) -> DocumentError | None:
    suffix = PurePosixPath(name).suffix.lower()
    if stat.S_ISLNK(info.external_attr >> 16):
        return ArchiveLink(name=name)
    if suffix in _NESTED:
        return ArchiveNested(name=name)
    if suffix not in FORMATS:
        return UnsupportedFormat(name=name, formats=list(dict.fromkeys(FORMATS.values())))
    if info.flag_bits & _ENCRYPTED:
        return EncryptedDocument(name=name)
    return None if info.compress_type in _METHODS else DamagedDocument(name=name)


# -- office files: in the parsing process --------------------------------------------------------------------------


def check_office(path: Path, memory: int, needed: str, streamed: str = "\0") -> None:
    """Raise Refused unless `path` is a ZIP with the part `needed` that can be read within `memory` bytes.

    Parts whose names begin with `streamed` are read bit by bit. Kinds of Refused: "protected" (by a password), "old"
    (of before 2007), "damaged" (no such file, or a bomb), "too_large".
    """
    with path.open("rb") as file:
        if file.read(4) == _OLE:
            raise Refused("protected" if _PASSWORD in file.read(2**24) else "old")
    try:
        with opened(path) as archive:
            parts = archive.infolist()
    except _DirectoryTooLargeError as error:
        raise Refused("damaged") from error
    except AMISS as error:
        raise Refused("damaged") from error
    if needed not in {part.filename for part in parts}:
        raise Refused("damaged")
    # What the directory says is binding: zipfile reads no more than that of any part.
    unpacked = sum(part.file_size for part in parts)
    whole = [part for part in parts if not part.filename.startswith(streamed)]
    trees = sum(part.file_size for part in whole if part.filename.endswith((".xml", ".rels")))
    if unpacked > memory // 3 or _TREE * trees > memory:
        raise Refused("damaged" if unpacked > _BOMB * path.stat().st_size else "too_large")
