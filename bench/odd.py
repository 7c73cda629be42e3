"""python -m bench odd: what reading comes to for any files at all: sound, strange, broken or hostile.

Each ends ready, partial or failed with a reason, as in the library; nothing is indexed. Memory is that of this process,
which must stay flat: what a file costs is the reading process's.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from rag import errors
from rag.loaders import FORMATS, Ended, Limits, Opened, PageText, failure, read


@dataclass
class Outcome:
    """What one file came to: `status` is ready, partial, waiting (all its text is in pictures), locked or failed."""

    file: str
    status: str
    reason: str = ""
    total: int = 0
    states: dict[str, int] = field(default_factory=dict)
    chars: int = 0
    seconds: float = 0.0


def run(paths: Sequence[Path], suffixes: Iterable[str] = (".pdf",), show: bool = False) -> dict[str, Any]:
    """Read every file, and those in every folder with one of `suffixes`. Returns totals for each path given."""
    sets: dict[str, Any] = {}
    for path in paths:
        outcomes = []
        before = peak = _memory_mb()
        for file in _files(path, set(suffixes)):
            outcomes.append(read_one(file))
            peak = max(peak, _memory_mb())
            if show:
                print(_line(outcomes[-1]), flush=True)
        sets[path.name] = totals(outcomes) | {"start_mb": before, "peak_mb": peak}
        sets[path.name]["each"] = [asdict(outcome) for outcome in outcomes]
    return {"sets": sets}


def read_one(file: Path, limits: Limits = Limits()) -> Outcome:  # noqa: B008 - frozen
    """Return what one file came to. Raises nothing that a file could give rise to."""
    began = time.monotonic()
    try:
        outcome = _read(file, limits)
    except errors.EncryptedDocument as error:
        outcome = Outcome(file.name, "locked", type(error).__name__)
    except errors.DocumentError as error:
        outcome = Outcome(file.name, "failed", type(error).__name__)
    outcome.seconds = round(time.monotonic() - began, 2)
    return outcome


def _read(file: Path, limits: Limits) -> Outcome:
    outcome = Outcome(file.name, "ready")
    states: Counter[str] = Counter()
    pages: list[PageText] = []
    with closing(read(file, file.name, limits=limits)) as events:
        for event in events:
            if isinstance(event, Opened):
                outcome.total = event.total
            elif isinstance(event, Ended):
                outcome.status, outcome.reason = ("partial" if event.note else "ready"), event.note
            else:
                states[f"{event.how}/{event.reason}" if event.reason else event.how] += 1
                outcome.chars += len(event.text)
                pages.append(PageText(event.number, "", event.how, event.reason))
    outcome.states = dict(states)
    if not any(page.how == "text" for page in pages):
        waiting = any(page.how == "waiting" for page in pages)
        outcome.status = "waiting" if waiting else "failed"
        outcome.reason = "" if waiting else type(failure(file.name, pages, limits)).__name__
    return outcome


def totals(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return how many files ended how, and how many pages are in which state."""
    statuses = Counter(outcome.status for outcome in outcomes)
    reasons = Counter(outcome.reason for outcome in outcomes if outcome.status in {"failed", "partial"})
    states: Counter[str] = Counter()
    for outcome in outcomes:
        states.update(outcome.states)
    return {
        "files": len(outcomes),
        **{status: statuses[status] for status in ("ready", "partial", "waiting", "locked", "failed")},
        "reasons": dict(reasons.most_common()),
        "pages": sum(states.values()),
        "states": dict(states.most_common()),
        "seconds": round(sum(outcome.seconds for outcome in outcomes), 1),
        "slowest_s": max((outcome.seconds for outcome in outcomes), default=0.0),
    }


def _files(path: Path, suffixes: set[str]) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.suffix.lower() in suffixes & FORMATS.keys():
            yield file


def _memory_mb() -> int:
    return round(psutil.Process().memory_info().rss / 2**20)


def _line(outcome: Outcome) -> str:
    states: Mapping[str, int] = outcome.states
    counts = " ".join(f"{state}={count}" for state, count in states.items())
    return f"{outcome.status:<8} {outcome.reason:<18} {outcome.seconds:6.2f} s  {outcome.file}  {counts}"
