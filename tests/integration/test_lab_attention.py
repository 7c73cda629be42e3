"""The attention of the real embedding models: that it is theirs, and that it is let go."""

from __future__ import annotations

import itertools
import os
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from lab.attention import merged, senses
from lab.attention_model import LONGEST, ROOM, AttentionModel
from rag.dense import Dense
from rag.embeddings import EmbeddingSpec
from rag.errors import BadOption, EmbedderMissing, SentenceTooLong
from rag.models import Catalogue
from rag.tokens import Tokens

pytestmark = pytest.mark.model
MODEL = "all-minilm-l6-v2"
SENTENCE = "La dueña del banco cerró, porque estaba cansada."
BANK = (
    "She went to the bank to ask for a loan.",
    "They had a picnic on the bank of the river.",
    "The bank charges me fees for the account.",
)


class Served:
    """As much of a Dense as is asked for: which model is in use, and its tokenizer."""

    error = None

    def __init__(self, folder: Path) -> None:
        embedder = SimpleNamespace(spec=EmbeddingSpec(folder.name, "0" * 64), tokens=Tokens(folder, ""))
        self.loaded: object = (embedder, None)

    def get(self, cancel: object = None) -> object:
        return self.loaded


@pytest.fixture(scope="module")
def served(models_dir: Path) -> Served:
    return Served(models_dir / MODEL)


@pytest.fixture
def model(served: Served, models_dir: Path) -> AttentionModel:
    catalogue = SimpleNamespace(path=lambda name: models_dir / name)
    return AttentionModel(cast(Catalogue, catalogue), cast(Dense, served))


def test_the_weights_and_vectors_are_those_of_transformers(model: AttentionModel, models_dir: Path) -> None:
    found = model.read(f"  {SENTENCE} ")
    tokenizer = AutoTokenizer.from_pretrained(models_dir / MODEL)
    fresh = AutoModel.from_pretrained(models_dir / MODEL, attn_implementation="eager").eval()
    with torch.no_grad():
        told = fresh(**tokenizer(SENTENCE, return_tensors="pt"), output_attentions=True, output_hidden_states=True)
    assert found.weights.shape == (6, 12, len(found.units), len(found.units))
    np.testing.assert_allclose(found.weights, torch.cat(told.attentions).numpy(), atol=1e-5)
    np.testing.assert_allclose(found.states, torch.cat(told.hidden_states).numpy(), atol=1e-4)
    np.testing.assert_allclose(found.weights.sum(axis=-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(merged(found).weights.sum(axis=-1), 1.0, atol=1e-5)
    model.close()


def test_pieces_stand_with_their_words(model: AttentionModel) -> None:
    found = model.read(SENTENCE)
    assert [unit.text for unit in merged(found).units] == [
        "[CLS]", "La", "dueña", "del", "banco", "cerró", ",", "porque", "estaba", "cansada", ".", "[SEP]",
    ]  # fmt: skip
    assert [unit.text for unit in found.units if unit.goes_on] == ["ña", "que", "aba", "ada"]
    assert [unit.mark for unit in found.units] == [True, *[False] * (len(found.units) - 2), True]
    model.close()


def test_a_bank_of_money_stays_nearer_to_another_one_than_to_one_of_a_river(model: AttentionModel) -> None:
    found = senses([model.read(sentence) for sentence in BANK], "bank")
    river, money = found.cosines
    assert river[0] == pytest.approx(money[0], abs=0.02)  # the same token, before any attention
    assert money[-1] > river[-1] + 0.05
    assert found.others[-1] < river[-1]
    model.close()


def test_it_is_loaded_once_let_go_and_what_was_read_is_remembered(
    model: AttentionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not model.loaded
    first = model.read("Uno.")
    held = model._model
    assert held is not None
    model.read("Dos.")
    assert model._model is held
    gone = weakref.ref(held[1])
    del held
    model.close()
    assert not model.loaded
    assert gone() is None
    monkeypatch.setattr("lab.attention_model.load", None)
    assert model.read("Uno.") is first


def test_it_is_let_go_only_when_nobody_has_looked_for_long(
    model: AttentionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.read("Uno.")
    model._look()
    assert model.loaded
    monkeypatch.setattr("lab.attention_model.IDLE_S", 0.0)
    model._look()
    assert [model.loaded] == [False]
    model.close()


def test_what_cannot_be_read_is_said_before_a_model_is_loaded(model: AttentionModel, served: Served) -> None:
    for text in ("", "  \n", "a" * (LONGEST + 1)):
        with pytest.raises(BadOption):
            model.read(text)
    with pytest.raises(SentenceTooLong, match=str(ROOM)):
        model.read("a b c d " * 20)
    without = AttentionModel(cast(Catalogue, None), cast(Dense, SimpleNamespace(get=lambda _: None, error=None)))
    with pytest.raises(EmbedderMissing):
        without.read("Uno.")
    assert not model.loaded


@pytest.mark.parametrize("name", ["multilingual-e5-small", MODEL])
@pytest.mark.parametrize("text", ["日本語 🦙 x\u200b y", "  ¿Qué?  ", "n\u0303o…", "👩\u200d👧"])
def test_every_token_of_odd_texts_has_its_word(models_dir: Path, name: str, text: str) -> None:
    from lab.attention_model import _places, _units

    if not (models_dir / name).exists() and "AULA_EVERYTHING" not in os.environ:
        pytest.skip(f"{name} is not installed here")
    pieces = Tokens(models_dir / name, "").pieces(text.strip())
    places = _places(text.strip(), pieces)
    assert places[0] == 0
    assert all(after - before in (0, 1) for before, after in itertools.pairwise(places))
    assert [unit.mark for unit in _units(text.strip(), pieces)] == [piece.special for piece in pieces]
