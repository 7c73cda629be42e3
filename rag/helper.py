"""A short, greedy line from the chat model for the app's own use; it knows neither what it is for nor who asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from rag.errors import Cancelled, ModelNotReady, QuestionTooLong
from rag.settings import Decoding

if TYPE_CHECKING:
    from rag.llm import LlamaChat

TOKENS = 48  # two seconds and a half of writing on two cores
_GREEDY = Decoding(temperature=0.0, top_k=1, top_p=1.0, min_p=0.0, max_tokens=TOKENS, stop=("\n",))


def messages(system: str, shots: Sequence[tuple[str, str]], last: str) -> list[BaseMessage]:
    """Return a few-shot prompt whose fixed part comes first; `shots` are (asked, answered)."""
    found: list[BaseMessage] = [SystemMessage(system)]
    for asked, answered in shots:
        found += [HumanMessage(asked), AIMessage(answered)]
    return [*found, HumanMessage(last)]


def one_line(
    model: LlamaChat, prompt: Sequence[BaseMessage], cancel: threading.Event | None, grammar: str | None = None
) -> str:
    """Return the model's line, or "" when it ran on past TOKENS or the prompt does not fit.

    Raises Cancelled, ModelNotReady.
    """
    try:
        answer = model.invoke(list(prompt), decoding=_GREEDY, cancel=cancel, grammar=grammar)
    except QuestionTooLong:
        return ""
    if cancel is not None and cancel.is_set():
        raise Cancelled
    reason = answer.response_metadata.get("finish_reason")
    if reason == "cancelled":  # nobody cancelled: another model has taken over, and half a line is none
        raise ModelNotReady
    if reason == "length":
        return ""
    return str(answer.text).strip()
