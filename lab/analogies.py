"""Analogies by arithmetic with word vectors, over a list of words of ours. It knows nothing of a page.

"Man is to woman as king is to ?": king - man + woman, as Mikolov, Yih and Zweig 2013 ("Linguistic Regularities in
Continuous Space Word Representations") ask it. The vectors are those of a sentence encoder, which has learnt to tell
sentences apart, and not those of word2vec, which has learnt what words stand beside each other.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lab.similarity import embedder_of
from rag.errors import BadOption

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag.dense import Dense
    from rag.embeddings import Matrix

LANGUAGES = ("en", "es")
LONGEST = 60  # characters of a word
_SHOWN = 12  # words that are told
_FOLDER = Path(__file__).parent / "wordlists"


@dataclass(frozen=True)
class Near:
    """A word of the list near the sum. `cosine` with the sum, `start` with the first word alone (both -1..1).

    `rank` counts from 1 over the whole list; `given`: it is one of the words that were put in, which do not count.
    """

    word: str
    rank: int
    cosine: float
    start: float
    given: bool


@dataclass(frozen=True)
class Analogy:
    """What lies near first - minus + plus. `nearest`: the nearest words, best first; `size`: words that were searched.

    `minus` is "" where two words are only added. `centred`: the mean of the list was taken away from every vector.
    """

    model: str
    first: str
    minus: str
    plus: str
    centred: bool
    size: int
    nearest: tuple[Near, ...]

    @property
    def answer(self) -> Near | None:
        """The nearest word that was not put in."""
        return next((near for near in self.nearest if not near.given), None)


@cache
def word_list(lang: str) -> tuple[str, ...]:
    """Return our words in `lang` ("en" or "es"), each once."""
    if lang not in LANGUAGES:
        raise BadOption(option="lang", allowed=", ".join(LANGUAGES))
    lines = (_FOLDER / f"{lang}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(dict.fromkeys(word for line in lines if not line.startswith("#") for word in line.split()))


def analogy(
    dense: Dense,
    first: str,
    minus: str,
    plus: str,
    *,
    lang: str,
    centred: bool = True,
    cancel: threading.Event | None = None,
) -> Analogy:
    """Return the words of our list nearest, by cosine, to first - minus + plus ("3CosAdd", Levy and Goldberg 2014).

    The words that were put in mostly lie nearest of all, and as in word2vec they do not count (Linzen 2016, "Issues in
    evaluating semantic spaces using word analogies"); here they are told too. `centred`: see `directions`. Raises
    BadOption where `first` or `plus` is empty or a word has over 60 characters; EmbedderMissing, Cancelled.
    """
    given = first.strip(), minus.strip(), plus.strip()
    if not (given[0] and given[2]) or max(map(len, given)) > LONGEST:
        raise BadOption(option="word", allowed=f"1-{LONGEST}")
    embedder = embedder_of(dense, cancel)
    known = word_list(lang)
    extra = [word for word in dict.fromkeys(given) if word and word not in known]
    words = [*known, *extra]
    vectors = directions(embedder.encode_sentences(words), len(known) if centred else 0)
    place = {word: number for number, word in enumerate(words)}
    start = vectors[place[given[0]]]
    target = start + vectors[place[given[2]]]
    if given[1]:
        target = target - vectors[place[given[1]]]
    nearest = _ranked(words, vectors, target, start, given)
    return Analogy(embedder.spec.name, *given, centred, len(words), tuple(nearest))


def directions(vectors: Matrix, known: int) -> npt.NDArray[np.float64]:
    """Return (n, dimensions) vectors of length 1, without the mean of the first `known`, which all of them share.

    An encoder's vectors fill a narrow cone (Ethayarajh 2019), so that any two words have a high cosine; what tells them
    apart is left when the mean is gone (Mu and Viswanath 2018, "All-but-the-Top"). `known` 0 takes nothing away.
    """
    plain = vectors.astype(np.float64)
    moved = plain - plain[:known].mean(axis=0) if known else plain
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.where(lengths > 0.0, lengths, 1.0))


def _ranked(
    words: list[str],
    vectors: npt.NDArray[np.float64],
    target: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    given: tuple[str, ...],
) -> list[Near]:
    """Return the nearest words to `target`, so many that the best that were not put in are among them."""
    length = float(np.linalg.norm(target)) or 1.0
    cosines, alone = (vectors @ target / length).clip(-1.0, 1.0), (vectors @ start).clip(-1.0, 1.0)
    order = np.argsort(-cosines, kind="stable")[:_SHOWN]
    folded = {word.casefold() for word in given}
    return [
        Near(words[at], rank, float(cosines[at]), float(alone[at]), words[at].casefold() in folded)
        for rank, at in enumerate(order.tolist(), start=1)
    ]
