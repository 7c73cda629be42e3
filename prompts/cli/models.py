"""The models of a run without the page: loaded when they are asked for, and freed at the end. No data folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from prompts.checks.kinds import Tools
from prompts.experiment import Experiment
from prompts.runs.tools import compares_meaning, judge, judge_of, language, similarity
from rag.models import Catalogue
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.llm import LlamaChat

_MOST = 2  # models in memory at a time


class Models:
    """Gives models by name; "" is the one that the settings name."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is loaded until it is asked for."""
        self.settings = settings
        self.catalogue = Catalogue(settings)
        self._loaded: dict[str, LlamaChat] = {}

    def chat(self, name: str = "") -> LlamaChat:
        """Return a model, loading it if it has to be (seconds); the one that was loaded first makes room.

        Raises ModelNotFound, ModelNotInstalled, ModelLoadFailed.
        """
        name = name or self.settings.model
        if name not in self._loaded:
            entry = self.catalogue.entry(name)
            path = self.catalogue.path(name)
            from rag.llm import LlamaChat

            while len(self._loaded) >= _MOST:
                self._loaded.pop(next(iter(self._loaded))).close()
            context = min(self.settings.n_ctx, entry.context) if entry.context else self.settings.n_ctx
            self._loaded[name] = LlamaChat.load(path, name, n_ctx=context)
        return self._loaded[name]

    def tools(self, experiment: Experiment, cancel: threading.Event) -> Tools:
        """Return what the checks may use; the embedding model is loaded only where a check compares meanings."""
        return Tools(
            similarity=self._similarity() if compares_meaning(experiment) else None,
            judge=judge(self.chat, cancel, judge_of(experiment)),
            lang=language(experiment),
        )

    def _similarity(self) -> Callable[[str, str], float]:
        """Return what compares texts. Raises ModelNotInstalled."""
        folder = self.catalogue.path(self.settings.embedding)
        from rag.embeddings import Embedder, embedding_spec

        return similarity(Embedder(folder, embedding_spec(self.catalogue, self.settings.embedding)))

    def close(self) -> None:
        """Free every model."""
        while self._loaded:
            self._loaded.popitem()[1].close()
