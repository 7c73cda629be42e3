"""llama.cpp's samplers as a pipeline that can be watched: what each stage crosses out, what remains. No model, no text.

The arithmetic is llama.cpp's own (src/llama-sampler.cpp): float32, summed one after another, stages in its order. So
the same tokens are kept as it keeps. Where two scores are equal to the last bit, it leaves it to the sorting which one
goes first; here it is the lower id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from lab.distribution import strongest

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag.llama.sequences import Row
    from rag.settings import Decoding

    Ids: TypeAlias = "npt.NDArray[np.int64]"
    Floats: TypeAlias = "npt.NDArray[np.float64]"
    Floats32: TypeAlias = "npt.NDArray[np.float32]"

F32 = np.float32
_FEW = 1024


@dataclass(frozen=True)
class Settings:
    """What each stage is told, in llama.cpp's names; each default leaves the distribution as it is.

    `repeat_penalty`: Keskar et al. 2019 (CTRL); `frequency_penalty` and `presence_penalty` are taken off a score per
    time, and once; `penalty_window` is how many of the last tokens they look at. `top_k`: Fan et al. 2018;
    `typical_p`: Meister et al. 2023; `top_p`: Holtzman et al. 2020; `min_p`: Nguyen et al. 2024. A `temperature` of 0
    is greedy.
    """

    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    penalty_window: int = 64
    top_k: int = 0
    typical_p: float = 1.0
    top_p: float = 1.0
    min_p: float = 0.0
    temperature: float = 1.0

    @classmethod
    def from_decoding(cls, decoding: Decoding) -> Settings:
        """Return what the chat's options stand for."""
        return cls(
            repeat_penalty=decoding.repeat_penalty,
            top_k=decoding.top_k,
            top_p=decoding.top_p,
            min_p=decoding.min_p,
            temperature=decoding.temperature,
        )


@dataclass(frozen=True)
class Stage:
    """What remains after a stage: `ids` by falling probability, and `p`, theirs, which sum to 1.

    `out`: the ids that the stage has crossed out, the most probable first; `mass`: what they had before, together.
    `name` is one of STAGES.
    """

    name: str
    ids: Ids
    p: Floats
    out: Ids
    mass: float


@dataclass(frozen=True)
class _Left:
    """The tokens that are left, in llama.cpp's order, with their scores; `ordered` says whether by falling score."""

    ids: Ids
    logits: Floats32
    ordered: bool


def pipeline(row: Row, settings: Settings, last: Sequence[int] = ()) -> list[Stage]:
    """Return what each of STAGES does to (V,) raw logits; `last` are the tokens that penalties look at, oldest first.

    Stages that are told to do nothing are there too, with nothing crossed out.
    """
    left = _all(row)
    ids, p = _by_probability(left)
    found: list[Stage] = []
    for name, work in _STAGES.items():
        after = work(left, settings, last)
        if after is left:
            found.append(Stage(name, ids, p, ids[:0], 0.0))
            continue
        gone = ~_member(ids, after.ids, len(row))
        out, mass = ids[gone], float(p[gone].sum())
        left = after
        ids, p = _by_probability(left)
        found.append(Stage(name, ids, p, out, mass))
    return found


def draw(row: Row, settings: Settings, last: Sequence[int], rng: np.random.Generator) -> int:
    """Return a token drawn from what the pipeline leaves of (V,) raw logits; with the same `rng` the same one.

    `last` as in `pipeline`.
    """
    left = _all(row)
    for work in _STAGES.values():
        left = work(left, settings, last)
    if len(left.ids) == 1:
        return int(left.ids[0])
    weights = np.cumsum(_exp(left.logits - left.logits.max()), dtype=np.float64)
    place = int(np.searchsorted(weights, weights[-1] * rng.random()))
    return int(left.ids[min(place, len(left.ids) - 1)])


# -- the stages; each returns what it was given where it has nothing to do ----------------------------------------


def _penalties(left: _Left, settings: Settings, last: Sequence[int]) -> _Left:
    window = settings.penalty_window
    repeat, often, once = F32(settings.repeat_penalty), F32(settings.frequency_penalty), F32(settings.presence_penalty)
    if window <= 0 or not len(last) or (repeat == 1 and often == 0 and once == 0):
        return left
    counts = Counter(int(token) for token in last[-window:])
    places = np.fromiter(counts, dtype=np.int64)  # nothing is crossed out yet: the place is the id
    times = np.fromiter(counts.values(), dtype=np.float32)
    scores = left.logits[places]
    scores = np.where(scores <= 0, scores * repeat, scores / repeat)
    logits = left.logits.copy()
    logits[places] = scores - (times * often + once)
    return _Left(left.ids, logits, False)


def _top_k(left: _Left, settings: Settings, _last: Sequence[int]) -> _Left:
    if settings.top_k <= 0 or (left.ordered and settings.top_k >= len(left.ids)):
        return left
    return _taken(left, strongest(left.logits, settings.top_k), True)


def _typical(left: _Left, settings: Settings, _last: Sequence[int]) -> _Left:
    """Keep those whose surprise is nearest to the entropy, to which a probability of 0 adds nothing.

    For llama.cpp 0 ln 0 is no number; where there is one, it keeps whatever its sorting leaves in front.
    """
    if settings.typical_p >= 1:
        return left
    left = _ordered(left)
    p = _softmax(left.logits)
    surprise = np.where(p > 0, -_log(p), F32(np.inf))
    entropy = np.add.accumulate(p[p > 0] * surprise[p > 0], dtype=np.float32)[-1]
    order = np.argsort(np.abs(surprise - entropy), kind="stable")
    sums = np.add.accumulate(p[order], dtype=np.float32)
    enough = np.flatnonzero(sums > F32(settings.typical_p))
    return _taken(left, order[: int(enough[0]) + 1] if len(enough) else order, False)


def _top_p(left: _Left, settings: Settings, _last: Sequence[int]) -> _Left:
    if settings.top_p >= 1:
        return left
    p = _softmax(left.logits)  # summed in the order in which they stand, before they are put in order
    for count in (_FEW, len(p)):  # most often a few have enough, and the others need no order
        order = np.arange(len(p)) if left.ordered else strongest(left.logits, count)
        sums = np.add.accumulate(p[order], dtype=np.float32)
        enough = np.flatnonzero(sums >= F32(settings.top_p))
        if len(enough):
            return _taken(left, order[: int(enough[0]) + 1], True)
    return _taken(left, order, True)


def _min_p(left: _Left, settings: Settings, _last: Sequence[int]) -> _Left:
    if settings.min_p <= 0:
        return left
    kept = left.logits >= left.logits.max() + _log(np.array([settings.min_p], dtype=np.float32))[0]
    if not kept.any():  # p above 1 by rounding: the most probable one always stays
        kept = left.logits == left.logits.max()
    return _taken(left, kept, left.ordered)


def _temperature(left: _Left, settings: Settings, _last: Sequence[int]) -> _Left:
    if settings.temperature == 1:
        return left
    temperature = F32(max(0.0, settings.temperature))  # which may round to 0
    if temperature > 0:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # next to 0, all but the best fall to -inf
            logits = (left.logits - left.logits.max()) / temperature
        if np.isfinite(logits.max()):  # a number too small for this machine counts as 0
            return replace(left, logits=logits)
    best = int(np.argmax(left.logits))  # the first of equal ones
    return _taken(left, np.array([best]), True)


_STAGES: dict[str, Callable[[_Left, Settings, Sequence[int]], _Left]] = {
    "penalties": _penalties,
    "top_k": _top_k,
    "typical": _typical,
    "top_p": _top_p,
    "min_p": _min_p,
    "temperature": _temperature,
}
STAGES = tuple(_STAGES)  # llama.cpp's order


# -- arithmetic --------------------------------------------------------------------------------------------------


def _all(row: Row) -> _Left:
    return _Left(np.arange(len(row), dtype=np.int64), np.asarray(row, dtype=np.float32), False)


def _ordered(left: _Left) -> _Left:
    return left if left.ordered else _taken(left, strongest(left.logits, len(left.logits)), True)


def _taken(left: _Left, places: Ids | npt.NDArray[np.bool_], ordered: bool) -> _Left:
    return _Left(left.ids[places], left.logits[places], ordered)


def _exp(values: Floats32) -> Floats32:
    """Return e^x rounded as the C library's expf rounds, which NumPy's own for float32 does not."""
    return np.exp(values, dtype=np.float64).astype(np.float32)


def _log(values: Floats32) -> Floats32:
    with np.errstate(divide="ignore"):  # ln 0 is -inf
        return np.log(values, dtype=np.float64).astype(np.float32)


def _softmax(logits: Floats32) -> Floats32:
    powers = _exp(logits - logits.max())
    return np.asarray(powers / np.add.accumulate(powers, dtype=np.float32)[-1])


def _by_probability(left: _Left) -> tuple[Ids, Floats]:
    """Return the ids by falling probability, and their probabilities in double precision."""
    left = _ordered(left)
    powers = np.exp(left.logits.astype(np.float64) - np.float64(left.logits[0]))
    return left.ids, powers / powers.sum()


def _member(ids: Ids, among: Ids, size: int) -> npt.NDArray[np.bool_]:
    here = np.zeros(size, dtype=bool)
    here[among] = True
    return here[ids]
