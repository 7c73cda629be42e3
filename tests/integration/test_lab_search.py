"""Greedy, sampling and beam search: against every text there is on a tiny model, and on the starter model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from langchain_core.messages import HumanMessage

from lab.distribution import log_softmax
from lab.sampler import Settings
from lab.search import ROOT, beam_search, penalty, pruned
from lab.strategies import Found, Plan, compare
from lab.temperatures import heated, ladder
from lab.writing import greedy, sample, sample_each, scored
from rag.errors import Cancelled
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import Decoding
from rag.settings import Settings as Run
from tests.tiny_model import tiny

STARTER = "smollm2-135m-instruct"
BEGINNINGS = (
    "The capital of France is",
    "Once upon a time there was a fox who",
    "I wanted to say that",
    "Había una vez un zorro que",
    "El agua hierve a",
    "def add(a, b):",
    "1, 2, 3,",
    "My favourite animal is the",
    "In the beginning",
    "Dear Sir or Madam,",
)
ENDS = ("", " not", ",", " very", " 2")
SHORT = ("The", "I", "My", "El", "A", "In", "We", "def", "1", "But")
LATER = ("is", "not", "dog", "2", "very")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    made = tiny(tmp_path_factory.mktemp("tiny"))
    model = LlamaChat.load(made.gguf, "tiny", n_ctx=256)
    yield model
    model.close()


@pytest.fixture(scope="module")
def chat(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    path = Catalogue(Run(data_dir=tmp_path_factory.mktemp("search"), models_dir=models_dir)).path(STARTER)
    model = LlamaChat.load(path, STARTER, n_ctx=512)
    yield model
    model.close()


# Against every text


def _every(chat: LlamaChat, prompt: list[int], steps: int, alpha: float) -> list[tuple[float, tuple[int, ...]]]:
    """Return (score, text) of every text of `steps` tokens, or of fewer where it ends, best first."""
    size = chat.vocabulary.size
    ends = {token for token in range(size) if chat.vocabulary.is_end(token)}
    texts = {
        whole[: next((n + 1 for n, token in enumerate(whole) if token in ends), steps)]
        for whole in product(range(size), repeat=steps)
    }
    logs: dict[tuple[int, ...], float] = {(): 0.0}
    for length in range(steps):
        before = sorted({text[:length] for text in texts if len(text) > length})
        for start in before:
            ways = log_softmax(chat.sequences.after([*prompt, *start], filled=True))
            for token in range(size):
                logs[(*start, token)] = logs[start] + float(ways[token])
    return sorted(((logs[text] / penalty(len(text), alpha), text) for text in texts), reverse=True)


@pytest.mark.parametrize("alpha", [0.0, 1.5])
def test_a_beam_as_wide_as_the_model_finds_what_trying_every_text_finds(small: LlamaChat, alpha: float) -> None:
    prompt, size = [4, 9, 5], small.vocabulary.size
    best = _every(small, prompt, 2, alpha)[:size]
    found = beam_search(small, prompt, size, 2, alpha).best
    assert [one.written.tokens for one in found][:5] == [text for _, text in best][:5]
    assert [one.score for one in found][:5] == pytest.approx([score for score, _ in best][:5], abs=1e-3)


def test_three_steps_too(small: LlamaChat) -> None:
    prompt, size = [7, 6, 12, 4], small.vocabulary.size
    found = beam_search(small, prompt, size * size, 3).best
    score, text = _every(small, prompt, 3, 0.0)[0]
    assert found[0].written.tokens == text
    assert found[0].written.logprob == pytest.approx(score, abs=1e-3)


def test_a_text_that_ended_is_not_gone_on_with(small: LlamaChat) -> None:
    found = beam_search(small, [4, 9, 5], small.vocabulary.size, 3)
    ends = [one.written for one in found.best if one.written.ended]
    assert ends  # the tiny model may end at any time
    for one in ends:
        assert [small.vocabulary.is_end(token) for token in one.tokens] == [False] * (len(one.tokens) - 1) + [True]
        assert not small.vocabulary.text(one.tokens[-1]) or small.vocabulary.text(one.tokens[-1]) not in one.text


# Greedy and beam


def _prompts(chat: LlamaChat) -> list[list[int]]:
    return [chat.encode_text(beginning + end) for beginning in BEGINNINGS for end in ENDS]


def test_a_width_of_one_is_greedy_token_for_token(chat: LlamaChat) -> None:
    for prompt in _prompts(chat)[::7]:
        alone = greedy(chat, prompt, 16)
        found = beam_search(chat, prompt, 1, 16)
        assert [one.written for one in found.best] == [alone]
        assert [node.token for node in found.nodes if node.kept] == list(alone.tokens)


def test_the_beam_is_never_less_likely_than_greedy_on_fifty_prompts(chat: LlamaChat) -> None:
    prompts = [chat.encode_text(f"{beginning} {end}") for beginning in SHORT for end in LATER]
    assert len({tuple(prompt) for prompt in prompts}) == 50
    better = 0
    for prompt in prompts:
        alone = greedy(chat, prompt, 5)
        found = beam_search(chat, prompt, 2, 5, against=alone)
        assert found.best[0].written.logprob >= alone.logprob
        better += found.best[0].written.logprob > alone.logprob
    assert better > 10  # else it searches nothing


def test_greedy_writes_what_the_chat_writes(chat: LlamaChat) -> None:
    messages = [HumanMessage("Why is the sky blue?")]
    said = chat.invoke(messages, decoding=Decoding(temperature=0.0, max_tokens=12)).text
    assert greedy(chat, chat.encode(messages), 12).text == said


def test_the_probability_is_that_of_one_pass(chat: LlamaChat) -> None:
    prompt = chat.encode_text("The lake is deep and")
    written = greedy(chat, prompt, 10)
    whole = [*prompt, *written.tokens]
    steps = [
        float(log_softmax(chat.sequences.after(whole[:place], filled=True))[whole[place]])
        for place in range(len(prompt), len(whole))
    ]
    assert sum(steps) == pytest.approx(written.logprob, abs=1e-3)
    assert written.logprob == pytest.approx(sum(written.logprobs))


def test_no_ngram_comes_twice(chat: LlamaChat) -> None:
    prompt = chat.encode_text("1 2 1 2 1 2 1 2")
    free = greedy(chat, prompt, 24)
    pairs = list(zip(free.tokens, free.tokens[1:], strict=False))
    assert len(set(pairs)) < len(pairs)  # it goes round by itself
    for one in beam_search(chat, prompt, 3, 24, no_repeat_ngram=2).best:
        pairs = list(zip(one.written.tokens, one.written.tokens[1:], strict=False))
        assert len(set(pairs)) == len(pairs)


def test_the_tree_holds_every_text_that_was_found(chat: LlamaChat) -> None:
    found = beam_search(chat, chat.encode_text("Once upon a time"), 3, 6)
    for node in found.nodes:
        assert (node.parent == ROOT) == (node.step == 0)
        if node.parent != ROOT:
            parent = found.nodes[node.parent]
            assert parent.kept
            assert parent.step == node.step - 1
            assert parent.logprob >= node.logprob
    for one in found.best:
        assert one.node is not None
        way, at = [], one.node
        while at != ROOT:
            way.append(found.nodes[at].token)
            assert pruned(found).nodes[at].kept
            at = found.nodes[at].parent
        assert tuple(reversed(way)) == one.written.tokens
        assert found.nodes[one.node].logprob == pytest.approx(one.written.logprob, abs=0.2)
    assert {step: sum(node.kept for node in found.nodes if node.step == step) for step in range(6)} == dict.fromkeys(
        range(6), 3
    )


# Sampling


def test_the_same_seed_draws_the_same_texts_and_temperature_zero_is_greedy(chat: LlamaChat) -> None:
    prompt = chat.encode_text("My favourite animal is the")
    one, same = (sample(chat, prompt, Settings(), 4, 8, seed=3) for _ in range(2))
    assert [text.tokens for text in one] == [text.tokens for text in same]
    assert len({text.tokens for text in one}) > 1
    assert [text.tokens for text in sample(chat, prompt, Settings(), 4, 8, seed=4)] != [text.tokens for text in one]
    cold = sample(chat, prompt, Settings(temperature=0.0), 3, 8, seed=3)
    assert cold == [greedy(chat, prompt, 8)] * 3
    with pytest.raises(ValueError, match="one to MOST"):
        sample_each(chat, prompt, [], [], 8)


def test_drawn_tokens_come_as_often_as_they_should(small: LlamaChat) -> None:
    """Pearson's chi-squared over one token's draws, with a seed: the same every time."""
    prompt = [4, 9, 5]
    p = np.exp(log_softmax(small.sequences.after(prompt, filled=True)))
    drawn = [text.tokens[0] for seed in range(60) for text in sample(small, prompt, Settings(), 16, 1, seed)]
    seen = np.bincount(drawn, minlength=len(p))
    expected = p * len(drawn)
    assert float(((seen - expected) ** 2 / expected).sum()) < 60  # 20 degrees of freedom: p about 1e-5


def test_top_k_of_one_is_greedy(chat: LlamaChat) -> None:
    prompt = chat.encode_text("The capital of France is")
    assert sample(chat, prompt, Settings(top_k=1), 1, 8, seed=1)[0].tokens == greedy(chat, prompt, 8).tokens


# Side by side


def test_every_strategy_writes_and_hears_of_it(chat: LlamaChat) -> None:
    found, heard = Found(), []
    prompt = chat.encode_text("Once upon a time")
    plan = Plan(n=2, steps=6, width=3)
    compare(chat, prompt, plan, found, told=lambda done, total: heard.append((done, total)))
    assert {name: len(texts) for name, texts in found.written.items()} == dict(
        greedy=1, beam=3, sampling=2, temperature=2, top_k=2, top_p=2, min_p=2
    )
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert heard[-1][0] == heard[-1][1]
    for name, texts in found.written.items():
        assert scored(chat, prompt, [one.tokens for one in texts], None) == list(texts)
        assert {one.tokens for one in texts} == set(found.growing[name]) or name == "beam"
    alone = Found()
    compare(chat, prompt, Plan(("top_p",), n=2, steps=6), alone)
    assert alone.written["top_p"][0].tokens[0] == found.written["top_p"][0].tokens[0]  # the same dice


def test_stopped_what_is_finished_stays(chat: LlamaChat) -> None:
    cancel, found = threading.Event(), Found()

    def told(done: int, total: int) -> None:
        if "greedy" in found.written:
            cancel.set()

    with pytest.raises(Cancelled):
        compare(chat, chat.encode_text("Once upon a time"), Plan(n=2, steps=6), found, cancel, told)
    assert list(found.written) == ["greedy"]
    assert found.growing["beam"]


# Temperatures


def test_the_ladder_is_exact_over_the_whole_vocabulary(chat: LlamaChat) -> None:
    row = chat.sequences.after(chat.encode_text("The capital of France is"))
    made = ladder(row, chat.vocabulary, 5, (0.0, 0.5, 1.0, 2.0))
    cold, half, one, two = made.rungs
    assert cold.p == (1.0, 0.0, 0.0, 0.0, 0.0)
    assert (cold.tail, cold.entropy) == (0.0, 0.0)
    p = np.exp(log_softmax(row))
    ids = [token.id for token in made.tokens]
    assert one.p == pytest.approx(p[ids])
    assert half.p == pytest.approx((p**2 / (p**2).sum())[ids])
    assert two.p == pytest.approx((p**0.5 / (p**0.5).sum())[ids])
    for rung in made.rungs:
        assert sum(rung.p) + rung.tail == pytest.approx(1.0)
    assert cold.entropy < half.entropy < one.entropy < two.entropy < np.log2(len(row))
    assert np.exp(heated(row, 0.7)).sum() == pytest.approx(1.0)
