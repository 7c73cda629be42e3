"""What a model wrote, as Markdown that can do nothing: no HTML, no images, no links that hide where they go.

The page's content policy forbids fetching besides; this keeps the text honest. Code keeps every character.
"""

from __future__ import annotations

import re

_CODE = re.compile(
    r"(^[ \t]*(?:```|~~~)[^\n]*\n.*?(?:^[ \t]*(?:```|~~~)[ \t]*$|\Z)|`[^`\n]+`)", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\(\s*<?([^)\s>]*)>?[^)\n]*\)")
_DEFINITION = re.compile(r"^([ \t]*)\[([^\]\n]+)\]:", re.MULTILINE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")  # "a < b" is no tag, and stays as it is for whoever copies it
_IMAGE = re.compile(r"!\[")


def harmless(text: str) -> str:
    """Return Markdown in which HTML is shown as text, and images and links as their words and address."""
    return "".join(part if _is_code(part) else _disarm(part) for part in _CODE.split(text))


def _is_code(part: str) -> bool:
    return _CODE.fullmatch(part) is not None


def _disarm(text: str) -> str:
    text = _LINK.sub(lambda found: _named(found.group(1), found.group(2)), text)
    text = _DEFINITION.sub(r"\1\\[\2]:", text)
    text = _IMAGE.sub(r"!\\[", text)
    return _TAG.sub("&lt;", text)


def _named(words: str, address: str) -> str:
    return f"{words} ({address})" if words and address and words != address else words or address
