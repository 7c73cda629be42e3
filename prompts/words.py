"""What this package says in words, from i18n/*.json: verdicts, reasons, reports. The page's own texts are ui's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "es")
_FOLDER = Path(__file__).parent / "i18n"


@cache
def table(lang: str) -> dict[str, str]:
    """Return all texts of a language; one that is not known reads English."""
    name = lang if lang in LANGUAGES else "en"
    loaded: dict[str, str] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def say(lang: str, key: str, **values: object) -> str:
    """Return a text in `lang` with its {placeholders} filled; plain text, not HTML."""
    return table(lang)[key].format(**{name: shown(value, lang) for name, value in values.items()})


def shown(value: object, lang: str) -> str:
    """Return a value as `lang` writes it: a decimal comma in Spanish, texts within texts in the same language."""
    if isinstance(value, Said):
        return value.text(lang)
    if isinstance(value, float):
        text = f"{value:.10g}"
        return text.replace(".", ",") if lang == "es" else text
    return str(value)


@dataclass(frozen=True)
class Said:
    """A sentence that is said in the reader's language: a key of i18n/*.json and what fills it."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        """Return it in `lang`."""
        return say(lang, self.key, **self.values)

    def to_json(self) -> dict[str, str]:
        """Return it in both languages."""
        return {lang: self.text(lang) for lang in LANGUAGES}
