"""Lends language models by name: the one in use, or another one that is loaded for the while; knows no prompts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rag.engine import Engine
from rag.errors import ModelNotInstalled
from rag.models import Catalogue
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.llm import LlamaChat


class Lender:
    """At most one model is lent besides the one in use: asking for a third lets the second go."""

    def __init__(self, settings: Settings, catalogue: Catalogue, engine: Engine) -> None:
        """Nothing is loaded until it is asked for."""
        self._settings = settings
        self._catalogue = catalogue
        self._engine = engine
        self._lock = threading.Lock()
        self._lent: LlamaChat | None = None

    def chat(self, name: str = "") -> LlamaChat:
        """Return a model, loading it if it has to be (seconds); "" is the one in use.

        Raises ModelNotReady, ModelNotFound, ModelNotInstalled, ModelLoadFailed.
        """
        status = self._engine.status()
        if not name or status.model == name:
            return self._engine.chat()
        entry = self._catalogue.entry(name)
        if not self._catalogue.installed(name):
            raise ModelNotInstalled(name=entry.title)
        with self._lock:
            if self._lent is not None and self._lent.model == name:
                return self._lent
            self._let_go()
            self._lent = self._load(name, entry.context)
            return self._lent

    def _load(self, name: str, longest: int) -> LlamaChat:
        from rag.llm import LlamaChat

        context = min(self._settings.n_ctx, longest) if longest else self._settings.n_ctx
        return LlamaChat.load(self._catalogue.path(name), name, n_ctx=context)

    def _let_go(self) -> None:
        lent, self._lent = self._lent, None
        if lent is not None:
            lent.close(wait=60.0)

    def close(self) -> None:
        """Free what is lent."""
        with self._lock:
            self._let_go()
