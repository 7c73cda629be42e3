"""Texts to vectors with sentence-transformers; it knows nothing of where they are kept."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from langchain_core.embeddings import Embeddings

from rag.batches import batches, windows
from rag.errors import Cancelled
from rag.gate import Gate
from rag.tokens import Tokens

if TYPE_CHECKING:
    import numpy.typing as npt
    from sentence_transformers import SentenceTransformer

    from rag.models import Catalogue

Vector: TypeAlias = "npt.NDArray[np.float32]"  # (dimensions,)
Matrix: TypeAlias = "npt.NDArray[np.float32]"  # (n, dimensions)

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
    """One loaded embedding model. Vectors are float32 of length 1, so that a dot product is the cosine.

    Nothing is cut off: a text longer than the model reads at once is encoded in windows, whose mean stands for it.
    """

    def __init__(self, folder: Path, spec: EmbeddingSpec) -> None:
        """Load the sentence-transformers folder; takes seconds, so never on the way to the page."""
        self.spec = spec
        self._model = _load(folder)
        # The model's own tokenizer, the only one in memory: one of 250,000 words takes 280 MB.
        self.tokens = Tokens(folder, spec.passage_prefix, self._model.tokenizer.backend_tokenizer)
        self._passages = threading.Lock()  # a batch at a time: two would only share the same cores
        self._cache: OrderedDict[tuple[str, str], Vector] = OrderedDict()

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode_passages(self, texts: Sequence[str], cancel: threading.Event | None = None) -> Matrix:
        """Return an (n, dimensions) matrix for texts that are searched. Raises Cancelled between two batches.

        Questions never wait for them: where the caller's thread has a low priority, a question takes the cores.
        """
        return self._encode(self.spec.passage_prefix, texts, hurry=False, cancel=cancel)

    def encode_query(self, text: str) -> Vector:
        """Return the vector of a text to search for; remembered, since retrieval and selection both ask for it."""
        vector: Vector = self._remembered(self.spec.query_prefix, [text])[0]
        return vector

    def encode_sentences(self, texts: Sequence[str]) -> Matrix:
        """Like encode_passages, but remembered and in a hurry: the same sentences are scored again and again."""
        return self._remembered(self.spec.passage_prefix, texts)

    def _remembered(self, prefix: str, texts: Sequence[str]) -> Matrix:
        known = {text: vector for text in texts if (vector := self._cache.get((prefix, text))) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        known |= dict(zip(missing, self._encode(prefix, missing, hurry=True), strict=True))
        for text in missing:
            self._cache[prefix, text] = known[text]
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

    def _encode(self, prefix: str, texts: Sequence[str], hurry: bool, cancel: threading.Event | None = None) -> Matrix:
        """Return a vector a text: the mean of its windows' vectors, each weighing as much as it has tokens."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        parts = [(place, *part) for place, text in enumerate(texts) for part in windows(text, self.tokens)]
        for batch in batches([tokens for _, _, tokens in parts]):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            with contextlib.nullcontext() if hurry else self._passages:
                found = self._forward([prefix + parts[position][1] for position in batch])
            for position, vector in zip(batch, found, strict=True):
                place, _, tokens = parts[position]
                vectors[place] += np.float32(max(tokens, 1)) * vector
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0.0, lengths, 1.0), dtype=np.float32)

    def _forward(self, texts: Sequence[str]) -> Matrix:
        """Return the model's (n, dimensions) vectors, of length 1; the tokens are ours already, so none are cut off."""
        import torch

        ids = self.tokens.ids(texts)
        width = max(len(row) for row in ids)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids], device=self._model.device)
        padded = torch.tensor([row + [0] * (width - len(row)) for row in ids], device=self._model.device)
        with torch.inference_mode():
            found = self._model({"input_ids": padded, "attention_mask": mask})["sentence_embedding"]
            return np.asarray(torch.nn.functional.normalize(found.float(), dim=1).cpu().numpy(), dtype=np.float32)


@contextlib.contextmanager
def _sleeping_threads() -> Iterator[None]:
    """Let OpenMP's threads sleep while they wait for each other; they read how when torch is first imported.

    They would spin: with other work on the same cores a question's vector then took a second instead of 30 ms.
    """
    chosen = os.environ.get("OMP_WAIT_POLICY")
    os.environ["OMP_WAIT_POLICY"] = chosen or "PASSIVE"
    try:
        yield
    finally:  # what else has threads of its own, such as llama.cpp, goes on as it would
        if chosen is None:
            del os.environ["OMP_WAIT_POLICY"]


def _load(folder: Path) -> SentenceTransformer:
    with _sleeping_threads():
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
