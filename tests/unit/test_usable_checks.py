"""What cannot work whatever is answered is refused before a run; what a run was judged with is pinned and recorded."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from prompts.checks.usable import every_check, refuse_unusable
from prompts.column import Column
from prompts.experiment import Experiment, Row, read_check
from prompts.lessons.cards import cards
from prompts.prompt import Prompt
from prompts.runs.provenance import describe, differs, pinned
from prompts.runs.tools import JUDGE, asks_judge, compares_meaning, judge, judge_of
from rag.errors import BadCheck, PromptError, VariableMissing

ROWS = (Row({"q": "a", "n": "7", "p": "("}), Row({"q": "b", "n": "many", "p": "["}))


def experiment(*checks: dict[str, Any], rows: tuple[Row, ...] = ROWS, columns: str = "AB", **more: Any) -> Experiment:
    made = tuple(Column(label, Prompt("{{q}}"), **more) for label in columns)
    return Experiment(made, rows, tuple(read_check(one) for one in checks))


BROKEN = [
    {"type": "regex", "value": "("},
    {"type": "contians", "value": "x"},
    {"type": "number", "value": "three"},
    {"type": "latency"},
    {"type": "contains"},
    {"type": "contains", "value": "{{nope}}"},
    {"type": "regex", "value": "{{p}}"},
    {"type": "assert-set", "assert": []},
    {"type": "assert-set", "assert": [{"type": "contains", "value": "x"}, {"type": "regex", "value": "("}]},
]


@pytest.mark.parametrize("check", BROKEN)
def test_a_check_that_can_never_work_is_refused_for_all_rows_or_one(check: dict[str, Any]) -> None:
    with pytest.raises(PromptError) as caught:
        refuse_unusable(experiment(check))
    assert isinstance(caught.value, BadCheck | VariableMissing)
    with pytest.raises(type(caught.value)):
        refuse_unusable(experiment(rows=(ROWS[0], Row({"q": "b", "p": "("}, (read_check(check),)))))


@pytest.mark.parametrize(
    "check",
    [
        {"type": "number", "value": "{{n}}"},  # on one row it can
        {"type": "number", "value": "1.234,5"},
        {"type": "cost", "threshold": 1},  # promptfoo's, and kept
        {"type": "similar", "value": "{{q}}"},
        {"type": "llm-rubric", "value": "It says {{q}}."},
        {"type": "assert-set", "assert": [{"type": "contains", "value": "{{q}}"}]},
    ],
)
def test_what_may_work_is_not(check: dict[str, Any]) -> None:
    rows = (Row({"q": "¿Cuánto es?", "n": "many"}), Row({"q": "¿Cuánto es?", "n": "7"}))
    refuse_unusable(experiment(check, rows=rows))


def test_what_ships_can_work() -> None:
    for card in cards():
        for lang in ("en", "es"):
            refuse_unusable(card.experiment(lang))


# -- the judge and the embedding model ---------------------------------------------------------------------------------

RUBRIC = {"type": "llm-rubric", "value": "It is polite."}
SIMILAR = {"type": "similar", "value": "x"}


class Chats:
    """Gives models that only have a name and a template, and says yes."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, name: str) -> Any:
        self.asked.append(name)
        said = SimpleNamespace(text="yes")
        return SimpleNamespace(model=name or "used", template="t", invoke=lambda *_, **__: said)


CATALOGUE: Any = SimpleNamespace(digest=lambda name: f"sha of {name}")


@pytest.mark.parametrize("check", [RUBRIC, {"type": "assert-set", "assert": [RUBRIC]}])
def test_a_run_keeps_the_judge_that_it_began_with(check: dict[str, Any]) -> None:
    whole = pinned(experiment(check, model="other"), "used")
    assert judge_of(whole) == "used"
    assert judge_of(pinned(whole, "next")) == "used", "resumed or replayed with another model in use"
    assert Experiment.from_json(whole.to_json()).extra == {JUDGE: "used"}
    chats = Chats()
    assert judge(chats, threading.Event(), judge_of(whole))("?") == "yes"
    assert chats.asked == ["used"]


def test_without_a_judge_none_is_named() -> None:
    whole = pinned(experiment(SIMILAR), "used")
    assert whole.extra == {}
    assert not asks_judge(whole)
    assert "judge" not in describe(whole, Chats(), CATALOGUE, "embedder")


def test_judge_and_embedding_model_are_recorded() -> None:
    whole = pinned(experiment(RUBRIC, {"type": "assert-set", "assert": [SIMILAR]}, model="other"), "used")
    assert compares_meaning(whole)
    found = describe(whole, Chats(), CATALOGUE, "embedder")
    assert (found["judge"], found["embedding"]) == ("used", "embedder")
    assert found["models"] == {name: f"sha of {name}" for name in ("other", "used", "embedder")}
    assert describe(pinned(experiment(RUBRIC), "used"), Chats(), CATALOGUE, "embedder")["models"].keys() == {"used"}


def test_columns_of_one_label_keep_their_decoding_apart() -> None:
    found = describe(pinned(experiment(columns="AA"), "m"), Chats(), CATALOGUE)
    assert [one["label"] for one in found["decoding"]] == ["A", "A"]
    other = found | {"decoding": [found["decoding"][0], found["decoding"][1] | {"temperature": 0.7}]}
    assert differs(found, other) == ("decoding.2.temperature",)


def test_checks_in_groups_are_checks() -> None:
    rows = (Row({"q": "a"}, (read_check(SIMILAR),)),)
    found = experiment({"type": "assert-set", "assert": [RUBRIC, {"type": "python"}]}, rows=rows)
    assert [one.type for one in every_check(found)] == ["assert-set", "llm-rubric", "similar"]
