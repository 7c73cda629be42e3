"""The texts that a sentence can be hidden in: our filler in either language, or one of the owner's documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.filler import filler
from rag.ingest import Library
from rag.sentences import split_sentences
from ui.texts import say

_FILLER = "filler:"
_LETTERS = 8  # characters a token at the most, in the languages that are read here
_PIECE = 300  # characters of a sentence; a table's row may be as long as a page


def choices(library: Library, owner: str, lang: str) -> list[tuple[str, str]]:
    """Return (what is shown, value) of all texts: the filler of the page's language first, then documents."""
    ours = [(say(lang, "lab.context.text_en"), "filler:en"), (say(lang, "lab.context.text_es"), "filler:es")]
    ready = [one for one in library.documents(owner) if one.chunks]
    return [*(ours if lang == "en" else ours[::-1]), *((one.name, one.id) for one in ready)]


def known(text: object, held: Sequence[tuple[str, str]]) -> bool:
    """Tell whether a text is still among the choices."""
    return text in {value for _, value in held}


def sentences(library: Library, owner: str, text: str, tokens: int, lang: str) -> tuple[list[str], str]:
    """Return enough sentences for so many tokens, and the language to ask in. Raises DocumentNotFound."""
    if text.startswith(_FILLER):
        speaks = "es" if text == "filler:es" else "en"
        return filler(speaks, tokens // 8 + 8), speaks
    document = library.document(owner, text)
    speaks = document.language if document.language in ("en", "es") else lang
    found: list[str] = []
    letters = 0
    for number in range(1, document.pages + 1):
        found += _pieces(library.page_text(owner, text, number), document.language)
        letters = sum(map(len, found))
        if letters > tokens * _LETTERS:
            break
    return found, speaks


def _pieces(page: str, spoken: str) -> Iterator[str]:
    for sentence in split_sentences(page, spoken or "en"):
        said = " ".join(sentence.text.split())
        yield from (said[at : at + _PIECE] for at in range(0, len(said), _PIECE))
