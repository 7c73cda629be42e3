"""python -m bench ingest: pages a second and memory, from file to searchable, against the tutorial's way.

Each side runs in a process of its own, which bench/ingest_side.py is; its memory and that of what it starts is sampled
from here. Neither side's time holds the loading of the embedding model.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.long_pdf import write_long_pdf

_LOOK_S = 0.2


@dataclass(frozen=True)
class Options:
    """What is taken in: `files`, and a made PDF of `long` pages; `chat` asks the model meanwhile."""

    files: Sequence[Path]
    embedding: str
    long: int = 0
    chat: bool = False
    baseline: bool = True
    rounds: int = 1


@dataclass
class Side:
    """What one side did, over all rounds."""

    results: list[dict[str, Any]] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    growth: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return medians over the rounds."""
        seconds = statistics.median(result["seconds"] for result in self.results)
        pages = self.results[0]["pages"]
        rest = {key: value for key, value in self.results[-1].items() if key not in {"seconds", "pages"}}
        return {
            "pages": pages,
            "seconds": round(seconds, 2),
            "pages_per_s": round(pages / seconds, 2),
            "peak_mb": round(statistics.median(self.peaks)),
            "growth_mb": round(statistics.median(self.growth)),
        } | rest


def run(options: Options) -> dict[str, Any]:
    """Return {pages, pages_per_s, peak_mb, ..., baseline, ratio, memory_ratio}; rounds take turns."""
    ours, theirs = Side(), Side()
    with tempfile.TemporaryDirectory(prefix="aula-bench-") as folder:
        files = [*options.files]
        if options.long:
            files.append(Path(folder) / "long.pdf")
            write_long_pdf(files[-1], options.long)
        for _ in range(options.rounds):
            _one("ours", files, options, ours)
            if options.baseline:
                _one("baseline", files, options, theirs)
    found = ours.figures()
    if options.baseline:
        base = theirs.figures()
        found |= {
            "baseline": base,
            "ratio": round(found["pages_per_s"] / base["pages_per_s"], 3),
            "memory_ratio": round(found["peak_mb"] / base["peak_mb"], 3),
        }
    return found


def _one(which: str, files: Sequence[Path], options: Options, side: Side) -> None:
    with tempfile.TemporaryDirectory(prefix="aula-bench-") as work:
        job = {
            "files": [str(file.resolve()) for file in files],
            "embedding": options.embedding,
            "work": work,
            "chat": options.chat and which == "ours",
        }
        command = [sys.executable, "-m", "bench.ingest_side", which, json.dumps(job)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        samples: list[float] = []
        while process.poll() is None:
            samples.append(_memory_mb(process.pid))
            time.sleep(_LOOK_S)
        out, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{which} ended with {process.returncode}")
        side.results.append(json.loads(out.splitlines()[-1]))
        side.peaks.append(max(samples))
        side.growth.append(_growth(samples))


def _memory_mb(pid: int) -> float:
    """Return the resident memory of a process and of all that it started; what they share counts for each."""
    total = 0
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_info().rss
    return total / 2**20


def _growth(samples: Sequence[float]) -> float:
    """Return by how much the last quarter of a run lies above its second: about 0 where memory is flat."""
    quarter = max(1, len(samples) // 4)
    return statistics.median(samples[-quarter:]) - statistics.median(samples[quarter : 2 * quarter] or samples)
