"""The Lab's endpoints of a running app, against the same model looked at here without them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from scipy.special import log_softmax

from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import Settings
from tests.running_app import App, loaded, start

pytestmark = pytest.mark.model

STARTER, SMALL = "smollm2-135m-instruct", "all-minilm-l6-v2"
TEXT = "The capital of France is"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[App]:
    running = start(tmp_path_factory.mktemp("lab_api"), models_dir)
    yield running
    running.stop()
    print("\n".join(running.lines))  # shown when a test failed


@pytest.fixture(scope="module")
def client(app: App) -> Iterator[Client]:
    connected = Client(app.url, verbose=False, httpx_kwargs={"timeout": 120})
    yield loaded(connected)
    connected.close()


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[LlamaChat]:
    path = Catalogue(Settings(data_dir=tmp_path_factory.mktemp("lab"), models_dir=models_dir)).path(STARTER)
    model = LlamaChat.load(path, STARTER, n_ctx=1024)
    yield model
    model.close()


def test_a_text_is_cut_into_tokens(client, chat):
    text = "¿Qué tal, niño? 👩‍🎓"
    found = client.predict(text, api_name="/tokenize")
    assert found["model"] == STARTER
    assert [token["id"] for token in found["tokens"]] == chat.tokenize(text)
    assert bytes.fromhex("".join(token["bytes"] for token in found["tokens"])).decode() == text
    assert (found["count"], found["characters"]) == (len(found["tokens"]), len(text))
    assert found["share"] == found["count"] / found["window"]
    control = client.predict(text, STARTER, True, api_name="/tokenize")
    assert control["tokens"][0] | {"id": 0} == {
        "id": 0,
        "text": "<|im_start|>",
        "bytes": b"<|im_start|>".hex(),
        "special": True,
    }
    embedding = client.predict("a dog", SMALL, True, api_name="/tokenize")
    assert [token["text"] for token in embedding["tokens"]] == ["[CLS]", "a", "dog", "[SEP]"]


def test_next_tokens_have_the_probabilities_of_the_raw_scores(client, chat):
    found = client.predict(TEXT, 5, api_name="/next_tokens")
    expected = np.exp(log_softmax(np.asarray(chat.sequences.after(chat.encode_text(TEXT)), dtype=np.float64)))
    order = np.argsort(-expected)[:5]
    assert [one["id"] for one in found["top"]] == order.tolist()
    assert [one["p"] for one in found["top"]] == pytest.approx(expected[order].tolist(), abs=1e-6)
    assert found["tail"] == pytest.approx(1 - expected[order].sum(), abs=1e-6)
    assert found["entropy_bits"] == pytest.approx(-(expected * np.log2(expected)).sum(), abs=1e-4)
    assert (found["vocabulary"], found["prompt_tokens"]) == (len(expected), len(chat.encode_text(TEXT)))
    assert "stages" not in found


def test_decoding_tells_what_each_stage_crosses_out(client):
    found = client.predict(TEXT, 5, {"top_k": 3, "temperature": 0.5}, api_name="/next_tokens")
    stages = {stage["name"]: stage for stage in found["stages"]}
    assert [stage["name"] for stage in found["stages"]].index("top_k") < len(stages) - 1
    assert stages["top_k"]["kept"] == 3
    assert stages["top_k"]["crossed_out"] == found["vocabulary"] - 3
    assert stages["top_k"]["mass"] == pytest.approx(1 - sum(one["p"] for one in found["top"][:3]), abs=1e-4)
    assert [one["id"] for one in found["sampled"]] == [one["id"] for one in found["top"][:3]]
    squares = np.array([one["p"] for one in found["top"][:3]]) ** 2  # temperature 0.5
    assert [one["p"] for one in found["sampled"]] == pytest.approx((squares / squares.sum()).tolist(), abs=1e-4)


def test_a_beam_of_one_is_greedy_and_a_wider_one_is_never_less_likely(client, chat):
    job = client.submit(TEXT, 1, 6, api_name="/beam_search")
    steps = list(job)
    assert [step["step"] for step in steps[:-1]] == [1, 2, 3, 4, 5, 6]
    (greedy,) = steps[-1]["best"]
    tokens = chat.encode_text(TEXT)
    for token in greedy["tokens"]:
        row = chat.sequences.after(tokens, filled=True)
        assert token["id"] == int(np.argmax(row))
        tokens.append(token["id"])
    found = client.predict(TEXT, 4, 6, api_name="/beam_search")
    assert len(found["best"]) == 4
    assert found["best"][0]["logprob"] >= greedy["logprob"] - 1e-6
    assert all(first["score"] >= second["score"] for first, second in pairwise(found["best"]))
    assert found["looked_at"] > 4


def test_similarity_is_a_matrix_of_cosines(client):
    texts = ["A dog runs in the park.", "A puppy is running outside.", "Taxes are due in April."]
    found = client.predict(texts, api_name="/similarity")
    matrix = np.array(found["cosines"])
    assert found["texts"] == texts
    assert np.diag(matrix) == pytest.approx([1, 1, 1], abs=1e-5)
    assert matrix.tolist() == matrix.T.tolist()
    assert matrix[0, 1] > matrix[0, 2] + 0.2


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("/tokenize", ("x" * 20_001,), "20001 characters"),
        ("/tokenize", ("x", "no-such-model"), "no model called"),
        ("/tokenize", ("x", "../aula.sqlite"), "no model called"),
        ("/next_tokens", (TEXT, 0), "1 – 200"),
        ("/next_tokens", (TEXT, 5, {"top_p": 7}), "top_p"),
        ("/next_tokens", (TEXT, 5, {"dream": 1}), "dream"),
        ("/next_tokens", ("",), "text"),
        ("/beam_search", (TEXT, 9), "1 – 8"),
        ("/beam_search", (TEXT, 2, 65), "1 – 64"),
        ("/beam_search", (TEXT, 2, 4, 3.0), "length_penalty"),
        ("/similarity", (["alone"],), "texts"),
    ],
)
def test_what_is_outside_of_the_limits_is_refused_in_words(client, name, given, said):
    with pytest.raises(AppError, match=said):
        client.predict(*given, api_name=name)


def test_they_are_mcp_tools_with_their_arguments_told(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    expected = {
        "/tokenize": ["text", "model", "special"],
        "/next_tokens": ["text", "k", "decoding", "model"],
        "/beam_search": ["text", "width", "steps", "length_penalty", "no_repeat_ngram", "model"],
        "/similarity": ["texts"],
    }
    for name, arguments in expected.items():
        assert [one["parameter_name"] for one in named[name]["parameters"]] == arguments
