"""The lint finds what the golden rules speak of, says where, mends it where it can, and is silent otherwise."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from prompts.lint.linter import RULES, Finding, lint
from prompts.lint.text import shot_texts
from prompts.prompt import Prompt, Shot
from prompts.rules import Rule, rules
from prompts.words import LANGUAGES, table
from tests.lint_cases import BAD, GOOD, LATER_BAD, LATER_GOOD

ALL_GOOD = {
    f"{name} later" if late else name: one for late, all in ((0, GOOD), (1, LATER_GOOD)) for name, one in all.items()
}
ALL_BAD = {
    f"{name} later" if late else name: one for late, all in ((0, BAD), (1, LATER_BAD)) for name, one in all.items()
}
PAIRS = [pytest.param(rule, lang, id=f"{rule.name}-{lang}") for rule in rules() for lang in LANGUAGES]


SIGNS = 'Q: A: ## ### """ ``` < > </t> <t> « » {{text}} {{ }} {% -> // - * . ? ! : , \n \n\n {a} a few if say No'


def named(prompt: Prompt, **options) -> list[str]:
    return [one.rule for one in lint(prompt, **options)]


def mended(prompt: Prompt, rule: str) -> Prompt:
    """Take every fix that is offered for a rule, one after the other."""
    for _ in range(10):
        fix = next((one.fixed for one in lint(prompt) if one.rule == rule and one.fixed is not None), None)
        if fix is None:
            return prompt
        prompt = fix
    raise AssertionError("a fix that mends nothing")


def text_of(prompt: Prompt, finding: Finding) -> str:
    if finding.part == "examples":
        return "\n".join(text for _, text in shot_texts(prompt))
    return str(getattr(prompt, finding.part))


@pytest.mark.parametrize(("rule", "lang"), PAIRS)
def test_a_less_effective_example_shows_its_own_flaw(rule: Rule, lang: str) -> None:
    assert set(named(rule.less[lang])) & set(rule.finds)


@pytest.mark.parametrize(("rule", "lang"), PAIRS)
def test_nothing_is_found_in_the_better_one(rule: Rule, lang: str) -> None:
    assert named(rule.better[lang], variables=tuple(rule.values[lang])) == []
    assert named(rule.better[lang].filled(rule.values[lang])) == []


@pytest.mark.parametrize("name", ALL_GOOD)
def test_a_good_prompt_passes_in_silence(name: str) -> None:
    assert [(one.rule, one.found) for one in lint(ALL_GOOD[name])] == []


@pytest.mark.parametrize("name", ALL_BAD)
def test_a_bad_prompt_shows_its_flaw_and_no_more_than_one_other(name: str) -> None:
    prompt, rule = ALL_BAD[name]
    found = set(named(prompt))
    assert rule in found
    assert len(found) <= 2


ANY = [
    *((prompt, "") for prompt in ALL_GOOD.values()),
    *ALL_BAD.values(),
    *((rule.less[lang], rule.finds[0]) for rule in rules() for lang in LANGUAGES),
]


def test_every_finding_says_where_it_is_and_why_in_both_languages() -> None:
    for prompt, _ in ANY:
        for one in lint(prompt, variables=("text", "else")):
            assert text_of(prompt, one)[one.start : one.end] == one.found
            assert one.rule in RULES
            for lang in LANGUAGES:
                assert all(said.text(lang).strip() for said in (one.title, one.why, one.fix))


def test_a_fix_takes_its_flaw_away_and_keeps_the_variables() -> None:
    offered = set()
    for prompt, rule in ANY:
        after = mended(prompt, rule)
        assert set(after.variables) == set(prompt.variables)
        if after != prompt:
            offered.add(rule)
            assert not [one for one in lint(after) if one.rule == rule and one.fixed is not None]
    assert offered >= {"concrete", "vague", "instruction_first", "delimiters", "quotes", "seed", "format", "steps"}
    assert offered >= {"role", "way_out", "shape"}


def test_a_fix_brings_in_no_flaw_of_another_kind() -> None:
    for prompt, _ in ANY:
        before = set(named(prompt))
        for one in lint(prompt):
            if one.fixed is not None:
                assert set(named(one.fixed)) <= before, (prompt, one.fixed)


@pytest.mark.parametrize(
    ("prompt", "rule", "expected"),
    [
        ("Summarize the story in a few sentences.", "vague", "Summarize the story in 3 sentences."),
        ("La carta debe ser más bien corta, no mucho más.", "vague", "La carta debe ser de 60 palabras como máximo."),
        ("List the causes. Be brief.", "vague", "List the causes. Use at most 60 words."),
        ("If it is not there, reply Not given.", "quotes", 'If it is not there, reply "Not given".'),
        ("Translate into Spanish.\n\n{{text}}", "delimiters", 'Translate into Spanish.\n\n"""\n{{text}}\n"""'),
        ("Háblame de Galicia", "concrete", "Háblame de Galicia. Usa entre 3 y 5 frases."),
        (
            "<t>{{text}}</t>\n\nSummarize the text above in 2 lines.",
            "instruction_first",
            "Summarize the text below in 2 lines.\n\n<t>{{text}}</t>",
        ),
        (
            'Answer the question.\n\n"""{{context}}"""\n\n{{question}}',
            "way_out",
            'Answer the question. If the answer is not there, say "I cannot find it".\n\n"""{{context}}"""\n\n'
            "{{question}}",
        ),
        (
            "Extract the price and the size from the advert.\n\nAdvert: '''{{text}}'''",
            "format",
            "Extract the price and the size from the advert.\n\nDesired format:\nPrice: <comma-separated list>\n"
            "Size: <comma-separated list>\n\nAdvert: '''{{text}}'''",
        ),
        ("Give 2 uses for {word}.", "braces", "Give 2 uses for {{word}}."),
    ],
)
def test_what_a_fix_writes(prompt: str, rule: str, expected: str) -> None:
    assert mended(Prompt(prompt), rule).user == expected


def test_what_a_fix_writes_into_the_other_parts() -> None:
    assert mended(Prompt("Escribe en Python una función que sume dos números."), "seed").begin == "import"
    judged = mended(Prompt("Evaluate the clauses of this contract in a table."), "role")
    assert judged.system == "You are a lawyer."
    shots = (Shot("a", "One."), Shot("b", "Two."), Shot("c", "Three"))
    assert mended(Prompt("d", shots=shots), "shape").shots[2] == Shot("c", "Three.")


def test_quoted_and_fenced_text_is_data() -> None:
    assert named(Prompt('Translate into Spanish: """I had a few ideas and some questions, kind of short."""')) == []
    assert named(Prompt("Traduce al inglés: «Escribe unas pocas frases sobre el mar»")) == []
    assert named(Prompt("Correct the spelling.\n\n<text>Write a poem. Tell me about it.</text>")) == []


def test_the_system_message_and_turns_count_as_instructions() -> None:
    late = Prompt('"""{{text}}"""\n\nTranslate the text into French.')
    assert "instruction_first" in named(late)
    assert "instruction_first" not in named(replace(late, system="You translate what you are given."))
    assert "instruction_first" not in named(replace(late, shots=(Shot("sea", "mer"), Shot("sky", "ciel"))))
    assert "vague" in named(Prompt("{{question}}", system="Answer in a few sentences."))


def test_a_short_variable_needs_no_delimiters() -> None:
    assert "delimiters" not in named(Prompt("What is the plural of {{word}} in {{language}}?"))
    assert "delimiters" in named(Prompt("What is the tone of {{customer_review}} in one word?"))
    assert "delimiters" in named(Prompt("¿De qué trata {{articulo2}}? Responde en 5 palabras."))
    assert "delimiters" not in named(Prompt("{{text}}", system="Translate into French."))


def test_variables_are_compared_with_the_test_set_where_there_is_one() -> None:
    prompt = Prompt("What is the capital of {{contry}}?")
    assert named(prompt) == []
    assert named(prompt, variables=()) == []
    unknown, unused = lint(prompt, variables=("country",))
    assert (unknown.rule, unknown.found, unused.rule) == ("unknown", "{{contry}}", "unused")
    assert unknown.fixed == Prompt("What is the capital of {{country}}?")
    assert "country" in unknown.fix.text("es")
    assert "country" in unused.why.text("es")
    assert named(Prompt("{{context}} {{q}}"), variables=("q",)) == ["delimiters"]


def test_a_grammar_is_a_format() -> None:
    prompt = Prompt("Extract the price and the size.\n\nAdvert: '''{{text}}'''")
    assert named(prompt) == ["format"]
    assert named(prompt, schema=True) == []


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        (Shot("b", "Yes."), "full stop"),
        (Shot("b", "yes"), "capitals"),
        (Shot("b", '{"answer": true}'), "form"),
        (Shot("b", "Answer: No"), "label"),
    ],
)
def test_examples_of_one_shape(second: Shot, wanted: str) -> None:
    same = (Shot("a", "Yes"), Shot("c", "No"))
    assert named(Prompt("d", shots=same)) == []
    (found,) = lint(Prompt("d", shots=(same[0], second, same[1])))
    assert (found.rule, found.part, found.found) == ("shape", "examples", second.assistant)
    assert wanted in found.fix.text("en")


def test_examples_written_into_the_request() -> None:
    text = "Q: 2+2\nA: 4\n##\nQ: 3+3\nA: 6\n##\nQ: {{sum}}\nA:"
    assert named(Prompt(text)) == []
    assert named(Prompt(text.replace("A: 6", "R: 6"))) == ["shape"]
    assert mended(Prompt(text.replace("A: 6", "R: 6")), "shape").user == text
    assert named(Prompt(text.replace("\n##", "", 1))) == ["shape"]


def test_what_stays_empty_is_left_alone() -> None:
    assert lint(Prompt("")) == []
    assert lint(Prompt("  \n")) == []
    assert lint(Prompt("?")) == []


def test_no_text_makes_it_fail() -> None:
    chance = random.Random(7)
    pieces = [
        *SIGNS.split(" "),
        "\n",
        "extract the a and b",
        "how many 3 4",
        "",
    ]
    for _ in range(300):
        texts = ["".join(f"{one} " for one in chance.choices(pieces, k=chance.randrange(20))) for _ in range(4)]
        prompt = Prompt(texts[0], texts[1], (Shot(texts[2], texts[3]), Shot(texts[3], "x")), begin=texts[2])
        for one in lint(prompt, variables=("text", "b")):
            assert text_of(prompt, one)[one.start : one.end] == one.found


def test_every_rule_has_its_words_in_both_languages() -> None:
    for lang in LANGUAGES:
        assert {f"lint.{rule}_{what}" for rule in RULES for what in ("title", "why", "fix")} <= table(lang).keys()
    ours = [{key for key in table(lang) if key.startswith("lint.")} for lang in LANGUAGES]
    assert ours[0] == ours[1]


@pytest.mark.parametrize(
    "text",
    ["Write" + " " * 50_000 + "x", "Extract the a" + " " * 50_000 + "x", "Text: {{text}}\n" + "#" * 80 + "x"],
)
def test_blanks_and_signs_are_read_once(text: str) -> None:
    assert isinstance(lint(Prompt(text), "en"), list)
