"""The models folder: what is in it, what can be had, and how a model gets there, checked before first use.

    python -m rag.models list | pull NAME... | verify [NAME...]

It knows nothing of how a model is loaded. Unfinished downloads lie in `.partial/`, records of checks in
`.checked/`.
"""

from __future__ import annotations

import errno
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rag import checked, entries
from rag.download import Job, aside_name, fetch
from rag.entries import WEIGHTS, Entry, Hub, Kind, Pip
from rag.errors import ModelNotFound, ModelNotInstalled, NotEnoughDisk, SourceUnreachable, WrongHash
from rag.transfer import Offline, Progress, Report, SourceFailed, Transfer, Tried, human, sha256_of, size_of

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["Catalogue", "Entry", "Hub", "Pip", "Progress"]

PARTIAL = ".partial"
FOLDER_FILES = ("config.json", "modules.json", WEIGHTS)  # without these a folder is no embedding model
BY_HAND = "by hand"


class Catalogue:
    """All models known by name, and the files of those that are here. Safe to use from several threads."""

    def __init__(self, settings: Settings, known: tuple[Entry, ...] | None = None) -> None:
        """`known`: the entries, those of models.toml when None."""
        self.settings = settings
        self.folder = settings.models_dir
        self._known = {entry.name: entry for entry in (entries.load() if known is None else known)}
        self._unsaved: dict[str, checked.Record] = {}  # of a models folder that cannot be written to

    def entries(self, kind: Kind | None = None) -> list[Entry]:
        """Return the catalogue's entries, then every other *.gguf of the models folder, named as its file."""
        found = [*self._known.values(), *self._strays()]
        return [entry for entry in found if kind is None or entry.kind == kind]

    def _strays(self) -> Iterator[Entry]:
        taken = {entry.file for entry in self._known.values()}
        for path in sorted(self.folder.glob("*.gguf")):
            if path.name not in taken and not path.name.startswith(".") and path.is_file():
                yield Entry(name=path.stem, title=path.stem, kind="llm", bytes=path.stat().st_size)

    def entry(self, name: str) -> Entry:
        """Return the entry of a name, or of a typed "hub:owner/repo/file.gguf". Raises ModelNotFound."""
        if name in self._known:
            return self._known[name]
        if "/" not in name:
            for stray in self._strays():
                if stray.name == name:
                    return stray
            raise ModelNotFound(name=name)
        return self._own_name(entries.typed(name))

    def _own_name(self, entry: Entry) -> Entry:
        """Put the owner before the name of a typed file where another model goes by that name already."""
        record = checked.read(self.folder, entry.name)
        source = entry.sources[0]
        same = record is not None and record.source == source.label
        if isinstance(source, Hub) and (entry.name in self._known or (self._here(entry) and not same)):
            name = f"{source.repo.partition('/')[0]}-{entry.name}"
            return Entry(name=name, title=entry.title, kind="llm", sources=entry.sources)
        return entry

    def installed(self, name: str) -> bool:
        """Tell whether the model's files are here. Cheap: it hashes nothing; `path` is what checks them."""
        return self._here(self.entry(name))

    def _here(self, entry: Entry) -> bool:
        path = self.folder / entry.file
        if entry.kind == "llm":
            return path.is_file() and path.stat().st_size > 0
        return all((path / file).is_file() for file in {*FOLDER_FILES, *checked.read_manifest(path)})

    def path(self, name: str) -> Path:
        """Return the model's file (llm) or folder (embedding), checked.

        The first call after a file was put there or changed reads it whole. Raises ModelNotInstalled, and
        WrongHash when it is not the file that it should be, which is then kept aside as *.wrong.
        """
        entry = self.entry(name)
        if not self._here(entry):
            raise ModelNotInstalled(name=entry.title)
        record = self._record(entry)
        if record is None or not record.holds(self.folder):
            wrong = self._check(entry, Transfer(entry.name))
            if wrong:
                raise self._put_aside(entry, wrong)
        return self.folder / entry.file

    def digest(self, name: str) -> str:
        """Return the SHA-256 that stands for the model: of its file, or of its model.safetensors."""
        self.path(name)
        entry = self.entry(name)
        record = self._record(entry)
        return record.digests.get(entry.key_file, "") if record else ""

    def _record(self, entry: Entry) -> checked.Record | None:
        return checked.read(self.folder, entry.name) or self._unsaved.get(entry.name)

    def verify(self, name: str, progress: Report | None = None, cancel: threading.Event | None = None) -> bool:
        """Hash the model's files again, whatever was recorded. Raises ModelNotInstalled and Cancelled."""
        entry = self.entry(name)
        if not self._here(entry):
            raise ModelNotInstalled(name=entry.title)
        return not self._check(entry, Transfer(entry.name, progress, cancel))

    def _check(self, entry: Entry, transfer: Transfer) -> str:
        """Hash the files and record them; return the first that is not what it should be, "" when all are."""
        record = self._record(entry)
        expected = self._expected(entry, record)
        transfer.begin("", sum(size_of(self.folder / file) for file in expected), "checking")
        digests: dict[str, str] = {}
        done = 0
        for file, allowed in expected.items():
            digests[file] = sha256_of(self.folder / file, partial(_step, transfer, done))
            done += size_of(self.folder / file)
            if allowed and digests[file] not in allowed:
                checked.doubt(self.folder, entry.name)
                return file
        fresh = checked.record(self.folder, record.source if record else BY_HAND, digests)
        try:
            checked.write(self.folder, entry.name, fresh)
        except OSError:  # shared and read-only, perhaps: then it is checked once a run
            self._unsaved[entry.name] = fresh
        return ""

    def _expected(self, entry: Entry, record: checked.Record | None) -> dict[str, set[str]]:
        """Return, for each file below the models folder, the hashes that it may have; none: any.

        A file may be the catalogue's, or the one that was recorded when a source vouched for it.
        """
        manifest = checked.read_manifest(self.folder / entry.name) if entry.kind == "embedding" else {}
        if manifest:
            return {f"{entry.name}/{file}": {digest} for file, digest in manifest.items()}
        names = [entry.file]
        if entry.kind == "embedding":
            names = [f"{entry.name}/{file}" for file in FOLDER_FILES]
        recorded = record.digests if record and record.source != BY_HAND else {}
        files = {file: {recorded[file]} if file in recorded else set() for file in names}
        if entry.sha256:
            files[entry.key_file].add(entry.sha256)
        return files

    def _put_aside(self, entry: Entry, file: str) -> WrongHash:
        """Rename a wrong file so that nothing takes it for a model, and return the error that names it."""
        path, kept = self.folder / file, self.folder / aside_name(entry, file)
        path.replace(kept)
        checked.drop(self.folder, entry.name)
        return WrongHash(file=path.name, kept=str(kept))

    def pull(self, name: str, progress: Report | None = None, cancel: threading.Event | None = None) -> Path:
        """Bring a model here from the first source that has it, and return its path.

        Raises SourceUnreachable, WrongHash, NotEnoughDisk, and Cancelled, after which the next pull resumes.
        """
        entry = self.entry(name)
        transfer = Transfer(entry.name, progress, cancel)
        if not self._here(entry):
            if self.settings.offline:
                raise self._unreachable(entry, Offline())
            with self._alone(entry, transfer):
                if not self._here(entry):  # another process may have brought it while we waited
                    self._fetch(entry, transfer)
        path = self.path(entry.name)
        transfer.done(size_of(path) or sum(size_of(file) for file in path.rglob("*")))
        return path

    @contextmanager
    def _alone(self, entry: Entry, transfer: Transfer) -> Iterator[None]:
        """Hold the model's lock, against other processes as well as other threads. Raises Cancelled."""
        from filelock import FileLock, Timeout

        (self.folder / PARTIAL).mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / PARTIAL / f"{entry.name}.lock", thread_local=False)
        while True:
            transfer.check()
            try:
                lock.acquire(timeout=0.3)
                break
            except Timeout:
                continue
        try:
            yield
        finally:
            lock.release()

    def _fetch(self, entry: Entry, transfer: Transfer) -> None:
        job = Job(entry, self.folder / PARTIAL / entry.name, self.folder, transfer)
        failures: list[SourceFailed] = []
        for source in entry.sources:
            try:
                digests = fetch(job, source)
            except SourceFailed as failure:
                failures.append(failure)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                free = shutil.disk_usage(self.folder).free
                raise NotEnoughDisk(name=entry.title, need=human(entry.bytes), free=human(free)) from error
            else:
                self._install(job, source.label, digests)
                return
        raise self._unreachable(entry, *failures)

    def _install(self, job: Job, source: str, digests: dict[str, str]) -> None:
        """Move the finished model into place in one step, and record that it has been checked."""
        entry, target = job.entry, self.folder / job.entry.file
        if entry.kind == "embedding":
            inside = {file.partition("/")[2]: digest for file, digest in digests.items()}
            checked.write_manifest(job.result, entry.name, source, inside)
            if target.exists():  # incomplete, or it would count as installed; a person's files may be in it
                old = self.folder / f"{entry.name}.old"
                shutil.rmtree(old, ignore_errors=True)
                target.replace(old)
        job.result.replace(target)
        checked.write(self.folder, entry.name, checked.record(self.folder, source, digests))
        shutil.rmtree(job.work, ignore_errors=True)

    def _unreachable(self, entry: Entry, *failures: SourceFailed) -> SourceUnreachable:
        return SourceUnreachable(name=entry.title, tried=Tried(failures=failures), folder=str(self.folder))


def _step(transfer: Transfer, base: int, read: int) -> None:
    transfer.at(base + read)


if __name__ == "__main__":
    from rag.models_cli import main

    sys.exit(main())
