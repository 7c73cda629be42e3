"""All checks by name, and an answer judged by them. promptfoo's types have promptfoo's names and meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from prompts import template
from prompts.checks import compare, figures, json_text, markup, meaning, number, text
from prompts.checks.kinds import Asked, Found, Kind, Tools, not_run
from prompts.column import Column
from prompts.experiment import Experiment, Place, Row, read_check
from prompts.outcome import Check, Grade, Outcome, share, together
from prompts.prompt import Prompt
from prompts.reply import Reply
from prompts.words import Said
from rag.errors import BadCheck, BadOption, ExperimentInvalid, TemplateCode, UnsafeCheck, VariableMissing

__all__ = ["KINDS", "NOT_RUN", "Kind", "Tools", "check", "grade", "is_kept_only", "labels", "validate"]

# What promptfoo has and Aula does not run: it would need another service, a trace, a price or a library of its own.
NOT_RUN = tuple(
    [
        "answer-relevance",
        "classifier",
        "contains-sql",
        "context-faithfulness",
        "context-recall",
        "context-relevance",
        "conversation-relevance",
        "cost",
        "factuality",
        "g-eval",
        "guardrails",
        "human",
        "is-sql",
        "is-valid-function-call",
        "is-valid-openai-function-call",
        "is-valid-openai-tools-call",
        "max-score",
        "meteor",
        "model-graded-factuality",
        "moderation",
        "perplexity",
        "perplexity-score",
        "pi",
        "search-rubric",
        "select-best",
        "skill-used",
        "tool-call-f1",
        "trace-error-spans",
        "trace-span-count",
        "trace-span-duration",
        "trajectory:goal-success",
        "trajectory:step-count",
        "trajectory:tool-args-match",
        "trajectory:tool-sequence",
        "trajectory:tool-used",
    ]
)
_ALIKE = {"similar:cosine": "similar"}  # other names of the same
_TRIED = Reply("done", text="9", seconds=1.0, stats={"finish_reason": "stop"})  # what a check is tried on by `validate`
_MOST_LABELS = 20


def _set(asked: Asked) -> Found:
    """Judge a group: all of it, or with a threshold the weighted share of it, must be right (assert-set)."""
    inner = asked.check.options.get("assert")
    if not isinstance(inner, list) or not inner or any(_type(one) == "assert-set" for one in inner):
        raise BadCheck(type="assert-set", reason="assert: [{type: contains, value: …}]")
    checks = [read_check(one) for one in inner]
    grades = [check(one, asked.reply, asked.row, asked.column, asked.tools, asked.labels) for one in checks]
    strict = together([(grade.strict, grade) for grade in grades], asked.check.threshold)
    lenient = together([(grade.lenient, grade) for grade in grades], asked.check.threshold)
    right = sum(grade.lenient == "right" for grade in grades)
    reason = Said("check.set", {"right": right, "all": len(grades)})
    return Found(strict, lenient, share([(grade.lenient, grade) for grade in grades]), reason)


def _type(data: object) -> str:
    return str(data.get("type")).removeprefix("not-") if isinstance(data, dict) else ""


_FILES = (compare, text, number, json_text, markup, meaning, figures)
KINDS: dict[str, Kind] = {
    **{kind.type: kind for file in _FILES for kind in file.KINDS},
    "assert-set": Kind("assert-set", "checks", _set),
    **{name: Kind(name, "nothing") for name in NOT_RUN},
}


def check(check: Check, reply: Reply, row: Row, column: Column, tools: Tools, labels: Sequence[str] = ()) -> Grade:
    """Judge an answer by one check. What cannot be checked, or is no check, is "none" with its reason.

    `labels`: all there are, where the column reads a label. A check of weight 0 is measured and decides nothing.
    """
    found = _found(check, reply, row, column, tools, tuple(labels))
    strict, lenient, score = found.strict, found.lenient, found.score
    if check.negate:
        strict, lenient = _negated(strict), _negated(lenient)
        score = 1 - score if lenient in ("right", "wrong") else score
    if check.weight == 0:
        strict = lenient = "none"
    return Grade(check, strict, lenient, score, found.reason, found.read)


def _negated(outcome: Outcome) -> Outcome:
    swapped: dict[Outcome, Outcome] = {"right": "wrong", "wrong": "right"}
    return swapped.get(outcome, outcome)  # what could not be read says nothing, negated or not


def _found(check: Check, reply: Reply, row: Row, column: Column, tools: Tools, labels: tuple[str, ...]) -> Found:
    kind = KINDS.get(_ALIKE.get(check.type, check.type))
    if kind is None:
        return not_run(Said("check.unknown", {"type": check.type}))
    if kind.judge is None:
        return not_run(Said("check.not_run", {"type": check.type}))
    if reply.error or reply.stopped:
        return not_run(Said("check.no_answer"))
    try:
        asked = Asked(check, _filled(check.value, row), reply, row, column, tools, labels)
        return kind.judge(asked)
    except VariableMissing as error:
        return not_run(Said("check.no_variable", error.params))
    except (BadCheck, BadOption, ExperimentInvalid, TemplateCode, UnsafeCheck) as error:
        return not_run(Said("check.broken", {"type": check.type, "why": _why(error)}))


def _why(error: Exception) -> str:
    """Return the part of an error that is the same in every language: a library's words, or an example."""
    params = getattr(error, "params", {})
    return str(next((params[name] for name in ("reason", "wanted", "found", "allowed") if name in params), ""))


def _filled(value: Any, row: Row) -> Any:  # noqa: ANN401 - a value is any JSON
    """Put the row's values in, however deep. Raises TemplateCode, VariableMissing."""
    if isinstance(value, str):
        return template.fill(value, row.values)
    if isinstance(value, dict):
        return {name: _filled(one, row) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, row) for one in value]
    return value


def validate(one: Check, row: Row | None = None, column: Column | None = None) -> None:
    """Raise BadCheck where a check cannot work whatever the answer: for whoever writes or imports it.

    Without a `row`, what holds variables is taken to work; with one it is filled in (VariableMissing, TemplateCode).
    """
    kind = KINDS.get(_ALIKE.get(one.type, one.type))
    if kind is None or kind.judge is None or (row is None and template.variables(str(one.value))):
        return
    value = one.value if row is None else _filled(one.value, row)
    kind.judge(Asked(one, value, _TRIED, row or Row({}), column or Column("", Prompt("")), Tools()))


def labels(experiment: Experiment) -> tuple[str, ...]:
    """Return the labels that answers are compared with over all rows; none where there are too many to be labels."""
    found: dict[str, None] = {}
    for at, row in enumerate(experiment.rows):
        found.update(dict.fromkeys(_expected(experiment.checks_of(at), row)))
        if len(found) > _MOST_LABELS:
            return ()
    return tuple(found)


def _expected(checks: Iterable[Check], row: Row) -> Iterable[str]:
    for one in checks:
        if one.type in ("equals", "exact-match") and isinstance(one.value, str):
            try:
                yield template.fill(one.value, row.values)
            except (TemplateCode, VariableMissing):
                continue


def grade(experiment: Experiment, place: Place, reply: Reply, tools: Tools) -> tuple[Grade, ...]:
    """Judge the answer of a cell by all its checks. An answer that failed or was stopped has no grades."""
    if reply.error or reply.stopped:
        return ()
    row, column = experiment.rows[place.row], experiment.columns[place.column]
    known = labels(experiment) if column.parse == "label" else ()
    return tuple(check(one, reply, row, column, tools, known) for one in experiment.checks_of(place.row))


def is_kept_only(one: Check) -> bool:
    """Tell whether a check is kept for export and not run here."""
    kind = KINDS.get(_ALIKE.get(one.type, one.type))
    return kind is None or kind.judge is None
