"""A GGUF file's tokenizer and chat template, without its weights; it writes and scores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.llama import native
from rag.llama.chat_template import ChatTemplate, Turn
from rag.llama.vocabulary import Vocabulary


class Tokenizer:
    """How a model reads text, opened for a moment: `with Tokenizer(path, name) as opened`."""

    def __init__(self, path: Path, name: str) -> None:
        """Open the file at `path`, under a second. Raises ModelLoadFailed."""
        self._words = native.load_words(path, name)
        self.vocabulary = Vocabulary(self._words.vocab)
        self.trained = self._words.trained  # tokens, 0 unknown

    def encode(self, turns: Sequence[Turn]) -> list[int]:
        """Return the tokens of a whole prompt, as the model would be asked: the template's own and the contents'."""
        words = self.vocabulary
        template = ChatTemplate(self._words.chat_template(), bos=words.text(words.bos), eos=words.text(words.eos))
        return words.encode(template.pieces(turns))

    def close(self) -> None:
        """Give the memory back."""
        self.vocabulary.close()
        self._words.free()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
