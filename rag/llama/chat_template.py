"""Chat messages to a prompt, by the template that a model brings along; knows no tokens.

A template is a Jinja program from a stranger: it runs in the sandbox, with a budget of loop turns and calls (its
memory is not bounded, so a file from an unknown place deserves the same care as any program). Contents never pass
through it: placeholders do, and the tokenizer is told which parts of the prompt are the template's own.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rag.llama.vocabulary import Piece

logger = logging.getLogger(__name__)

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_MAX_SOURCE = 262_144  # characters; the longest in common use has about 20,000
_MAX_STEPS = 200_000  # loop turns and calls in one rendering; an ordinary one takes a few for each message


class Turn(NamedTuple):
    """One message: `role` is "system", "user", "assistant" or what else the template knows."""

    role: str
    content: str


class ChatTemplate:
    """A model's template. `source` None, or one that cannot be used, means ChatML."""

    def __init__(self, source: str | None, bos: str = "", eos: str = "") -> None:
        self._tokens = {"bos_token": bos, "eos_token": eos}
        self._environment = _Environment()
        self._chatml = self._environment.from_string(CHATML)
        self._template = self._compile(source) if source else self._chatml
        if not self._shows(Turn("user", "x")):
            logger.warning("the model's chat template does not show what is said; ChatML takes its place")
            self._template = self._chatml
        self._takes_system = self._shows(Turn("system", "x"), Turn("user", "y"))
        self.source = CHATML if self._template is self._chatml else str(source)  # of the template that is in use

    def pieces(self, turns: Sequence[Turn], add_generation_prompt: bool = True) -> list[Piece]:
        """Return the prompt cut into the template's own text and the messages' contents, in order."""
        fitting = turns if self._takes_system else _fold_system(turns)
        for template, tried in (
            (self._template, fitting),
            (self._template, _alternating(fitting)),
            (self._chatml, turns),
        ):
            try:
                pieces = self._fill(template, tried, add_generation_prompt)
            except Exception as error:  # whatever a stranger's program can raise
                logger.info("chat template failed: %s", error)
                continue
            if pieces is not None:
                return pieces
        raise AssertionError("ChatML renders every conversation")

    def _fill(self, template: Template, turns: Sequence[Turn], generate: bool) -> list[Piece] | None:
        """Render placeholders and put the contents in their place; None when one of them got lost."""
        nonce = secrets.token_hex(8)
        marks = [f"TEXT{nonce}N{number}E" for number in range(len(turns))]
        # White space stays outside the placeholder, so that a template which trims trims it.
        masked = [Turn(turn.role, _mask(turn.content, mark)) for turn, mark in zip(turns, marks, strict=True)]
        prompt = self._render(template, masked, generate)
        parts = re.split(f"TEXT{nonce}N([0-9]+)E", prompt)
        order = [int(number) for number in parts[1::2]]
        if order != [number for number, turn in enumerate(turns) if turn.content.strip()]:
            return None
        texts = [turns[int(part)].content.strip() if at % 2 else part for at, part in enumerate(parts)]
        return [Piece(text, trusted=at % 2 == 0) for at, text in enumerate(texts) if text]

    def _render(self, template: Template, turns: Sequence[Turn], generate: bool) -> str:
        self._environment.steps.left = _MAX_STEPS
        return template.render(
            messages=[turn._asdict() for turn in turns],
            add_generation_prompt=generate,
            tools=None,
            documents=None,
            enable_thinking=False,  # models that can think aloud first would keep the reader waiting
            raise_exception=_raise,
            strftime_now=lambda form: datetime.now().strftime(form),
            **self._tokens,
        )

    def _compile(self, source: str) -> Template:
        try:
            if len(source) > _MAX_SOURCE:
                raise TemplateError("too long")
            return self._environment.from_string(source)
        except (TemplateError, RecursionError, SyntaxError) as error:
            logger.warning("the model's chat template cannot be used, ChatML takes its place: %s", error)
            return self._chatml

    def _shows(self, *turns: Turn) -> bool:
        try:
            return self._fill(self._template, turns, True) is not None
        except Exception:  # some templates refuse a system message by raising
            return False


def _mask(content: str, mark: str) -> str:
    inner = content.strip()
    return content.replace(inner, mark, 1) if inner else content


def _fold_system(turns: Sequence[Turn]) -> list[Turn]:
    """Put what the system messages say before the first user message."""
    system = [turn.content for turn in turns if turn.role == "system"]
    rest = [turn for turn in turns if turn.role != "system"]
    if not system:
        return rest
    first = next((number for number, turn in enumerate(rest) if turn.role == "user"), None)
    if first is None:
        return [Turn("user", "\n\n".join(system)), *rest]
    rest[first] = Turn("user", "\n\n".join([*system, rest[first].content]))
    return rest


def _alternating(turns: Sequence[Turn]) -> list[Turn]:
    """Join neighbours of one role: many templates insist that user and assistant alternate, the user first."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].role == turn.role:
            joined[-1] = Turn(turn.role, f"{joined[-1].content}\n\n{turn.content}")
        else:
            joined.append(turn)
    speakers = [turn.role for turn in joined if turn.role != "system"]
    if speakers[:1] == ["assistant"]:
        joined.insert(len(joined) - len(speakers), Turn("user", ""))
    return joined


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


class _Steps:
    """The budget of one rendering."""

    left = 0

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise TemplateError("the template does not come to an end")


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with Hugging Face's additions and a budget: each loop's items and each call are counted."""

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation])
        self.steps = _Steps()
        self.filters["tojson"] = _to_json
        self.filters["counted"] = self._counted

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            counted = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
            loop.iter = counted.set_environment(self)
        return tree

    def _counted(self, items: Iterable[Any]) -> list[Any]:
        listed = list(items)
        self.steps.spend(len(listed) + 1)
        return listed

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        self.steps.spend(1)
        return super().call(context, obj, *args, **kwargs)


class _Generation(Extension):
    """{% generation %} marks the assistant's part for training; here it only has to be let through."""

    tags: set[str] = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _to_json(value: object, indent: int | None = None, **_: object) -> str:
    # Jinja's own escapes for HTML, which would show the model \u003c for <.
    return json.dumps(value, ensure_ascii=False, indent=indent)
