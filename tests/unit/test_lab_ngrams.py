"""lab/kneser_ney.py and lab/ngrams.py: probabilities that sum to 1, and the textbook's formula, worked out plainly."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.held_out import CodeLength, count_words, cut, plain
from lab.kneser_ney import UNKNOWN, KneserNey
from lab.ngrams import ORDER, NGrams, Spelling, pieces
from rag.errors import BadOption, TextTooShort

_NOUNS = ("el farero", "la barca", "el puerto", "la niebla", "el pescador", "la campana", "el faro", "la marea")
_VERBS = ("mira", "busca", "espera", "oye", "cruza", "guarda", "recuerda", "alumbra")


def text(words: int = 600, seed: int = 1) -> str:
    rng = random.Random(seed)
    sentences: list[str] = []
    while count_words(" ".join(sentences)) < words:
        sentences.append(f"{rng.choice(_NOUNS).capitalize()} {rng.choice(_VERBS)} {rng.choice(_NOUNS)} de noche.")
    return " ".join(sentences)


def plainly(stream: list[int], size: int, history: tuple[int, ...], symbol: int, length: int, base: float) -> float:
    """Interpolated Kneser-Ney from its definition, counting everything anew; it shares nothing with what is tested."""

    def grams(n: int) -> Counter[tuple[int, ...]]:
        return Counter(tuple(stream[at : at + n]) for at in range(len(stream) - n + 1))

    def counts(n: int) -> Counter[tuple[int, ...]]:
        if n == length:
            return grams(n)
        return Counter(longer[1:] for longer in grams(n + 1))

    def p(n: int) -> float:
        if n == 0:
            return base
        context = history[len(history) - (n - 1) :]
        if len(context) < n - 1:
            return p(n - 1)
        known = counts(n)
        once = sum(value == 1 for value in known.values())
        twice = sum(value == 2 for value in known.values())
        off = min(0.95, max(0.1, once / (once + 2 * twice))) if once and twice else 0.75
        after = {gram: value for gram, value in known.items() if gram[:-1] == context}
        total = sum(after.values())
        if not total:
            return p(n - 1)
        return max(known[(*context, symbol)] - off, 0) / total + off * len(after) / total * p(n - 1)

    return p(length)


STREAMS = st.lists(st.integers(0, 5), min_size=8, max_size=60)


@settings(max_examples=60, deadline=None)
@given(STREAMS, st.lists(st.integers(-1, 5), max_size=6), st.integers(1, 4))
def test_probabilities_sum_to_one_after_any_context(stream, context, length):
    model = KneserNey(stream, 6, 4)
    row = model.row(context, length, np.full(6, 1 / 6))
    assert row.sum() == pytest.approx(1.0, abs=1e-9)
    assert (row > 0).all()


@settings(max_examples=40, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(1, 4))
def test_it_is_the_formula(stream, asked, length):
    model = KneserNey(stream, 6, 4)
    found = model.probabilities(asked, 0, length, np.full(len(asked), 1 / 6))
    for at, symbol in enumerate(asked):
        wanted = plainly(stream, 6, tuple(asked[:at]), symbol, length, 1 / 6)
        assert found[at] == pytest.approx(wanted, abs=1e-12)
        assert model.row(asked[:at], length, np.full(6, 1 / 6))[symbol] == pytest.approx(wanted, abs=1e-12)


def test_an_unknown_symbol_gets_the_base_alone():
    model = KneserNey([0, 1, 0, 1, 0, 2, 0, 1], 3, 2)
    base = 0.01
    found = model.probabilities([0, UNKNOWN, 1], 0, 2, np.full(3, base))
    assert 0 < found[1] < base
    assert found[2] == pytest.approx(model.probabilities([1], 0, 2, np.array([base]))[0])  # no context: shorter


def test_a_stream_too_short_to_count_in_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        KneserNey([1, 2], 3, 4)


def test_pieces_are_the_whole_text():
    for said in ("¡Hola, Ana! ¿Qué tal?", "l'été  don’t\n\n  stop… _x_ ", "", "数は 3,14 e\u0301"):
        assert "".join(pieces(said)) == said
    assert pieces("Ana, ven aquí.") == ["Ana", ",", " ven", " aquí", "."]


def test_spelling_is_a_distribution_over_texts():
    spelling = Spelling(["a", "ab", "ba", "bab", " b"])
    every = [bytes(one).decode("latin-1") for one in ([97], [98], [97, 98], [98, 97])]
    known, rest = spelling.probabilities(every), spelling.probabilities(["zq", "ñandú"])
    assert known.sum() < 1
    assert known.min() > rest.max() > 0


def test_what_all_words_have_and_what_is_left_for_new_ones_is_one():
    model = NGrams(text())
    spelled = model._spelling.probabilities(model.vocabulary).sum()
    assert 0 < spelled < 1
    for length in range(1, ORDER + 1):
        for context in ([], [" la"], [" el", " faro"], ["nunca visto"], [" mira", " la", " barca", " de"]):
            row = model.row(context, length)
            assert (row > 0).all()
            assert spelled <= row.sum() < 1
    uniform = model._model.row([], ORDER, np.full(len(model.vocabulary), 1 / len(model.vocabulary)))
    assert uniform.sum() == pytest.approx(1.0)


def test_longer_contexts_say_more_where_the_text_has_an_order():
    parts = cut(text())
    model = NGrams(parts.taught)
    costs = [model.code_length(parts.lead, parts.held, length) for length in range(1, 4)]
    assert costs[0].perplexity > 1.5 * costs[1].perplexity
    assert costs[1].bits > costs[2].bits
    assert costs[0].bytes == len(parts.held.encode())
    assert costs[0].words == count_words(parts.held)


def test_a_code_length_is_the_sum_over_the_words():
    model = NGrams(text())
    whole = model.code_length("", "El faro alumbra el zaguán", 3)
    parts, before = 0.0, ""
    for piece in pieces("El faro alumbra el zaguán"):
        parts += model.code_length(before, piece, 3).bits
        before += piece
    assert whole.bits == pytest.approx(parts)
    assert math.isfinite(whole.bits)


def test_known_contexts_are_counted():
    model = NGrams(text())
    assert model.seen("", " de noche", 1) == 1.0
    assert model.seen(" barca", " de noche", 2) == 1.0
    assert model.seen(" barca", " de día", 2) == 0.5
    assert model.seen(" la barca", " de noche de", 3) == pytest.approx(2 / 3)
    assert model.kinds(1) == len(model.vocabulary)
    assert model.kinds(1) < model.kinds(2) < model.kinds(3)


def test_it_writes_with_its_own_words_and_the_same_for_the_same_seed():
    model = NGrams(text())
    written = model.write("El faro ", 3, 30, seed=4)
    assert written == model.write("El faro", 3, 30, seed=4) != model.write("El faro", 3, 30, seed=5)
    assert written.startswith("El faro ")
    assert len(pieces(written)) == 32
    assert set(pieces(written)) <= set(model.vocabulary)


def test_limits():
    with pytest.raises(TextTooShort):
        NGrams("Demasiado corto.")
    with pytest.raises(TextTooShort):
        cut("Demasiado corto.")
    model = NGrams(text())
    with pytest.raises(BadOption):
        model.code_length("", "El faro", ORDER + 1)
    with pytest.raises(TextTooShort):
        model.code_length("", "", 2)


def test_the_cut_keeps_every_word_once():
    said = text(200)
    parts = cut(said.replace(" ", "\n\n "))
    assert parts.taught + parts.held == plain(said)
    assert parts.taught.endswith(parts.lead)
    assert 0.15 < count_words(parts.held) / count_words(said) < 0.25
    assert count_words(cut(text(3000)).held) <= 250


def test_a_list_without_blanks_is_cut_at_its_words():
    said = ",".join(f"palabra{number}" for number in range(400))
    parts = cut(said)
    assert parts.taught + parts.held == said
    assert count_words(parts.held) == 80
    assert count_words(parts.lead) == 40
    assert parts.taught.endswith(parts.lead)


def test_the_cut_leaves_opening_marks_with_their_word():
    parts = cut(" ".join(["(palabra)", "palabra,"] * 100))
    assert parts.taught.endswith("palabra,")
    assert parts.held.startswith(" (palabra) palabra,")
    assert parts.lead.startswith("(palabra) palabra,")


def test_units():
    known = CodeLength(bits=80.0, bytes=40, words=8)
    assert known.bits_per_byte == 2.0
    assert known.perplexity == pytest.approx(1024.0)
