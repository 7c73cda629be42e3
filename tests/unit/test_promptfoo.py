"""promptfoo's configuration in and out: nothing is lost, nothing is run, and what it means is what is run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from prompts.checks.registry import KINDS
from prompts.column import Column
from prompts.experiment import Experiment, Row
from prompts.outcome import Check
from prompts.prompt import Prompt, Shot
from prompts.promptfoo.chat_text import read_prompt, write_prompt
from prompts.promptfoo.reader import dump, load
from prompts.runs.affix import affixed
from rag.errors import (
    ExperimentInvalid,
)
from rag.settings import PRESETS, Decoding

EXAMPLE = (Path(__file__).parents[1] / "promptfoo_example.yaml").read_text(encoding="utf-8")


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


def test_a_test_may_put_something_before_and_after_the_prompt() -> None:
    read = load(EXAMPLE)
    asked = affixed(read.columns[0], read.rows[3]).prompt.filled(read.rows[3].values)
    assert asked.user == "Please: Answer briefly: Say short Thanks."
    assert affixed(read.columns[0], read.rows[0]) == read.columns[0]


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
