"""lab/needle.py with the starter model: what it costs, what is kept when it is stopped, what the panel says of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import needle
from lab.filler import NEEDLES, filler
from lab.needle import Grid, Outcome, trials
from rag.errors import Cancelled
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import Settings
from ui.lab import context_view

pytestmark = pytest.mark.model

STARTER = "smollm2-135m-instruct"
EN = NEEDLES["en"]
SMALL = Grid((128, 192), (0, 100))


@pytest.fixture(scope="module")
def chat(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    path = Catalogue(Settings(data_dir=tmp_path_factory.mktemp("llm"), models_dir=models_dir)).path(STARTER)
    model = LlamaChat.load(path, STARTER, n_ctx=512)
    yield model
    model.close()


def test_the_starter_finds_what_stands_in_a_short_text_and_every_outcome_is_kept(chat: LlamaChat) -> None:
    made = trials(chat, EN, filler("en", 40), SMALL, "en")
    assert all(len(one.tokens) <= one.length for one in made)
    kept: list[Outcome] = []
    told: list[tuple[int, int]] = []
    needle.run(chat, EN, made, 8.0, kept.append, told=lambda done, total: told.append((done, total)))
    assert [(one.length, one.depth) for one in kept] == [(128, 100), (128, 0), (192, 0), (192, 100)]
    assert sum(one.found for one in kept) >= 3
    assert all(one.found == needle.recalled(one.answer, EN.expected) for one in kept)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] == needle.work(made, 8.0)


def test_what_two_prompts_share_is_read_once(chat: LlamaChat) -> None:
    made = trials(chat, EN, filler("en", 40), Grid((320,), (90, 100)), "en")
    needle.run(chat, EN, made[:1], 8.0, lambda _: None)
    steps: list[int] = []
    chat.sequences.after(made[1].tokens, told=lambda read, _: steps.append(read))
    assert steps[0] >= made[1].shared > 200, "the first step goes on from where the two part"


def test_a_stop_keeps_what_is_there(chat: LlamaChat) -> None:
    made = trials(chat, EN, filler("en", 40), SMALL, "en")
    kept: list[Outcome] = []
    stop = threading.Event()

    def keep(one: Outcome) -> None:
        kept.append(one)
        stop.set()

    with pytest.raises(Cancelled):
        needle.run(chat, EN, made, 8.0, keep, stop)
    assert len(kept) == 1


@pytest.mark.parametrize(("lang", "whole"), [("en", "Found in 1 of 2 tries"), ("es", "Encontrada en 1 de 2 intentos")])
def test_the_map_says_in_words_and_in_its_table_what_it_shows(lang: str, whole: str) -> None:
    outcomes = [Outcome(128, 0, 0, 120, "<b>cardamom</b>", True), Outcome(128, 50, 0, 121, "no", False)]
    shown = context_view.drawn(outcomes, "M<1>", lang)
    assert whole in shown
    assert "&lt;b&gt;cardamom&lt;/b&gt;" in shown
    assert "<b>" not in shown
    assert "M&lt;1&gt;" in shown
    assert shown.count("<tr>") == 3
