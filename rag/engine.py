"""Which language model answers: loads it behind the page, downloads the default and lets it take over.

It knows nothing of questions. Everything slow happens in its own threads; `status` never waits. What a person chose
is never replaced by what was begun for them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.dense import Dense
from rag.downloads import Download, Downloads
from rag.errors import AulaError, Cancelled, ModelError, ModelLoadFailed, ModelNotInstalled, ModelNotReady
from rag.models import Catalogue
from rag.settings import Settings
from rag.switching import Switch, Switching

if TYPE_CHECKING:
    from rag.llm import LlamaChat

log = logging.getLogger(__name__)
DRAIN_S = 120.0  # how long answers under way may go on with the old model after a switch


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
    switch: Switch | None = None  # to another embedding model


class Engine:
    """Owns the loaded model. Safe to use from several threads."""

    def __init__(self, settings: Settings, catalogue: Catalogue, dense: Dense) -> None:
        """Nothing is loaded until `start`."""
        self._settings = settings
        self._catalogue = catalogue
        self._dense = dense
        dense.busy = self.answering
        self._downloads = Downloads(catalogue)
        self.switching = Switching(settings, catalogue, dense)
        self._lock = threading.RLock()
        self._loading = threading.Lock()  # one load at a time
        self._chat: LlamaChat | None = None
        self._title = ""
        self._chosen: str | None = None  # by the person: nothing automatic may replace it
        self._busy: str | None = None
        self._busy_title = ""
        self._error: AulaError | None = None
        self._awaited: str | None = None
        self._threads: list[threading.Thread] = []
        self._stopped = False

    # -- start and stop ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin loading what is here and downloading what is not; returns at once."""
        if self._catalogue.installed(self.switching.chosen()):
            self._dense.expect()
        self._spawn("aula-embedding", self._start_embedding)
        self._spawn("aula-model", self._start_model)

    def stop(self) -> None:
        """Cancel downloads and free the model."""
        with self._lock:
            self._stopped = True
        self._downloads.stop()
        self._dense.stop()
        self.switching.stop()
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
        name = self.switching.chosen()
        try:
            if not self._catalogue.installed(name):
                if not self._may_download:
                    raise ModelNotInstalled(name=name)
                self._downloads.run(name)
            self._load_embedding(name)
            self.switching.go_on()
        except Cancelled:
            self._dense.fail(ModelNotInstalled(name=name))
        except AulaError as error:
            self._dense.fail(error)
        except Exception as error:
            log.exception("the embedding model could not be loaded")
            self._dense.fail(ModelLoadFailed(name=name, reason=type(error).__name__))

    def _load_embedding(self, name: str) -> None:
        from rag.embeddings import embedding_spec

        self._dense.expect()
        self._dense.load(self._catalogue.path(name), embedding_spec(self._catalogue, name), behind=True)

    def _start_model(self) -> None:
        """Load the default model, or the starter until the default one has come."""
        default = self._settings.model
        if self._catalogue.installed(default):
            self._try(default, lambda: self._load(default, chosen=False))
            return
        with self._lock:
            self._awaited = default if self._may_download else None
        self._try(default, self._load_meanwhile)
        if self._may_download:
            self._try(default, lambda: self._load(self._downloads.run(default), chosen=False))
        with self._lock:
            self._awaited = None

    def _load_meanwhile(self) -> None:
        """Load the starter or, where it cannot be had, whatever is here."""
        name = self._settings.starter
        try:
            if not self._catalogue.installed(name):
                if not self._may_download:
                    raise ModelNotInstalled(name=self._settings.model)
                self._downloads.run(name)
        except ModelError:
            here = [entry.name for entry in self._catalogue.entries("llm") if self._catalogue.installed(entry.name)]
            if not here:
                raise
            name = here[0]
        self._load(name, chosen=False)

    def _try(self, name: str, action: Callable[[], None]) -> None:
        """Do it and keep what went wrong for the page to show."""
        try:
            action()
        except Cancelled:
            self._error = ModelNotInstalled(name=name)
        except AulaError as error:
            self._error = error
        except Exception as error:
            log.exception("a model could not be started")
            self._error = ModelLoadFailed(name=name, reason=type(error).__name__)

    # -- the model in use --------------------------------------------------------------------------------------

    def chat(self) -> LlamaChat:
        """Return the model in use. Raises ModelNotReady, or why there is none."""
        chat, error = self._chat, self._error
        if chat is not None:
            return chat
        if error is not None and self._busy is None:
            raise type(error)(**error.params)  # a fresh one: a stored exception would gather tracebacks
        raise ModelNotReady

    def answering(self) -> bool:
        """Whether the model in use writes an answer, or one waits its turn."""
        chat = self._chat
        return chat is not None and chat.answering

    def use(self, name: str) -> None:
        """Switch to an installed model in the background. Raises ModelNotFound, ModelNotInstalled.

        An embedding model takes over once it has embedded what is here; `switching` says how far it is.
        """
        entry = self._catalogue.entry(name)
        if entry.kind == "embedding":
            self.switching.begin(entry.name)
            return
        if not self._catalogue.installed(name):
            raise ModelNotInstalled(name=entry.title)
        with self._lock:
            self._chosen, self._error = entry.name, None
        self._spawn("aula-load", lambda: self._try(entry.name, lambda: self._load(entry.name, chosen=True)))

    def _unwanted(self, name: str, chosen: bool) -> bool:
        """Tell whether a load has been overtaken: by another choice, by the end, or because it is in use already."""
        overtaken = self._chosen != name if chosen else self._chosen not in (None, name)
        return overtaken or self._stopped or (self._chat is not None and self._chat.model == name)

    def _load(self, name: str, chosen: bool) -> None:
        """Load `name` and let the old model go. When it fails the old one stays in use."""
        from rag.llm import LlamaChat

        with self._loading:
            with self._lock:
                if self._unwanted(name, chosen):
                    return
                entry = self._catalogue.entry(name)
                self._busy, self._busy_title = name, entry.title
            try:
                path = self._catalogue.path(name)
                context = min(self._settings.n_ctx, entry.context) if entry.context else self._settings.n_ctx
                fresh = LlamaChat.load(path, name, n_ctx=context)
                with self._lock:
                    if self._unwanted(name, chosen):
                        old: LlamaChat | None = fresh
                    else:
                        old, self._chat, self._title, self._error = self._chat, fresh, entry.title, None
            finally:
                with self._lock:
                    self._busy = None
        if old is not None:
            old.close(wait=0.0 if self._stopped else DRAIN_S)

    # -- downloads ---------------------------------------------------------------------------------------------

    def pull(self, name: str) -> None:
        """Download a model in the background, and use it where nothing of its kind is in use. Raises ModelNotFound."""
        self._catalogue.entry(name)

        def run() -> None:
            try:
                own_name = self._downloads.run(name)
            except AulaError:
                return  # its row says why
            self._begin_with(own_name)

        self._spawn("aula-download", run)

    def _begin_with(self, name: str) -> None:
        """Use what has just come if it is the default, or the first of its kind."""
        if name == self.switching.chosen():
            if self._dense.state in ("none", "failed"):
                self._start_embedding()
        elif self._catalogue.entry(name).kind == "llm" and (self._chat is None or name == self._settings.model):
            self._try(name, lambda: self._load(name, chosen=False))

    def cancel_download(self, name: str | None = None) -> None:
        """Stop one download, or all; what has come is kept for the next try."""
        self._downloads.cancel(name)

    def downloads(self) -> list[Download]:
        """Return the downloads of this run, in the order they began."""
        return self._downloads.rows()

    # -- what the page shows -----------------------------------------------------------------------------------

    def status(self) -> EngineStatus:
        """Return what is in use, what is loading and what is on its way."""
        downloads = self._downloads.rows()
        switch = self.switching.status()
        serving = self._dense.serving or self.switching.chosen()
        with self._lock:
            name = self._chat.model if self._chat is not None else None
            state = "ready" if name else "loading" if self._busy else "failed" if self._error else "none"
            if state == "none" and any(thread.is_alive() for thread in self._threads):
                state = "loading"
            return EngineStatus(
                model=name,
                title=self._title if name else self._busy_title if self._busy else "",
                state=state,
                is_starter=name == self._settings.starter,
                embedding=serving,
                embedding_state=self._dense.state,
                downloads=downloads,
                error=self._error or self._dense.error,
                loading=self._busy,
                awaited=self._awaited,
                switch=switch,
            )
