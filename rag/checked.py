"""Which model files have been checked: their hashes, kept with size and time so that none is hashed twice.

Two records: `.checked/NAME.json` in the models folder holds size, modification time and SHA-256 of each file
and is worthless on another machine; `aula-model.json` inside an embedding model's folder holds hashes alone
and travels with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

FOLDER = ".checked"
MANIFEST = "aula-model.json"


@dataclass(frozen=True)
class Record:
    """What is known of one model's files, by paths below the models folder; `source`: whence they came."""

    source: str
    digests: dict[str, str]
    stamps: dict[str, tuple[int, int]]  # size in bytes, modification time in nanoseconds

    def holds(self, root: Path) -> bool:
        """Tell, without reading a file, whether all of them are as they were when they were hashed."""
        return bool(self.stamps) and all(_stamp(root / file) == stamp for file, stamp in self.stamps.items())


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def read(root: Path, name: str) -> Record | None:
    """Return the record of `name` in the models folder `root`, None when there is none that can be read."""
    try:
        values = json.loads(_path(root, name).read_text(encoding="utf-8"))
        stamps = {file: (int(size), int(when)) for file, (size, when) in values["stamps"].items()}
        return Record(str(values["source"]), dict(values["digests"]), stamps)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def record(root: Path, source: str, digests: Mapping[str, str]) -> Record:
    """Return the record of files that are here and have been hashed just now."""
    stamps = {file: stamp for file in digests if (stamp := _stamp(root / file))}
    return Record(source, dict(digests), stamps)


def write(root: Path, name: str, what: Record) -> None:
    """Keep the record of `name`. Raises OSError where the models folder cannot be written to."""
    path = _path(root, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, {"source": what.source, "digests": what.digests, "stamps": what.stamps})


def doubt(root: Path, name: str) -> None:
    """Let the files of `name` be hashed again before their next use; the hashes they should have are kept."""
    known = read(root, name)
    if known:
        write(root, name, Record(known.source, known.digests, {}))


def drop(root: Path, name: str) -> None:
    """Forget `name`."""
    _path(root, name).unlink(missing_ok=True)


def read_manifest(folder: Path) -> dict[str, str]:
    """Return {file below `folder`: SHA-256} of an embedding model, empty where it has no manifest."""
    try:
        values = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return dict(cast("Mapping[str, str]", values["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_manifest(folder: Path, name: str, source: str, digests: Mapping[str, str]) -> None:
    """Write the folder's manifest, {file below `folder`: SHA-256}."""
    _write(folder / MANIFEST, {"name": name, "source": source, "files": dict(digests)})


def _path(root: Path, name: str) -> Path:
    return root / FOLDER / f"{name}.json"


def _write(path: Path, values: Mapping[str, object]) -> None:
    """Write whole or not at all: a reader in another process must never see half a file."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    draft.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
