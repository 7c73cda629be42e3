"""A prompt as a person writes it: instructions, worked examples, the request, and how the answer begins.

It knows nothing of models; every text may hold `{{variables}}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from prompts import template
from rag.errors import ExperimentInvalid

CONTEXT = "context"  # the variable that retrieval fills with passages


@dataclass(frozen=True)
class Shot:
    """One worked example (a "shot"): what the user said and what the model is to have answered."""

    user: str
    assistant: str


@dataclass(frozen=True)
class Prompt:
    """`begin` is put into the model's mouth: the answer goes on from there."""

    user: str
    system: str = ""
    shots: tuple[Shot, ...] = ()
    begin: str = ""

    def texts(self) -> Iterator[str]:
        """Yield every text, in the order in which the model reads them."""
        yield self.system
        for shot in self.shots:
            yield from (shot.user, shot.assistant)
        yield from (self.user, self.begin)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, in order of appearance."""
        return template.variables(self.texts())

    def check(self) -> None:
        """Raise TemplateCode where a text holds template code."""
        for text in self.texts():
            template.check(text)

    def filled(self, values: Mapping[str, str]) -> Prompt:
        """Return it with the values put in. Raises TemplateCode, VariableMissing."""
        return replace(
            self,
            user=template.fill(self.user, values),
            system=template.fill(self.system, values),
            shots=tuple(Shot(template.fill(s.user, values), template.fill(s.assistant, values)) for s in self.shots),
            begin=template.fill(self.begin, values),
        )

    def messages(self) -> list[BaseMessage]:
        """Return the chat: system, examples as turns, the request. An empty system message is left out."""
        found: list[BaseMessage] = [SystemMessage(self.system)] if self.system.strip() else []
        for shot in self.shots:
            found += [HumanMessage(shot.user), AIMessage(shot.assistant)]
        return [*found, HumanMessage(self.user)]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; what is empty is left out."""
        whole = {
            "system": self.system,
            "examples": [{"user": shot.user, "assistant": shot.assistant} for shot in self.shots],
            "user": self.user,
            "begin": self.begin,
        }
        return {key: value for key, value in whole.items() if value or key == "user"}

    @classmethod
    def from_json(cls, data: object) -> Prompt:
        """Read what `to_json` gives, or a text for the user's part alone. Raises ExperimentInvalid, TemplateCode."""
        if isinstance(data, str):
            data = {"user": data}
        if not isinstance(data, Mapping) or not isinstance(data.get("user"), str):
            raise ExperimentInvalid(where="prompt", wanted='{"user": "…", "system": "…", "examples": […]}')
        examples = data.get("examples") or []
        if not isinstance(examples, list) or not all(_is_shot(one) for one in examples):
            raise ExperimentInvalid(where="examples", wanted='[{"user": "…", "assistant": "…"}]')
        prompt = cls(
            user=data["user"],
            system=str(data.get("system") or ""),
            shots=tuple(Shot(one["user"], one["assistant"]) for one in examples),
            begin=str(data.get("begin") or ""),
        )
        prompt.check()
        return prompt


def _is_shot(data: object) -> bool:
    return isinstance(data, Mapping) and all(isinstance(data.get(key), str) for key in ("user", "assistant"))
