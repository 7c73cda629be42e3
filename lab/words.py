"""Texts as bags of words: counts, stems, n-grams, and BM25 over a few sentences. It knows no vectors and no page.

Words are folded and stemmed as the full-text index does it (rag.lexical), so that what is seen is what is searched.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag import lexical
from rag.errors import BadOption, TextTooLong
from rag.language import question_language
from rag.sentences import split_sentences

LONGEST = 20_000  # characters of a text
ORDER = 4  # words of the longest n-gram that is counted
PASSAGES = 30
_K1, _B = 1.2, 0.75  # FTS5's
_NEXT_TO_NOTHING = 1e-6  # what FTS5 lets a word weigh that stands in more than half of the passages

Gram = tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """How texts are cut into terms: by `n` words each, stemmed or as they are, with or without function words."""

    language: str
    n: int = 1
    stems: bool = False
    function_words: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.n <= ORDER:
            raise BadOption(option="n", allowed=f"1-{ORDER}")


@dataclass(frozen=True)
class Bags:
    """Texts as vectors of counts over the same terms, (texts, terms); the terms that come most often are first.

    `cosines[n - 1]` is how near the first two texts are by their n-grams of each length, None for a single text or
    where one has none.
    """

    terms: tuple[Gram, ...]
    vectors: tuple[tuple[int, ...], ...]
    cosines: tuple[float | None, ...]


@dataclass(frozen=True)
class Stem:
    """A stem and the words that fall together in it as they are spelled, each with how often; the commonest first."""

    stem: str
    words: tuple[tuple[str, int], ...]

    @property
    def count(self) -> int:
        """How often it comes in all."""
        return sum(number for _, number in self.words)


def language_of(text: str) -> str:
    """Return "es" or "en", whichever is likelier."""
    return question_language(text)


def grams(text: str, reading: Reading) -> Counter[Gram]:
    """Return how often each n-gram comes in a text; none goes from one sentence into the next.

    Raises TextTooLong, over LONGEST characters.
    """
    if len(text) > LONGEST:
        raise TextTooLong(characters=len(text), most=LONGEST)
    counted: Counter[Gram] = Counter()
    for sentence in split_sentences(text, reading.language):
        listed = _terms(sentence.text, reading)
        counted.update(zip(*(listed[place:] for place in range(reading.n)), strict=False))
    return counted


def _terms(text: str, reading: Reading) -> list[str]:
    words = lexical.words(text)
    if not reading.function_words:
        words = [word for word in words if word not in lexical.STOP_WORDS]
    return lexical.stem(words, reading.language) if reading.stems else words


def bags(texts: Sequence[str], reading: Reading) -> Bags:
    """Return the texts' vectors of counts. Raises TextTooLong."""
    counted = [grams(text, reading) for text in texts]
    together: Counter[Gram] = sum(counted, Counter())
    terms = tuple(term for term, _ in sorted(together.items(), key=lambda one: -one[1]))  # equals: as they come
    cosines = tuple(_cosine_by(texts, reading, n) for n in range(1, ORDER + 1))
    return Bags(terms, tuple(tuple(bag[term] for term in terms) for bag in counted), cosines)


def _spelled(text: str) -> list[tuple[str, str]]:
    """Return each word in small letters, with its accents and as it is folded."""
    if len(text) > LONGEST:
        raise TextTooLong(characters=len(text), most=LONGEST)
    return [(text[start:end].lower(), folded) for folded, start, end in lexical.located_words(text)]


def _cosine_by(texts: Sequence[str], reading: Reading, n: int) -> float | None:
    if len(texts) < 2:
        return None
    other = Reading(reading.language, n, reading.stems, reading.function_words)
    return cosine(*(grams(text, other) for text in texts[:2]))


def cosine(first: Counter[Gram], second: Counter[Gram]) -> float | None:
    """Return the cosine of two vectors of counts, 0..1; None where one of them is empty."""
    lengths = [math.sqrt(sum(number * number for number in bag.values())) for bag in (first, second)]
    if not all(lengths):
        return None
    return min(1.0, sum(number * second[term] for term, number in first.items()) / (lengths[0] * lengths[1]))


def stems(texts: Sequence[str], reading: Reading) -> list[Stem]:
    """Return the stems of texts taken together, those with the most different words first. Raises TextTooLong.

    Accents are taken off before a word is stemmed, so that spellings with and without them fall together. Snowball, see
    Porter 2001, "Snowball: A language for stemming algorithms".
    """
    found: dict[str, Counter[str]] = {}
    for spelled, folded in (pair for text in texts for pair in _spelled(text)):
        if reading.function_words or folded not in lexical.STOP_WORDS:
            found.setdefault(lexical.stem([folded], reading.language)[0], Counter())[spelled] += 1
    made = [Stem(one, tuple(sorted(words.items(), key=lambda two: -two[1]))) for one, words in found.items()]
    return sorted(made, key=lambda one: (-len(one.words), -one.count))


@dataclass(frozen=True)
class Part:
    """What a term of a question adds to a passage's score: `score` = `idf` (how rare it is) * `tf` (how often here)."""

    word: str
    stem: str
    idf: float
    tf: float
    count: int

    @property
    def score(self) -> float:
        """What it adds."""
        return self.idf * self.tf


def bm25(question: str, passages: Sequence[str], language: str) -> list[tuple[Part, ...]]:
    """Return for each passage what each word of the question adds to its BM25 score; the sum of the parts is the score.

    As SQLite's FTS5 reckons it, which the app searches with: k1 = 1.2, b = 0.75 (Robertson and Zaragoza 2009). Raises
    BadOption for more than PASSAGES passages or none, TextTooLong.
    """
    if not 1 <= len(passages) <= PASSAGES:
        raise BadOption(option="passages", allowed=f"1-{PASSAGES}")
    if (length := sum(map(len, [question, *passages]))) > LONGEST:
        raise TextTooLong(characters=length, most=LONGEST)
    listed = [lexical.stem(lexical.words(passage), language) for passage in passages]
    asked = lexical.words(question)
    words: dict[str, str] = {}
    for word, stem in zip(asked, lexical.stem(asked, language), strict=True):
        words.setdefault(stem, word)
    mean = sum(map(len, listed)) / len(listed) or 1.0
    weights = {stem: _idf(len(listed), sum(stem in passage for passage in listed)) for stem in words}
    return [_parts(Counter(passage), len(passage) / mean, words, weights) for passage in listed]


def _parts(counts: Counter[str], length: float, words: dict[str, str], weights: dict[str, float]) -> tuple[Part, ...]:
    spread = _K1 * (1.0 - _B + _B * length)
    made = [
        Part(word, stem, weights[stem], counts[stem] * (_K1 + 1.0) / (counts[stem] + spread), counts[stem])
        for stem, word in words.items()
        if counts[stem]
    ]
    return tuple(sorted(made, key=lambda part: -part.score))


def _idf(total: int, holding: int) -> float:
    weight = math.log((total - holding + 0.5) / (holding + 0.5))
    return weight if weight > 0.0 else _NEXT_TO_NOTHING


def ranks(scores: Sequence[float]) -> list[int | None]:
    """Return the rank of each score from 1, the highest first; None where nothing was found (0 or less)."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    places = {place: rank for rank, place in enumerate(order, start=1)}
    return [places[place] if score > 0.0 else None for place, score in enumerate(scores)]
