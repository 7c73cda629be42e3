"""Checks on the words of an answer as they stand: what it contains, begins with, matches, and how long it is."""

from __future__ import annotations

import re
from collections.abc import Callable

import regex

from prompts.checks.kinds import Asked, Found, Kind, fact, list_of, not_run, number_of, range_of, text_of
from prompts.words import Said
from rag.errors import BadCheck
from rag.language import LANGUAGES, PAGE_LANGUAGES, detect
from rag.lexical import fold

_MOST_PATTERN = 1_000
_REGEX_S = 1.0  # a pattern of a test set may be one that never ends
_LONG_ENOUGH = 40  # letters, from which eight languages can be told apart
_LENGTH = re.compile(r"\s*(\d+)\s*(words?|palabras?|characters?|caracteres|carácter)?\s*", re.IGNORECASE)


def _same(text: str) -> str:
    return text


def _contains(same: Callable[[str], str]) -> Callable[[Asked], Found]:
    def judge(asked: Asked) -> Found:
        value = text_of(asked)
        return fact(same(value) in same(asked.text), "check.contains", "check.contains_not", value=value)

    return judge


def _contains_all(same: Callable[[str], str]) -> Callable[[Asked], Found]:
    def judge(asked: Asked) -> Found:
        wanted = list_of(asked)
        missing = [one for one in wanted if same(one) not in same(asked.text)]
        shown = ", ".join(missing or wanted)
        return fact(not missing, "check.contains_all", "check.contains_all_not", value=shown)

    return judge


def _contains_any(same: Callable[[str], str]) -> Callable[[Asked], Found]:
    def judge(asked: Asked) -> Found:
        wanted = list_of(asked)
        found = [one for one in wanted if same(one) in same(asked.text)]
        shown = ", ".join(found or wanted)
        return fact(bool(found), "check.contains", "check.contains_any_not", value=shown)

    return judge


def _names(asked: Asked) -> Found:
    """Look for any of the names as whole words, whatever the accents, case, hyphens: 11 is neither in 110 nor 11.5."""
    wanted, text = list_of(asked), fold(asked.text)
    found = [one for one in wanted if _named(one, text)]
    shown = ", ".join(found or wanted)
    return fact(bool(found), "check.contains", "check.contains_any_not", value=shown, read=", ".join(found))


def _named(name: str, text: str) -> bool:
    said = r"[\W_]+".join(re.escape(word) for word in re.findall(r"[^\W_]+", fold(name)))
    return bool(said and re.search(rf"(?<!\w)(?<!\d[.,]){said}(?!\w|[.,]\d)", text))


def _starts_with(asked: Asked) -> Found:
    value = text_of(asked)
    return fact(asked.text.startswith(value), "check.starts", "check.starts_not", value=value)


def _ends_with(asked: Asked) -> Found:
    value = text_of(asked)
    return fact(asked.text.endswith(value), "check.ends", "check.ends_not", value=value)


def _regex(asked: Asked) -> Found:
    """Search for the pattern, as JavaScript's and Python's common ground has it; it is ended after a second."""
    pattern = text_of(asked)
    if len(pattern) > _MOST_PATTERN:
        raise BadCheck(type="regex", reason=f"≤ {_MOST_PATTERN}")
    try:
        found = regex.search(pattern, asked.text, timeout=_REGEX_S)
    except regex.error as error:
        raise BadCheck(type="regex", reason=str(error)) from error
    except TimeoutError:
        return not_run(Said("check.regex_slow", {"value": pattern}))
    read = found.group() if found else ""
    return fact(found is not None, "check.regex", "check.regex_not", read=read[:200], value=pattern)


def _word_count(asked: Asked) -> Found:
    low, high = range_of(asked)
    words = len(asked.text.split())
    return fact(low <= words <= high, "check.words", "check.words_not", words=words)


def _max_length(asked: Asked) -> Found:
    most, unit = _length(asked)
    got = len(asked.text.split()) if unit == "words" else len(asked.text)
    name = Said(f"check.unit_{unit}")
    return fact(got <= most, "check.length", "check.length_not", got=got, most=int(most), unit=name)


def _length(asked: Asked) -> tuple[float, str]:
    """Return how much, and of what: "50 words", {words: 50}, {characters: 200}, or a number of characters."""
    value = asked.value
    if isinstance(value, dict):
        unit = "words" if "words" in value else "characters"
        return number_of(asked, value.get(unit)), unit
    match = _LENGTH.fullmatch(str(value))
    if not match:
        raise BadCheck(type="max-length", reason='value: "50 words"')
    return float(match[1]), "words" if (match[2] or "").lower().startswith(("word", "palabra")) else "characters"


def _language(asked: Asked) -> Found:
    wanted = text_of(asked).strip().lower()
    if wanted not in LANGUAGES:
        raise BadCheck(type="language", reason=", ".join(LANGUAGES))
    letters = sum(character.isalpha() for character in asked.text)
    # A few words may be in any of eight languages; they are taken for one of Aula's two, or the one asked for.
    among = LANGUAGES if letters >= _LONG_ENOUGH else tuple(dict.fromkeys((*PAGE_LANGUAGES, wanted)))
    got = detect(asked.text, among)
    if not got:
        return Found("unparsed", "unparsed", 0.0, Said("check.language_unread"))
    return fact(got == wanted, "check.language", "check.language_not", read=got, value=wanted, got=got)


KINDS = (
    Kind("contains", "text", _contains(_same)),
    Kind("icontains", "text", _contains(str.casefold)),
    Kind("contains-all", "list", _contains_all(_same)),
    Kind("icontains-all", "list", _contains_all(str.casefold)),
    Kind("contains-any", "list", _contains_any(_same)),
    Kind("icontains-any", "list", _contains_any(str.casefold)),
    Kind("names", "list", _names, ours=True),
    Kind("starts-with", "text", _starts_with),
    Kind("ends-with", "text", _ends_with),
    Kind("regex", "regex", _regex),
    Kind("word-count", "number", _word_count),
    Kind("max-length", "number", _max_length, ours=True),
    Kind("language", "language", _language, ours=True),
)
