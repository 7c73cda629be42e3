"""What an imported test set may not hold: anything that would run code, read a file or ask another machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag.errors import UnsafeCheck

# Assertions of promptfoo's that are programs, or that call one.
CODE_TYPES = frozenset({"javascript", "python", "ruby", "webhook"})
# As promptfoo marks them: "python:len(output)", "file://x.py". "Python: a snake" is a text like any other.
_ADDRESS = re.compile(r"\s*(?:(?:javascript|python|ruby|fn|exec|eval|package):(?=\S)|file://)", re.IGNORECASE)


def refuse_code(data: Mapping[str, Any], row: int = 0) -> None:
    """Raise UnsafeCheck where a check or a part of it could run code or read a file; `row` is counted from 1."""
    kind = str(data.get("type", "")).removeprefix("not-")
    if kind in CODE_TYPES:
        raise UnsafeCheck(row=row, found=kind)
    refuse_addresses(data, row)


def refuse_addresses(data: object, row: int = 0) -> None:
    """Raise UnsafeCheck for a text anywhere in `data` that names a program or a file to be read."""
    for text in _texts(data):
        found = _ADDRESS.match(text)
        if found:
            raise UnsafeCheck(row=row, found=text.strip()[:60])


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _texts(value)
