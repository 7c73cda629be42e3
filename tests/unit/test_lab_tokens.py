"""Tokens as they are shown: what cannot be seen, what is escaped, and what two texts cost beside each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import pytest

from lab.readings import LONGEST, Loaded, Reading, Readings, check
from lab.tokens import Token, token, visible
from rag.errors import ModelLoadFailed, TextTooLong
from ui.lab.tokens_view import DRAWN, found

if TYPE_CHECKING:
    from rag.llama.vocabulary import Vocabulary
    from rag.models import Catalogue

BAD = '<img src=x onerror="alert(1)">&\''


class FewWords:
    """As much of a Vocabulary as `token` asks for: 0 is a control token, the others are bytes."""

    words = (b"<|end|>", b" ni\xc3\xb1o", b"\xc3", b"")

    def piece(self, token: int, special: bool = False) -> bytes:
        return b"" if token == 0 and not special else self.words[token]


def words(*texts: str, special: bool = False) -> tuple[Token, ...]:
    return tuple(Token(place, text, text.encode(), special) for place, text in enumerate(texts))


def reading(tokens: tuple[Token, ...], name: str = "m", **more: object) -> Reading:
    values: dict[str, object] = {"title": name.upper(), "kind": "llm", "characters": 10, "window": 100, **more}
    return Reading(name=name, tokens=tokens, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" niño", "␣niño"),
        ("\n\n\tx", "↵↵⇥x"),
        ("a\u200bb", "a\\u200bb"),
        ("\u00a0", "\\xa0"),
        ("\x00", "\\x00"),
        ("\u202egnp", "\\u202egnp"),  # it would turn the line around
        ("\u0301", "\u25cc\u0301"),  # an accent needs something to stand on
        ("\\xc3", "\\xc3"),
        ("漢 字", "漢␣字"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_token_is_read_as_text_as_bytes_or_as_a_mark_of_the_model() -> None:
    few = cast("Vocabulary", FewWords())
    assert token(few, 0) == Token(0, "<|end|>", b"<|end|>", True)
    assert token(few, 1) == Token(1, " niño", b" ni\xc3\xb1o", False)
    assert token(few, 2) == Token(2, "\\xc3", b"\xc3", False)
    assert token(few, 3) == Token(3, "", b"", False)


def test_a_share_is_of_the_window() -> None:
    assert reading(words("a", "b"), window=8).share == 0.25
    assert reading((), window=0).share == 0.0


def test_a_text_that_is_too_long_is_refused_before_any_model_is_opened() -> None:
    check("x" * LONGEST)
    readings = Readings(cast("Catalogue", _NoModels()), 4096)
    with pytest.raises(TextTooLong, match=str(LONGEST + 1)):
        readings.under_all(["x", "x" * (LONGEST + 1)], False, Loaded())


class _NoModels:
    def entries(self, kind: str) -> list[object]:
        return []


@pytest.mark.parametrize("lang", ["en", "es"])
def test_tokens_and_titles_are_escaped(lang: str) -> None:
    one = reading(words(BAD, f" {BAD}", special=True), name=BAD, title=BAD)
    broken = reading((), error=ModelLoadFailed(name=BAD, reason=BAD))
    for shown in (found([[one]], lang), found([[one, one]], lang), found([[broken]], lang)):
        assert "<img" not in shown
        assert "&lt;img" in shown


def test_every_token_is_in_the_boxes_and_in_the_table_with_id_and_bytes() -> None:
    shown = found([[reading(words("El", " niño", "\n"))]], "es")
    boxes = re.findall(r'<span class="aula-tk" tabindex="-1" title="([^"]*)">([^<]*)</span>', shown)
    assert [text for _, text in boxes] == ["El", "␣niño", "↵"]
    assert boxes[1][0] == "␣niño · id 1 · bytes 20 6E 69 C3 B1 6F"
    assert "<td>␣niño</td><td>1</td><td>20 6E 69 C3 B1 6F</td>" in shown
    assert "</span><br>" in shown  # lines stay lines


def test_a_control_token_is_marked_and_said() -> None:
    shown = found([[reading(words("<|end|>", special=True))]], "en")
    assert 'class="aula-tk special"' in shown
    assert "control token: only the template writes it" in shown
    assert "<td>yes</td>" in shown


def test_of_a_long_text_a_part_is_drawn_and_all_are_counted() -> None:
    shown = found([[reading(words(*["x"] * (DRAWN + 7)))]], "en")
    assert shown.count('<span class="aula-tk"') == DRAWN
    assert f"{DRAWN + 7} tokens" in shown
    assert f"The first {DRAWN} of {DRAWN + 7} are drawn" in shown


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (4, 6, "M: 4 tokens y 6. El segundo texto sale un 50 % más caro."),
        (4, 3, "M: 4 tokens y 3. El segundo texto sale un 25 % más barato."),
        (4, 4, "M: 4 tokens y 4. Los dos textos cuestan lo mismo."),
    ],
)
def test_two_texts_are_compared_in_words(first: int, second: int, said: str) -> None:
    pair = [reading(words(*["a"] * first)), reading(words(*["b"] * second))]
    shown = found([pair], "es")
    assert said in shown
    assert shown.count('class="bar') == 2


def test_numbers_are_kept_whole_for_the_file() -> None:
    shown = found([[reading(words("a", "b", "c"), characters=10, window=700)]], "es")
    assert f'data-value="{10 / 3!r}">3,33<' in shown
    assert f'data-value="{100 * (3 / 700)!r}">0,43<' in shown


def test_a_model_that_cannot_be_opened_is_said_beside_the_others() -> None:
    broken = reading((), name="broken", error=ModelLoadFailed(name="broken", reason="cut off"))
    shown = found([[broken], [reading(words("a"))]], "en")
    assert "could not be loaded (cut off)" in shown
    assert shown.count('<span class="aula-tk"') == 1
    assert shown.count('class="bar') == 1


def test_without_any_model_the_next_step_is_said() -> None:
    assert "Models tab" in found([], "en")
