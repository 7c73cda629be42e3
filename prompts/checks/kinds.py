"""What a kind of check is given and what it gives back; the kinds themselves are in the other check_*.py files."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from prompts.checks.answers import Read, read
from prompts.checks.numbers import parsed
from prompts.column import Column
from prompts.experiment import Row
from prompts.outcome import Check, Outcome
from prompts.reply import Reply
from prompts.words import Said
from rag.errors import BadCheck
from rag.language import question_language

Wants = Literal[
    "text", "texts", "list", "number", "schema", "elements", "regex", "language", "rubric", "checks", "nothing"
]
MOST_TEXT = 100_000  # characters of an answer that are looked at


@dataclass(frozen=True)
class Tools:
    """What a check may use beyond the answer. `similarity`: cosine of two texts; `judge` answers a prompt.

    Without one, the checks that need it are not run. `lang` is the language in which the judge is asked.
    """

    similarity: Callable[[str, str], float] | None = None
    judge: Callable[[str], str] | None = None
    lang: str = "en"


@dataclass(frozen=True)
class Asked:
    """A check on one answer. `value` is filled with the row's variables; `labels`: those there are, where known."""

    check: Check
    value: Any
    reply: Reply
    row: Row
    column: Column
    tools: Tools
    labels: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The answer."""
        return self.reply.text[:MOST_TEXT]

    @property
    def lang(self) -> str:
        """The language in which the question was asked; it may be said in the check itself."""
        said = self.check.options.get("language")
        return str(said) if said else question_language(" ".join([self.column.prompt.user, *self.row.values.values()]))

    def said(self) -> Read:
        """What the answer says, as the column has it read."""
        return read(self.text, self.column.parse, self.labels, self.lang, self.cut)

    @property
    def cut(self) -> bool:
        """Whether the limit of tokens ended the answer."""
        return self.reply.stats.get("finish_reason") == "length"

    def threshold(self, default: float) -> float:
        """The check's own threshold, or the default."""
        return default if self.check.threshold is None else self.check.threshold


@dataclass(frozen=True)
class Found:
    """What a check found, before `not-` is looked at: `reason` states a fact that stays one when it is negated."""

    strict: Outcome
    lenient: Outcome
    score: float
    reason: Said
    read: str = ""


@dataclass(frozen=True)
class Kind:
    """A type of check. `wants`: what its value is; `threshold`: the default, None where it has none.

    `ours`: promptfoo has none of that name. `judge` None: it is kept, and not run here.
    """

    type: str
    wants: Wants
    judge: Callable[[Asked], Found] | None = None
    threshold: float | None = None
    ours: bool = False

    @property
    def title(self) -> Said:
        """Its name in words; those that are not run have only promptfoo's."""
        if self.judge is None:
            return Said("check.type", {"type": self.type})
        return Said(f"check.type_{self.type.replace('-', '_')}")


def outcome(holds: bool) -> Outcome:
    """Right or wrong."""
    return "right" if holds else "wrong"


def fact(holds: bool, yes: str, no: str, score: float | None = None, read: str = "", **values: object) -> Found:
    """Return what holds or does not of the answer as it stands, said by one of two texts."""
    one = outcome(holds)
    return Found(one, one, float(holds) if score is None else score, Said(yes if holds else no, values), read)


def not_run(reason: Said) -> Found:
    """Return that the check could not be run."""
    return Found("none", "none", 0.0, reason)


def unread(parse: str) -> Found:
    """Return that nothing could be read from the answer."""
    return Found("unparsed", "unparsed", 0.0, Said("check.unread", {"what": Said(f"check.parse_{parse}")}))


def text_of(asked: Asked) -> str:
    """Return the value as a text that is not empty. Raises BadCheck."""
    value = asked.value
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        raise BadCheck(type=asked.check.type, reason='value: "…"')
    return str(value)


def texts_of(asked: Asked) -> list[str]:
    """Return the value as one or more texts: a list, or a single one. Raises BadCheck."""
    if isinstance(asked.value, list):
        return list_of(asked)
    return [text_of(asked)]


def list_of(asked: Asked) -> list[str]:
    """Return the value as a list; a text is taken apart at its commas, as in a cell of a table. Raises BadCheck."""
    value = asked.value
    if isinstance(value, str):
        value = next(csv.reader([value.replace("\n", " ")], skipinitialspace=True), [])
        value = [one.strip() for one in value]
    if not isinstance(value, list) or not value or any(isinstance(one, (dict, list)) for one in value):
        raise BadCheck(type=asked.check.type, reason="value: […]")
    return [str(one) for one in value]


def number_of(asked: Asked, value: object) -> float:
    """Return `value` as a number, which may be written as a text. Raises BadCheck."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    found = parsed(value, asked.lang) if isinstance(value, str) else None
    if found is None:
        raise BadCheck(type=asked.check.type, reason="value: 9")
    return float(found.value)


def range_of(asked: Asked, names: Sequence[str] = ("min", "max")) -> tuple[float, float]:
    """Return the value as a range: {min, max}, one of both, or an exact number. Raises BadCheck."""
    value = asked.value
    if not isinstance(value, Mapping):
        exact = number_of(asked, value)
        return exact, exact
    if not value.keys() & set(names):
        raise BadCheck(type=asked.check.type, reason="value: {min: 10, max: 50}")
    low, high = (number_of(asked, value[name]) if name in value else None for name in names)
    low, high = (0.0 if low is None else low), (float("inf") if high is None else high)
    if low > high:
        raise BadCheck(type=asked.check.type, reason="min ≤ max")
    return low, high
