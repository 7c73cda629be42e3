"""Next-token probabilities and the sampler's stages on real weights, each against a reference of its own."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import llama_cpp.llama_cpp as api
import numpy as np
import pytest
import torch
from langchain_core.messages import HumanMessage, SystemMessage
from scipy.special import softmax
from transformers import LlamaForCausalLM

from lab.distribution import candidate, log_softmax, look
from lab.kept_rows import KeptRows
from lab.sampler import Settings, draw, pipeline
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import PRESETS
from rag.settings import Settings as Run
from tests.llama_chain import chain
from tests.tiny_model import Tiny, tiny

if TYPE_CHECKING:
    import numpy.typing as npt

pytestmark = pytest.mark.model

STARTER = "smollm2-135m-instruct"
TEXT = "The capital of Italy is Rome. The capital of France is"
ALL = Settings(1.3, 0.2, 0.4, 8, 40, 0.9, 0.8, 0.05, 0.7)


@pytest.fixture(scope="session")
def starter_path(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Catalogue(Run(data_dir=tmp_path_factory.mktemp("llm"), models_dir=models_dir)).path(STARTER)


@pytest.fixture(scope="module")
def chat(starter_path: Path) -> Iterator[LlamaChat]:
    model = LlamaChat.load(starter_path, STARTER, n_ctx=512)
    yield model
    model.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def tiny_chat(small: Tiny) -> Iterator[LlamaChat]:
    model = LlamaChat.load(small.gguf, "tiny", n_ctx=256)
    yield model
    model.close()


def prompts(chat: LlamaChat) -> list[list[int]]:
    asked = [SystemMessage("You are a teacher."), HumanMessage("Why is the sky blue?")]
    return [chat.encode_text(TEXT), chat.encode(asked), chat.encode_text("Érase una vez, en un país muy lejano, " * 12)]


def plain(path: Path, tokens: list[int]) -> npt.NDArray[np.float32]:
    """Return the logits of a bare llama.cpp: a model and a context of its own, one llama_decode of the prompt."""
    model = api.llama_model_load_from_file(str(path).encode(), api.llama_model_default_params())
    params = api.llama_context_default_params()
    params.n_ctx = params.n_batch = 512
    params.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_DISABLED  # as in the app; with it the sums are other ones
    context = api.llama_init_from_model(model, params)
    held = (api.llama_token * len(tokens))(*tokens)  # the batch only points at it
    assert api.llama_decode(context, api.llama_batch_get_one(held, len(tokens))) == 0
    size = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
    pointer = ctypes.cast(api.llama_get_logits_ith(context, -1), ctypes.POINTER(ctypes.c_float))
    row = np.ctypeslib.as_array(pointer, shape=(size,)).copy()
    api.llama_free(context)
    api.llama_model_free(model)
    return row


def test_probabilities_are_those_of_a_bare_llama_cpp(chat: LlamaChat, starter_path: Path) -> None:
    for tokens in prompts(chat):
        expected = softmax(plain(starter_path, tokens).astype(np.float64))
        found = look(chat, tokens, 40)
        assert found.size == chat.vocabulary.size == len(expected)
        assert abs(found.top[0].p - expected.max()) < 1e-4
        assert all(abs(one.p - expected[one.token.id]) < 1e-4 for one in found.top)
        np.testing.assert_allclose(np.exp(log_softmax(chat.sequences.after(tokens))), expected, atol=1e-4)
        assert found.tail == pytest.approx(1 - sum(one.p for one in found.top), abs=1e-9)
        assert found.entropy == pytest.approx(float(-(expected * np.log2(expected)).sum()), abs=1e-3)
        assert [one.rank for one in found.top] == list(range(1, 41))


def test_probabilities_are_those_of_transformers(tiny_chat: LlamaChat, small: Tiny) -> None:
    model = LlamaForCausalLM.from_pretrained(small.hf, local_files_only=True)
    drawn = np.random.default_rng(1)
    for length in (1, 2, 3, 7, 20, 60, 200):
        tokens = drawn.integers(0, small.size, length).tolist()
        with torch.no_grad():
            expected = torch.softmax(model(torch.tensor([tokens])).logits[0, -1].double(), -1).numpy()
        found = np.exp(log_softmax(tiny_chat.sequences.after(tokens)))
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_tiny_model_reads_and_ends(tiny_chat: LlamaChat, small: Tiny) -> None:
    assert tiny_chat.vocabulary.size == small.size
    assert len(tiny_chat.encode_text("ab cab.\n")) == 6  # "ab" is one token
    assert tiny_chat.vocabulary.is_end(0)
    assert [one.end for one in look(tiny_chat, [4], small.size).top].count(True) == 1


@pytest.mark.parametrize(
    "settings", [ALL, Settings(top_p=0.95), Settings(typical_p=0.5), Settings(min_p=0.02, temperature=1.5),
                 *(Settings.from_decoding(one) for one in PRESETS.values())],
)  # fmt: skip
def test_the_stages_are_llama_cpps_on_real_rows(chat: LlamaChat, settings: Settings) -> None:
    for tokens in prompts(chat):
        row = chat.sequences.after(tokens)
        theirs, drawn = chain(row, settings, tokens)
        for stage, kept in zip(pipeline(row, settings, tokens), theirs, strict=True):
            mine = dict(zip(stage.ids.tolist(), stage.p.tolist(), strict=True))
            assert mine.keys() == kept.p.keys(), stage.name
            assert all(abs(mine[token] - p) < 1e-4 for token, p in kept.p.items()), stage.name
        assert drawn[draw(row, settings, tokens, np.random.default_rng(0))] > 0


def test_the_most_probable_of_a_clear_beginning(chat: LlamaChat) -> None:
    found = look(chat, chat.encode_text(TEXT), 5)
    assert found.top[0].token.text == " Paris"
    assert found.top[0].p == max(one.p for one in found.top)


def test_the_rank_of_any_token(chat: LlamaChat) -> None:
    row = chat.sequences.after(chat.encode_text(TEXT))
    logs = log_softmax(row)
    for one in look(chat, chat.encode_text(TEXT), 50).top:
        assert candidate(row, logs, chat.vocabulary, one.token.id) == one


def test_looking_again_asks_the_model_no_more(chat: LlamaChat) -> None:
    rows, tokens = KeptRows(), chat.encode_text("One, two, three, four, five, six, seven and")
    before = chat.sequences.evaluations
    first = rows.row(chat, tokens)
    asked = chat.sequences.evaluations
    assert asked > before
    chat.sequences.rest()  # whatever else it has read meanwhile
    assert rows.row(chat, tokens) is first
    assert chat.sequences.evaluations == asked
    rows.row(chat, tokens[:-1])
    assert chat.sequences.evaluations > asked
