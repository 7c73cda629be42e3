"""A run that never was, for what shows and exports runs: hostile names, every outcome, an error, votes, repeats."""

from __future__ import annotations

from datetime import UTC, datetime

from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.outcome import Check, Grade, Outcome
from prompts.prompt import Prompt, Shot
from prompts.reply import Reply
from prompts.runs.cell import Cell
from prompts.runs.store import RunRecord
from prompts.words import Said

BAD = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'{}{0}%s"
WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ROWS = 12


def experiment() -> Experiment:
    columns = (
        Column(f"A {BAD}", Prompt(f"{{{{q}}}} {BAD}"), model=f"model {BAD}"),
        Column("B", Prompt("{{q}}", f"sys {BAD}", (Shot(f"u {BAD}", f"a {BAD}"),), f"begin {BAD}"), samples=3),
    )
    rows = (
        Row({"q": f"value {BAD}", f"name {BAD}": "-5"}, (Check("equals", BAD),), f"described {BAD}"),
        *(Row({"q": f"question {n}"}) for n in range(1, ROWS)),
    )
    return Experiment(columns, rows, (Check("contains", BAD, metric=BAD),), repeats=1, seed=4, name=f"Run {BAD}")


def _reply(place: Place) -> Reply:
    stats = {"prompt_tokens": 20, "completion_tokens": 3, "tokens_per_s": 11.5}
    text = f"=answer {place.row} {BAD}"
    if place == Place(1, 1, 0):
        return Reply("done", error={"en": f"It failed {BAD}", "es": f"Ha fallado {BAD}"})
    votes = {f"vote {BAD}": 2, "other": 1} if place.column else {}
    samples = (text, text, "other") if place.column else ()
    return Reply("done", text, f"<|im_start|>{BAD}", f"model {BAD}", 4, 1.25, samples, votes, stats=stats)


def _outcome(place: Place) -> Outcome:
    if place == Place(0, 0, 0):
        return "unparsed"
    return "right" if place.column or place.row > ROWS - 3 else "wrong"


def cells() -> dict[Place, Cell]:
    found = {}
    for place in experiment().places():
        reply, lenient = _reply(place), _outcome(place)
        strict: Outcome = "unparsed" if place.row == 2 else lenient
        check = Check("contains", BAD)
        grade = Grade(check, strict, lenient, 1.0, Said("check.contains", {"value": BAD}), f"@read {BAD}")
        found[place] = Cell.judged(place, reply, () if reply.error else (grade,))
    return found


def run() -> RunRecord:
    provenance = {"app": f"1.0 {BAD}", "models": {f"m {BAD}": "ab" * 32}, "seed": 4, "stop": [BAD], "none": []}
    return RunRecord("0123456789abcdef", "someone", f"Run {BAD}", experiment(), provenance, "done", WHEN, WHEN)
