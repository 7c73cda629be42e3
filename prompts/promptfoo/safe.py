"""What a promptfoo file may not hold: whatever there would run a program, read a file or fill in the environment.

See https://www.promptfoo.dev/docs/configuration/reference/: promptfoo itself runs all of this. Nothing here does; it is
refused rather than left out, since the result would not be what the file means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prompts import template
from prompts.safety import CODE_TYPES, refuse_code
from rag.errors import ExperimentInvalid, TemplateCode, UnsafeCheck

# Keys whose value promptfoo takes for a program, or for the path of one.
_CODE_KEYS = frozenset(
    {
        "transform",
        "transformVars",
        "transformResponse",
        "transformRequest",
        "contextTransform",
        "postprocess",
        "requestTransform",
        "responseTransform",
        "responseParser",
        "sessionParser",
        "validateStatus",
        "functionToolCallbacks",
        "assertScoringFunction",
        "nunjucksFilters",
        "extensions",
    }
)
# An address: a scheme and what it leads to. "Python: a snake" is a sentence, "python:grade.py" a program.
_SCHEMES = "javascript|python|ruby|golang|exec|fn|eval|package|vault|webhook|huggingface"
_ADDRESS = re.compile(rf"\s*(?:file:/|(?:{_SCHEMES}):[^\s:])", re.IGNORECASE)
_PROGRAM = re.compile(r"\s*exec:", re.IGNORECASE)
_PATH = re.compile(
    r"(?:file://)?\S+\.(?:txt|md|j2|json|jsonl|ya?ml|csv|xlsx?|[cm]?[jt]s|py|rb|go|sh|exe|bat)(?::\w+|#\w+)?",
    re.IGNORECASE,
)
_DATA = ("vars", "metadata", "value", "properties")  # what stands in them is never a setting
_SHOWN = 60


def refuse_unsafe(data: object, row: int = 0) -> None:
    """Raise UnsafeCheck where `data` would run or read something; `row` is counted from 1, 0 for the whole file."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            refuse_text(str(key), row)
            if key in _CODE_KEYS and value:
                raise UnsafeCheck(row=row, found=str(key))
            if key in _DATA:
                _refuse_texts(value, row)
            elif key == "assert":
                refuse_checks(value, row)
            else:
                refuse_unsafe(value, row)
        _refuse_reference(data, row)
    elif isinstance(data, (list, tuple)):
        for one in data:
            refuse_unsafe(one, row)
    else:
        _refuse_texts(data, row)


def refuse_checks(data: object, row: int) -> None:
    """Raise UnsafeCheck for a check that is a program, at any depth of sets; ExperimentInvalid for what is no list."""
    if data is None:
        return
    if not isinstance(data, list):
        _refuse_texts(data, row)
        raise ExperimentInvalid(where="assert", wanted='[{"type": "contains", "value": "…"}]')
    for one in data:
        if isinstance(one, Mapping):
            refuse_code(one, row)
        refuse_unsafe(one, row)


def refuse_text(text: str, row: int) -> None:
    """Raise UnsafeCheck for an address of a program or file, and for template code."""
    if _ADDRESS.match(text):
        raise UnsafeCheck(row=row, found=text.strip()[:_SHOWN])
    try:
        template.check(text)
    except TemplateCode as error:
        raise UnsafeCheck(row=row, found=str(error.params["found"])) from error


def refuse_path(text: str, row: int = 0) -> None:
    """Raise UnsafeCheck for a text that promptfoo would open or start instead of sending it to a model."""
    if _PROGRAM.match(text) or _PATH.fullmatch(text.strip()):
        raise UnsafeCheck(row=row, found=text.strip()[:_SHOWN])
    refuse_text(text, row)


def refuse_provider(provider: object) -> None:
    """Raise UnsafeCheck for a provider that is a program of one's own (row 0: it holds for all)."""
    name = provider.get("id") if isinstance(provider, Mapping) else provider
    if isinstance(name, str):
        kind = name.strip().split(":")[0].lower()
        if kind in {*CODE_TYPES, "exec", "file", "golang", "package"} or _PATH.fullmatch(name.strip()):
            raise UnsafeCheck(row=0, found=name.strip()[:_SHOWN])
    refuse_unsafe(provider, 0)


def _refuse_reference(data: Mapping[Any, Any], row: int) -> None:
    """A JSON reference may only lead elsewhere in the same file."""
    target = data.get("$ref")
    if isinstance(target, str) and not target.startswith("#"):
        raise UnsafeCheck(row=row, found=target[:_SHOWN])


def _refuse_texts(data: object, row: int) -> None:
    for text in _texts(data):
        refuse_text(text, row)


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _texts(value)
