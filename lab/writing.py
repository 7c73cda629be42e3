"""Writing on from a prompt over raw scores: the likeliest token each time, or many drawn texts side by side.

It knows tokens and probabilities, and nothing of how texts are searched or shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from lab.distribution import log_softmax
from lab.sampler import Settings, draw
from rag.llama.sequences import MOST, Progress, Row

if TYPE_CHECKING:
    from rag.llm import LlamaChat

Tokens = tuple[int, ...]
Grown = Callable[[Sequence[Tokens]], None]  # what is written so far, after each step


@dataclass(frozen=True)
class Written:
    """A text that a model has written. `tokens` has the one that ended it, if one did; `text` does not.

    `logprobs` are the natural logarithms of the tokens' probabilities over the whole vocabulary, as the model gives
    them and before any sampler, read in one pass; `logprob` is their sum.
    """

    tokens: Tokens
    text: str
    logprob: float
    logprobs: tuple[float, ...]
    ended: bool

    @property
    def mean(self) -> float:
        """The logarithm per token, by which texts of different length can be compared; 0 for no text."""
        return self.logprob / len(self.tokens) if self.tokens else 0.0


def greedy(
    chat: LlamaChat,
    prompt: Sequence[int],
    steps: int,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
    *,
    no_repeat_ngram: int = 0,
    grown: Grown | None = None,
) -> Written:
    """Return the text of the likeliest token each time, at most `steps` of them.

    `no_repeat_ngram`: that many tokens in a row may not come twice in what is written; 0 allows it. `told` hears of
    the steps, `grown` what is written after each. Raises QuestionTooLong, ModelNotReady, Cancelled.
    """
    written: Tokens = ()
    for step in range(fitting(chat, prompt, steps)):
        row = chat.sequences.after([*prompt, *written], cancel, filled=True)  # as `score` sees it afterwards
        left = without(row, repeating(written, no_repeat_ngram))
        token = int(np.argmax(left))
        if left[token] == -inf:  # every token would repeat something
            break
        written = (*written, token)
        _tell(told, step + 1, steps)
        if grown is not None:
            grown([written])
        if chat.vocabulary.is_end(token):
            break
    return scored(chat, prompt, [written], cancel)[0]


def sample(
    chat: LlamaChat,
    prompt: Sequence[int],
    settings: Settings,
    n: int,
    steps: int,
    seed: int,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
    *,
    grown: Grown | None = None,
) -> list[Written]:
    """Return `n` drawn texts (from one to MOST) of at most `steps` tokens, written side by side.

    `seed` makes them the same again, as far as the scores are. Raises as `greedy` does, and ValueError.
    """
    return sample_each(chat, prompt, [settings] * n, chances(seed, n), steps, cancel, told, grown=grown)


def chances(seed: int, n: int) -> list[np.random.Generator]:
    """Return `n` generators, spawned from `seed`: the first of many is the same as the only one of one."""
    return [np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(n)]


def sample_each(
    chat: LlamaChat,
    prompt: Sequence[int],
    settings: Sequence[Settings],
    drawn_by: Sequence[np.random.Generator],
    steps: int,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
    *,
    grown: Grown | None = None,
) -> list[Written]:
    """Return a text for each of the settings, drawn by its own generator; all are written side by side.

    Penalties look at what is written, not at the prompt, as Chat's do. Raises as `sample` does.
    """
    if not 1 <= len(settings) <= MOST or len(settings) != len(drawn_by):
        raise ValueError("from one to MOST texts")
    written: list[Tokens] = [()] * len(settings)
    live = list(range(len(settings)))
    apart = False
    for step in range(fitting(chat, prompt, steps)):
        before, apart = apart, apart or len(set(written)) > 1
        rows = rows_after(chat, prompt, [written[one] for one in live], cancel, anew=apart and not before)
        for one, row in zip(live, rows, strict=True):
            written[one] = (*written[one], draw(row, settings[one], written[one], drawn_by[one]))
        _tell(told, step + 1, steps)
        if grown is not None:
            grown(written)
        live = [one for one in live if not chat.vocabulary.is_end(written[one][-1])]
        if not live:
            break
    return scored(chat, prompt, written, cancel)


# -- what searching shares -----------------------------------------------------------------------------------------


def rows_after(
    chat: LlamaChat,
    prompt: Sequence[int],
    written: Sequence[Tokens],
    cancel: threading.Event | None,
    anew: bool = False,
) -> list[Row]:
    """Return the scores after each of any number of texts: one alone exactly as `score` reads it, more side by side.

    `anew` forgets what was held of texts side by side, so that the same search gives the same numbers again.
    """
    wholes = [(*prompt, *one) for one in written]
    if len(set(wholes)) == 1:
        return [chat.sequences.after(wholes[0], cancel, filled=True)] * len(wholes)
    return [
        row
        for start in range(0, len(wholes), MOST)
        for row in chat.sequences.after_each(wholes[start : start + MOST], cancel, anew=anew and start == 0)
    ]


def scored(
    chat: LlamaChat, prompt: Sequence[int], texts: Sequence[Tokens], cancel: threading.Event | None
) -> list[Written]:
    """Return texts with the probabilities that their tokens have in one pass; equal ones are read once."""
    known = {tokens: _scored(chat, prompt, tokens, cancel) for tokens in dict.fromkeys(texts)}
    return [known[tokens] for tokens in texts]


def _scored(chat: LlamaChat, prompt: Sequence[int], tokens: Tokens, cancel: threading.Event | None) -> Written:
    whole = [*prompt, *tokens]

    def chosen(place: int, row: Row) -> float:
        return float(log_softmax(row)[whole[place]])

    logprobs = tuple(chat.sequences.score(whole, len(prompt), chosen, cancel)) if tokens else ()
    ended = bool(tokens) and chat.vocabulary.is_end(tokens[-1])
    return Written(tokens, text_of(chat, tokens), sum(logprobs), logprobs, ended)


def text_of(chat: LlamaChat, tokens: Sequence[int]) -> str:
    """Return tokens as they read; the template's own are left out, half a letter is a replacement sign."""
    return b"".join(chat.vocabulary.piece(token) for token in tokens).decode("utf-8", errors="replace")


def fitting(chat: LlamaChat, prompt: Sequence[int], steps: int) -> int:
    """Return how many of `steps` tokens the window has room for after the prompt; 1 where the prompt is too long.

    The first look then says so.
    """
    return max(1, min(steps, chat.sequences.size - len(prompt)))


def repeating(written: Tokens, n: int) -> list[int]:
    """Return the tokens that would make the last `n` of a text ones that it already has in this order; none for 0.

    Blocked so in Paulus et al. 2017, "A deep reinforced model for abstractive summarization" (n = 3).
    """
    if n < 1 or len(written) < n - 1:
        return []
    last = written[len(written) - n + 1 :]
    return [written[at + n - 1] for at in range(len(written) - n + 1) if written[at : at + n - 1] == last]


def without(row: Row, tokens: Sequence[int]) -> Row:
    """Return scores in which `tokens` cannot be chosen; the row itself stays as it is."""
    if not tokens:
        return row
    left = row.copy()
    left[list(tokens)] = -inf
    return left


def _tell(told: Progress | None, done: int, total: int) -> None:
    if told is not None:
        told(done, total)
