"""A text under every installed model: what each one's tokenizer makes of it. No weights are loaded for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage

from lab.tokens import Token, templated, token, tokens
from rag.errors import AulaError, Cancelled, TextTooLong
from rag.llama.chat_template import Turn
from rag.llama.tokenizer import Tokenizer

if TYPE_CHECKING:
    from rag.embeddings import EmbeddingSpec
    from rag.llm import LlamaChat
    from rag.models import Catalogue, Entry
    from rag.tokens import Tokens

LONGEST = 20_000  # characters of a text that is looked at: some pages
_REMEMBERED = 64  # readings; those of the longest texts take 3 MB each
Told = Callable[[int, int], None]
Key = tuple[str, float, bool, str]  # the model, its file's time, whether with the template, the text


@dataclass(frozen=True)
class Reading:
    """A text's tokens under a model. `error`: why there are none. `kind`: "llm" or "embedding".

    `window`: tokens that the model reads at once, here: the prompt and the answer of a language model together.
    """

    name: str
    title: str
    kind: str
    tokens: tuple[Token, ...]
    characters: int
    window: int
    error: AulaError | None = None

    @property
    def share(self) -> float:
        """How much of the window the text takes, 1.0 being all of it."""
        return len(self.tokens) / self.window if self.window else 0.0


@dataclass(frozen=True)
class Loaded:
    """What is loaded already, and read with at no cost: the language model in use and the embedding model."""

    chat: LlamaChat | None = None
    embedding: tuple[EmbeddingSpec, Tokens] | None = None


class Readings:
    """Reads texts under the models of a catalogue; remembers what it has read. Safe to use from several threads."""

    def __init__(self, catalogue: Catalogue, n_ctx: int) -> None:
        """`n_ctx`: tokens of the window that a model is opened with, where it was trained for so many."""
        self._catalogue = catalogue
        self._n_ctx = n_ctx
        self._known: OrderedDict[Key, Reading] = OrderedDict()
        self._lock = threading.Lock()

    def under_all(
        self,
        texts: Sequence[str],
        special: bool,
        loaded: Loaded,
        cancel: threading.Event | None = None,
        told: Told | None = None,
    ) -> list[list[Reading]]:
        """Return each text's tokens, for every installed language model and then for the embedding model.

        `special`: as a question in the model's chat template, with its control tokens; under the embedding model, with
        the marks and the prefix that it reads around a passage. Raises TextTooLong, Cancelled.
        """
        for text in texts:
            check(text)
        here = [entry for entry in self._catalogue.entries("llm") if self._catalogue.installed(entry.name)]
        found = []
        for done, entry in enumerate(here):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            if told is not None:
                told(done, len(here))
            found.append(self.under(entry, texts, special, loaded.chat))
        if loaded.embedding is not None:
            found.append([self.embedded(text, special, *loaded.embedding) for text in texts])
        return found

    def embedded(self, text: str, special: bool, spec: EmbeddingSpec, reader: Tokens) -> Reading:
        """Return a text's tokens under the embedding model in use. Raises TextTooLong."""
        check(text)
        words = reader.words(spec.passage_prefix + text if special else text, marks=special)
        title = self._catalogue.entry(spec.name).title
        return Reading(spec.name, title, "embedding", _tokens(words), len(text), reader.window)

    def under(self, entry: Entry, texts: Sequence[str], special: bool, chat: LlamaChat | None = None) -> list[Reading]:
        """Return each text's tokens under a language model; a file that is of no use gives errors in their place.

        `chat` is asked where it is that model. Raises TextTooLong.
        """
        for text in texts:
            check(text)
        if chat is not None and chat.model == entry.name:
            with suppress(AulaError):  # it may be let go at any moment; its file stays
                return [_asked(chat, entry, text, special) for text in texts]
        try:
            return self._looked_up(entry, self._catalogue.path(entry.name), texts, special)
        except AulaError as error:
            return [Reading(entry.name, entry.title, "llm", (), len(text), 0, error) for text in texts]

    def _looked_up(self, entry: Entry, path: Path, texts: Sequence[str], special: bool) -> list[Reading]:
        keys = [(entry.name, path.stat().st_mtime, special, text) for text in texts]
        found = {key: known for key in keys if (known := self._remembered(key)) is not None}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            with Tokenizer(path, entry.name) as opened:
                for key in missing:
                    found[key] = self._remember(key, self._opened(opened, entry, key[-1], special))
        return [found[key] for key in keys]

    def _opened(self, opened: Tokenizer, entry: Entry, text: str, special: bool) -> Reading:
        words = opened.vocabulary
        ids = opened.encode([Turn("user", text)]) if special else words.tokenize(text)
        found = tuple(token(words, id) for id in ids)
        longest = [tokens for tokens in (self._n_ctx, entry.context, opened.trained) if tokens]
        return Reading(entry.name, entry.title, "llm", found, len(text), min(longest))

    def _remembered(self, key: Key) -> Reading | None:
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def _remember(self, key: Key, reading: Reading) -> Reading:
        with self._lock:
            self._known[key] = reading
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return reading


def check(text: str) -> None:
    """Raise TextTooLong for a text that is longer than what is looked at here."""
    if len(text) > LONGEST:
        raise TextTooLong(characters=len(text), most=LONGEST)


def _asked(chat: LlamaChat, entry: Entry, text: str, special: bool) -> Reading:
    found = templated(chat, [HumanMessage(text)]) if special else tokens(chat, text)
    return Reading(entry.name, entry.title, "llm", tuple(found), len(text), chat.n_ctx)


def _tokens(words: Sequence[tuple[int, str, bool]]) -> tuple[Token, ...]:
    found = []
    for id, word, own in words:
        reads = word if own else word.replace("▁", " ")
        found.append(Token(id, reads, reads.encode("utf-8", errors="replace"), own))
    return tuple(found)
