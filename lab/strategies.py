"""Ways of choosing the next token, each writing on from the same prompt, and what comes of each. No page."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.sampler import Settings
from lab.search import Beams, beam_search
from lab.writing import Grown, Tokens, Written, chances, greedy, sample_each
from rag.llama.sequences import MOST, Progress

if TYPE_CHECKING:
    from rag.llm import LlamaChat

DRAWN = ("sampling", "temperature", "top_k", "top_p", "min_p")
STRATEGIES = ("greedy", "beam", *DRAWN)
_READ = 4  # of a step's cost, what does not grow with the number of texts, in tokens: the weights are read once


@dataclass(frozen=True)
class Plan:
    """Which strategies are tried, and what each is told. `n` texts are drawn each way, of at most `steps` tokens."""

    strategies: tuple[str, ...] = STRATEGIES
    n: int = 3
    steps: int = 32
    seed: int = 7
    width: int = 4
    length_penalty: float = 0.0
    no_repeat_ngram: int = 0
    temperature: float = 0.7
    top_k: int = 40
    top_p: float = 0.9
    min_p: float = 0.1

    def ways(self) -> dict[str, Settings]:
        """Return what is drawn, by strategy: each changes one thing, so that one sees what that does."""
        ways = {
            "sampling": Settings(),
            "temperature": Settings(temperature=self.temperature),
            "top_k": Settings(top_k=self.top_k),
            "top_p": Settings(top_p=self.top_p),
            "min_p": Settings(min_p=self.min_p),
        }
        return {name: settings for name, settings in ways.items() if name in self.strategies}


@dataclass
class Found:
    """What has come so far, by name: texts as they grow, texts that are finished, and the beam.

    One thread fills it while others read it; what it holds is replaced, never changed.
    """

    growing: dict[str, tuple[Tokens, ...]] = field(default_factory=dict)
    written: dict[str, tuple[Written, ...]] = field(default_factory=dict)
    beams: Beams | None = None


def compare(
    chat: LlamaChat,
    prompt: Sequence[int],
    plan: Plan,
    found: Found,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
) -> None:
    """Write on from `prompt` in every way that the plan names, into `found`. Stopped, what is there stays.

    `told` hears of the work done, in tokens read, and of all. Raises QuestionTooLong, ModelNotReady, Cancelled.
    """
    ways = plan.ways()
    weights = [_weight(1)] if "greedy" in plan.strategies else []
    weights += [_weight(plan.width)] if "beam" in plan.strategies else []
    parts = _Parts(told, plan.steps, [*weights, *_lots(ways, plan.n)])
    first: Written | None = None
    if "greedy" in plan.strategies:
        first = greedy(chat, prompt, plan.steps, cancel, parts.next(), grown=_into(found, "greedy"))
        found.written["greedy"] = (first,)
    if "beam" in plan.strategies:
        found.beams = beam_search(
            chat,
            prompt,
            plan.width,
            plan.steps,
            plan.length_penalty,
            plan.no_repeat_ngram,
            cancel,
            parts.next(),
            against=None if plan.no_repeat_ngram else first,  # greedy that may repeat does not keep the beam's rule
            grown=_into(found, "beam"),
        )
        found.written["beam"] = tuple(one.written for one in found.beams.best)
    _draw(chat, prompt, ways, plan.n, plan.steps, plan.seed, found, cancel, parts)


def draw_each_way(
    chat: LlamaChat,
    prompt: Sequence[int],
    ways: Mapping[str, Settings],
    n: int,
    steps: int,
    seed: int,
    found: Found,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
) -> None:
    """Draw `n` texts each way, into `found`, up to MOST at once. All ways throw the same dice: only they differ.

    `told` and what is raised are as in `compare`.
    """
    _draw(chat, prompt, ways, n, steps, seed, found, cancel, _Parts(told, steps, _lots(ways, n)))


def _draw(
    chat: LlamaChat,
    prompt: Sequence[int],
    ways: Mapping[str, Settings],
    n: int,
    steps: int,
    seed: int,
    found: Found,
    cancel: threading.Event | None,
    parts: _Parts,
) -> None:
    dice = {name: chances(seed, n) for name in ways}
    wanted = [(name, place) for name in ways for place in range(n)]
    for start in range(0, len(wanted), MOST):
        lot = wanted[start : start + MOST]
        names = [name for name, _ in lot]
        before = {name: found.growing.get(name, ()) for name in names}

        def grown(
            texts: Sequence[Tokens], names: list[str] = names, before: dict[str, tuple[Tokens, ...]] = before
        ) -> None:
            for name, had in before.items():
                found.growing[name] = (*had, *(text for other, text in zip(names, texts, strict=True) if other == name))

        drawn_by = [dice[name][place] for name, place in lot]
        settings = [ways[name] for name in names]
        texts = sample_each(chat, prompt, settings, drawn_by, steps, cancel, parts.next(), grown=grown)
        for name, text in zip(names, texts, strict=True):
            found.written[name] = (*found.written.get(name, ()), text)


class _Parts:
    """Turns the progress of one part after another into that of all, by how much is read in a step of each."""

    def __init__(self, told: Progress | None, steps: int, weights: Sequence[int]) -> None:
        self._told, self._steps = told, steps
        self._weights = list(weights)
        self._total, self._done, self._at = steps * sum(weights), 0, 0

    def next(self) -> Progress:
        """Begin the next part; the one before is over, also where it ended early."""
        base, weight = self._done, self._weights[self._at]
        self._done, self._at = base + weight * self._steps, self._at + 1

        def tell(done: int, _: int) -> None:
            if self._told is not None:
                self._told(base + weight * done, self._total)

        return tell


def _lots(ways: Mapping[str, Settings], n: int) -> list[int]:
    texts = len(ways) * n
    return [_weight(min(MOST, texts - start)) for start in range(0, texts, MOST)]


def _weight(texts: int) -> int:
    return _READ + texts


def _into(found: Found, name: str) -> Grown:
    def grown(texts: Sequence[Tokens]) -> None:
        found.growing[name] = tuple(texts)

    return grown
