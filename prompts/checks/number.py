"""Whether the number that an answer states is the expected one, within a tolerance."""

from __future__ import annotations

from fractions import Fraction

from prompts.checks.answers import read
from prompts.checks.kinds import Asked, Found, Kind, outcome, text_of, unread
from prompts.checks.numbers import Number, parsed
from prompts.words import Said
from rag.errors import BadCheck

_ROUNDING = Fraction(1, 10**9)  # 0.1 + 0.2


def number(asked: Asked) -> Found:
    """Compare numbers. Strictly 25% is not 25; leniently the figure counts, whatever its unit."""
    wanted = _wanted(asked)
    text = asked.text
    if asked.column.parse == "last_line":
        text = read(text, "last_line").lenient or ""
    said = read(text, "number", lang=asked.lang, cut=asked.cut)
    got = parsed(said.lenient, "en") if said.lenient else None
    if said.lenient is None or got is None:
        return unread("number")
    near = _near(got, wanted, asked)
    exact = parsed(said.strict, "en") if said.strict else None
    strict = exact is not None and exact.percent == wanted.percent and _near(exact, wanted, asked)
    return Found(
        strict=outcome(strict) if exact is not None else "unparsed",
        lenient=outcome(near),
        score=float(near),
        reason=Said("check.number" if near else "check.number_not", {"got": said.lenient, "value": str(wanted)}),
        read=said.lenient,
    )


def _wanted(asked: Asked) -> Number:
    # What YAML or JSON holds as a number has a decimal point in any language.
    lang = asked.lang if isinstance(asked.value, str) else "en"
    found = parsed(text_of(asked), lang)
    if found is None:
        raise BadCheck(type=asked.check.type, reason="value: 9")
    return found


def _near(got: Number, wanted: Number, asked: Asked) -> bool:
    size = max(Fraction(1), abs(wanted.value))
    return bool(abs(got.value - wanted.value) <= Fraction(str(asked.threshold(0.0))) + _ROUNDING * size)


KINDS = (Kind("number", "number", number, threshold=0.0, ours=True),)
