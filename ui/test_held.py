"""What the Test set tab's components hold, as values: rows, checks, repeats, seed and name; and back again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts.column import Column
from prompts.experiment import Experiment, Row, read_check
from prompts.outcome import Check
from prompts.tables.reader import Table
from rag.errors import NothingToRun, RowVariableMissing
from ui import test_table
from ui.test_table import EXPECTED, Grid

Kept = Mapping[str, Any]  # {"rows": [Row.to_json()], "checks": [Check.to_json()] or None: Aula chooses, "extra": {...}}
EMPTY: Kept = {"rows": [], "checks": None, "extra": {}}


@dataclass(frozen=True)
class Held:
    """A test set. `checks` None: nobody has chosen any, so Aula compares with `expected` where somebody wrote it."""

    rows: tuple[Row, ...]
    table: Table
    checks: tuple[Check, ...] | None = None
    repeats: int = 1
    seed: int = 0
    name: str = ""
    extra: Mapping[str, Any] | None = None

    def common(self, columns: Sequence[Column]) -> tuple[Check, ...]:
        """Return the checks for all rows: those chosen, else the usual one for what the columns read."""
        if self.checks is not None:
            return self.checks
        written = any(row.values.get(EXPECTED, "").strip() for row in self.rows)
        if not written or any(row.checks for row in self.rows):
            return ()
        numbers = bool(columns) and all(column.parse == "number" for column in columns)
        return (Check("number" if numbers else "exact-match", f"{{{{{EXPECTED}}}}}"),)

    def experiment(self, columns: Sequence[Column]) -> Experiment:
        """Return what would be run. Raises NothingToRun without rows or columns, BadOption."""
        if not self.rows or not columns:
            raise NothingToRun
        return Experiment(
            columns=tuple(columns),
            rows=self.rows,
            checks=self.common(columns),
            repeats=self.repeats,
            seed=self.seed,
            name=self.name,
            extra=dict(self.extra or {}),
        )

    def ready(self, columns: Sequence[Column]) -> Experiment:
        """Return what is to be run now. Raises NothingToRun for a column that asks nothing, VariableMissing."""
        experiment = self.experiment(columns)
        if not all(column.prompt.user.strip() for column in columns):
            raise NothingToRun
        wanted = variables(columns)
        for number, row in enumerate(self.rows, 1):
            for name in wanted:
                if not row.values.get(name, "").strip():
                    raise RowVariableMissing(name=name, row=number)
        return experiment

    def kept(self) -> Kept:
        """Return what is kept beside the table."""
        checks = None if self.checks is None else [check.to_json() for check in self.checks]
        return {"rows": [row.to_json() for row in self.rows], "checks": checks, "extra": dict(self.extra or {})}


def read(values: Sequence[Any]) -> Held:
    """Return what the components hold: table, kept, repeats, seed, name. Raises UnsafeCheck, ... for a row's checks."""
    shown, kept, repeats, seed, name = values
    table = test_table.table_of(shown)
    before = kept_rows(kept)
    return Held(
        rows=test_table.rows_of(table, before),
        table=table,
        checks=kept_checks(kept),
        repeats=max(1, int(repeats or 1)),
        seed=max(0, int(seed or 0)),
        name=str(name or "").strip(),
        extra=kept.get("extra"),
    )


def kept_checks(kept: Kept) -> tuple[Check, ...] | None:
    """Return the checks that were kept; None where nobody has chosen any. Raises UnsafeCheck, ExperimentInvalid."""
    checks = kept.get("checks")
    return None if checks is None else tuple(read_check(one) for one in checks)


def variables(columns: Sequence[Column]) -> list[str]:
    """Return the variables that the columns need, each once."""
    return list(dict.fromkeys(name for column in columns for name in column.variables))


def kept_rows(kept: Kept) -> tuple[Row, ...]:
    """Return rows as they were kept. Raises UnsafeCheck, ExperimentInvalid."""
    return tuple(
        Row(
            values=one["vars"],
            checks=tuple(read_check(check) for check in one.get("assert", ())),
            description=one.get("description", ""),
            extra=one.get("extra", {}),
        )
        for one in kept.get("rows", ())
    )


def of(experiment: Experiment) -> tuple[Grid, Kept, int, int, str]:
    """Return what the components are to hold of an experiment, in their order."""
    kept = {
        "rows": [row.to_json() for row in experiment.rows],
        "checks": [check.to_json() for check in experiment.checks],
        "extra": dict(experiment.extra),
    }
    grid = test_table.show(experiment.rows, variables(experiment.columns))
    return grid, kept, experiment.repeats, experiment.seed, experiment.name
