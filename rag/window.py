"""What goes into the context window: the prompt, cut until it and the answer fit. It knows nothing of retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import QuestionTooLong
from rag.selection import Excerpt

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from rag.llm import LlamaChat

Turn = tuple[str, str]  # (role, text)
_MIN_ANSWER = 64  # tokens that are kept free for the answer, at the least


@dataclass(frozen=True)
class Ask:
    """What is asked of the model. No excerpts: a chat without documents; `strong`: they are likely to answer it."""

    question: str
    language: str
    excerpts: tuple[Excerpt, ...] = ()
    strong: bool = True
    system: str = ""
    max_tokens: int = 512


@dataclass(frozen=True)
class Window:
    """How the context window is used, in tokens; `dropped` counts the messages that no longer fit."""

    context: int
    system: int = 0
    history: int = 0
    passages: int = 0
    question: int = 0
    answer: int = 0
    dropped: int = 0


def fit(model: LlamaChat, ask: Ask, history: Sequence[Turn]) -> tuple[list[BaseMessage], Window, list[Excerpt]]:
    """Build the prompt, dropping the last excerpts and the oldest turns until it and the answer fit.

    Returns the excerpts that are left, too. Raises QuestionTooLong.
    """
    from rag.prompt import documents_prompt, plain_prompt

    left = list(ask.excerpts)

    def build(turns: Sequence[Turn]) -> list[BaseMessage]:
        if left:
            return documents_prompt(ask.question, left, turns, ask.language, ask.system, ask.strong)
        return plain_prompt(ask.question, turns, ask.language, ask.system)

    bare = model.count_messages(build(()))
    while len(left) > 1 and model.context - bare < _MIN_ANSWER:
        left.pop()
        bare = model.count_messages(build(()))
    reserve = max(_MIN_ANSWER, min(ask.max_tokens, model.context // 4))
    room = model.context - bare - reserve
    if model.context - bare < _MIN_ANSWER:
        raise QuestionTooLong(tokens=bare, room=model.context - _MIN_ANSWER)
    kept = _keep_last(model, history, room)
    prompt = build(kept)
    total = model.count_messages(prompt)
    passages = sum(model.count_tokens(excerpt.text) for excerpt in left)
    asked = model.count_tokens(ask.question)
    window = Window(
        context=model.context,
        system=max(0, bare - passages - asked),
        history=total - bare,
        passages=passages,
        question=asked,
        dropped=len(history) - len(kept),
    )
    return prompt, window, left


def _keep_last(model: LlamaChat, history: Sequence[Turn], room: int) -> list[Turn]:
    """Return the newest whole exchanges that fit into `room` tokens; a kept history begins with the user."""
    kept: list[Turn] = []
    used = 0
    for role, text in reversed(history):
        used += model.count_tokens(text) + 8  # the template's own tokens around a message
        if used > room:
            break
        kept.insert(0, (role, text))
    while kept and kept[0][0] != "user":
        kept.pop(0)
    return kept
