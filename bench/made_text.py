"""Made-up passages in two languages for measuring searches: real words, drawn as often as words are. No model here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from bs4 import BeautifulSoup

if TYPE_CHECKING:
    import numpy.typing as npt

SAMPLES = Path(__file__).parents[1] / "documents" / "src"
FILES = {"es": "guia-de-la-biblioteca.html", "en": "harbour-lane-garden.html"}
_VOCABULARY = 50_000  # words of a language: what a few thousand pages hold
_WORDS = (100, 30)  # mean and deviation of a passage's words


@dataclass(frozen=True)
class Words:
    """The words of a language, the most frequent first, and how far each reaches into [0, 1] when one is drawn."""

    words: npt.NDArray[np.str_]
    reach: npt.NDArray[np.float64]

    def draw(self, count: int, rng: np.random.Generator) -> list[str]:
        """Draw `count` words, each as often as Zipf's law has its rank."""
        return [str(word) for word in self.words[np.searchsorted(self.reach, rng.random(count))]]

    def passage(self, rng: np.random.Generator) -> str:
        """Return a passage of about a hundred words, in sentences."""
        words = self.draw(max(20, int(rng.normal(*_WORDS))), rng)
        sentences = [words[start : start + 12] for start in range(0, len(words), 12)]
        return " ".join(" ".join(sentence).capitalize() + "." for sentence in sentences)


def read(language: str) -> Words:
    """Read the sample's words; behind them stand pairs of them, so that most words are rare, as in a library.

    Frequencies follow Zipf's law (1949, "Human Behavior and the Principle of Least Effort"): 1/rank.
    """
    page = BeautifulSoup((SAMPLES / FILES[language]).read_text(encoding="utf-8"), "html.parser")
    found, counts = np.unique(re.findall(r"[^\W\d_]+", page.get_text(" ").lower()), return_counts=True)
    known = [str(word) for word in found[np.argsort(-counts, kind="stable")]]
    rng = np.random.default_rng(len(known))
    firsts, seconds = rng.choice(known, (2, _VOCABULARY))
    pairs = [f"{first}{second}" for first, second in zip(firsts, seconds, strict=True)]
    words = list(dict.fromkeys([*known, *pairs]))[:_VOCABULARY]
    shares = 1.0 / np.arange(1, len(words) + 1)
    return Words(np.array(words), np.minimum(np.cumsum(shares) / shares.sum(), 1.0))
