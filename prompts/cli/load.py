"""What the command line is given to run: an experiment, a promptfoo file or a card, with other rows where asked for."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prompts import template
from prompts.checks.usable import refuse_unusable
from prompts.experiment import Experiment, Row
from prompts.outcome import Check
from prompts.prompt import CONTEXT, Prompt
from prompts.words import say
from rag.errors import StrategyNotFound, VariableMissing

_YAML = (".yaml", ".yml")
_LARGEST = 50_000_000  # bytes


class Unusable(Exception):
    """What was given cannot be used: a key of i18n/*.json, and what fills it."""

    def __init__(self, key: str, **values: object) -> None:
        """Keep both until the language is known."""
        self.key, self.values = key, values
        super().__init__(key)

    def text(self, lang: str) -> str:
        """Return the sentence in `lang`."""
        return say(lang, self.key, **self.values)


@dataclass(frozen=True)
class OtherRows:
    """Rows that take the place of the experiment's: `question` and `expected` are columns of `file`, or paths in them.

    A path like lSolutions.0 goes into lists and objects. `limit` rows are drawn by `seed`.
    """

    file: Path | None = None
    question: str | None = None
    expected: str | None = None
    limit: int | None = None
    seed: int = 0


def experiment_of(name: str, lang: str) -> Experiment:
    """Return the experiment in a file, or of a card. Raises Unusable, and what reading it raises (PromptError)."""
    path = Path(name)
    if not path.is_file():
        return _card(name, lang)
    text = _bytes(path).decode("utf-8-sig", errors="replace")
    if path.suffix.lower() in _YAML:
        return _promptfoo(text, path.stem)
    try:
        data = json.loads(text)
    except ValueError as error:
        raise Unusable("cli.not_json", name=path.name, reason=error) from error
    if isinstance(data, Mapping) and "prompts" in data and "columns" not in data:
        return _promptfoo(text, path.stem)
    if isinstance(data, Mapping) and isinstance(data.get("content"), Mapping):  # as it is shared from the library
        data = data["content"]
    return Experiment.from_json(data)


def prompts_of(name: str, lang: str) -> Iterator[tuple[str, Prompt, Sequence[str] | None, bool]]:
    """Yield (label, prompt, variables of its rows, whether a schema fixes its form) of a file, card or strategy."""
    from prompts.library import strategy

    if not Path(name).is_file():
        try:
            column = strategy(name).column(lang)
        except StrategyNotFound:
            pass
        else:
            yield column.label, column.prompt, None, column.schema is not None
            return
    experiment = experiment_of(name, lang)
    judged = {name for check in _checks(experiment) for name in _named(check)}
    given = dict.fromkeys(name for row in experiment.rows for name in row.values)
    for column in experiment.columns:
        # What only the checks read is no variable of the prompt's.
        known = [name for name in given if name not in judged or name in column.variables]
        yield column.label, column.prompt, [*known, CONTEXT] if column.retrieval else known, column.schema is not None


def _checks(experiment: Experiment) -> Iterator[Check]:
    yield from experiment.checks
    for row in experiment.rows:
        yield from row.checks


def _named(check: Check) -> set[str]:
    return set(template.variables(json.dumps(check.to_json(), ensure_ascii=False)))


def with_tests(experiment: Experiment, tests: OtherRows) -> Experiment:
    """Return the experiment with other rows, or fewer. Raises Unusable, TableUnreadable, VariableMissing, BadCheck."""
    if tests.file is not None:
        experiment = replace(experiment, rows=_rows(experiment, tests))
    elif tests.question or tests.expected:
        raise Unusable("cli.tests_wanted")
    if tests.limit is not None:
        rows = list(experiment.rows)
        random.Random(tests.seed).shuffle(rows)  # noqa: S311 - a draw that can be repeated, no secret
        experiment = replace(experiment, rows=tuple(rows[: tests.limit]))
    _check(experiment)
    return experiment


def _check(experiment: Experiment) -> None:
    """Raise what would otherwise be wrong with every cell."""
    missing = experiment.missing()
    if missing:
        raise VariableMissing(name=missing[0][1])
    for column in experiment.columns:
        if column.retrieval and any(CONTEXT not in row.values for row in experiment.rows):
            raise Unusable("cli.no_documents", label=column.label)
    refuse_unusable(experiment)


def _card(name: str, lang: str) -> Experiment:
    from prompts.lessons.cards import card

    try:
        return card(name).experiment(lang)
    except StrategyNotFound:
        raise Unusable("cli.no_file", name=name) from None


def _promptfoo(text: str, name: str) -> Experiment:
    from prompts.promptfoo.reader import load

    return load(text, name)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise Unusable("cli.too_large", name=path.name)
        return path.read_bytes()
    except OSError as error:
        raise Unusable("cli.unreadable", name=path.name, reason=error.strerror or error) from error


# -- rows of another file ------------------------------------------------------------------------------------------


def _rows(experiment: Experiment, tests: OtherRows) -> tuple[Row, ...]:
    from prompts.tables.reader import read_table, to_rows

    path = tests.file
    if path is None or not path.is_file():
        raise Unusable("cli.no_tests", name=path)
    table = read_table(path.name, _bytes(path))
    if not (tests.question or tests.expected):
        return to_rows(table)
    asked = {_variable(experiment): tests.question, "expected": tests.expected}
    wanted = {name: column for name, column in asked.items() if column}
    return tuple(Row({name: _value(row, column, path.name) for name, column in wanted.items()}) for row in table.rows)


def _variable(experiment: Experiment) -> str:
    """Return the variable that the question fills: `question`, or the only one that the prompts use."""
    used = dict.fromkeys(name for column in experiment.columns for name in column.variables if name != "expected")
    return next(iter(used)) if len(used) == 1 else "question"


def _value(row: Mapping[str, str], column: str, file: str) -> str:
    """Return a column's text or, for a path, what stands at its end. Raises Unusable where there is nothing."""
    name, *path = [column] if column in row else column.split(".")
    found: Any = row.get(name, row.get(re.sub(r"\W+", "_", name).strip("_")))
    try:
        if path:
            found = json.loads(found) if isinstance(found, str) else found
        for step in path:
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (ValueError, LookupError, TypeError):
        found = None
    if found is None or isinstance(found, (list, dict)):
        raise Unusable("cli.no_column", name=file, column=column, columns=", ".join(row))
    return _written(found)


def _written(value: object) -> str:
    """Return a value as a person writes it: 8.0 is 8."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
