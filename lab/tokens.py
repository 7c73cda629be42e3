"""Text as a model reads it: its tokens, with their ids and bytes. It knows no page, and loads nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.messages import BaseMessage

if TYPE_CHECKING:
    from rag.llama.vocabulary import Vocabulary
    from rag.llm import LlamaChat

_SEEN = {" ": "␣", "\n": "↵", "\t": "⇥"}
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}  # Unicode's categories of what leaves no mark of its own
_CARRIER = "\u25cc"  # the dotted circle, which Unicode has for showing an accent that stands alone


@dataclass(frozen=True)
class Token:
    r"""A token: `text` as it reads, what is but a part of a letter as its bytes, like \xc3.

    `special`: a control token of the model's own, which no text that people write becomes.
    """

    id: int
    text: str
    bytes: bytes
    special: bool


def token(vocabulary: Vocabulary, id: int) -> Token:
    """Return the token with that id, 0 to vocabulary.size - 1."""
    whole = vocabulary.piece(id, special=True)
    return Token(id, whole.decode("utf-8", "backslashreplace"), whole, bool(whole) and not vocabulary.piece(id))


def visible(text: str) -> str:
    r"""Return a token's text with what cannot be seen: a blank as ␣, a line break as ↵, others like \u200b."""
    shown = "".join(_mark(letter) for letter in text)
    return _CARRIER + shown if text and unicodedata.combining(text[0]) else shown


def _mark(letter: str) -> str:
    if letter in _SEEN:
        return _SEEN[letter]
    if unicodedata.category(letter) not in _UNSEEN:
        return letter
    code = ord(letter)
    return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"


def tokens(chat: LlamaChat, text: str) -> list[Token]:
    """Return a text's tokens, by themselves: without the one that some models want first."""
    return [token(chat.vocabulary, id) for id in chat.tokenize(text)]


def templated(chat: LlamaChat, messages: Sequence[BaseMessage]) -> list[Token]:
    """Return a chat's tokens as the model is asked, with the control tokens of its template."""
    return [token(chat.vocabulary, id) for id in chat.encode(messages)]
