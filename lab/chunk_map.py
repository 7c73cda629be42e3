"""The chunks of an owner's documents as points in a plane, by the vectors that the search uses. It draws nothing."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.similarity import embedder_of
from rag.errors import TooFewPassages
from rag.records import Opening

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag.dense import Dense
    from rag.embeddings import Matrix, Vector
    from rag.store import Store

    Points = npt.NDArray[np.float64]  # (n, 2)

FEWEST = 3  # chunks: fewer have no plane of their own
MOST = 8_000  # chunks that are drawn; of more, as many spread evenly over them
NEIGHBOURS = 10  # by which it is measured how well a map keeps who is near whom
_OPENING = 90  # characters of a chunk's text
_ASKED = 400  # chunks whose neighbours are compared: enough to tell the share to two or three points of a hundred


@dataclass(frozen=True)
class Cloud:
    """Chunks and their (n, dimensions) vectors of length 1, in the same order. `total`: before some were left out."""

    model: str
    chunks: tuple[Opening, ...]
    vectors: Matrix
    total: int


@dataclass(frozen=True)
class Plane:
    """A plane through a cloud: `mean` (dimensions,), `axes` (2, dimensions), `kept`: share of the variance, 0..1.

    `shares` are what each of the two axes keeps.
    """

    mean: npt.NDArray[np.float64]
    axes: npt.NDArray[np.float64]
    shares: tuple[float, float]

    @property
    def kept(self) -> float:
        """The share of the variance that both axes keep."""
        return self.shares[0] + self.shares[1]

    def at(self, vectors: Matrix | Vector) -> Points:
        """Return where vectors (n, dimensions) or one vector (dimensions,) fall, as (n, 2)."""
        return np.atleast_2d(np.asarray(vectors, np.float64) - self.mean) @ self.axes.T


def cloud(
    store: Store,
    dense: Dense,
    owner: str,
    documents: Sequence[str] | None = None,
    cancel: threading.Event | None = None,
    most: int = MOST,
    always: Sequence[int] = (),
) -> Cloud:
    """Return the chunks of `documents` (None: all that `owner` holds) that have a vector under the model in use.

    Of more than `most`, as many spread evenly, and of those the chunks in `always`. Raises DocumentNotFound (also for
    another's document), TooFewPassages, EmbedderMissing, Cancelled.
    """
    embedder = embedder_of(dense, cancel)
    held = [document.id for document in store.held(owner, documents)]
    found = dense.kept.by_document(embedder.spec.collection, held)
    rows = {int(key): vector for ids, matrix in found.values() for key, vector in zip(ids, matrix, strict=True)}
    if len(rows) < FEWEST:
        raise TooFewPassages(count=len(rows), least=FEWEST)
    ids = sorted(rows)
    spread = [ids[at] for at in np.linspace(0, len(ids) - 1, min(most, len(ids))).round().astype(int)]
    drawn = sorted({*spread, *(key for key in always if key in rows)})
    there = store.openings(owner, drawn, _OPENING)
    drawn = [key for key in drawn if key in there]  # one may have gone while it was read
    if len(drawn) < FEWEST:
        raise TooFewPassages(count=len(drawn), least=FEWEST)
    vectors = np.stack([rows[key] for key in drawn])
    return Cloud(embedder.spec.name, tuple(there[key] for key in drawn), vectors, len(ids))


def plane(vectors: Matrix) -> Plane:
    """Return the plane that keeps most of the variance: principal component analysis (Pearson 1901, Hotelling 1933).

    Of (n, dimensions) vectors, by the singular values of their covariance; an axis points to where its largest weight
    is positive, so that the same cloud is always drawn the same way round.
    """
    plain = vectors.astype(np.float64)
    mean = plain.mean(axis=0)
    moved = plain - mean
    axes, variances, _ = np.linalg.svd(moved.T @ moved, hermitian=True)
    two = axes[:, :2].T
    signs = np.sign(two[np.arange(len(two)), np.abs(two).argmax(axis=1)])
    total = float(variances.sum()) or 1.0
    return Plane(mean, two * signs[:, None], (float(variances[0] / total), float(variances[1] / total)))


def kept_neighbours(vectors: Matrix, points: Points, neighbours: int = NEIGHBOURS) -> float:
    """Return what share, 0..1, of a chunk's nearest chunks by cosine are among its nearest in the plane, on average.

    Of up to 400 chunks spread evenly; what Venna and Kaski 2001 call the preservation of neighbourhoods.
    """
    count = len(points)
    nearest = min(neighbours, count - 1)
    asked = np.linspace(0, count - 1, min(_ASKED, count)).round().astype(int)
    by_meaning = -(vectors[asked] @ vectors.T).astype(np.float64)
    by_place = ((points[asked, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    same = 0
    for row, at in enumerate(asked):
        sides = []
        for distances in (by_meaning[row], by_place[row]):
            distances[at] = np.inf  # itself
            sides.append(set(np.argpartition(distances, nearest - 1)[:nearest].tolist()))
        same += len(sides[0] & sides[1])
    return same / (nearest * len(asked))


def amid(vectors: Matrix, points: Points, query: Vector, neighbours: int = 5) -> Points:
    """Return where a question is put, as (1, 2), on a map that has no formula for new points: amid its nearest chunks.

    They weigh by their cosines; UMAP's own `transform` begins so too (McInnes et al. 2018).
    """
    cosines = (vectors @ query).astype(np.float64)
    near = np.argsort(-cosines, kind="stable")[:neighbours]
    weights = np.exp((cosines[near] - cosines[near[0]]) * 20.0)  # cosines of an encoder differ little
    return np.asarray((weights[:, None] * points[near]).sum(axis=0, keepdims=True) / weights.sum())


def document_order(chunks: Sequence[Opening]) -> Mapping[str, int]:
    """Return {document: its number from 0}, the one with the most chunks first: by it colours and shapes are given."""
    counts: dict[str, int] = {}
    for chunk in chunks:
        counts[chunk.document] = counts.get(chunk.document, 0) + 1
    ordered = sorted(counts, key=lambda document: -counts[document])
    return {document: number for number, document in enumerate(ordered)}
