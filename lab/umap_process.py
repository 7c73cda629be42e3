"""The process that works out a UMAP, seen from outside: started, listened to and ended. See lab/umap_worker.py."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from rag import child
from rag.errors import BadOption, Cancelled, MapNotDrawn

if TYPE_CHECKING:
    from lab.chunk_map import Points
    from rag.embeddings import Matrix

COMMAND = child.command("lab.umap_worker")
FEWEST_NEAR, MOST_NEAR = 3, 50
_LEAST = 0.1  # how near two points may come, umap-learn's own
_SEED = 42
_LONGEST_S = 1_800.0
_LOOK_S = 0.1
_KEPT = 8  # maps

Told = Callable[[int, int], None]
_Lines = queue.Queue["bytes | Points"]


class Umaps:
    """Works out maps, one at a time, and keeps the last few. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turn = threading.Lock()
        self._kept: OrderedDict[str, Points] = OrderedDict()

    def known(self, vectors: Matrix, neighbours: int) -> Points | None:
        """Return a map that has been worked out before."""
        return self._kept.get(_key(vectors, neighbours))

    def points(self, vectors: Matrix, neighbours: int, cancel: threading.Event, told: Told | None = None) -> Points:
        """Return where (n, dimensions) vectors lie, (n, 2), in a process of its own: seconds to minutes.

        `neighbours`: how many of a point's neighbours count, 3 to 50. told(epochs done, of all). Raises BadOption,
        MapNotDrawn, and Cancelled soon after `cancel` is set.
        """
        if not FEWEST_NEAR <= neighbours <= MOST_NEAR:
            raise BadOption(option="neighbours", allowed=f"{FEWEST_NEAR}-{MOST_NEAR}")
        key = _key(vectors, neighbours)
        while not self._turn.acquire(timeout=_LOOK_S):
            if cancel.is_set():
                raise Cancelled
        try:
            if key not in self._kept:
                self._kept[key] = _worked_out(vectors, neighbours, cancel, told or (lambda done, total: None))
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]
        finally:
            self._turn.release()


def _key(vectors: Matrix, neighbours: int) -> str:
    return f"{hashlib.sha256(np.ascontiguousarray(vectors).tobytes()).hexdigest()}-{neighbours}"


def _worked_out(vectors: Matrix, neighbours: int, cancel: threading.Event, told: Told) -> Points:
    """Run a worker; whatever happens, it has ended on return."""
    job = {"rows": len(vectors), "columns": vectors.shape[1], "neighbours": neighbours, "least": _LEAST, "seed": _SEED}
    given = json.dumps(job).encode() + b"\n" + np.ascontiguousarray(vectors, dtype="<f4").tobytes()
    process = child.start(COMMAND)
    lines: _Lines = queue.Queue()
    threads = [
        threading.Thread(target=_give, args=(process, given), name="aula-umap-in", daemon=True),
        threading.Thread(target=_take, args=(process, len(vectors), lines), name="aula-umap-out", daemon=True),
    ]
    try:
        for thread in threads:
            thread.start()
        return _listened(lines, cancel, told)
    finally:
        _end(process)
        for thread in threads:
            thread.join()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _listened(lines: _Lines, cancel: threading.Event, told: Told) -> Points:
    """Tell what the worker tells, and return its points. Raises MapNotDrawn, Cancelled."""
    end = time.monotonic() + _LONGEST_S
    while time.monotonic() < end:
        if cancel.is_set():
            raise Cancelled
        try:
            line = lines.get(timeout=_LOOK_S)
        except queue.Empty:
            continue
        if not isinstance(line, bytes):
            return line
        with suppress(ValueError, TypeError, KeyError):
            said = json.loads(line)
            told(int(said["done"]), int(said["total"]))
            continue
        break
    raise MapNotDrawn


def _give(process: subprocess.Popen[bytes], given: bytes) -> None:
    """Write the job; a worker that has ended takes no more of it."""
    with suppress(OSError, ValueError):
        if process.stdin is not None:
            process.stdin.write(given)
            process.stdin.close()


def _take(process: subprocess.Popen[bytes], rows: int, lines: _Lines) -> None:
    """Hand over every line, then the points; an empty line is the end of a worker that brought none."""
    with suppress(OSError, ValueError):
        while process.stdout is not None and (line := process.stdout.readline()):
            if line.startswith(b'{"rows"'):
                lines.put(np.frombuffer(process.stdout.read(rows * 8), "<f4").reshape(rows, 2).astype(np.float64))
                return
            lines.put(line)
    lines.put(b"")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a worker."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
