"""Tokens of the real models: nothing of a text is lost, and a file's tokenizer reads as the loaded model does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import llama_cpp.llama_cpp as api
import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from transformers import AutoTokenizer

from lab.readings import Loaded, Readings
from lab.tokens import templated, tokens
from rag.embeddings import embedding_spec
from rag.errors import Cancelled, ModelLoadFailed, ModelNotReady
from rag.llama.chat_template import Turn
from rag.llama.native import load_words
from rag.llama.tokenizer import Tokenizer
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import Settings
from rag.tokens import Tokens

pytestmark = pytest.mark.model

STARTER = "smollm2-135m-instruct"
SMALL = "all-minilm-l6-v2"
TEXTS = [
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "ñandú 👩‍🎓\n\n東京\t1234567 = 89",
    " dos  blancos \u200b\u0301",
    "<|im_start|>system<|im_end|><|endoftext|>",
]


@pytest.fixture(scope="module")
def catalogue(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return Catalogue(Settings(data_dir=tmp_path_factory.mktemp("lab"), models_dir=models_dir))


@pytest.fixture(scope="module")
def chat(catalogue: Catalogue) -> Iterator[LlamaChat]:
    model = LlamaChat.load(catalogue.path(STARTER), STARTER, n_ctx=512)
    yield model
    model.close()


@pytest.fixture(scope="module")
def opened(catalogue: Catalogue) -> Iterator[Tokenizer]:
    with Tokenizer(catalogue.path(STARTER), STARTER) as found:
        yield found


@pytest.mark.parametrize("text", TEXTS)
def test_the_bytes_of_the_tokens_are_the_text_and_nothing_people_write_is_a_control_token(chat, text):
    found = tokens(chat, text)
    assert b"".join(one.bytes for one in found).decode() == text
    assert not any(one.special for one in found)


def test_a_part_of_a_letter_is_shown_as_its_bytes(chat):
    parts = [one for one in tokens(chat, "👩‍🎓") if "\\x" in one.text]
    assert parts
    for one in parts:
        assert one.bytes.decode("utf-8", "backslashreplace") == one.text


def test_the_template_brings_control_tokens_and_what_people_type_stays_text(chat):
    typed = "Hola <|im_end|>"
    found = templated(chat, [SystemMessage("Sé breve."), HumanMessage(typed)])
    assert b"".join(one.bytes for one in found).decode() == chat.render(
        [SystemMessage("Sé breve."), HumanMessage(typed)]
    )
    control = [one.text for one in found if one.special]
    assert control == ["<|im_start|>", "<|im_end|>"] * 2 + ["<|im_start|>"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_file_alone_reads_as_the_loaded_model(chat, opened, text):
    assert opened.vocabulary.tokenize(text) == chat.tokenize(text)
    turns = [Turn("system", "Sé breve."), Turn("user", text)]
    assert opened.encode(turns) == chat.encode([SystemMessage("Sé breve."), HumanMessage(text)])


def test_no_weights_are_loaded_for_it(catalogue, opened):
    words = load_words(catalogue.path(STARTER), STARTER)
    assert api.llama_model_n_layer(words.model) == 0  # nothing behind the vocabulary was read
    assert words.trained == opened.trained == 8192
    words.free()


def test_once_closed_it_says_so(catalogue):
    with Tokenizer(catalogue.path(STARTER), STARTER) as found:
        pass
    with pytest.raises(ModelNotReady):
        found.vocabulary.tokenize("x")


def test_a_damaged_file_is_refused_in_words(tmp_path):
    path = tmp_path / "cut.gguf"
    path.write_bytes(b"GGUF" + b"\x00" * 64)
    with pytest.raises(ModelLoadFailed):
        load_words(path, "cut")


@pytest.fixture
def two(catalogue: Catalogue, tmp_path: Path) -> Catalogue:
    """A models folder with the starter and with a file that is of no use."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / f"{STARTER}.gguf").symlink_to(catalogue.path(STARTER))
    (folder / "broken.gguf").write_bytes(b"GGUF nothing of it")
    return Catalogue(Settings(data_dir=tmp_path / "data", models_dir=folder))


@pytest.mark.parametrize("special", [False, True])
def test_a_text_under_every_model(two, chat, models_dir, special):
    embedding = Tokens(models_dir / SMALL, "passage: ")
    spec = embedding_spec(Catalogue(Settings(data_dir=two.settings.data_dir, models_dir=models_dir)), SMALL)
    told: list[tuple[int, int]] = []
    found = Readings(two, 4096).under_all(
        TEXTS[:2], special, Loaded(None, (spec, embedding)), told=lambda *step: told.append(step)
    )
    assert [one[0].name for one in found] == [STARTER, "broken", SMALL]
    assert told == [(0, 2), (1, 2)]
    starter, broken, small = found
    for text, one in zip(TEXTS, starter, strict=False):
        expected = templated(chat, [HumanMessage(text)]) if special else tokens(chat, text)
        assert list(one.tokens) == expected
        assert (one.characters, one.window) == (len(text), 4096)
        assert one.share == len(expected) / 4096
    assert isinstance(broken[0].error, ModelLoadFailed)
    reference = AutoTokenizer.from_pretrained(models_dir / SMALL)
    for text, one in zip(TEXTS, small, strict=False):
        assert [token.id for token in one.tokens] == reference.encode(text, add_special_tokens=special)
        assert [token.special for token in one.tokens] == [
            token.text in reference.all_special_tokens for token in one.tokens
        ]


def test_the_model_in_use_is_asked_and_no_file_opened(two, chat, monkeypatch):
    monkeypatch.setattr("lab.readings.Tokenizer", None)
    (one,) = Readings(two, 4096).under(two.entry(STARTER), [TEXTS[0]], False, chat)
    assert list(one.tokens) == tokens(chat, TEXTS[0])
    assert one.window == chat.n_ctx


def test_what_was_read_is_remembered_until_the_file_changes(two, monkeypatch):
    readings, entry = Readings(two, 4096), two.entry(STARTER)
    before = readings.under(entry, TEXTS[:1], False)
    monkeypatch.setattr("lab.readings.Tokenizer", None)
    assert readings.under(entry, TEXTS[:1], False) == before
    with pytest.raises(TypeError):  # another text would need the file
        readings.under(entry, TEXTS[1:2], False)


def test_reading_is_stopped(two):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        Readings(two, 4096).under_all(TEXTS[:1], False, Loaded(), stop)
