"""The two languages say the same things, with the same gaps, and the code asks for nothing else."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from rag.settings import PRESETS
from ui.texts import LANGUAGES, count, decimal, grouped, say, table, translations

UI = Path(__file__).resolve().parents[2] / "ui"
PREFIXES = {key.split(".")[0] for key in table("en")}
# Keys that the code puts together from a prefix and a value.
COMPOSED = re.compile(
    r"(lang|common\.(seconds|minutes|hours)|reader|window|header\.(ready|loading|failed|none)"
    r"|docs\.(state|page|why|which|runs_where|pause|resume|dismiss|retry|move|unlock)"
    r"|collections\.(rename|delete|clear|unwatch|halt|import|watch)(_name|_ask|_begun)?$"
    r"|chat\.(scope|language|preset)_|chat\.(temperature|top_k|top_p|min_p|repeat_penalty|max_tokens|seed)(_info)?$"
    r"|models\.(in_use|loading|installed)$"
    r"|lab\.(tab_|[a-z]+\.(intro$|try_))"
    r"|lab\.search\.(way|about|head|tree|fate)_|lab\.search\.(n|steps|width|length_penalty|no_repeat_ngram|temperature"
    r"|top_k|top_p|min_p)(_info)?$|lab\.temperature\.(answers|different|distinct|agreement|overlap)$"
    r"|lab\.words\.(by_\d|text_[ab]|ex_|where_|(model|bits|perplexity|kinds|possible|seen|reads)$)"
    r"|lab\.steps\.((key|head|kind|colour)_|(fable|capital)_text$)"
    r"|lab\.next\.(stage|col|example)_|lab\.next\.(repeat_penalty|frequency_penalty|presence_penalty|penalty_window"
    r"|top_k|typical_p|top_p|min_p|temperature)(_info)?$"
    r"|lab\.context\.col_|lab\.context\.(sentence|question|expected|longest|lengths|depths|repeats)(_info)?$"
    r"|lab\.models\.col_|lab\.models\.(first|second|text|prompt)(_info)?$"
    r"|lab\.tokens\.(ex|col|kind)_|lab\.tokens\.(same|more|fewer|text|text_info|other|other_info)$)"
)


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def strings() -> set[str]:
    found: set[str] = set()
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_same_keys_and_gaps() -> None:
    english, spanish = table("en"), table("es")
    assert english.keys() == spanish.keys()
    for key, text in english.items():
        assert gaps(text) == gaps(spanish[key]), key
        assert (text, spanish[key]) == (text.strip(), spanish[key].strip()), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_empty(lang: str) -> None:
    assert all(table(lang).values())


def test_every_key_is_used_and_every_use_has_a_key() -> None:
    used = strings()
    unused = [
        key
        for key in table("en")
        if key not in used and key.removesuffix("_one") not in used and not COMPOSED.match(key)
    ]
    assert unused == []
    asked = {text for text in used if re.fullmatch(rf"({'|'.join(PREFIXES)})\.[a-z_]*[a-z]", text)}
    gradio = {"upload_text.drop_file", "upload_text.click_to_upload"}
    assert asked - table("en").keys() - gradio == set()
    for preset in PRESETS:
        assert f"chat.preset_{preset}" in table("en")


def test_the_browser_gets_everything() -> None:
    tables = translations().translations_dict
    assert set(tables) == set(LANGUAGES)
    for lang in LANGUAGES:
        assert table(lang).items() <= tables[lang].items()
        assert tables[lang]["upload_text.drop_file"] == say(lang, "gradio.drop_file")


def test_numbers_as_each_language_writes_them() -> None:
    assert [grouped(1234, lang) for lang in LANGUAGES] == ["1,234", "1234"]
    assert [grouped(12345, lang) for lang in LANGUAGES] == ["12,345", "12.345"]
    assert [decimal(1.25, lang) for lang in LANGUAGES] == ["1.2", "1,2"]
    assert [decimal(-15.2, lang) for lang in LANGUAGES] == ["−15.2", "−15,2"]  # a minus, no hyphen
    assert [grouped(-12345, lang) for lang in LANGUAGES] == ["−12,345", "−12.345"]
    assert count("es", "docs.pages", 1) == "1 página"
    assert count("es", "docs.pages", 40_000) == "40.000 páginas"
