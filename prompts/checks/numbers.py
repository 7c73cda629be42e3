"""Numbers as English and Spanish write them, found in running text; it knows nothing of what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from rag.language import question_language

_DIGITS = r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*|\.\d+"
# A sign or the first digit does not follow on a letter, a digit or a separator: "10-5" holds no -5, "H2O" no 2.
_NUMBER = re.compile(
    rf"(?<!\w)(?<!\d[.,])(?P<sign>(?<![\w)][-−–])[-−+](?=[$€£]?\d))?(?:[$€£]\s?)?"
    rf"(?:(?<!/)(?:(?P<whole>\d+)\s)?(?P<over>\d+)/(?P<under>\d+)(?!/?\d)|(?P<digits>{_DIGITS})(?:[eE](?P<power>[+-]?\d{{1,2}})"
    rf"(?!\w))?)(?P<percent>\s?(?:%|\\%|percent\b|per cent\b|por ciento\b))?",
)
_FRAC = re.compile(r"\\[dt]?frac\{(\d{1,9})\}\{(\d{1,9})\}")
# A scale makes "2,5 millones" another number than 2.5; Spanish "billón" is a million millions.
_SCALE = re.compile(
    r"[ \t\u00a0\u202f]{1,2}(?P<word>hundred|thousand|million|billion|trillion"
    r"|mil(?: millones)?|mill[oó]n|millones|bill[oó]n|billones)\b",
    re.IGNORECASE,
)
_POWERS = {
    "hundred": 2, "thousand": 3, "mil": 3, "million": 6, "millon": 6, "millones": 6, "billion": 9, "mil millones": 9,
    "trillion": 12, "billon": 12, "billones": 12,
}  # fmt: skip
_BLANKS = re.compile(r"([^\S\n])[^\S\n]{2,}")
_LONGEST = 30  # digits; what is longer is no number that anybody counts with


@dataclass(frozen=True)
class Number:
    """A number and where it stands, text[start:end]; `percent`: it was written as a percentage, `value` its figure.

    `scaled`: part of it is a word, as in "2.5 million"; `value` is the whole, 2500000.
    """

    value: Fraction
    percent: bool
    fraction: bool
    start: int
    end: int
    scaled: bool = False

    def __str__(self) -> str:
        """Return it in one form for all ways of writing it: "7" for 7.0, "1234.5", "3/4", "25%"."""
        return _plain(self.value, self.fraction) + ("%" if self.percent else "")


def numbers(text: str, lang: str = "") -> Iterator[Number]:
    """Yield the numbers of `text` in order. `lang` tells what 1.234 is where nothing else does; "": the text's own."""
    for match in _NUMBER.finditer(text):
        value = _value(match, lang, text)
        if value is not None:
            percent, end = match["percent"] is not None, match.end()
            scale = None if percent or abs(value) >= 1000 else _SCALE.match(text, end)
            if scale:  # "in 2024 mil personas" is no number of millions
                value *= 10 ** _POWERS[scale["word"].lower().replace("ó", "o")]
                end = scale.end()
            yield Number(value, percent, match["under"] is not None, match.start(), end, scale is not None)


def readable(text: str) -> str:
    """Return `text` without the signs of Markdown and LaTeX between or around numbers; two blanks stand for more."""
    plain = text.replace("**", "").replace("__", "").replace("\\$", "$").replace("`", "")
    return _FRAC.sub(r"\1/\2", _BLANKS.sub(r"\1\1", plain))


def parsed(text: str, lang: str = "") -> Number | None:
    """Return the one number of which `text` consists, units aside; None where there is none, or more than one."""
    found = list(numbers(readable(text), lang))
    return found[0] if len(found) == 1 else None


def _value(match: re.Match[str], lang: str, text: str) -> Fraction | None:
    sign = -1 if match["sign"] in ("-", "−") else 1
    if len(match.group()) > _LONGEST:
        return None
    if match["under"] is not None:
        under = int(match["under"])
        return sign * (int(match["whole"] or 0) + Fraction(int(match["over"]), under)) if under else None
    plain = _decimal(re.sub(r"[ \u00a0\u202f]", "", match["digits"]), lang, text)
    return sign * Fraction(plain) * Fraction(10) ** int(match["power"] or 0) if plain else None


def _decimal(digits: str, lang: str, text: str) -> str:
    """Return the digits with a decimal point and no thousands separators."""
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return digits
    last = marks[-1]
    groups = re.split(r"[.,]", digits)
    if len(set(marks)) == 2:  # 1.234,5 and 1,234.5: the last one is the decimal mark
        whole, _, part = digits.rpartition(last)
        return re.sub(r"[.,]", "", whole) + "." + part
    thousands = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3 and groups[0] != "0"
    if len(marks) > 1:
        # 10,20,30 is a list, whose last is read; 1.2.3 a version, a date or an address.
        return "".join(groups) if thousands else groups[-1] if set(marks) == {","} else ""
    if thousands and (last == "," or (lang or question_language(text)) == "es"):
        return "".join(groups)
    return ".".join(groups)


def _plain(value: Fraction, fraction: bool) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    if fraction:
        return f"{value.numerator}/{value.denominator}"
    return f"{float(value):.12g}"
