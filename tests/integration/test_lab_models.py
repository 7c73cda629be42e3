"""lab/comparison.py and lab/pace.py: two models on one text, held against transformers and against themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from transformers import LlamaForCausalLM

from lab import comparison
from lab.comparison import beginning, compare, fingerprint, growing, in_common, in_common_ids, read, same_vocabulary
from lab.distribution import log_softmax
from lab.pace import READ, measure
from rag.errors import Cancelled, EmptyQuestion
from rag.llama.sequences import STEP
from rag.llama.vocabulary import Vocabulary
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import Settings
from tests.tiny_model import Tiny, tiny

pytestmark = pytest.mark.model

STARTER = "smollm2-135m-instruct"
LONG = "ab cd ef gh. " * 8  # more than one part


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tiny, LlamaChat, Tiny, LlamaChat]]:
    made = [tiny(tmp_path_factory.mktemp(f"tiny{seed}"), seed) for seed in (7, 8)]
    chats = [LlamaChat.load(one.gguf, f"tiny{number}", n_ctx=256) for number, one in enumerate(made)]
    yield made[0], chats[0], made[1], chats[1]
    for chat in chats:
        chat.close()


@pytest.fixture(scope="module")
def starter(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    path = Catalogue(Settings(data_dir=tmp_path_factory.mktemp("llm"), models_dir=models_dir)).path(STARTER)
    model = LlamaChat.load(path, STARTER, n_ctx=512)
    yield model
    model.close()


def _probabilities(model: Tiny, tokens: list[int]) -> np.ndarray:
    """(tokens - 1, vocabulary) in transformers."""
    with torch.no_grad():
        logits = LlamaForCausalLM.from_pretrained(model.hf)(torch.tensor([tokens])).logits[0, :-1]
    return torch.softmax(logits.double(), dim=-1).numpy()


def test_surprise_agreement_and_divergence_equal_transformers(two: tuple[Tiny, LlamaChat, Tiny, LlamaChat]) -> None:
    first, chat, second, other = two
    tokens, start = beginning(chat, LONG)
    assert len(tokens) > 2 * comparison._PART
    both = compare(chat, other, LONG, (tokens[:4], tokens[:4]), 8)
    p, q = (_probabilities(model, tokens)[start - 1 :] for model in (first, second))
    for reading, each in zip(both.readings, (p, q), strict=True):
        wanted = -np.log2([row[token] for row, token in zip(each, tokens[start:], strict=True)])
        assert reading.surprises == pytest.approx(wanted, abs=1e-3)
        assert reading.perplexity == pytest.approx(2 ** wanted.mean(), rel=1e-3)
        assert reading.bits_per_byte == pytest.approx(wanted.sum() / len(LONG.encode()), rel=1e-3)
    assert both.divergence is not None
    apart = [float(entropy(one, another, base=2)) for one, another in zip(p, q, strict=True)]
    assert [place.divergence for place in both.divergence.places] == pytest.approx(apart, rel=1e-3, abs=1e-4)
    assert both.divergence.mean == pytest.approx(np.mean(apart), rel=1e-3)
    assert both.divergence.agreement == (p.argmax(axis=1) == q.argmax(axis=1)).mean()
    furthest = both.divergence.furthest(3)
    assert [place.number for place in furthest] == [1 + int(at) for at in np.argsort(apart)[::-1][:3]]


def test_a_model_against_itself_is_nowhere_apart(starter: LlamaChat) -> None:
    text = "The sea is salty because rivers carry minerals to it."
    prompt = starter.encode_text("The sea is")
    told: list[tuple[int, int]] = []
    both = compare(starter, starter, text, (prompt, prompt), 4, told=lambda done, total: told.append((done, total)))
    assert both.divergence is not None
    assert [place.divergence for place in both.divergence.places] == [0.0] * len(starter.tokenize(text))
    assert both.divergence.agreement == 1.0
    assert both.readings[0] == both.readings[1]
    assert both.answers[0] == both.answers[1]
    assert in_common(both.answers) == len(both.answers[0].tokens)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len({total for _, total in told}) == 1
    assert told[-1][0] <= told[-1][1]


def test_the_parts_of_a_text_are_read_as_the_whole(starter: LlamaChat) -> None:
    text = "The sea is salty because rivers carry minerals from the rocks on land to it. " * 4
    prompt = starter.encode_text("The sea")
    parts = compare(starter, starter, text, (prompt, prompt), 1).readings[0]
    whole = read(starter, text)
    assert len(whole.surprises) > comparison._PART
    assert parts.surprises == pytest.approx(whole.surprises, abs=1e-3)
    assert sum(whole.spans) == whole.size == len(text.encode())
    assert growing(whole, 10)[-1] == pytest.approx((whole.size, sum(whole.surprises)))
    assert len(growing(whole, 10)) <= 12


def test_a_text_is_not_read_after_a_control_token(starter: LlamaChat) -> None:
    text = " The sea is salty because rivers carry minerals from the rocks on land to it."
    tokens, start = beginning(starter, text)
    assert starter.vocabulary.text(starter.vocabulary.bos) == "<|im_start|>", "after which a role is expected"
    assert all(starter.vocabulary.piece(token) for token in tokens), "a control token has no text of its own"
    assert b"".join(map(starter.vocabulary.piece, tokens[:start])).decode() == comparison.LEAD
    assert b"".join(map(starter.vocabulary.piece, tokens[start:])).decode() == text.strip()
    reading = read(starter, text)
    assert len(reading.surprises) == len(tokens) - start
    after_it = [starter.vocabulary.bos, *tokens[start:]]
    bits = starter.sequences.score(after_it, 1, lambda place, row: -log_softmax(row)[after_it[place]] / np.log(2))
    assert reading.bits_per_byte < 0.9 * sum(bits) / reading.size


def test_a_text_begins_as_the_model_wants_it(
    two: tuple[Tiny, LlamaChat, Tiny, LlamaChat], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, chat, _, _ = two
    plain = beginning(chat, "abc")
    monkeypatch.setattr(chat.vocabulary, "_adds_bos", True)
    assert beginning(chat, "abc") == ([chat.vocabulary.bos, *plain.tokens], plain.start + 1)


def test_more_padding_of_the_same_vocabulary_is_compared_over_what_both_have(
    two: tuple[Tiny, LlamaChat, Tiny, LlamaChat], tmp_path: Path
) -> None:
    first, chat, _, _ = two
    padded = tiny(tmp_path, 9, padding=11)
    other = LlamaChat.load(padded.gguf, "padded", n_ctx=256)
    try:
        assert other.vocabulary.size == chat.vocabulary.size + 11
        assert same_vocabulary(chat.vocabulary, other.vocabulary)
        assert same_vocabulary(other.vocabulary, chat.vocabulary)
        tokens, start = beginning(chat, "abc dab. fab")
        both = compare(chat, other, "abc dab. fab", (tokens, tokens), 2)
    finally:
        other.close()
    p, q = (_probabilities(model, tokens)[start - 1 :] for model in (first, padded))
    assert q.shape[1] == p.shape[1] + 11
    assert both.divergence is not None
    apart = [float(entropy(one, another[: first.size], base=2)) for one, another in zip(p, q, strict=True)]  # renormed
    assert [place.divergence for place in both.divergence.places] == pytest.approx(apart, rel=1e-3, abs=1e-4)
    wanted = -np.log2([row[token] for row, token in zip(q, tokens[start:], strict=True)])
    assert both.readings[1].surprises == pytest.approx(wanted, abs=1e-3), "of its own whole vocabulary"


def test_tokens_that_only_one_has_make_another_vocabulary(two: tuple[Tiny, LlamaChat, Tiny, LlamaChat]) -> None:
    class Longer:
        size = 23

        def piece(self, number: int, special: bool = False) -> bytes:
            return two[1].vocabulary.piece(number, special) if number < 21 else b"<|tool|>"

    assert not same_vocabulary(two[1].vocabulary, cast("Vocabulary", Longer()))
    one, other = in_common_ids(np.log([0.5, 0.5]), np.log([0.2, 0.6, 0.2]))
    assert np.exp(one) == pytest.approx([0.5, 0.5])
    assert np.exp(other) == pytest.approx([0.25, 0.75])


def test_other_vocabularies_are_not_compared_token_by_token(
    two: tuple[Tiny, LlamaChat, Tiny, LlamaChat], starter: LlamaChat
) -> None:
    _, chat, _, other = two
    assert same_vocabulary(chat.vocabulary, other.vocabulary)
    assert not same_vocabulary(chat.vocabulary, starter.vocabulary)
    assert fingerprint(chat.vocabulary, 21) != fingerprint(starter.vocabulary, 21)
    text = "abc dab. fab"
    both = compare(chat, starter, text, (chat.encode_text(text), starter.encode_text(text)), 2)
    assert both.divergence is None
    assert both.readings[0].size == both.readings[1].size == len(text)


def test_an_empty_text_and_a_stop_are_told(starter: LlamaChat) -> None:
    stopped = threading.Event()
    stopped.set()
    prompt = starter.encode_text("The sea")
    with pytest.raises(EmptyQuestion):
        compare(starter, starter, "", (prompt, prompt), 2)
    with pytest.raises(Cancelled):
        compare(starter, starter, "The sea", (prompt, prompt), 2, stopped)


def test_a_pace_is_measured_afresh_each_time(starter: LlamaChat) -> None:
    prompt = starter.encode_text("The sea is salty because rivers carry minerals to it. " * 20)
    before = starter.sequences.evaluations
    pace = measure(starter, prompt, written=2)
    taken = starter.sequences.evaluations - before
    measure(starter, prompt, written=2)
    assert taken == 1 + -(-READ // STEP) + 2, "a look before the clock starts, the prompt, two tokens"
    assert starter.sequences.evaluations - before == 2 * taken, "nothing is remembered from the first time"
    assert pace.read > 0
    assert pace.write > 0
    assert pace.seconds(int(pace.read), 0) == pytest.approx(1, rel=0.1)


def test_the_size_of_a_model_is_told(starter: LlamaChat, models_dir: Path) -> None:
    shape = starter.shape
    assert shape.parameters == 134_515_008
    assert 0 < shape.weights < (models_dir / f"{STARTER}.gguf").stat().st_size
    assert shape.layers == 30
    assert shape.per_token == 30 * 3 * 64 * 2 * 2  # layers, heads of keys, their width, keys and values, 16 bits
    assert shape.quantisation
