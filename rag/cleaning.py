"""Characters and hyphens: turns what a file holds into text that can be searched and quoted.

Knows nothing of files, pages or layout.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from math import sqrt

_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
# Spaces of every width become the plain one: a quote typed or generated with a plain space must still match.
_SPACES = dict.fromkeys([0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_BREAKS = {0x0B: "\n", 0x0C: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n\n"}
# Bullets of the Symbol and Wingdings fonts, which PDFs and office files keep in the private use area.
_BULLETS = dict.fromkeys([0xF0A7, 0xF0A8, 0xF0B7, 0xF0D8, 0xF0E0, 0xF0FC, 0xF06E, 0xF076], "•")
_CONTROLS = dict.fromkeys([*range(0x00, 0x09), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0)])
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000))
_NONCHARACTERS = dict.fromkeys([*range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF])
_TABLE: dict[int, str | None] = {
    **_CONTROLS,
    **_SURROGATES,
    **_NONCHARACTERS,
    **_INVISIBLE,
    **_SPACES,
    **_BREAKS,
    **_LIGATURES,
    **_BULLETS,
}

# Old TeX fonts draw an accent and then its letter: "informaci´on", "se˜nal", "ling¨u´ıstica".
_LOOSE_ACCENT = re.compile(r"([´˜¨]) ?([A-Za-zı])")
_COMBINING = {"´": ("\u0301", "aeiouıAEIOU"), "˜": ("\u0303", "nNaoAO"), "¨": ("\u0308", "aeiouıAEIOU")}

# How often each letter comes in a thousand, over English, Spanish, French, German, Italian and Portuguese prose.
_SHARES = (100, 13, 33, 44, 135, 13, 14, 22, 78, 3, 5, 46, 30, 71, 73, 25, 8, 66, 68, 63, 42, 14, 8, 3, 6, 6)
_USUAL = dict(zip("abcdefghijklmnopqrstuvwxyz", _SHARES, strict=True))
_USUAL_LENGTH = sqrt(sum(share * share for share in _USUAL.values()))
_LEAST_LETTERS = 200
_LEAST_KINDS = 10  # different ones
_LEAST_LIKENESS = 0.66  # prose in any language of Latin letters has 0.83 or more, letters at random hardly ever as much

# First halves that keep their hyphen when a line ends there.
_PREFIX = re.compile(r"(?i)(?:e|half|non|self|well|two|three|four|five|six|afro|anglo|franco|greco|hispano|luso)")
_ACUTE = frozenset("áéíóúÁÉÍÓÚ")
_WORD_END = re.compile(r"[^\W_]+$")
_WORD_START = re.compile(r"^[^\W_]+")
_ODD_WORD = re.compile(r"\w[<>\[\]{}|\\^~`+=*&%$#@!?;:\"()]+\w|[a-zß-ÿ][A-ZÀ-Þ]|[^\W\d_]\d+[^\W\d_]")
_URLISH = re.compile(r"(?:https?:|www\.|[/@\\_])\S*$")


def clean_characters(text: str) -> str:
    """Return `text` in NFC, with plain spaces and line breaks, and no control or invisible characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xad\n", "-\n")
    return unicodedata.normalize("NFC", text.translate(_TABLE))


def repair_accents(text: str) -> str:
    """Put accents that were drawn as characters of their own back onto their letters. For PDF text only."""

    def compose(match: re.Match[str]) -> str:
        combining, letters = _COMBINING[match[1]]
        if match[2] not in letters:
            return match[0]
        letter = "i" if match[2] == "ı" else match[2]
        return unicodedata.normalize("NFC", letter + combining)

    return _LOOSE_ACCENT.sub(compose, text)


def unreadable_share(text: str) -> float:
    """Return the share, 0 to 1, of characters that no reader knows: a font without a character map."""
    shown = len(text) - sum(map(text.count, " \n\r\t"))
    odd = [char for char in set(text) if not char.isspace() and _is_unreadable(char)]
    return sum(map(text.count, odd)) / shown if odd else 0.0


def is_scrambled(text: str) -> bool:
    """Whether words look like a cipher: their font is lost, and each letter shows as another sign."""
    words = [word for word in text.split() if len(word) > 3]
    return sum(bool(_ODD_WORD.search(word)) for word in words) > 0.4 * len(words)


def is_cipher(text: str) -> bool:
    """Whether letters come as often as in no language: each shows as another one, for the font's map is wrong.

    Compares how often each Latin letter comes with six languages' prose (cosine); of few letters nothing is said.
    """
    plain = unicodedata.normalize("NFKD", text[:20_000]).lower()
    counts = {char: plain.count(char) for char in _USUAL}
    if sum(counts.values()) < _LEAST_LETTERS or sum(count > 0 for count in counts.values()) < _LEAST_KINDS:
        return False
    length = sqrt(sum(count * count for count in counts.values()))
    product = sum(count * _USUAL[char] for char, count in counts.items())
    return product < _LEAST_LIKENESS * length * _USUAL_LENGTH


def _is_unreadable(char: str) -> bool:
    if char == "\ufffd":
        return True
    return unicodedata.category(char) in {"Cc", "Co", "Cn", "Cs"} and ord(char) not in _BULLETS


def join_hyphen(left: str, right: str, words: Collection[str] = ()) -> str:
    """Join a line that ends in a hyphen (left out of `left`) with the next one.

    `words` are the lower-case words of the same page: a compound whose halves both stand on their own there
    keeps its hyphen, and so do numbers, names, known prefixes and pairs with two written accents
    ("físico-químico": a single Spanish word has only one).
    """
    head, tail = _WORD_END.search(left), _WORD_START.search(right)
    if head is None or tail is None or _URLISH.search(left):
        return f"{left}-{right}"
    return f"{left}-{right}" if _keeps_hyphen(head[0], tail[0], words) else left + right


def _keeps_hyphen(head: str, tail: str, words: Collection[str]) -> bool:
    if not (head[-1].isalpha() and tail[0].isalpha()) or (tail[0].isupper() and not head.isupper()):
        return True
    if head.isupper() != tail.isupper() and len(head) > 1 and len(tail) > 1:
        return True
    if (head + tail).lower() in words:
        return False
    if _PREFIX.fullmatch(head) or (_ACUTE & set(head) and _ACUTE & set(tail)):
        return True
    return min(len(head), len(tail)) >= 4 and head.lower() in words and tail.lower() in words
