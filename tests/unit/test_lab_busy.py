"""What panels of the Lab leave on the page when their work fails, is stopped, or was asked with other values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import numpy as np
import pytest

from lab.attention import Reading, Unit
from rag.errors import BadOption, Cancelled, EmbedderMissing, LookAgain, QuestionTooLong
from ui.components import Running
from ui.lab.analogy_part import AnalogyPart
from ui.lab.attention import AttentionPanel
from ui.lab.beginning import TEXT
from ui.lab.next_sampler import SLIDERS, USUAL
from ui.lab.next_token import NextTokenPanel
from ui.lab.shared import Shared
from ui.lab.similarity_part import SimilarityPart
from ui.lab.temperature import TemperaturePanel
from ui.texts import say

REQUEST = cast(
    "gr.Request", SimpleNamespace(cookies={}, headers={"accept-language": "es"}, username=None, session_hash="s")
)
VALUES = [getattr(USUAL, name) for name in SLIDERS]


def left(updates: Iterator[Any]) -> tuple[Any, bool]:
    """Return what stood there in the end, and whether an error was raised after it."""
    last = None
    try:
        for last in updates:  # noqa: B007 - what it ends on is what is wanted
            pass
    except gr.Error:
        return last, True
    return last, False


# -- embeddings ------------------------------------------------------------------------------------------------------


def dense(error: Exception | None = None) -> Shared:
    """A page without an embedding model, or whose model fails."""

    def get(cancel: object = None) -> None:
        if error is not None:
            raise error

    return cast("Shared", SimpleNamespace(services=SimpleNamespace(dense=SimpleNamespace(get=get, error=None))))


ASKED: list[Callable[[Shared], Iterator[str]]] = [
    lambda shared: SimilarityPart(shared).compare(REQUEST, "uno\ndos"),
    lambda shared: AnalogyPart(shared).reckon(REQUEST, "rey", "hombre", "mujer", True),
]


@pytest.mark.parametrize("ask", ASKED)
def test_why_there_is_nothing_stands_where_reading_stood(ask: Callable[[Shared], Iterator[str]]) -> None:
    shown, raised = left(ask(dense()))
    assert EmbedderMissing().text("en").split(".")[0][:20] not in shown
    assert EmbedderMissing().text("es") in shown
    assert not raised
    assert left(ask(dense(RuntimeError("unforeseen")))) == ("", True)


def test_one_sentence_alone_is_told() -> None:
    shown, _ = left(SimilarityPart(dense()).compare(REQUEST, "una sola"))
    assert say("es", "lab.embeddings.reading") not in shown
    assert "aula-error" in shown


# -- the next token --------------------------------------------------------------------------------------------------


class Words:
    """A vocabulary of four letters."""

    size = 4

    def piece(self, token: int, special: bool = False) -> bytes:
        return b"abcd"[token : token + 1]

    def is_end(self, token: int) -> bool:
        return False


class Chat:
    """A model that reads a text, tells how far it is and then gives a row, or fails."""

    model = "in-use"
    vocabulary = Words()

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.asked = error, 0
        self.sequences = self

    def encode_text(self, text: str) -> list[int]:
        return [0, 1]

    def after(self, tokens: object, cancel: object = None, told: Any = None) -> Any:
        self.asked += 1
        if told is not None:
            told(1, 2)
        if self.error is not None:
            raise self.error
        return np.array([3.0, 2.0, 1.0, 0.0], dtype=np.float32)


class Page:
    """As much of Shared as the panel needs; models that are loaded are noted."""

    def __init__(self, chat: Chat) -> None:
        self._chat, self.running = chat, Running()
        self.loaded: list[object] = []
        catalogue = SimpleNamespace(entries=lambda kind: [])
        self.services = SimpleNamespace(catalogue=catalogue, engine=SimpleNamespace(chat=lambda: chat))

    def chat(self, model: object = "") -> Chat:
        self.loaded.append(model)
        return self._chat


def looking(error: Exception | None = None) -> tuple[NextTokenPanel, Page, tuple[Any, bool]]:
    page = Page(Chat(error))
    panel = NextTokenPanel(cast("Shared", page))
    return panel, page, left(panel.run(REQUEST, "", TEXT, "", "ab", 12, *VALUES))


def test_reading_does_not_stand_there_after_an_error() -> None:
    _, _, (shown, raised) = looking(QuestionTooLong(tokens=9, room=5))
    assert QuestionTooLong(tokens=9, room=5).text("es") in shown[0]
    assert raised
    _, _, (shown, raised) = looking(RuntimeError("unforeseen"))
    assert say("es", "lab.next.reading") not in shown[0]
    assert raised
    _, _, (shown, raised) = looking(Cancelled())
    assert say("es", "lab.next.stopped") in shown[0]
    assert not raised


def test_a_slider_loads_no_other_model_and_reads_nothing_again() -> None:
    panel, page, (shown, _) = looking()
    look = shown[3]
    page.loaded.clear()
    with pytest.raises(gr.Error, match=LookAgain().text("en")[:30]):
        panel.redraw(REQUEST, "another", look, 12, *VALUES)
    with pytest.raises(gr.Error, match=LookAgain().text("en")[:30]):
        panel.redraw(REQUEST, "", {**look, "chosen": [2, 2]}, 12, *VALUES)  # no longer kept
    assert page.loaded == []
    asked = page._chat.asked
    assert "<svg" in str(panel.redraw(REQUEST, "", look, 12, *VALUES))
    assert "<svg" in str(panel.redraw(REQUEST, "in-use", look, 12, *VALUES))
    assert page._chat.asked == asked


def test_values_moved_while_it_was_read_are_drawn_after_it() -> None:
    panel, _, (shown, _) = looking()
    look = shown[3]
    drawn = panel.catch_up(REQUEST, "", look, 12, *VALUES)
    assert not any(isinstance(one, str) for one in drawn)
    cold = [*VALUES[:-1], 0.0]
    found, staged = panel.catch_up(REQUEST, "", look, 12, *cold)
    assert isinstance(found, str)
    assert "Queda 1 token." in str(staged)


# -- what is moved while something runs ------------------------------------------------------------------------------


def chained(make: Callable[[Shared], Any]) -> dict[int | None, list[str]]:
    """Return the names of the callbacks that run after each callback of a panel that is laid out on a page."""
    catalogue = SimpleNamespace(entries=lambda kind: [], installed=lambda name: False)
    services = SimpleNamespace(catalogue=catalogue, dense=None)
    with gr.Blocks() as blocks:
        shared = Shared(cast("Any", services))
        shared.layout()
        panel = make(shared)
        panel.layout()
        panel.wire(blocks)
    after: dict[int | None, list[str]] = {}
    for one in blocks.fns.values():
        after.setdefault(one.trigger_after, []).append(one.name)
    names = {one._id: one.name for one in blocks.fns.values()}
    return {key: value for key, value in after.items() if key is None or names[key] in ("run", "read", "tell")}


@pytest.mark.parametrize(
    ("make", "first", "count"),
    [(TemperaturePanel, "redraw", 3), (NextTokenPanel, "catch_up", 4), (AttentionPanel, "draw", 2)],
)
def test_what_was_moved_meanwhile_is_drawn_after_each_run(
    make: Callable[[Shared], Any], first: str, count: int
) -> None:
    found = {key: names for key, names in chained(make).items() if key is not None}
    assert list(found.values()) == [[first]] * count


def read(layer: int, layers: int) -> tuple[Any, ...]:
    """Return the updates after a sentence was read by a model of so many layers."""
    units = (Unit("[CLS]", False, True), Unit("a"), Unit("[SEP]", False, True))
    weights = np.full((layers, 2, 3, 3), 1 / 3, dtype=np.float32)
    reading = Reading("m", units, (0, 1, 2), weights, np.zeros((layers + 1, 3, 4), dtype=np.float32))
    shared = SimpleNamespace(services=SimpleNamespace(catalogue=None, dense=None))
    panel = AttentionPanel(cast("Shared", shared))
    panel._model = cast("Any", SimpleNamespace(loaded=True, read=lambda text: reading))
    updates, raised = left(panel.read(REQUEST, "a", layer, 1, False, True))
    assert not raised
    return cast("tuple[Any, ...]", updates)


def test_a_layer_is_only_set_where_the_model_has_it_not() -> None:
    _, layer, head, *_ = read(layer=2, layers=3)
    assert "value" not in layer.constructor_args
    assert "value" not in head.constructor_args
    _, layer, *_ = read(layer=9, layers=3)
    assert layer.constructor_args["value"] == 3


def test_too_many_sentences_are_told_where_reading_stood() -> None:
    shared = SimpleNamespace(services=SimpleNamespace(catalogue=None, dense=None))
    panel = AttentionPanel(cast("Shared", shared))
    shown, raised = left(panel.hold(REQUEST, "a", "\n".join(["a b"] * 9)))
    assert BadOption(option="sentences", allowed="2-4").text("es") in shown
    assert not raised
