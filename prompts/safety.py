"""What a test set may not hold: whatever would run a program, read a file or fill in the environment.

See https://www.promptfoo.dev/docs/configuration/reference/: promptfoo itself runs all of this. Nothing here does; it is
refused rather than left out, since the result would not be what the file means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prompts import template
from rag.errors import ExperimentInvalid, TemplateCode, UnsafeCheck

# Assertions of promptfoo's that are programs, or that call one.
CODE_TYPES = frozenset({"javascript", "python", "ruby", "webhook"})
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
# An address: a scheme and what it leads to. "Python: a snake" is a sentence, "python:grade.py" a program; what follows
# exec: is a command line, blanks and all.
_SCHEMES = "javascript|python|ruby|golang|fn|eval|package|vault|webhook|huggingface"
_ADDRESS = re.compile(rf"\s*(?:file:/|(?:{_SCHEMES}):[^\s:]|exec:[ \t]*[^\s:{{])", re.IGNORECASE)
_PROGRAM = re.compile(r"\s*exec:", re.IGNORECASE)
# One line that ends like a file's name; promptfoo opens it, blanks or not. With a variable in it, it is a prompt.
_PATH = re.compile(
    r"(?:file://)?[^\n{}]+\.(?:txt|md|j2|json|jsonl|ya?ml|csv|xlsx?|[cm]?[jt]s|py|rb|go|sh|exe|bat)(?::\w+|#\w+)?",
    re.IGNORECASE,
)
_PROVIDERS = ("provider", "providers", "targets")
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
            elif key in _PROVIDERS:
                refuse_provider(value, row)
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
    _refuse_address(text, row)
    try:
        template.check(text)
    except TemplateCode as error:
        raise UnsafeCheck(row=row, found=str(error.params["found"])) from error


def refuse_path(text: str, row: int = 0) -> None:
    """Raise UnsafeCheck for a text that promptfoo would open or start instead of sending it to a model."""
    if _PROGRAM.match(text) or _PATH.fullmatch(text.strip()):
        raise UnsafeCheck(row=row, found=text.strip()[:_SHOWN])
    refuse_text(text, row)


def refuse_provider(provider: object, row: int = 0) -> None:
    """Raise UnsafeCheck for a provider that is a program of one's own; `provider` may be a list of them, or a set.

    As promptfoo has them: "openai:x", {id: "openai:x", config: …}, {"openai:x": {config: …}}, {text: "openai:x"}.
    """
    if isinstance(provider, str):
        kind = provider.strip().split(":")[0].lower()
        if kind in {*CODE_TYPES, "exec", "file", "golang", "package"} or _PATH.fullmatch(provider.strip()):
            raise UnsafeCheck(row=row, found=provider.strip()[:_SHOWN])
    elif isinstance(provider, Mapping):
        named = [provider["id"]] if "id" in provider else [*provider, *provider.values()]
        for one in named:
            refuse_provider(one, row)
    elif isinstance(provider, (list, tuple)):
        for one in provider:
            refuse_provider(one, row)
    refuse_unsafe(provider, row)


def refuse_code(data: Mapping[str, Any], row: int = 0) -> None:
    """Raise UnsafeCheck where a check or a part of it could run code or read a file; `row` is counted from 1."""
    kind = str(data.get("type", "")).removeprefix("not-")
    if kind in CODE_TYPES:
        raise UnsafeCheck(row=row, found=kind)
    for text in _texts(data):
        _refuse_address(text, row)


def _refuse_reference(data: Mapping[Any, Any], row: int) -> None:
    """A JSON reference may only lead elsewhere in the same file."""
    target = data.get("$ref")
    if isinstance(target, str) and not target.startswith("#"):
        raise UnsafeCheck(row=row, found=target[:_SHOWN])


def _refuse_address(text: str, row: int) -> None:
    if _ADDRESS.match(text):
        raise UnsafeCheck(row=row, found=text.strip()[:_SHOWN])


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
