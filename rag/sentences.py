"""Where sentences begin and end; it knows nothing of documents or models."""

from __future__ import annotations

from dataclasses import dataclass

from sentencex import segment


@dataclass(frozen=True)
class Sentence:
    """A sentence with its character span in the text it was cut from: text[start:end] == sentence.text."""

    text: str
    start: int
    end: int


def split_sentences(text: str, language: str = "en") -> list[Sentence]:
    """Cut `text` into sentences, white space trimmed; spans are characters of `text`.

    Rules and abbreviations per language are those of sentencex (Wikimedia).
    """
    found: list[Sentence] = []
    position = 0
    for piece in segment(language or "en", text):
        stripped = piece.strip()
        if not stripped:
            continue
        start = text.find(stripped, position)
        if start < 0:  # the splitter changed the text: better one long sentence than a wrong quote
            continue
        position = start + len(stripped)
        found.append(Sentence(stripped, start, position))
    return found
