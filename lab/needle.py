"""A sentence hidden in a long text, and whether the model finds it there; knows a text's sentences, no document.

The test is Kamradt's (2023), "Needle in a haystack: pressure testing LLMs", over length and depth; an answer counts
when it has all of the expected words, as in Liu et al. (2023), "Lost in the middle: how language models use long
contexts", where a middle was found to be read worse than both ends.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from langchain_core.messages import BaseMessage, HumanMessage

from lab.filler import Needle
from lab.writing import text_of
from rag.errors import BadOption, Cancelled, HaystackTooShort, NeedleInText, NeedleTooLong

if TYPE_CHECKING:
    from rag.llm import LlamaChat

Told = Callable[[int, int], None]

ANSWER = 24  # tokens of an answer at the most
SHORTEST, LONGEST = 256, 32_768  # tokens of a prompt, the window permitting
MOST_LENGTHS, MOST_DEPTHS, MOST_REPEATS = 6, 9, 3
_TASK = {
    "en": "Read the text. Then answer the question that follows it in one short sentence, from the text only.",
    "es": "Lee el texto. Luego responde en una frase breve a la pregunta que le sigue, solo con lo que dice el texto.",
}


@dataclass(frozen=True)
class Grid:
    """Where the needle is hidden: `lengths` are tokens of the whole prompt, `depths` percent of the text before it.

    Each place is tried `repeats` times, each time in a text that begins elsewhere.
    """

    lengths: tuple[int, ...]
    depths: tuple[int, ...]
    repeats: int = 1


@dataclass(frozen=True)
class Trial:
    """One prompt: `tokens` to be read, of which the first `shared` are those of the trial before."""

    length: int
    depth: int
    repeat: int
    tokens: tuple[int, ...]
    shared: int


@dataclass(frozen=True)
class Outcome:
    """What came of a trial; `read` is the prompt's true number of tokens."""

    length: int
    depth: int
    repeat: int
    read: int
    answer: str
    found: bool


def grid(longest: int, lengths: int, depths: int, repeats: int, room: int) -> Grid:
    """Return evenly spaced lengths up to `longest` (at most `room` tokens, answer included) and depths from 0 to 100.

    Raises BadOption.
    """
    _within("lengths", lengths, 1, MOST_LENGTHS)
    _within("depths", depths, 2, MOST_DEPTHS)
    _within("repeats", repeats, 1, MOST_REPEATS)
    _within("longest", longest, SHORTEST, LONGEST)
    longest = min(longest, room - ANSWER)
    spaced = {max(SHORTEST, round(longest * (n + 1) / lengths)) for n in range(lengths)}
    return Grid(tuple(sorted(spaced)), tuple(round(100 * n / (depths - 1)) for n in range(depths)), repeats)


def _within(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise BadOption(option=option, allowed=f"{low}-{high}")


def expected_reading(grid: Grid) -> int:
    """Return about how many tokens `trials` of a grid reads, before any text is known."""
    total, before = 0.0, 0
    for number, length in enumerate(grid.lengths):
        walked = sorted(grid.depths, reverse=not number % 2)
        total += length - before + sum(length * (1 - min(pair) / 100) for pair in pairwise(walked))
        before = length
    return round(total) * grid.repeats


def trials(
    chat: LlamaChat,
    needle: Needle,
    sentences: Sequence[str],
    wanted: Grid,
    lang: str,
    cancel: threading.Event | None = None,
) -> list[Trial]:
    """Return the prompts of a grid in the order that shares most: from depth to depth, there and back.

    A text with its needle at the end begins as the same text with the needle further up, so only what follows the
    needle is read anew; the next length begins where the last one ended.

    Raises NeedleInText, NeedleTooLong, HaystackTooShort, Cancelled.
    """
    if recalled(" ".join(sentences), needle.expected):
        raise NeedleInText
    made: list[Trial] = []
    for repeat in range(wanted.repeats):
        start = repeat * len(sentences) // max(1, wanted.repeats)
        text = [*sentences[start:], *sentences[:start]]
        sizes = [chat.count_tokens(f" {sentence}") for sentence in text]
        for number, length in enumerate(wanted.lengths):
            count = _fitting(chat, needle, text, sizes, length, lang)
            for depth in sorted(wanted.depths, reverse=not number % 2):
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                tokens = chat.encode(messages(needle, text[:count], _place(sizes[:count], depth), lang))
                shared = _common(tokens, made[-1].tokens) if made else 0
                made.append(Trial(length, depth, repeat, tuple(tokens), shared))
    return made


def messages(needle: Needle, sentences: Sequence[str], place: int, lang: str) -> list[BaseMessage]:
    """Return what the model is asked: the task, the text with the needle before sentence `place`, the question."""
    text = " ".join([*sentences[:place], needle.sentence, *sentences[place:]])
    return [HumanMessage(f"{_TASK.get(lang, _TASK['en'])}\n\n{text}\n\n{needle.question}")]


def _fitting(chat: LlamaChat, needle: Needle, text: Sequence[str], sizes: Sequence[int], length: int, lang: str) -> int:
    """Return how many sentences make a prompt of at most `length` tokens. Raises HaystackTooShort, NeedleTooLong."""
    room = length - len(chat.encode(messages(needle, (), 0, lang)))
    count = 0
    while count < len(text) and sizes[count] <= room:
        room -= sizes[count]
        count += 1
    if count == len(text) and room > max(sizes, default=0):
        raise HaystackTooShort(tokens=length - room, wanted=length)
    while count > 1 and _longest(chat, needle, text[:count], sizes[:count], lang) > length:
        count -= 1  # sentences side by side may take other tokens than by themselves
    if count < 1:
        raise NeedleTooLong(tokens=length - room, wanted=length)
    return count


def _longest(chat: LlamaChat, needle: Needle, text: Sequence[str], sizes: Sequence[int], lang: str) -> int:
    """Return the tokens of the longer of two prompts: needle first, needle last."""
    return max(len(chat.encode(messages(needle, text, place, lang))) for place in (0, len(text)))


def _place(sizes: Sequence[int], depth: int) -> int:
    """Return before which sentence so many percent of the tokens lie, as nearly as sentences allow."""
    wanted = sum(sizes) * depth / 100
    before, best, least = 0, 0, wanted
    for number, size in enumerate(sizes, 1):
        before += size
        if abs(before - wanted) < least:
            best, least = number, abs(before - wanted)
    return best


def _common(tokens: Sequence[int], others: Sequence[int]) -> int:
    same = 0
    while same < min(len(tokens), len(others)) and tokens[same] == others[same]:
        same += 1
    return same


def work(made: Sequence[Trial], cost: float) -> int:
    """Return the work of trials in tokens read; writing one token takes as long as reading `cost` of them."""
    return round(sum(len(trial.tokens) - trial.shared + ANSWER * cost for trial in made))


def run(
    chat: LlamaChat,
    needle: Needle,
    made: Sequence[Trial],
    cost: float,
    keep: Callable[[Outcome], None],
    cancel: threading.Event | None = None,
    told: Told | None = None,
) -> None:
    """Ask every trial greedily and `keep` each outcome as it comes; `told` hears of the work as `work` reckons it.

    Raises QuestionTooLong, ModelNotReady, Cancelled; what was kept until then stays kept.
    """
    total, done = max(1, work(made, cost)), 0.0
    for trial in made:

        def tell(read: int, written: int, before: float = done, trial: Trial = trial) -> None:
            at = before + max(0, read - trial.shared) + written * cost
            if told is not None:
                told(min(round(at), total), total)

        answer = _answered(chat, needle, trial.tokens, cancel, tell)
        right = recalled(answer, needle.expected)
        keep(Outcome(trial.length, trial.depth, trial.repeat, len(trial.tokens), answer, right))
        tell(len(trial.tokens), ANSWER)
        done += len(trial.tokens) - trial.shared + ANSWER * cost


def _answered(
    chat: LlamaChat, needle: Needle, prompt: Sequence[int], cancel: threading.Event | None, tell: Told
) -> str:
    """Return the greedy answer, which ends as soon as it has the expected words: then the trial is decided."""
    row = chat.sequences.after(prompt, cancel, lambda read, _: tell(read, 0))
    tokens: list[int] = []
    while True:
        tokens.append(int(np.argmax(row)))
        answer = text_of(chat, tokens)
        if len(tokens) == ANSWER or chat.vocabulary.is_end(tokens[-1]) or decided(answer, needle.expected):
            return answer.strip()
        tell(len(prompt), len(tokens))
        row = chat.sequences.after([*prompt, *tokens], cancel)


def decided(begun: str, expected: Sequence[str]) -> bool:
    """Tell whether an answer that begins so has the expected words, and no number that may still go on."""
    number = any(word.strip()[-1:].isdigit() for word in expected) and re.search(r"\d[.,]?\Z", begun)
    return not number and recalled(begun, expected)


def recalled(answer: str, expected: Sequence[str]) -> bool:
    """Tell whether all expected words stand in an answer, whatever their case and accents; a number as a whole."""
    read = _plain(answer)
    return bool(expected) and all(re.search(_pattern(_plain(word)), read) for word in expected)


def _pattern(word: str) -> str:
    """Return what finds a word at its beginning, and a number where it is not a part of a longer one."""
    before = r"(?<!\d[.,])" if word[:1].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if word[-1:].isdigit() else ""
    return rf"(?<!\w){before}{re.escape(word)}{after}"


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in parts if not unicodedata.combining(letter)).split())


def recall(outcomes: Sequence[Outcome]) -> dict[tuple[int, int], float]:
    """Return {(depth, length): share of the repeats in which the needle was found}."""
    cells: dict[tuple[int, int], list[bool]] = {}
    for outcome in outcomes:
        cells.setdefault((outcome.depth, outcome.length), []).append(outcome.found)
    return {cell: sum(found) / len(found) for cell, found in cells.items()}
