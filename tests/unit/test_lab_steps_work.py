"""The runs of the Steps panel: the last one of a page counts, each one's end is seen, and Stop is the panel's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import gradio as gr
import pytest

from lab.tree import Tree
from rag.errors import Cancelled, TreeFull
from tests.unit.test_lab_tree import branched
from ui.lab import steps_view
from ui.lab.shared import Shared, steps_packet
from ui.lab.steps import StepsPanel
from ui.lab.steps_work import Look, StepsWork, Updates, _busy

REQUEST = gr.Request(session_hash="s", cookies={}, headers={}, username=None)
TREE, SEEN = 0, 1
Told = Callable[[int, int], None]


class Chat:
    """A model whose tokens are letters."""

    model = "tiny"

    def tokenize(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]


class Lends:
    def chat(self, name: str) -> Chat:
        return Chat()


class Has:
    lender = Lends()


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> StepsPanel:
    def ahead(work: StepsWork, tree: Tree, cancel: threading.Event, told: Told) -> dict[str, Any]:
        if cancel.is_set():
            raise Cancelled
        return {"tree": tree["id"], "look": tree["look"], "top": [], "entropy": 0.0}

    monkeypatch.setattr(StepsWork, "_ahead", ahead)
    with gr.Blocks():
        return StepsPanel(Shared(cast("Any", Has())))


def mine() -> Tree:
    return branched() | {"owner": "local"}


def look(tree: Tree | None, seen: object = None, k: int = 8) -> Look:
    return Look.of(REQUEST, tree, seen, k, "p")


def last(updates: Iterator[Updates]) -> Any:
    return list(updates)[-1]


def test_the_end_of_every_move_is_seen_also_where_nothing_has_changed(panel: StepsPanel) -> None:
    tree = branched()
    ends = [last(panel._work.shown(REQUEST, lambda cancel, told: tree, look(tree))) for _ in range(2)]
    assert ends[0][TREE] is ends[1][TREE] is tree
    assert ends[0][2] != ends[1][2]  # the stage
    assert ends[0][3] == ends[1][3]  # the drawing

    def full(cancel: threading.Event, told: Told) -> Tree:
        raise TreeFull(most=3)

    failing = panel._work.shown(REQUEST, full, look(tree, ends[1][SEEN]))
    shown = next(failing)
    assert shown[2] not in (ends[1][2], gr.skip())
    assert str(cast("Any", shown[SEEN])["drawn"]) in str(shown[2])
    with pytest.raises(TreeFull):
        next(failing)


def test_nothing_can_be_clicked_while_another_tree_is_on_its_way_and_a_late_move_is_dropped(panel: StepsPanel) -> None:
    old, new = mine(), mine()
    go = threading.Event()

    def slow(cancel: threading.Event, told: Told) -> Tree:
        told(1, 2)
        go.wait(20)
        return old

    move = panel._work.shown(REQUEST, slow, look(old))
    next(move)  # it is under way
    beginning = panel._work.shown(REQUEST, lambda cancel, told: new, look(old), focus="f")
    first = cast("Any", next(beginning))
    assert first[SEEN]["held"] is True
    assert " inert>" in first[2]
    assert "<button" not in first[2].replace('<button type="button" class="aula-step', "")  # what was written stays
    assert "<div inert>" in first[3]
    clicked = gr.EventData(None, {"do": "back", "id": "", "value": ""})
    assert list(cast("Any", panel.move(REQUEST, clicked, old, first[SEEN], 8, "p"))) == []
    go.set()
    with pytest.raises(Cancelled):  # and brings nothing
        next(move)
    end = last(beginning)
    assert end[TREE] is new
    assert "inert" not in end[2]
    assert 'data-focus="f"' in end[2]


def test_the_time_left_stands_in_the_sentence_of_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 12.0)
    assert ">Leyendo: 25 de 100 tokens, quedan 36 s.<" in str(_busy(25, 100, 0.0, "es")[4])
    assert ">Leyendo: 25 de 100 tokens.<" in str(_busy(25, 100, 11.0, "es")[4])


def test_what_failed_to_begin_leaves_what_lay_open(panel: StepsPanel) -> None:
    old = branched()

    def fails(cancel: threading.Event, told: Told) -> Tree:
        raise TreeFull(most=3)

    updates = panel._work.shown(REQUEST, fails, look(old), focus="f")
    next(updates)
    shown = cast("Any", next(updates))
    assert shown[SEEN]["held"] is False
    assert "aula-walk" in shown[2]
    assert "inert" not in shown[2]
    assert "inert" not in shown[3]


def test_stop_ends_a_begin_before_its_model_is_there_and_no_other_panel(panel: StepsPanel) -> None:
    updates = panel._work.shown(REQUEST, lambda cancel, told: branched(), look(None), focus="f")
    next(updates)  # its Stop is visible now
    with panel._shared.running.event("s") as other, panel._shared.running.event("s:search") as search:
        panel._work.halt(REQUEST)
        assert not other.is_set()
        assert not search.is_set()
    next(updates)
    with pytest.raises(Cancelled):
        next(updates)


def test_a_change_of_looks_while_it_ran_is_shown_afterwards(panel: StepsPanel) -> None:
    tree = mine()
    seen = last(panel._work.shown(REQUEST, lambda cancel, told: tree, look(tree)))[SEEN]
    assert panel.renew(REQUEST, tree, seen, 8, "p") == gr.skip()
    for k, colour in ((12, "p"), (8, "entropy")):
        drawn = panel.renew(REQUEST, tree, seen, k, colour)
        assert drawn == steps_view.stage(tree, seen, k, colour, "en")
        assert f'data-drawn="{seen["drawn"]}"' in str(drawn)  # it ends no move


def test_the_same_answer_is_opened_again_with_its_branches(panel: StepsPanel) -> None:
    said = [{"role": "user", "content": "Why?"}]
    nodes = branched()["nodes"][:4]
    nodes[1] |= {"token": ord("a")}
    nodes[2] |= {"token": ord("b")}
    nodes[3] |= {"parent": 1}  # a branch beside the answer's second token
    tree = mine() | {"nodes": nodes, "prompt": {"messages": said, "begin": ""}, "answer": 2, "at": 3, "look": 3}
    for here, kept in ((tree, []), (None, [tree]), (mine(), [tree])):
        packet = steps_packet("Why?", "tiny", said, "ab")
        end = last(cast("Any", panel.take(REQUEST, packet, here, kept, None, 8, "p")))
        assert end[TREE] == tree
        assert tree["id"] not in [one["id"] for one in end[7]]
