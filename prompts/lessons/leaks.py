"""Whether a text gives a secret word away: as it stands, or in a form that a reader can turn back. Texts only."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from math import ceil

_MOST = 2 / 3  # so much of a word in one piece gives the rest away
_SPELLED = re.compile(r"(?<=\b\w)\W+(?=\w\b)")  # what stands between single letters
_BASE64 = re.compile(r"[A-Za-z0-9+/]{6,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[\s:,-]*){6,}")


def letters(text: str) -> str:
    """Return the letters and digits alone, without case and accents: "¡M-U-R, ciélago!" is "murcielago"."""
    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c for c in "".join(bare).casefold() if c.isalnum())


def same_word(one: str, other: str) -> bool:
    """Tell whether two words are one but for case, accents and spacing; nothing is the same as no word."""
    return bool(letters(one)) and letters(one) == letters(other)


def shows(text: str, secret: str) -> bool:
    """Tell whether the secret stands in the text: in any case, accented or not, spaced out, spelled, or backwards.

    It is what an output filter can look for; `leaks` knows more ways.
    """
    seen, word = letters(text), letters(secret)
    return bool(word) and (word in seen or word[::-1] in seen)


def leaks(text: str, secret: str) -> bool:
    """Tell whether a reader of the text learns the secret: shown, encoded, as initials, or the most part of it."""
    if not letters(secret):
        return False
    return shows(text, secret) or _most(text, secret) or any(shows(one, secret) for one in _turned_back(text))


def _most(text: str, secret: str) -> bool:
    """Tell whether two thirds of it stand in one word, or are spelled, as when it is told in two halves.

    Not across words: "whether in tort" holds six letters of "laberinto".
    """
    seen = [letters(one) for one in re.findall(r"[\w-]+", _SPELLED.sub("", text))]
    word = letters(secret)
    size = ceil(len(word) * _MOST)
    return any(word[at : at + size] in one for one in seen for at in range(len(word) - size + 1))


def _turned_back(text: str) -> Iterator[str]:
    """Yield what the text reads as acrostic of its words and of its lines, and out of rot13, base64 and hex."""
    yield "".join(word[0] for word in re.findall(r"\w+", text))
    yield "".join(found.group() for line in text.splitlines() if (found := re.search(r"[^\W\d_]", line)))
    yield codecs.encode(text, "rot13")
    for found in _BASE64.findall(text):
        yield _decoded(found)
    for found in _HEX.findall(text):
        yield bytes.fromhex("".join(re.findall(r"[0-9a-fA-F]", found))).decode("utf-8", "ignore")


def _decoded(text: str) -> str:
    padded = text.rstrip("=")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4)).decode("utf-8", "ignore")
    except (binascii.Error, ValueError):
        return ""
