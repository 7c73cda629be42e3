"""What the set-up says, in the language of the locale; the sentences are in i18n/en.json and i18n/es.json."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "i18n"


def language(env: Mapping[str, str] = os.environ) -> str:
    """Return "es" when the locale of `env` is Spanish, else "en"; the first variable that is set decides."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if env.get(name):
            return "es" if env[name].lower().startswith("es") else "en"
    return "en"


def sentences(lang: str) -> dict[str, str]:
    """Return every sentence in `lang`, by key, with its {fields} open."""
    found: dict[str, str] = json.loads((FOLDER / f"{lang}.json").read_text(encoding="utf-8"))
    return found


def text(key: str, **values: object) -> str:
    """Return the sentence `key` in the person's language, its {fields} filled in."""
    return sentences(language())[key].format(**values)


def say(key: str, **values: object) -> None:
    """Print one sentence in the person's language."""
    print(text(key, **values), flush=True)
