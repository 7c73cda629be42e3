"""ui/lab/models_view.py: what a comparison says in words and tables, and that what models write is only text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.comparison import Both, Divergence, Place, Reading
from lab.pace import Pace
from lab.tokens import Token
from lab.writing import Written
from ui.lab.models_view import Figures, drawn
from ui.texts import say

MODEL = Figures("Tiny <i>", "Q4_K", 1_500_000, 2_000_000, 1_900_000, 500_000, 4096, 21)
WRITTEN = Written((1, 2), "<script>alert(1)</script>", -1.0, (-0.5, -0.5), False)
OTHER = replace(WRITTEN, tokens=(1, 3), text="")
READING = Reading((1.0, 3.0), (2, 2), 4)


def _place(number: int, divergence: float, same: bool) -> Place:
    tokens = [Token(n, letter, letter.encode(), False) for n, letter in enumerate((" <b>", "x", "y"))]
    return Place(number, tokens[0], tokens[1], tokens[1 if same else 2], divergence)


APART = Divergence((_place(1, 0.25, True), _place(2, 0.75, False)))
BOTH = Both((READING, READING), (Pace(100.0, 10.0), Pace(50.0, 5.0)), (WRITTEN, OTHER), APART)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_figures_agreement_and_answers_are_told(lang: str) -> None:
    shown = drawn((MODEL, MODEL), BOTH, lang)
    assert "1. Tiny &lt;i&gt;" in shown
    assert "2. Tiny &lt;i&gt;" in shown
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert 'data-value="4.0"' in shown, "perplexity: two bits a token"
    assert 'data-value="50.0"' in shown, "agreement in one of two places"
    assert 'data-value="0.5"' in shown, "mean divergence"
    assert say(lang, "lab.models.common_one") in shown
    assert say(lang, "lab.models.silent") in shown
    assert shown.index('data-value="0.75"') < shown.index('data-value="0.25"'), "the furthest place comes first"


@pytest.mark.parametrize("lang", ["en", "es"])
def test_other_vocabularies_are_told_and_nothing_is_compared_token_by_token(lang: str) -> None:
    shown = drawn((MODEL, replace(MODEL, vocabulary=49_152)), replace(BOTH, divergence=None), lang)
    assert "49.152" in shown or "49,152" in shown
    assert say(lang, "lab.models.agreement") not in shown
    assert 'data-name="divergence"' not in shown
    assert say(lang, "lab.models.common_one") not in shown
