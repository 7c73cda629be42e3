"""A prompt rewritten by the real starter model: whatever it writes, nothing of the prompt is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompts.lint.improve import improve, reading, request
from prompts.lint.linter import lint
from prompts.prompt import Prompt
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import Settings

pytestmark = pytest.mark.model

STARTER = "smollm2-135m-instruct"
MINE = Prompt("Summarize {{article}} in a few sentences.")


@pytest.fixture(scope="module")
def chat(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    path = Catalogue(Settings(data_dir=tmp_path_factory.mktemp("llm"), models_dir=models_dir)).path(STARTER)
    model = LlamaChat.load(path, STARTER, n_ctx=2048)
    yield model
    model.close()


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_proposal_is_streamed_and_can_be_trusted_with_the_variables(chat: LlamaChat, lang: str) -> None:
    found = lint(MINE)
    texts = list(improve(chat, MINE, found, lang))
    assert texts
    assert all(text.startswith("<user>\n") for text in texts)
    result = reading(texts[-1], MINE)
    assert result.prompt.variables == ("article",)
    assert (result.prompt == MINE) == (result.kept is not None)


def test_the_tags_reach_the_model_as_text(chat: LlamaChat) -> None:
    whole = chat.render(request(MINE, lint(MINE), "en"), begin="<user>\n")
    assert whole.count(MINE.user) == 1
    assert whole.endswith("<user>\n")


def test_it_stops_when_told_to(chat: LlamaChat) -> None:
    cancel = threading.Event()
    texts = []
    for text in improve(chat, MINE, [], "en", cancel):
        texts.append(text)
        cancel.set()
    assert len(texts) <= 2
    assert chat.invoke(request(MINE, [], "en"), max_tokens=2).text
