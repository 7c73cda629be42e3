"""How runs of the Lab's panels end: Stop ends its own panel's alone, also while loading, and nothing stays busy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from lab.filler import NEEDLES
from lab.needle import Outcome
from lab.pace import Pace, measure
from lab.readings import Loaded
from rag.errors import BadOption, Cancelled, EmbedderMissing, ModelNotReady
from ui.components import Running
from ui.lab import context_run
from ui.lab.context import ContextPanel
from ui.lab.context_run import Kept, Map, Ready
from ui.lab.models import ModelsPanel
from ui.lab.pace import Seldom, ending
from ui.lab.shared import Shared
from ui.lab.tokens import TokensPanel
from ui.lab.word_counts import WordCounts
from ui.lab.word_models import WordModels
from ui.texts import say

REQUEST = cast("gr.Request", SimpleNamespace(username="ana", session_hash="s", cookies={"aula_lang": "en"}, headers={}))
PANELS = {"context": ContextPanel, "models": ModelsPanel, "tokens": TokensPanel, "words": WordModels}
NEEDLE = (NEEDLES["en"].sentence, NEEDLES["en"].question, ", ".join(NEEDLES["en"].expected))


class Fake:
    """As much of what the panels share as a run asks for before it reaches a model."""

    choices = Shared.choices

    def __init__(self, chat: Callable[[str], object]) -> None:
        engine = SimpleNamespace(status=lambda: SimpleNamespace(model="m", title="M"), chat=self._none)
        dense = SimpleNamespace(state="loading", error=None)
        self.services = SimpleNamespace(
            catalogue=None, settings=SimpleNamespace(n_ctx=512), library=None, engine=engine, dense=dense
        )
        self.running = Running()
        self.chat = chat

    @staticmethod
    def _none() -> None:
        raise ModelNotReady


def panel(name: str, chat: Callable[[str], object] = lambda name: None) -> Any:
    return cast("Any", PANELS[name])(Fake(chat))


def asked(name: str) -> tuple[object, ...]:
    context = ("", "filler:en", *NEEDLE, 512, 2, 3, 1, Kept())
    return {"context": context, "models": ("", "", "a text", "a prompt", 8)}[name]


def told(name: str, update: tuple[Any, ...]) -> str:
    return str(update[1 if name == "context" else 0])


@pytest.mark.parametrize("name", PANELS)
def test_stop_ends_the_panels_own_run_alone(name: str) -> None:
    one = panel(name)
    running = one._shared.running
    with running.event("s") as bare, running.event(f"s:{name}") as own, running.event("s:other") as other:
        one.end(REQUEST)
        assert (bare.is_set(), own.is_set(), other.is_set()) == (False, True, False)


@pytest.mark.parametrize("name", ["context", "models"])
def test_stop_is_heard_while_a_model_loads(name: str) -> None:
    loaded: list[str] = []

    def chat(model: str) -> object:
        loaded.append(model)
        one.end(REQUEST)
        return SimpleNamespace()  # nothing may be asked of it any more

    one = panel(name, chat)
    updates = list(one.run(REQUEST, *asked(name)))
    assert loaded
    assert say("en", f"lab.{name}.loading") in told(name, updates[0])
    assert say("en", f"lab.{name}.stopped") in told(name, updates[-1])


@pytest.mark.parametrize("name", ["context", "models"])
def test_an_error_takes_the_place_of_what_was_being_done(name: str) -> None:
    def chat(model: str) -> object:
        raise ModelNotReady

    updates = list(panel(name, chat).run(REQUEST, *asked(name)))
    assert told(name, updates[-1]).startswith('<p class="aula-error" role="alert">')


def test_what_was_not_foreseen_clears_the_line_and_is_raised() -> None:
    def updates() -> Iterator[str]:
        yield "busy"
        raise ZeroDivisionError

    seen: list[str] = []
    with pytest.raises(ZeroDivisionError):
        for one in ending(updates(), str, "stopped", "en"):
            seen.append(one)
    assert seen == ["busy", ""]


def test_stopped_tokens_say_so_and_leave_what_stood_there(monkeypatch: pytest.MonkeyPatch) -> None:
    one = panel("tokens")

    def under_all(texts: object, special: object, loaded: object, cancel: threading.Event, tell: Any) -> None:
        tell(0, 2)
        one.end(REQUEST)
        assert cancel.is_set()
        raise Cancelled

    monkeypatch.setattr(one, "_readings", SimpleNamespace(under_all=under_all))
    updates = list(one.read(REQUEST, "", "a text", "", False))
    assert "<progress" in told("tokens", updates[0])
    assert say("en", "lab.tokens.stopped") in told("tokens", updates[-1])
    assert all(update[1] == gr.skip() for update in updates)


def test_an_embedding_model_that_is_not_there_yet_is_not_left_out_without_a_word() -> None:
    one = panel("tokens")
    dense = one._shared.services.dense
    assert say("en", "lab.tokens.loading") in one._missing(Loaded(), "en")
    dense.state, dense.error = "failed", EmbedderMissing()
    assert dense.error.text("en") in one._missing(Loaded(), "en").replace("&#39;", "'")
    dense.state = "none"
    assert one._missing(Loaded(), "en") == ""
    assert one._missing(Loaded(None, cast("Any", ("spec", "tokens"))), "en") == ""


@pytest.mark.parametrize("n", ["x", 0, 99, 1.5, float("inf")])
def test_n_grams_of_no_length_are_refused_in_words(n: object) -> None:
    counts = WordCounts(cast("Any", Fake(lambda name: None)))
    with pytest.raises(gr.Error, match=BadOption(option="n", allowed="1 – 5").text("en")[:12]):
        counts.count(REQUEST, "one text", "", n, False, False)


def test_what_grows_is_drawn_about_once_a_second() -> None:
    clock = [10.0]
    seldom = Seldom(lambda: clock[0])
    seen = []
    for clock[0] in (10.0, 10.2, 10.9, 11.1, 11.2, 15.0):
        seen.append(seldom.due())
    assert seen == [True, False, False, True, False, True]


def test_a_map_is_not_drawn_for_every_outcome_and_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(context_run, "Seldom", lambda: Seldom(lambda: clock[0]))
    map_ = Map(Ready(cast("Any", None), [], Pace(1, 1), Kept()), "M", "en")
    kept = []
    for depth in (0, 50, 100):
        map_.heard.append(Outcome(128, depth, 0, 120, "no", False))
        kept.append(map_.grown(depth, 100)[3])
    assert [isinstance(one, Kept) for one in kept] == [True, False, False]
    last = map_.drawn()[1]
    assert isinstance(last, Kept)
    assert [one.depth for one in last.outcomes] == [0, 50, 100]
    assert map_.drawn() == (gr.skip(), gr.skip())


def test_a_pace_leaves_out_the_waiting_for_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("lab.pace.time.perf_counter", lambda: clock[0])

    class Slow:
        size, waited = 512, 0.0

        def after(self, tokens: list[int], cancel: object) -> list[int]:
            clock[0] += 0.5 + 60.0  # an answer of another page comes first
            self.waited += 60.0
            return [0, 1]

    chat = SimpleNamespace(sequences=Slow(), vocabulary=SimpleNamespace(size=2))
    pace = measure(cast("Any", chat), [0] * 9, written=2)
    assert pace.read == pytest.approx(10 / 0.5)
    assert pace.write == pytest.approx(2 / (2 * 0.5))


def test_two_different_models_are_chosen_to_begin_with() -> None:
    one = panel("models")
    entries = [SimpleNamespace(title=name.upper(), name=name) for name in ("m", "n")]
    one._shared.services.catalogue = SimpleNamespace(entries=lambda kind: entries, installed=lambda name: True)
    assert [box.value for box in one.renew(REQUEST, "", "")] == ["", "n"]
    assert [box.value for box in one.renew(REQUEST, "m", "m")] == ["m", "m"], "a choice stays"
    assert [box.value for box in one._filler("same")(REQUEST)[:2]] == ["m", "m"]
