"""The embedding model in use a second time, with its attention to be seen; it draws nothing.

The one that searches keeps no weights: its attention is computed in one fused step that never has them. So the same
folder is loaded once more when somebody looks, in float32, and let go when nobody has looked for a while.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lab.attention import Reading, Unit, word_of, words
from lab.similarity import embedder_of
from lab.tokens import visible
from rag.errors import BadOption, SentenceTooLong

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from rag.dense import Dense
    from rag.embeddings import Embedder
    from rag.models import Catalogue
    from rag.tokens import Piece

LONGEST = 400  # characters of a sentence
ROOM = 64  # tokens, the model's own marks among them: more lines than that are only a blot
IDLE_S = 300.0
_KEPT = 8  # readings, 4 MB each at the most


class AttentionModel:
    """Reads sentences with the embedding model in use. Safe to use from several threads; one is read at a time."""

    def __init__(self, catalogue: Catalogue, dense: Dense) -> None:
        """Nothing is loaded before the first sentence."""
        self._catalogue = catalogue
        self._dense = dense
        self._lock = threading.Lock()
        self._model: tuple[str, PreTrainedModel] | None = None
        self._read: OrderedDict[tuple[str, str], Reading] = OrderedDict()
        self._used = 0.0
        self._timer: threading.Timer | None = None

    def read(self, text: str, cancel: threading.Event | None = None) -> Reading:
        """Return a sentence as the model reads it, as it stands: without the prefix that it has where it is searched.

        The first takes seconds, while the model loads; those read last are remembered. Raises BadOption,
        SentenceTooLong, EmbedderMissing, ModelNotInstalled, WrongHash, Cancelled.
        """
        sentence = text.strip()
        if not 1 <= len(sentence) <= LONGEST or not words(sentence):
            raise BadOption(option="text", allowed=f"1-{LONGEST}")
        embedder = embedder_of(self._dense, cancel)
        key = embedder.spec.collection, sentence
        with self._lock:
            if key not in self._read:
                pieces = embedder.tokens.pieces(sentence)
                if len(pieces) > ROOM:
                    raise SentenceTooLong(tokens=len(pieces), room=ROOM)
                self._read[key] = _reading(embedder.spec.name, sentence, pieces, self._loaded(embedder))
            self._read.move_to_end(key)
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
            return self._read[key]

    def _loaded(self, embedder: Embedder) -> PreTrainedModel:
        name = embedder.spec.collection
        if self._model is None or self._model[0] != name:
            self._model = None  # before the next one: there is room for one of them
            self._model = name, load(self._catalogue.path(embedder.spec.name))
        self._used = time.monotonic()
        self._look_again(IDLE_S)
        return self._model[1]

    def _look_again(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        """Let the model go if nobody has needed it for long, or look again when that may be so."""
        with self._lock:
            left = self._used + IDLE_S - time.monotonic()
            if left > 0:
                self._look_again(left)
            else:
                self._free()

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory: else the next sentence that is new takes seconds."""
        return self._model is not None

    def close(self) -> None:
        """Let the model go; the next sentence loads it again."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._free()

    def _free(self) -> None:
        self._model = None
        gc.collect()  # modules hold each other


def load(folder: Path) -> PreTrainedModel:
    """Load a sentence-transformers folder with attention that can be seen, in float32 on the processor (seconds)."""
    import torch
    from transformers import AutoModel

    model: PreTrainedModel = AutoModel.from_pretrained(
        str(folder),
        attn_implementation="eager",  # the others return no weights
        dtype=torch.float32,
        local_files_only=True,
        trust_remote_code=False,
    )
    return model  # in evaluation mode, as from_pretrained leaves it: no dropout


def _reading(name: str, text: str, pieces: list[Piece], model: PreTrainedModel) -> Reading:
    import torch

    ids = torch.tensor([[piece.id for piece in pieces]])
    with torch.inference_mode():
        found = model(
            input_ids=ids, attention_mask=torch.ones_like(ids), output_attentions=True, output_hidden_states=True
        )
    return Reading(
        model=name,
        units=_units(text, pieces),
        word=_places(text, pieces),
        weights=np.stack([np.asarray(layer[0], dtype=np.float32) for layer in found.attentions]),
        states=np.stack([np.asarray(layer[0], dtype=np.float32) for layer in found.hidden_states]),
    )


def _places(text: str, pieces: list[Piece]) -> tuple[int, ...]:
    """Return the number of each token's word; a mark is a word of its own."""
    spans = words(text)
    found: list[int] = []
    last: tuple[str, int] | None = None
    for place, piece in enumerate(pieces):
        this = ("mark", place) if piece.special else ("word", word_of(spans, piece.start))
        found.append((found[-1] if found else -1) + (this != last))
        last = this
    return tuple(found)


def _units(text: str, pieces: list[Piece]) -> tuple[Unit, ...]:
    number = _places(text, pieces)
    units: list[Unit] = []
    for place, piece in enumerate(pieces):
        goes_on = place > 0 and number[place] == number[place - 1]
        said = piece.text if piece.special else visible(text[piece.start : piece.end].strip())
        units.append(Unit(said, goes_on, piece.special))
    return tuple(units)
