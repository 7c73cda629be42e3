"""lab/needle.py and lab/filler.py without a model: where a sentence is hidden, what counts as found, what it costs."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from langchain_core.messages import BaseMessage

from lab import needle
from lab.filler import NEEDLES, Needle, filler
from lab.needle import ANSWER, Grid, Outcome, Trial, decided, grid, recall, recalled, trials
from rag.errors import BadOption, Cancelled, HaystackTooShort, NeedleInText, NeedleTooLong
from rag.llm import LlamaChat

if TYPE_CHECKING:
    import numpy.typing as npt

EN = NEEDLES["en"]


class Words:
    """A chat whose tokens are words: enough to lay out prompts."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode(self, messages: Sequence[BaseMessage]) -> list[int]:
        words = [word for message in messages for word in re.split(r"\s+", str(message.content))]
        return [self._ids.setdefault(word, len(self._ids)) for word in words]


class Said:
    """A chat that answers with these tokens one after another, and counts how often it is asked."""

    def __init__(self, *said: str) -> None:
        self._said = said
        self.asked = 0
        self.vocabulary = self.sequences = self

    def after(self, tokens: Sequence[int], *_: object) -> npt.NDArray[np.float32]:
        self.asked += 1
        row = np.zeros(len(self._said), dtype=np.float32)
        row[len(tokens) - 1] = 1.0
        return row

    def piece(self, token: int) -> bytes:
        return self._said[token].encode()

    def is_end(self, token: int) -> bool:
        return not self._said[token]


@pytest.fixture
def chat() -> LlamaChat:
    return cast("LlamaChat", Words())


@pytest.mark.parametrize("lang", ["en", "es"])
def test_filler_does_not_repeat_itself_and_does_not_know_the_needle(lang: str) -> None:
    sentences = filler(lang, 1287)
    assert len(set(sentences)) == 1287
    assert not recalled(" ".join(sentences), NEEDLES[lang].expected)
    assert recalled(NEEDLES[lang].sentence, NEEDLES[lang].expected)
    assert not recalled(NEEDLES[lang].question, NEEDLES[lang].expected)


@pytest.mark.parametrize(
    ("answer", "expected", "found"),
    [
        ("It is CARDAMOM.", ("cardamom",), True),
        ("Es el cardamomo, según el texto.", ("CARDAMOMO",), True),
        ("En Málaga, el 12 de mayo", ("malaga", "12"), True),
        ("En Málaga", ("malaga", "12"), False),
        ("the scardamom", ("cardamom",), False),
        ("nothing", (), False),
        ("it was (1) €5", ("€5",), True),
        ("Room 120", ("12",), False),
        ("Room 12.", ("12",), True),
        ("Room 12, upstairs", ("12",), True),
        ("Room 12b", ("12",), True),
        ("It cost 1,500 euros", ("1",), False),
        ("It cost 1.500 euros", ("1",), False),
        ("It cost 1,500 euros", ("500",), False),
        ("It cost 1,500 euros", ("1,500",), True),
        ("room 12 and not 120", ("12",), True),
    ],
)
def test_all_expected_words_count_whatever_their_case_and_accents(
    answer: str, expected: tuple[str, ...], found: bool
) -> None:
    assert recalled(answer, expected) is found


@pytest.mark.parametrize(
    ("begun", "expected", "over"),
    [
        ("It is cardamom", ("cardamom",), True),
        ("Room 12", ("12",), False),
        ("Room 12,", ("12",), False),
        ("Room 12.", ("12",), False),
        ("Room 12. ", ("12",), True),
        ("Room 12 is", ("12",), True),
        ("Room 12\n", ("12",), True),
        ("Room 120", ("12",), False),
        ("Room 120 is", ("12",), False),
        ("In 1999, cardamom", ("cardamom",), True),
        ("Cardamom in 1999", ("cardamom",), True),
    ],
)
def test_an_answer_is_decided_once_its_number_cannot_go_on(begun: str, expected: tuple[str, ...], over: bool) -> None:
    assert decided(begun, expected) is over


@pytest.mark.parametrize(
    ("said", "answer", "found", "asked"),
    [
        (("Room", " 12", "0", "."), "Room 120.", False, 24),
        (("Room", " 12", ".", "5"), "Room 12.5", False, 24),
        (("Room", " 12", " there"), "Room 12 there", True, 3),
        (("Room", " 12", ".", ""), "Room 12.", True, 4),
        ((*(["x"] * 23), "12"), "x" * 23 + "12", False, 24),
        ((*(["x"] * 23), " 12"), "x" * 23 + " 12", True, 24),
    ],
)
def test_an_answer_is_asked_for_as_long_as_it_is_open(
    said: tuple[str, ...], answer: str, found: bool, asked: int
) -> None:
    model, kept = Said(*said, *([" on"] * (ANSWER - len(said)))), list[Outcome]()
    hidden = Needle("It is room 12.", "Which room?", ("12",))
    needle.run(cast("LlamaChat", model), hidden, [Trial(256, 0, 0, (0,), 0)], 1.0, kept.append)
    assert kept[0].answer.startswith(answer)
    assert (kept[0].found, model.asked) == (found, asked), "no more often than it has tokens"


def test_the_prompts_are_not_all_made_when_it_is_stopped(chat: LlamaChat) -> None:
    stop, made, encode = threading.Event(), 0, chat.encode

    def stopping(messages: Sequence[BaseMessage]) -> list[int]:
        nonlocal made
        made += 1
        stop.set()
        return encode(messages)

    cast("Words", chat).encode = stopping  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        trials(chat, EN, filler("en", 60), Grid((200, 400), (0, 50, 100)), "en", stop)
    assert made < 6, "fitting the first length, and no place"


def test_a_grid_goes_from_beginning_to_end_and_never_past_the_window() -> None:
    assert grid(900, 3, 5, 2, room=4096) == Grid((300, 600, 900), (0, 25, 50, 75, 100), 2)
    assert grid(4096, 1, 2, 1, room=1024).lengths == (1024 - ANSWER,)


@pytest.mark.parametrize("wrong", [(64, 3, 5, 1), (512, 0, 5, 1), (512, 7, 5, 1), (512, 3, 1, 1), (512, 3, 5, 4)])
def test_a_grid_has_limits(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(BadOption):
        grid(*wrong, room=4096)


def test_every_place_is_tried_once_and_no_prompt_is_too_long(chat: LlamaChat) -> None:
    wanted = Grid((200, 400), (0, 50, 100), 2)
    made = trials(chat, EN, filler("en", 60), wanted, "en")
    assert len(made) == len({(one.length, one.depth, one.repeat) for one in made}) == 12
    for one in made:
        assert one.length - 40 < len(one.tokens) <= one.length
    assert made[0].tokens != made[6].tokens, "a repeat reads another stretch"


def test_the_needle_lies_where_it_should(chat: LlamaChat) -> None:
    made = trials(chat, EN, filler("en", 60), Grid((400,), (0, 25, 50, 75, 100)), "en")
    hidden = cast("Words", chat)._ids["secret"]  # of the needle first, then of the question
    task = len(chat.encode(needle.messages(Needle("", "", ("x",)), (), 0, "en")))
    for one in made:
        text = len(one.tokens) - task
        assert abs(100 * (one.tokens.index(hidden) - task) / text - one.depth) < 12


def test_what_is_shared_is_what_begins_the_same_and_the_order_saves_reading(chat: LlamaChat) -> None:
    wanted = Grid((200, 400, 600), (0, 25, 50, 75, 100))
    made = trials(chat, EN, filler("en", 60), wanted, "en")
    for before, one in itertools.pairwise(made):
        assert one.tokens[: one.shared] == before.tokens[: one.shared]
        assert one.tokens[one.shared] != before.tokens[one.shared]
    read = sum(len(one.tokens) - one.shared for one in made)
    assert read < 0.65 * sum(len(one.tokens) for one in made)
    assert abs(needle.expected_reading(wanted) - read) < 0.2 * read
    assert needle.work(made, cost=10.0) == read + len(made) * ANSWER * 10


def test_a_text_that_has_the_answer_or_ends_too_soon_is_refused(chat: LlamaChat) -> None:
    with pytest.raises(NeedleInText):
        trials(chat, EN, ["They sold cardamom."] * 100, Grid((200,), (0, 100)), "en")
    with pytest.raises(HaystackTooShort) as caught:
        trials(chat, EN, filler("en", 4), Grid((400,), (0, 100)), "en")
    assert caught.value.params["wanted"] == 400
    with pytest.raises(NeedleTooLong):
        trials(chat, EN, filler("en", 4), Grid((20,), (0, 100)), "en")


def test_recall_is_the_share_of_repeats() -> None:
    outcomes = [Outcome(200, 0, n, 190, "", n == 0) for n in range(3)] + [Outcome(200, 50, 0, 190, "", True)]
    assert recall(outcomes) == {(0, 200): pytest.approx(1 / 3), (50, 200): 1.0}
