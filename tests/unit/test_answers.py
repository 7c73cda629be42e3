"""What an answer says: strictly in the asked form, leniently as a reader finds it, in both languages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.checks.answers import NOTHING, Read, read
from prompts.column import PARSES
from rag.errors import BadOption


def both(value: str) -> Read:
    return Read(value, value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The answer is 9.", both("9")),
        ("5 + 4 = 9. Therefore, the answer (arabic numerals) is 9.", both("9")),
        ("La respuesta es 9", both("9")),
        ("La respuesta final es: **12**", both("12")),
        ("5 + 4 = 9\n#### 9", both("9")),
        ("9", both("9")),
        ("9.0", both("9")),
        ("**7.0**", both("7")),
        ("The answer is $1,234.50.", both("1234.5")),
        ("La respuesta es 1.234,5 €", both("1234.5")),
        ("The answer is 9 apples.", both("9")),
        ("The answer is:\n-4", both("-4")),
        ("The answer is 9. I checked it 3 times.", both("9")),
        # Free text is read only leniently.
        ("So she has 9 apples.", Read(None, "9")),
        ("The answer is 5 + 4 = 9", Read(None, "9")),
        ("There were 5, then 8.", Read(None, "8")),
        # What is stated is read, whatever comes after it.
        ("The answer is 35 (48 - 13).", Read(None, "35")),
        ("Answer: 35 rolls were left out of 48", Read(None, "35")),
        ("The answer is 7 – each friend gets 7 out of 28.", Read(None, "7")),
        ("Answer: 35 = 48 - 13", Read(None, "35")),
        ("The answer is 12 x 3 = 36 out of 40", Read(None, "36")),
        ("Answer: 7\n- 5 apples are left", both("7")),
        ("\\boxed{20} for 3 friends", Read(None, "20")),
        ("La respuesta: 2,5 millones", Read(None, "2500000")),
        ("The answer is 3 thousand.", Read(None, "3000")),
        ("En 2024 mil personas", Read(None, "2024")),
        ("so the box \\boxed{42}", Read(None, "42")),
        ("no number at all", NOTHING),
        ("", NOTHING),
        ("H2O and Qwen2", NOTHING),
    ],
)
def test_the_number_an_answer_states(text: str, found: Read) -> None:
    assert read(text, "number") == found


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234", "1234"),
        ("1,234,567.8", "1234567.8"),
        ("1.234.567,8", "1234567.8"),
        ("it costs 3,5 euros", "3.5"),
        ("10 000 euros", "10000"),
        ("cuesta 1.234 euros en la tienda", "1234"),  # Spanish thousands
        ("it weighs 1.234 kilos in the shop", "1.234"),
        ("0.125", "0.125"),
        (".5", "0.5"),
        ("x = −3", "-3"),
        ("10-5", "5"),  # a subtraction or a range
        ("-7.50", "-7.5"),
        ("1.5e3", "1500"),
        ("3/4", "3/4"),
        ("6/8", "3/4"),
        ("\\frac{3}{4}", "3/4"),
        ("1 1/2 cups", "3/2"),
        ("25%", "25%"),
        ("el 25 por ciento", "25%"),
        ("12/05/2024", "2024"),
        ("10,20,30", "30"),
    ],
)
def test_how_numbers_are_written(text: str, number: str) -> None:
    assert read(text, "number").lenient == number


def test_the_question_tells_thousands_from_decimals() -> None:
    assert [read("1.234", "number", lang=lang).strict for lang in ("es", "en")] == ["1234", "1.234"]


def test_labels_alone_and_in_free_text() -> None:
    labels = ("Positive", "negative", "very negative")
    assert read(" «Positive». ", "label", labels) == both("positive")
    assert read("It is very negative.", "label", labels) == Read(None, "very negative")
    assert read("It is not positive but very negative.", "label", labels) == NOTHING
    assert read("neutral", "label", labels) == NOTHING
    assert read("positively", "label", labels) == NOTHING


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Respuesta: sí, porque nadie le da la vuelta y no cambia", "sí"),
        ("**Respuesta:** sí (no ha cambiado)", "sí"),
        ("No es cruz.\nLa respuesta es «sí».", "sí"),
        ("Respuesta: no. Luego, respuesta: sí. No hay duda.", "sí"),
        ("Creo que sí", "sí"),
        ("No sé si sí", None),
    ],
)
def test_the_label_that_is_stated_not_the_last_one_named(text: str, label: str | None) -> None:
    assert read(text, "label", ("sí", "no")).lenient == label
    assert read("Answer: yes. There is no doubt about it.", "label", ("yes", "no")) == Read(None, "yes")
    assert read("So.\n**Answer:** yes, no doubt.", "label").lenient == "yes"


def test_an_answer_that_was_cut_says_only_what_it_states() -> None:
    assert read("First 48 - 13 is 35, then", "number", cut=True) == NOTHING
    assert read("The answer is 35 since 48", "number", cut=True) == Read(None, "35")
    assert read("35", "number", cut=True) == both("35")
    assert read("the coin is then: no, as", "label", ("yes", "no"), cut=True) == NOTHING
    assert read("Yes, since the coin", "label", ("yes", "no"), cut=True) == Read(None, "yes")


@pytest.mark.parametrize("text", ["The answer is 9" + " " * 20_000 + "#x", "answer:" + "\n " * 20_000 + "x 5"])
def test_blanks_are_read_once(text: str) -> None:
    assert read(text, "number").strict is None


def test_labels_that_are_not_known() -> None:
    assert read("Positivo.", "label") == both("positivo")
    assert read("Sentiment: positive", "label") == Read(None, "positive")
    assert read("I thought about it.\nThe sentiment is negative.", "label") == Read(None, "negative")
    assert read("I have thought long about all of this and cannot say", "label") == NOTHING


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (' {"a": 1.0} ', both('{"a": 1}')),
        ('{"b": 2, "a": [true]}', both('{"a": [true], "b": 2}')),
        ("null", both("null")),
        ('```json\n{"a": 1}\n```', Read(None, '{"a": 1}')),
        ('First {"a": 1}, or better {"a": {"b": 2}}.', Read(None, '{"a": {"b": 2}}')),
        ("{a: 1}", NOTHING),
        ("NaN", NOTHING),
        ("[" * 100_000, NOTHING),
    ],
)
def test_json(text: str, found: Read) -> None:
    assert read(text, "json") == found


def test_lines_and_whole_texts() -> None:
    assert read("a\n\n  b \n", "last_line") == both("b")
    assert read(" a\nb ", "text") == both("a\nb")
    assert read(" \n", "text") == read("", "last_line") == NOTHING
    with pytest.raises(BadOption):
        read("a", "poem")


@given(st.text(max_size=200), st.sampled_from(PARSES))
def test_what_is_read_strictly_is_read_leniently(text: str, parse: str) -> None:
    found = read(text, parse)
    assert found.strict in (None, found.lenient)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["{}", "The answer is {}.", "La respuesta es {}", "#### {}"]))
def test_any_whole_number_is_read_back(number: int, form: str) -> None:
    assert read(form.format(number), "number") == both(str(number))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_any_json_is_read_back(value: object) -> None:
    assert json.loads(read(json.dumps(value), "json").strict or "") == value
