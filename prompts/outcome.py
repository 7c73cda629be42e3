"""How an answer is judged: right, wrong or not parseable: what could not be read is not wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from prompts.words import Said

Outcome = Literal["right", "wrong", "unparsed", "none"]  # none: there was nothing to check, or it could not be run
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong", "unparsed", "none")


@dataclass(frozen=True)
class Check:
    """What is asked of an answer. `type` is promptfoo's name without its `not-`, or one of ours (see prompts.checks).

    `value` (a text, number, list or schema) may hold `{{variables}}` of the row. `options` keeps what else stood
    there, so that nothing is lost on the way out.
    """

    type: str
    value: Any = None
    negate: bool = False
    threshold: float | None = None
    weight: float = 1.0
    metric: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return promptfoo's form: {type: "not-contains", value, threshold, weight, metric, ...}."""
        found: dict[str, Any] = {"type": f"not-{self.type}" if self.negate else self.type}
        if self.value is not None:
            found["value"] = self.value
        if self.threshold is not None:
            found["threshold"] = self.threshold
        if self.weight != 1.0:
            found["weight"] = self.weight
        if self.metric:
            found["metric"] = self.metric
        return found | dict(self.options)


@dataclass(frozen=True)
class Grade:
    """What a check found. `strict` wants the answer in the asked form, `lenient` finds it in free text.

    `read` is what was read from the answer ("" when nothing was), `reason` why, `score` from 0 to 1.
    """

    check: Check
    strict: Outcome
    lenient: Outcome
    score: float
    reason: Said
    read: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; `reason` in both languages."""
        return {
            "check": self.check.to_json(),
            "strict": self.strict,
            "lenient": self.lenient,
            "score": round(self.score, 4),
            "reason": self.reason.to_json(),
            "read": self.read,
        }


def combined(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome of several checks: wrong if one is, else unparsed if one is, else right; of none: none."""
    seen = set(outcomes) - {"none"}
    for outcome in ("wrong", "unparsed", "right"):
        if outcome in seen:
            return cast(Outcome, outcome)
    return "none"


def share(judged: Sequence[tuple[Outcome, Grade]]) -> float:
    """Return the weighted share (0..1) of the checks that hold; 0 of none. Each comes with its outcome by one reading.

    The score of a grade is the lenient reading's: where the other one ends otherwise, its outcome is all there is.
    """
    counted = [(outcome, grade) for outcome, grade in judged if outcome != "none"]
    whole = sum(grade.check.weight for _, grade in counted)
    scores = (
        (grade.score if outcome == grade.lenient else float(outcome == "right")) * grade.check.weight
        for outcome, grade in counted
    )
    return sum(scores) / whole if whole else 0.0


def together(judged: Sequence[tuple[Outcome, Grade]], threshold: float | None) -> Outcome:
    """Return the outcome of several checks: all must hold, or with a threshold the weighted share of them."""
    outcomes = [outcome for outcome, _ in judged]
    if threshold is None or combined(outcomes) == "none":
        return combined(outcomes)
    if share(judged) >= threshold:
        return "right"
    return "unparsed" if "unparsed" in outcomes else "wrong"
