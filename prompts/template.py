"""Texts with `{{variables}}`: which ones, and filled. Data only: loops, conditions and filters are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rag.errors import TemplateCode, VariableMissing

VARIABLE = re.compile(r"\{\{\s*([^\W\d][\w-]*)\s*\}\}")
_CODE = re.compile(r"\{\{[^{}\n]*\}?\}?|\{%.*?(?:%\}|$)|\{#.*?(?:#\}|$)", re.DOTALL)
_SHOWN = 40  # characters of what is refused


def variables(texts: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of the variables, each once, in order of appearance."""
    joined = texts if isinstance(texts, str) else "\n".join(texts)
    return tuple(dict.fromkeys(VARIABLE.findall(joined)))


def check(text: str) -> None:
    """Raise TemplateCode where `text` holds anything but plain `{{name}}` between template brackets."""
    found = _CODE.search(VARIABLE.sub("", text))
    if found:
        raise TemplateCode(found=found.group()[:_SHOWN])


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in, once: what a value itself holds is data. Raises TemplateCode, VariableMissing."""
    check(text)

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise VariableMissing(name=name)
        return str(values[name])

    return VARIABLE.sub(value, text)
