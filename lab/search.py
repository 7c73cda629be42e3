"""Beam search over a model's raw scores: several beginnings at once, of which the likeliest are followed.

It keeps everything that it looked at, so that what was pruned can be shown; it knows nothing of how.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from lab.distribution import log_softmax, strongest
from lab.writing import Grown, Tokens, Written, fitting, greedy, repeating, rows_after, scored, without
from rag.llama.sequences import Progress

if TYPE_CHECKING:
    from rag.llm import LlamaChat

ROOT = -1  # the parent of what follows the prompt at once


@dataclass(frozen=True)
class Node:
    """A token that was looked at. `parent` is its place in `nodes`, or ROOT; `logprob` is of the text up to it.

    `score` is what it was ranked by, `step` its place in the text from 0, `kept` whether the beam held it then.
    """

    parent: int
    token: int
    logprob: float
    score: float
    step: int
    kept: bool


@dataclass(frozen=True)
class Hypothesis:
    """A text that was found, the score that it is ranked by, and the node of its last token (None: greedy's alone)."""

    written: Written
    score: float
    node: int | None


@dataclass(frozen=True)
class Beams:
    """The texts that were found, best first, and every token that was looked at."""

    best: tuple[Hypothesis, ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class _Held:
    """A text in the beam, its logarithm as the search sees it, and its node."""

    tokens: Tokens
    logprob: float
    node: int


def penalty(length: int, alpha: float) -> float:
    """Return what a logarithm is divided by for its text's length: ((5 + n) / 6) ** alpha; 1 for alpha 0.

    Wu et al. 2016, "Google's neural machine translation system", eq. 14.
    """
    return float(((5 + length) / 6) ** alpha)


def beam_search(
    chat: LlamaChat,
    prompt: Sequence[int],
    width: int,
    steps: int,
    length_penalty: float = 0.0,
    no_repeat_ngram: int = 0,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
    *,
    against: Written | None = None,
    grown: Grown | None = None,
) -> Beams:
    """Return the `width` best texts of at most `steps` tokens that a beam of that width finds.

    At each step every text is gone on with by its likeliest tokens, and the `width` likeliest of all are kept; one
    that ends leaves the beam, which is one narrower from then on (Freitag & Al-Onaizan 2017, "Beam search strategies
    for neural machine translation", section 3). With width 1 that is greedy search. Greedy's own text, `against` where
    it is known already, is always among the candidates, and all are ranked by their scores read in one pass: so that
    with the same penalties the best one is never less likely than greedy's. `told` hears of the steps, `grown` what is
    in the beam. Raises QuestionTooLong, ModelNotReady, Cancelled, ValueError.
    """
    if width < 1:
        raise ValueError("a beam holds one text or more")
    search = _Search(chat, prompt, width, no_repeat_ngram, length_penalty, cancel)
    for step in range(fitting(chat, prompt, steps)):
        search.step(step)
        if told is not None:
            told(step + 1, steps)
        if grown is not None:
            grown([one.tokens for one in (*search.done, *search.live)])
        if not search.live:
            break
    if against is None and width > 1:
        against = greedy(chat, prompt, steps, cancel, no_repeat_ngram=no_repeat_ngram)
    return Beams(search.ranked(against), tuple(search.nodes))


class _Search:
    """The beam as it goes on: what is followed, what has ended, and all that was looked at."""

    def __init__(
        self,
        chat: LlamaChat,
        prompt: Sequence[int],
        width: int,
        no_repeat_ngram: int,
        alpha: float,
        cancel: threading.Event | None,
    ) -> None:
        self._chat, self._prompt, self._cancel = chat, prompt, cancel
        self._width, self._ngram, self._alpha = width, no_repeat_ngram, alpha
        self.live = [_Held((), 0.0, ROOT)]
        self.done: list[_Held] = []
        self.nodes: list[Node] = []

    def step(self, step: int) -> None:
        """Take every text one token further, and keep the likeliest."""
        found = self._candidates(anew=step == 1)  # where texts first go apart
        room = self._width - len(self.done)
        live: list[_Held] = []
        for place, (logprob, token, held) in enumerate(found[: room + self._width]):
            kept = place < room
            score = logprob / penalty(step + 1, self._alpha)
            self.nodes.append(Node(held.node, token, logprob, score, step, kept))
            if kept:
                one = _Held((*held.tokens, token), logprob, len(self.nodes) - 1)
                (self.done if self._chat.vocabulary.is_end(token) else live).append(one)
        if not found:  # nothing may follow: every token would repeat something
            self.done += self.live
        self.live = live

    def _candidates(self, anew: bool) -> list[tuple[float, int, _Held]]:
        """Return (logarithm, token, text) of the likeliest next tokens of every text, likeliest first."""
        rows = rows_after(self._chat, self._prompt, [one.tokens for one in self.live], self._cancel, anew)
        found: list[tuple[float, int, _Held]] = []
        for held, row in zip(self.live, rows, strict=True):
            logs = log_softmax(row)  # of all: a token keeps its probability where another may not be taken
            left = without(row, repeating(held.tokens, self._ngram))
            likeliest = [int(token) for token in strongest(left, 2 * self._width) if left[token] > -inf]
            found += [(held.logprob + float(logs[token]), token, held) for token in likeliest]
        return sorted(found, key=lambda one: (-one[0], one[1]))

    def ranked(self, against: Written | None) -> tuple[Hypothesis, ...]:
        """Return the texts that were found and greedy's, best first, by their scores in one pass."""
        found = [one for one in (*self.done, *self.live) if one.tokens]
        written = scored(self._chat, self._prompt, [one.tokens for one in found], self._cancel)
        places: dict[Tokens, Hypothesis] = {}
        for text, one in zip(written, found, strict=True):
            places[one.tokens] = Hypothesis(text, self._score(text), one.node)
        if against is not None and against.tokens not in places:
            places[against.tokens] = Hypothesis(against, self._score(against), None)
        best = sorted(places.values(), key=lambda one: (-one.score, one.written.tokens))
        return tuple(best[: self._width])

    def _score(self, text: Written) -> float:
        return text.logprob / penalty(len(text.tokens), self._alpha)


def pruned(beams: Beams) -> Beams:
    """Return the same search with `kept` only where a text that was found goes through: all else ended in nothing."""
    on_way: set[int] = set()
    for one in beams.best:
        at = one.node if one.node is not None else ROOT
        while at != ROOT and at not in on_way:
            on_way.add(at)
            at = beams.nodes[at].parent
    nodes = (replace(node, kept=place in on_way) for place, node in enumerate(beams.nodes))
    return Beams(beams.best, tuple(nodes))
