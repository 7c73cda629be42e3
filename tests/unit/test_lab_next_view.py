"""What the Next-token panel draws, without a model: its numbers, its words, and that tokens are escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from lab.distribution import distribution, entropy, log_softmax, strongest
from lab.sampler import Settings
from rag.errors import BadOption
from ui.lab.next_sampler import SLIDERS, WAYS, _values, _way, settings_of
from ui.lab.next_view import Seen, looked, open_words, percent, stages

if TYPE_CHECKING:
    from rag.llama.vocabulary import Vocabulary

WORDS = ["<b>a</b>", " dos", "\n", "x", "<|end|>"]
P = [0.5, 0.2, 0.15, 0.1, 0.05]


class Words:
    """A vocabulary of five tokens; the last one is a control token that ends an answer."""

    size = len(WORDS)

    def piece(self, token: int, special: bool = False) -> bytes:
        return b"" if token == 4 and not special else WORDS[token].encode()

    def is_end(self, token: int) -> bool:
        return token == 4


def seen(k: int = 3, chosen: tuple[int, ...] = ()) -> Seen:
    row = np.log(np.array(P, dtype=np.float32))
    return Seen("Modelo <i>", cast("Vocabulary", Words()), [3, 1], chosen, [], row, k)


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (1.0, "100 %"),
        (0.99998, "> 99,99 %"),
        (0.99966, "99,97 %"),
        (0.996, "99,6 %"),
        (0.62, "62 %"),
        (0.021, "2,1 %"),
        (0.00021, "0,02 %"),
        (1e-9, "< 0,01 %"),
        (0.0, "0 %"),
    ],
)
def test_a_probability_is_in_per_cent_however_small(p: float, said: str) -> None:
    assert percent(p, "es") == said
    assert percent(p, "en") == said.replace(",", ".").replace(" %", "%")


def test_the_values_are_called_what_they_are_until_one_moves() -> None:
    for way in WAYS:
        values = _values(way)
        assert _way(*values) == way
        values[0] += 0.05
        assert _way(*values) is None


def test_log_softmax_and_entropy() -> None:
    row = np.array([1000.0, 1000.0, -np.inf], dtype=np.float32)  # too large for e^x
    logs = log_softmax(row)
    np.testing.assert_allclose(np.exp(logs), [0.5, 0.5, 0.0])
    assert entropy(logs) == pytest.approx(1.0)
    assert entropy(log_softmax(np.zeros(64, dtype=np.float32))) == pytest.approx(6.0)
    assert entropy(np.log(np.array([1.0]))) == 0.0


def test_the_strongest_in_order() -> None:
    row = np.array([1, 3, 2, 3, 0], dtype=np.float32)
    assert strongest(row, 1).tolist() == [1]
    assert strongest(row, 3).tolist() == [1, 3, 2]
    assert strongest(row, 99).tolist() == [1, 3, 2, 0, 4]


def test_a_distribution_is_over_everything() -> None:
    found = distribution(seen().row, cast("Vocabulary", Words()), 2)
    assert [(one.token.id, one.rank) for one in found.top] == [(0, 1), (1, 2)]
    assert found.top[0].p == pytest.approx(0.5)
    assert found.tail == pytest.approx(0.3)
    assert found.size == 5
    assert found.entropy == pytest.approx(-sum(p * np.log2(p) for p in P))
    assert [one.end for one in distribution(seen().row, cast("Vocabulary", Words()), 5).top][-1]


@pytest.mark.parametrize("lang", ["es", "en"])
def test_what_is_shown(lang: str) -> None:
    shown = looked(seen(chosen=(2,)), lang)
    assert "<b>a" not in shown
    assert "<i>" not in shown
    assert "&lt;b&gt;a&lt;/b&gt;" in shown
    assert ("85 %" if lang == "es" else "85%") in shown
    assert ("15 %" if lang == "es" else "15%") in shown
    assert shown.count('class="take"') == 3
    assert shown.count("aula-tk chosen") == 1
    assert "↵" in shown


def test_each_stage_in_words() -> None:
    shown = stages(seen(5), Settings(top_k=4, top_p=0.8), "es")
    assert shown.count("<li") == 6
    assert shown.count('class="off"') == 4
    assert "Tacha 1 token, que tenía 5,0 %" in shown
    assert "<s>&lt;|end|&gt;</s>" in shown
    assert "Quedan 3 tokens." in shown
    assert "Tacha 2 tokens, que sumaban 15 %" in stages(seen(5), Settings(top_k=3), "es")
    assert shown.count("×") >= 2
    assert "Queda 1 token." in stages(seen(5), Settings(temperature=0.0), "es")


def test_entropy_in_words() -> None:
    assert "0.10" in open_words(0.1, "en")
    assert "8 sides" in open_words(3.0, "en")
    assert "8 caras" in open_words(3.0, "es")


def test_values_of_the_sliders() -> None:
    values = [getattr(WAYS["usual"], name) for name in SLIDERS]
    assert settings_of(values) == WAYS["usual"]
    assert WAYS["off"] == Settings()
    for place, (low, high, _, is_whole) in enumerate(SLIDERS.values()):
        for bad in (low - 1, high + 1, float("nan"), "x", None, *([1.5] if is_whole else [])):
            with pytest.raises(BadOption):
                settings_of([*values[:place], bad, *values[place + 1 :]])
