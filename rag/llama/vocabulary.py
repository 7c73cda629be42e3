"""Text to tokens and back, for one model; keeps what people write apart from the model's control tokens."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import llama_cpp.llama_cpp as api

from rag.errors import ModelNotReady

# Some models split text with std::regex, which overflows the stack on very long input.
_SLICE_CHARS = 32_768
_CONTROL = api.LLAMA_TOKEN_ATTR_CONTROL
_SPECIAL = _CONTROL | api.LLAMA_TOKEN_ATTR_USER_DEFINED | api.LLAMA_TOKEN_ATTR_UNKNOWN


class Piece(NamedTuple):
    """A stretch of a prompt: `trusted` text comes from the chat template, the rest from people and documents."""

    text: str
    trusted: bool


class Vocabulary:
    """A model's tokenizer. Safe to use from several threads, also while the model generates."""

    def __init__(self, vocab: api.llama_vocab_p) -> None:
        self._vocab: api.llama_vocab_p | None = vocab
        self._lock = threading.Lock()
        self.size = api.llama_vocab_n_tokens(vocab)
        self.bos = api.llama_vocab_bos(vocab)
        self.eos = api.llama_vocab_eos(vocab)
        self._adds_bos = bool(api.llama_vocab_get_add_bos(vocab)) and self.bos >= 0
        self._mark = lru_cache(maxsize=4096)(self._read_mark)

    def close(self) -> None:
        """Refuse any further use; called before the model's memory goes."""
        with self._lock:
            self._vocab = None

    @property
    def handle(self) -> api.llama_vocab_p:
        """The native pointer. Raises ModelNotReady once the model is closed."""
        if self._vocab is None:
            raise ModelNotReady()
        return self._vocab

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        """Return token ids. `special` reads control tokens written in the text as such: never for people's text."""
        return [token for part in _slices(text) for token in self._tokenize(part, special)]

    def _tokenize(self, text: str, special: bool) -> list[int]:
        data = text.encode("utf-8", errors="replace")  # a lone surrogate has no UTF-8
        size = len(data) + 2
        while True:
            buffer = (api.llama_token * size)()
            with self._lock:
                count = api.llama_tokenize(self.handle, data, len(data), buffer, size, False, special)
            if count >= 0:
                return buffer[:count]
            size = -count

    def piece(self, token: int, special: bool = False) -> bytes:
        """Return a token's bytes, which may be part of a character; control tokens are empty unless `special`."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            with self._lock:
                count = api.llama_token_to_piece(self.handle, token, buffer, size, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def text(self, token: int) -> str:
        """Return a token as text, control tokens as they are written; "" for no token (-1)."""
        return self.piece(token, special=True).decode("utf-8", errors="replace") if token >= 0 else ""

    def is_end(self, token: int) -> bool:
        """Whether the token ends an answer."""
        with self._lock:
            return bool(api.llama_vocab_is_eog(self.handle, token))

    def encode(self, pieces: Sequence[Piece]) -> list[int]:
        """Return a prompt's tokens: the same as in one go, except that untrusted text yields no control token."""
        fragments: list[int | str] = []
        for text, trusted in pieces:
            for fragment in self._cut_at_marks(text) if trusted else [text]:
                if isinstance(fragment, str) and fragments and isinstance(fragments[-1], str):
                    fragments[-1] += fragment
                elif fragment != "":
                    fragments.append(fragment)
        marks = {fragment for fragment in fragments if isinstance(fragment, int)}
        tokens: list[int] = [self.bos] if self._adds_bos and fragments[:1] != [self.bos] else []
        for fragment in fragments:
            tokens += [fragment] if isinstance(fragment, int) else self._plain(fragment, marks)
        return tokens

    def _cut_at_marks(self, text: str) -> Iterator[int | str]:
        for token in self.tokenize(text, special=True):
            attributes, mark = self._mark(token)
            before, found, after = text.partition(mark)
            if not attributes & _SPECIAL or not found:
                continue
            yield before.rstrip() if attributes & api.LLAMA_TOKEN_ATTR_LSTRIP else before
            yield token
            text = after.lstrip() if attributes & api.LLAMA_TOKEN_ATTR_RSTRIP else after
        yield text

    def _plain(self, text: str, marks: set[int]) -> list[int]:
        """Tokenize untrusted text. Where a model's tokenizer still finds a control token, the text is cut in two."""
        tokens = self.tokenize(text)
        found = {mark for token in set(tokens) if (mark := self._smuggled(token, marks))}
        if not found:
            return tokens
        cuts = [match.start() + 1 for match in re.finditer("|".join(map(re.escape, found)), text)]
        edges = [0, *cuts, len(text)]
        if len(edges) == 2:
            return tokens
        parts = [text[start:end] for start, end in pairwise(edges)]
        return [token for part in parts for token in self._plain(part, marks)]

    def _smuggled(self, token: int, marks: set[int]) -> str:
        attributes, mark = self._mark(token)
        forbidden = attributes & _CONTROL or (attributes & _SPECIAL and (token in marks or self.is_end(token)))
        return mark if forbidden and len(mark.strip()) > 1 else ""

    def _read_mark(self, token: int) -> tuple[int, str]:
        with self._lock:
            attributes = int(api.llama_vocab_get_attr(self.handle, token))
        return attributes, self.text(token)


def _slices(text: str) -> Iterator[str]:
    while len(text) > _SLICE_CHARS:
        cut = max(text.rfind("\n", 1, _SLICE_CHARS), text.rfind(" ", 1, _SLICE_CHARS))
        cut = cut if cut > 0 else _SLICE_CHARS
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text
