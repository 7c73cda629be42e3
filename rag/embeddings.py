"""Texts to vectors with sentence-transformers; it knows nothing of where they are kept."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from langchain_core.embeddings import Embeddings

from rag.gate import Gate

if TYPE_CHECKING:
    import numpy.typing as npt
    from sentence_transformers import SentenceTransformer

    from rag.models import Catalogue

Vector: TypeAlias = "npt.NDArray[np.float32]"  # (dimensions,)
Matrix: TypeAlias = "npt.NDArray[np.float32]"  # (n, dimensions)

BATCH = 16
_CACHED = 4_096  # vectors of sentences and questions, 6 MB at 384 dimensions


@dataclass(frozen=True)
class EmbeddingSpec:
    """What belongs to an embedding model: name, hash, prefixes, share in fusion (0..1), gate.

    `abroad`: what a question and a passage in two languages lack of the cosine that they would have in one.
    """

    name: str
    sha256: str
    query_prefix: str = ""
    passage_prefix: str = ""
    weight: float = 0.5
    abroad: float = 0.0
    gate: Gate | None = None

    @property
    def collection(self) -> str:
        """The Chroma collection of this model and no other: named after the model and its hash."""
        return f"{self.name}-{self.sha256[:12]}"


def embedding_spec(catalogue: Catalogue, name: str) -> EmbeddingSpec:
    """Return what the catalogue knows of an installed embedding model. Raises ModelNotInstalled, WrongHash."""
    entry = catalogue.entry(name)
    return EmbeddingSpec(
        name=entry.name,
        sha256=catalogue.digest(name),
        query_prefix=entry.query_prefix,
        passage_prefix=entry.passage_prefix,
        weight=0.5 if entry.weight is None else entry.weight,
        abroad=entry.abroad,
        gate=entry.gate,
    )


class Embedder(Embeddings):
    """One loaded embedding model. Vectors are float32 of length 1, so that a dot product is the cosine."""

    def __init__(self, folder: Path, spec: EmbeddingSpec) -> None:
        """Load the sentence-transformers folder; takes seconds, so never on the way to the page."""
        self.spec = spec
        self._model = _load(folder)
        self._lock = threading.Lock()  # one encode at a time: two would only share the same cores
        self._cache: OrderedDict[str, Vector] = OrderedDict()

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        """Return an (n, dimensions) matrix for texts that are searched."""
        return self._encode([self.spec.passage_prefix + text for text in texts])

    def encode_query(self, text: str) -> Vector:
        """Return the vector of a text to search for; remembered, since retrieval and selection both ask for it."""
        vector: Vector = self._remembered([self.spec.query_prefix + text])[0]
        return vector

    def encode_sentences(self, texts: Sequence[str]) -> Matrix:
        """Like encode_passages, but remembered: the same sentences are scored again and again."""
        return self._remembered([self.spec.passage_prefix + text for text in texts])

    def _remembered(self, texts: Sequence[str]) -> Matrix:
        known = {text: vector for text in texts if (vector := self._cache.get(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        known |= dict(zip(missing, self._encode(missing), strict=True))
        for text in missing:
            self._cache[text] = known[text]
        while len(self._cache) > _CACHED:
            with contextlib.suppress(KeyError):  # another thread was quicker
                self._cache.popitem(last=False)
        return np.array([known[text] for text in texts], dtype=np.float32).reshape(len(texts), -1)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's form of encode_passages."""
        return [[float(value) for value in row] for row in self.encode_passages(texts)]

    def embed_query(self, text: str) -> list[float]:
        """LangChain's form of encode_query."""
        return [float(value) for value in self.encode_query(text)]

    def _encode(self, texts: list[str]) -> Matrix:
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        with self._lock:
            vectors = self._model.encode(
                texts, batch_size=BATCH, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)


def _load(folder: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(
        str(folder),
        device=None if _accelerated() else "cpu",
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"dtype": _dtype()},
    )


def _accelerated() -> bool:
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()


def _dtype() -> str:
    """bfloat16 where the processor multiplies it natively (1.9 times float32's speed there), else float32."""
    import torch

    native = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return "bfloat16" if not _accelerated() and native() else "float32"
