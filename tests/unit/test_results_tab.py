"""The Results tab's looks at real stored runs: only in view, only what changed, one run until another is chosen."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.lessons.cards import CARD
from prompts.prompt import Prompt
from prompts.reply import Reply
from prompts.runs.cell import Cell
from prompts.runs.progress import Progress
from prompts.runs.store import RunStore
from prompts.services import Services
from ui import run_summaries
from ui.compare_api import read
from ui.components import Running
from ui.lesson_cards import CardsPanel
from ui.play_state import Shared
from ui.results import ResultsTab
from ui.texts import say

COLUMNS = (Column("Plain", Prompt("{{q}}")), Column("Role", Prompt("{{q}}", "You count.")))
SUMS = Experiment(COLUMNS, (Row({"q": "1+1"}), Row({"q": "2+2"})))
REQUEST = cast("gr.Request", SimpleNamespace(username="ana", cookies={"aula_lang": "en"}, headers={}))


class StoredRuns:
    """Says of stored runs how they stand; nothing runs."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def progress(self, owner: str, run: str) -> Progress:
        record = self._store.get(owner, run)
        return Progress(record.state, self._store.done(owner, run), record.experiment.size)


@pytest.fixture
def store(database: Any) -> RunStore:
    return RunStore(database)


def services(store: RunStore) -> Services:
    engine = SimpleNamespace(status=lambda: SimpleNamespace(model=""))
    return cast("Services", SimpleNamespace(runs=StoredRuns(store), run_store=store, lender=None, engine=engine))


def tab(store: RunStore) -> ResultsTab:
    with gr.Blocks():
        return ResultsTab(services(store), Running(), Shared())


def look(store: RunStore, run: str = "", seen: str = "", here: bool = True) -> list[Any]:
    return list(tab(store).look(REQUEST, run, seen, "all", 0, here))


def skipped(value: object) -> bool:
    return isinstance(value, dict) and value.get("__type__") == "update" and len(value) == 1


def put(store: RunStore, run: str, *places: Place) -> None:
    for place in places:
        store.put("ana", run, Cell.judged(place, Reply("done", "2"), ()))


def test_out_of_view_nothing_is_read_and_the_clock_stops(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.set_state("ana", store.create("ana", SUMS), "running")
    for name in ("list", "listed", "get", "cells"):
        monkeypatch.setattr(RunStore, name, lambda *given, **more: pytest.fail("it was read"))
    found = look(store, here=False)
    assert found.pop(6).active is False
    assert all(skipped(one) for one in found)


def test_the_clock_runs_as_long_as_the_run_does(store: RunStore) -> None:
    run = store.create("ana", SUMS)
    store.set_state("ana", run, "running")
    assert look(store)[6].active is True
    store.set_state("ana", run, "done")
    assert look(store)[6].active is False


def test_what_has_not_changed_is_not_sent_again(store: RunStore) -> None:
    run = store.create("ana", SUMS)
    put(store, run, Place(0, 0, 0))
    first = look(store)
    again = look(store, run, first[7])
    assert [skipped(again[n]) for n in (0, 2, 3, 4, 5)] == [True] * 5
    put(store, run, Place(1, 0, 0))
    assert not skipped(look(store, run, first[7])[4])


def test_the_run_that_is_shown_stays_when_a_newer_one_begins(store: RunStore) -> None:
    first = store.create("ana", SUMS)
    shown = look(store)
    assert shown[8] == first  # the browser keeps it from now on
    second = store.create("ana", SUMS, name="newer")
    again = look(store, first, shown[7])
    assert skipped(again[8])
    assert again[0].value == first
    assert [key for _, key in again[0].choices] == [second, first]
    store.delete("ana", first)
    assert look(store, first)[8] == second


def test_a_list_of_runs_takes_no_experiment_apart(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    marked = replace(SUMS, name="Sums", extra={CARD: "role"})
    keys = [store.create("ana", SUMS), store.create("ana", marked, name="Mine"), store.create("berta", SUMS)]
    monkeypatch.setattr(Experiment, "from_json", lambda data: pytest.fail("it was taken apart"))
    monkeypatch.setattr(json, "loads", lambda *given, **more: pytest.fail("it was taken apart"))
    found = {one.id: one for one in store.listed("ana")}
    assert set(found) == set(keys[:2])
    assert [found[key].name for key in keys[:2]] == ["Plain | Role", "Mine"]
    assert found[keys[0]].state == "waiting"
    assert found[keys[0]].created.tzinfo is not None
    with_marks = {one.id: (one.title, one.mark) for one in store.listed("ana", mark=CARD)}
    assert with_marks == {keys[0]: ("", ""), keys[1]: ("Sums", "role")}


def test_cards_are_only_looked_up_in_view(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with gr.Blocks():
        panel = CardsPanel(services(store), Shared())
    drawn = panel.look(REQUEST, "", True)
    assert say("en", "lesson.run") in str(drawn[0])
    monkeypatch.setattr(RunStore, "listed", lambda *given, **more: pytest.fail("it was read"))
    assert skipped(panel.look(REQUEST, "", False)[0])


def test_a_summary_is_counted_once_and_not_for_ever(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_summaries, "_MOST", 2)
    records = [store.get("ana", store.create("ana", SUMS)) for _ in range(3)]
    for record in records:
        put(store, record.id, Place(0, 0, 0))
        assert run_summaries.of_done(store, record).done == 1
    monkeypatch.setattr(RunStore, "cells", lambda *given: {})
    assert [run_summaries.of_done(store, record).done for record in (records[1], records[2], records[0])] == [1, 1, 0]
    changed = replace(records[2], updated=records[1].updated.replace(year=2030))
    assert run_summaries.of_done(store, changed).done == 0


def test_compare_takes_an_experiment_as_text() -> None:
    assert read(json.dumps(SUMS.to_json())) == read(SUMS.to_json()) == SUMS
    assert read("prompts: ['Say {{a}}']\ntests: [{vars: {a: '1'}}]").rows[0].values == {"a": "1"}
    assert read('{"prompts": ["Say {{a}}"], "tests": [{"vars": {"a": "1"}}]}').rows[0].values == {"a": "1"}
