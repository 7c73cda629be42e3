"""An experiment: columns (ways of asking) over rows (test cases), with checks, repeats and a seed. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from prompts.column import Column
from prompts.outcome import Check
from prompts.promptfoo.plain_text import plain
from prompts.safety import refuse_code
from rag.errors import BadOption, ExperimentInvalid

MOST_REPEATS = 20
MOST_ROWS = 5_000
MOST_COLUMNS = 50
_BLOCK = 10  # rows
_SEED = 2**31 - 1_000_000  # leaves room for repeats and samples


@dataclass(frozen=True)
class Row:
    """One test case: the values of the variables, and checks of its own after those for all."""

    values: Mapping[str, str]
    checks: tuple[Check, ...] = ()
    description: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)  # what else an imported file said of it, kept for export

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; what is empty is left out."""
        whole = {
            "vars": dict(self.values),
            "assert": [check.to_json() for check in self.checks],
            "description": self.description,
            "extra": dict(self.extra),
        }
        return {key: value for key, value in whole.items() if value or key == "vars"}


@dataclass(frozen=True)
class Place:
    """A cell's place in the matrix, all counted from 0."""

    column: int
    row: int
    repeat: int


@dataclass(frozen=True)
class Experiment:
    """Columns by rows, each `repeats` times; cell seeds follow from `seed` (see `cell_seed`). `checks` are for all."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    checks: tuple[Check, ...] = ()
    repeats: int = 1
    seed: int = 0
    name: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ExperimentInvalid where there is nothing to run, BadOption for a number out of range."""
        if not self.columns:
            raise ExperimentInvalid(where="columns", wanted="≥ 1")
        if not self.rows:
            raise ExperimentInvalid(where="rows", wanted="≥ 1")
        if len(self.columns) > MOST_COLUMNS:
            raise BadOption(option="columns", allowed=f"1 – {MOST_COLUMNS}")
        if len(self.rows) > MOST_ROWS:
            raise BadOption(option="rows", allowed=f"1 – {MOST_ROWS}")
        if not 1 <= self.repeats <= MOST_REPEATS:
            raise BadOption(option="repeats", allowed=f"1 – {MOST_REPEATS}")
        if not 0 <= self.seed <= _SEED:
            raise BadOption(option="seed", allowed=f"0 – {_SEED}")

    def places(self) -> Iterator[Place]:
        """Yield the cells in the order in which they are run: row by row, so that columns can be compared early.

        With several models a few rows are run on one before the next one's turn: loading a model takes seconds.
        """
        models = list(dict.fromkeys(column.model for column in self.columns))
        block = 1 if len(models) == 1 else _BLOCK
        for repeat in range(self.repeats):
            for first in range(0, len(self.rows), block):
                rows = range(first, min(first + block, len(self.rows)))
                for model, row in product(models, rows):
                    for column, asked in enumerate(self.columns):
                        if asked.model == model:
                            yield Place(column, row, repeat)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return len(self.columns) * len(self.rows) * self.repeats

    def checks_of(self, row: int) -> tuple[Check, ...]:
        """Return the checks of a row: those for all, then its own."""
        return (*self.checks, *self.rows[row].checks)

    def cell_seed(self, place: Place, sample: int = 0) -> int:
        """Return the seed of a cell's sample: the same for every column, so that columns meet the same chance."""
        return self.seed + place.repeat * 1_000 + sample

    def missing(self) -> list[tuple[int, str]]:
        """Return the variables that rows do not fill, as (row, variable)."""
        wanted = dict.fromkeys(name for column in self.columns for name in column.variables)
        return [(n, name) for n, row in enumerate(self.rows) for name in wanted if name not in row.values]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON that `from_json` reads."""
        return {
            "name": self.name,
            "columns": [column.to_json() for column in self.columns],
            "rows": [row.to_json() for row in self.rows],
            "checks": [check.to_json() for check in self.checks],
            "repeats": self.repeats,
            "seed": self.seed,
            "extra": dict(self.extra),
        }

    @classmethod
    def from_json(cls, data: object) -> Experiment:
        """Read an experiment. Raises ExperimentInvalid, BadOption, TemplateCode, UnsafeCheck."""
        if not isinstance(data, Mapping):
            raise ExperimentInvalid(where="experiment", wanted='{"columns": […], "rows": […]}')
        return cls(
            columns=tuple(Column.from_json(one, n + 1) for n, one in enumerate(_list(data, "columns"))),
            rows=tuple(_row(one, n + 1) for n, one in enumerate(_list(data, "rows"))),
            checks=tuple(read_check(one) for one in _list(data, "checks")),
            repeats=_whole(data, "repeats", 1),
            seed=_whole(data, "seed", 0),
            name=str(data.get("name") or ""),
            extra=_mapping(data, "extra"),
        )


def read_check(data: object, row: int = 0) -> Check:
    """Read a check in promptfoo's form. Raises ExperimentInvalid, UnsafeCheck (it would run code or read a file)."""
    if not isinstance(data, Mapping) or not isinstance(data.get("type"), str):
        raise ExperimentInvalid(where="assert", wanted='{"type": "contains", "value": "…"}')
    refuse_code(data, row)
    kind = data["type"]
    negate = kind.startswith("not-")
    known = ("type", "value", "threshold", "weight", "metric")
    return Check(
        type=kind.removeprefix("not-"),
        value=data.get("value"),
        negate=negate,
        threshold=_number(data, "threshold"),
        weight=_number(data, "weight") if data.get("weight") is not None else 1.0,  # type: ignore[arg-type]
        metric=str(data.get("metric") or ""),
        options={key: value for key, value in data.items() if key not in known},
    )


def _row(data: object, number: int) -> Row:
    if not isinstance(data, Mapping) or not isinstance(data.get("vars"), Mapping):
        raise ExperimentInvalid(where=f"rows[{number}]", wanted='{"vars": {"question": "…"}}')
    return Row(
        values={str(name): plain(value) for name, value in data["vars"].items()},
        checks=tuple(read_check(one, number) for one in _list(data, "assert")),
        description=str(data.get("description") or ""),
        extra=_mapping(data, "extra"),
    )


def _mapping(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise ExperimentInvalid(where=name, wanted="{…}")
    return dict(found)


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    found = data.get(name) or []
    if not isinstance(found, list):
        raise ExperimentInvalid(where=name, wanted="[…]")
    return found


def _whole(data: Mapping[str, Any], name: str, default: int) -> int:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadOption(option=name, allowed="0, 1, 2 …")
    return value


def _number(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadOption(option=name, allowed="0.5")
    return float(value)
