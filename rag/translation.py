"""A search query in the documents' language, for the lexical side of retrieval. It knows nothing of what is found.

Words are found only in the language they are written in, so a Spanish question about English pages is translated by
the model, briefly and once. What does not look like a translation is not used: the question's own words still search.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rag import lexical
from rag.helper import messages, one_line
from rag.language import PAGE_LANGUAGES, detect

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from rag.llm import LlamaChat
    from rag.store import Document

LONGEST = 300  # characters of a query that are worth translating for their words
_CACHED = 512
_RATIOS = (0.4, 2.5)  # of the translation's length to the query's
_TELLING = 12  # letters from which a language can be told

_SYSTEM = {
    "en": "Translate the search query into English. Keep names and numbers.",
    "es": "Translate the search query into Spanish. Keep names and numbers.",
}
_SHOTS = {
    "en": (
        ("¿Cuánto cuesta el abono de la piscina?", "How much is the swimming pool pass?"),
        ("caída del Muro de Berlín en 1989", "fall of the Berlin Wall in 1989"),
    ),
    "es": (
        ("How much is the swimming pool pass?", "¿Cuánto cuesta el abono de la piscina?"),
        ("fall of the Berlin Wall in 1989", "caída del Muro de Berlín en 1989"),
    ),
}
_NUMBER = re.compile(r"\d+")
_CODE = re.compile(r"\b(?=\w*[A-ZÁÉÍÓÚÑ])(?:\w*\d\w*|[A-Z]{2,}\w*|\w+[A-Z]\w*)\b")  # BM25, GPT-4's GPT, word2Vec
_NAME = re.compile(r"(?<=[\w,;] )[A-ZÁÉÍÓÚÑ]\w{2,}")  # capitalised inside a sentence


class Translator:
    """Translates queries between Spanish and English, and remembers them. Safe to share between threads."""

    def __init__(self, size: int = _CACHED) -> None:
        """Remember the last `size` translations, failures among them."""
        self._size = size
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str, str], str | None] = OrderedDict()

    def translate(
        self, model: LlamaChat, text: str, target_language: str, cancel: threading.Event | None = None
    ) -> str | None:
        """Return `text` in `target_language`, or None where that fails or is neither "es" nor "en".

        Raises Cancelled, ModelNotReady.
        """
        text = " ".join(text.split())
        if not text or len(text) > LONGEST or target_language not in PAGE_LANGUAGES:
            return None
        key = (model.model, text, target_language)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        line = one_line(model, translation_prompt(text, target_language), cancel)
        translated = line if is_translation(text, line, target_language) else None
        with self._lock:
            self._known[key] = translated
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return translated


def translation_prompt(text: str, target_language: str) -> list[BaseMessage]:
    """Return the few-shot prompt, its fixed part first."""
    return messages(_SYSTEM[target_language], _SHOTS[target_language], text)


def is_translation(text: str, line: str, target_language: str) -> bool:
    """Tell whether `line` can be `text` in `target_language`: length, language, numbers, codes, names."""
    if not line or not _RATIOS[0] <= len(line) / len(text) <= _RATIOS[1]:
        return False
    if sum(character.isalpha() for character in line) >= _TELLING and detect(line, PAGE_LANGUAGES) != target_language:
        return False
    if sorted(_NUMBER.findall(text)) != sorted(_NUMBER.findall(line)):
        return False
    there = set(lexical.words(line))
    if not {lexical.fold(code) for code in _CODE.findall(text)} <= there:
        return False
    names = [lexical.fold(name) for name in _NAME.findall(text)]
    # Names are kept (Tesla), or change their ending (Lutero, Luther), or the whole word (Alemania, Germany).
    return not names or bool(_NAME.search(line)) or any(word[:3] == name[:3] for name in names for word in there)


def foreign_languages(question_language: str, documents: Iterable[Document]) -> list[str]:
    """Return the languages of `documents` into which a query should be translated: Spanish and English, not its own."""
    there = {document.language for document in documents}
    return [language for language in PAGE_LANGUAGES if language in there and language != question_language]
