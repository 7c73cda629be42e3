"""The Compare tab's callbacks without a model: what a reload, a rearrangement and a failure leave on the desk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from prompts.column import Column
from prompts.prompt import Prompt
from prompts.reply import Reply
from rag.errors import Cancelled, ModelNotReady, QuestionTooLong
from ui.column_draft import before, found, kept, taken_in
from ui.column_editor import FIELDS, MOST, PROMPT, Fields
from ui.column_filling import empty, put
from ui.compare import CompareTab
from ui.components import HIDDEN, MODEL, PLAY, Running
from ui.lesson_game import GamePanel
from ui.page import COOKIE
from ui.play_state import Shared, columns_packet
from ui.texts import say
from ui.variable_boxes import MOST as BOXES

ME: Any = SimpleNamespace(username="ana", cookies={COOKIE: "es"}, headers={}, session_hash="s")
ONE = Column("Uno", Prompt("Di {{q}}"))
TWO = Column("Dos", Prompt("Canta {{q}}"))
DONE = {**Reply("done", "hola").to_json()}


class Desk:
    """A tab over stand-ins: `asks` gives a column's replies, `writes` the model's proposal."""

    def __init__(self, folder: Path) -> None:
        self.begin()
        status = SimpleNamespace(model="m")
        services: Any = SimpleNamespace(
            catalogue=SimpleNamespace(entries=lambda kind: [], installed=lambda name: True),
            saved=SimpleNamespace(list=lambda owner, kind: []),
            settings=SimpleNamespace(strategies_dir=folder),
            engine=SimpleNamespace(status=lambda: status, chat=lambda: None),
            lender=SimpleNamespace(chat=lambda name: self.lends(name)),
            asker=self,
        )
        self.shared: Any
        with gr.Blocks() as self.blocks:
            self.shared = Shared()
            self.tab: Any = CompareTab(services, Running(), self.shared)
            self.tab.layout()
            self.tab.wire(self.blocks)
        self.desk: Any = self.tab.desk

    def begin(self) -> None:
        """Stand in for nothing yet."""
        self.asked: list[str] = []
        self.asks: Any = lambda column, cancel: iter([Reply("done", column.label)])
        self.lends: Any = lambda name: None

    def ask(
        self, column: Column, values: object, seeds: object, owner: str, cancel: threading.Event
    ) -> Iterator[Reply]:
        self.asked.append(column.label)
        yield from self.asks(column, cancel)

    def shown(self, updates: Any) -> dict[int, Any]:
        """Return what the outputs become, by component."""
        return {part._id: update for part, update in zip(self.desk.outputs, updates, strict=True)}

    def rows(self, updates: Any) -> list[str]:
        """Return the requests of the columns that are seen."""
        shown = self.shown(updates)
        editors = self.desk.editors[: shown[self.desk.count._id]]
        return [shown[editor.parts["user"]._id] for editor in editors]


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("strategies"))


@pytest.fixture
def desk(laid_out: Desk) -> Desk:
    laid_out.begin()
    return laid_out


def inputs(*rows: Fields, replies: object = (), q: str = "") -> list[object]:
    """Return the values of Desk.inputs: columns, answers, variables."""
    padded = [*rows, *(empty(n) for n in range(len(rows), MOST))]
    fields = [row[name] for row in padded for name in FIELDS]
    return [len(rows), *fields, list(replies), ["q"], {}, q, *[""] * (BOXES - 1)]  # type: ignore[call-overload]


def arrive(desk: Desk, packet: object, *values: object) -> Any:
    """Put in what another tab sends, the columns having been shown before."""
    return desk.tab.arrive(ME, packet, "", None, *values)[1:]


def click(do: str, key: str = "") -> Any:
    return SimpleNamespace(_data={"do": do, "id": key})


BLANK = inputs(empty(0), empty(1))
FULL = inputs(put(ONE), put(TWO), replies=[DONE, None], q="algo")


def skipped(update: object) -> bool:
    return isinstance(update, dict) and update == gr.skip()


# -- a reload ----------------------------------------------------------------------------------------------------


def test_a_reload_finds_the_columns_as_they_were_left(desk: Desk) -> None:
    half = put(TWO) | {"user": "{% half", "schema": "{", "temperature": None}
    followed = desk.tab.follow(ME, *inputs(put(ONE), half, put(TWO), q="algo"))
    draft = followed[desk.desk.around.index(desk.desk.draft)]
    shown = desk.tab.arrive(ME, None, None, draft, *BLANK)[1:]
    assert desk.rows(shown) == ["Di {{q}}", "{% half", "Canta {{q}}"]
    values = desk.shown(shown)
    assert values[desk.desk.editors[1].parts["schema"]._id] == "{"
    assert values[desk.desk.boxes.boxes[0]._id].value == "algo"


def test_what_is_laid_or_brought_in_is_kept_too(desk: Desk) -> None:
    shown = desk.shown(arrive(desk, columns_packet([TWO, ONE], {"q": "x"}), *BLANK))
    rows, values = found(shown[desk.desk.draft._id], "ana") or ([], {})
    assert [row["user"] for row in rows] == ["Canta {{q}}", "Di {{q}}"]
    assert values["q"] == "x"


def test_what_arrives_before_the_first_look_is_put_into_the_draft_and_only_once(desk: Desk) -> None:
    draft = column_draft_of(desk)
    packet = columns_packet([], {"q": "x"})
    nonce, *updates = desk.tab.arrive(ME, packet, None, draft, *BLANK)
    assert nonce == packet["nonce"]
    assert desk.rows(updates)[:2] == ["Canta {{q}}", "Di {{q}}"]
    assert all(skipped(one) for one in desk.tab.arrive(ME, packet, nonce, draft, *FULL))
    assert all(skipped(one) for one in desk.tab.arrive(ME, None, nonce, draft, *FULL))
    assert not skipped(desk.tab.arrive(ME, columns_packet([], {"q": "y"}), nonce, draft, *FULL)[0])


def test_a_longer_draft_wins_over_what_a_page_has_left(desk: Desk) -> None:
    kept_there = kept([put(ONE), put(TWO), put(TWO)], {}, "ana")
    shown = desk.tab.arrive(ME, None, None, kept_there, *FULL)[1:]
    assert desk.rows(shown)[:3] == ["Di {{q}}", "Canta {{q}}", "Canta {{q}}"]


def column_draft_of(desk: Desk) -> object:
    """What a browser keeps of two columns."""
    return desk.shown(arrive(desk, columns_packet([TWO, ONE]), *BLANK))[desk.desk.draft._id]


def test_a_draft_is_its_owners_and_what_is_none_is_left() -> None:
    draft = kept([put(ONE)], {"q": "x"}, "ana")
    assert found(draft, "ana") == ([put(ONE), empty(1)], {"q": "x"})
    assert found(draft, "eva") is None
    for bad in (None, 3, {}, {"owner": "ana", "rows": 3}, {"owner": "ana", "rows": [3, {"user": 4}]}):
        assert found(bad, "ana") is None
    odd = put(ONE) | {"kept": {"shots": [1]}, "samples": "x"}
    assert found({"owner": "ana", "rows": [put(ONE), odd]}, "ana") is None
    assert kept([put(ONE) | {"user": "x" * 1_000_001}], {}, "ana") is None


# -- proposals ---------------------------------------------------------------------------------------------------


def test_a_proposal_goes_with_its_column_and_is_for_its_prompt_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda text, **more: warned.append(text))
    cleared = desk.shown(desk.tab.arrange(ME, click("remove"), 0, *inputs(put(ONE), put(TWO), put(TWO))))
    assert {cleared[editor.proposal._id] for editor in desk.desk.editors} == {""}
    assert {cleared[editor.proposed._id] for editor in desk.desk.editors} == {None}
    proposed = {"mine": ONE.prompt.to_json(), "theirs": {"user": "Di claro {{q}}"}}
    user = PROMPT.index("user")
    taken = desk.tab.improving.decide(ME, click("accept"), proposed, 0, *FULL)
    assert taken[user] == "Di claro {{q}}"
    left = desk.tab.improving.decide(ME, click("accept"), proposed, 1, *FULL)
    assert skipped(left[user])
    assert left[len(PROMPT)] == ""
    assert warned == [say("es", "play.proposal_old")]


@pytest.mark.parametrize("error", [Cancelled(), ModelNotReady(), QuestionTooLong(tokens=9, room=1), KeyError("x")])
def test_however_a_proposal_ends_nothing_is_being_written_any_more(desk: Desk, error: Exception) -> None:
    def lends(name: str) -> None:
        raise error

    desk.lends = lends
    seen: list[Any] = []
    with suppress(gr.Error):
        for updates in desk.tab.improving.propose(ME, 0, *FULL):
            seen.append(updates)
    last = seen[-1] if isinstance(seen[-1], tuple) else ()
    assert say("es", "play.improving") in seen[0][0]
    assert (seen[0][2].visible, seen[0][3].visible) == (False, True)
    assert last[:2] == ("", None)
    assert (last[2].visible, last[3].visible) == (True, False)


def test_a_proposal_can_be_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def improve(model: object, prompt: object, findings: object, lang: str, cancel: threading.Event) -> Iterator[str]:
        while not cancel.is_set():
            yield "<user>"

    monkeypatch.setattr("ui.improving.improve.improve", improve)
    stream = desk.tab.improving.propose(ME, 1, *FULL)
    next(stream), next(stream)
    desk.tab.run.halt(ME)  # Stop of the columns is another one
    desk.tab.improving.halt(ME, 0)
    desk.tab.improving.halt(ME, 1)
    last: Any = list(stream)[-1]
    assert last[:2] == ("", None)
    assert last[2].visible


# -- a run -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["choose", "added", "arrange", "take_in", "undone"])
def test_no_answer_is_written_once_the_columns_are_others(desk: Desk, how: str) -> None:
    def asks(column: Column, cancel: threading.Event) -> Iterator[Reply]:
        yield Reply("writing", "ho")
        yield Reply("done", "hola" if not cancel.is_set() else "ho")

    desk.asks = asks
    stream = desk.tab.run.ask(ME, *FULL)
    while skipped(next(stream)[0]):
        pass
    while skipped(next(stream)[0]):  # the first column is writing
        pass
    three = inputs(put(ONE), put(TWO), put(ONE))
    moves = {
        "choose": lambda: desk.tab.choose(ME, desk.desk.strategies.choices("ana", "es")[0][1], 0, *FULL),
        "added": lambda: desk.tab.added(ME, *FULL),
        "arrange": lambda: desk.tab.arrange(ME, click("remove"), 0, *three),
        "take_in": lambda: arrive(desk, columns_packet([TWO, ONE]), *FULL),
        "undone": lambda: desk.tab.undone(ME, before([put(TWO), put(ONE)], [None, None], {}), *FULL),
    }
    moves[how]()
    rest = list(stream)
    assert all(skipped(update) for updates in rest for update in updates[: MOST + 1])
    assert say("es", "play.told_moved") in rest[-1][MOST + 1]
    assert (rest[-1][-2].visible, rest[-1][-1].visible) == (True, HIDDEN)
    assert desk.asked == ["Uno"]


def test_an_error_that_nobody_foresaw_fails_one_column_only(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def asks(column: Column, cancel: threading.Event) -> Iterator[Reply]:
        if column.label == "Uno":
            raise KeyError("boom")
        yield Reply("done", "hola")

    desk.asks = asks
    last: Any = list(desk.tab.run.ask(ME, *FULL))[-1]
    assert "boom" in caplog.text
    reference = caplog.records[-1].args[0]  # type: ignore[index]
    assert str(reference) in last[0]
    assert "hola" in last[1]
    assert [reply["text"] for reply in last[MOST]] == ["", "hola"]
    assert "1 de 2" in last[MOST + 1]
    assert (last[-2].visible, last[-1].visible) == (True, HIDDEN)


def test_the_buttons_come_back_whatever_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.compare_run.paced", lambda replies: 1 / 0)
    seen: list[Any] = []
    with pytest.raises(gr.Error):
        for updates in desk.tab.run.ask(ME, *FULL):
            seen.append(updates)
    assert (seen[-1][-2].visible, seen[-1][-1].visible) == (True, HIDDEN)


def test_what_takes_minutes_waits_apart_from_the_chat(desk: Desk) -> None:
    running = {fn.fn.__name__: fn.concurrency_id for fn in desk.blocks.fns.values() if fn.fn}
    assert running["ask"] == running["propose"] == PLAY != MODEL


# -- the game ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["ask", "rate"])
def test_the_games_buttons_come_back_whatever_fails(which: str) -> None:
    services: Any = SimpleNamespace(engine=SimpleNamespace(chat=lambda: 1 / 0))
    with gr.Blocks() as blocks:
        panel: Any = GamePanel(services, Running())
        panel.layout()
        panel.wire(blocks, gr.State(0))
    groups = {fn.fn.__name__: fn.concurrency_id for fn in blocks.fns.values() if fn.fn}
    assert groups[which] == PLAY
    stream = panel.ask(ME, "hola") if which == "ask" else panel.rate(ME, panel._defence(ME)[0], False, False)
    seen: list[Any] = []
    with pytest.raises(gr.Error):
        for updates in stream:
            seen.append(updates)
    assert (seen[-1][-2].visible, seen[-1][-1].visible) == (True, HIDDEN)


# -- what stood here ---------------------------------------------------------------------------------------------


def test_what_is_replaced_can_be_brought_back(desk: Desk) -> None:
    shown = desk.shown(arrive(desk, columns_packet([TWO, ONE, ONE], {"q": "otro"}), *FULL))
    assert shown[desk.desk.undo._id].visible
    now = inputs(put(TWO), put(ONE), put(ONE), q="otro")
    updates = desk.tab.undone(ME, shown[desk.desk.before._id], *now)
    assert desk.rows(updates) == ["Di {{q}}", "Canta {{q}}"]
    back = desk.shown(updates)
    assert back[desk.desk.replies._id] == [DONE, None]
    assert back[desk.desk.boxes.boxes[0]._id].value == "algo"
    assert len(back[desk.desk.before._id]["rows"]) == 3  # the other way round, it can be undone too


def test_a_rule_a_copy_and_a_removal_can_be_undone_and_typing_asks_nothing(desk: Desk) -> None:
    value = next(value for _, value in desk.desk.strategies.choices("ana", "es") if value.startswith("rule:"))
    three = inputs(put(ONE), put(TWO), put(TWO))
    for updates in (
        desk.tab.choose(ME, value, 0, *FULL),
        desk.tab.arrange(ME, click("copy", "0"), 1, *FULL),
        desk.tab.arrange(ME, click("remove"), 1, *three),
    ):
        kept_there = desk.shown(updates)[desk.desk.before._id]
        assert [row["user"] for row in kept_there["rows"]][:2] == ["Di {{q}}", "Canta {{q}}"]
    assert desk.shown(desk.tab.added(ME, *FULL))[desk.desk.undo._id].visible == HIDDEN


def test_one_column_goes_where_nothing_is_written() -> None:
    rows, replies = taken_in([put(ONE), empty(1)], [DONE, None], [put(TWO)])
    assert [row["user"] for row in rows] == ["Di {{q}}", "Canta {{q}}"]
    assert replies == [DONE, None]
    rows, replies = taken_in([put(ONE), put(ONE)], [DONE, DONE], [put(TWO)])
    assert [row["user"] for row in rows] == ["Canta {{q}}", "Di {{q}}"]
    assert replies == [None, DONE]


# -- differences -------------------------------------------------------------------------------------------------


def test_the_model_in_use_does_not_differ_from_itself(desk: Desk) -> None:
    def line(model: str) -> str:
        updates = desk.tab.follow(ME, *inputs(put(ONE), put(ONE) | {"model": model}))
        return str(updates[desk.desk.around.index(desk.desk.differs)])

    assert say("es", "play.differ_none") in line("m")
    assert say("es", "play.trait_model") in line("other")
