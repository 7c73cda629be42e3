"""Exact match and token F1 as SQuAD defines them, in English and Spanish; it knows nothing of checks."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

# English: Rajpurkar et al. 2016. Spanish: Lewis et al. 2020, "MLQA", which gives the articles of seven languages.
_ARTICLES = {
    "en": re.compile(r"\b(a|an|the)\b"),
    "es": re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b"),
}


def normalise(text: str, lang: str) -> str:
    """SQuAD's normalisation: lower case, no punctuation, none of the language's articles, single blanks."""
    plain = "".join(one for one in text.lower() if not _is_punctuation(one))
    return " ".join(_ARTICLES.get(lang, _ARTICLES["en"]).sub(" ", plain).split())


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def exact_match(answer: str, golds: Sequence[str], lang: str) -> bool:
    """Tell whether the normalised answer is one of the normalised gold answers."""
    return normalise(answer, lang) in {normalise(gold, lang) for gold in golds}


def token_f1(answer: str, golds: Sequence[str], lang: str) -> float:
    """Return the best token F1 (0..1) of `answer` against a gold (Rajpurkar et al. 2016); 0 without golds."""
    words = normalise(answer, lang).split()
    return max((overlap_f1(words, normalise(gold, lang).split()) for gold in golds), default=0.0)


def overlap_f1(answer: Sequence[str], gold: Sequence[str]) -> float:
    """Return the F1 (0..1) of two bags of words; of two empty ones 1, as SQuAD 2.0 has it."""
    if not answer or not gold:
        return float(not answer and not gold)
    same = sum((Counter(answer) & Counter(gold)).values())
    if not same:
        return 0.0
    precision, recall = same / len(answer), same / len(gold)
    return 2 * precision * recall / (precision + recall)
