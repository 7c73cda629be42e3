"""Runs in the background without a model: each cell once whatever happens between, and whose turn it is."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import prompts.runs.background
from prompts.checks.kinds import Tools
from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.outcome import Check
from prompts.prompt import Prompt
from prompts.runs.background import Runs
from prompts.runs.cell import Cell
from prompts.runs.progress import Progress
from prompts.runs.provenance import pinned
from prompts.runs.runner import answer
from prompts.runs.store import RunStore
from rag.errors import AulaError, BadCheck, Cancelled, ModelNotReady, StrategyNotFound
from tests.fake_asker import Asked, Halt, experiment


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


def test_a_run_whose_check_can_never_work_is_not_begun(build: Callable[..., Runs]) -> None:
    asked = Asked()
    runs = build(asked)
    with pytest.raises(BadCheck):
        runs.start("ana", replace(experiment(), checks=(Check("contians", "x"),)))
    assert (runs.list("ana"), asked.begun) == ([], [])


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


@pytest.mark.parametrize("stops", ["pause", "delete"])
def test_a_stop_between_an_answer_and_its_keeping_is_a_stop(
    build: Callable[..., Runs], monkeypatch: pytest.MonkeyPatch, stops: str
) -> None:
    runs = build(Asked())
    stopped = threading.Event()

    def answer_then_stop(*args: Any) -> Cell:
        cell = answer(*args)
        if not stopped.is_set():
            getattr(runs, stops)("ana", key)
            stopped.set()
        return cell

    monkeypatch.setattr(prompts.runs.background, "answer", answer_then_stop)
    with runs._changed:  # the worker begins only once the id is known here
        key = runs.start("ana", experiment())
    assert stopped.wait(30)
    other = runs.start("ana", experiment(1, "A"))
    assert end(runs, other).state == "done", "the worker goes on"
    if stops == "pause":
        assert runs.cells("ana", key) == {}
        assert runs.progress("ana", key).state == "paused"
    else:
        assert [one.id for one in runs.list("ana")] == [other]


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
    monkeypatch.setattr(prompts.runs.background, "SLICE_S", -1.0)
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
