"""What becomes documents one by one: the files of an archive, what is at an address, a locked copy of another's file.

Each is a row of `intake` until it is done, so that a restart begins it again; what came out of it before is a
duplicate then, and no harm.
"""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rag import archive, loaders, web
from rag.arrivals import Arrivals, Source, locked_job
from rag.backup_manifest import DIGEST
from rag.errors import AulaError, Cancelled, DamagedDocument, DocumentError, EncryptedDocument, RestoreBusy
from rag.jobs import Job, Jobs
from rag.lanes import Lane
from rag.loaders import Opened
from rag.outcome import foreseen, note_of
from rag.pipeline import Pipeline
from rag.records import Intake
from rag.store import Store

log = logging.getLogger(__name__)

_LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Places:
    """`files`: originals; `work`: what is on its way in; `offline`: nothing is fetched."""

    files: Path
    work: Path
    offline: bool


class Unpacker:
    """Has a lane of its own: fetching and unpacking keep no document from being read."""

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        pipeline: Pipeline,
        arrivals: Arrivals,
        places: Places,
        writing: threading.Lock,
    ) -> None:
        """Nothing runs before `start`."""
        self._store = store
        self._jobs = jobs
        self._pipeline = pipeline
        self._arrivals = arrivals
        self._places = places
        self._writing = writing
        self._passwords: dict[str, str] = {}  # until they have been tried
        self._lane = Lane("aula-intake", self._turn)
        arrivals.unpack = self.add

    def start(self) -> None:
        """Go on with what an earlier run left, then work."""
        for entry in self._store.intakes():
            self.add(entry)
        self._lane.start()

    def stop(self) -> None:
        """End after the turn at hand."""
        self._passwords.clear()
        self._lane.stop()

    # -- what the person says ----------------------------------------------------------------------------------

    def add(self, entry: Intake) -> None:
        """List what was handed in and give it its turn, unless it rests or has failed."""
        if entry.kind == "locked":
            self._jobs.put(locked_job(entry.id, entry.owner, entry.name))
            return
        stage = entry.status if entry.status in ("paused", "failed") else "waiting"
        status = "" if stage == "waiting" else stage
        if self._jobs.open(entry.id) is None or stage != "waiting":
            self._jobs.put(
                Job(entry.id, entry.owner, entry.name, stage, kind=entry.kind, status=status, note=entry.error)
            )
        if stage == "waiting":
            self._lane.put(entry.id)

    def add_address(self, owner: str, url: str, collection: str | None) -> str:
        """Keep an address that is to be fetched; return its job's id."""
        entry = Intake(uuid.uuid4().hex, owner, url, "address", url, collection)
        self._store.take_in(entry)
        self.add(entry)
        return entry.id

    def has(self, key: str) -> bool:
        """Tell whether a job is one of these."""
        return self._store.intake(key) is not None

    def pause(self, key: str) -> None:
        """Let it rest until `resume`, also after a restart."""
        entry = self._store.intake(key)
        if entry is not None and entry.kind == "archive" and entry.status == "waiting":
            self._store.set_intake(key, "paused")
            self._stop(key)
            self._jobs.update(key, stage="paused", status="paused")

    def resume(self, key: str) -> None:
        """Go on with it."""
        entry = self._store.intake(key)
        if entry is not None and entry.status == "paused":
            self._store.set_intake(key, "waiting")
            self._jobs.renew(key)
            self._jobs.update(key, stage="waiting", status="")
            self._lane.put(key)

    def unlock(self, key: str, password: str) -> None:
        """Try the password of a locked copy."""
        self._passwords[key] = password
        self._jobs.update(key, stage="waiting", status="", error=None)
        self._lane.put(key)

    def cancel(self, key: str) -> None:
        """Stop it; what has become a document is one."""
        self._passwords.pop(key, None)
        self._stop(key)
        self._drop(key)
        self._jobs.update(key, stage="cancelled", status="cancelled", eta_s=None)

    def forget(self, key: str) -> None:
        """Forget one that failed."""
        entry = self._store.intake(key)
        if entry is not None and entry.status == "failed":
            self._drop(key)

    def _stop(self, key: str) -> None:
        opened = self._jobs.open(key)
        if opened is not None:
            opened[1].set()
        self._lane.drop(key)
        self._lane.let_go(key, 5.0)

    def _drop(self, key: str) -> None:
        """Forget a row, and its file when nobody else needs that."""
        with self._writing:
            entry = self._store.intake(key)
            self._store.drop_intake(key)
            if entry is not None and entry.kind != "address":
                self._let_go(entry)

    def _let_go(self, entry: Intake) -> None:
        if DIGEST.fullmatch(entry.source) and not self._needed(entry.source):
            (self._places.files / entry.source).unlink(missing_ok=True)

    def _file(self, entry: Intake) -> Path:
        """Return where its file lies. Raises DamagedDocument for a row that would name any other."""
        if not DIGEST.fullmatch(entry.source):
            raise DamagedDocument(name=entry.name)
        return self._places.files / entry.source

    def _needed(self, digest: str) -> bool:
        wanted = (entry for entry in self._store.intakes() if entry.status != "failed")
        return self._store.stored(digest) or any(entry.source == digest for entry in wanted)

    # -- turns -------------------------------------------------------------------------------------------------

    def _turn(self, key: str) -> bool:
        entry, opened = self._store.intake(key), self._jobs.open(key)
        if entry is None or opened is None:
            return False
        kinds = {"archive": self._unpack, "address": self._fetch, "locked": self._try}
        try:
            kinds[entry.kind](entry, opened[1])
        except (Cancelled, RestoreBusy):
            pass  # it was paused or cancelled, and its job says so; or everything stops, and it goes on afterwards
        except Exception as error:
            if not isinstance(error, AulaError):
                log.exception("what was handed in could not be taken apart")
            self._fail(entry, foreseen(error))
        return False

    def _fail(self, entry: Intake, error: AulaError) -> None:
        if entry.kind == "locked":
            self._jobs.update(entry.id, stage="locked", status="locked", error=error)
            return
        told = {lang: text.replace("{name}", entry.name) for lang, text in note_of(error).items()}
        with self._writing:
            self._store.set_intake(entry.id, "failed", told)
            if entry.kind == "archive":  # its documents may be deleted from now on
                self._let_go(entry)
        self._jobs.update(entry.id, stage="failed", status="failed", note=told)

    def _unpack(self, entry: Intake, cancel: threading.Event) -> None:
        source = Source(entry.owner, entry.collection, entry.name, entry.id)
        taken, refused = 0, 0
        self._jobs.update(entry.id, stage="reading")
        for member in archive.members(self._file(entry), name=entry.name):
            if cancel.is_set():
                raise Cancelled
            name = PurePosixPath(member.name).name
            try:
                with member.open() as stream:
                    self._arrivals.take(stream, name, source)
                taken += 1
            except DocumentError as error:
                self._arrivals.refuse(error, name, source)
                refused += 1
            self._jobs.update(entry.id, done=taken + refused)
        self._done(entry, taken, refused)

    def _fetch(self, entry: Intake, cancel: threading.Event) -> None:
        self._jobs.update(entry.id, stage="reading")
        self._places.work.mkdir(parents=True, exist_ok=True)
        target = self._places.work / uuid.uuid4().hex
        try:
            fetched = web.fetch(entry.source, target, cancel=cancel, offline=self._places.offline)
            with target.open("rb") as stream:
                source = Source(entry.owner, entry.collection, entry.source, entry.id)
                self._arrivals.take(stream, fetched.name, source)
        finally:
            target.unlink(missing_ok=True)
        self._done(entry, 1, 0)

    def _try(self, entry: Intake, cancel: threading.Event) -> None:
        """Open the file with the password that was given: whoever knows it may hold the document."""
        password = self._passwords.pop(entry.id, "")
        path = self._file(entry)
        kept = self._store.state(entry.source)
        suffix = kept.suffix if kept else Path(entry.name).suffix
        events = loaders.read(path, f"document{suffix}", password=password, cancel=cancel)
        try:
            opened = next(events)
        except EncryptedDocument as error:
            raise type(error)(name=entry.name) from None
        finally:
            events.close()
        if isinstance(opened, Opened):
            self._hold(entry, password)

    def _hold(self, entry: Intake, password: str) -> None:
        state = self._store.state(entry.source)
        with self._writing:
            if self._store.hold(entry.owner, entry.source, entry.name, entry.collection):
                self._store.drop_intake(entry.id)
                if state is not None and state.pages == 0:  # nobody else has shown it yet
                    self._store.keep_out(entry.source, entry.owner)
        if self._store.intake(entry.id) is not None:  # the other holder has deleted it meanwhile
            self._store.drop_intake(entry.id)
            source = Source(entry.owner, entry.collection)
            self._arrivals.take_file(self._file(entry), entry.name, source)
        self._jobs.forget(entry.owner, [entry.id])
        self._pipeline.unlock(entry.source, password)
        self._arrivals.begin(entry.id, entry.source, entry.name, Source(entry.owner, entry.collection))

    def _done(self, entry: Intake, taken: int, refused: int) -> None:
        self._drop(entry.id)
        status = "partial" if refused and taken else "failed" if refused else "ready"
        self._jobs.update(
            entry.id, stage="failed" if status == "failed" else "done", status=status, total=taken + refused
        )
