"""The word-level difference: nothing is lost, words are not cut, and what is common stays together."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from prompts.diff import Span, words


def sides(spans: list[Span]) -> tuple[str, str]:
    return (
        "".join(span.text for span in spans if span.op != "new"),
        "".join(span.text for span in spans if span.op != "cut"),
    )


def test_a_changed_word_is_one_cut_and_one_new() -> None:
    assert words("Write a poem about rain.", "Write a song about rain.") == [
        Span("same", "Write a "),
        Span("cut", "poem"),
        Span("new", "song"),
        Span("same", " about rain."),
    ]


def test_several_words_in_a_row_change_together() -> None:
    assert words("in a few sentences.", "in exactly three lines.") == [
        Span("same", "in "),
        Span("cut", "a few sentences"),
        Span("new", "exactly three lines"),
        Span("same", "."),
    ]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", []),
        ("same", "same", [Span("same", "same")]),
        ("", "new text", [Span("new", "new text")]),
        ("old text", "", [Span("cut", "old text")]),
        ("a b", "a  b", [Span("same", "a"), Span("cut", " "), Span("new", "  "), Span("same", "b")]),
        ("canción", "cancion", [Span("cut", "canción"), Span("new", "cancion")]),
    ],
)
def test_edges(a: str, b: str, expected: list[Span]) -> None:
    assert words(a, b) == expected


@pytest.mark.parametrize("part", ["a b ", "a\nb\n"])
def test_long_texts_that_repeat_themselves_come_to_an_end(part: str) -> None:
    a, b = part * 3000, "b " + part * 2999
    assert sides(words(a, b)) == (a, b)
    assert sides(words(part * 400, "b " + part * 400)) == (part * 400, "b " + part * 400)


def test_no_text_is_lost_whatever_changes() -> None:
    chance = random.Random(4)
    tokens = ["one", "two", "dos", "ñu", " ", "  ", "\n\n", ".", ",", '"""', "{{text}}", "<b>"]
    for _ in range(400):
        a = "".join(chance.choices(tokens, k=chance.randrange(25)))
        b = "".join(chance.choices(tokens, k=chance.randrange(25)))
        spans = words(a, b)
        assert sides(spans) == (a, b)
        assert all(span.text for span in spans)
        assert not any(one.op == other.op == "same" for one, other in pairwise(spans))
