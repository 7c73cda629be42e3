"""Strategies as files: the shipped ones keep what they promise, and one's own are read, replaced or named as broken."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from prompts import yaml_text
from prompts.checks.answers import read
from prompts.column import differences
from prompts.grammar import gbnf
from prompts.library import SHIPPED, load, shipped, strategy
from prompts.lint.linter import lint
from prompts.strategy import LAST, Strategy, Worked
from prompts.words import LANGUAGES
from rag.errors import ExperimentInvalid, StrategyNotFound, TemplateCode
from rag.settings import PRESETS, Settings

NAMES = [
    *("zero-shot", "role", "few-shot", "zero-shot-cot", "few-shot-cot", "self-consistency"),
    *("delimiters", "output-format", "seed-words", "structured-output", "from-documents"),
]
TASKS = [
    f"{task}-{shots}"
    for task in ("summary", "translation", "sentiment", "entities", "keywords", "extractive-qa")
    for shots in ("zero-shot", "few-shot")
]
ALL = pytest.mark.parametrize("one", shipped(), ids=lambda one: one.name)
EACH = pytest.mark.parametrize("lang", LANGUAGES)
LEAST = """
title: {en: Short, es: Corto}
why: {en: It helps., es: Ayuda.}
source: Nobody 2020, https://example.org/
prompts: {en: {user: "{{text}}"}, es: {user: "{{text}}"}}
worked: {en: {values: {text: one}, answer: "1"}, es: {values: {text: uno}, answer: "1"}}
"""


def column(name: str, lang: str = "en"):
    return strategy(name).column(lang)


# -- the shipped ones ------------------------------------------------------------------------------------------


def test_all_that_the_lectures_ask_for_are_there_in_order() -> None:
    library = load()
    assert library.problems == ()
    assert [one.name for one in library.strategies] == [*NAMES, *TASKS]
    assert {one.name for one in library.strategies if one.kind == "task"} == set(TASKS)


@ALL
def test_both_languages_have_texts_of_their_own(one: Strategy) -> None:
    for texts in (one.why, one.prompts, one.worked):
        assert set(texts) == {"en", "es"}
        assert texts["en"] != texts["es"]
    assert one.prompts["en"].variables == one.prompts["es"].variables
    assert len(one.prompts["en"].shots) == len(one.prompts["es"].shots)
    assert one.tags


@ALL
def test_why_is_two_to_four_sentences(one: Strategy) -> None:
    for why in one.why.values():
        assert 2 <= len(re.findall(r"[.?]\)?(?:\s|$)", why)) <= 4


@ALL
def test_the_source_can_be_looked_up(one: Strategy) -> None:
    paper = re.search(r"\b(?:19|20)\d\d, “.+”, https://(?:arxiv\.org|aclanthology\.org)/", one.source)
    rule = re.search(r"Reglas de oro .+: «.+», https://", one.source)
    assert paper or rule


@ALL
@EACH
def test_the_worked_answer_reads_strictly(one: Strategy, lang: str) -> None:
    answer = one.worked[lang].answer
    assert read(answer, one.parse, lang=lang).strict is not None
    assert answer.startswith(one.prompts[lang].begin)
    if one.schema is not None:
        Draft202012Validator(one.schema).validate(json.loads(answer))
        assert gbnf(one.schema)


@ALL
@EACH
def test_examples_read_strictly_and_have_the_form_of_the_request(one: Strategy, lang: str) -> None:
    prompt = one.prompts[lang]
    form = re.compile(".+".join(map(re.escape, re.split(r"\{\{\w+\}\}", prompt.user))), re.DOTALL)
    for shot in prompt.shots:
        assert form.fullmatch(shot.user)
        assert read(shot.assistant, one.parse, lang=lang).strict is not None
        assert one.worked[lang].values[prompt.variables[0]] not in shot.user


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("zero-shot", "role"), ("system",)),
        (("zero-shot", "few-shot"), ("examples",)),
        (("zero-shot", "zero-shot-cot"), ("begin",)),
        (("few-shot", "few-shot-cot"), ("examples",)),
        (("few-shot-cot", "self-consistency"), ("samples", "temperature", "top_k")),
        *(((zero, few), ("examples",)) for zero, few in zip(TASKS[::2], TASKS[1::2], strict=True)),
    ],
)
@EACH
def test_strategies_to_compare_differ_in_one_thing(names: tuple[str, ...], what: tuple[str, ...], lang: str) -> None:
    assert differences([column(name, lang) for name in names]) == what


@EACH
def test_the_examples_of_arithmetic_add_up(lang: str) -> None:
    short, long = (strategy(name).prompts[lang].shots for name in ("few-shot", "few-shot-cot"))
    assert [shot.user for shot in short] == [shot.user for shot in long]
    for before, after in zip(short, long, strict=True):
        assert read(before.assistant, "number").strict == read(after.assistant, "number").strict
        steps = re.findall(r"(\d+) ([-+*]) (\d+) = (\d+)", after.assistant)
        assert steps
        for a, sign, b, result in steps:
            assert {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign] == int(result)


@pytest.mark.parametrize("task", ["entities", "keywords", "extractive-qa"])
@EACH
def test_what_is_extracted_stands_in_the_text(task: str, lang: str) -> None:
    one = strategy(f"{task}-few-shot")
    texts = [(shot.user, shot.assistant) for shot in one.prompts[lang].shots]
    texts.append((" ".join(one.worked[lang].values.values()), one.worked[lang].answer))
    for text, answer in texts:
        if task == "entities":
            parts = [name for names in json.loads(answer).values() for name in names]
        else:
            parts = answer.split(", ") if task == "keywords" else [answer]
        for part in parts:
            assert part.lower() in text.lower() or part in ("No answer", "Sin respuesta")
    assert task != "extractive-qa" or {"No answer", "Sin respuesta"} & {answer for _, answer in texts}


@EACH
def test_every_label_has_an_example_and_no_other(lang: str) -> None:
    prompt = strategy("sentiment-few-shot").prompts[lang]
    assert sorted(re.findall(r'"(\w+)"', prompt.system)) == sorted(shot.assistant for shot in prompt.shots)


@ALL
@EACH
def test_they_keep_the_golden_rules(one: Strategy, lang: str) -> None:
    found = lint(one.prompts[lang], lang, list(one.worked[lang].values), schema=one.schema is not None)
    answers_only = one.name == "few-shot"  # what few-shot chain of thought is compared with; its why says so
    assert [finding.rule for finding in found] == (["steps"] if answers_only else [])


@EACH
def test_a_column_has_all_that_the_strategy_says(lang: str) -> None:
    voting = column("self-consistency", lang)
    assert (voting.samples, voting.parse, voting.strategy) == (5, "number", "self-consistency")
    assert (voting.decoding.temperature, voting.decoding.top_k) == (0.7, 40)
    assert voting.label == strategy("self-consistency").title[lang]
    asking = column("from-documents", lang)
    assert asking.retrieval
    assert asking.variables == ("question",)
    assert asking.prompt.variables == ("context", "question")
    assert column("structured-output", lang).schema is not None
    assert column("seed-words", lang).prompt.begin.startswith("```python")


def test_an_unknown_language_reads_english() -> None:
    assert column("role", "fr") == column("role", "en")


def test_every_field_is_explained_in_both_languages() -> None:
    halves = (SHIPPED / "README.md").read_text(encoding="utf-8").split("\n# ")
    assert len(halves) == 2
    for half in halves:
        for one in fields(Strategy):
            assert one.name == "name" or f"`{one.name}`" in half


# -- files in and out ------------------------------------------------------------------------------------------


@ALL
def test_a_file_that_was_written_reads_the_same(one: Strategy) -> None:
    assert Strategy.from_yaml(one.name, one.to_yaml()) == one


def test_stops_and_odd_texts_survive_writing() -> None:
    one = replace(
        strategy("zero-shot"),
        decoding=replace(PRESETS["precise"], stop=("\n\n", "no"), temperature=0.5),
        source="1e3",
        worked={lang: Worked({"question": "a: #b\n  «c»"}, "no") for lang in LANGUAGES},
    )
    assert Strategy.from_yaml(one.name, one.to_yaml()) == one


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029", "\r\n", "\r"])
def test_every_end_of_a_line_survives_writing(end: str) -> None:
    for text in (f"a{end}b", f"a{end}b\nc", f"{end}a\n b{end}"):
        assert yaml_text.read(yaml_text.write({"a": text})) == {"a": text}


def test_the_least_that_a_file_needs() -> None:
    one = Strategy.from_yaml("short", LEAST)
    assert (one.kind, one.order, one.samples, one.parse, one.retrieval) == ("strategy", LAST, 1, "text", False)
    assert one.decoding == PRESETS["precise"]
    assert one.column("es").label == "Corto"


def test_what_stands_in_one_language_counts_for_both() -> None:
    text = LEAST.replace("title: {en: Short, es: Corto}", "title: Corto").replace('en: {user: "{{text}}"}, ', "")
    one = Strategy.from_yaml("short", text.replace('en: {values: {text: one}, answer: "1"}, ', ""))
    assert one.title == {"en": "Corto", "es": "Corto"}
    assert one.prompts["en"] == one.prompts["es"]
    assert one.worked["en"].values == {"text": "uno"}


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("title: {en: Short, es: Corto}", "", "title"),
        ("title: {en: Short, es: Corto}", "title: {fr: Bref}", "title"),
        ("title: {en: Short, es: Corto}", "title: {en: Short, es: 3}", "title.es"),
        ("why: {en: It helps., es: Ayuda.}", "why: {}", "why"),
        ("source:", "kind: lesson\nsource:", "kind"),
        ("source:", "order: soon\nsource:", "order"),
        ("source:", "tags: one\nsource:", "tags"),
        ("source:", "colour: red\nsource:", "colour"),
        ("source:", "parse: poem\nsource:", "parse"),
        ("source:", "samples: 0\nsource:", "samples"),
        ("source:", "retrieval: maybe\nsource:", "retrieval"),
        ("source:", "decoding: {temperature: 9}\nsource:", "temperature"),
        ("source:", "decoding: {heat: 1}\nsource:", "heat"),
        ("source:", "schema: {type: nothing}\nsource:", "schema"),
        ("source: Nobody 2020, https://example.org/", "", "source"),
        ('es: {user: "{{text}}"}', "es: {system: x}", "prompts.es"),
        ('es: {user: "{{text}}"}', 'es: {user: "{{text}}", usr: x}', "prompts.es.usr"),
        ('es: {user: "{{text}}"}', 'es: {user: " "}', "prompts.es.user"),
        ('es: {user: "{{text}}"}', 'es: {user: "{{text}}", examples: [{user: x}]}', "prompts.es.examples"),
        ('es: {user: "{{text}}"}', 'es: {user: "{% if text %}"}', "prompts.es"),
        ('es: {user: "{{text}}"}', 'es: {user: "{{texto}}"}', "worked.es.values"),
        ("values: {text: uno}", "values: {text: 1}", "worked.es.values"),
        ('answer: "1"}}', "answer: 1}}", "worked.es.answer"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(old: str, new: str, where: str) -> None:
    assert old in LEAST
    with pytest.raises((ExperimentInvalid, TemplateCode)) as caught:
        Strategy.from_yaml("mine", LEAST.replace(old, new))
    for lang in LANGUAGES:
        assert f"mine.yaml: {where}" in caught.value.text(lang)


def test_template_code_is_refused_as_such() -> None:
    with pytest.raises(TemplateCode):
        Strategy.from_yaml("mine", LEAST.replace('en: {user: "{{text}}"}', 'en: {user: "{{text | upper}}"}'))


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    "text", ["", "- a", "{", "title: a: b", BOMB, "[" * 5000, "!!python/object/apply:os.getcwd []", "a: 1\na: 2"]
)
def test_what_is_no_strategy_is_refused(text: str) -> None:
    with pytest.raises(ExperimentInvalid) as caught:
        Strategy.from_yaml("mine", text)
    assert "mine.yaml" in caught.value.text("es")


# -- a folder of one's own -------------------------------------------------------------------------------------


def test_ones_own_come_with_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("\ufefforder: 15\n" + LEAST.lstrip(), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a strategy", encoding="utf-8")
    assert [one.name for one in shipped(tmp_path)][:3] == ["zero-shot", "mine", "role"]
    assert strategy("mine", tmp_path).title["es"] == "Corto"
    assert "mine" not in {one.name for one in shipped()}


def test_the_same_name_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "role.yaml").write_text(LEAST, encoding="utf-8")
    assert len(shipped(tmp_path)) == len(shipped())
    assert strategy("role", tmp_path).title["en"] == "Short"
    assert strategy("role").title["en"] == "Role"


def test_a_broken_file_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "role.yaml").write_text(LEAST.replace("source:", "samples: 99\nsource:"), encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes("title: año".encode("latin-1"))
    (tmp_path / "long.yaml").write_text("# " + "x" * 300_000, encoding="utf-8")
    (tmp_path / "tabs.yaml").write_text("title:\n\t- x", encoding="utf-8")
    (tmp_path / "folder.yaml").mkdir()
    library = load([tmp_path])
    assert library.strategies == shipped()
    for lang in LANGUAGES:
        said = [problem.text(lang) for problem in library.problems]
        for name in ("folder.yaml", "latin.yaml", "long.yaml", "role.yaml: samples", "tabs.yaml"):
            assert sum(name in text for text in said) == 1
        assert len(said) == 5


def test_options_with_names_of_any_kind_break_no_library(tmp_path: Path) -> None:
    good = shipped()[0].to_yaml()
    (tmp_path / "odd.yaml").write_text(good + "decoding: {1: 2, foo: 3}\n", encoding="utf-8")
    found = load([tmp_path])
    assert len(found.strategies) == len(shipped())
    assert "odd.yaml" in found.problems[0].text("en")


def test_a_folder_that_is_not_there_is_empty(settings: Settings) -> None:
    assert settings.strategies_dir.parent == settings.data_dir
    assert load([settings.strategies_dir]).problems == ()
    assert shipped(settings.strategies_dir) == shipped()


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(StrategyNotFound) as caught:
        strategy("../role")
    assert "../role" in caught.value.text("es")
