"""Templates, prompts, columns and experiments: values in, values out, and what is refused."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import template
from prompts.column import Column, differences
from prompts.experiment import MOST_COLUMNS, Experiment, Place, Row, read_check
from prompts.grammar import gbnf
from prompts.outcome import Check, combined
from prompts.prompt import Prompt, Shot
from rag.errors import BadCheck, BadOption, ExperimentInvalid, TemplateCode, UnsafeCheck, VariableMissing
from rag.settings import Decoding


def column(user: str = "{{question}}", **more: object) -> Column:
    return Column("A", Prompt(user, **more))  # type: ignore[arg-type]


# -- templates -------------------------------------------------------------------------------------------------


def test_variables_are_named_once_in_order() -> None:
    assert template.variables("{{ b }} {{a}} {{b}} {one} {{año_1}}") == ("b", "a", "año_1")


def test_what_a_value_holds_is_not_a_template() -> None:
    assert template.fill("{{a}} and {{b}}", {"a": "{{b}}", "b": "{% x %}"}) == "{{b}} and {% x %}"


@pytest.mark.parametrize(
    "text",
    [
        "{% if x %}y{% endif %}",
        "{{ x | upper }}",
        "{{#items}}",
        "{{^items}}",
        "{{ f(1) }}",
        "{{ x.y }}",
        "{# note #}",
        "{{ open",
    ],
)
def test_template_code_is_refused(text: str) -> None:
    with pytest.raises(TemplateCode) as caught:
        template.fill(text, {"x": "1", "items": "1"})
    assert text[:3] in caught.value.text("es")


@pytest.mark.parametrize("text", ["{famous poet}", '{"a": {"b": 1}}', "100 %", "a } b } }", "x = {y}", "f(){}"])
def test_braces_that_are_no_template_stay(text: str) -> None:
    assert template.fill(text, {}) == text


def test_a_missing_value_is_named() -> None:
    with pytest.raises(VariableMissing) as caught:
        template.fill("{{who}}", {})
    assert "{{who}}" in caught.value.text("es")


@given(st.text(), st.text())
def test_any_value_comes_through_whole(before: str, value: str) -> None:
    text = before.replace("{", "(") + "{{v}}"
    assert template.fill(text, {"v": value}) == before.replace("{", "(") + value


# -- prompts ---------------------------------------------------------------------------------------------------


def test_a_prompt_becomes_a_chat() -> None:
    prompt = Prompt("Q: {{q}}", "Be {{how}}.", (Shot("Q: 1+1", "2"),), "A:")
    assert prompt.variables == ("how", "q")
    said = [(one.type, one.text) for one in prompt.filled({"q": "2+2", "how": "brief"}).messages()]
    assert said == [("system", "Be brief."), ("human", "Q: 1+1"), ("ai", "2"), ("human", "Q: 2+2")]
    assert [one.type for one in Prompt("x", "  ").messages()] == ["human"]


def test_prompts_survive_json() -> None:
    prompt = Prompt("Q: {{q}}", "s", (Shot("a", "b"), Shot("c", "d")), "{")
    assert Prompt.from_json(json.loads(json.dumps(prompt.to_json()))) == prompt
    assert Prompt.from_json("just this") == Prompt("just this")


@pytest.mark.parametrize("data", [None, [], {"system": "x"}, {"user": 3}, {"user": "x", "examples": [{"user": "a"}]}])
def test_what_is_no_prompt_is_refused(data: object) -> None:
    with pytest.raises(ExperimentInvalid):
        Prompt.from_json(data)


def test_template_code_in_any_part_is_refused() -> None:
    with pytest.raises(TemplateCode):
        Prompt.from_json({"user": "x", "examples": [{"user": "a", "assistant": "{{b|safe}}"}]})


# -- columns ---------------------------------------------------------------------------------------------------


def test_columns_survive_json() -> None:
    whole = Column(
        "B",
        Prompt("{{q}}"),
        "few-shot",
        "some-model",
        Decoding(temperature=0.7, stop=("\n",)),
        True,
        ("abc",),
        5,
        {"type": "object"},
        "number",
    )
    assert Column.from_json(json.loads(json.dumps(whole.to_json()))) == whole


@pytest.mark.parametrize(
    "change",
    [
        {"parse": "magic"},
        {"samples": 0},
        {"samples": True},
        {"samples": 21},
        {"schema": [1]},
        {"decoding": {"heat": 1}},
        {"decoding": {"temperature": 9}},
        {"documents": "abc"},
        {"surprise": 1},
    ],
)
def test_columns_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises((BadOption, ExperimentInvalid)):
        Column.from_json({"label": "A", "prompt": "x"} | change)


def test_the_page_can_say_in_what_columns_differ() -> None:
    assert differences([column(), column()]) == ()
    assert differences([column(), column(system="You are a poet.")]) == ("system",)
    hot = Column("B", Prompt("{{question}}"), decoding=Decoding(temperature=1.0))
    cold = Column("A", Prompt("{{question}}"), decoding=Decoding(temperature=0.0))
    assert differences([cold, hot]) == ("temperature",)
    assert differences([cold, Column("B", Prompt("{{question}}!"), decoding=hot.decoding)]) == ("user", "temperature")
    assert differences([column(), column(), column(begin="A:")]) == ("begin",)
    assert differences([column(), Column("B", Prompt("{{question}}"), parse="number")]) == ("parse",)


def test_a_schema_nested_too_deeply_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(5000):
        deep = {"items": deep}
    with pytest.raises(BadCheck):
        gbnf(deep)


def test_documents_differ_only_where_they_are_searched() -> None:
    one = Column("A", Prompt("x"), documents=("a",))
    two = Column("B", Prompt("x"), documents=("b",))
    assert differences([one, two]) == ()


def test_retrieval_fills_the_context() -> None:
    text = "{{context}} {{question}}"
    assert Column("A", Prompt(text), retrieval=True).variables == ("question",)
    assert Column("A", Prompt(text)).variables == ("context", "question")


# -- experiments -----------------------------------------------------------------------------------------------


def experiment(**more: object) -> Experiment:
    rows = (Row({"question": "a", "expected": "1"}), Row({"question": "b"}, (Check("contains", "x"),)))
    return Experiment((column(), column("{{question}} {{style}}")), rows, (Check("number", "{{expected}}"),), **more)  # type: ignore[arg-type]


def test_cells_are_run_row_by_row() -> None:
    places = list(experiment(repeats=2).places())
    assert len(places) == experiment(repeats=2).size == 8
    assert places[:3] == [Place(0, 0, 0), Place(1, 0, 0), Place(0, 1, 0)]
    assert places[4] == Place(0, 0, 1)


def test_a_model_answers_a_few_rows_before_the_next_is_loaded() -> None:
    columns = tuple(Column(name, Prompt("{{q}}"), model=name) for name in ("a", "b", "a"))
    run = Experiment(columns, tuple(Row({"q": str(n)}) for n in range(25)), repeats=2)
    places = list(run.places())
    assert len(set(places)) == len(places) == run.size
    models = [columns[place.column].model for place in places]
    changes = sum(one != other for one, other in pairwise(models))
    assert changes == 2 * 3 * 2 - 1
    assert {place.row for place in places[:30]} == set(range(10)), "columns can be compared early"


def test_columns_meet_the_same_chance_and_repeats_another() -> None:
    run = experiment(repeats=2, seed=7)
    assert run.cell_seed(Place(0, 0, 0)) == run.cell_seed(Place(1, 1, 0)) == 7
    seeds = {run.cell_seed(Place(0, 0, repeat), sample) for repeat in range(20) for sample in range(20)}
    assert len(seeds) == 400


def test_checks_for_all_come_before_the_rows_own() -> None:
    assert [check.type for check in experiment().checks_of(1)] == ["number", "contains"]


def test_variables_that_rows_lack_are_named() -> None:
    assert experiment().missing() == [(0, "style"), (1, "style")]


def test_experiments_survive_json() -> None:
    whole = experiment(repeats=3, seed=5, name="uno", extra={"providers": ["x"]})
    assert Experiment.from_json(json.loads(json.dumps(whole.to_json()))) == whole


@pytest.mark.parametrize(
    "change",
    [{"columns": []}, {"rows": []}, {"repeats": 0}, {"repeats": 21}, {"repeats": "2"}, {"seed": -1}, {"rows": 3}],
)
def test_what_cannot_be_run_is_refused(change: dict[str, object]) -> None:
    data = experiment().to_json() | change
    with pytest.raises((BadOption, ExperimentInvalid)):
        Experiment.from_json(data)


def test_whole_numbers_and_nothing_become_texts() -> None:
    data = experiment().to_json()
    data["rows"] = [{"vars": {"question": 3, "style": None}}]
    assert Experiment.from_json(data).rows[0].values == {"question": "3", "style": ""}


# -- checks ----------------------------------------------------------------------------------------------------


def test_checks_keep_what_they_do_not_know() -> None:
    data = {"type": "not-contains", "value": "x", "threshold": 0.5, "weight": 2, "metric": "m", "provider": "p"}
    check = read_check(data)
    assert (check.type, check.negate, check.threshold, check.options) == ("contains", True, 0.5, {"provider": "p"})
    assert check.to_json() == data


@pytest.mark.parametrize(
    "data",
    [
        {"type": "javascript", "value": "true"},
        {"type": "not-python", "value": "x"},
        {"type": "equals", "value": "file://secret.txt"},
        {"type": "contains-any", "value": ["a", "FILE:///etc/passwd"]},
        {"type": "is-json", "value": {"properties": {"a": " python:os.system"}}},
        {"type": "equals", "value": "fn:x"},
        {"type": "equals", "value": "package:@x/y:z"},
        {"type": "webhook", "value": "https://evil.example"},
    ],
)
def test_checks_that_would_run_something_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(UnsafeCheck) as caught:
        read_check(data, 4)
    assert "4" in caught.value.text("es")


@pytest.mark.parametrize(
    "value",
    ["a profile: x", "see https://example.org", "https://example.org/a?b=c", "pythonic", "Python: a snake", "File: 3"],
)
def test_harmless_texts_pass(value: str) -> None:
    assert read_check({"type": "contains", "value": value}).value == value


def test_outcomes_combine_with_the_worst_that_is_known() -> None:
    assert combined(["right", "wrong", "unparsed"]) == "wrong"
    assert combined(["right", "unparsed"]) == "unparsed"
    assert combined(["right", "none"]) == "right"
    assert combined(["none"]) == combined([]) == "none"


@pytest.mark.parametrize("wrong", ["abc", 5, [1], False])
def test_what_is_no_mapping_is_refused_in_words(wrong: object) -> None:
    whole = experiment().to_json()
    for data in (whole | {"extra": wrong}, whole | {"rows": [{"vars": {}, "extra": wrong}]}):
        with pytest.raises(ExperimentInvalid):
            Experiment.from_json(data)


@pytest.mark.parametrize("wrong", ["false", 1, 0, []])
def test_retrieval_is_true_or_false(wrong: object) -> None:
    with pytest.raises(ExperimentInvalid):
        Column.from_json({"prompt": {"user": "a"}, "retrieval": wrong})


def test_a_decoding_option_may_be_named_by_anything() -> None:
    with pytest.raises(BadOption):
        Column.from_json({"prompt": {"user": "a"}, "decoding": {1: 2, "foo": 3}})


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (7.0, "7"), (["a"], '["a"]'), ({"a": None}, '{"a": null}'), (None, "")]
)
def test_values_are_written_as_everywhere_else(value: object, text: str) -> None:
    data = experiment().to_json() | {"rows": [{"vars": {"question": value}}]}
    assert Experiment.from_json(data).rows[0].values["question"] == text


def test_there_is_an_end_to_columns() -> None:
    one = experiment().columns[0]
    assert Experiment((one,) * MOST_COLUMNS, (Row({}),)).size == MOST_COLUMNS
    with pytest.raises(BadOption):
        Experiment((one,) * (MOST_COLUMNS + 1), (Row({}),))
