"""What the lint looks at: a prompt's parts, what in them is instruction and what is data, and how a part is edited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from prompts.prompt import Prompt, Shot
from prompts.words import Said

Part = Literal["system", "user", "examples", "begin"]
_FENCED = re.compile(
    r'"""(?:.*?)"""|\'\'\'(?:.*?)\'\'\'|```(?:.*?)```'
    r"|^[ \t]*(?P<rule>([#=*~_-])\2{2,})[ \t]*$.*?^[ \t]*(?P=rule)[ \t]*$"
    r"|<(?P<tag>[^\W\d][\w-]*)(?:\s[^<>\n]*)?>.*?</(?P=tag)>",
    re.DOTALL | re.MULTILINE,
)
_QUOTED = re.compile(r'"[^"\n]*"|“[^”]*”|«[^»]*»|(?<!\w)\'[^\'\n]+\'(?!\w)|(?<!\w)‘[^’\n]+’(?!\w)')
_SENTENCE = re.compile(r"[^\s.!?:;][^.!?\n]*[.!?]*")


@dataclass(frozen=True)
class Finding:
    """A flaw: `found` is the text of `part` from `start` to `end`, in characters.

    For "examples" the positions are in all their texts joined by line breaks, request and answer in turn. `fixed` is
    the whole prompt with this one flaw mended, where that can be done without knowing what the prompt is for.
    """

    rule: str
    part: Part
    start: int
    end: int
    found: str
    title: Said
    why: Said
    fix: Said
    fixed: Prompt | None = None


@dataclass(frozen=True)
class Text:
    """One part of a prompt. `plain` is as long as `raw`, with blanks where `raw` quotes or fences something in."""

    part: Part
    raw: str

    @cached_property
    def fenced(self) -> list[tuple[int, int]]:
        """Where something stands between delimiters or quotation marks."""
        found = [match.span() for match in _FENCED.finditer(self.raw)]
        return found + [match.span() for match in _QUOTED.finditer(blanked(self.raw, found))]

    @cached_property
    def plain(self) -> str:
        """What is said by the prompt itself."""
        return blanked(self.raw, self.fenced)

    def sentences(self) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, words) of each sentence of `plain`, one a line at least."""
        for match in _SENTENCE.finditer(self.plain):
            kept = match.group().rstrip()
            yield match.start(), match.start() + len(kept), kept

    def holds(self, start: int, end: int) -> bool:
        """Tell whether raw[start:end] stands between delimiters."""
        return any(first <= start and end <= last for first, last in self.fenced)


@dataclass(frozen=True)
class Draft:
    """A prompt to be looked at. `lang` is the language that fixes are written in; `variables` what a test set has."""

    prompt: Prompt
    lang: str
    variables: tuple[str, ...] | None = None
    schema: bool = False

    @cached_property
    def system(self) -> Text:
        """The system message."""
        return Text("system", self.prompt.system)

    @cached_property
    def user(self) -> Text:
        """The request."""
        return Text("user", self.prompt.user)

    @cached_property
    def spoken(self) -> tuple[Text, Text]:
        """The parts that tell the model what to do, in the order in which it reads them."""
        return self.system, self.user

    @cached_property
    def said(self) -> str:
        """All that instructs, quotations left out."""
        return f"{self.system.plain}\n{self.user.plain}"


def blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """Return `text` with blanks at `spans`; line breaks stay."""
    for start, end in spans:
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    return text


def finding(rule: str, text: Text, span: tuple[int, int], fixed: Prompt | None = None, **values: object) -> Finding:
    """Return a finding at `span` of `text`, with the words of prompts/i18n for its rule."""
    found = text.raw[slice(*span)]
    values = {"found": " ".join(found.split())} | values
    title, why, fix = (Said(f"lint.{rule}_{what}", values) for what in ("title", "why", "fix"))
    return Finding(rule, text.part, *span, found, title, why, fix, fixed)


def edited(prompt: Prompt, part: Part, start: int, end: int, new: str) -> Prompt:
    """Return the prompt with the text of `part` from `start` to `end` replaced."""
    if part == "examples":
        return replace(prompt, shots=_shots(prompt, start, end, new))
    text: str = getattr(prompt, part)
    parts: dict[str, Any] = {part: text[:start] + new + text[end:]}
    return replace(prompt, **parts)


def shot_texts(prompt: Prompt) -> Iterator[tuple[int, str]]:
    """Yield (where it begins in all of them joined by line breaks, text), request and answer in turn."""
    position = 0
    for shot in prompt.shots:
        for text in (shot.user, shot.assistant):
            yield position, text
            position += len(text) + 1


def _shots(prompt: Prompt, start: int, end: int, new: str) -> tuple[Shot, ...]:
    texts = []
    for position, text in shot_texts(prompt):
        if position <= start and end <= position + len(text):
            text = text[: start - position] + new + text[end - position :]
        texts.append(text)
    return tuple(Shot(*pair) for pair in zip(texts[::2], texts[1::2], strict=True))
