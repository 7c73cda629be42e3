"""What goes into the context window: the prompt, cut until it and the answer fit. It knows nothing of retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.errors import QuestionTooLong
from rag.prompt import MOST_SHOTS, documents_prompt, plain_prompt, whole_prompt, worded
from rag.selection import Excerpt

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from rag.llm import LlamaChat

Turn = tuple[str, str]  # (role, text)
_MIN_ANSWER = 64  # tokens that are kept free for the answer, at the least
_SHORTEST = 200  # characters of the last excerpt, which is then left as it is


@dataclass(frozen=True)
class Ask:
    """What is asked of the model. No excerpts: a chat without documents; `whole`: they are a sketch of all of them.

    `examples`, `template` and `begin` are those of AskOptions; they are for a chat without documents.
    """

    question: str
    language: str
    excerpts: tuple[Excerpt, ...] = ()
    whole: bool = False
    system: str = ""
    max_tokens: int = 512
    examples: tuple[tuple[str, str], ...] = ()
    template: str = ""
    begin: str = ""


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

    @property
    def used(self) -> int:
        """The tokens of the prompt."""
        return self.system + self.history + self.passages + self.question


@dataclass(frozen=True)
class Fitted:
    """A prompt that fits, and how: `excerpts` are in it with their `tokens` each, `left_out` had no room.

    The answer goes on from `begin`.
    """

    prompt: list[BaseMessage]
    window: Window
    excerpts: list[Excerpt]
    tokens: list[int]
    left_out: list[Excerpt]
    begin: str = ""


def fit(model: LlamaChat, ask: Ask, history: Sequence[Turn]) -> Fitted:
    """Build the prompt, dropping the weakest excerpts and the oldest turns until it and the answer fit.

    Raises QuestionTooLong.
    """
    left, shots = list(ask.excerpts), MOST_SHOTS
    begun = model.count_tokens(ask.begin) if ask.begin else 0
    bare = begun + model.count_messages(_build(ask, left, (), shots))
    while (shots or left) and model.context - bare < _MIN_ANSWER:
        if shots:
            shots -= 1  # what they show is worth less than what the documents say
        elif len(left) > 1:
            left.pop()
        elif len(left[0].text) > _SHORTEST:
            left[0] = _shorter(left[0])
        else:
            break
        bare = begun + model.count_messages(_build(ask, left, (), shots))
    if model.context - bare < _MIN_ANSWER:
        raise QuestionTooLong(tokens=bare, room=model.context - _MIN_ANSWER)
    reserve = max(_MIN_ANSWER, min(ask.max_tokens, model.context // 4))
    kept = _keep_last(model, history, model.context - bare - reserve)
    left = _ends_first(left) if not ask.whole else left
    prompt = _build(ask, left, kept, shots)
    tokens = [model.count_tokens(excerpt.text) for excerpt in left]
    asked = model.count_tokens(worded(ask.question, ask.template))
    window = Window(
        context=model.context,
        system=max(0, bare - sum(tokens) - asked),
        history=begun + model.count_messages(prompt) - bare,
        passages=sum(tokens),
        question=asked,
        dropped=len(history) - len(kept),
    )
    return Fitted(prompt, window, left, tokens, list(ask.excerpts[len(left) :]), ask.begin)


def _shorter(excerpt: Excerpt) -> Excerpt:
    """Return the excerpt without its last quarter, cut after a word; its best sentence stands at the end anyway."""
    text = excerpt.text[: len(excerpt.text) * 3 // 4]
    return replace(excerpt, text=text[: text.rfind(" ")] if " " in text else text)


def _build(ask: Ask, excerpts: Sequence[Excerpt], turns: Sequence[Turn], shots: int) -> list[BaseMessage]:
    if not excerpts:
        return plain_prompt(ask.question, turns, ask.language, ask.system, ask.examples, ask.template)
    if ask.whole:
        return whole_prompt(ask.question, excerpts, turns, ask.language, ask.system)
    return documents_prompt(ask.question, excerpts, turns, ask.language, ask.system, shots)


def _ends_first(excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Return the excerpts, best first, so that the best two stand at the ends and the weakest in the middle.

    What stands in the middle of a prompt is used least (Liu et al. 2023, "Lost in the Middle").
    """
    return [*excerpts[::2], *reversed(excerpts[1::2])]


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
