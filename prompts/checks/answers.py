"""What an answer says, read from its text: a number, a label, JSON, its last line. It knows nothing of right or wrong.

Strictly, only what stands in the form that was asked for; leniently, what a reader would find in free text too.
Whatever is read strictly is read leniently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prompts.checks.numbers import Number, numbers, readable
from rag.errors import BadOption


@dataclass(frozen=True)
class Read:
    """What was read, in one form for all ways of writing it; None: not parseable."""

    strict: str | None
    lenient: str | None


NOTHING = Read(None, None)
_STATED = re.compile(
    r"(?:\banswer(?:\s*\([^()]{0,40}\))?(?:\s+is)?|\brespuesta(?:\s+(?:final|correcta))?(?:\s*\([^()]{0,40}\))?"
    r"(?:\s+es)?|####)\s*[:=]?\s*(?=(?P<rest>[^\n]*))",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\s*[^\W\d_]*(?:[\s/²³°][^\W\d_]*){0,4}\s*[€$£]?\s*(?=[.,;!)\]]|$)")
_BEFORE = re.compile(r"[\s(\[=:]*(?:US|€|\$|£)?\s*")
_FENCE = re.compile(r"^\s*```[\w-]*\n|\n?```\s*$")
_EDGES = " \t\r\n.,;:!?¡¿\"'«»“”‘’()[]{}*_`#-"
_NAMED = re.compile(
    r"(?:\banswer|\brespuesta|\blabel|\betiqueta|\bcategor(?:y|ía)|\bclass|\bclase|\bsentiment|\bsentimiento)\b"
    r"[^:\n]{0,40}?(?::|\bis\b|\bes\b)\s*([^\n.]+)",
    re.IGNORECASE,
)
_LABEL_WORDS = 3
_STARTS = 500  # brackets that are tried for the beginning of a JSON value


def read(text: str, parse: str, labels: Sequence[str] = (), lang: str = "") -> Read:
    """Return what `text` says as `parse` (see prompts.column.PARSES). Raises BadOption for another.

    `labels`: those there are, where they are known. `lang` tells thousands from decimals where the text does not.
    """
    match parse:
        case "number":
            return _number(text, lang)
        case "label":
            return _label(text, labels)
        case "json":
            return _json(text)
        case "last_line" | "text":
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            whole = (lines[-1] if parse == "last_line" else text.strip()) if lines else None
            return Read(whole, whole)
    raise BadOption(option="parse", allowed="text, number, label, json, last_line")


def _number(text: str, lang: str) -> Read:
    """Strictly "The answer is 9.", "La respuesta es 9", "#### 9" or the number alone; leniently the last number."""
    shown = readable(text)
    found = list(numbers(shown, lang))
    if not found:
        return NOTHING
    strict = _stated(shown, found) or _alone(shown, found)
    return Read(strict, strict or str(found[-1]))


def _stated(text: str, found: Sequence[Number]) -> str | None:
    """Return the number that the last "the answer is" is followed by, and nothing but a unit."""
    for match in reversed(list(_STATED.finditer(text))):
        for number in found:
            if number.start >= match.end() and _BEFORE.fullmatch(text[match.end() : number.start]):
                return str(number) if _UNIT.match(text, number.end, match.end("rest")) else None
    return None


def _alone(text: str, found: Sequence[Number]) -> str | None:
    around = text[: found[0].start] + text[found[0].end :]
    return str(found[0]) if len(found) == 1 and not around.strip(_EDGES + "$€£=") else None


def _label(text: str, labels: Sequence[str]) -> Read:
    """Strictly the label alone, punctuation aside; leniently the last one that is named."""
    alone = _folded(text)
    if not alone:
        return NOTHING
    if labels:
        known = list(dict.fromkeys(label for label in map(_folded, labels) if label))
        if alone in known:
            return Read(alone, alone)
        return Read(None, _last_named(text, known))
    if len(alone.split()) <= _LABEL_WORDS and "\n" not in text.strip():
        named = _NAMED.search(text)
        return Read(None, _folded(named[1])) if named else Read(alone, alone)
    said = [_folded(match[1]) for match in _NAMED.finditer(text)]
    short = [one for one in said if 0 < len(one.split()) <= _LABEL_WORDS]
    return Read(None, short[-1] if short else None)


def _last_named(text: str, labels: Sequence[str]) -> str | None:
    """Return the label whose last mention ends last; of two that end there, the longer ("very good", "good")."""
    folded = " ".join(text.casefold().split())
    best: tuple[int, int, str] | None = None
    for label in labels:
        for match in re.finditer(rf"(?<!\w){re.escape(label)}(?!\w)", folded):
            best = max(best or (-1, 0, ""), (match.end(), len(label), label))
    return best[2] if best else None


def _folded(text: str) -> str:
    return " ".join(text.casefold().strip(_EDGES).split())


def _json(text: str) -> Read:
    """Strictly the whole text; leniently the last object or list in it, or what a code fence holds."""
    whole = loads(text)
    if whole is not MISSING:
        return Read(canonical(whole), canonical(whole))
    found = json_values(text)
    return Read(None, canonical(found[-1]) if found else None)


MISSING = object()  # what `loads` gives for a text that is no JSON: null is


def loads(text: str) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return the value of a text that is JSON as a whole (RFC 8259: NaN is none), else MISSING."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_number_of)
    except (ValueError, RecursionError):
        return MISSING


def json_values(text: str) -> list[Any]:
    """Return the JSON objects and lists that stand in `text`, outermost ones only, in order; in a fence any value."""
    fenced = loads(_FENCE.sub("", text))
    return [fenced] if fenced is not MISSING else list(_scan(text))


def _scan(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(parse_constant=_no_constant, parse_float=_number_of)
    position, tried = 0, 0
    while tried < _STARTS and (match := re.compile(r"[{\[]").search(text, position)):
        tried += 1
        try:
            value, position = decoder.raw_decode(text, match.start())
            yield value
        except (ValueError, RecursionError):
            position = match.end()


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _number_of(digits: str) -> float:
    """1.0 is 1: JSON knows one kind of number."""
    value = float(digits)
    return int(value) if value.is_integer() else value


def canonical(value: object) -> str:
    """Return a JSON value as text, the same for all that are equal (in Python, true would equal 1)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
