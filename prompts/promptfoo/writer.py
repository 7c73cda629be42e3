"""An experiment as a promptfooconfig.yaml. What came from one and was not changed goes out as it came in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from prompts import yaml_text
from prompts.experiment import Experiment, Row
from prompts.outcome import Check
from prompts.promptfoo.cases import TEST, Test, checks_of, default_of, expanded, rows_of, spares_default, tests_of
from prompts.promptfoo.columns import columns_of, seed_of, write_columns
from prompts.promptfoo.plain_text import plain
from prompts.words import LANGUAGES, say
from rag.errors import AulaError

_WORDS = re.compile(r"\s*(\d{1,6})\s*(words?|palabras?)?\s*", re.IGNORECASE)
DOCUMENT, FILE = "promptfoo", "file"  # in Experiment.extra: the file as it was read, and the name it had


def dump(experiment: Experiment) -> str:
    """Return the YAML. Checks that promptfoo does not have keep their own type and are named in a comment on top."""
    document = document_of(experiment)
    ours = sorted(set(_ours(document)))
    notes = [say(lang, "report.promptfoo_ours", types=", ".join(ours)) for lang in LANGUAGES] if ours else []
    return yaml_text.write(document, notes)


def document_of(experiment: Experiment) -> dict[str, Any]:
    """Return the configuration as plain values."""
    kept = experiment.extra.get(DOCUMENT)
    old: dict[str, Any] = dict(kept) if isinstance(kept, Mapping) else {}
    new: dict[str, Any] = {}
    if experiment.name not in ("", old.get("description"), experiment.extra.get(FILE)):
        new["description"] = experiment.name
    same_seed = _read(seed_of, old) == experiment.seed
    if not old or not same_seed or _read(columns_of, old) != experiment.columns:
        old.pop("targets", None)
        new |= write_columns(experiment.columns, experiment.seed)
    new |= _default(experiment, old)
    new |= _tests(experiment, old)
    if repeats_of(old) != experiment.repeats:
        options = old.get("evaluateOptions")
        new["evaluateOptions"] = {**(options if isinstance(options, Mapping) else {}), "repeat": experiment.repeats}
    if "tests" in new:
        old.pop("scenarios", None)
    order = ("description", "prompts", "providers", "defaultTest", "tests")
    whole = old | new
    return whole if old else {key: whole[key] for key in (*order, *whole) if key in whole}


def repeats_of(document: Mapping[str, Any]) -> object:
    """Return how often each test is run, as the file says; 1 where it says nothing."""
    for name in ("evaluateOptions", "commandLineOptions"):
        options = document.get(name)
        if isinstance(options, Mapping) and options.get("repeat") is not None:
            return options["repeat"]
    return 1


def _read(reader: Callable[[Mapping[str, Any]], Any], document: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return what a part of the file says; None where it cannot be read, which is no part of any experiment."""
    try:
        return reader(document)
    except AulaError:
        return None


def _default(experiment: Experiment, old: Mapping[str, Any]) -> dict[str, Any]:
    if _read(checks_of, old) == experiment.checks:
        return {}
    default = _read(default_of, old) or {}
    return {"defaultTest": {**default, "assert": [portable(check).to_json() for check in experiment.checks]}}


def _tests(experiment: Experiment, old: Mapping[str, Any]) -> dict[str, Any]:
    if _read(rows_of, old) == experiment.rows:
        return {}
    default = _read(default_of, old) or {}
    spares = bool(_read(spares_default, old))
    tests = {test.number - 1: test for test in _read(lambda document: list(tests_of(document)), old) or []}
    found: list[Mapping[str, Any]] = []
    for number, group in itertools.groupby(experiment.rows, key=lambda row: row.extra.get(TEST)):
        rows = list(group)
        test = tests.get(number) if isinstance(number, int) else None
        if test is not None and _unchanged(test, rows, default, old, spares):
            found.append({key: value for key, value in test.data.items() if value != {}})
        else:
            found += [_test(row, default, spares) for row in rows]
    return {"tests": found}


def _unchanged(
    test: Test, rows: Sequence[Row], default: Mapping[str, Any], old: Mapping[str, Any], spares: bool
) -> bool:
    return bool(_read(lambda document: expanded(test, default, document, spares), old) == rows)


def _test(row: Row, default: Mapping[str, Any], spares: bool) -> dict[str, Any]:
    given = {name: plain(value) for name, value in (default.get("vars") or {}).items()}
    rest = {key: value for key, value in row.extra.items() if key != TEST and value != default.get(key)}
    if spares:  # such a row carries all its checks itself
        rest["options"] = {**(rest.get("options") or {}), "disableDefaultAsserts": True}
    whole = {
        "description": row.description,
        "vars": {name: value for name, value in row.values.items() if given.get(name) != value},
        "assert": [portable(check).to_json() for check in row.checks],
        **rest,
    }
    return {key: value for key, value in whole.items() if value or key == "vars"}


def _ours(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the types of checks that promptfoo does not have."""
    from prompts.checks.registry import KINDS

    for check in _asserts(document):
        kind = str(check.get("type")).removeprefix("not-")
        if kind in KINDS and KINDS[kind].ours:
            yield kind


def _asserts(data: object) -> Iterator[Mapping[str, Any]]:
    """Yield the checks that stand anywhere under `assert`, sets included."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "assert" and isinstance(value, list):
                yield from (one for one in value if isinstance(one, Mapping))
            if key != "vars":
                yield from _asserts(value)
    elif isinstance(data, (list, tuple)):
        for one in data:
            yield from _asserts(one)


def portable(check: Check) -> Check:
    """Return the check in promptfoo's own terms where it has the same by another name: so many words at most."""
    value = check.value
    match = _WORDS.fullmatch(str(value.get("words") if isinstance(value, Mapping) else value))
    if check.type != "max-length" or not match or not (match[2] or isinstance(value, Mapping)):
        return check
    return replace(check, type="word-count", value={"max": int(match[1])})
