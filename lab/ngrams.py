"""A language model that only counts: which word follows the few words before it. It loads nothing and asks nobody.

A word that was never seen is spelled letter by letter by a second model of the same kind, so that every text has a
probability and its code length can be set beside any other model's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lab.held_out import CodeLength, count_words
from lab.kneser_ney import UNKNOWN, KneserNey
from rag.errors import BadOption, TextTooShort

if TYPE_CHECKING:
    from lab.kneser_ney import Floats

ORDER = 5  # the longest n-grams, in words
FEWEST = 60  # words to count
_PIECE = re.compile(r"\s*(?:[^\W_]+(?:['’][^\W_]+)*|_+|[^\w\s]+)|\s+")
_LETTERS, _BEGIN, _END = 5, 256, 257  # n-grams of bytes, and the signs before and after a word's bytes
_SYMBOLS = 258


def pieces(text: str) -> list[str]:
    """Return words and marks, each with the blank before it: joined they are the text again."""
    return _PIECE.findall(text)


class Spelling:
    """How likely a word's letters are, one byte after another: a distribution over all texts, seen or not."""

    def __init__(self, words: Sequence[str]) -> None:
        """Learn from different words, each of which counts once."""
        stream = [symbol for word in words for symbol in _spelled(word)]
        kept = np.asarray(stream, dtype=np.int64) != _BEGIN
        self._model = KneserNey(stream, _SYMBOLS, _LETTERS, kept)

    def probabilities(self, words: Sequence[str]) -> Floats:
        """Return the probability of each word, (words,)."""
        spelled = [_spelled(word) for word in words]
        stream = [symbol for one in spelled for symbol in one]
        base = np.where(np.asarray(stream) == _BEGIN, 1.0, 1.0 / (_SYMBOLS - 1))
        found = np.log(self._model.probabilities(stream, 0, _LETTERS, base))
        found[np.asarray(stream) == _BEGIN] = 0.0  # it stands before every word: it is not chosen
        starts = np.cumsum([0, *(len(one) for one in spelled[:-1])])
        return np.asarray(np.exp(np.add.reduceat(found, starts)), dtype=np.float64)


def _spelled(word: str) -> list[int]:
    return [*[_BEGIN] * (_LETTERS - 1), *word.encode("utf-8"), _END]


class NGrams:
    """Interpolated Kneser-Ney over words (see lab.kneser_ney), for every length from 1 to ORDER at once."""

    def __init__(self, text: str) -> None:
        """Count a text. Raises TextTooShort."""
        listed = pieces(text)
        if len(listed) < FEWEST:
            raise TextTooShort(words=FEWEST)
        self.vocabulary = tuple(dict.fromkeys(listed))
        self._ids = {word: number for number, word in enumerate(self.vocabulary)}
        self._model = KneserNey([self._ids[word] for word in listed], len(self.vocabulary), ORDER)
        self._spelling = Spelling(self.vocabulary)
        self._base: Floats | None = None
        self.counted = len(listed)

    def kinds(self, length: int) -> int:
        """Return how many different n-grams of a length it has counted."""
        return self._model.kinds(length)

    def seen(self, lead: str, text: str, length: int) -> float:
        """Return the share of the n-grams that end in `text`, 0..1, that it has counted; `lead` comes before it."""
        stream, start, _ = self._stream(lead, text)
        return float(self._model.seen(stream, start, length).mean())

    def code_length(self, lead: str, text: str, length: int) -> CodeLength:
        """Return what `text` takes after `lead`, by n-grams of up to `length`. Raises BadOption, TextTooShort."""
        _check(length)
        stream, start, new = self._stream(lead, text)
        p = self._model.probabilities(stream, start, length, self._spelling.probabilities(new))
        return CodeLength(float(-np.log2(p).sum()), len(text.encode("utf-8")), count_words(text))

    def row(self, words: Sequence[str], length: int) -> Floats:
        """Return p of every known word after `words`, (vocabulary,); what is lacking to 1 is for words never seen."""
        _check(length)
        if self._base is None:
            self._base = self._spelling.probabilities(self.vocabulary)
        return self._model.row([self._ids.get(word, UNKNOWN) for word in words], length, self._base)

    def write(self, begin: str, length: int, words: int, seed: int) -> str:
        """Return `begin` gone on with for so many words and marks, each drawn from the words that it knows."""
        rng = np.random.default_rng(seed)
        written = pieces(begin.rstrip())
        for _ in range(words):
            p = self.row(written[1 - length :] if length > 1 else [], length)
            written.append(self.vocabulary[int(rng.choice(len(p), p=p / p.sum()))])
        return "".join(written)

    def _stream(self, lead: str, text: str) -> tuple[list[int], int, list[str]]:
        """Return the numbers of all words, where those of `text` begin, and they themselves."""
        before, new = pieces(lead), pieces(text)
        if not new:
            raise TextTooShort(words=1)
        return [self._ids.get(word, UNKNOWN) for word in [*before, *new]], len(before), new


def _check(length: int) -> None:
    if not 1 <= length <= ORDER:
        raise BadOption(option="n", allowed=f"1-{ORDER}")
