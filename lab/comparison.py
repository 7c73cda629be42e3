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
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from lab.distribution import log_softmax
from lab.divergence import bits, kl_bits
from lab.held_out import after_lead
from lab.pace import WRITTEN, Pace, measure
from lab.tokens import Token, token
from lab.writing import Written, greedy
from rag.errors import EmptyQuestion

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag.llama.sequences import Row
    from rag.llama.vocabulary import Vocabulary
    from rag.llm import LlamaChat

    Floats: TypeAlias = "npt.NDArray[np.float64]"

Told = Callable[[int, int], None]

LEAD = "* * *\n\n"  # as between two parts of a book: nothing of a chat, and no word of any language
_PART = 32  # tokens whose distributions are held at once for both models: 80 MB with 150,000 words


@dataclass(frozen=True)
class Reading:
    """How a model takes a text. `surprises`: bits of each token, by all that stands before it; `spans`: bytes of each.

    A text is read after LEAD, which does not count, so that its first word has something before it and does. `size`:
    the bytes that count.
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
    total = plain + len(lines[0].tokens) + len(lines[1].tokens)
    steady = _Steady(told, total)
    paces = (
        measure(first, lines[0].tokens, cancel, steady.within(WRITTEN)),
        measure(second, lines[1].tokens, cancel, steady.within(WRITTEN)),
    )
    divergence: Divergence | None = None
    if same:
        readings, divergence = _side_by_side((first, second), lines[0], cancel, steady)
    else:
        readings = (
            read(first, text, cancel, steady.within(len(lines[0].tokens))),
            read(second, text, cancel, steady.within(len(lines[1].tokens))),
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


class Line(NamedTuple):
    """What is read: `tokens`, of which those from `start` on count."""

    tokens: list[int]
    start: int


def beginning(chat: LlamaChat, text: str) -> Line:
    """Return a text after LEAD; no control token of a chat's template comes before it. Raises EmptyQuestion."""
    said = text.lstrip()  # blanks would become one token with the lead's
    if not said:
        raise EmptyQuestion
    return Line(*after_lead(chat, LEAD, said))


def read(chat: LlamaChat, text: str, cancel: threading.Event | None = None, told: Told | None = None) -> Reading:
    """Return how a model takes a text, in one pass. Raises as `compare` does."""
    tokens, start = beginning(chat, text)

    def surprise(place: int, row: Row) -> float:
        return bits(float(log_softmax(row)[tokens[place]]))

    return _reading(chat, tokens[start:], chat.sequences.score(tokens, start, surprise, cancel, told))


def _reading(chat: LlamaChat, counted: Sequence[int], surprises: Sequence[float]) -> Reading:
    spans = tuple(len(chat.vocabulary.piece(one)) for one in counted)
    return Reading(tuple(surprises), spans, sum(spans))


def _side_by_side(
    chats: tuple[LlamaChat, LlamaChat],
    line: Line,
    cancel: threading.Event | None,
    steady: _Steady,
) -> tuple[tuple[Reading, Reading], Divergence]:
    """Read the same tokens with both, a part at a time, so that only a part's distributions are held at once."""
    tokens, first = line
    tell = steady.within(2 * len(tokens))
    surprises: tuple[list[float], list[float]] = ([], [])
    places: list[Place] = []
    for start in range(first, len(tokens), _PART):
        end = min(start + _PART, len(tokens))
        logs = [_logs(chat, tokens[:end], start, cancel) for chat in chats]
        for at, pair in enumerate(zip(*logs, strict=True), start):
            for kept, one in zip(surprises, pair, strict=True):
                kept.append(bits(float(one[tokens[at]])))
            places.append(_place(chats[0].vocabulary, at - first + 1, tokens[at], in_common_ids(*pair)))
        tell(end, len(tokens))
    readings = [_reading(chat, tokens[first:], one) for chat, one in zip(chats, surprises, strict=True)]
    return (readings[0], readings[1]), Divergence(tuple(places))


def _logs(chat: LlamaChat, tokens: Sequence[int], start: int, cancel: threading.Event | None) -> list[Floats]:
    return chat.sequences.score(tokens, start, lambda _, row: log_softmax(row), cancel)


def _place(vocabulary: Vocabulary, number: int, chosen: int, pair: tuple[Floats, Floats]) -> Place:
    first, second = (token(vocabulary, int(np.argmax(logs))) for logs in pair)
    return Place(number, token(vocabulary, chosen), first, second, kl_bits(pair[0], pair[1]))


def in_common_ids(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return two (V,) natural logarithms over the ids that both have, each summing to 1 over them again.

    Models of one family fill their vocabulary up to different round numbers with tokens that stand for nothing.
    """
    if len(first) == len(second):
        return first, second
    both = min(len(first), len(second))
    one, other = (logs[:both] - np.logaddexp.reduce(logs[:both]) for logs in (first, second))
    return one, other


def same_vocabulary(first: Vocabulary, second: Vocabulary) -> bool:
    """Tell whether two models have the same tokens under the same numbers; one may have more that stand for nothing."""
    if first is second:
        return True
    shorter, longer = sorted((first, second), key=lambda one: one.size)
    if any(longer.piece(number, special=True) for number in range(shorter.size, longer.size)):
        return False
    return fingerprint(shorter, shorter.size) == fingerprint(longer, shorter.size)


def fingerprint(vocabulary: Vocabulary, size: int) -> str:
    """Return a digest of the first `size` tokens in order, control tokens spelled out."""
    digest = hashlib.sha256()
    for number in range(size):
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
