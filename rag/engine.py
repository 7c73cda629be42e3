"""Which language model answers: loads it behind the page, downloads the default and lets it take over.

It knows nothing of questions. Everything slow happens in its own threads; `status` never waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.dense import Dense
from rag.errors import AulaError, Cancelled, ModelLoadFailed, ModelNotInstalled, ModelNotReady
from rag.models import Catalogue, Progress
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.llm import LlamaChat

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Download:
    """A download on its way or ended. `state`: running | done | failed | cancelled; sizes in bytes."""

    name: str
    title: str
    done: int = 0
    total: int = 0
    source: str = ""
    step: str = "downloading"
    eta_s: float | None = None
    state: str = "running"
    error: AulaError | None = None


@dataclass(frozen=True)
class EngineStatus:
    """What the page's header shows. `state` and `embedding_state`: none | loading | ready | failed."""

    model: str | None
    title: str
    state: str
    is_starter: bool
    embedding: str
    embedding_state: str
    downloads: list[Download]
    error: AulaError | None
    loading: str | None = None
    awaited: str | None = None  # the default model that will take over


class Engine:
    """Owns the loaded model. Safe to use from several threads."""

    def __init__(self, settings: Settings, catalogue: Catalogue, dense: Dense) -> None:
        """Nothing is loaded until `start`."""
        self._settings = settings
        self._catalogue = catalogue
        self._dense = dense
        self._lock = threading.RLock()
        self._loading = threading.Lock()  # one load at a time
        self._chat: LlamaChat | None = None
        self._wanted: str | None = None  # the last model that was asked for: a slower, earlier request must not win
        self._busy: str | None = None
        self._error: AulaError | None = None
        self._awaited: str | None = None
        self._downloads: dict[str, Download] = {}
        self._cancels: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self._stopped = False

    # -- start and stop ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin loading what is here and downloading what is not; returns at once."""
        if self._catalogue.installed(self._settings.embedding):
            self._dense.expect()
        self._spawn("aula-embedding", self._start_embedding)
        self._spawn("aula-model", self._start_model)

    def stop(self) -> None:
        """Cancel downloads and free the model."""
        with self._lock:
            self._stopped = True
            for cancel in self._cancels.values():
                cancel.set()
        for thread in self._threads:
            thread.join(timeout=10)
        with self._lock:
            chat, self._chat = self._chat, None
        if chat is not None:
            chat.close()

    def _spawn(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        with self._lock:
            self._threads = [other for other in self._threads if other.is_alive()] + [thread]
        thread.start()

    @property
    def _may_download(self) -> bool:
        return self._settings.download and not self._settings.offline

    def _start_embedding(self) -> None:
        name = self._settings.embedding
        try:
            if not self._catalogue.installed(name):
                if not self._may_download:
                    raise ModelNotInstalled(name=name)
                self._run_download(name)
            self._dense.expect()
            folder = self._catalogue.path(name)
            from rag.embeddings import embedding_spec

            self._dense.load(folder, embedding_spec(self._catalogue, name))
        except AulaError as error:
            self._dense.fail(error)
        except Exception as error:
            log.exception("the embedding model could not be loaded")
            self._dense.fail(ModelLoadFailed(name=name, reason=type(error).__name__))

    def _start_model(self) -> None:
        """Load the chosen model, or the starter until the chosen one has come."""
        chosen = self._settings.model
        try:
            if self._catalogue.installed(chosen):
                self._load(chosen)
                return
            self._load_meanwhile(chosen)
            if self._may_download:
                self._download_and_take_over(chosen)
        except AulaError as error:
            self._error = error
        except Exception:
            log.exception("the model could not be started")
            self._error = ModelNotReady()

    def _load_meanwhile(self, chosen: str) -> None:
        """Load the starter, or whatever is here, without giving up when there is nothing."""
        starter = self._settings.starter
        with self._lock:
            self._awaited = chosen if self._may_download else None
        try:
            if self._catalogue.installed(starter):
                self._load(starter)
            elif self._may_download:
                self._run_download(starter)
                self._load(starter)
            else:
                here = [entry.name for entry in self._catalogue.entries("llm") if self._catalogue.installed(entry.name)]
                if not here:
                    raise ModelNotInstalled(name=chosen)
                self._load(here[0])
        except AulaError as error:
            self._error = error

    def _download_and_take_over(self, name: str) -> None:
        before = self._wanted
        try:
            self._run_download(name)
            # Only if the person has not chosen another model in the meantime.
            if self._wanted in (before, None):
                self._load(name)
        finally:
            with self._lock:
                self._awaited = None

    # -- the model in use --------------------------------------------------------------------------------------

    def chat(self) -> LlamaChat:
        """Return the model in use. Raises ModelNotReady, or why there is none."""
        chat = self._chat
        if chat is not None:
            return chat
        raise self._error or ModelNotReady()

    def use(self, name: str) -> None:
        """Switch to an installed model in the background. Raises ModelNotFound, ModelNotInstalled."""
        self._catalogue.entry(name)
        if not self._catalogue.installed(name):
            raise ModelNotInstalled(name=name)
        with self._lock:
            self._wanted, self._error = name, None

        def run() -> None:
            try:
                self._load(name)
            except AulaError as error:
                self._error = error

        self._spawn("aula-load", run)

    def _load(self, name: str) -> None:
        """Load `name` and let the old model go. When it fails the old one stays in use."""
        from rag.llm import LlamaChat

        with self._lock:
            self._wanted, self._busy = name, name
        try:
            with self._loading:
                if self._wanted != name or self._stopped or (self._chat is not None and self._chat.model == name):
                    return
                entry = self._catalogue.entry(name)
                path = self._catalogue.path(name)
                context = min(self._settings.n_ctx, entry.context) if entry.context else self._settings.n_ctx
                fresh = LlamaChat.load(path, name, n_ctx=context)
                with self._lock:
                    old, self._chat, self._error = self._chat, fresh, None
                if old is not None:
                    old.close()
        finally:
            with self._lock:
                if self._busy == name:
                    self._busy = None

    # -- downloads ---------------------------------------------------------------------------------------------

    def pull(self, name: str) -> None:
        """Download a model in the background. Raises ModelNotFound."""
        self._catalogue.entry(name)

        def run() -> None:
            try:
                self._run_download(name)
            except AulaError:
                log.info("download of %s ended: see its row", name)
                return
            self._begin_with(name)

        self._spawn("aula-download", run)

    def _begin_with(self, name: str) -> None:
        """Use what has just come, where nothing of its kind is in use yet."""
        if name == self._settings.embedding and self._dense.state in ("none", "failed"):
            self._start_embedding()
        elif self._catalogue.entry(name).kind == "llm" and self._chat is None and self._busy is None:
            try:
                self._load(name)
            except AulaError as error:
                self._error = error

    def cancel_download(self, name: str | None = None) -> None:
        """Stop one download, or all; what has come is kept for the next try."""
        with self._lock:
            for key, cancel in self._cancels.items():
                if name is None or key == name:
                    cancel.set()

    def _run_download(self, name: str) -> None:
        """Download in this thread, with a row that others can see. Raises what `Catalogue.pull` raises."""
        cancel = threading.Event()
        with self._lock:
            running = self._downloads.get(name)
            if self._stopped or (running is not None and running.state == "running"):
                return
            self._cancels[name] = cancel
            self._downloads[name] = Download(name, self._catalogue.entry(name).title)
        try:
            self._catalogue.pull(name, self._follow(name), cancel)
        except Cancelled:
            self._change(name, state="cancelled", eta_s=None)
            raise
        except AulaError as error:
            self._change(name, state="failed", error=error, eta_s=None)
            raise
        except Exception as error:
            log.exception("a download broke")
            known = ModelLoadFailed(name=name, reason=type(error).__name__)
            self._change(name, state="failed", error=known, eta_s=None)
            raise known from error
        self._change(name, state="done", eta_s=None)

    def _follow(self, name: str) -> Callable[[Progress], None]:
        started = time.monotonic()
        first: list[int] = []

        def follow(progress: Progress) -> None:
            first.append(progress.done) if not first else None
            spent, came = time.monotonic() - started, progress.done - first[0]
            left = spent / came * (progress.total - progress.done) if came > 0 and spent > 1 else None
            self._change(
                name,
                done=progress.done,
                total=progress.total,
                source=progress.source,
                step=progress.state,
                eta_s=left,
            )

        return follow

    def _change(self, name: str, **changes: object) -> None:
        with self._lock:
            self._downloads[name] = replace(self._downloads[name], **changes)  # type: ignore[arg-type]

    def downloads(self) -> list[Download]:
        """Return the downloads of this run, in the order they began."""
        with self._lock:
            return list(self._downloads.values())

    # -- what the page shows -----------------------------------------------------------------------------------

    def status(self) -> EngineStatus:
        """Return what is in use, what is loading and what is on its way."""
        with self._lock:
            name = self._chat.model if self._chat is not None else None
            shown = name or self._busy
            state = "ready" if name else "loading" if self._busy else "failed" if self._error else "none"
            if state == "none" and any(thread.is_alive() for thread in self._threads):
                state = "loading"
            return EngineStatus(
                model=name,
                title=self._catalogue.entry(shown).title if shown else "",
                state=state,
                is_starter=name == self._settings.starter,
                embedding=self._settings.embedding,
                embedding_state=self._dense.state,
                downloads=list(self._downloads.values()),
                error=self._error or self._dense.error,
                loading=self._busy,
                awaited=self._awaited,
            )
