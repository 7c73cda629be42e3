"""The Test set tab's callbacks: what an empty table does, on which row a check lands, what a run wants, the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from prompts.column import Column
from prompts.experiment import Experiment, Row
from prompts.outcome import Check
from prompts.prompt import Prompt
from prompts.runs.store import RunStore
from prompts.services import Services
from rag.errors import NothingToRun, VariableMissing
from ui import test_draft, test_held, test_table
from ui.chat_strategy import ChatStrategy
from ui.components import Running
from ui.play_state import Shared
from ui.test_set import TestTab as Tab
from ui.texts import say

COLUMNS = (Column("A", Prompt("{{question}}")), Column("B", Prompt("{{question}}", "Be brief.")))
REQUEST = cast("gr.Request", SimpleNamespace(username="ana", cookies={"aula_lang": "en"}, headers={}))
OWN = ["question", "expected"]
KEPT = test_held.EMPTY
CONTAINS = ("contains", "4", None, False)


def tab(database: Any, columns: Sequence[Column] = COLUMNS) -> Tab:
    with gr.Blocks():
        shared = Shared()
    shared.read_columns = lambda values, lang: tuple(columns)
    services = SimpleNamespace(runs=None, saved=None, run_store=RunStore(database))
    return Tab(cast("Services", services), Running(), shared)


def changed(value: object) -> bool:
    return not (isinstance(value, dict) and value.get("__type__") == "update" and len(value) == 1)


def table(*lines: Sequence[str], headers: Sequence[str] = OWN) -> test_table.Grid:
    return test_table.grid(headers, lines)


def held(**more: object) -> test_held.Held:
    rows = (Row({"question": "2+2", "expected": "4"}),)
    return replace(test_held.Held(rows, test_table.table_of(test_table.show(rows))), **more)  # type: ignore[arg-type]


# -- an empty table --------------------------------------------------------------------------------------------------


def test_a_variable_that_was_added_to_an_empty_table_stays(database: Any) -> None:
    added = test_table.with_variable(table(), "city")
    found = tab(database).look(REQUEST, OWN, added, KEPT, 1, 0, "")
    assert not changed(found[3])
    more = tab(database, [Column("A", Prompt("{{text}}"))]).look(REQUEST, OWN, added, KEPT, 1, 0, "")
    assert cast("Any", more[3])["headers"] == ["question", "city", "text", "expected"]
    assert more[4] == OWN


def test_the_headers_that_aula_gave_follow_the_columns(database: Any) -> None:
    found = tab(database, [Column("A", Prompt("{{text}}"))]).look(REQUEST, OWN, table(), KEPT, 1, 0, "")
    assert cast("Any", found[3])["headers"] == found[4] == ["text", "expected"]


# -- a check of a row's own ------------------------------------------------------------------------------------------


def test_a_check_lands_on_the_row_that_was_chosen_below_an_empty_line(database: Any) -> None:
    lines = table(["a", "1"], ["", ""], ["b", "2"], ["c", "3"])
    found = tab(database).add_check(REQUEST, "row", 2, *CONTAINS, lines, KEPT, 1, 0, "")
    rows = test_held.kept_rows(cast("Any", found[1]))
    assert [(row.values["question"], len(row.checks)) for row in rows] == [("a", 0), ("b", 1), ("c", 0)]
    assert found[-1] == 1  # the table has lost its empty line


def test_an_empty_line_gets_no_check(database: Any) -> None:
    with pytest.raises(gr.Error, match="Row 2"):
        tab(database).add_check(REQUEST, "row", 1, *CONTAINS, table(["a", "1"], ["", ""]), KEPT, 1, 0, "")


def test_a_check_for_all_leaves_the_table_alone(database: Any) -> None:
    found = tab(database).add_check(REQUEST, "all", 0, *CONTAINS, table(["a", ""], ["", ""]), KEPT, 1, 0, "")
    assert not changed(found[0])
    assert test_held.kept_checks(cast("Any", found[1])) == (Check("contains", "4"),)


# -- what a run wants ------------------------------------------------------------------------------------------------


def test_a_run_wants_requests_and_values() -> None:
    assert held().ready(COLUMNS).columns == COLUMNS
    with pytest.raises(NothingToRun):
        held().ready((*COLUMNS, Column("C", Prompt("  ", "You count."))))
    for values in ({"question": " "}, {"expected": "1"}):
        with pytest.raises(VariableMissing, match=r"2.*question"):
            held(rows=(*held().rows, Row(values))).ready(COLUMNS)


def test_nothing_is_compared_with_an_expected_that_nobody_wrote() -> None:
    unwritten = held(rows=(Row({"question": "2+2", "answer": "5", "expected": ""}),))
    assert unwritten.common(COLUMNS) == ()
    assert [check.type for check in held().common(COLUMNS)] == ["exact-match"]


def test_the_models_own_answer_is_not_what_is_expected() -> None:
    said = [SimpleNamespace(role="user", content="2+2?"), SimpleNamespace(role="assistant", content="5")]
    chat = ChatStrategy(cast("Any", SimpleNamespace(messages=lambda owner, conversation: said)))
    with gr.Blocks():
        packet = cast("Any", chat.to_playground(REQUEST, "c"))[1]
    assert packet["values"] == {"question": "2+2?", "answer": "5", "expected": ""}


# -- the draft -------------------------------------------------------------------------------------------------------


def test_what_is_written_is_kept_and_comes_back_after_a_reload(database: Any) -> None:
    rows = (Row({"question": "2+2", "expected": "4"}, (Check("contains", "4"),)), Row({"question": "ñ"}))
    first = Experiment(COLUMNS, rows, (Check("f1", "x", threshold=0.5),), repeats=3, seed=7, name="mine")
    draft = tab(database).look(REQUEST, OWN, *test_held.of(first))[5]
    back = tab(database).restore(REQUEST, draft, None, table(), KEPT, 1, 0, "")
    assert test_held.read(back[:5]).experiment(COLUMNS) == first
    assert back[5] == OWN


def test_nothing_is_kept_before_the_browser_was_asked_for_what_it_keeps(database: Any) -> None:
    assert not any(changed(one) for one in tab(database).look(REQUEST, None, table(), KEPT, 1, 0, ""))


def test_what_has_come_meanwhile_goes_before_the_draft(database: Any) -> None:
    draft, mine = test_draft.of(held(), "ana"), table(["other", ""])
    for packet, now in (({"experiment": {}}, table()), (None, mine)):
        assert not any(changed(one) for one in tab(database).restore(REQUEST, draft, packet, now, KEPT, 1, 0, "")[:5])


def test_a_draft_is_its_owners_and_must_be_one() -> None:
    draft = test_draft.of(held(), "ana")
    assert test_draft.read(draft, "ana") is not None
    assert test_draft.read(draft, "berta") is None
    assert draft is not None
    for broken in (None, 7, draft | {"rows": [3]}, draft | {"repeats": "x"}, {"owner": "ana"}):
        assert test_draft.read(broken, "ana") is None
    assert test_draft.of(held(rows=()), "ana") is None


def test_a_draft_that_is_too_large_is_not_kept_and_that_is_said(database: Any) -> None:
    many = [[f"{n} {'ñ' * 9_000}", ""] for n in range(60)]
    found = tab(database).look(REQUEST, OWN, table(*many), KEPT, 1, 0, "")
    assert found[5] == test_draft.TOO_LARGE
    assert say("en", "test.draft_large") in str(found[0])
    assert test_draft.read(found[5], "ana") is None
