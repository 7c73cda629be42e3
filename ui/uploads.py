"""Uploaded files between Gradio's cache and the library: handed over, then gone.

Gradio serves whatever lies in its cache to every user of the app, so nothing of a document may stay there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """Return Gradio's upload cache."""
    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio").resolve()


@contextmanager
def take_over(files: Sequence[str]) -> Iterator[list[tuple[Path, str]]]:
    """Give (file, name) pairs; when the block is left, the cached files and their folders are deleted."""
    paths = [Path(file).resolve() for file in files]
    try:
        yield [(path, path.name) for path in paths]
    finally:
        for path in paths:
            _forget(path)
        _forget_markers()


def _forget(path: Path) -> None:
    cache = cache_folder()
    if cache not in path.parents:  # never a file that somebody else owns
        return
    path.unlink(missing_ok=True)
    folder = path.parent
    while folder != cache and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _forget_markers() -> None:
    """Delete the empty temporary files that gr.File leaves beside every upload."""
    for path in cache_folder().glob("tmp*"):
        if path.is_file() and path.stat().st_size == 0:
            path.unlink(missing_ok=True)


def sweep() -> None:
    """Delete what an earlier run left in the cache: uploads that never became documents."""
    cache = cache_folder()
    for path in sorted(cache.rglob("*"), reverse=True) if cache.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
