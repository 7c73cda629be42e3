"""Replication cards: what ships is whole, fair and rightly answered; a conclusion follows from its intervals."""

from __future__ import annotations

import ast
import operator
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from prompts import words
from prompts.checks.kinds import Tools
from prompts.checks.registry import grade
from prompts.column import COLUMNS, differences
from prompts.experiment import Experiment, Place
from prompts.figures.verdict import Summary, summary
from prompts.lessons.cards import CARD, Card, card, cards, read_set
from prompts.lessons.conclude import AGREES, DOES_NOT, FLOOR, TOO_FEW, conclude
from prompts.reply import Reply
from prompts.runs.cell import Cell
from rag.errors import StrategyNotFound

NAMES = [one.name for one in cards()]
LANGUAGES = words.LANGUAGES
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def computed(text: str) -> float:
    """The value of a sum of whole numbers."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return float(_OPERATORS[type(node.op)](value(node.left), value(node.right)))
        assert isinstance(node, ast.Constant)
        assert isinstance(node.value, int)
        return node.value

    return value(ast.parse(text, mode="eval").body)


# -- what ships ------------------------------------------------------------------------------------------------


def test_the_cards_that_are_promised_are_there_in_order() -> None:
    promised = ["chain-of-thought", "roles", "order", "lost-in-the-middle", "reasoning", "reasoning-about-facts"]
    assert promised == NAMES
    with pytest.raises(StrategyNotFound):
        card("../cards/roles")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_whole_in_both_languages(name: str, lang: str) -> None:
    one = card(name)
    experiment = one.experiment(lang)
    assert experiment.missing() == []
    assert COLUMNS[0] < len(experiment.columns) <= COLUMNS[1]
    assert 12 <= len(experiment.rows) <= 60
    assert experiment.extra[CARD] == name
    assert Experiment.from_json(experiment.to_json()) == experiment
    assert all(text[lang] for text in (one.title, one.why, one.published))
    assert "arXiv" in one.source
    assert all(max(pair) < len(experiment.columns) for pair in one.pairs)
    other = one.experiment({"en": "es", "es": "en"}[lang])
    assert other.columns[0].prompt != experiment.columns[0].prompt
    assert len(one.experiment(lang, limit=3).rows) == 3


@pytest.mark.parametrize("name", NAMES)
def test_columns_differ_in_one_part_of_the_prompt(name: str) -> None:
    assert len(set(differences(card(name).experiment("en").columns)) - {"max_tokens"}) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_is_right_and_another_rows_is_not(name: str, lang: str) -> None:
    experiment = card(name).experiment(lang)
    for at, row in enumerate(experiment.rows):
        wanted = row.values["expected"]
        other = next(one.values["expected"] for one in experiment.rows if one.values["expected"] != wanted)
        for column in range(len(experiment.columns)):
            right, wrong = (
                grade(experiment, Place(column, at, 0), Reply("done", text), Tools())[0] for text in (wanted, other)
            )
            assert (right.strict, right.lenient, wrong.lenient) == ("right", "right", "wrong"), (wanted, other)


@pytest.mark.parametrize(("lang", "ending"), [("en", "Answer: {}"), ("es", "Respuesta: {}")])
@pytest.mark.parametrize("name", ["chain-of-thought", "reasoning"])
def test_an_answer_after_its_reasoning_is_read(name: str, lang: str, ending: str) -> None:
    experiment = card(name).experiment(lang)
    wanted = experiment.rows[0].values["expected"]
    text = "First 8 × 6 = 48.\n\nThen 48 - 13.\n\n" + ending.format(wanted)
    assert grade(experiment, Place(1, 0, 0), Reply("done", text), Tools())[0].lenient == "right"


def test_asking_for_the_answer_alone_leaves_no_room_for_reasoning() -> None:
    for name in ("chain-of-thought", "reasoning", "reasoning-about-facts"):
        alone, reasoned = card(name).experiment("en").columns
        assert alone.decoding.max_tokens <= 24 < 128 < reasoned.decoding.max_tokens


# -- the sets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({one.data["set"] for one in cards()}))
def test_a_set_says_its_source_and_licence(name: str) -> None:
    found = read_set(name)
    assert found["licence"] == "Apache-2.0"
    assert found["source"]["en"].startswith("Made for Aula")
    questions = [str(row.get("question") or row["review"]) for row in found["rows"]]
    assert len(set(questions)) == len(questions)


def test_arithmetic_is_right_and_both_texts_hold_its_numbers() -> None:
    for row in read_set("arithmetic")["rows"]:
        assert computed(row["work"]) == row["expected"], row["work"]
        given = Counter(re.findall(r"\d+", row["work"]))
        english, spanish = (Counter(re.findall(r"\d+", row["question"][lang])) for lang in LANGUAGES)
        assert english == spanish
        assert set(english) <= set(given)
        # "Twice as many" is the one number that a question says in words.
        assert set(given) - set(english) <= {"2"}, row["work"]


def test_coins_lie_as_they_are_said_to() -> None:
    said = []
    for row in read_set("coins")["rows"]:
        flips = len(re.findall(r"\w+ flips the coin", row["question"]["en"]))
        assert flips == len(re.findall(r"\w+ le da la vuelta", row["question"]["es"])) - len(
            re.findall(r"\bno le da la vuelta", row["question"]["es"])
        )
        said.append(row["expected"])
        assert row["expected"] == ({"en": "yes", "es": "sí"} if flips % 2 == 0 else {"en": "no", "es": "no"})
    assert Counter(one["en"] for one in said) == {"yes": 12, "no": 12}


def test_half_of_the_reviews_are_positive() -> None:
    assert Counter(row["expected"]["en"] for row in read_set("reviews")["rows"]) == {"positive": 12, "negative": 12}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_only_its_own_passage_answers_a_question(lang: str) -> None:
    for row in card("lost-in-the-middle").experiment(lang).rows:
        values = row.values
        found = re.search(r"(?:lighthouse of|faro de) (\w+)", values["question"])
        assert found is not None
        name = found[1]
        assert re.search(rf"\b{values['expected']}\b", values["passage"])
        others = [*values["before"].split("\n\n"), *values["after"].split("\n\n")]
        assert len(set(others)) == 11
        assert f" {name}," in values["passage"]
        assert not any(f" {name}," in one for one in others)
        assert abs(len(values["before"].split("\n\n")) - len(values["after"].split("\n\n"))) <= 1


def test_the_passage_is_first_in_the_middle_and_last() -> None:
    row = card("lost-in-the-middle").experiment("en").rows[0].values
    places = []
    for column in card("lost-in-the-middle").experiment("en").columns:
        text = column.prompt.filled(row).user
        places.append(text.index(row["passage"]) / text.index(row["question"]))
    assert places[0] == 0
    assert 0.35 < places[1] < 0.6
    assert places[2] > 0.85


# -- conclusions -----------------------------------------------------------------------------------------------


def run(outcomes: Sequence[Sequence[bool]], expects: str, pairs: Sequence[tuple[int, int]]) -> tuple[Card, Summary]:
    """A card of as many columns and rows as `outcomes` says (rows of columns), and what came of it."""
    base = card("roles")
    experiment = base.experiment("en")
    columns = tuple(replace(experiment.columns[0], label="ABCD"[n]) for n in range(len(outcomes[0])))
    rows = tuple(experiment.rows[0] for _ in outcomes)
    whole = replace(experiment, columns=columns, rows=rows)
    cells = {}
    for at, row in enumerate(outcomes):
        for column, right in enumerate(row):
            place = Place(column, at, 0)
            reply = Reply("done", rows[0].values["expected"] if right else "nothing of the kind")
            cells[place] = Cell.judged(place, reply, grade(whole, place, reply, Tools()))
    return replace(base, expects=expects, pairs=tuple(pairs)), summary(whole, cells)


@pytest.mark.parametrize(
    ("expects", "outcomes", "key"),
    [
        ("better", [(False, True)] * 12 + [(True, True)] * 8, AGREES),
        ("better", [(True, False)] * 12 + [(True, True)] * 8, DOES_NOT),
        ("better", [(True, True)] * 40 + [(False, False)] * 40, DOES_NOT),  # a narrow interval around nothing
        ("better", [(False, True)] * 2 + [(True, True)] * 3, TOO_FEW),
        ("same", [(True, True)] * 40 + [(False, False)] * 40, AGREES),
        ("same", [(True, True)] * 4 + [(False, False)] * 2, TOO_FEW),
        ("same", [(False, True)] * 14 + [(True, True)] * 10, DOES_NOT),
        # 60 items of which ten differ: shown by the 90 % interval, as two one-sided tests at 5 % have it.
        ("same", [(False, True), (True, False)] * 5 + [(True, True)] * 25 + [(False, False)] * 25, AGREES),
        ("same", [(False, False)] * 48, FLOOR),  # a model that knows nothing proves nothing
        ("varies", [(False, True)] * 14 + [(True, True)] * 10, AGREES),
        ("varies", [(True, True)] * 40 + [(False, False)] * 40, DOES_NOT),
        ("varies", [(True, False)] * 2 + [(True, True)] * 8, TOO_FEW),
    ],
)
def test_the_conclusion_follows_from_the_interval(expects: str, outcomes: list[tuple[bool, bool]], key: str) -> None:
    assert conclude(*run(outcomes, expects, [(0, 1)])).key == key


def test_a_card_of_no_difference_has_items_enough_to_show_it() -> None:
    assert all(one.items >= 60 for one in cards() if one.expects == "same")


def test_the_interval_that_shows_sameness_is_named() -> None:
    said = conclude(*run([(True, True)] * 40 + [(False, False)] * 40, "same", [(0, 1)]))
    assert "90% interval" in said.text("en")
    assert "intervalo del 90 %" in said.text("es")


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("What is the capital of Iceland?", "Reykjavík", "Oslo"),
        ("What is the capital of Paraguay?", "Asuncion.", "Lima"),
        ("Who wrote One Hundred Years of Solitude?", "Gabriel Garcia Marquez", "Gabriel"),
        ("What is the atomic number of sodium?", "It is 11", "about 110"),
    ],
)
def test_a_fact_is_told_by_whole_words_in_any_spelling(question: str, right: str, wrong: str) -> None:
    experiment = card("reasoning-about-facts").experiment("en")
    at = next(n for n, row in enumerate(experiment.rows) if row.values["question"] == question)
    outcomes = [grade(experiment, Place(0, at, 0), Reply("done", text), Tools())[0].lenient for text in (right, wrong)]
    assert outcomes == ["right", "wrong"]


def test_a_finding_about_two_pairs_must_hold_in_both() -> None:
    ends = [(True, False, True)] * 12 + [(True, True, True)] * 8
    first = [(True, False, False)] * 12 + [(True, True, True)] * 8
    assert conclude(*run(ends, "better", [(1, 0), (1, 2)])).key == AGREES
    assert conclude(*run(first, "better", [(1, 0), (1, 2)])).key != AGREES


def test_a_pair_is_read_in_the_cards_direction() -> None:
    said = conclude(*run([(True, False)] * 12 + [(True, True)] * 8, "better", [(1, 0)]))
    assert said.key == AGREES
    assert "“A” against “B”, +60 points" in said.text("en")
    assert "«A» frente a «B», +60 puntos" in said.text("es")


def test_of_nothing_nothing_follows() -> None:
    base, found = run([(True, True)], "same", [(0, 1)])
    empty = replace(found, pairs=tuple(replace(pair, n=0, difference=0.0, low=-1.0, high=1.0) for pair in found.pairs))
    assert conclude(base, empty).key == TOO_FEW
