"""What an answer says, read from its text: a number, a label, JSON, its last line. It knows nothing of right or wrong.

Strictly, only what stands in the form that was asked for; leniently, what a reader would find in free text too.
Whatever is read strictly is read leniently.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
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
    r"(?:\s+es)?|####|(?P<box>\\boxed\{))\s*[:=]?\s*",
    re.IGNORECASE,
)
# Possessive (*+): what a model says may hold thousands of blanks, and each must be read once.
_UNIT = re.compile(r"\s*+[^\W\d_]*+(?:[\s/²³°][^\W\d_]*+){0,4}+\s*+[€$£]?+\s*+(?=[.,;!)\]]|$)")
_BEFORE = re.compile(r"[\s(\[=:]*+(?:US|€|\$|£)?+\s*+")
_SIGN = re.compile(r"[^\S\n]{0,2}(?:[^\W\d_]{1,20}[^\S\n]{0,2})?[€$£]?[^\S\n]{0,2}(?P<sign>[-+*/×·÷=−–]|x)[^\S\n]{0,2}")
_FENCE = re.compile(r"^\s*```[\w-]*\n|\n?```\s*$")
_EDGES = " \t\r\n.,;:!?¡¿\"'«»“”‘’()[]{}*_`#-"
_NAMED = re.compile(
    r"(?:\banswer|\brespuesta|\blabel|\betiqueta|\bcategor(?:y|ía)|\bclass|\bclase|\bsentiment|\bsentimiento)\b"
    r"[^:\n]{0,40}?(?::|\bis\b|\bes\b)[\s:=*_\"'“«(\[]*+(?P<label>[^\n.,;()–—]*)",
    re.IGNORECASE,
)
_SET_OFF = re.compile(r"\s*+(?:[.,;:!)\]\n–—-]|$)")
_LABEL_WORDS = 3
_TERMS = 50  # of a sum
_BETWEEN = 40  # characters between two of them
_STARTS = 500  # brackets that are tried for the beginning of a JSON value


def read(text: str, parse: str, labels: Sequence[str] = (), lang: str = "", cut: bool = False) -> Read:
    """Return what `text` says as `parse` (see prompts.column.PARSES). Raises BadOption for another.

    `labels`: those there are, where they are known. `lang` tells thousands from decimals where the text does not.
    `cut`: it was ended by the limit of tokens, so that what it does not state it has not come to say.
    """
    match parse:
        case "number":
            return _number(text, lang, cut)
        case "label":
            return _label(text, labels, cut)
        case "json":
            return _json(text)
        case "last_line" | "text":
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            whole = (lines[-1] if parse == "last_line" else text.strip()) if lines else None
            return Read(whole, whole)
    raise BadOption(option="parse", allowed="text, number, label, json, last_line")


def _number(text: str, lang: str, cut: bool) -> Read:
    """Strictly "The answer is 9.", "La respuesta es 9", "#### 9" or the number alone; leniently the last number.

    What is stated is read, whatever comes after it: "The answer is 35 (48 - 13)." says 35, if not strictly.
    """
    shown = readable(text)
    found = list(numbers(shown, lang))
    if not found:
        return NOTHING
    alone = _alone(shown, found)
    if alone:
        return Read(alone, alone)
    stated, clean = _stated(shown, found)
    if stated is None:
        return NOTHING if cut else Read(None, str(found[-1]))
    return Read(str(stated) if clean and not stated.scaled else None, str(stated))


def _stated(text: str, found: Sequence[Number]) -> tuple[Number | None, bool]:
    """Return the number that the last "the answer is" is followed by, and whether nothing but a unit comes after it.

    A sum ("is 5 + 4 = 9") states what it comes to.
    """
    starts = [number.start for number in found]
    for match in reversed(list(_STATED.finditer(text))):
        at = bisect_left(starts, match.end())
        if at == len(found) or not _BEFORE.fullmatch(text, match.end(), starts[at]):
            continue
        terms = list(_terms(text, found, at))
        if len(terms) > 1:
            result = _result(terms)
            if result is None:
                continue
            return result, False
        line = text.find("\n", found[at].end)
        clean = _UNIT.match(text, found[at].end, line if line >= 0 else len(text))
        return found[at], clean is not None and match["box"] is None
    return None, False


def _terms(text: str, found: Sequence[Number], at: int) -> Iterator[tuple[str, Number]]:
    """Yield the numbers of a sum from found[at] on, each with the sign before it."""
    yield "=", found[at]
    for one, other in pairwise(found[at : at + _TERMS]):
        between = text[one.end : other.start]
        sign = _SIGN.fullmatch(between) if len(between) < _BETWEEN else None
        if sign is None and (between.strip(" ") or text[other.start] not in "-−–"):
            return
        yield (sign["sign"] if sign else "-"), other


def _result(terms: Sequence[tuple[str, Number]]) -> Number | None:
    """Return the last number that stands alone on its side of an equals sign; None where there is no such sign."""
    sides: list[list[Number]] = []
    for sign, number in terms:
        if sign == "=":
            sides.append([])
        sides[-1].append(number)
    return next((side[0] for side in reversed(sides) if len(side) == 1), None) if len(sides) > 1 else None


def _alone(text: str, found: Sequence[Number]) -> str | None:
    around = text[: found[0].start] + text[found[0].end :]
    return str(found[0]) if len(found) == 1 and not around.strip(_EDGES + "$€£=") else None


def _label(text: str, labels: Sequence[str], cut: bool) -> Read:
    """Strictly the label alone, punctuation aside; leniently the one that is stated, or the only one that is named."""
    alone = _folded(text)
    if not alone:
        return NOTHING
    if labels:
        known = list(dict.fromkeys(label for label in map(_folded, labels) if label))
        return Read(alone, alone) if alone in known else Read(None, _named(text, known, cut))
    if len(alone.split()) <= _LABEL_WORDS and "\n" not in text.strip():
        named = _NAMED.search(text)
        return Read(None, _folded(named["label"]) or None) if named else Read(alone, alone)
    said = [_folded(match["label"]) for match in _NAMED.finditer(text)]
    short = [one for one in said if 0 < len(one.split()) <= _LABEL_WORDS]
    return Read(None, short[-1] if short else None)


def _named(text: str, labels: Sequence[str], cut: bool) -> str | None:
    """Return the label after the last "Answer:", else the one label that is named; None where two are.

    An answer that was cut has stated one only if it begins with it ("Yes, since the coin").
    """
    folded = "\n".join(" ".join(line.casefold().split()) for line in text.splitlines() if line.strip())
    # Of two that begin together the longer: "very good" is not "good".
    one_of = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    label = re.compile(rf"(?<!\w)(?:{one_of})(?!\w)")
    stated = [label.match(folded, match.start("label")) for match in _NAMED.finditer(folded)]
    for match in reversed(stated):
        if match:
            return match.group()
    named = list(label.finditer(folded))
    if len({match.group() for match in named}) != 1:
        return None
    first = named[0]
    opening = not folded[: first.start()].strip(_EDGES) and _SET_OFF.match(folded, first.end())
    return None if cut and not opening else first.group()


def _folded(text: str) -> str:
    return " ".join(text.casefold().strip(_EDGES).split())


def plain(text: str | None) -> str:
    """Return a text as it is compared leniently: case, blanks and punctuation around it aside."""
    return " ".join((text or "").casefold().split()).strip(" .,;:!?¡¿\"'«»“”*`")


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
