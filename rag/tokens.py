"""Texts in tokens of the embedding model, by its own tokenizer; it knows neither the model nor chunks.

Counting goes over offsets: a text is tokenised once, and any stretch of it is counted by bisection. The model is
given ids from here, and not texts that sentence-transformers would cut off.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Offset = tuple[int, int]

_FALLBACK = 256  # tokens that a model reads whose folder does not say: what the smaller ones read
# A run of letters or digits counts a token for each three characters, anything else one each: more than a tokenizer
# makes of nearly all text, so that what is cut by an estimate is not too long for the model that comes later.
_PIECE = re.compile(r"[^\W_\u2E80-\uFFFF]{1,3}|\S")


@dataclass(frozen=True)
class Piece:
    """A token as the model reads it: `text` in the tokenizer's own spelling, and where it stands in the text.

    `special`: one of the model's own marks, which stands nowhere.
    """

    id: int
    text: str
    start: int
    end: int
    special: bool


class Tokeniser(Protocol):
    """What counts tokens: `Tokens`, or `Estimate` where there is no embedding model."""

    @property
    def limit(self) -> int:
        """Tokens of a text that the model reads."""
        ...

    def count(self, text: str) -> int:
        """Return how many tokens `text` is."""
        ...

    def offsets(self, text: str) -> list[Offset]:
        """Return where in `text` each token stands, in order, without the white space around it."""
        ...


class Tokens:
    """The tokenizer of an embedding model. Safe to use from several threads: nothing in it changes."""

    def __init__(self, folder: Path, prefix: str = "passage: ", tokenizer: Tokenizer | None = None) -> None:
        """Use `tokenizer`, or load `folder`/tokenizer.json (half a second). `prefix`: what comes before a passage.

        `window`: the tokens that the model reads at once, prefix and marks included.
        """
        from tokenizers import Tokenizer

        self._tokenizer = tokenizer or Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.window = _read_at_once(folder)
        self._limit = self.window - self._tokenizer.num_special_tokens_to_add(False) - self.count(prefix)

    @property
    def limit(self) -> int:
        """Tokens of a passage that the model reads: its window, less the prefix and its own marks."""
        return self._limit

    def count(self, text: str) -> int:
        """Return how many tokens `text` is, without the model's own marks."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def offsets(self, text: str) -> list[Offset]:
        """Return where in `text` each token stands, in order, without the white space around it.

        A token of white space alone stands, empty, where the next one begins: it is read only with that one.
        """
        return _trimmed(text, self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's tokens as the model reads them, with its own marks."""
        return [list(found.ids) for found in self._tokenizer.encode_batch_fast(list(texts))]

    def pieces(self, text: str) -> list[Piece]:
        """Return a text's tokens as the model reads them, with its own marks."""
        found = self._tokenizer.encode(text)
        parts = zip(found.ids, found.tokens, found.offsets, found.special_tokens_mask, strict=True)
        return [Piece(id, token, *span, special=bool(mark)) for id, token, span, mark in parts]

    def words(self, text: str, marks: bool = False) -> list[tuple[int, str, bool]]:
        """Return each token of a text as (id, its text in the vocabulary, whether it is a mark of the model's own).

        `marks` adds those that the model reads around a text. The vocabulary writes ## before what goes on with a
        word (WordPiece), or ▁ for the blank before it (SentencePiece).
        """
        found = self._tokenizer.encode(text, add_special_tokens=marks)
        own = {token for token, added in self._tokenizer.get_added_tokens_decoder().items() if added.special}
        return [(token, word, token in own) for token, word in zip(found.ids, found.tokens, strict=True)]


class Estimate:
    """Tokens without a tokenizer: rather too many than too few."""

    limit = 500  # of the default model, nearly

    def count(self, text: str) -> int:
        """Return about how many tokens `text` is."""
        return sum(1 for _ in _PIECE.finditer(text))

    def offsets(self, text: str) -> list[Offset]:
        """Return where in `text` each piece stands that counts as a token."""
        return [piece.span() for piece in _PIECE.finditer(text)]


class Counted:
    """A text that has been tokenised: counts any stretch of it."""

    def __init__(self, text: str, tokens: Tokeniser) -> None:
        """Tokenise `text`."""
        offsets = tokens.offsets(text)
        self._starts = [start for start, _ in offsets]
        self._ends = [end for _, end in offsets]
        self._length = len(text)

    def count(self, start: int, end: int) -> int:
        """Return the tokens that stand in text[start:end], those too that only reach into it."""
        return self.last(end) - self.first(start) if start < end else 0

    def first(self, start: int) -> int:
        """Return the number, from 0, of the first token that ends behind `start`, or is empty and stands there."""
        first = bisect_right(self._ends, start)
        while first > 0 and self._starts[first - 1] == start:
            first -= 1
        return first

    def last(self, end: int) -> int:
        """Return the number, from 0, of the first token that does not begin before `end`."""
        return bisect_left(self._starts, end)

    def after(self, start: int, count: int) -> int:
        """Return where the token begins that is the `count`-th after the first one at `start`; else the text's end."""
        at = self.first(start) + count
        return self._starts[at] if at < len(self._starts) else self._length

    def before(self, end: int, count: int) -> int:
        """Return where the token begins that is the `count`-th before the one at `end`; else 0."""
        at = self.first(end) - count
        return self._starts[at] if at >= 0 else 0


def _read_at_once(folder: Path) -> int:
    """Return the tokens that the model reads at once, as sentence-transformers keeps it."""
    try:
        known = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
        return int(known)
    except (OSError, ValueError, KeyError, TypeError):
        return _FALLBACK


def _trimmed(text: str, offsets: Sequence[Offset]) -> list[Offset]:
    return [(_after_space(text, start, end), end) if text[start].isspace() else (start, end) for start, end in offsets]


def _after_space(text: str, start: int, end: int) -> int:
    return end - len(text[start:end].lstrip())
