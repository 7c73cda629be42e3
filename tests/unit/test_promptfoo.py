"""promptfoo's configuration in and out: nothing is lost, nothing is run, and what it means is what is run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from prompts.chat_text import read_prompt, write_prompt
from prompts.checks import KINDS
from prompts.column import Column
from prompts.experiment import Experiment, Row
from prompts.outcome import Check
from prompts.prompt import Prompt, Shot
from prompts.promptfoo import dump, load
from rag.errors import (
    BadOption,
    ExperimentInvalid,
    KeyRepeated,
    UnsafeCheck,
    YamlTooLarge,
    YamlUnreadable,
)
from rag.settings import PRESETS, Decoding

EXAMPLE = (Path(__file__).parent / "promptfoo_example.yaml").read_text(encoding="utf-8")


def config(**parts: Any) -> str:
    whole: dict[str, Any] = {"prompts": ["{{q}}"], "tests": [{"vars": {"q": "a"}}]}
    return yaml.safe_dump(whole | parts)


# -- round trip ------------------------------------------------------------------------------------------------


def test_the_example_round_trips_unchanged() -> None:
    assert yaml.safe_load(dump(load(EXAMPLE))) == yaml.safe_load(EXAMPLE)


def test_it_also_does_after_it_was_kept_as_json() -> None:
    kept = Experiment.from_json(json.loads(json.dumps(load(EXAMPLE).to_json())))
    assert yaml.safe_load(dump(kept)) == yaml.safe_load(EXAMPLE)


def test_the_example_has_every_check_that_needs_no_model() -> None:
    asked = {check.type for row in load(EXAMPLE).rows for check in row.checks} | {
        check.type for check in load(EXAMPLE).checks
    }
    judged = {"answer-relevance", "classifier", "context-faithfulness", "context-recall", "context-relevance"}
    judged |= {"conversation-relevance", "factuality", "g-eval", "human", "llm-rubric", "max-score", "moderation"}
    judged |= {"model-graded-closedqa", "model-graded-factuality", "pi", "search-rubric", "select-best", "similar"}
    judged |= {"trajectory:goal-success"}
    ours = {name for name, kind in KINDS.items() if kind.ours} | {"f1", "ends-with"}
    assert KINDS.keys() - judged - ours <= asked


def test_what_was_changed_goes_out_changed_and_the_rest_as_it_was() -> None:
    read = load(EXAMPLE)
    rows = list(read.rows)
    rows[1] = replace(rows[1], values={**rows[1].values, "question": "Say it in YAML"})
    old, new = yaml.safe_load(EXAMPLE), yaml.safe_load(dump(replace(read, rows=tuple(rows), repeats=2)))
    assert new["tests"][1]["vars"] == {"question": "Say it in YAML"}
    assert new["tests"][1]["assert"] == old["tests"][1]["assert"]
    assert [new["tests"][n] for n in (0, 2, 3, 4)] == [old["tests"][n] for n in (0, 2, 3, 4)]
    assert new["evaluateOptions"] == {"repeat": 2, "maxConcurrency": 1}
    assert (new["prompts"], new["providers"], new["defaultTest"]) == (
        old["prompts"],
        old["providers"],
        old["defaultTest"],
    )
    again = load(dump(replace(read, rows=tuple(rows))))
    assert [row.values for row in again.rows] == [row.values for row in rows]
    assert [row.checks for row in again.rows] == [row.checks for row in rows]


def own() -> Experiment:
    columns = (
        Column("A", Prompt("Q: {{q}}"), "zero-shot", "m1"),
        Column("B", Prompt("{{q}}", "Be brief.", (Shot("1+1", "2"),), "A:"), model="m1"),
        Column("C", Prompt("exec: {{q}}\n"), model="m2", decoding=Decoding(temperature=0.7, stop=("\n", "Q:"))),
        Column("D", Prompt("[{{q}}]"), samples=5, schema={"type": "object"}, parse="json", retrieval=True),
    )
    rows = (
        Row({"q": "no", "e": "1e3"}, (Check("number", "{{e}}", threshold=0.1), Check("contains", "x", negate=True))),
        Row({"q": "12:30", "e": "010"}, description="time", extra={"metadata": {"set": "a"}, "threshold": 0.5}),
        Row({"q": "- a\n- b", "e": ""}),
    )
    return Experiment(columns, rows, (Check("f1", "{{e}}", threshold=0.5, weight=2.0, metric="m"),), 4, 11, "Mine")


def test_our_own_experiments_become_files_of_promptfoos() -> None:
    text = dump(own())
    read = load(text)
    assert [replace(column, strategy="") for column in read.columns] == [
        replace(column, strategy="") for column in own().columns
    ]
    assert read.columns[0].strategy == "zero-shot"
    assert [(row.values, row.checks, row.description) for row in read.rows] == [
        (row.values, row.checks, row.description) for row in own().rows
    ]
    assert (read.checks, read.repeats, read.seed, read.name) == (own().checks, 4, 11, "Mine")
    assert read.rows[1].extra["metadata"] == {"set": "a"}
    assert read.rows[1].extra["threshold"] == 0.5
    assert text.startswith("# ")
    assert "number" in text.splitlines()[0]
    assert "promptfoo" in text.splitlines()[1]


def test_a_length_in_words_is_said_in_promptfoos_own_terms() -> None:
    experiment = replace(own(), checks=(Check("max-length", "50 words"), Check("max-length", {"characters": 9})))
    asserts = yaml.safe_load(dump(experiment))["defaultTest"]["assert"]
    assert asserts == [
        {"type": "word-count", "value": {"max": 50}},
        {"type": "max-length", "value": {"characters": 9}},
    ]


# -- what it means ---------------------------------------------------------------------------------------------


def test_providers_and_prompts_make_columns() -> None:
    columns = load(EXAMPLE).columns
    assert [column.label for column in columns] == [
        "Answer briefly: {{question}} · openai:gpt-4.1",
        "step by step · openai:gpt-4.1",
        "chat · openai:gpt-4.1",
        "Answer briefly: {{question}} · small",
        "step by step · small",
        "chat · small",
    ]
    assert [column.model for column in columns] == [""] * 3 + ["qwen2.5-coder-1.5b-instruct"] * 3
    assert columns[0].decoding == PRESETS["precise"]
    assert (columns[3].decoding.temperature, columns[3].decoding.max_tokens) == (0.5, 64)
    assert columns[3].decoding.top_k > 1  # or it would be greedy after all
    assert columns[2].prompt == Prompt(
        "{{question}}", "You are {{role}}.", (Shot("1 + 1", "2"),), begin="The answer is"
    )
    assert load(EXAMPLE).seed == 7


def test_defaults_lists_scenarios_and_templates_make_rows() -> None:
    read = load(EXAMPLE)
    assert (len(read.rows), read.repeats, len(read.checks)) == (5 - 1 + 4 + 2, 3, 2)
    first = read.rows[0]
    assert first.values == {
        "role": "a teacher",
        "question": "What is the capital of France?",
        "country": "France",
        "n": "7",
        "real": "0.5",
        "sure": "true",
    }
    assert first.extra["metadata"] == {"set": "all", "level": "easy", "kinds": ["one", "two"]}
    assert first.extra["threshold"] == 0.8
    crossed = read.rows[3:7]
    assert [row.values["question"] for row in crossed] == ["Say short", "Say long", "Write short", "Write long"]
    assert [row.description for row in crossed][1] == "question=Say {{style}} · style=long"
    assert crossed[0].checks == (Check("icontains", "please"),)
    assert crossed[0].extra["options"]["prefix"] == "Please: "
    assert [row.values["question"] for row in read.rows[8:]] == ["Say hello in French", "Say hello in Spanish"]


def test_texts_are_read_as_promptfoo_reads_them() -> None:
    read = load("prompts: ['{{a}}']\ntests:\n- vars: {a: no, b: 12:30, c: 2024-05-03, d: 7.0, e: 2.50, f: , g: yes}")
    assert list(read.rows[0].values.values()) == ["no", "12:30", "2024-05-03", "7", "2.5", "", "yes"]


def test_a_test_can_do_without_the_defaults_checks() -> None:
    default = {"assert": [{"type": "contains", "value": "x"}]}
    tests = [{"vars": {"q": "a"}}, {"vars": {"q": "b"}, "options": {"disableDefaultAsserts": True}}]
    text = config(defaultTest=default, tests=tests)
    read = load(text)
    assert (read.checks, [len(row.checks) for row in read.rows]) == ((), [1, 0])
    assert yaml.safe_load(dump(read)) == yaml.safe_load(text)
    changed = load(dump(replace(read, rows=tuple(replace(row, description="new") for row in read.rows))))
    assert [len(changed.checks_of(n)) for n in (0, 1)] == [1, 0]


def test_a_provider_may_ask_some_prompts_only() -> None:
    prompts = [{"label": "one", "raw": "1 {{q}}"}, {"label": "two", "raw": "2 {{q}}"}]
    read = load(config(prompts=prompts, providers=["aula", {"id": "aula:m", "prompts": ["two"]}]))
    assert [(column.label, column.model) for column in read.columns] == [
        ("one", ""),
        ("two · aula", ""),
        ("two · aula:m", "m"),
    ]


def test_without_tests_the_default_is_the_only_one() -> None:
    read = load(yaml.safe_dump({"prompts": "Hello {{who}}", "defaultTest": {"vars": {"who": "you"}}}))
    assert [row.values for row in read.rows] == [{"who": "you"}]
    assert load(yaml.safe_dump({"prompts": "Hello"})).rows == (Row({}),)


@pytest.mark.parametrize(
    ("raw", "prompt"),
    [
        ("[Sic] is Latin for what?", Prompt("[Sic] is Latin for what?")),
        ("What is 3/4 of {{x}}?", Prompt("What is 3/4 of {{x}}?")),
        ("- role: user\n  content: Hi {{x}}", Prompt("Hi {{x}}")),
        ('[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]', Prompt("Hi")),
        ([{"role": "developer", "content": "s"}, {"role": "user", "content": "u"}], Prompt("u", "s")),
    ],
)
def test_prompts_are_texts_or_chats(raw: object, prompt: Prompt) -> None:
    assert read_prompt(raw) == prompt
    assert read_prompt(write_prompt(prompt)) == prompt


@pytest.mark.parametrize(
    "roles",
    [
        ["system"],
        ["assistant", "user"],
        ["user", "user"],
        ["user", "system", "user"],
        ["user", "assistant", "assistant"],
        ["user", "tool"],
    ],
)
def test_chats_of_another_form_are_refused_in_words(roles: list[str]) -> None:
    chat = json.dumps([{"role": role, "content": "x"} for role in roles])
    with pytest.raises(ExperimentInvalid) as caught:
        load(config(prompts=["fine", chat]))
    assert "prompts[2]" in caught.value.text("es")
    assert "user" in caught.value.text("es")


# -- what is refused -------------------------------------------------------------------------------------------

RUNS = [
    {"type": "javascript", "value": "output.length < 10"},
    {"type": "not-python", "value": "True"},
    {"type": "ruby", "value": "true"},
    {"type": "webhook", "value": "https://example.org/check"},
    {"type": "equals", "value": "file://secret.txt"},
    {"type": "is-json", "value": {"properties": {"a": {"const": "file://x"}}}},
    {"type": "contains-any", "value": ["a", "package:evil:run"]},
    {"type": "contains", "value": "{{ env.SECRET }}"},
    {"type": "contains", "value": "{% include 'x' %}"},
    {"type": "contains", "value": "{{ x | upper }}"},
    {"type": "contains", "value": "x", "transform": "output.trim()"},
    {"type": "context-recall", "value": "x", "contextTransform": "output.context"},
    {"type": "similar", "value": "x", "provider": "python:embed.py"},
    {"type": "llm-rubric", "value": "x", "provider": {"id": "exec:./run.sh"}},
    {"type": "llm-rubric", "value": "x", "rubricPrompt": "file://prompt.txt"},
    {"type": "assert-set", "assert": [{"type": "contains", "value": "a"}, {"type": "javascript", "value": "1"}]},
    {"$ref": "other.yaml#/x"},
]


@pytest.mark.parametrize("check", RUNS)
def test_checks_that_would_run_something_name_their_row(check: dict[str, Any]) -> None:
    tests = [{"vars": {"q": "a"}}, {"vars": {"q": "b"}, "assert": [{"type": "contains", "value": "fine"}, check]}]
    with pytest.raises(UnsafeCheck) as caught:
        load(config(tests=tests))
    assert caught.value.params["row"] == 2


@pytest.mark.parametrize("check", RUNS)
def test_in_the_default_they_stand_for_the_whole_file(check: dict[str, Any]) -> None:
    with pytest.raises(UnsafeCheck) as caught:
        load(config(defaultTest={"assert": [check]}))
    assert caught.value.params["row"] == 0


@pytest.mark.parametrize(
    "test",
    [
        "file://tests/more.yaml",
        {"path": "file://generate.py:tests", "config": {"n": 3}},
        {"vars": "vars.yaml"},
        {"vars": {"q": "file://secret.txt"}},
        {"vars": {"q": ["a", "FILE:///etc/passwd"]}},
        {"vars": {"q": "{{ env.HOME }}"}},
        {"vars": {"q": "exec:ls"}},
        {"vars": {"q": "package:@x/y:z"}},
        {"vars": {"q": "a"}, "options": {"transform": "output + 1"}},
        {"vars": {"q": "a"}, "options": {"transformVars": "file://vars.js"}},
        {"vars": {"q": "a"}, "assertScoringFunction": "file://score.py"},
        {"vars": {"q": "a"}, "provider": "python:answer.py"},
        {"vars": {"q": "a"}, "description": "{% raw %}"},
    ],
)
def test_tests_that_would_run_or_read_something_name_their_row(test: object) -> None:
    with pytest.raises(UnsafeCheck) as caught:
        load(config(tests=[{"vars": {"q": "a"}}, {"vars": {"q": "b"}}, test]))
    assert caught.value.params["row"] == 3


@pytest.mark.parametrize(
    "parts",
    [
        {"tests": "file://tests.csv"},
        {"tests": "https://docs.google.com/spreadsheets/d/x"},
        {"tests": "huggingface://datasets/x/y"},
        {"tests": {"path": "tests.py:make"}},
        {"scenarios": "file://scenarios.yaml"},
        {"defaultTest": "file://default.yaml"},
        {"prompts": "file://prompt.txt"},
        {"prompts": ["prompts/one.txt"]},
        {"prompts": ["prompt.py:make"]},
        {"prompts": ["exec: ./make.sh"]},
        {"prompts": [{"raw": "{{ q | upper }}"}]},
        {"prompts": ["{% for x in y %}{{x}}{% endfor %}"]},
        {"prompts": ["{{ env.USER }}"]},
        {"prompts": [{"id": "file://prompt.json"}]},
        {"prompts": ['[{"role": "user", "content": "{{ q | dump }}"}]']},
        {"providers": ["python:answer.py"]},
        {"providers": ["exec: ./answer.sh"]},
        {"providers": ["file://providers.yaml"]},
        {"providers": [{"id": "javascript:answer.js"}]},
        {"providers": [{"id": "openai:x", "transform": "output"}]},
        {"providers": [{"id": "https://example.org", "config": {"transformResponse": "json.text"}}]},
        {"providers": [{"openai:x": {"config": {"apiKey": "{{ env.OPENAI_API_KEY }}"}}}]},
        {"providers": [{"id": "openai:x", "config": {"functionToolCallbacks": {"f": "() => 1"}}}]},
        {"extensions": ["file://hooks.py:after"]},
        {"nunjucksFilters": {"f": "./filter.js"}},
        {"env": {"KEY": "{{ env.KEY }}"}},
        {"sharing": {"x": "file://y"}},
    ],
)
def test_what_holds_for_all_is_row_0(parts: dict[str, Any]) -> None:
    with pytest.raises(UnsafeCheck) as caught:
        load(config(**parts))
    assert caught.value.params["row"] == 0
    assert caught.value.params["found"]


def test_scenarios_go_on_counting() -> None:
    bad = {"vars": {"q": "file://x"}}
    with pytest.raises(UnsafeCheck) as caught:
        load(config(scenarios=[{"config": [{"vars": {"l": "a"}}], "tests": [{"vars": {"q": "b"}}, bad]}]))
    assert caught.value.params["row"] == 3


@pytest.mark.parametrize(
    "text",
    [
        "Python: a snake or a language?",
        "What does exec: mean in a shell?",
        "my javascript:code is broken",
        "See https://example.org/a.html for more.",
        "https://example.org/page",
        "a profile: x",
        "{one} brace and {{q}}",
        "50 % of {x}",
        "transform",
    ],
)
def test_a_text_that_merely_names_such_a_thing_is_fine(text: str) -> None:
    tests = [{"vars": {"v": text, "q": "-"}, "description": text, "metadata": {"transform": "x", "type": "python"}}]
    assert load(config(prompts=["Explain: {{v}}"], tests=tests)).rows[0].values["v"] == text.replace("{{q}}", "-")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("prompts: [a\ntests: b", YamlUnreadable),
        ("!!python/object/apply:os.system ['true']", YamlUnreadable),
        ("prompts: [a]\nprompts: [b]", KeyRepeated),
        ('{"prompts": ["a"], "prompts": ["b"]}', KeyRepeated),
        ("prompts: ['{{q}}']\ntests:\n- vars: {q: 1, q: 2}", KeyRepeated),
        ("prompts: &p [*p]", YamlTooLarge),
        ("[" * 5000, YamlTooLarge),
        ("a: " + "x" * 2_000_001, YamlTooLarge),
        ("just text", ExperimentInvalid),
        ("[1, 2]", ExperimentInvalid),
        ("tests: []", ExperimentInvalid),
        ("prompts: [3]", ExperimentInvalid),
        ("prompts: [a]\ntests: [3]", ExperimentInvalid),
        ("prompts: [a]\ntests: [{vars: 3}]", ExperimentInvalid),
        ("prompts: [a]\ntests: [{assert: {type: equals}}]", ExperimentInvalid),
        ("prompts: [a]\ntests: [{options: [1]}]", ExperimentInvalid),
        ("prompts: [a]\nevaluateOptions: {repeat: 99}", BadOption),
        ("prompts: [a]\nevaluateOptions: {repeat: x}", BadOption),
        ("prompts: [a]\nproviders: [{label: x, config: {}}]", ExperimentInvalid),
        ("prompts: [a]\nproviders: [{id: 'aula:m', config: {temperature: 9}}]", BadOption),
    ],
)
def test_what_cannot_be_read_is_said(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        load(text)


def test_a_line_is_named() -> None:
    with pytest.raises(KeyRepeated) as caught:
        load("prompts: [a]\ntests:\n- vars:\n    question: 1\n    question: 2")
    assert caught.value.params == {"key": "question", "line": 5}


@pytest.mark.parametrize("merge", [False, True])
def test_references_cannot_grow_without_end(merge: bool) -> None:
    names = "abcdefghij"
    lines = ["a: &a {k: [" + ",".join("1" * 9) + "]}"]
    for one, below in zip(names[1:], names, strict=False):
        many = ",".join([f"*{below}"] * 9)
        lines.append(f"{one}: &{one} {{<<: [{many}]}}" if merge else f"{one}: &{one} [{many}]")
    with pytest.raises(YamlTooLarge):
        load("\n".join(["prompts: [x]", *lines]))


def test_values_that_name_one_another_cannot_either() -> None:
    given = {f"v{n}": f"{{{{v{n + 1}}}}}" * 400 for n in range(5)} | {"v5": "x" * 1000}
    with pytest.raises(YamlTooLarge):
        load(config(prompts=["{{v0}}"], tests=[{"vars": given}]))


def test_crossing_is_bounded() -> None:
    with pytest.raises(BadOption):
        load(config(tests=[{"vars": {name: list(range(30)) for name in "abcdefgh"}}]))
    many = [{"vars": {"x": n}} for n in range(100)]
    with pytest.raises(BadOption):
        load(config(scenarios=[{"config": many, "tests": many}]))
