"""Lends language models by name: the one in use, or another one that is loaded for the while; knows no prompts."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from rag.engine import Engine
from rag.errors import AulaError, ModelNotInstalled
from rag.models import Catalogue
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.llm import LlamaChat


# A model that nobody has asked for so long is let go: longer than one cell takes, which asks for its model only once.
IDLE_S = 1200.0
_CLOSE_S = 60.0  # how long answers under way may go on with a model that is let go


class Lender:
    """At most one model is lent besides the one in use: asking for a third lets the second go, and so does time.

    The model in use is never waited for behind one that is loaded or let go.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, engine: Engine) -> None:
        """Nothing is loaded until it is asked for."""
        self._settings = settings
        self._catalogue = catalogue
        self._engine = engine
        self._exchange = threading.Lock()  # one load or let-go at a time; it may take long
        self._lock = threading.Lock()  # of what follows; held for a moment only
        self._lent: LlamaChat | None = None
        self._asked = 0.0
        self._timer: threading.Timer | None = None

    def chat(self, name: str = "") -> LlamaChat:
        """Return a model, loading it if it has to be (seconds); "" is the one in use.

        Raises ModelNotReady, ModelNotFound, ModelNotInstalled, ModelLoadFailed.
        """
        if not name:
            return self._engine.chat()
        used = self._used(name)
        if used is not None:
            self._return(name)
            return used
        entry = self._catalogue.entry(name)
        if not self._catalogue.installed(name):
            raise ModelNotInstalled(name=entry.title)
        return self._ready(name) or self._exchanged(name, entry.context)

    def _used(self, name: str) -> LlamaChat | None:
        """Return the model in use if it has that name; asked for once, since it may change at any time."""
        try:
            used = self._engine.chat()
        except AulaError:
            return None  # there is none
        return used if used.model == name else None

    def _ready(self, name: str) -> LlamaChat | None:
        """Return what is lent if it has that name."""
        with self._lock:
            if self._lent is None or self._lent.model != name:
                return None
            self._asked = time.monotonic()
            return self._lent

    def _exchanged(self, name: str, longest: int) -> LlamaChat:
        """Return the model in the place of what was lent."""
        with self._exchange:
            lent = self._used(name) or self._ready(name)  # somebody else may have been faster
            if lent is not None:
                return lent
            self._let_go()
            lent = self._load(name, longest)
            with self._lock:
                self._lent, self._asked = lent, time.monotonic()
            self._look_again(IDLE_S)
            return lent

    def _load(self, name: str, longest: int) -> LlamaChat:
        from rag.llm import LlamaChat

        context = min(self._settings.n_ctx, longest) if longest else self._settings.n_ctx
        return LlamaChat.load(self._catalogue.path(name), name, n_ctx=context)

    def _return(self, name: str) -> None:
        """Let what is lent go where the model in use has its name by now: one of the two is enough."""
        with self._lock:
            if self._lent is None or self._lent.model != name:
                return
            lent, self._lent = self._lent, None
        lent.close(wait=_CLOSE_S)

    def _let_go(self) -> None:
        with self._lock:
            lent, self._lent = self._lent, None
        if lent is not None:
            lent.close(wait=_CLOSE_S)

    def _look_again(self, seconds: float) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(seconds, self._look)
            self._timer.daemon = True
            self._timer.start()

    def _look(self) -> None:
        """Let what is lent go if nobody has asked for it for long, or look again when that may be so."""
        with self._exchange:
            with self._lock:
                left = self._asked + IDLE_S - time.monotonic()
                lent = self._lent
                if left <= 0:
                    self._lent = None  # at once, so that nobody is given what is about to be closed
            if lent is not None and left <= 0:
                lent.close(wait=_CLOSE_S)
        if lent is not None and left > 0:
            self._look_again(left)

    def close(self) -> None:
        """Free what is lent."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
        with self._exchange:
            self._let_go()
