"""A JSON schema as a grammar that the model cannot leave (GBNF, llama.cpp's form)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from rag.errors import BadCheck


def gbnf(schema: Mapping[str, Any]) -> str:
    """Return the grammar of the JSON texts that `schema` allows. Raises BadCheck for what is no schema."""
    try:
        text = json.dumps(schema)
    except RecursionError as error:  # nested deeper than can be written
        raise BadCheck(type="schema", reason=type(error).__name__) from error
    return _gbnf(text)


@lru_cache(maxsize=64)
def _gbnf(schema: str) -> str:
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    if "$ref" in schema and "http" in schema:  # the converter would fetch it
        raise BadCheck(type="schema", reason="$ref")
    try:
        Draft202012Validator.check_schema(json.loads(schema))
        return str(json_schema_to_gbnf(schema))
    except SchemaError as error:
        raise BadCheck(type="schema", reason=error.message[:200]) from error
    except (AssertionError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadCheck(type="schema", reason=str(error)[:200] or type(error).__name__) from error
