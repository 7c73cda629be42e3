"""The golden rules: nine ready pairs in both languages, in the slides' order, that can be run as they are."""

from __future__ import annotations

import pytest

from prompts.column import Column, differences
from prompts.lint.linter import RULES
from prompts.prompt import Prompt
from prompts.rules import Rule, rule_of, rules
from prompts.words import LANGUAGES
from rag.errors import ExperimentInvalid, TemplateCode

ORDER = ["concrete", "vague", "separators", "quotes", "seed", "format", "examples", "steps", "role"]


def test_the_nine_rules_in_the_order_of_the_slides() -> None:
    assert [rule.name for rule in rules()] == ORDER
    assert [rule.order for rule in rules()] == list(range(1, 10))


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_pair_can_be_run_as_it_is(rule: Rule, lang: str) -> None:
    for prompt in (rule.less[lang], rule.better[lang]):
        filled = prompt.filled(rule.values[lang])
        assert filled.user.strip()
        assert not filled.variables
    used = {*rule.less[lang].variables, *rule.better[lang].variables}
    assert used == rule.values[lang].keys()
    assert rule.title[lang]
    assert rule.why[lang]
    assert rule.source


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_pair_differs_in_one_thing(rule: Rule, lang: str) -> None:
    pair = [Column(label, prompt) for label, prompt in (("a", rule.less[lang]), ("b", rule.better[lang]))]
    assert len(differences(pair)) == 1


def test_both_languages_have_the_same_variables() -> None:
    for rule in rules():
        assert rule.values["en"].keys() == rule.values["es"].keys()
        assert rule.title["en"] != rule.title["es"]


def test_a_finding_leads_to_its_rule() -> None:
    assert {name for rule in rules() for name in rule.finds} <= set(RULES)
    found = rule_of("instruction_first")
    assert found is not None
    assert found.name == "separators"
    assert rule_of("unused") is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- a list", ExperimentInvalid),
        ("title: {en: One}", ExperimentInvalid),
        ("title: {en: a, es: b}\nwhy: {en: a, es: b}\nless: {en: '{% x %}', es: b}\n", TemplateCode),
    ],
)
def test_a_broken_file_is_named(text: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        Rule.from_yaml("broken", text)
    assert error is TemplateCode or "broken.yaml" in str(caught.value)


def test_prompts_are_prompts() -> None:
    assert all(isinstance(rule.better[lang], Prompt) for rule in rules() for lang in LANGUAGES)
