"""Uploaded files between Gradio's cache and the library: handed over, then gone.

Gradio serves whatever lies in its cache to every user of the app, so nothing of a document may stay there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import TypeAlias

# What gr.File gives without its preprocessing: {path, orig_name, ...}, each path checked to be an upload.
Uploaded: TypeAlias = Sequence[Mapping[str, object]] | None


def cache_folder() -> Path:
    """Return Gradio's upload cache."""
    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio").resolve()


@contextmanager
def take_over(files: Uploaded) -> Iterator[list[tuple[Path, str]]]:
    """Give (file, name) pairs; when the block is left, the cached files and their folders are deleted.

    The name is the one the person's file had: Gradio's own path leaves out the signs that some shells mind.
    """
    given = list(files or ())
    paths = [Path(str(file["path"])).resolve() for file in given]
    try:
        yield [(path, _name(file.get("orig_name")) or path.name) for path, file in zip(paths, given, strict=True)]
    finally:
        for path in paths:
            _forget(path)


def _name(original: object) -> str:
    """Return the last part of a name, whatever system it comes from, at most as long as file systems allow."""
    return PureWindowsPath(str(original or "").replace("\0", "")).name[-200:]


def _forget(path: Path) -> None:
    cache = cache_folder()
    if cache not in path.parents:  # never a file that somebody else owns
        return
    path.unlink(missing_ok=True)
    folder = path.parent
    while folder != cache and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def sweep() -> None:
    """Delete what an earlier run left in the cache: uploads that never became documents."""
    cache = cache_folder()
    for path in sorted(cache.rglob("*"), reverse=True) if cache.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
