"""An experiment run cell by cell without a model, and what is said of it before and meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from prompts.checks.kinds import Tools
from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.outcome import Check
from prompts.prompt import Prompt
from prompts.reply import Reply
from prompts.runs.cautions import cautions
from prompts.runs.cell import Cell
from prompts.runs.fair_queue import FairQueue
from prompts.runs.pace import Pace
from prompts.runs.provenance import differs
from prompts.runs.runner import run
from rag.errors import ModelNotReady, QuestionTooLong
from tests.fake_asker import WARM, Asked, experiment


def cells_of(asked: Asked, what: Experiment, **more: Any) -> list[Cell]:
    return list(run(what, asked, Tools(), **more))  # type: ignore[arg-type]


# -- one run, here and now -----------------------------------------------------------------------------------------


def test_cells_come_in_order_judged_and_what_is_done_is_not_asked() -> None:
    asked = Asked()
    what = experiment(repeats=2)
    done = {Place(0, 0, 0), Place(1, 2, 1)}
    cells = cells_of(asked, what, done=done)
    assert [cell.place for cell in cells] == [place for place in what.places() if place not in done]
    assert len(asked.begun) == what.size - 2
    assert {cell.lenient for cell in cells} == {"right"}
    assert cells[0].grades[0].check == what.checks[0]


@pytest.mark.parametrize(
    ("threshold", "weight", "outcome"),
    [(0.5, 1.0, "right"), (0.6, 1.0, "wrong"), (0.6, 3.0, "right"), (None, 3.0, "wrong"), (0, 3.0, "wrong")],
)
def test_a_row_may_ask_for_a_share_of_its_checks(threshold: float | None, weight: float, outcome: str) -> None:
    checks = (Check("contains", "zzz", negate=True, weight=weight), Check("contains", "zzz"))
    row = Row({"q": "x"}, checks, extra={"threshold": threshold})
    (cell,) = cells_of(Asked(), Experiment((Column("A", Prompt("{{q}}")),), (row,)))
    assert (cell.strict, cell.lenient) == (outcome, outcome)


def test_seeds_follow_from_the_experiment_and_not_from_the_column() -> None:
    asked = Asked()
    columns = (Column("A", Prompt("{{q}}"), samples=3), Column("B", Prompt("{{q}}"), samples=3))
    cells_of(asked, Experiment(columns, (Row({"q": "x"}),), repeats=2, seed=5))
    assert asked.seeds == [(5, 6, 7)] * 2 + [(1005, 1006, 1007)] * 2


def test_a_row_can_stand_between_texts_of_its_own() -> None:
    prompts: list[str] = []

    class Heard(Asked):
        def ask(self, column: Column, *rest: Any, **more: Any) -> Iterator[Reply]:
            prompts.append(column.prompt.user)
            yield from super().ask(column, *rest, **more)

    row = Row({"q": "x"}, extra={"options": {"prefix": "Hear: ", "suffix": " Over."}})
    cells_of(Heard(), Experiment((Column("A", Prompt("{{q}}?")),), (row, Row({"q": "y"}))))
    assert prompts == ["Hear: {{q}}? Over.", "{{q}}?"]


def test_what_is_wrong_with_one_cell_stays_in_it() -> None:
    def hold(label: str, question: str, cancel: threading.Event) -> None:
        if question == "question 1":
            raise QuestionTooLong(tokens=9000, room=4000)

    cells = cells_of(Asked(hold), experiment(columns="A"))
    assert [bool(cell.reply.error) for cell in cells] == [False, True, False]
    assert "9000" in cells[1].reply.error["es"]
    assert (cells[1].grades, cells[1].strict, cells[1].lenient) == ((), "none", "none")


def test_without_a_model_the_run_ends() -> None:
    def hold(*_: object) -> None:
        raise ModelNotReady

    asked = Asked(hold)
    with pytest.raises(ModelNotReady):
        cells_of(asked, experiment())
    assert len(asked.begun) == 1


def test_a_cell_that_is_cut_short_is_not_given() -> None:
    cancel = threading.Event()

    def hold(label: str, question: str, event: threading.Event) -> None:
        if (label, question) == ("B", "question 1"):
            event.set()

    asked = Asked(hold)
    assert [cell.place for cell in cells_of(asked, experiment(), cancel=cancel)] == list(experiment().places())[:3]
    assert len(asked.begun) == 4


def test_a_cell_is_not_given_when_it_is_cut_short_while_it_is_judged() -> None:
    cancel = threading.Event()
    what = Experiment((Column("A", Prompt("{{q}}")),), (Row({"q": "x"}),), (Check("llm-rubric", "is polite"),))

    def judge(_: str) -> str:
        cancel.set()
        return "yes"

    assert list(run(what, Asked(), Tools(judge=judge), cancel=cancel)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(("times", "cells"), [(2, 1), (3, 0)])
def test_a_model_that_is_exchanged_beneath_an_answer_is_asked_again(times: int, cells: int) -> None:
    class Exchanged(Asked):
        def ask(self, *args: Any) -> Iterator[Reply]:
            for reply in super().ask(*args):
                stopped = reply.stage == "done" and len(self.begun) <= times
                yield Reply("done", stats={"finish_reason": "cancelled"}) if stopped else reply

    asked = Exchanged()
    if not cells:
        with pytest.raises(ModelNotReady):
            cells_of(asked, experiment(1, "A"))
    else:
        assert len(cells_of(asked, experiment(1, "A"))) == cells
    assert len(asked.begun) == 3


# -- what is said before and meanwhile -----------------------------------------------------------------------------


def test_the_time_left_is_the_median_of_each_columns_last_cells_without_the_first() -> None:
    pace = Pace(2)
    pace.add(0, 60.0)
    assert pace.left([5, 5]) is None, "nothing is known of the second column"
    assert pace.left([5, 0]) == 300.0
    pace.add(1, 1.0)
    for seconds in (2.0, 3.0, 90.0):
        pace.add(0, seconds)
    assert pace.left([5, 5]) == 5 * 3.0 + 5 * 1.0
    for _ in range(9):
        pace.add(0, 7.0)
    assert pace.left([1, 0]) == 7.0, "old cells count no more"


def test_what_will_be_the_same_each_time_is_said_and_not_forbidden() -> None:
    cold = Column("Cold", Prompt("{{q}}"), samples=3)
    warm = Column("Warm", Prompt("{{q}}"), samples=3, decoding=WARM)
    rows = (Row({"q": "x"}),)
    assert cautions(Experiment((warm,), rows, repeats=3)) == ()
    assert cautions(Experiment((Column("Cold", Prompt("{{q}}")),), rows)) == ()
    repeats, samples = cautions(Experiment((cold, warm), rows, repeats=3))
    for said in (repeats, samples):
        for lang in ("en", "es"):
            assert "Cold" in said.text(lang)
            assert "Warm" not in said.text(lang)
    assert "3 repeticiones" in repeats.text("es")


def test_owners_take_turns_and_their_own_keep_their_order() -> None:
    queue: FairQueue[str] = FairQueue()
    for owner, item in (("ana", "a1"), ("ana", "a2"), ("berta", "b1")):
        queue.add(owner, item)
    assert queue.first() == "a1"
    assert queue.before("ana", "a2") == ["a1"]
    assert queue.others("ana") == [["b1"]]
    queue.pass_on("ana")
    assert queue.first() == "b1"
    queue.remove("berta", "b1")
    queue.remove("berta", "b1")
    assert queue.first() == "a1"
    queue.remove("ana", "a1")
    assert queue.items() == ["a2"]
    queue.remove("ana", "a2")
    assert queue.first() is None


def test_provenance_names_what_differs_and_not_when_it_began() -> None:
    one = {"app": "1", "models": {"m": "aa"}, "decoding": {"A": {"stop": ()}}, "started": "today"}
    other = {"app": "1", "models": {"m": "bb", "n": "cc"}, "decoding": {"A": {"stop": []}}, "started": "tomorrow"}
    assert differs(one, other) == ("models.m", "models.n")
