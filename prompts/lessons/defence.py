"""A defence around a secret: a prompt that holds it, and filters before and after the model. It keeps no state."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from prompts import template
from prompts.lessons.leaks import shows
from prompts.prompt import Prompt
from rag.errors import SecretMissing
from rag.settings import PRESETS

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

    from langchain_core.messages import AIMessageChunk

    from rag.llm import LlamaChat

SECRET, MESSAGE = "secret", "message"  # the variables of a defence's prompt
MOST_TOKENS = 96  # long enough for a poem that spells a word
# Greedy, so that the same message meets the same answer, here and in the score.
_DECODING = replace(PRESETS["precise"], max_tokens=MOST_TOKENS, seed=0)


@dataclass(frozen=True)
class Answer:
    """What comes back. `blocked` names the filter that withheld it ("input" or "output"); then `text` is empty."""

    text: str = ""
    done: bool = False
    blocked: Literal["", "input", "output"] = ""
    checking: bool = False  # written already, in part, but not shown before the filter has seen the whole


@dataclass(frozen=True)
class Defence:
    """`asking`: beginnings of words that the input filter refuses; `output`: answers that show the secret are kept."""

    prompt: Prompt
    asking: tuple[str, ...] = ()
    output: bool = False

    def check(self) -> None:
        """Raise SecretMissing where the prompt has no place for the secret, TemplateCode for template code."""
        self.prompt.check()
        if SECRET not in template.variables((self.prompt.system, self.prompt.user)):
            raise SecretMissing

    def refuses(self, message: str) -> bool:
        """Tell whether the input filter stops the message."""
        words = _plain(message)
        return any(re.search(rf"\b{re.escape(_plain(one))}", words) for one in self.asking)

    def answer(self, model: LlamaChat, secret: str, message: str, cancel: threading.Event) -> Iterator[Answer]:
        """Yield the answer as it grows, the last one `done`. Raises SecretMissing, VariableMissing, QuestionTooLong."""
        self.check()
        if self.refuses(message):
            yield Answer(done=True, blocked="input")
            return
        text = ""
        filled = self.prompt.filled({SECRET: secret, MESSAGE: message})
        stream = cast("Generator[AIMessageChunk]", model.stream(filled.messages(), decoding=_DECODING, cancel=cancel))
        with closing(stream):
            for chunk in stream:
                text += str(chunk.text)
                # A filter that showed the beginning of what it withholds would withhold nothing.
                yield Answer(checking=True) if self.output else Answer(text)
        # What was stopped half-way may hold half of the secret, which no filter would know.
        if self.output and (cancel.is_set() or shows(text, secret)):
            yield Answer(done=True, blocked="output")
        else:
            yield Answer(text.strip(), done=True)


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text)
    return "".join(c for c in bare if not unicodedata.combining(c)).casefold()
