"""What our run of a card says about the published finding: agrees, does not, or too few items to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.figures.stats import ALPHA
from prompts.lessons.cards import Card
from prompts.words import Said

if TYPE_CHECKING:
    from prompts.figures.verdict import Pair, Summary

MARGIN = 0.10  # differences below ten points count as none: an equivalence margin (Schuirmann 1987), chosen beforehand
_FLOOR = 0.10
_LEAST = 10  # items before a model is said to know nothing
AGREES, DOES_NOT, TOO_FEW, FLOOR = "card.agrees", "card.does_not", "card.too_few", "card.floor"


@dataclass(frozen=True)
class _Difference:
    """How much better column b is than a, from -1 to 1, with its interval (`narrow`: of 90 %, else of 95 %).

    `sure`: interval and McNemar's test both say that there is one; `found`: also after Holm's correction.
    """

    a: int
    b: int
    value: float
    low: float
    high: float
    sure: bool
    found: bool
    narrow: bool = False

    @property
    def none(self) -> bool:
        """Whether a difference of ten points or more is ruled out."""
        return self.low > -MARGIN and self.high < MARGIN


def conclude(card: Card, summary: Summary) -> Said:
    """Return the conclusion, its key AGREES, DOES_NOT, TOO_FEW or FLOOR, with our intervals in `found`.

    FLOOR: no column gets a tenth right. Two ways of asking a model that knows nothing are equally bad, which proves
    nothing about either.

    A finding that must hold in several pairs of columns agrees when it does in all of them, which needs no correction
    for testing often (Berger 1982); one that need hold in one pair only is corrected (Holm).
    """
    # That two are the same is shown by two one-sided tests at 5 %: by the 90 % interval (Schuirmann 1987).
    differences = [_difference(summary, a, b, narrow=card.expects == "same") for a, b in card.pairs]
    key = {"better": _better, "same": _same, "varies": _varies}[card.expects](differences)
    if all((column.accuracy or 0.0) < _FLOOR for column in summary.columns if column.n):
        key = FLOOR if all(column.n >= _LEAST for column in summary.columns) else TOO_FEW
    # Of six pairs of orders the widest apart is what the finding is about.
    shown = differences if card.expects != "varies" else [max(differences, key=lambda one: abs(one.value))]
    return Said(key, {"found": _joined([_said(summary, one) for one in shown])})


def _better(differences: Sequence[_Difference]) -> str:
    if all(one.sure and one.value > 0 for one in differences):
        return AGREES
    return DOES_NOT if any(one.high < MARGIN for one in differences) else TOO_FEW


def _same(differences: Sequence[_Difference]) -> str:
    if all(one.none for one in differences):
        return AGREES
    return DOES_NOT if any(one.found for one in differences) else TOO_FEW


def _varies(differences: Sequence[_Difference]) -> str:
    if any(one.found for one in differences):
        return AGREES
    return DOES_NOT if all(one.none for one in differences) else TOO_FEW


def _difference(summary: Summary, a: int, b: int, narrow: bool) -> _Difference:
    pair, turned = _pair(summary, a, b)
    value, (low, high) = pair.difference, pair.narrow if narrow else (pair.low, pair.high)
    if turned:
        value, low, high = -value, -high, -low
    apart = not pair.low <= 0 <= pair.high
    sure, found = apart and pair.p < ALPHA, apart and pair.p_adjusted < ALPHA
    return _Difference(a, b, value, low, high, sure, found, narrow)


def _pair(summary: Summary, a: int, b: int) -> tuple[Pair, bool]:
    for pair in summary.pairs:
        if {pair.a, pair.b} == {a, b}:
            return pair, pair.a == b
    raise KeyError((a, b))


def _said(summary: Summary, one: _Difference) -> Said:
    a, b = (summary.columns[at].label for at in (one.a, one.b))
    points = {name: round(100 * getattr(one, name)) for name in ("value", "low", "high")}
    key = "card.difference_90" if one.narrow else "card.difference"
    return Said(key, {"a": a, "b": b, **{name: _signed(n) for name, n in points.items()}})


def _signed(points: int) -> str:
    return f"+{points}" if points > 0 else f"−{-points}" if points < 0 else "0"


def _joined(said: Sequence[Said]) -> Said:
    """Return the sentences as one."""
    first, *rest = said
    return Said("card.both", {"first": first, "rest": _joined(rest)}) if rest else first
