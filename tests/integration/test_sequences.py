"""rag/llama/sequences.py with the real starter model: its scores are llama.cpp's own, and a chat need not wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import gguf
import llama_cpp.llama_cpp as api
import numpy as np
import pytest

from rag.errors import Cancelled, ModelLoadFailed, ModelNotReady, QuestionTooLong
from rag.llama import native
from rag.llama.branches import Branches
from rag.llama.context import Context, steps
from rag.llama.sequences import MOST, STEP, Row, Sequences
from rag.llm import LlamaChat, _Engine
from rag.models import Catalogue
from rag.settings import Decoding, Settings

pytestmark = pytest.mark.model
STARTER = "smollm2-135m-instruct"
TEXT = (
    "The railway came to the town in 1863 and changed its trade for ever. Goods travelled in a day and no longer in a "
    "week, and the harbour, which had been the middle of everything, lost its weight little by little. "
)


@pytest.fixture(scope="module")
def starter_path(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Catalogue(Settings(data_dir=tmp_path_factory.mktemp("looks"), models_dir=models_dir)).path(STARTER)


@pytest.fixture(scope="module")
def chat(starter_path: Path) -> Iterator[LlamaChat]:
    model = LlamaChat.load(starter_path, STARTER, n_ctx=1024)
    yield model
    model.close()


@pytest.fixture
def looks(chat: LlamaChat) -> Iterator[Sequences]:
    yield chat.sequences
    chat.sequences.rest()


def parts(chat: LlamaChat) -> _Engine:
    assert chat._engine is not None
    return chat._engine


def probabilities(row: Row) -> np.ndarray:
    scores = row.astype(np.float64)
    shares = np.exp(scores - scores.max())
    return np.asarray(shares / shares.sum())


def log_p(row: Row, token: int) -> float:
    return float(np.log(probabilities(row)[token]))


def plainly(chat: LlamaChat, tokens: list[int]) -> np.ndarray:
    """What the chat's own memory comes to, read as a prompt is: another context, and none of the code under test."""
    engine = parts(chat)
    engine.context.reuse([], repeatable=True)
    for step in steps(tokens):
        assert engine.context.read(step)
    pointer = api.llama_get_logits_ith(engine.context._handles.context, -1)
    return np.ctypeslib.as_array(pointer, shape=(engine.vocabulary.size,)).copy()


def test_scores_after_a_text_are_those_of_a_plain_reading(chat: LlamaChat, looks: Sequences) -> None:
    tokens = chat.encode_text(TEXT * 2)
    assert len(tokens) > STEP
    assert np.abs(probabilities(looks.after(tokens)) - probabilities(plainly(chat, tokens))).max() < 1e-6


def test_it_does_not_matter_how_one_comes_to_a_text(chat: LlamaChat, looks: Sequences) -> None:
    tokens = chat.encode_text(TEXT)
    looks.after(tokens)
    looks.after([*tokens[:37], *tokens[:20]])  # another way, which has the beginning in common
    came = looks.after(tokens[:53])
    looks.rest()
    fresh = looks.after(tokens[:53])
    assert came is not fresh
    assert np.array_equal(came, fresh)


def test_walking_token_by_token_comes_to_the_probability_of_one_pass(chat: LlamaChat, looks: Sequences) -> None:
    prompt = chat.encode_text(TEXT)
    tokens, walked = list(prompt), 0.0
    for _ in range(21):
        row = looks.after(tokens, filled=True)
        chosen = int(np.argsort(row)[-2])  # not the likeliest: nothing may depend on that
        walked += log_p(row, chosen)
        tokens.append(chosen)
    at_once = looks.score(tokens, len(prompt), lambda place, row: (place, log_p(row, tokens[place])))
    assert [place for place, _ in at_once] == list(range(len(prompt), len(tokens)))
    assert sum(value for _, value in at_once) == pytest.approx(walked, abs=1e-4)


@pytest.mark.parametrize("start", [1, 2, 31, 33, 40, 76])
def test_scoring_may_begin_anywhere(chat: LlamaChat, looks: Sequences, start: int) -> None:
    tokens = chat.encode_text(TEXT * 2)[:77]
    whole = looks.score(tokens, 1, lambda place, row: (place, log_p(row, tokens[place])))
    assert [place for place, _ in whole] == list(range(1, 77))
    looks.rest()
    assert looks.score(tokens, start, lambda place, row: (place, log_p(row, tokens[place]))) == whole[start - 1 :]


def test_a_step_costs_one_evaluation_and_going_back_none(chat: LlamaChat, looks: Sequences) -> None:
    tokens = chat.encode_text(TEXT)
    looks.after(tokens)
    before = looks.evaluations
    further = [*tokens, 11]
    looks.after(further)
    assert looks.evaluations == before + 1
    looks.after(tokens)
    looks.after(further)
    assert looks.evaluations == before + 1


def test_branches_are_near_the_exact_scores_and_read_in_one_step(chat: LlamaChat, looks: Sequences) -> None:
    tokens = chat.encode_text(TEXT)
    firsts = np.argsort(looks.after(tokens))[-MOST:]
    looks.after_each([tokens])
    before = looks.evaluations
    several = [[*tokens, int(first)] for first in firsts]
    rows = looks.after_each(several)
    assert looks.evaluations == before + 1
    for row, one in zip(rows, several, strict=True):
        assert np.abs(probabilities(row) - probabilities(looks.after(one))).max() < 0.02
    assert len({row.tobytes() for row in rows}) == MOST


def test_branches_go_on_from_any_parent_and_none_is_mixed_up(chat: LlamaChat, looks: Sequences) -> None:
    """Children of one parent, parents that die, and old ones that are asked for again, beyond the slots there are."""
    prompt = chat.encode_text(TEXT)[:30]
    rng = np.random.default_rng(0)
    words = [int(word) for word in rng.integers(1000, 20000, size=40)]
    alive = [[*prompt, word] for word in words[:8]]
    seen = list(alive)
    for turn in range(6):
        looks.after_each(alive)
        alive = [[*alive[int(rng.integers(len(alive)))], words[8 + turn * 5 + n % 5]] for n in range(8)]
        seen += alive
    asked = [seen[0], seen[9], seen[20], *alive[:3]]
    for row, one in zip(looks.after_each(asked), asked, strict=True):
        assert np.abs(probabilities(row) - probabilities(looks.after(one))).max() < 0.02


def test_the_same_sequence_twice_is_read_once(chat: LlamaChat, looks: Sequences) -> None:
    tokens = chat.encode_text(TEXT)[:20]
    first, second = looks.after_each([tokens, tokens])
    assert first is second


def test_a_full_memory_lets_old_branches_go(chat: LlamaChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.llama.branches._ROOM", 0)
    handles = parts(chat).context._handles
    branches = Branches(handles, parts(chat).turns, 256, STEP)
    try:
        tokens = chat.encode_text(TEXT * 3)
        for start in range(4):  # 4 x 100 tokens that have nothing in common, in a memory of 256
            rows = branches.after([tuple(tokens[start * 20 : start * 20 + 100])], None)
        last = tokens[60:160]
        assert np.abs(probabilities(rows[0]) - probabilities(chat.sequences.after(last))).max() < 0.02
    finally:
        branches.close()


def test_the_chat_keeps_what_it_has_read(chat: LlamaChat, looks: Sequences) -> None:
    from langchain_core.messages import HumanMessage

    asked = [HumanMessage(TEXT)]
    chat.invoke(asked, decoding=Decoding(max_tokens=2))
    looks.after(chat.encode_text(TEXT * 2))
    looks.after_each([chat.encode_text("Another text")])
    again = chat.invoke(asked, decoding=Decoding(max_tokens=2))
    assert again.response_metadata["reused_tokens"] > 30


def test_a_chat_has_its_turn_after_one_step(chat: LlamaChat, looks: Sequences) -> None:
    """While a long text is read, somebody asks for the turn: they have it, and end, before the next step."""
    turns, at = parts(chat).turns, []

    def ask() -> None:
        with turns.taken() as got:
            at.append((got, looks.evaluations))

    def told(done: int, total: int) -> None:
        assert done <= total
        if not at:
            asking = threading.Thread(target=ask)
            asking.start()
            asking.join(60)

    before = looks.evaluations
    looks.after(chat.encode_text(TEXT * 10)[:500], told=told)
    assert at == [(True, before + 1)]
    assert looks.evaluations >= before + 500 // STEP


def test_a_look_waits_for_an_answer_and_goes_on(chat: LlamaChat, looks: Sequences) -> None:
    turns, found = parts(chat).turns, []
    with turns.taken():
        looking = threading.Thread(target=lambda: found.append(looks.after([5, 6, 7, 8])))
        looking.start()
        looking.join(0.2)
        assert found == []
    looking.join(60)
    assert len(found) == 1


def test_a_look_can_be_cancelled_and_the_next_one_is_right(chat: LlamaChat, looks: Sequences) -> None:
    tokens = chat.encode_text(TEXT * 3)
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        looks.after(tokens, cancel, told=lambda done, total: cancel.set())
    after = looks.after(tokens)
    looks.rest()
    assert np.array_equal(after, looks.after(tokens))
    cancel.set()
    with pytest.raises(Cancelled):
        looks.after_each([tokens[:9]], cancel)


def test_what_cannot_be_looked_at_is_said(chat: LlamaChat, looks: Sequences) -> None:
    with pytest.raises(QuestionTooLong):
        looks.after([5] * (looks.size + 1))
    with pytest.raises(ValueError, match="no tokens"):
        looks.after([])
    with pytest.raises(ValueError, match="MOST"):
        looks.after_each([[n] for n in range(MOST + 1)])
    with pytest.raises(ValueError, match="before the first"):
        looks.score([1, 2, 3], 0, lambda place, row: None)
    assert len(looks.after([5] * looks.size)) == parts(chat).vocabulary.size


def test_the_memory_goes_with_the_model(starter_path: Path) -> None:
    model = LlamaChat.load(starter_path, STARTER, n_ctx=512)
    looks, tokens = model.sequences, model.encode_text(TEXT)
    looks.after(tokens)
    looks.after_each([tokens])
    assert looks.bytes > 0
    looks.rest()
    assert looks.bytes == 0
    looks.after(tokens)
    closed = threading.Event()

    def told(done: int, total: int) -> None:
        if not closed.is_set():
            closed.set()
            model.close()

    with pytest.raises(ModelNotReady):
        looks.after(model_tokens(tokens), told=told)
    with pytest.raises(ModelNotReady):
        looks.after(tokens[:5])
    with pytest.raises(ModelNotReady):
        _ = model.sequences


def model_tokens(tokens: list[int]) -> list[int]:
    """Return a text long enough for several steps."""
    return (tokens * 8)[: 4 * STEP]


def test_memory_that_nobody_looks_at_is_given_back(chat: LlamaChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.llama.sequences.IDLE_S", 0.01)
    looks = chat.sequences
    looks.after([5, 6, 7])
    timer = looks._timer
    assert timer is not None
    timer.join(60)
    assert looks.bytes == 0
    monkeypatch.undo()
    assert len(looks.after([5, 6, 7])) == parts(chat).vocabulary.size


def test_it_is_not_given_back_while_somebody_looks(chat: LlamaChat, looks: Sequences) -> None:
    tokens = chat.encode_text(TEXT * 3)
    alone = looks.after(tokens)
    looks.rest()
    seen: list[int] = []

    def told(done: int, total: int) -> None:
        looks._idle()  # the timer of an earlier look, at the worst moment
        seen.append(looks.bytes)

    assert np.array_equal(looks.after(tokens, told=told), alone)
    assert min(seen) > 0


def test_a_model_that_goes_as_a_look_ends_leaves_the_look_its_scores(starter_path: Path) -> None:
    model = LlamaChat.load(starter_path, STARTER, n_ctx=256)
    looks, tokens = model.sequences, model.encode_text(TEXT)

    def told(done: int, total: int) -> None:
        if done == total:
            looks._closed = True
            looks._rows.clear()

    assert len(looks.after(tokens, told=told)) == looks._line._words
    assert not looks._rows
    model.close()


def test_a_file_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    """llama.cpp ends the process when such a one is asked for tokens."""
    path = tmp_path / "mute.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(32)
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(8)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ModelLoadFailed):
        native.load_words(path, "mute")


def test_a_second_context_is_as_long_as_asked(chat: LlamaChat) -> None:
    handles = parts(chat).context._handles
    context = native.second_context(handles, 300, STEP, 2)
    try:
        assert api.llama_n_ctx(context) >= 300
    finally:
        api.llama_free(context)
    assert isinstance(parts(chat).context, Context)
