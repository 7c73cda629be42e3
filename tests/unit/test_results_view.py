"""What a run and a test set look like: outcomes, filters, cells, figures and the editable table. No model, no page."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.figures.verdict import summary
from prompts.outcome import Check, Grade, Outcome
from prompts.prompt import Prompt
from prompts.reply import Reply
from prompts.runs.cell import Cell
from prompts.runs.progress import Progress, Reproduced
from prompts.runs.store import RunRecord, State
from prompts.tables.reader import parse_pasted
from prompts.words import Said
from rag.errors import BadCheck, ExperimentInvalid, NothingToRun
from ui import carriers, check_editor, run_files, test_files, test_held, test_table, test_view
from ui.cell_view import cell_view, written
from ui.figures_view import figures
from ui.outcomes import SIGNS, badge, share, together, word
from ui.results_view import PAGE, Filter, chosen, matrix, place_id, progress, read_place
from ui.run_view import reproduction
from ui.saved import file_name, read_shared
from ui.texts import say

EVIL = '<img src=x onerror="alert(1)">'
COLUMNS = tuple(Column(label, Prompt("{{question}}")) for label in ("Plain", f"Role {EVIL}"))
EXACT = Check("exact-match", "{{expected}}")


def experiment(rows: int = 4, repeats: int = 1) -> Experiment:
    cases = tuple(Row({"question": f"What is {n}? {EVIL}", "expected": str(n)}) for n in range(rows))
    return Experiment(COLUMNS, cases, (EXACT,), repeats=repeats)


def cell(
    place: Place, lenient: Outcome, strict: Outcome | None = None, text: str = "It is so", **reply: object
) -> Cell:
    grade = Grade(EXACT, strict or lenient, lenient, 1.0, Said("check.no_answer"), read="so")
    answer = Reply("done", text, model="m", seconds=2.0, **reply)  # type: ignore[arg-type]
    return Cell.judged(place, answer, () if answer.error else (grade,))


def cells_of(*rows: tuple[Outcome, Outcome]) -> dict[Place, Cell]:
    return {
        Place(column, row, 0): cell(Place(column, row, 0), outcome)
        for row, outcomes in enumerate(rows)
        for column, outcome in enumerate(outcomes)
    }


def run(state: State = "done", **more: object) -> RunRecord:
    now = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    return RunRecord("a1" * 16, "local", "", experiment(), {}, state, now, now, **more)  # type: ignore[arg-type]


# -- outcomes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "es"])
def test_an_outcome_has_a_sign_and_a_word_besides_its_colour(lang: str) -> None:
    assert len({SIGNS[outcome] for outcome in SIGNS}) == len({word(outcome, lang) for outcome in SIGNS}) == len(SIGNS)
    for outcome in SIGNS:
        assert SIGNS[outcome] in badge(outcome, lang)
        assert word(outcome, lang) in badge(outcome, lang)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], "waiting"),
        (["right", "right", "wrong"], "right"),
        (["right", "wrong"], "wrong"),  # a tie is not right
        (["right", "unparsed"], "unparsed"),
        (["none"], "none"),
    ],
)
def test_repeats_go_by_most_of_them(said: list[Outcome], expected: str) -> None:
    assert together([cell(Place(0, 0, n), outcome) for n, outcome in enumerate(said)]) == expected


def test_a_failed_answer_is_not_a_wrong_one() -> None:
    failed = cell(Place(0, 0, 0), "none", error={"en": "Too long.", "es": "Demasiado larga."})
    assert together([failed]) == "error"
    assert together([failed, cell(Place(0, 0, 1), "right")]) == "right"


def test_percentages_as_each_language_writes_them() -> None:
    assert [share(0.853, lang) for lang in ("en", "es")] == ["85%", "85 %"]
    assert share(None, "en") == "–"


# -- the matrix ------------------------------------------------------------------------------------------------------


def test_filters_let_through_what_they_say() -> None:
    cells = cells_of(("right", "right"), ("right", "wrong"), ("unparsed", "unparsed"), ("wrong", "wrong"))
    rows: dict[Filter, list[int]] = {"all": [0, 1, 2, 3], "failures": [1, 3], "different": [1], "unparsed": [2]}
    for which, wanted in rows.items():
        assert chosen(experiment(), cells, which) == wanted
    only_strict = cells | {Place(0, 0, 0): cell(Place(0, 0, 0), "right", "unparsed")}
    assert chosen(experiment(), only_strict, "unparsed") == [0, 2]


def test_two_wrong_answers_may_differ() -> None:
    def said(column: int, read: str, text: str = "", outcome: Outcome = "wrong") -> Cell:
        made = cell(Place(column, 0, 0), outcome, text=text or f"It is {read}.")
        return replace(made, grades=(replace(made.grades[0], read=read),))

    def differ(one: Cell, other: Cell) -> bool:
        return chosen(experiment(1), {one.place: one, other.place: other}, "different") == [0]

    assert differ(said(0, "12"), said(1, "99"))
    assert not differ(said(0, "12", "Twelve, so 12"), said(1, "12", "12"))  # only what was read counts
    assert differ(said(0, "", "no idea", "unparsed"), said(1, "", "who knows", "unparsed"))
    assert differ(said(0, "12", outcome="right"), said(1, "12"))


def test_unchecked_answers_differ_by_their_words() -> None:
    place = Place(1, 0, 0)
    cells = cells_of(("none", "none"), ("none", "none")) | {place: cell(place, "none", text="Another")}
    assert chosen(experiment(2), cells, "different") == [0]


def test_the_matrix_shows_every_cell_and_runs_nothing() -> None:
    cells = cells_of(("right", "wrong"))
    cells[Place(0, 0, 0)] = cell(Place(0, 0, 0), "right", "unparsed", text=f"9 {EVIL}")
    shown = str(matrix(experiment(2), cells, "all", 0, "en"))
    assert "<img" not in shown
    assert shown.count('data-do="cell"') == 2
    assert shown.count('class="aula-outcome waiting"') == 2
    assert say("en", "result.strict") in shown
    assert 'data-id="0-0-0"' in shown


def test_a_long_run_has_pages() -> None:
    long = experiment(PAGE + 1)
    assert str(matrix(long, {}, "all", 0, "en")).count("<tr data-row") == PAGE
    assert str(matrix(long, {}, "all", 9, "en")).count("<tr data-row") == 1
    assert say("en", "result.none_such") in str(matrix(long, {}, "failures", 0, "en"))


def test_repeats_say_how_many_are_right() -> None:
    said: tuple[Outcome, ...] = ("right", "right", "wrong")
    cells = {Place(0, 0, n): cell(Place(0, 0, n), outcome) for n, outcome in enumerate(said)}
    shown = str(matrix(experiment(1, repeats=3), cells, "all", 0, "en"))
    assert "2 of 3 right" in shown


@pytest.mark.parametrize("text", ["", "1-2", "1-2-x", "1-2-3-4", "-1-2-3", "1-2-99999999"])
def test_only_a_place_is_read_as_one(text: str) -> None:
    assert read_place(text) is None
    assert read_place(place_id(Place(1, 20, 3))) == Place(1, 20, 3)


@pytest.mark.parametrize(
    ("state", "offered"), [("running", {"pause", "stop"}), ("paused", {"resume", "stop"}), ("done", set())]
)
def test_progress_offers_what_can_be_done(state: State, offered: set[str]) -> None:
    shown = str(progress(run(state), Progress(state, 3, 8, 125.0), "en"))
    assert set(re.findall(r'data-do="(\w+)"', shown)) == offered
    assert ("2 min left" in shown) == (state == "running")
    assert "3 of 8 cells" in shown


def test_progress_says_why_a_run_failed_and_when_time_is_not_known() -> None:
    failed = str(progress(run("failed"), Progress("failed", 1, 8, error={"es": f"Sin modelo {EVIL}"}), "es"))
    assert "Sin modelo &lt;img" in failed
    assert say("es", "result.no_time_yet") in progress(run("running"), Progress("running", 0, 8), "es")
    assert say("en", "result.ahead", n=2) in progress(run("waiting"), Progress("waiting", 0, 8, ahead=2), "en")


def test_what_is_read_out_by_itself_does_not_change_every_second() -> None:
    def read_out(seconds: float, done: int) -> list[str]:
        shown = str(progress(run("running"), Progress("running", done, 8, seconds), "en"))
        assert f"{seconds:g} s" in shown
        return re.findall(r'role="status">([^<]*)<', shown)

    assert read_out(40.0, 1) == read_out(39.0, 2) == [say("en", "result.state_running")]


# -- figures, a cell, a replay ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "es"])
def test_figures_say_the_verdict_first(lang: str) -> None:
    apart: tuple[Outcome, Outcome] = ("wrong", "right")
    same: tuple[Outcome, Outcome] = ("right", "right")
    cells = cells_of(*[apart] * 12, *[same] * 3)
    found = summary(experiment(15), cells)
    shown = str(figures(found, lang))
    assert "<img" not in shown
    assert str(Said.text(found.pairs[0].verdict, lang)).split(" ")[0] in shown
    assert shown.index("aula-verdicts") < shown.index("<table>") < shown.index("<svg")
    assert share(found.columns[1].accuracy, lang) in shown
    assert "+80" in shown


def test_figures_of_nothing_checked_are_dashes() -> None:
    shown = str(figures(summary(experiment(1), cells_of(("none", "none"))), "en"))
    assert "–" in shown


def test_a_cell_opens_to_all_that_is_known_of_it() -> None:
    place = Place(1, 0, 0)
    reply: dict[str, Any] = {
        "prompt": f"<|im_start|>user {EVIL}",
        "votes": {"4": 2, "5": 1},
        "samples": ("4", "4", "5"),
    }
    shown = str(
        cell_view(experiment(), cell(place, "right", "unparsed", **reply), (None, Place(0, 1, 0)), ["It", " is"], "en")
    )
    assert "<img" not in shown
    for part in ("&lt;|im_start|&gt;user", "exact-match: {{expected}}", "2 of 3", "␣is", "2 tokens"):
        assert part in shown
    assert 'data-id="0-1-0"' in shown
    assert shown.count(" disabled") == 1  # there is none before it
    other = str(cell_view(experiment(), cell(place, "right"), (None, None), None, "en"))
    assert say("en", "result.other_model", model="m") in other


def test_what_a_model_judged_shows_what_it_was_asked() -> None:
    place = Place(0, 0, 0)
    judged = cell(place, "right")
    grade = replace(judged.grades[0], check=Check("llm-rubric", "It names {{expected}}."))
    shown = str(cell_view(experiment(), replace(judged, grades=(grade,)), (None, None), None, "en"))
    assert say("en", "result.judge_prompt") in shown
    assert "It names 0." in shown


def test_a_check_in_promptfoo_words() -> None:
    assert written(Check("f1", "a", negate=True, threshold=0.5)) == "not-f1: a (0.5)"
    assert written(Check("is-json")) == "is-json"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Reproduced(True, (), 4, ()), "result.reproduced_yes"),
        (Reproduced(False, (Place(0, 1, 0),), 4, ()), "result.differs_in_nothing"),
        (Reproduced(False, (Place(0, 1, 0),), 4, ("models.m",)), "result.differs_in"),
        (Reproduced(None, (), 1, ()), "result.reproduced_open"),
        (None, "result.first_gone"),
    ],
)
def test_a_replay_says_whether_it_is_reproduced(found: Reproduced | None, text: str) -> None:
    shown = str(reproduction(found, "en"))
    assert say("en", text) in shown
    assert ("models.m" in shown) == bool(found and found.provenance)


# -- files -----------------------------------------------------------------------------------------------------------


def content(carried: str) -> str:
    found = re.search(r'data-content="([^"]*)"', carried)
    assert found
    return base64.b64decode(found.group(1)).decode("utf-8")


@pytest.mark.parametrize("kind", run_files.KINDS)
def test_a_run_is_carried_to_the_browser_as_a_file(kind: str) -> None:
    cells = cells_of(("right", "wrong"))
    carried = run_files.file(kind, run(), cells, "es")
    assert "What is 0?" in content(carried)
    assert "<img" not in carried


def test_a_file_is_carried_as_it_is_and_each_time_anew() -> None:
    first, second = (carriers.file("á.csv", "text/csv", "a;b\r\n«ñ»\r\n") for _ in range(2))
    assert content(first) == "a;b\r\n«ñ»\r\n"
    assert first != second


@pytest.mark.parametrize(("name", "file"), [("Mi rol: ¿mejor?", "Mi-rol-mejor"), ("../../x", "x"), ("", "aula")])
def test_names_of_files_are_harmless(name: str, file: str) -> None:
    assert file_name(name) == file


def test_a_shared_file_that_is_none_is_refused() -> None:
    with pytest.raises(ExperimentInvalid):
        read_shared(b"{", "broken.json")


# -- the table of a test set -----------------------------------------------------------------------------------------


def test_a_row_that_nobody_changed_stays_what_it_was() -> None:
    kept = (
        Row({"question": "a"}, (Check("is-json", {"type": "object"}, options={"x": [1]}),), extra={"odd": {"deep": 1}}),
        Row({"question": "b"}),
    )
    grid = test_table.show(kept)
    at = grid["headers"].index("question")
    assert test_table.rows_of(test_table.table_of(grid), kept) == kept
    grid["data"][1][at] = "c"
    changed = test_table.rows_of(test_table.table_of(grid), kept)
    assert changed[0] is kept[0]
    assert changed[1].values["question"] == "c"


def test_empty_rows_and_what_pandas_puts_there_do_not_count() -> None:
    import pandas as pd  # type: ignore[import-untyped]

    frame = pd.DataFrame([["a", None], ["", float("nan")], ["007", "1"]], columns=["question", "expected"])
    table = test_table.table_of(frame)
    assert table.rows == ({"question": "a", "expected": ""}, {"question": "007", "expected": "1"})


def test_the_table_grows_and_shrinks() -> None:
    grid = test_table.with_variable(test_table.blank(["question"]), " {{city}} ")
    assert grid["headers"] == ["question", "city", "expected"]
    assert test_table.with_variable(grid, "city") == grid
    assert len(test_table.with_row(grid)["data"]) == 2
    assert test_table.without_row(grid, 5)["data"] == [["", "", ""]]


def test_a_row_of_checks_is_read_from_its_column() -> None:
    table = parse_pasted("question\t__expected\nhi\tcontains: hello\n")
    (row,) = test_table.rows_of(table, ())
    assert [(check.type, check.value) for check in row.checks] == [("contains", "hello")]
    assert "contains: hello" in test_view.checks((), False, (row,), "en")


# -- checks and the plan ---------------------------------------------------------------------------------------------


def held(text: str, **more: object) -> test_held.Held:
    table = parse_pasted(text)
    return test_held.Held(test_table.rows_of(table, ()), table, **more)  # type: ignore[arg-type]


def test_the_usual_check_follows_from_the_table_and_the_columns() -> None:
    cases = held("question\texpected\na\t1\n")
    numbers = tuple(replace(column, parse="number") for column in COLUMNS)
    assert [check.type for check in cases.common(COLUMNS)] == ["exact-match"]
    assert [check.type for check in cases.common(numbers)] == ["number"]
    assert held("question\nthis\n").common(COLUMNS) == ()
    assert replace(cases, checks=()).common(COLUMNS) == ()  # somebody took it out


def test_a_test_set_goes_into_the_components_and_comes_back() -> None:
    first = Experiment(COLUMNS, (Row({"question": "a", "expected": "b"}),), (EXACT,), repeats=3, seed=7, name="mine")
    back = test_held.read(test_held.of(first)).experiment(COLUMNS)
    assert back == first


def test_nothing_to_run_is_said() -> None:
    with pytest.raises(NothingToRun):
        held("question\na\n").experiment(())


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_plan_names_what_is_missing(lang: str) -> None:
    lacking = Experiment((Column("A", Prompt("{{question}} {{city}}")),), (Row({"question": " "}),))
    said = test_view.missing(lacking, lang)
    assert "city" in said
    assert say(lang, "test.empty_values", name="question", rows="1") in said
    plan = str(test_view.plan(experiment(20, repeats=2), 90.0, lang))
    assert "80" in plan
    assert "2 h" in plan


@pytest.mark.parametrize("kind", check_editor.CHOICES)
def test_every_kind_of_check_has_words(kind: str) -> None:
    for lang in ("en", "es"):
        name = dict((value, text) for text, value in check_editor.choices(lang))[kind]
        assert name.endswith(f"({kind})")
        assert not name.startswith("check.")
        check_editor.fitting(kind, lang)


def test_the_editor_makes_a_check_that_works() -> None:
    made = check_editor.read("number", "{{expected}}", 0.5, True)
    assert made == Check("number", "{{expected}}", negate=True, threshold=0.5)
    assert check_editor.read("is-json", '{"type": "object"}', None, False).value == {"type": "object"}
    assert check_editor.read("max-length", "40", None, False).value == 40
    for kind, value in (("regex", "("), ("is-json", "{"), ("contains", ""), ("nothing-such", "x")):
        with pytest.raises(BadCheck):
            check_editor.read(kind, value, None, False)


def test_lists_of_values_are_read_line_by_line() -> None:
    assert test_files.lists("city: Lugo | Soria\n\nyear: 1900\n") == {"city": ["Lugo", "Soria"], "year": ["1900"]}
    with pytest.raises(ExperimentInvalid):
        test_files.lists("no colon")


def test_a_whole_experiment_is_told_from_a_table() -> None:
    import json

    whole = json.dumps(experiment().to_json()).encode()
    assert test_files.taken("x.json", whole) == experiment()
    table = test_files.taken("x.json", b'[{"question": "a"}]')
    assert not isinstance(table, Experiment)
    assert test_files.taken("x.yaml", whole) == experiment()  # JSON is YAML too
    promptfoo = test_files.taken("x.yaml", b"prompts: ['Say {{a}}']\ntests: [{vars: {a: '1'}}]\n")
    assert isinstance(promptfoo, Experiment)
    assert promptfoo.rows[0].values == {"a": "1"}


def test_cases_are_taken_away_and_brought_back() -> None:
    rows = experiment().rows
    carried = content(test_files.as_csv(rows))
    table = test_files.taken("x.csv", carried.encode("utf-8"))
    assert not isinstance(table, Experiment)
    assert [row["expected"] for row in table.rows] == ["0", "1", "2", "3"]


def test_what_a_spreadsheet_would_run_is_disarmed_and_read_back_as_it_was() -> None:
    texts = ("=1+1", "+cmd|' /C calc'!A0", "-5", "- a", "@x", "'=quoted", "''-1", "'plain'", "＝1", "a=b")
    carried = content(test_files.as_csv([Row({"question": text}) for text in texts]))
    assert carried.startswith("\ufeff")
    assert not [line for line in carried.splitlines()[1:] if line.lstrip('"')[:1] in "=+@＝"]
    table = test_files.taken("x.csv", carried.encode("utf-8"))
    assert not isinstance(table, Experiment)
    assert tuple(row["question"] for row in table.rows) == texts
