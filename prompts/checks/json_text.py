"""Checks that an answer is JSON, or holds some, and follows a schema."""

from __future__ import annotations

import json
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match

from prompts.checks.answers import MISSING, canonical, json_values, loads
from prompts.checks.kinds import Asked, Found, Kind, fact, outcome, unread
from prompts.words import Said
from rag.errors import BadCheck


def _is_json(asked: Asked) -> Found:
    """Without a schema: JSON as a whole, as promptfoo has it. With one, what is no JSON is not parseable.

    Leniently the last JSON value in the text is held against the schema.
    """
    whole = loads(asked.text)
    schema = _schema(asked)
    if schema is None:
        return fact(whole is not MISSING, "check.json", "check.json_not")
    held = json_values(asked.text)
    if whole is MISSING and not held:
        return unread("json")
    value = held[-1] if whole is MISSING else whole
    fault = _fault(value, schema)
    one = outcome(not fault)
    return Found(
        strict=one if whole is not MISSING else "unparsed",
        lenient=one,
        score=float(not fault),
        reason=Said("check.schema_not", {"why": fault}) if fault else Said("check.schema"),
        read=canonical(value),
    )


def _contains_json(asked: Asked) -> Found:
    schema = _schema(asked)
    whole = loads(asked.text)
    held = json_values(asked.text) if whole is MISSING else [whole]
    if not held:
        return fact(False, "check.json_held", "check.json_held_not")
    if schema is None:
        return fact(True, "check.json_held", "check.json_held_not", read=canonical(held[-1]))
    faults = [_fault(value, schema) for value in held]
    if "" in faults:
        return fact(True, "check.schema", "check.schema_not", read=canonical(held[faults.index("")]))
    return fact(False, "check.schema", "check.schema_not", read=canonical(held[-1]), why=faults[-1])


def _schema(asked: Asked) -> Any:  # noqa: ANN401 - a schema may be an object, true or false
    """Return the schema, which may be written as YAML or JSON text; None: none. Raises BadCheck."""
    schema = asked.value
    try:
        if isinstance(schema, str):
            schema = yaml.safe_load(schema)
        if schema is None:
            return None
        if "$ref" in (written := json.dumps(schema)) and "://" in written:
            raise BadCheck(type=asked.check.type, reason="$ref")
        Draft202012Validator.check_schema(schema)
    except (SchemaError, yaml.YAMLError, TypeError, RecursionError) as error:
        raise BadCheck(type=asked.check.type, reason=getattr(error, "message", str(error))[:200]) from error
    return schema


def _fault(value: object, schema: Any) -> str:  # noqa: ANN401 - see _schema
    """Return what does not fit the schema, as jsonschema says it; "" where all does."""
    error = best_match(Draft202012Validator(schema).iter_errors(value))
    if error is None:
        return ""
    where = "/".join(str(part) for part in error.absolute_path)
    return f"{where}: {error.message}"[:200] if where else error.message[:200]


KINDS = (
    Kind("is-json", "schema", _is_json),
    Kind("contains-json", "schema", _contains_json),
)
