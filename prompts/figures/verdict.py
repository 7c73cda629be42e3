"""What a run shows, in words: who is better, by how much, and how sure that is. It draws nothing and stores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any, Literal

from prompts.experiment import Experiment, Place
from prompts.figures.stats import ALPHA, holm, items_needed, least_items, mcnemar_exact, paired_difference
from prompts.figures.tally import ColumnSummary, Reading, column_summary, shares
from prompts.runs.cell import Cell
from prompts.words import Said

SAME = 0.03  # a whole interval within three points of nothing is practically the same
_NOTHING = Said("verdict.nothing")
Conclusion = Literal["better", "same", "unclear", "few", "nothing"]


@dataclass(frozen=True)
class Pair:
    """Column `b` against column `a` (positions), over the rows that were judged in both.

    `difference` (-1..1) is b's share of right rows minus a's, `low` and `high` its Newcombe interval (95 %); `p` of the
    exact McNemar test, `p_adjusted` by Holm where there are more comparisons than one. `only_a` and `only_b` rows are
    right in one only. `needed` rows would show a difference of this size (None: there is none). `narrow` is the 90 %
    interval: two one-sided tests at 5 % (Schuirmann 1987), for whoever asks whether the two are the same.
    """

    a: int
    b: int
    n: int
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    only_a: int
    only_b: int
    needed: int | None
    conclusion: Conclusion = "nothing"
    verdict: Said = _NOTHING
    narrow: tuple[float, float] = (-1.0, 1.0)

    @property
    def better(self) -> int | None:
        """The position of the better column; None where none can be told."""
        if self.conclusion != "better":
            return None
        return self.b if self.difference > 0 else self.a

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, the verdict in both languages."""
        return asdict(self) | {"verdict": self.verdict.to_json(), "better": self.better}


@dataclass(frozen=True)
class Summary:
    """`pairs`: every two columns once, the first column first; `notes`: what one must know to read them.

    `done` of `size` cells are there: a run need not have ended.
    """

    columns: tuple[ColumnSummary, ...]
    pairs: tuple[Pair, ...]
    notes: tuple[Said, ...]
    done: int
    size: int

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, sentences in both languages."""
        return {
            "columns": [column.to_json() for column in self.columns],
            "pairs": [pair.to_json() for pair in self.pairs],
            "notes": [note.to_json() for note in self.notes],
            "done": self.done,
            "size": self.size,
        }


def summary(experiment: Experiment, cells: Mapping[Place, Cell]) -> Summary:
    """Return what the cells so far show."""
    by_column: list[list[Cell]] = [[] for _ in experiment.columns]
    for place, cell in cells.items():
        by_column[place.column].append(cell)
    labels = [column.label for column in experiment.columns]
    columns = tuple(column_summary(label, found) for label, found in zip(labels, by_column, strict=True))
    pairs = _pairs(by_column, labels, "lenient")
    strict = _pairs(by_column, labels, "strict")
    notes = (
        *_on_progress(experiment, len(cells)),
        *_on_columns(columns),
        *_on_method(experiment, pairs),
        *_on_strict(pairs, strict, labels),
    )
    return Summary(columns, pairs, notes, len(cells), experiment.size)


def _pairs(by_column: Sequence[Sequence[Cell]], labels: Sequence[str], reading: Reading) -> tuple[Pair, ...]:
    # With repeats a row counts once, by what most of them say; half is not most.
    right = [{row: share > 0.5 for row, share in shares(found, reading).items()} for found in by_column]
    columns = list(combinations(range(len(right)), 2))
    compared = [_compared(a, b, right[a], right[b], len(columns)) for a, b in columns]
    adjusted = holm([pair.p for pair in compared])
    whole = [replace(pair, p_adjusted=p) for pair, p in zip(compared, adjusted, strict=True)]
    return tuple(_concluded(pair, labels, len(whole)) for pair in whole)


def _compared(a: int, b: int, right_a: Mapping[int, bool], right_b: Mapping[int, bool], comparisons: int) -> Pair:
    rows = right_a.keys() & right_b.keys()
    both = sum(right_a[row] and right_b[row] for row in rows)
    only_a = sum(right_a[row] and not right_b[row] for row in rows)
    only_b = sum(right_b[row] and not right_a[row] for row in rows)
    counts = (both, only_b, only_a, len(rows) - both - only_a - only_b)
    difference, low, high = paired_difference(*counts)
    narrow = paired_difference(*counts, level=1 - 2 * ALPHA)[1:]
    p = mcnemar_exact(only_a, only_b)
    # Holm asks the first of several tests for this much.
    needed = items_needed(only_a, only_b, len(rows), alpha=ALPHA / comparisons)
    return Pair(a, b, len(rows), difference, low, high, p, p, only_a, only_b, needed, narrow=narrow)


def _concluded(pair: Pair, labels: Sequence[str], comparisons: int) -> Pair:
    conclusion = _conclusion(pair, comparisons)
    return replace(pair, conclusion=conclusion, verdict=_said(pair, conclusion, labels, comparisons))


def _conclusion(pair: Pair, comparisons: int) -> Conclusion:
    if not pair.n:
        return "nothing"
    # Test and interval are two approximations of one thing: only where both say so is it said.
    if pair.p_adjusted < ALPHA and not pair.low <= 0 <= pair.high:
        return "better"
    if pair.low >= -SAME and pair.high <= SAME:
        return "same"
    return "few" if pair.n < least_items(comparisons) else "unclear"


def _said(pair: Pair, conclusion: Conclusion, labels: Sequence[str], comparisons: int) -> Said:
    a, b = labels[pair.a], labels[pair.b]
    if conclusion == "nothing":
        return _NOTHING
    if conclusion == "better":
        return _better(pair, a, b)
    values = {"a": a, "b": b, "n": pair.n, "low": points(pair.low), "high": points(pair.high)}
    if conclusion == "same":
        return Said("verdict.same", values)
    if conclusion == "few":
        return Said("verdict.few", values | {"least": least_items(comparisons)})
    return _unclear(pair, values | {"points": points(pair.difference), "comparisons": comparisons})


def _unclear(pair: Pair, values: Mapping[str, object]) -> Said:
    """Say that no difference can be told, why where the interval alone would show one, and what would help."""
    key = "verdict.unclear"
    if pair.p < ALPHA <= pair.p_adjusted:
        key = "verdict.unclear_holm"
    elif not pair.low <= 0 <= pair.high:
        key = "verdict.unclear_test"
    said = Said(key, values)
    if pair.needed is None:
        return said
    # What was seen promises that more items than these would do; where it does not, it is chance that these did not.
    rest = Said("verdict.needed", {"needed": pair.needed}) if pair.needed > pair.n else Said("verdict.chance")
    return Said("verdict.both", {"first": said, "rest": rest})


def _better(pair: Pair, a: str, b: str) -> Said:
    low, high = sorted((abs(pair.low), abs(pair.high)))
    size = points(abs(pair.difference))
    names = {"better": b, "worse": a} if pair.difference > 0 else {"better": a, "worse": b}
    key = "verdict.better_one" if size == 1 else "verdict.better"
    return Said(key, {**names, "points": size, "low": points(low), "high": points(high)})


def points(share: float) -> float | int:
    """Return a share (-1..1) in whole percentage points; what is less than one keeps a decimal."""
    whole = share * 100
    return round(whole) if abs(whole) >= 1 or abs(whole) < 0.05 else round(whole, 1)


def _on_progress(experiment: Experiment, done: int) -> list[Said]:
    return [Said("verdict.partial", {"done": done, "size": experiment.size})] if done < experiment.size else []


def _on_columns(columns: Sequence[ColumnSummary]) -> list[Said]:
    notes = []
    for column in columns:
        if column.unparsed:
            values = {"label": column.label, "unparsed": column.unparsed, "judged": column.judged}
            notes.append(Said("verdict.unparsed", values))
        if column.errors:
            key = "verdict.errors_one" if column.errors == 1 else "verdict.errors"
            notes.append(Said(key, {"label": column.label, "errors": column.errors}))
    return notes


def _on_method(experiment: Experiment, pairs: Sequence[Pair]) -> list[Said]:
    notes = []
    if len(pairs) > 1:
        notes.append(Said("verdict.holm", {"comparisons": len(pairs)}))
    if experiment.repeats > 1:
        notes.append(Said("verdict.repeats", {"repeats": experiment.repeats}))
    return notes


def _on_strict(pairs: Sequence[Pair], strict: Sequence[Pair], labels: Sequence[str]) -> list[Said]:
    """Say where the strict reading would end otherwise, and how."""
    notes = []
    for pair, other in zip(pairs, strict, strict=True):
        if (pair.conclusion, pair.better) != (other.conclusion, other.better):
            names = {"a": labels[pair.a], "b": labels[pair.b]}
            notes.append(Said("verdict.strict", {**names, "verdict": other.verdict}))
    return notes
