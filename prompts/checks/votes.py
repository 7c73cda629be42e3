"""What several answers to one question say, in one form each, so that those that agree can be counted."""

from __future__ import annotations

from collections.abc import Sequence

from prompts.checks.answers import plain, read
from prompts.checks.numbers import parsed

_MOST_LABELS = 20


def readings(texts: Sequence[str], parse: str, lang: str = "", cut: Sequence[bool] = ()) -> list[str | None]:
    """Return what each text says as it is graded (see answers.read), the same text for those that agree.

    None: it could not be read, and has no vote. Only where none can be read do they vote as they stand. Labels are
    those that any of the texts states.
    """
    ends = list(cut) or [False] * len(texts)
    found = [read(text, parse, (), lang, end).lenient for text, end in zip(texts, ends, strict=True)]
    labels = tuple(dict.fromkeys(one for one in found if one)) if parse == "label" else ()
    if 0 < len(labels) <= _MOST_LABELS:
        found = [read(text, parse, labels, lang, end).lenient for text, end in zip(texts, ends, strict=True)]
    if not any(found):
        return [plain(text) for text in texts]
    return _agreed(found, parse)


def _agreed(found: Sequence[str | None], parse: str) -> list[str | None]:
    """Return the readings with those that are equal written as the first of them is: 1/2 is 0.5, but not 50%."""
    first: dict[object, str] = {}
    return [None if one is None else first.setdefault(_value(one, parse), one) for one in found]


def _value(reading: str, parse: str) -> object:
    if parse == "number":
        number = parsed(reading, "en")  # a reading has a decimal point in any language
        return (number.value, number.percent) if number else reading
    return plain(reading) if parse in ("text", "last_line") else reading
