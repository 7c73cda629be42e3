"""Self-attention over a sentence in numbers: who looks at whom, and where a word's vector goes. It loads no model.

Vaswani et al. 2017, "Attention Is All You Need". A row of weights says how an encoder mixes the other vectors into
one; it is no explanation of what the model does with them (Jain and Wallace 2019, "Attention is not Explanation").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import regex

from rag.errors import WordNotThere

if TYPE_CHECKING:
    import numpy.typing as npt

Weights: TypeAlias = "npt.NDArray[np.float32]"

# A word with its accents, or whatever else stands there, a letter as people see it at a time.
_WORD = regex.compile(r"[\w\p{M}]+(?:['’·-][\w\p{M}]+)*|(?!\s)\X")
Span = tuple[int, int]


@dataclass(frozen=True)
class Unit:
    """A token, or a word. `goes_on`: a piece that goes on with the word before it; `mark`: the model's own."""

    text: str
    goes_on: bool = False
    mark: bool = False


@dataclass(frozen=True)
class Reading:
    """A sentence as the model reads it, n units long. Where a unit stands in words is `word` (n,), rising from 0.

    `weights` (layers, heads, n, n): row i says where unit i looks, and sums to 1. `states` (layers + 1, n, dimensions):
    each unit's vector, at 0 before any attention and then behind each layer.
    """

    model: str
    units: tuple[Unit, ...]
    word: tuple[int, ...]
    weights: Weights
    states: Weights

    @property
    def layers(self) -> int:
        """How many layers the model has."""
        return int(self.weights.shape[0])

    @property
    def heads(self) -> int:
        """How many heads each layer has."""
        return int(self.weights.shape[1])

    def head(self, layer: int, head: int) -> Weights:
        """Return the (n, n) weights of a head; layer and head count from 1, head 0 is the mean of all."""
        of_layer = self.weights[layer - 1]
        found: Weights = of_layer.mean(axis=0) if head == 0 else of_layer[head - 1]
        return found


def words(text: str) -> list[Span]:
    """Return where the words and the signs of a text stand."""
    return [found.span() for found in _WORD.finditer(text)]


def word_of(spans: Sequence[Span], start: int) -> int:
    """Return the number of the word that a token belongs to which begins at `start`; a blank belongs to what follows.

    `spans` as from `words`, at least one.
    """
    return next((number for number, (_, end) in enumerate(spans) if end > start), len(spans) - 1)


def merged(reading: Reading) -> Reading:
    """Return the reading by words: what a word looks at is the mean of its tokens, what looks at it is their sum.

    So rows still sum to 1 (Clark et al. 2019, "What Does BERT Look At?", section 3). A word's vector is the mean.
    """
    groups = _groups(reading.word)
    sums = np.zeros((len(groups), len(reading.units)), dtype=np.float32)
    for number, group in enumerate(groups):
        sums[number, group] = 1.0
    means = sums / sums.sum(axis=1, keepdims=True)
    texts = ("".join(reading.units[one].text for one in group) for group in groups)
    units = tuple(Unit(text, mark=reading.units[group[0]].mark) for text, group in zip(texts, groups, strict=True))
    return replace(
        reading,
        units=units,
        word=tuple(range(len(groups))),
        weights=np.asarray(means @ reading.weights @ sums.T, dtype=np.float32),
        states=np.asarray(means @ reading.states, dtype=np.float32),
    )


def _groups(word: Sequence[int]) -> list[list[int]]:
    groups: list[list[int]] = []
    for place, number in enumerate(word):
        if place and number == word[place - 1]:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def masked(reading: Reading) -> Reading:
    """Return the reading with a decoder's mask on each head: a unit sees only itself and what stands before it.

    The mask makes the scores of what comes later minus infinity; the softmax of what is left is what is left of the
    weights, divided by its sum. Of tokens, so it goes before `merged`.
    """
    seen = np.tril(reading.weights)
    total = seen.sum(axis=-1, keepdims=True)
    alone = np.eye(len(reading.units), dtype=np.float32)  # where rounding has left nothing at all
    return replace(reading, weights=np.where(total > 0.0, seen / np.where(total > 0.0, total, 1.0), alone))


HABITS = ("marks", "before", "itself", "after")


def habits(reading: Reading) -> dict[str, Weights]:
    """Return, for each of HABITS, a (layers, heads) share: how much the units look at the marks, or at a neighbour.

    The mean over the units that are no marks themselves; at least one. After Clark et al. 2019, section 3.1.
    """
    marks = np.array([unit.mark for unit in reading.units])
    plain = np.flatnonzero(~marks)
    rows = reading.weights[:, :, plain, :]
    found = {"marks": rows[..., marks].sum(axis=-1).mean(axis=-1)}
    for name, step in (("before", -1), ("itself", 0), ("after", 1)):
        there = [place + step for place in plain if 0 <= place + step < len(marks)]
        shares = reading.weights[:, :, [place - step for place in there], there]
        found[name] = shares.mean(axis=-1)
    return found


@dataclass(frozen=True)
class Senses:
    """A word in several sentences, the first being what the others are held against; k sentences.

    `cosines` (k - 1, layers + 1): the word there against the word in the first, layer by layer. `moves` (k, layers):
    how far its vector turns in each layer, 1 - cosine. `others` (layers + 1): the mean cosine of different words of
    these sentences, without which no cosine says much: all vectors of a layer lie near each other (Ethayarajh 2019,
    "How Contextual are Contextualized Word Representations?").
    """

    cosines: npt.NDArray[np.float64]
    moves: npt.NDArray[np.float64]
    others: npt.NDArray[np.float64]


def senses(readings: Sequence[Reading], word: str) -> Senses:
    """Return how the vector of `word` differs between two or more sentences. Raises WordNotThere."""
    whole = [merged(reading) for reading in readings]
    found = [_states(reading, _place(reading, word)) for reading in whole]
    return Senses(
        cosines=np.array([_cosines(found[0], other) for other in found[1:]]),
        moves=np.array([1.0 - _cosines(states[:-1], states[1:]) for states in found]),
        others=_others(whole),
    )


def _place(reading: Reading, word: str) -> int:
    """Return where a word stands first."""
    for place, unit in enumerate(reading.units):
        if not unit.mark and unit.text.casefold() == word.strip().casefold():
            return place
    sentence = " ".join(unit.text for unit in reading.units if not unit.mark)
    raise WordNotThere(word=word.strip(), sentence=sentence)


def _states(reading: Reading, place: int) -> npt.NDArray[np.float64]:
    """Return a word's (layers + 1, dimensions) vectors."""
    return np.asarray(reading.states[:, place, :], dtype=np.float64)


def _cosines(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the cosine of each row of one with the same row of the other."""
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return np.asarray((one * other).sum(axis=-1) / np.where(lengths > 0.0, lengths, 1.0))


def _others(readings: Sequence[Reading]) -> npt.NDArray[np.float64]:
    """Return the mean cosine, layer by layer, of every two words of these sentences that are not the same word."""
    kept = [(reading, place) for reading in readings for place in _lettered(reading)]
    texts = np.array([reading.units[place].text.casefold() for reading, place in kept])
    different = np.triu(texts[:, None] != texts[None, :])
    if not different.any():
        return np.full(readings[0].layers + 1, np.nan)
    vectors = np.stack([_states(reading, place) for reading, place in kept], axis=1)  # (layers + 1, words, dimensions)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    turned = vectors / np.where(lengths > 0.0, lengths, 1.0)
    return np.asarray((turned @ turned.transpose(0, 2, 1))[:, different].mean(axis=-1))


def _lettered(reading: Reading) -> list[int]:
    """Return where the words of a sentence stand, without its marks and signs."""
    return [
        place
        for place, unit in enumerate(reading.units)
        if not unit.mark and any(letter.isalnum() for letter in unit.text)
    ]
