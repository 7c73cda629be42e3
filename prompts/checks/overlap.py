"""How alike two texts are by their letters and words: edit distance, ROUGE, BLEU, GLEU. Arithmetic only."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_ORDERS = (1, 2, 3, 4)
_NO_MATCH = 1e-7  # what promptfoo takes for a precision of 0, whose logarithm there is not


def edit_distance(one: str, other: str) -> int:
    """Return the fewest insertions, deletions and substitutions of characters between both (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


def words(text: str) -> list[str]:
    """Return the words without case and punctuation."""
    return _WORD.findall(text.casefold())


def _grams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def rouge_n(text: str, reference: str, n: int = 1) -> float:
    """Return the share (0..1) of the reference's n-grams that the text has (Lin 2004, "ROUGE": recall)."""
    wanted = _grams(words(reference), n)
    return (_grams(words(text), n) & wanted).total() / wanted.total() if wanted else 0.0


def bleu(text: str, references: Sequence[str]) -> float:
    """Return BLEU-4 (0..1) of one sentence against the references (Papineni et al. 2002)."""
    tokens = text.casefold().split()
    others = [reference.casefold().split() for reference in references]
    if not tokens or not others:
        return 0.0
    total = 0.0
    for n in _ORDERS:
        grams = _grams(tokens, n)
        most: Counter[tuple[str, ...]] = Counter()
        for other in others:
            most |= _grams(other, n)
        precision = (grams & most).total() / grams.total() if grams else 0.0
        total += math.log(precision or _NO_MATCH) / len(_ORDERS)
    closest = min((abs(len(other) - len(tokens)), len(other)) for other in others)[1]
    brevity = 1.0 if len(tokens) > closest else math.exp(1 - closest / len(tokens))
    return brevity * math.exp(total)


def gleu(text: str, references: Sequence[str]) -> float:
    """Return the best sentence GLEU (0..1) against a reference: the lesser of precision and recall over 1- to 4-grams.

    Wu et al. 2016, "Google's neural machine translation system".
    """
    tokens = _stripped(text)
    return max((_gleu(tokens, _stripped(reference)) for reference in references), default=0.0)


def _stripped(text: str) -> list[str]:
    return [word.rstrip(".") for word in text.casefold().split()]


def _gleu(tokens: Sequence[str], reference: Sequence[str]) -> float:
    same = all_tokens = all_reference = 0
    for n in _ORDERS:
        grams, wanted = _grams(tokens, n), _grams(reference, n)
        same += (grams & wanted).total()
        all_tokens += grams.total()
        all_reference += wanted.total()
    return same / max(all_tokens, all_reference, 1)
