"""The shipped strategies with the real starter model: each fits its window, and begin, grammar and voting work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from prompts.ask import Asker
from prompts.checks.answers import read
from prompts.library import shipped, strategy
from prompts.reply import Reply, Source
from prompts.words import LANGUAGES
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import STARTER, Settings

pytestmark = pytest.mark.model
EACH = pytest.mark.parametrize("lang", LANGUAGES)
PASSAGES = "<passages>The lamp is switched on from the port.</passages>"
SOURCE = Source("d", "lighthouses.pdf", 2, "The lamp is switched on from the port.")


@pytest.fixture(scope="module")
def chat(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("strategies"), models_dir=models_dir)
    model = LlamaChat.load(Catalogue(settings).path(STARTER), STARTER, n_ctx=2048)
    yield model
    model.close()


def ask(chat: LlamaChat, name: str, lang: str, asker: Asker | None = None) -> Reply:
    one = strategy(name)
    column = one.column(lang)
    if one.schema is None:  # what it says does not matter here
        column = replace(column, decoding=replace(column.decoding, max_tokens=24))
    reply = (asker or Asker(lambda _: chat)).whole(
        column, one.worked[lang].values, tuple(range(one.samples)), owner="ana"
    )
    assert reply.error == {}
    assert reply.text
    return reply


@EACH
def test_every_strategy_fits_a_small_window_with_its_answer(chat: LlamaChat, lang: str) -> None:
    for one in shipped():
        prompt = one.prompts[lang].filled(one.worked[lang].values)
        assert chat.count_messages(prompt.messages()) + one.decoding.max_tokens < chat.context, one.name


@EACH
def test_seed_words_are_read_and_gone_on_from(chat: LlamaChat, lang: str) -> None:
    begin = strategy("seed-words").prompts[lang].begin
    reply = ask(chat, "seed-words", lang)
    assert reply.prompt.endswith(f"assistant\n{begin}")
    assert reply.text.startswith(begin)
    assert len(reply.text) > len(begin)


@EACH
def test_structured_output_follows_its_schema_in_any_model(chat: LlamaChat, lang: str) -> None:
    reply = ask(chat, "structured-output", lang)
    assert reply.stats["finish_reason"] == "stop"
    schema = strategy("structured-output").schema
    assert schema is not None
    Draft202012Validator(schema).validate(json.loads(reply.text))


@EACH
def test_five_answers_vote(chat: LlamaChat, lang: str) -> None:
    reply = ask(chat, "self-consistency", lang)
    assert len(reply.samples) == 5
    assert len(set(reply.samples)) > 1
    assert sum(reply.votes.values()) == 5
    winner, votes = next(iter(reply.votes.items()))
    assert votes == max(reply.votes.values())
    assert read(reply.text, "number", lang=lang).lenient == winner or len(set(reply.votes.values())) == 1


@EACH
def test_examples_are_turns_before_the_request(chat: LlamaChat, lang: str) -> None:
    one = strategy("sentiment-few-shot")
    reply = ask(chat, one.name, lang)
    assert reply.prompt.count("<|im_start|>user") == reply.prompt.count("<|im_start|>assistant") == 4
    texts = [*(shot.user for shot in one.prompts[lang].shots), one.worked[lang].values["text"]]
    places = [reply.prompt.index(text) for text in texts]
    assert places == sorted(places)


@EACH
def test_passages_take_the_place_of_the_worked_ones(chat: LlamaChat, lang: str) -> None:
    asked: list[tuple[str, str]] = []

    def find(owner, question, documents, cancel):
        asked.append((owner, question))
        return PASSAGES, (SOURCE,)

    values = strategy("from-documents").worked[lang].values
    with_documents = ask(chat, "from-documents", lang, Asker(lambda _: chat, find))
    without = ask(chat, "from-documents", lang)
    assert asked == [("ana", values["question"])]
    assert with_documents.sources == (SOURCE,)
    assert PASSAGES in with_documents.prompt
    assert values["context"] not in with_documents.prompt
    assert values["context"] in without.prompt
