"""Two models on the same text and the same prompt: size, speed, surprise, and where their distributions part.

Perplexity is per token and so depends on the tokenizer; bits per byte do not (as in Gao et al. 2020, "The Pile", §3),
so those can be held against each other whatever the vocabularies. It knows no page.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.distribution import log_softmax
from lab.divergence import bits, kl_bits
from lab.pace import WRITTEN, Pace, measure
from lab.tokens import Token, token
from lab.writing import Written, greedy
from rag.errors import EmptyQuestion

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag.llama.sequences import Row
    from rag.llama.vocabulary import Vocabulary
    from rag.llm import LlamaChat

Told = Callable[[int, int], None]

_PART = 32  # tokens whose distributions are held at once for both models: 80 MB with 150,000 words


@dataclass(frozen=True)
class Reading:
    """How a model takes a text. `surprises`: bits of each token, by all that stands before it; `spans`: bytes of each.

    A text is read after the token that begins one (or ends one, where the model has none for it), so that its first
    word counts too.
    """

    surprises: tuple[float, ...]
    spans: tuple[int, ...]
    size: int

    @property
    def perplexity(self) -> float:
        """Return 2 to the mean surprise of a token."""
        return float(2.0 ** (sum(self.surprises) / len(self.surprises)))

    @property
    def bits_per_byte(self) -> float:
        """Return the bits for the whole text over its bytes in UTF-8."""
        return sum(self.surprises) / self.size


@dataclass(frozen=True)
class Place:
    """A token of the text, what each model held most probable in its place, and how far the two were apart in bits."""

    number: int
    token: Token
    first: Token
    second: Token
    divergence: float


@dataclass(frozen=True)
class Divergence:
    """All places, by which the first model's distributions are held against the second's."""

    places: tuple[Place, ...]

    @property
    def mean(self) -> float:
        """Return the mean Kullback-Leibler divergence in bits a token."""
        return float(np.mean([place.divergence for place in self.places]))

    @property
    def agreement(self) -> float:
        """Return the share of places where both hold the same token most probable."""
        return sum(place.first.id == place.second.id for place in self.places) / len(self.places)

    def furthest(self, count: int) -> list[Place]:
        """Return the places where they are furthest apart, the furthest first."""
        return sorted(self.places, key=lambda place: -place.divergence)[:count]


@dataclass(frozen=True)
class Both:
    """What a comparison gives. `divergence` is None where the vocabularies differ: then tokens cannot be compared."""

    readings: tuple[Reading, Reading]
    paces: tuple[Pace, Pace]
    answers: tuple[Written, Written]
    divergence: Divergence | None


def compare(
    first: LlamaChat,
    second: LlamaChat,
    text: str,
    prompts: tuple[Sequence[int], Sequence[int]],
    steps: int,
    cancel: threading.Event | None = None,
    told: Told | None = None,
) -> Both:
    """Return how two models take `text`, and how each goes on greedily from its own `prompts`, for `steps` tokens.

    The two may be the same. Raises EmptyQuestion, QuestionTooLong, ModelNotReady, Cancelled.
    """
    lines = (beginning(first, text), beginning(second, text))
    same = same_vocabulary(first.vocabulary, second.vocabulary) and lines[0] == lines[1]
    plain = 2 * (WRITTEN + steps) + 2
    total = plain + len(lines[0]) + len(lines[1])
    steady = _Steady(told, total)
    paces = (
        measure(first, lines[0], cancel, steady.within(WRITTEN)),
        measure(second, lines[1], cancel, steady.within(WRITTEN)),
    )
    divergence: Divergence | None = None
    if same:
        readings, divergence = _side_by_side((first, second), lines[0], len(text.encode()), cancel, steady)
    else:
        readings = (
            read(first, text, cancel, steady.within(len(lines[0]))),
            read(second, text, cancel, steady.within(len(lines[1]))),
        )
    answers = (
        greedy(first, prompts[0], steps, cancel, steady.within(steps)),
        greedy(second, prompts[1], steps, cancel, steady.within(steps)),
    )
    return Both(readings, paces, answers, divergence)


class _Steady:
    """One progress from several parts, each of a known share of the whole."""

    def __init__(self, told: Told | None, total: int) -> None:
        self._told = told
        self._total = total
        self._begun = 0

    def within(self, share: int) -> Told:
        """Return what hears of the next part, which is `share` of the whole."""
        before, self._begun = self._begun, self._begun + share

        def tell(done: int, total: int) -> None:
            if self._told is not None:
                self._told(min(self._total, before + round(share * done / max(1, total))), self._total)

        return tell


def beginning(chat: LlamaChat, text: str) -> list[int]:
    """Return the token that a text is read after, and the text's tokens. Raises EmptyQuestion."""
    tokens = chat.tokenize(text)
    if not tokens:
        raise EmptyQuestion
    start = chat.vocabulary.bos if chat.vocabulary.bos >= 0 else chat.vocabulary.eos
    return [max(start, 0), *tokens]


def read(chat: LlamaChat, text: str, cancel: threading.Event | None = None, told: Told | None = None) -> Reading:
    """Return how a model takes a text, in one pass. Raises as `compare` does."""
    tokens = beginning(chat, text)

    def surprise(place: int, row: Row) -> float:
        return bits(float(log_softmax(row)[tokens[place]]))

    return _reading(chat, tokens, chat.sequences.score(tokens, 1, surprise, cancel, told), len(text.encode()))


def _reading(chat: LlamaChat, tokens: Sequence[int], surprises: Sequence[float], size: int) -> Reading:
    spans = tuple(len(chat.vocabulary.piece(one)) for one in tokens[1:])
    return Reading(tuple(surprises), spans, size)


def _side_by_side(
    chats: tuple[LlamaChat, LlamaChat],
    tokens: Sequence[int],
    size: int,
    cancel: threading.Event | None,
    steady: _Steady,
) -> tuple[tuple[Reading, Reading], Divergence]:
    """Read the same tokens with both, a part at a time, so that only a part's distributions are held at once."""
    tell = steady.within(2 * len(tokens))
    surprises: tuple[list[float], list[float]] = ([], [])
    places: list[Place] = []
    for start in range(1, len(tokens), _PART):
        end = min(start + _PART, len(tokens))
        logs = [_logs(chat, tokens[:end], start, cancel) for chat in chats]
        for number, pair in enumerate(zip(*logs, strict=True), start):
            for kept, one in zip(surprises, pair, strict=True):
                kept.append(bits(float(one[tokens[number]])))
            places.append(_place(chats[0].vocabulary, number, tokens[number], pair))
        tell(end, len(tokens))
    readings = (_reading(chats[0], tokens, surprises[0], size), _reading(chats[1], tokens, surprises[1], size))
    return readings, Divergence(tuple(places))


def _logs(
    chat: LlamaChat, tokens: Sequence[int], start: int, cancel: threading.Event | None
) -> list[npt.NDArray[np.float64]]:
    return chat.sequences.score(tokens, start, lambda _, row: log_softmax(row), cancel)


def _place(vocabulary: Vocabulary, number: int, chosen: int, pair: Sequence[npt.NDArray[np.float64]]) -> Place:
    first, second = (token(vocabulary, int(np.argmax(logs))) for logs in pair)
    return Place(number, token(vocabulary, chosen), first, second, kl_bits(pair[0], pair[1]))


def same_vocabulary(first: Vocabulary, second: Vocabulary) -> bool:
    """Tell whether two models have the same tokens under the same numbers."""
    return first is second or (first.size == second.size and fingerprint(first) == fingerprint(second))


def fingerprint(vocabulary: Vocabulary) -> str:
    """Return a digest of all tokens in order, control tokens spelled out."""
    digest = hashlib.sha256()
    for number in range(vocabulary.size):
        piece = vocabulary.piece(number, special=True)
        digest.update(len(piece).to_bytes(4, "big") + piece)
    return digest.hexdigest()


def in_common(answers: tuple[Written, Written]) -> int:
    """Return how many tokens two answers share from their beginning; only for models of one vocabulary."""
    first, second = (answer.tokens for answer in answers)
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    return same


def growing(reading: Reading, points: int) -> list[tuple[float, float]]:
    """Return at most `points` + 1 pairs (bytes read, bits so far), from (0, 0) to the whole text."""
    step = max(1, math.ceil(len(reading.spans) / points))
    found, read_, told = [(0.0, 0.0)], 0, 0.0
    for number, (span, surprise) in enumerate(zip(reading.spans, reading.surprises, strict=True), 1):
        read_, told = read_ + span, told + surprise
        if number % step == 0 or number == len(reading.spans):
            found.append((float(read_), told))
    return found
