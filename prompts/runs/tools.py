"""What checks may use beyond an answer's text: embeddings, and a model as a judge. It judges nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage

from prompts.checks.kinds import Tools
from prompts.checks.usable import every_check
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
JUDGE = "judge"  # in Experiment.extra: the model that judges, once a run has begun (see provenance.pinned)
_JUDGED = ("llm-rubric", "model-graded-closedqa")


def tools_for(dense: Dense, chat: Callable[[str], LlamaChat]) -> ToolsFor:
    """Return what makes the tools from the parts of the page; without an embedding model there is no similarity."""

    def make(experiment: Experiment, cancel: threading.Event) -> Tools:
        loaded = dense.get(cancel) if compares_meaning(experiment) else None
        return Tools(
            similarity=None if loaded is None else similarity(loaded[0]),
            judge=judge(chat, cancel, judge_of(experiment)),
            lang=language(experiment),
        )

    return make


def compares_meaning(experiment: Experiment) -> bool:
    """Tell whether a check needs the embedding model."""
    return any(one.type.startswith("similar") for one in every_check(experiment))


def asks_judge(experiment: Experiment) -> bool:
    """Tell whether a check asks a model."""
    return any(one.type in _JUDGED for one in every_check(experiment))


def judge_of(experiment: Experiment) -> str:
    """Return the name of the model that judges; "" is the one in use."""
    return str(experiment.extra.get(JUDGE) or "")


def similarity(embedder: Embedder) -> Callable[[str, str], float]:
    """Return what gives the cosine of two texts."""

    def cosine(one: str, other: str) -> float:
        first, second = embedder.encode_sentences([one, other])
        return float(first @ second)

    return cosine


def judge(chat: Callable[[str], LlamaChat], cancel: threading.Event, name: str = "") -> Callable[[str], str]:
    """Return what asks a model ("": the one in use), greedily and for a few words.

    It raises Cancelled, and what `chat` raises.
    """

    def ask(prompt: str) -> str:
        message = chat(name).invoke([HumanMessage(prompt)], decoding=JUDGEMENT, cancel=cancel)
        if cancel.is_set():
            raise Cancelled
        return str(message.text)

    return ask


def language(experiment: Experiment) -> str:
    """Return the language in which the experiment asks, "en" or "es"."""
    return question_language(" ".join(f"{column.prompt.system} {column.prompt.user}" for column in experiment.columns))
