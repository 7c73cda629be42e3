"""Lists of values to rows: side by side, or each with each. It knows nothing of prompts or files."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from prompts.experiment import MOST_ROWS, Row
from rag.errors import BadOption, LengthsDiffer

_SHORT = 24  # characters of a value that its row can be called by


def zipped(values: Mapping[str, Sequence[str]]) -> tuple[Row, ...]:
    """Return one row for the first values, one for the second ones, and so on. Raises LengthsDiffer, BadOption."""
    names = list(values)
    for name in names[1:]:
        if len(values[name]) != len(values[names[0]]):
            raise LengthsDiffer(
                first=names[0], first_count=len(values[names[0]]), second=name, second_count=len(values[name])
            )
    count = len(values[names[0]]) if names else 0
    _bounded(count)
    return tuple(_rows(values, ([n] * len(names) for n in range(count))))


def crossed(values: Mapping[str, Sequence[str]]) -> tuple[Row, ...]:
    """Return one row for each combination, the last variable changing fastest. Raises BadOption for too many."""
    if not values:
        return ()
    _bounded(math.prod(len(one) for one in values.values()))
    return tuple(_rows(values, itertools.product(*(range(len(one)) for one in values.values()))))


def label(values: Mapping[str, Sequence[str]], chosen: Sequence[int]) -> str:
    """Return "style=short · text=2": short values as they are, long ones by their number, counted from 1.

    A variable with one value only says nothing, unless there is no other.
    """
    named = [(name, all_of, n) for (name, all_of), n in zip(values.items(), chosen, strict=True)]
    told = [one for one in named if len(one[1]) > 1] or named
    return " · ".join(f"{name}={_short(all_of, n)}" for name, all_of, n in told)


def _short(values: Sequence[str], n: int) -> str:
    value = values[n].strip()
    plain = bool(value) and len(value) <= _SHORT and "\n" not in value
    return value if plain and sum(one.strip() == value for one in values) == 1 else str(n + 1)


def _rows(values: Mapping[str, Sequence[str]], choices: Iterator[Sequence[int]]) -> Iterator[Row]:
    for chosen in choices:
        filled = {name: all_of[n] for (name, all_of), n in zip(values.items(), chosen, strict=True)}
        yield Row(filled, description=label(values, chosen))


def _bounded(count: int) -> None:
    if count > MOST_ROWS:
        raise BadOption(option="rows", allowed=f"1 – {MOST_ROWS}")
