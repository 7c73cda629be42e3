"""The guessing game and a card's run with a real model: what streams, what is withheld, what stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompts.ask import Asker
from prompts.checks.kinds import Tools
from prompts.figures.verdict import summary
from prompts.lessons.cards import card
from prompts.lessons.conclude import TOO_FEW, conclude
from prompts.lessons.game import Game
from prompts.lessons.levels import level, probes, scored
from prompts.lessons.score import score
from prompts.runs.runner import run
from rag.errors import Cancelled
from rag.llm import LlamaChat


@pytest.fixture(scope="module")
def model(models_dir: Path) -> Iterator[LlamaChat]:
    """The starter model."""
    loaded = LlamaChat.load(models_dir / "smollm2-135m-instruct.gguf", "smollm2-135m-instruct", n_ctx=2048)
    yield loaded
    loaded.close()


def test_a_message_is_answered_piece_by_piece_and_the_same_again(model: LlamaChat) -> None:
    game = Game(lambda: model)
    answers = list(game.ask("ana", "en", "Say hello to the visitors.", threading.Event()))
    assert len(answers) > 3
    assert answers[-1].done
    assert answers[-1].text.startswith(answers[0].text.strip())
    again = list(game.ask("ana", "en", "Say hello to the visitors.", threading.Event()))
    assert again[-1] == answers[-1]
    assert [line.answer for line in game.view("ana", "en").lines] == [answers[-1], answers[-1]]


def test_stopping_ends_the_answer(model: LlamaChat) -> None:
    cancel = threading.Event()
    going = Game(lambda: model).ask("ana", "en", "Write a very long story.", cancel)
    next(going)
    cancel.set()
    assert len(list(going)) <= 3


def test_an_open_level_is_scored_text_by_text(model: LlamaChat) -> None:
    texts = probes("message", "en")[:4]
    found = list(score(model, level(1).defence("en"), scored(), "en", texts, threading.Event()))
    assert [len(one.trials) for one in found] == [0, 1, 2, 3, 4]
    assert (found[-1].leaks.n, found[-1].refusals.n) == (2, 2)
    assert found[-1].done
    assert all(trial.answer.done for trial in found[-1].trials)


def test_a_score_under_way_stops(model: LlamaChat) -> None:
    cancel = threading.Event()
    going = score(model, level(1).defence("en"), scored(), "en", probes("message", "en"), cancel)
    next(going)
    next(going)
    cancel.set()
    with pytest.raises(Cancelled):
        next(going)


@pytest.mark.parametrize(("name", "lang"), [("roles", "es"), ("order", "en")])
def test_a_card_runs_and_of_two_items_nothing_follows(model: LlamaChat, name: str, lang: str) -> None:
    experiment = card(name).experiment(lang, limit=2)
    cells = {
        cell.place: cell for cell in run(experiment, Asker(lambda _: model), Tools(), "ana", {}, threading.Event())
    }
    assert len(cells) == experiment.size
    assert all(not cell.reply.error and cell.grades for cell in cells.values())
    assert conclude(card(name), summary(experiment, cells)).key == TOO_FEW
