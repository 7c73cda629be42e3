"""Attention in numbers: words out of pieces, the mask, the habits of heads, a word's way; and how it is drawn."""

from __future__ import annotations

import re

import numpy as np
import pytest
import regex
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from lab.attention import HABITS, Reading, Unit, habits, masked, merged, senses, word_of, words
from rag.errors import WordNotThere
from ui.lab.attention_view import Look, grid_figure, heads_figure, looks, strongest
from ui.lab.senses_view import senses_figures
from ui.texts import say

TEXTS = ("[CLS]", "mi", "ban", "co", ".", "[SEP]")
WORD = (0, 1, 2, 2, 3, 4)


def reading(seed: int = 0, layers: int = 2, heads: int = 3, texts: tuple[str, ...] = TEXTS) -> Reading:
    """A sentence of made-up weights; the third piece goes on with the second word."""
    rng = np.random.default_rng(seed)
    n = len(texts)
    scores = rng.normal(size=(layers, heads, n, n)) * 3
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    units = tuple(Unit(text, place == 3, place in (0, n - 1)) for place, text in enumerate(texts))
    states = rng.normal(size=(layers + 1, n, 8))
    return Reading("m", units, WORD, weights.astype(np.float32), states.astype(np.float32))


def of(texts: list[str], states: np.ndarray) -> Reading:
    """A sentence of whole words with these vectors, (layers + 1, n, dimensions)."""
    n = len(texts)
    weights = np.full((states.shape[0] - 1, 1, n, n), 1 / n, dtype=np.float32)
    return Reading("m", tuple(Unit(text) for text in texts), tuple(range(n)), weights, states.astype(np.float32))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mi banco, ¡no!", ["Mi", "banco", ",", "¡", "no", "!"]),
        ("l'amor don’t e-mail", ["l'amor", "don’t", "e-mail"]),
        ("cafe\u0301 x", ["cafe\u0301", "x"]),
        ("👩\u200d👧 sí", ["👩\u200d👧", "sí"]),
        ("  ", []),
    ],
)
def test_words_and_signs_are_told_apart(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in words(text)] == found


@given(st.text(min_size=1, max_size=60))
def test_words_leave_nothing_out_but_blanks(text: str) -> None:
    spans = words(text)
    found = "".join(text[start:end] for start, end in spans)
    assert regex.sub(r"\s", "", found) == regex.sub(r"\s", "", text)
    for number, (start, end) in enumerate(spans):
        assert all(word_of(spans, at) == number for at in range(start, end))


def test_a_blank_belongs_to_what_follows_and_at_the_end_to_what_was_there() -> None:
    spans = words("a  b ")
    assert [word_of(spans, at) for at in range(5)] == [0, 1, 1, 1, 1]


def test_by_words_what_looks_is_the_mean_and_what_is_looked_at_the_sum() -> None:
    pieces = reading()
    whole = merged(pieces)
    assert [unit.text for unit in whole.units] == ["[CLS]", "mi", "banco", ".", "[SEP]"]
    assert [unit.mark for unit in whole.units] == [True, False, False, False, True]
    np.testing.assert_allclose(whole.weights.sum(axis=-1), 1.0, atol=1e-6)
    np.testing.assert_allclose(whole.weights[1, 2, 0, 2], pieces.weights[1, 2, 0, 2:4].sum(), atol=1e-6)
    np.testing.assert_allclose(whole.weights[1, 2, 2, 0], pieces.weights[1, 2, 2:4, 0].mean(), atol=1e-6)
    np.testing.assert_allclose(whole.states[1, 2], pieces.states[1, 2:4].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(whole.states[1, 4], pieces.states[1, 5], atol=1e-6)


def test_the_mask_is_the_softmax_of_what_is_left() -> None:
    pieces = reading()
    seen = masked(pieces).weights
    scores = np.log(pieces.weights.astype(np.float64))
    scores[..., np.triu(np.ones((6, 6), dtype=bool), 1)] = -np.inf
    expected = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(seen, expected, atol=1e-6)
    assert (np.triu(merged(masked(pieces)).weights, 1) == 0).all()
    np.testing.assert_allclose(merged(masked(pieces)).weights.sum(axis=-1), 1.0, atol=1e-6)


def test_the_mask_leaves_a_word_that_had_nothing_left_with_itself() -> None:
    pieces = reading()
    pieces.weights[0, 0, 1] = np.eye(6, dtype=np.float32)[4]
    np.testing.assert_array_equal(masked(pieces).weights[0, 0, 1], np.eye(6)[1])


def test_the_habits_of_a_head_that_has_only_one() -> None:
    pieces = reading()
    pieces.weights[0, 0] = np.eye(6, k=1, dtype=np.float32)  # each looks at the next; the last at nothing
    pieces.weights[0, 1] = np.eye(6, k=-1, dtype=np.float32)
    pieces.weights[1, 2] = np.eye(6, dtype=np.float32)
    found = habits(pieces)
    assert set(found) == set(HABITS)
    assert found["after"][0, 0] == found["before"][0, 1] == found["itself"][1, 2] == 1.0
    assert found["marks"][0, 0] == found["marks"][0, 1] == pytest.approx(0.25)  # the one next to a mark
    assert found["before"][0, 0] == found["itself"][0, 0] == 0.0
    assert (strongest(found["after"]), strongest(found["itself"])) == ((1, 1), (2, 3))


def test_a_word_in_several_sentences() -> None:
    x, y = [1.0, 0.0], [0.0, 1.0]
    first = of(["El", "banco"], np.array([[y, x], [y, x]]))
    near = of(["banco", "el"], np.array([[x, y], [x, y]]))
    far = of(["Banco"], np.array([[x], [y]]))
    found = senses([first, near, far], " BANCO ")
    np.testing.assert_allclose(found.cosines, [[1, 1], [1, 0]], atol=1e-6)
    np.testing.assert_allclose(found.moves, [[0], [0], [1]], atol=1e-6)
    # el-banco in all pairs of sentences, the same word in two of them left out
    np.testing.assert_allclose(found.others, [0, 2 / 6], atol=1e-6)


def test_a_word_that_is_not_there_is_named_with_its_sentence() -> None:
    first = of(["El", "banco"], np.ones((2, 2, 2)))
    with pytest.raises(WordNotThere, match="“bancos” is not in “El banco”"):
        senses([first, first], "bancos")


def test_sentences_of_one_and_the_same_word_have_no_others() -> None:
    one = of(["no"], np.ones((2, 1, 2)))
    assert np.isnan(senses([one, one], "no").others).all()
    assert "senses-beside" not in senses_figures(senses([one, one], "no"), "no", ["no", "no"], "es")


# -- drawings --------------------------------------------------------------------------------------------------------

HOSTILE = ("[CLS]", "<b>x</b>", "&", '"', "'", "</s>")


def drawing(figure: str) -> str:
    return figure[figure.index("<svg") : figure.index("</svg>") + 6]


@pytest.mark.parametrize("lang", ["es", "en"])
def test_each_word_that_looks_can_be_reached_and_says_at_whom(lang: str) -> None:
    pieces = reading(texts=HOSTILE)
    drawn = fromstring(drawing(looks(pieces, Look(1, 1, pieces=True), lang)))
    rows = [one for one in drawn.iter() if one.get("class") == "from"]
    assert [row.get("tabindex") for row in rows] == ["0", *["-1"] * 5]
    best = int(pieces.weights[0, 0, 1].argmax())
    assert "<b>x</b>" in (rows[1].get("aria-label") or "")
    assert ("##" * (best == 3) + HOSTILE[best]) in (rows[1].get("aria-label") or "")
    ways = [sum(one.get("class") == "way" for one in row.iter()) for row in rows]
    assert ways == [int((row >= 0.02).sum()) for row in pieces.weights[0, 0]]


def test_without_the_marks_the_table_says_what_they_got() -> None:
    pieces = reading()
    figure = grid_figure(pieces, Look(2, 3, pieces=True, marks=False), "en")
    assert "[CLS]" not in figure
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", figure)
    assert len(rows) == 4
    for row in rows:
        assert sum(float(value) for value in re.findall(r'data-value="([^"]+)"', row)) == pytest.approx(1.0, abs=1e-6)


def test_what_the_mask_hides_is_empty_and_not_nothing() -> None:
    figure = grid_figure(reading(), Look(1, 0), "es", decoder=True)
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", figure)
    hidden = [re.findall(r'data-value="([^"]*)"', row).count("") for row in rows]
    assert hidden == [4, 3, 2, 1, 0]
    assert drawing(figure).count('class="empty"') == 10


def test_the_mean_of_all_heads_is_head_nought() -> None:
    pieces = reading()
    np.testing.assert_allclose(pieces.head(2, 0), pieces.weights[1].mean(axis=0))
    np.testing.assert_array_equal(pieces.head(2, 3), pieces.weights[1, 2])


def test_all_heads_with_a_button_to_the_strongest_of_each_habit() -> None:
    figure = heads_figure(reading(), "marks", "es")
    found = habits(reading())
    buttons = re.findall(r'data-do="head" data-id="(\d+)-(\d+)"', figure)
    assert buttons == [tuple(str(one) for one in strongest(found[name])) for name in HABITS]
    fromstring(drawing(figure))


def test_the_caption_of_a_habit_is_a_sentence_of_its_own() -> None:
    captions = {name: re.findall("<figcaption>(.*?)<", heads_figure(reading(), name, "es"))[0] for name in HABITS}
    assert len(set(captions.values())) == len(HABITS)
    assert captions["after"] == "Cuánto mira cada cabeza al token siguiente"
    assert not any(" a el " in caption for caption in captions.values())


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_sentence_is_the_same_line_in_every_figure(lang: str) -> None:
    x = np.random.default_rng(1).normal(size=(3, 2, 4))
    found = senses([of(["banco", "el"], x + place) for place in range(3)], "banco")
    drawings = re.findall(r"<svg.*?</svg>", senses_figures(found, "banco", ["el banco"] * 3, lang), re.DOTALL)
    named = [re.findall(r'class="label (line-\d)"[^>]*>(.*?)<', one) for one in drawings]
    sentences = [(f"line-{place}", say(lang, "lab.attention.sentence", n=place + 1)) for place in range(3)]
    assert [one[:3] for one in named] == [sentences] * 3


def test_an_axis_that_does_not_begin_at_0_says_so() -> None:
    x = np.ones((3, 2, 4))
    one = of(["banco", "el"], x)
    near, _, moves = re.findall(
        r"<svg.*?</svg>", senses_figures(senses([one, one], "banco"), "banco", ["a", "b"], "es"), re.DOTALL
    )
    assert "eje desde 1,00, no desde 0" in near
    assert "eje desde" not in moves


def test_the_figures_of_a_word_escape_it_and_leave_out_nothing() -> None:
    x = np.random.default_rng(1).normal(size=(3, 2, 4))
    one = of(["<i>", "el"], x)
    found = senses([one, one, one], "<i>")
    figure = senses_figures(found, "<i>", ["<i> el"] * 3, "en")
    assert "<i>" not in figure
    assert "&lt;i&gt;" in figure
    assert re.findall(r'data-name="([a-z-]+)"', figure) == ["senses", "senses-beside", "senses-moves"]
    assert figure.count('scope="row"') == 3 + 3 + 2  # layers 0 to 2, twice, and what 1 and 2 move
