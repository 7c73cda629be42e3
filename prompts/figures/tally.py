"""One column's figures over the rows that were judged so far. Counts only: what follows from them is verdict's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any, Literal

from prompts.figures.stats import wilson
from prompts.outcome import Outcome
from prompts.runs.cell import Cell

Reading = Literal["strict", "lenient"]


@dataclass(frozen=True)
class ColumnSummary:
    """`n` rows were judged; `right`, `wrong` and `unparsed` count their cells, which with repeats are more than rows.

    `accuracy` (0..1) is the mean over rows of the share of their repeats that are right, None before the first;
    `low` and `high` its Wilson interval (95 %). All by the lenient reading; `strict_...` is the same by the strict
    one. `none` cells were not checked, `errors` not answered. Medians are over all answers, None without any.
    """

    label: str
    n: int = 0
    right: int = 0
    wrong: int = 0
    unparsed: int = 0
    none: int = 0
    errors: int = 0
    accuracy: float | None = None
    low: float = 0.0
    high: float = 1.0
    strict_right: int = 0
    strict_wrong: int = 0
    strict_unparsed: int = 0
    strict_accuracy: float | None = None
    strict_low: float = 0.0
    strict_high: float = 1.0
    seconds_median: float | None = None
    prompt_tokens_median: float | None = None
    tokens_median: float | None = None
    tokens_per_s: float | None = None

    @property
    def judged(self) -> int:
        """How many cells were judged."""
        return self.right + self.wrong + self.unparsed

    @property
    def readable(self) -> float | None:
        """The share (0..1) of the judged cells that could be read; None of none."""
        return 1 - self.unparsed / self.judged if self.judged else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self) | {"judged": self.judged, "readable": self.readable}


def column_summary(label: str, cells: Iterable[Cell]) -> ColumnSummary:
    """Return the figures of one column's cells."""
    done = list(cells)
    answered = [cell for cell in done if not cell.reply.error]
    lenient, strict = shares(done, "lenient"), shares(done, "strict")
    counts, strictly = _counts(done, "lenient"), _counts(done, "strict")
    low, high = wilson(_capped(lenient), len(lenient))
    strict_low, strict_high = wilson(_capped(strict), len(strict))
    return ColumnSummary(
        label=label,
        n=len(lenient),
        right=counts["right"],
        wrong=counts["wrong"],
        unparsed=counts["unparsed"],
        none=sum(cell.lenient == "none" for cell in answered),
        errors=len(done) - len(answered),
        accuracy=fmean(lenient.values()) if lenient else None,
        low=low,
        high=high,
        strict_right=strictly["right"],
        strict_wrong=strictly["wrong"],
        strict_unparsed=strictly["unparsed"],
        strict_accuracy=fmean(strict.values()) if strict else None,
        strict_low=strict_low,
        strict_high=strict_high,
        seconds_median=_median([cell.reply.seconds for cell in answered]),
        prompt_tokens_median=_median(_stats(answered, "prompt_tokens")),
        tokens_median=_median(_stats(answered, "completion_tokens")),
        tokens_per_s=_median(_stats(answered, "tokens_per_s")),
    )


def shares(cells: Iterable[Cell], reading: Reading) -> dict[int, float]:
    """Return by row what share (0..1) of its judged repeats is right; what is not parseable is not right."""
    found: defaultdict[int, list[bool]] = defaultdict(list)
    for cell in cells:
        outcome = _outcome(cell, reading)
        if outcome != "none":
            found[cell.place.row].append(outcome == "right")
    return {row: fmean(outcomes) for row, outcomes in found.items()}


def _outcome(cell: Cell, reading: Reading) -> Outcome:
    return cell.strict if reading == "strict" else cell.lenient


def _counts(cells: Iterable[Cell], reading: Reading) -> dict[str, int]:
    outcomes = [_outcome(cell, reading) for cell in cells]
    return {name: sum(outcome == name for outcome in outcomes) for name in ("right", "wrong", "unparsed")}


def _capped(found: Mapping[int, float]) -> float:
    return min(float(len(found)), sum(found.values()))  # a sum of thirds may end above by a rounding


def _stats(cells: Iterable[Cell], name: str) -> list[float]:
    values = (cell.reply.stats.get(name) for cell in cells)
    return [float(value) for value in values if isinstance(value, (int, float))]


def _median(values: list[float]) -> float | None:
    return float(median(values)) if values else None
