"""The sentences of passages, each with its place on the page: what the prompt and the citations are made of.

It knows nothing of scores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rag import lexical
from rag.retrieval import Passage
from rag.sentences import Sentence, split_sentences

# A table or a listing has no full stops: it is cut at the ends of its lines, so that it never fills the prompt alone.
LONGEST = 400
_ALIKE = 0.9  # of two sentences' words: the second says nothing new


@dataclass(frozen=True)
class Candidate:
    """A sentence of a passage: page_text[start:end] == text."""

    passage: Passage
    text: str
    start: int
    end: int

    @property
    def page(self) -> tuple[str, int]:
        """Document and page."""
        return self.passage.document, self.passage.page

    def follows(self, other: Candidate) -> bool:
        """Tell whether it stands right after `other` on the same page."""
        return self.page == other.page and 0 <= self.start - other.end <= 2


def candidates(passages: Sequence[Passage]) -> list[Candidate]:
    """Cut passages into sentences; where chunks overlap, a sentence counts once, with its better passage."""
    found: dict[tuple[str, int, int], Candidate] = {}
    for passage in passages:
        for sentence in split_sentences(passage.text, passage.language):
            for piece in _pieces(sentence):
                start, end = passage.start + piece.start, passage.start + piece.end
                found.setdefault((passage.document, passage.page, start), Candidate(passage, piece.text, start, end))
    return list(found.values())


def without_repeats(pool: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Return the candidates without those that repeat an earlier one nearly word for word, and the repeats."""
    kept: list[Candidate] = []
    repeats: list[Candidate] = []
    seen: list[Collection[str]] = []
    for candidate in pool:
        words = frozenset(lexical.words(candidate.text))
        if len(words) > 3 and any(_alike(words, other) for other in seen):
            repeats.append(candidate)
            continue
        seen.append(words)
        kept.append(candidate)
    return kept, repeats


def _alike(one: Collection[str], other: Collection[str]) -> bool:
    """Tell whether two sets of words have nearly all in common (Jaccard's index)."""
    short, long = sorted((len(one), len(other)))
    if short < _ALIKE * long:
        return False
    common = len(set(one) & set(other))
    return common >= _ALIKE * (short + long - common)


def _pieces(sentence: Sentence) -> Iterator[Sentence]:
    """Yield the sentence, or, where it is long, pieces of it that end with a line or at least with a word."""
    start = 0
    text = sentence.text
    while len(text) - start > LONGEST:
        part = text[start : start + LONGEST]
        cut = max(part.rfind("\n"), 0) or max(part.rfind(" "), 0) or LONGEST
        yield from _trimmed(sentence, start, start + cut)
        start += cut
    yield from _trimmed(sentence, start, len(text))


def _trimmed(sentence: Sentence, start: int, end: int) -> Iterator[Sentence]:
    part = sentence.text[start:end]
    text = part.strip()
    if text:
        first = sentence.start + start + len(part) - len(part.lstrip())
        yield Sentence(text, first, first + len(text))
