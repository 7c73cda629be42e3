"""Every word on the page, from i18n/*.json: for the browser to choose, or in a language that is already known."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import gradio as gr
from gradio.i18n import I18nData

LANGUAGES = ("en", "es")
_FOLDER = Path(__file__).parent / "i18n"
# Gradio's own words that this page shows, said in the page's voice.
_GRADIO = {
    "upload_text.drop_file": "gradio.drop_file",
    "upload_text.click_to_upload": "gradio.click_to_upload",
}


@cache
def table(lang: str) -> dict[str, str]:
    """Return all texts of a language."""
    loaded: dict[str, str] = json.loads((_FOLDER / f"{lang}.json").read_text(encoding="utf-8"))
    return loaded


def say(lang: str, key: str, **values: object) -> str:
    """Return a text in `lang` with its {placeholders} filled; plain text, not HTML."""
    return table(lang)[key].format(**values) if values else table(lang)[key]


def count(lang: str, key: str, n: int) -> str:
    """Return `key` for n things, or `key`_one when there is one."""
    return say(lang, f"{key}_one" if n == 1 else key, n=f"{n:n}" if n < 1000 else grouped(n, lang))


def grouped(n: int, lang: str) -> str:
    """Return a whole number as it is written in `lang`: 12,345 or 12.345 (Spanish groups from five digits on)."""
    text = f"{n:,}".replace("-", "−")
    if lang == "es":
        return text.replace(",", "." if abs(n) >= 10_000 else "")
    return text


def decimal(value: float, lang: str, digits: int = 1) -> str:
    """Return a number with a decimal point, or comma, as `lang` has it, and with a true minus sign."""
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.replace(".", ",") if lang == "es" else text


def static(key: str) -> I18nData:
    """Return a text that the browser puts into the page's language."""
    if key not in table("en"):
        raise KeyError(key)
    return I18nData(key)


def translations() -> gr.I18n:
    """Return the texts in the form that launch() takes."""
    tables = {}
    for lang in LANGUAGES:
        words = dict(table(lang))
        words.update({theirs: words[ours] for theirs, ours in _GRADIO.items()})
        tables[lang] = words
    return gr.I18n(**tables)
