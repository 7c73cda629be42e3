"""Each sentence of an answer against the passages that were found: what it rests on, word for word, or nothing.

It knows nothing of the model that wrote the answer, and asks it nothing: a sentence is supported when a sentence of
the passages, or two that follow each other, says the same by its words or by its embedding, and no number or name of
it is missing there. This is attribution after the fact (Gao et al. 2023, "RARR").
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from rag import lexical
from rag.candidates import Candidate, candidates
from rag.claims import Claim, claims, negated, numbers
from rag.dense import Dense
from rag.language import PAGE_LANGUAGES, is_foreign
from rag.retrieval import Passage

_COVERED = 0.6  # share of a claim's content words that its evidence must hold, in the page's language
_HALF_COVERED = 0.34  # with a sentence that lies near
_NEAR = 0.90
# Across languages (half of XQuAD's parallel paragraphs, multilingual-e5-small): 0.95 of the sentences have one in their
# own paragraph that lies nearer than the first, 0.01 have one in another paragraph of the article.
_NEAR_ABROAD = 0.87
_NEAR_ABROAD_WITH_FACTS = 0.82  # where its numbers, or one of its names, stand there too
_SHORT = 3  # a claim of fewer content words is read together with its question: "In 1874."
_SAME_AGAIN = 0.5  # a sentence that the answer rests on already: "So ..." follows from what was just quoted
_PAIR_COSTS = 0.3  # two sentences are quoted only where one does not say it all


@dataclass(frozen=True)
class Evidence:
    """What a claim rests on: `quote` is page_text[start:end] of that page, `score` (0..1) how well it fits."""

    document: str
    name: str
    page: int
    quote: str
    start: int
    end: int
    score: float
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class Verdict:
    """A sentence of the answer, answer[start:end], and its evidence; None: not found in the passages."""

    start: int
    end: int
    text: str
    evidence: Evidence | None


class Verifier:
    """Finds the evidence of one question's answer among the passages that were found for it."""

    def __init__(
        self, dense: Dense, question: str, language: str, passages: Sequence[Passage], cancel: threading.Event | None
    ) -> None:
        """`language` is that of the answer; embeddings are used when they are there."""
        self._dense = dense
        self._question = question
        self._language = language
        self._cancel = cancel
        self._passages = passages
        self._known: dict[str, Evidence | None] = {}
        self._cited: list[_Source] = []

    # Both are made with the first sentence that is judged, not while somebody waits for the first word.
    @cached_property
    def _pool(self) -> list[Candidate]:
        return candidates(self._passages)

    @cached_property
    def _sources(self) -> list[_Source]:
        return list(_sources(self._pool))

    def check(self, answer: str, whole: bool = True) -> list[Verdict]:
        """Return a verdict on each sentence of `answer` that claims something; `whole`: no more text will follow.

        Sentences that were judged before are not judged again, so that this can be called as the text grows.
        """
        found = claims(answer, self._language)
        return [
            Verdict(claim.start, claim.end, claim.text, self._evidence(claim))
            for claim in found
            if whole or claim.ended
        ]

    def _evidence(self, claim: Claim) -> Evidence | None:
        if claim.text not in self._known:
            self._known[claim.text] = self._find(claim)
        return self._known[claim.text]

    def _find(self, claim: Claim) -> Evidence | None:
        near = self._cosines(claim)
        asked = {
            language: set(lexical.query_terms(self._question, [language], lexical.STOP_WORDS))
            for language in {source.language for source in self._sources}
        }
        fits = [self._fit(claim, source, near, asked[source.language]) for source in self._sources]
        supported = [fit for fit in fits if fit.supported]
        if not supported:
            return None
        best = max(supported, key=lambda fit: fit.rank + (_SAME_AGAIN if fit.source in self._cited else 0.0))
        self._cited.append(best.source)
        return best.evidence()

    def _cosines(self, claim: Claim) -> list[float]:
        """Return the cosine of each sentence of the passages to the claim; 0 without embeddings."""
        loaded = self._dense.get(self._cancel)
        if loaded is None or not self._pool:
            return [0.0] * len(self._pool)
        embedder, _ = loaded
        said = f"{self._question} {claim.text}" if len(claim.words) < _SHORT else claim.text
        vectors = embedder.encode_sentences([candidate.text for candidate in self._pool])
        return [float(cosine) for cosine in np.asarray(vectors @ embedder.encode_sentences([said])[0])]

    def _fit(self, claim: Claim, source: _Source, near: Sequence[float], asked: Collection[str]) -> _Fit:
        # A short page may be taken for any language: only where Aula's two differ are words no help.
        foreign = source.language in PAGE_LANGUAGES and is_foreign(source.language, self._language)
        return _Fit(
            source=source,
            covered=_share(claim.stems(source.language), source.stems),
            asked=_share(asked, source.stems),
            cosine=max(near[position] for position in source.positions),
            agrees=source.agrees(claim, foreign),
            confirmed=source.confirms(claim),
            foreign=foreign,
        )


class _Source:
    """A sentence of the passages, or two that follow each other, as it is compared. `positions`: in the pool."""

    def __init__(self, pool: Sequence[Candidate], positions: Sequence[int]) -> None:
        self.positions = positions
        self.candidates = [pool[position] for position in positions]
        self.language = self.candidates[0].passage.language
        self.quote = _verbatim(self.candidates)
        words = lexical.words(self.quote)
        self.stems = frozenset(lexical.stem(words, self.language))
        # A number counts whole: the 5 of 3.5 is none, though it is a word of its own.
        self._facts = frozenset(word for word in words if not word.isdigit()) | numbers(self.quote)
        self._negated = negated(self.quote)

    def agrees(self, claim: Claim, foreign: bool) -> bool:
        """Tell whether every number and, in the page's own language, every name of the claim stands here.

        Of a name its last word must: two people may share the first. What is denied on one side only does not agree.
        """
        if not claim.numbers <= self._facts:
            return False
        if foreign:
            return True
        return claim.negated == self._negated and all(name[-1] in self._facts for name in claim.names)

    def confirms(self, claim: Claim) -> bool:
        """Tell whether a number or a name of the claim stands here: the same in every language."""
        return bool(claim.numbers & self._facts) or any(name[-1] in self._facts for name in claim.names)


@dataclass(frozen=True)
class _Fit:
    """How well a source fits a claim: the share of the claim's words and of the question's that it holds."""

    source: _Source
    covered: float
    asked: float
    cosine: float
    agrees: bool
    confirmed: bool
    foreign: bool

    @property
    def supported(self) -> bool:
        if self.foreign and self.cosine >= (_NEAR_ABROAD_WITH_FACTS if self.confirmed else _NEAR_ABROAD):
            return self.agrees
        near = self.covered >= _HALF_COVERED and self.cosine >= _NEAR
        return self.agrees and (self.covered >= _COVERED or near)

    @property
    def rank(self) -> float:
        pair = len(self.source.candidates) > 1
        return self.covered + self.cosine + 0.5 * self.asked - (_PAIR_COSTS if pair else 0.0)

    def evidence(self) -> Evidence:
        first, last = self.source.candidates[0], self.source.candidates[-1]
        return Evidence(
            document=first.passage.document,
            name=first.passage.name,
            page=first.passage.page,
            quote=self.source.quote,
            start=first.start,
            end=last.end,
            score=round(max(self.covered, self.cosine), 4),
            unit=first.passage.unit,
            label=first.passage.label,
        )


def _sources(pool: Sequence[Candidate]) -> Iterator[_Source]:
    for position in range(len(pool)):
        yield _Source(pool, [position])
    for before, after in pairwise(range(len(pool))):
        # Only within one passage: what lies between the two is then known word for word.
        if pool[after].follows(pool[before]) and pool[after].passage is pool[before].passage:
            yield _Source(pool, [before, after])


def _verbatim(group: Sequence[Candidate]) -> str:
    passage = group[0].passage
    return passage.text[group[0].start - passage.start : group[-1].end - passage.start]


def _share(wanted: Collection[str], held: Collection[str]) -> float:
    """Return the share (0..1) of the wanted stems that are held."""
    return sum(1 for stem in wanted if stem in held) / len(wanted) if wanted else 0.0
