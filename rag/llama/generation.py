"""One answer: read the prompt, then choose token after token until something ends it; knows no messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from rag.errors import ModelNotReady, QuestionTooLong
from rag.llama.context import Context, steps
from rag.llama.sampling import Sampler, draw_seed
from rag.llama.text_stream import TextStream
from rag.llama.turns import Turns
from rag.llama.vocabulary import Vocabulary
from rag.settings import Decoding

FinishReason = Literal["stop", "length", "cancelled", "declined"]


@dataclass
class Stats:
    """What an answer took: times in seconds, counts in tokens. `ttft_s` runs from the call, waiting included."""

    prompt_tokens: int
    seed: int
    completion_tokens: int = 0
    reused_tokens: int = 0
    waited_s: float = 0.0
    prompt_s: float = 0.0
    ttft_s: float | None = None
    writing_s: float = 0.0
    finish_reason: FinishReason = "cancelled"

    @property
    def prompt_tokens_per_s(self) -> float:
        """Speed of reading what was not reused; 0 before it is done."""
        fresh = self.prompt_tokens - self.reused_tokens
        return fresh / self.prompt_s if self.prompt_s else 0.0

    @property
    def tokens_per_s(self) -> float:
        """Speed of writing, without the time that the reader of the stream took."""
        return self.completion_tokens / self.writing_s if self.writing_s else 0.0


@dataclass(frozen=True)
class Request:
    """What to write: the prompt's tokens, how to choose, where to stop; `grammar` is GBNF.

    `goes_on` is asked before the first token, with the log-probability that the answer begins as each of `openings`
    does (with its first token); False ends it there.
    """

    prompt: Sequence[int]
    decoding: Decoding
    stops: Sequence[str] = ()
    grammar: str | None = None
    cancel: threading.Event | None = None
    openings: Sequence[str] = ()
    goes_on: Callable[[dict[str, float]], bool] | None = None


class Generation:
    """One run over a context. `run` streams the text, and `stats` is complete when it ends, however it ends."""

    def __init__(self, context: Context, vocabulary: Vocabulary, request: Request) -> None:
        room = context.size - 1
        if len(request.prompt) > room:
            raise QuestionTooLong(tokens=len(request.prompt), room=room)
        self._context, self._vocabulary = context, vocabulary
        self._prompt = list(request.prompt)
        self._request = request
        self._max_tokens = min(request.decoding.max_tokens, context.size - len(self._prompt))
        self._stream = TextStream(request.stops)
        self._cancel = request.cancel
        self._began = time.perf_counter()
        self.stats = Stats(prompt_tokens=len(self._prompt), seed=draw_seed(request.decoding))

    def run(self, turns: Turns) -> Iterator[str]:
        """Wait for the turn and stream the answer. Closing the iterator gives the turn back. Raises BadOption."""
        decoding = replace(self._request.decoding, seed=self.stats.seed)
        sampler = Sampler(decoding, self._vocabulary, self._request.grammar)
        try:
            # A model that is closed meanwhile ends the answer like a cancel.
            with suppress(ModelNotReady), turns.taken(self._cancel) as got:
                self.stats.waited_s = time.perf_counter() - self._began
                with self._context.abortable(self._cancel):
                    if got and self._read_prompt() and self._goes_on():
                        yield from self._write(sampler)
        finally:
            sampler.close()

    def _cancelled(self) -> bool:
        return self._context.closed or (self._cancel is not None and self._cancel.is_set())

    def _read_prompt(self) -> bool:
        began = time.perf_counter()
        if self._cancelled():
            return False
        repeatable = self._request.decoding.seed >= 0
        self.stats.reused_tokens = self._context.reuse(self._prompt, repeatable)
        for step in steps(self._prompt[self.stats.reused_tokens :]):
            if self._cancelled() or not self._context.read(step):
                return False
        self.stats.prompt_s = time.perf_counter() - began
        return True

    def _goes_on(self) -> bool:
        """Ask whoever wants to know how the answer would begin."""
        if self._request.goes_on is None:
            return True
        openings = self._request.openings
        first = [self._vocabulary.tokenize(opening)[0] for opening in openings]
        scores = self._context.log_probabilities(first)
        if not scores and openings:
            return False
        if self._request.goes_on(dict(zip(openings, scores, strict=True))):
            return True
        self.stats.finish_reason = "declined"
        return False

    def _write(self, sampler: Sampler) -> Iterator[str]:
        token: int | None = None
        while True:
            began = time.perf_counter()
            token = self._next(token, sampler)
            self.stats.writing_s += time.perf_counter() - began
            if token is None:
                break
            text = self._stream.feed(self._vocabulary.piece(token))
            if text:
                yield text
            if self._stream.stopped or self.stats.completion_tokens >= self._max_tokens:
                self.stats.finish_reason = "stop" if self._stream.stopped else "length"
                break
        rest = self._stream.finish()
        if rest:
            yield rest

    def _next(self, last: int | None, sampler: Sampler) -> int | None:
        """Read the last token chosen and choose the next; None at the end, with the reason noted."""
        if self._cancelled() or (last is not None and not self._context.read([last], answer=True)):
            return None
        token = self._context.choose(sampler)
        if token is None:
            return None
        if self.stats.ttft_s is None:
            self.stats.ttft_s = time.perf_counter() - self._began
        if self._vocabulary.is_end(token):
            self.stats.finish_reason = "stop"
            return None
        self.stats.completion_tokens += 1
        return token
