"""The process that works out a UMAP: a job on stdin, where its points lie on stdout. May be killed at any moment.

Knows umap-learn and numbers; nothing of documents. UMAP: McInnes, Healy and Melville 2018, arXiv:1802.03426.
Stdin: one line of JSON (Job), then the vectors, rows x columns of float32, little-endian.
Stdout: lines {"done", "total"}, then {"rows"} and the points, rows x 2 of float32; or {"error": kind}.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from dataclasses import dataclass
from typing import IO

import numpy as np

_NICE = 10
_EPOCHS = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True)
class Job:
    """What to work out: the size of the matrix, how many neighbours count, and how near two points may come."""

    rows: int
    columns: int
    neighbours: int
    least: float
    seed: int


class Told:
    """What tqdm takes for a terminal: the epochs that it writes go out as lines of JSON."""

    def __init__(self, out: IO[bytes]) -> None:
        """Write to `out`."""
        self._out = out

    def write(self, text: str) -> None:
        """Take one drawing of the bar."""
        if found := _EPOCHS.search(text):
            self._out.write(json.dumps({"done": int(found[1]), "total": int(found[2])}).encode() + b"\n")
            self._out.flush()

    def flush(self) -> None:
        """Do nothing: every line is sent when it is written."""


def points(job: Job, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]], told: Told) -> bytes:
    """Return where the vectors lie, (rows, 2) float32 as bytes. With a seed UMAP gives the same map each time."""
    import umap

    mapper = umap.UMAP(
        n_neighbors=min(job.neighbours, job.rows - 1),
        min_dist=job.least,
        metric="cosine",
        random_state=job.seed,
        n_jobs=1,
        init="spectral" if job.rows > 10 else "random",  # there are no eigenvectors of next to nothing
        tqdm_kwds={"file": told, "disable": False, "bar_format": "{n_fmt}/{total_fmt}", "mininterval": 0.2},
    )
    return np.ascontiguousarray(mapper.fit_transform(vectors), dtype="<f4").tobytes()


def main() -> None:
    """Serve the job on stdin. Stdout is kept to ourselves: what a library prints must not end up in it."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    job = Job(**json.loads(sys.stdin.buffer.readline()))
    read = np.frombuffer(sys.stdin.buffer.read(), dtype="<f4").reshape(job.rows, job.columns)
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICE)
    with answer:
        try:
            found = points(job, read, Told(answer))
            answer.write(json.dumps({"rows": job.rows}).encode() + b"\n" + found)
        except MemoryError:
            answer.write(b'{"error": "memory"}\n')
        except Exception:  # whatever numbers give rise to
            answer.write(b'{"error": "failed"}\n')


if __name__ == "__main__":
    main()
