"""A finished answer token by token: how probable each one was, and what else might have stood there. It knows no page.

Whoever walks through the same tokens with `ahead` gets the same probabilities: both fill a step up in the same way (see
rag.llama.sequences).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.distribution import Candidate, Distribution, candidate, distribution, entropy, log_softmax
from lab.tokens import Token

if TYPE_CHECKING:
    from rag.llama.sequences import Progress, Row
    from rag.llama.vocabulary import Vocabulary
    from rag.llm import LlamaChat


@dataclass(frozen=True)
class Traced:
    """A token in its place. `logprob` is ln p; `rank` its place among all tokens (1 is the most probable).

    `entropy`, in bits, says how open the choice was there; `alternatives` are the most probable tokens, the first one
    first. `end`: with it an answer ends.
    """

    token: Token
    logprob: float
    p: float
    rank: int
    entropy: float
    alternatives: tuple[Candidate, ...]
    end: bool = False


@dataclass(frozen=True)
class Trace:
    """An answer's tokens, each given all that comes before it."""

    tokens: tuple[Traced, ...]

    @property
    def logprob(self) -> float:
        """Ln p of the whole answer: what its tokens' probabilities multiply to."""
        return math.fsum(one.logprob for one in self.tokens)

    @property
    def perplexity(self) -> float:
        """How many equally probable tokens each choice was between, on average; 1 for no tokens."""
        return perplexity(self.logprob, len(self.tokens))


def perplexity(logprob: float, tokens: int) -> float:
    """Return exp(-ln p / tokens), as language models are compared by (Jelinek et al. 1977); 1 for no tokens."""
    if not tokens:
        return 1.0
    return math.exp(min(700.0, -logprob / tokens))  # a double goes no further


def chosen(row: Row, vocabulary: Vocabulary, number: int, k: int) -> Traced:
    """Return token `number` of the distribution that (V,) raw logits stand for, with the `k` most probable ones."""
    logs = log_softmax(row)
    one = candidate(row, logs, vocabulary, number)
    top = distribution(row, vocabulary, k).top if k else ()
    return Traced(one.token, float(logs[number]), one.p, one.rank, entropy(logs), top, one.end)


def trace(
    chat: LlamaChat,
    prompt: Sequence[int],
    answer: Sequence[int],
    k: int,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
) -> Trace:
    """Look at each token of `answer` after `prompt` (token ids), read in one pass.

    Raises QuestionTooLong, ModelNotReady, Cancelled, ValueError for an empty prompt or answer.
    """
    if not prompt or not answer:
        raise ValueError("an answer is looked at after a prompt")
    whole = [*prompt, *answer]
    vocabulary = chat.vocabulary

    def use(place: int, row: Row) -> Traced:
        return chosen(row, vocabulary, whole[place], k)

    return Trace(tuple(chat.sequences.score(whole, len(prompt), use, cancel, told)))


def ahead(
    chat: LlamaChat,
    tokens: Sequence[int],
    k: int,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
) -> Distribution:
    """Return what may come after `tokens`: the same probabilities as `trace` gives. Raises as it does."""
    return distribution(scores(chat, tokens, cancel, told), chat.vocabulary, k)


def scores(
    chat: LlamaChat, tokens: Sequence[int], cancel: threading.Event | None = None, told: Progress | None = None
) -> Row:
    """Return the (V,) raw logits that `ahead` is made of; one step where all but the last few tokens were read."""
    return chat.sequences.after(tokens, cancel, told, filled=True)
