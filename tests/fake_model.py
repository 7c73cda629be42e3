"""A chat model of a few words: says what it is told to, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage

if TYPE_CHECKING:
    import threading

    from rag.settings import Decoding


class FakeModel:
    """As much of LlamaChat as a short line from it needs. `prompts` holds every prompt."""

    def __init__(self, *lines: str, name: str = "fake", finish: str = "stop") -> None:
        """Say `lines` in turn, the last one for ever."""
        self.model = name
        self.lines = list(lines)
        self.finish = finish
        self.prompts: list[Sequence[BaseMessage]] = []

    def invoke(
        self,
        messages: Sequence[BaseMessage],
        decoding: Decoding | None = None,
        cancel: threading.Event | None = None,
        grammar: str | None = None,
    ) -> AIMessage:
        """Return the next line."""
        self.prompts.append(messages)
        line = self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]
        return AIMessage(line, response_metadata={"finish_reason": self.finish})
