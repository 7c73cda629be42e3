"""promptfoo's tests, scenarios and defaultTest to rows and checks; it knows nothing of prompts and providers.

See https://www.promptfoo.dev/docs/configuration/test-cases/ and /scenarios/. Lists of values are crossed, as there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts import template
from prompts.experiment import MOST_ROWS, Row, read_check
from prompts.outcome import Check
from prompts.promptfoo.plain_text import plain
from prompts.safety import refuse_checks, refuse_unsafe
from prompts.tables.combine import label
from rag.errors import BadOption, ExperimentInvalid, UnsafeCheck, YamlTooLarge

TEST = "test"  # in Row.extra: the number of the test that a row comes from, from 0
_OWN = ("vars", "assert", "description")
_MERGED = ("options", "metadata")
_NESTED = 5  # how deep values may name one another
_MOST_TEXT = 5_000_000  # characters that this may come to


@dataclass(frozen=True)
class Test:
    """One test with what its scenario gives it, without the default's. `number` is counted from 1."""

    number: int
    data: Mapping[str, Any]


def rows_of(document: Mapping[str, Any]) -> tuple[Row, ...]:
    """Return the rows of all tests; without any, the default's. Raises UnsafeCheck, ExperimentInvalid, BadOption."""
    default, spares = default_of(document), spares_default(document)
    rows: list[Row] = []
    for test in list(tests_of(document)) or [Test(0, {})]:
        rows += expanded(test, default, document, spares)
        if len(rows) > MOST_ROWS:
            raise BadOption(option="rows", allowed=f"1 – {MOST_ROWS}")
    return tuple(rows)


def checks_of(document: Mapping[str, Any]) -> tuple[Check, ...]:
    """Return the checks for all rows; none where a test does without them (then rows carry them)."""
    return () if spares_default(document) else _checks(default_of(document).get("assert"), document, 0)


def default_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return defaultTest. Raises UnsafeCheck where it is a file."""
    default = document.get("defaultTest") or {}
    if not isinstance(default, Mapping):
        raise UnsafeCheck(row=0, found=f"defaultTest: {str(default)[:40]}")
    refuse_unsafe(default, 0)
    return default


def tests_of(document: Mapping[str, Any]) -> Iterator[Test]:
    """Yield the tests, then those of the scenarios. Raises UnsafeCheck, naming the row, for what is a file."""
    number = 0
    for number, data in enumerate(_mappings(document, "tests"), 1):
        yield Test(number, data)
    for scenario in _mappings(document, "scenarios"):
        for given, data in itertools.product(
            list(_mappings(scenario, "config", number + 1)) or [{}],
            list(_mappings(scenario, "tests", number + 1)) or [{}],
        ):
            number += 1
            if number > MOST_ROWS:
                raise BadOption(option="rows", allowed=f"1 – {MOST_ROWS}")
            merged = {**given, **data, "vars": {**_vars(given, number), **_vars(data, number)}}
            yield Test(number, merged | {name: _merged(name, given, data, number) for name in _MERGED})


def expanded(test: Test, default: Mapping[str, Any], document: Mapping[str, Any], spares: bool) -> list[Row]:
    """Return the rows of one test: one for each combination of the values in lists. `spares`: see spares_default."""
    number, data = test.number, test.data
    refuse_unsafe(data, number)
    extra = _extra(data, default, number)
    given = {**_vars(default, 0), **_vars(data, number)}
    crossing = extra.get("options", {}).get("disableVarExpansion") is not True
    values = {str(name): _values(value, crossing) for name, value in given.items()}
    if math.prod(len(one) for one in values.values()) > MOST_ROWS:
        raise BadOption(option="rows", allowed=f"1 – {MOST_ROWS}")
    checks = _checks(data.get("assert"), document, number)
    if spares and not _does_without(data):
        checks = (*_checks(default.get("assert"), document, 0), *checks)
    described = str(data.get("description") or default.get("description") or "")
    rows = []
    for chosen in itertools.product(*(range(len(one)) for one in values.values())):
        filled = {name: all_of[n] for (name, all_of), n in zip(values.items(), chosen, strict=True)}
        which = label(values, chosen) if any(len(one) > 1 for one in values.values()) else ""
        rows.append(Row(_resolved(filled), checks, " · ".join(one for one in (described, which) if one), extra))
    return rows


def _extra(data: Mapping[str, Any], default: Mapping[str, Any], number: int) -> dict[str, Any]:
    extra = {key: value for key, value in {**default, **data}.items() if key not in _OWN}
    extra |= {name: _merged(name, default, data, number) for name in _MERGED}
    extra = {key: value for key, value in extra.items() if value not in ({}, None)}
    return extra | ({TEST: number - 1} if number else {})


def _merged(name: str, first: Mapping[str, Any], second: Mapping[str, Any], number: int) -> dict[str, Any]:
    parts = [part.get(name) or {} for part in (first, second)]
    if not all(isinstance(part, Mapping) for part in parts):
        raise ExperimentInvalid(where=f"tests[{number}].{name}", wanted="{…}")
    return {**parts[0], **parts[1]}


def _checks(data: object, document: Mapping[str, Any], row: int) -> tuple[Check, ...]:
    refuse_checks(data, row)
    listed = data if isinstance(data, list) else []
    return tuple(read_check(_referred(one, document), row) for one in listed)


def _referred(data: object, document: Mapping[str, Any]) -> object:
    """Return what {"$ref": "#/assertionTemplates/name"} stands for (RFC 6901), with what is added to it."""
    if not isinstance(data, Mapping) or not isinstance(data.get("$ref"), str):
        return data
    found: object = document
    for part in data["$ref"].removeprefix("#").strip("/").split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or "$ref" in found:
        raise ExperimentInvalid(where=str(data["$ref"])[:60], wanted='{"type": "contains", "value": "…"}')
    refuse_unsafe([found], 0)
    return {**found, **{key: value for key, value in data.items() if key != "$ref"}}


def spares_default(document: Mapping[str, Any]) -> bool:
    """Return whether a test does without the default's checks: then every other row carries them itself."""
    return bool(default_of(document).get("assert")) and any(_does_without(test.data) for test in tests_of(document))


def _does_without(data: Mapping[str, Any]) -> bool:
    options = data.get("options")
    return isinstance(options, Mapping) and options.get("disableDefaultAsserts") is True


def _vars(data: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    found = data.get("vars") or {}
    if isinstance(found, (str, list)):
        raise UnsafeCheck(row=number, found=f"vars: {str(found)[:40]}")
    if not isinstance(found, Mapping):
        raise ExperimentInvalid(where=f"tests[{number}].vars", wanted='{"question": "…"}')
    return found


def _values(value: object, crossing: bool) -> list[str]:
    return [plain(one) for one in value] if crossing and isinstance(value, list) else [plain(value)]


def _resolved(values: dict[str, str]) -> dict[str, str]:
    """Fill in values that name other variables; to us, what a value holds is no template any more."""
    for _ in range(_NESTED):
        if not any(name in values for value in values.values() for name in template.variables(value)):
            break
        same = {name: f"{{{{{name}}}}}" for value in values.values() for name in template.variables(value)}
        if sum(value.count("{{") for value in values.values()) * max(map(len, values.values())) > _MOST_TEXT:
            raise YamlTooLarge(size="2 MB", parts="200 000")
        values = {name: template.fill(value, same | values) for name, value in values.items()}
    return values


def _mappings(data: Mapping[str, Any], name: str, row: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the members of a list of mappings; a text there is the path of a file, or the address of a table."""
    found = data.get(name)
    listed: Sequence[object] = found if isinstance(found, list) else [] if found is None else [found]
    for n, one in enumerate(listed, 1):
        at = (row or n) if isinstance(found, list) else 0
        if isinstance(one, str) or (isinstance(one, Mapping) and "path" in one and "vars" not in one):
            raise UnsafeCheck(row=at, found=str(one if isinstance(one, str) else one["path"])[:60])
        if not isinstance(one, Mapping) or not isinstance(found, list):
            raise ExperimentInvalid(where=name, wanted='[{"vars": {…}, "assert": […]}]')
        yield one
