"""What checks may use beyond an answer's text: embeddings, and the model in use as a judge. It judges nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage

from prompts.checks.kinds import Tools
from prompts.experiment import Experiment
from rag.errors import Cancelled
from rag.language import question_language
from rag.settings import Decoding

if TYPE_CHECKING:
    from rag.dense import Dense
    from rag.embeddings import Embedder
    from rag.llm import LlamaChat

# Gives the tools for an experiment; what they do ends when the event is set.
ToolsFor = Callable[[Experiment, threading.Event], Tools]
JUDGEMENT = Decoding(temperature=0.0, top_k=1, top_p=1.0, min_p=0.0, max_tokens=24, seed=0)


def tools_for(dense: Dense, chat: Callable[[str], LlamaChat]) -> ToolsFor:
    """Return what makes the tools from the parts of the page; without an embedding model there is no similarity."""

    def make(experiment: Experiment, cancel: threading.Event) -> Tools:
        loaded = dense.get(cancel)
        return Tools(
            similarity=None if loaded is None else similarity(loaded[0]),
            judge=judge(chat, cancel),
            lang=language(experiment),
        )

    return make


def similarity(embedder: Embedder) -> Callable[[str, str], float]:
    """Return what gives the cosine of two texts."""

    def cosine(one: str, other: str) -> float:
        first, second = embedder.encode_sentences([one, other])
        return float(first @ second)

    return cosine


def judge(chat: Callable[[str], LlamaChat], cancel: threading.Event) -> Callable[[str], str]:
    """Return what asks the model in use, greedily and for a few words. It raises Cancelled and ModelNotReady."""

    def ask(prompt: str) -> str:
        message = chat("").invoke([HumanMessage(prompt)], decoding=JUDGEMENT, cancel=cancel)
        if cancel.is_set():
            raise Cancelled
        return str(message.text)

    return ask


def language(experiment: Experiment) -> str:
    """Return the language in which the experiment asks, "en" or "es"."""
    return question_language(" ".join(f"{column.prompt.system} {column.prompt.user}" for column in experiment.columns))
