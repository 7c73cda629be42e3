"""Runs without a model: each cell once whatever happens between, whose turn it is, and what is said meanwhile."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

import prompts.runs
from prompts.cautions import cautions
from prompts.cell import Cell
from prompts.check_kinds import Tools
from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.fair_queue import FairQueue
from prompts.outcome import Check
from prompts.pace import Pace
from prompts.progress import Progress
from prompts.prompt import Prompt
from prompts.provenance import differs, pinned
from prompts.reply import Reply
from prompts.runner import run
from prompts.runs import Runs
from prompts.store import RunStore
from rag.errors import AulaError, Cancelled, ModelNotReady, QuestionTooLong, StrategyNotFound
from rag.settings import Decoding

WARM = Decoding(temperature=0.8)


def experiment(rows: int = 3, columns: str = "AB", **more: Any) -> Experiment:
    return Experiment(
        columns=tuple(Column(label, Prompt("{{q}}"), decoding=WARM) for label in columns),
        rows=tuple(Row({"q": f"question {n}"}) for n in range(rows)),
        checks=(Check("contains", "question"),),
        **more,
    )


class Asked:
    """Stands in for an Asker: repeats the question. `hold` is asked before each answer and may wait, fail or change it.

    `begun` and `ended` are the (label, question) of the answers that were begun, and of those that came whole.
    """

    def __init__(self, hold: Callable[[str, str, threading.Event], str | None] | None = None) -> None:
        self.hold = hold
        self.begun: list[tuple[str, str]] = []
        self.ended: list[tuple[str, str]] = []
        self.seeds: list[tuple[int, ...]] = []
        self.owners: list[str] = []

    def ask(
        self, column: Column, values: Mapping[str, str], seeds: Sequence[int], owner: str, cancel: threading.Event
    ) -> Iterator[Reply]:
        one = (column.label, values["q"])
        self.begun.append(one)
        self.seeds.append(tuple(seeds))
        self.owners.append(owner)
        yield Reply("writing", text="ques")
        said = self.hold(*one, cancel) if self.hold else None
        if cancel.is_set():
            yield Reply("done", text="ques", stats={"finish_reason": "cancelled"})
            return
        self.ended.append(one)
        yield Reply("done", text=said or values["q"], model="m", seconds=1.0, stats={"finish_reason": "stop"})


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


def test_seeds_follow_from_the_experiment_and_not_from_the_column() -> None:
    asked = Asked()
    columns = (Column("A", Prompt("{{q}}"), samples=3), Column("B", Prompt("{{q}}"), samples=3))
    cells_of(asked, Experiment(columns, (Row({"q": "x"}),), repeats=2, seed=5))
    assert asked.seeds == [(5, 6, 7)] * 2 + [(1005, 1006, 1007)] * 2


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


# -- runs in the background ----------------------------------------------------------------------------------------


class Halt:
    """Lets `free` answers through, then holds each until it is told to go on, or its cell is cut short."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.go = threading.Event()
        self.there = threading.Event()

    def __call__(self, label: str, question: str, cancel: threading.Event) -> None:
        self.free -= 1
        if self.free >= 0:
            return
        self.there.set()
        while not self.go.wait(0.01) and not cancel.is_set():
            pass


@pytest.fixture
def build(database: Any) -> Iterator[Callable[..., Runs]]:
    made: list[Runs] = []

    def make(asked: Asked, begin: Any = None) -> Runs:
        def described(what: Experiment, cancel: threading.Event) -> tuple[Experiment, dict[str, Any]]:
            return pinned(what, "m"), {"models": {"m": "aa"}, "started": "now"}

        tools = lambda what, cancel: Tools()  # noqa: E731
        made.append(Runs(RunStore(database), asked, tools, begin or described))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for runs in made:
        runs.stop()


def end(runs: Runs, key: str, owner: str = "ana") -> Progress:
    return list(runs.stream(owner, key))[-1]


def test_a_run_is_done_with_every_cell_once_and_its_model_named(build: Callable[..., Runs]) -> None:
    asked = Asked()
    runs = build(asked)
    key = runs.start("ana", experiment(), "Mine")
    last = end(runs, key)
    assert (last.state, last.done, last.total, last.going_on) == ("done", 6, 6, False)
    assert list(runs.cells("ana", key)) == list(experiment().places())
    record = runs.get("ana", key)
    assert (record.name, record.provenance["models"]) == ("Mine", {"m": "aa"})
    assert {column.model for column in record.experiment.columns} == {"m"}
    assert set(asked.owners) == {"ana"}


def test_a_pause_drops_the_cell_at_work_and_resuming_asks_none_twice(build: Callable[..., Runs]) -> None:
    halt = Halt(3)
    asked = Asked(halt)
    runs = build(asked)
    key = runs.start("ana", experiment())
    assert halt.there.wait(30)
    runs.pause("ana", key)
    now = runs.progress("ana", key)
    assert (now.state, now.done, now.going_on) == ("paused", 3, False)
    assert runs.get("ana", key).state == "paused"
    halt.go.set()
    runs.resume("ana", key)
    assert end(runs, key).state == "done"
    assert Counter(asked.ended) == Counter((label, f"question {n}") for label in "AB" for n in range(3))
    assert len(asked.begun) == 7, "the cell that was cut short was begun twice, no other"


def test_a_restart_half_way_loses_no_cell_and_runs_none_twice(build: Callable[..., Runs]) -> None:
    what = experiment(rows=20, columns="ABC")
    halt = Halt(31)
    before = Asked(halt)
    runs = build(before)
    key = runs.start("ana", what)
    waiting = runs.start("ana", experiment(1))
    assert halt.there.wait(30)
    runs.stop()
    after = Asked()
    runs = build(after)
    assert [runs.progress("ana", one).state for one in (key, waiting)] == ["paused", "paused"]
    assert runs.progress("ana", key).done == 31
    assert after.begun == [], "nothing goes on by itself"
    runs.resume("ana", key)
    assert end(runs, key).done == 60
    assert set(Counter(before.ended + after.ended).values()) == {1}
    assert len(before.ended + after.ended) == 60
    assert list(runs.cells("ana", key)) == list(what.places())


def test_what_a_crash_left_running_is_paused(build: Callable[..., Runs], database: Any) -> None:
    store = RunStore(database)
    key = store.create("ana", experiment())
    store.begin("ana", key, experiment(), {"app": "old"})
    runs = build(Asked())
    assert runs.progress("ana", key).state == "paused"
    runs.resume("ana", key)
    assert end(runs, key).state == "done"
    provenance = runs.get("ana", key).provenance
    assert provenance["app"] == "old"
    assert provenance["changed"] == ["app", "models.m"], "what was different when it was resumed is said"


@pytest.mark.parametrize(("error", "said"), [(ModelNotReady(), "cargando"), (ValueError("x"), "ValueError")])
def test_a_run_that_cannot_go_on_says_why_and_can_be_resumed(
    build: Callable[..., Runs], error: Exception, said: str
) -> None:
    failing = [error]

    def hold(label: str, question: str, cancel: threading.Event) -> None:
        if question == "question 1" and failing:
            raise failing.pop()

    asked = Asked(hold)
    runs = build(asked)
    key = runs.start("ana", experiment())
    last = end(runs, key)
    assert (last.state, last.done) == ("failed", 2)
    assert said in last.error["es"]
    assert set(last.error) == {"en", "es"}
    runs.resume("ana", key)
    last = end(runs, key)
    assert (last.state, last.done, last.error) == ("done", 6, {})
    assert set(Counter(asked.ended).values()) == {1}


def test_the_model_is_waited_for_and_a_pause_ends_the_wait(build: Callable[..., Runs]) -> None:
    waits = threading.Event()

    def begin(what: Experiment, cancel: threading.Event) -> tuple[Experiment, dict[str, Any]]:
        waits.set()
        cancel.wait(30)
        raise Cancelled

    runs = build(Asked(), begin)
    key = runs.start("ana", experiment())
    assert waits.wait(30)
    assert runs.progress("ana", key).state == "waiting"
    runs.pause("ana", key)
    assert runs.progress("ana", key).state == "paused"


def test_owners_take_turns_cell_by_cell_once_their_time_is_over(
    build: Callable[..., Runs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts.runs, "SLICE_S", -1.0)
    halt = Halt(0)
    asked = Asked(halt)
    runs = build(asked)
    long = runs.start("ana", experiment(4, "A"))
    later = runs.start("ana", experiment(1, "A"))
    assert halt.there.wait(30)
    short = runs.start("berta", experiment(2, "A"))
    assert runs.progress("ana", later).ahead == 1
    assert runs.progress("berta", short).ahead == 0
    halt.go.set()
    assert end(runs, short, "berta").state == "done"
    assert [end(runs, key).state for key in (long, later)] == ["done", "done"]
    assert asked.owners == ["ana", "berta", "ana", "berta", "ana", "ana", "ana"]


def test_a_run_keeps_its_turn_while_its_time_lasts(build: Callable[..., Runs]) -> None:
    halt = Halt(0)
    asked = Asked(halt)
    runs = build(asked)
    runs.start("ana", experiment(3, "A"))
    assert halt.there.wait(30)
    key = runs.start("berta", experiment(1, "A"))
    halt.go.set()
    end(runs, key, "berta")
    assert asked.owners == ["ana", "ana", "ana", "berta"]


def test_a_run_that_is_deleted_at_work_makes_room_for_the_next(build: Callable[..., Runs]) -> None:
    halt = Halt(1)
    runs = build(Asked(halt))
    key = runs.start("ana", experiment())
    other = runs.start("ana", experiment(1, "A"))
    assert halt.there.wait(30)
    runs.delete("ana", key)
    halt.go.set()
    assert end(runs, other).state == "done"
    assert [one.id for one in runs.list("ana")] == [other]


def test_another_owner_can_neither_see_nor_stop_a_run(build: Callable[..., Runs]) -> None:
    halt = Halt(1)
    runs = build(Asked(halt))
    key = runs.start("ana", experiment())
    assert halt.there.wait(30)
    calls = [runs.progress, runs.pause, runs.resume, runs.cancel, runs.delete, runs.replay, runs.reproduced]
    for call in (*calls, runs.get, runs.cells, lambda owner, run: next(runs.stream(owner, run))):
        with pytest.raises(StrategyNotFound):
            call("berta", key)
    assert runs.list("berta") == []
    now = runs.progress("ana", key)
    assert (now.state, now.current) == ("running", Place(1, 0, 0))
    halt.go.set()
    assert end(runs, key).state == "done"


def test_the_time_left_is_not_said_before_each_column_has_a_cell(build: Callable[..., Runs]) -> None:
    first, second = Halt(1), Halt(2)
    asked = Asked(first)
    runs = build(asked)
    key = runs.start("ana", experiment())
    assert first.there.wait(30)
    assert runs.progress("ana", key).seconds_left is None
    asked.hold = second
    second.free = 1
    first.go.set()
    assert second.there.wait(30)
    now = runs.progress("ana", key)
    assert now.done == 3
    assert now.seconds_left is not None
    assert now.seconds_left >= 0
    second.go.set()
    assert end(runs, key).seconds_left is None


def test_the_time_left_counts_those_who_take_turns(build: Callable[..., Runs]) -> None:
    halt = Halt(0)
    runs = build(Asked(halt))
    key = runs.start("ana", experiment(3, "A"))
    assert halt.there.wait(30)
    at_work = runs._known[key]._pace
    at_work.add(0, 10.0)
    assert runs.progress("ana", key).seconds_left == 30.0
    other = runs.start("berta", experiment(2, "A"))
    assert runs.progress("ana", key).seconds_left == 60.0, "nothing is known of the other: it may take as long"
    work = runs._known[other]
    work.begin(experiment(2, "A"), Tools(), {})
    work._pace.add(0, 4.0)
    assert runs.progress("ana", key).seconds_left == 38.0
    assert runs.progress("berta", other).seconds_left == 16.0, "the longer one counts only while the shorter lasts"
    halt.go.set()


def test_a_replay_says_whether_it_came_out_the_same(build: Callable[..., Runs]) -> None:
    asked = Asked()
    runs = build(asked)
    first = runs.start("ana", experiment(seed=3))
    end(runs, first)
    assert runs.reproduced("ana", first) is None
    again = runs.replay("ana", first)
    end(runs, again)
    assert runs.get("ana", again).replays == first
    assert runs.get("ana", again).experiment == runs.get("ana", first).experiment
    result = runs.reproduced("ana", again)
    assert result is not None
    assert (result.same, result.cells, result.compared, result.provenance) == (True, (), 6, ())

    asked.hold = lambda label, question, cancel: "another question" if (label, question[-1]) == ("B", "2") else None
    other = runs.replay("ana", first)
    end(runs, other)
    result = runs.reproduced("ana", other)
    assert result is not None
    assert (result.same, result.cells) == (False, (Place(1, 2, 0),))
    runs.delete("ana", first)
    assert runs.reproduced("ana", other) is None


def test_a_replay_that_is_not_done_has_no_verdict_yet(build: Callable[..., Runs]) -> None:
    asked = Asked()
    runs = build(asked)
    first = runs.start("ana", experiment())
    end(runs, first)
    asked.hold = halt = Halt(2)
    again = runs.replay("ana", first)
    assert halt.there.wait(30)
    runs.pause("ana", again)
    result = runs.reproduced("ana", again)
    assert result is not None
    assert (result.same, result.compared) == (None, 2)


def test_warnings_and_errors_come_as_plain_json(build: Callable[..., Runs]) -> None:
    what = Experiment((Column("A", Prompt("{{q}}")),), (Row({"q": "x"}),), repeats=2)
    runs = build(Asked())
    key = runs.start("ana", what)
    found = end(runs, key).to_json()
    assert found["state"] == "done"
    assert set(found["warnings"][0]) == {"en", "es"}
    assert issubclass(StrategyNotFound, AulaError)
