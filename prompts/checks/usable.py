"""Whether an experiment's checks can work at all, before anything is asked. What an answer is worth is registry's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from prompts.checks.registry import NOT_RUN, is_kept_only, validate
from prompts.column import Column
from prompts.experiment import Experiment, Row, read_check
from prompts.outcome import Check
from rag.errors import BadCheck, PromptError

_SET = "assert-set"


def refuse_unusable(experiment: Experiment) -> None:
    """Raise where a check cannot work whatever is answered, on none of its rows: for whoever starts a run.

    Raises BadCheck (an unknown type or a value that does not fit), VariableMissing, TemplateCode and what else reading
    its value raises. What promptfoo has and Aula only keeps may stand there; it decides nothing.
    """
    for one in experiment.checks:
        _refuse(one, experiment.rows, experiment.columns)
    for row in experiment.rows:
        for one in row.checks:
            _refuse(one, [row], experiment.columns)


def every_check(experiment: Experiment) -> Iterator[Check]:
    """Yield the checks for all rows, those of the rows, and those in groups."""
    for one in (*experiment.checks, *(check for row in experiment.rows for check in row.checks)):
        yield one
        yield from _inside(one)


def _inside(one: Check) -> Iterator[Check]:
    """Yield what a group holds; what is no check there is left out."""
    inner = one.options.get("assert") if one.type == _SET else None
    for data in inner if isinstance(inner, list) else ():
        try:
            yield read_check(data)
        except PromptError:
            continue


def _refuse(one: Check, rows: Iterable[Row], columns: Iterable[Column]) -> None:
    """Raise what is wrong with a check on the first row, unless it can work on another one, or in another column."""
    first: PromptError | None = None
    for row, column in product(rows, columns):
        try:
            _works(one, row, column)
        except PromptError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise first


def _works(one: Check, row: Row, column: Column) -> None:
    if is_kept_only(one) and one.type not in NOT_RUN:
        raise BadCheck(type=one.type, reason="type: contains, equals, number, …")
    validate(one, row, column)
    if one.type == _SET:
        for data in one.options["assert"]:  # a list: `validate` has seen it
            _works(read_check(data), row, column)
