"""How near texts lie to each other for the embedding model: their cosines. It knows nothing of documents or pages."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import BadOption, EmbedderMissing

if TYPE_CHECKING:
    from rag.dense import Dense
    from rag.embeddings import Embedder

FEWEST, MOST = 2, 24  # texts: a matrix of more could not be read
LONGEST = 2_000  # characters of a text


@dataclass(frozen=True)
class Similarity:
    """Cosines of (n,) texts with each other, (n, n) and symmetric, -1..1, in the order in which the texts came.

    `model`: the embedding model's name in the catalogue; `dimensions`: length of its vectors.
    """

    model: str
    dimensions: int
    texts: tuple[str, ...]
    cosines: tuple[tuple[float, ...], ...]

    def pairs(self) -> list[tuple[int, int, float]]:
        """Return (i, j, cosine) of every two texts, i < j, the nearest two first."""
        count = len(self.texts)
        found = [(i, j, self.cosines[i][j]) for i in range(count) for j in range(i + 1, count)]
        return sorted(found, key=lambda one: (-one[2], one[0], one[1]))


def embedder_of(dense: Dense, cancel: threading.Event | None = None) -> Embedder:
    """Return the embedding model in use, waiting while it loads. Raises EmbedderMissing, why it failed, Cancelled."""
    loaded = dense.get(cancel)
    if loaded is not None:
        return loaded[0]
    failed = dense.error
    raise EmbedderMissing if failed is None else type(failed)(**failed.params)


def similarity(dense: Dense, texts: Sequence[str], cancel: threading.Event | None = None) -> Similarity:
    """Return how near `texts` lie to each other: the cosine of their sentence vectors, whose length is 1.

    See Reimers and Gurevych 2019, "Sentence-BERT". Raises BadOption for fewer than 2 texts, more than 24, an empty one
    or one of over 2,000 characters; EmbedderMissing, Cancelled.
    """
    stripped = [text.strip() for text in texts]
    if not FEWEST <= len(stripped) <= MOST:
        raise BadOption(option="texts", allowed=f"{FEWEST}-{MOST}")
    if not all(1 <= len(text) <= LONGEST for text in stripped):
        raise BadOption(option="text", allowed=f"1-{LONGEST}")
    embedder = embedder_of(dense, cancel)
    vectors = embedder.encode_sentences(stripped)
    cosines = (vectors @ vectors.T).clip(-1.0, 1.0).tolist()
    rows = tuple(tuple(float(value) for value in row) for row in cosines)
    return Similarity(embedder.spec.name, embedder.dimensions, tuple(stripped), rows)
