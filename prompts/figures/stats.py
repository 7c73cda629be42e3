"""How sure one can be of a share and of a difference between two: closed formulas over counts, nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

LEVEL = 0.95
ALPHA = 1 - LEVEL


def _z(probability: float) -> float:
    return NormalDist().inv_cdf(probability)


def wilson(right: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the score interval (0..1) of a share of `right` in `n`; of nothing, all is possible.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22. `right` need not be
    whole: with repeats it is a sum of means. Raises ValueError unless 0 <= right <= n.
    """
    if not 0 <= right <= n:
        raise ValueError(f"{right} of {n}")
    if not n:
        return 0.0, 1.0
    z, share = _z(0.5 + level / 2), right / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At the ends rounding would leave 1e-17 where the formula gives 0 or 1.
    low = 0.0 if right == 0 else max(0.0, (middle - half) / scale)
    high = 1.0 if right == n else min(1.0, (middle + half) / scale)
    return low, high


def mcnemar_exact(b: int, c: int) -> float:
    """Return the two-sided p of `b` against `c` discordant pairs, were both equally likely; of none, 1.

    McNemar 1947, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12, with
    the binomial distribution itself in place of its approximation.
    """
    n, fewer = b + c, min(b, c)
    tail = sum(math.comb(n, k) for k in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**n))  # whole numbers divided once: no rounding, however many pairs


def paired_difference(a: int, b: int, c: int, d: int, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (difference, low, high), each -1..1, of the first share minus the second over the same items.

    `a` items are right in both, `b` in the first only, `c` in the second only, `d` in neither. Newcombe 1998,
    "Improved confidence intervals for the difference between binomial proportions based on paired data", Statistics in
    Medicine 17:2635, method 10: the two Wilson intervals put together with a correlation corrected for continuity.
    """
    n = a + b + c + d
    if not n:
        return 0.0, -1.0, 1.0
    first, second = (a + b) / n, (a + c) / n
    low1, high1 = wilson(a + b, n, level)
    low2, high2 = wilson(a + c, n, level)
    phi = _phi(a, b, c, d)
    difference = (b - c) / n
    below = _joined(first - low1, high2 - second, phi)
    above = _joined(high1 - first, second - low2, phi)
    return difference, max(-1.0, difference - below), min(1.0, difference + above)


def _phi(a: int, b: int, c: int, d: int) -> float:
    scale = math.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    if not scale:
        return 0.0
    agreement = a * d - b * c
    if agreement > 0:
        agreement = max(agreement - (a + b + c + d) / 2, 0)  # type: ignore[assignment]
    return agreement / scale


def _joined(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))


def items_needed(b: int, c: int, n: int, power: float = 0.8, alpha: float = ALPHA) -> int | None:
    """Return how many items show a difference as large as the one seen with probability `power`; None: there is none.

    Connor 1987, "Sample size for testing differences in proportions for the paired-sample design", Biometrics 43. It
    takes what was seen on `n` items, `b` and `c` of them discordant, for the truth: a rough answer for a small `n`.
    """
    if not n or b == c:
        return None
    discordant, difference = (b + c) / n, abs(b - c) / n
    chance = _z(1 - alpha / 2) * math.sqrt(discordant)
    seen = _z(power) * math.sqrt(discordant - difference**2)
    return math.ceil(((chance + seen) / difference) ** 2)


def holm(ps: Sequence[float]) -> list[float]:
    """Return the p values corrected for their number, in the same order.

    Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.
    """
    corrected = [1.0] * len(ps)
    highest = 0.0
    for rank, position in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[position]))
        corrected[position] = highest
    return corrected


def least_items(comparisons: int = 1, alpha: float = ALPHA) -> int:
    """Return on how few items a difference can be told at all: if all are discordant, and all one way."""
    n = 1
    while comparisons * mcnemar_exact(n, 0) >= alpha:
        n += 1
    return n
