"""What promptfoo would run or read is refused, naming its row, and so is what has no end or no meaning."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from prompts.promptfoo.reader import load
from rag.errors import (
    BadOption,
    ExperimentInvalid,
    KeyRepeated,
    UnsafeCheck,
    YamlTooLarge,
    YamlUnreadable,
)


def config(**parts: Any) -> str:
    whole: dict[str, Any] = {"prompts": ["{{q}}"], "tests": [{"vars": {"q": "a"}}]}
    return yaml.safe_dump(whole | parts)


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
    {"type": "llm-rubric", "value": "x", "provider": "python: grade.py"},
    {"type": "llm-rubric", "value": "x", "provider": {"text": {"id": "./judge.js"}}},
    {"type": "contains", "value": "exec: python x.py"},
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
        {"vars": {"q": "a"}, "provider": "./custom.js"},
        {"vars": {"q": "a"}, "provider": {"python: answer.py": {"config": {}}}},
        {"vars": {"q": "a"}, "options": {"provider": "python: grade.py"}},
        {"vars": {"q": "a"}, "options": {"provider": {"embedding": "my embedder.js"}}},
        {"vars": {"q": "exec: python x.py"}},
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
        {"prompts": ["my prompts.txt"]},
        {"prompts": ["prompt.py:make"]},
        {"prompts": ["the prompts/my prompt.py:make"]},
        {"prompts": ["exec: ./make.sh"]},
        {"prompts": [{"raw": "{{ q | upper }}"}]},
        {"prompts": ["{% for x in y %}{{x}}{% endfor %}"]},
        {"prompts": ["{{ env.USER }}"]},
        {"prompts": [{"id": "file://prompt.json"}]},
        {"prompts": ['[{"role": "user", "content": "{{ q | dump }}"}]']},
        {"providers": ["python:answer.py"]},
        {"providers": ["exec: ./answer.sh"]},
        {"providers": ["./my own/answer.js"]},
        {"providers": [{"python: answer.py": {"label": "mine"}}]},
        {"defaultTest": {"options": {"provider": "python: grade.py"}}},
        {"redteam": {"provider": {"id": "exec: ./attack.sh"}}},
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
        "What happens when I run exec: python x.py",
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


@pytest.mark.parametrize("text", ["Sum up {{q}} for notes.txt", "What is in notes.txt?", "Read this:\nnotes.txt"])
def test_a_prompt_that_names_a_file_is_no_path(text: str) -> None:
    assert load(config(prompts=[text])).columns[0].prompt.user == text


@pytest.mark.parametrize(
    "provider", ["openai:gpt-4o", {"id": "openai:x", "config": {"a": 1}}, {"embedding": "openai:x"}]
)
def test_a_provider_that_is_a_service_is_kept(provider: object) -> None:
    tests = [{"vars": {"q": "a", "provider": "python: a snake"}, "options": {"provider": provider}}]
    assert load(config(tests=tests)).rows[0].extra["options"]["provider"] == provider
