"""How good a ranking is: where the first right one stands."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

DEPTH = 10


def place(ranked: Sequence[Hashable], right: Collection[Hashable]) -> int:
    """Return the place, from 1, of the first right one among the first DEPTH; 0 when there is none."""
    return next((n for n, one in enumerate(ranked[:DEPTH], start=1) if one in right), 0)


def shares(places: Sequence[int]) -> dict[str, float]:
    """Return hit@1, hit@3, hit@5 and mrr@10."""
    count = max(1, len(places))
    found = {f"hit@{k}": round(sum(1 for at in places if 0 < at <= k) / count, 4) for k in (1, 3, 5)}
    return found | {"mrr@10": round(sum(1 / at for at in places if at) / count, 4)}
