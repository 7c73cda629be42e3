"""From the best passages to the few sentences that go into the prompt. It knows nothing of the language model.

Distractor text costs a small model both time and truth, so sentences are scored as passages are (embedding and words),
each with a share of its passage's score, and only the best few are kept, in the order of the page.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rag import lexical
from rag.candidates import Candidate, candidates, without_repeats
from rag.dense import Dense
from rag.retrieval import Passage, fuse

PASSAGES = 5  # whose sentences compete
# Chosen on half of XQuAD (612 questions a language): the gold answer then stands in what is kept for 0.961 (es) of the
# questions, in about 780 characters; with one more sentence for 0.973 in 860.
SENTENCES = 3  # the best ones
NEIGHBOURED = 2  # of these, how many bring along the sentence before and the one after, for pronouns and context
PASSAGE_SHARE = 2.5
# Slides and lists are made of short lines: more of them are taken until this many characters are there.
FILL = 500
FILL_SENTENCES = 12
GAP = " […] "
_SHOWN_DROPPED = 12


@dataclass(frozen=True)
class Excerpt:
    """Sentences of one page in its order. `quote` is the best of them, verbatim; `spans` are characters of the page."""

    document: str
    name: str
    page: int
    text: str
    quote: str
    spans: tuple[tuple[int, int], ...]
    score: float
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class Dropped:
    """A sentence that was found and left out. `reason`: repeat (says what another one says) | weaker."""

    name: str
    page: int
    text: str
    reason: str
    document: str = ""
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class Selection:
    """What goes into the prompt, the page with the best sentence first, and the best of what does not."""

    excerpts: tuple[Excerpt, ...] = ()
    dropped: tuple[Dropped, ...] = ()


class Selector:
    """Chooses the sentences of passages that bear on a question."""

    def __init__(self, dense: Dense) -> None:
        """Score with these embeddings when they are there, else with words alone."""
        self._dense = dense

    def select(
        self,
        question: str,
        passages: Sequence[Passage],
        sentences: int = SENTENCES,
        cancel: threading.Event | None = None,
    ) -> Selection:
        """Return excerpts of the best `sentences`, the neighbours of the first, and what was left out."""
        pool, repeats = without_repeats(candidates(passages[:PASSAGES]))
        if not pool:
            return Selection()
        scores = self._score(question, pool, cancel)
        ranked = sorted(range(len(pool)), key=lambda i: -scores[i])
        chosen = dict.fromkeys(ranked[:sentences])
        chosen |= dict.fromkeys(_neighbours(pool, ranked[:sentences][:NEIGHBOURED]))
        for i in ranked[sentences:FILL_SENTENCES]:
            if sum(len(pool[j].text) for j in chosen) >= FILL:
                break
            chosen[i] = None
        left = [_dropped(pool[i], "weaker") for i in ranked if i not in chosen]
        dropped = [*(_dropped(candidate, "repeat") for candidate in repeats), *left]
        return Selection(tuple(_excerpts([(pool[i], scores[i]) for i in chosen])), tuple(dropped[:_SHOWN_DROPPED]))

    def _score(self, question: str, pool: Sequence[Candidate], cancel: threading.Event | None) -> list[float]:
        texts = [candidate.text for candidate in pool]
        languages = sorted({candidate.passage.language for candidate in pool})
        words = bm25(lexical.query_terms(question, languages), pool)
        loaded = self._dense.get(cancel)
        if loaded is None:
            fused = fuse({}, words, 0.0)
        else:
            embedder, _ = loaded
            cosines = embedder.encode_sentences(texts) @ embedder.encode_query(question)
            fused = fuse(dict(enumerate(np.asarray(cosines, dtype=float).tolist())), words, embedder.spec.weight)
        return [fused.get(i, 0.0) + PASSAGE_SHARE * candidate.passage.score for i, candidate in enumerate(pool)]


def bm25(terms: Sequence[str], pool: Sequence[Candidate], k1: float = 1.2, b: float = 0.75) -> dict[int, float]:
    """Return {position: BM25} of the candidates' texts among themselves (Robertson and Zaragoza 2009)."""
    stemmed = [lexical.stem(lexical.words(item.text), item.passage.language) for item in pool]
    mean = sum(map(len, stemmed)) / len(stemmed) or 1.0
    counts = [Counter(tokens) for tokens in stemmed]
    found: dict[int, float] = {}
    for term in terms:
        holders = sum(1 for count in counts if term in count)
        if not holders:
            continue
        idf = math.log(1.0 + (len(counts) - holders + 0.5) / (holders + 0.5))
        for i, count in enumerate(counts):
            if term in count:
                length = k1 * (1.0 - b + b * len(stemmed[i]) / mean)
                found[i] = found.get(i, 0.0) + idf * count[term] * (k1 + 1.0) / (count[term] + length)
    return found


def _neighbours(pool: Sequence[Candidate], best: Sequence[int]) -> Iterator[int]:
    """Yield the positions before and after each of `best` that lie in the same passage."""
    for i in best:
        for other in (i - 1, i + 1):
            if 0 <= other < len(pool) and pool[other].passage is pool[i].passage:
                yield other


def _dropped(candidate: Candidate, reason: str) -> Dropped:
    of = candidate.passage
    return Dropped(of.name, of.page, candidate.text, reason, of.document, of.unit, of.label)


def _excerpts(chosen: Sequence[tuple[Candidate, float]]) -> list[Excerpt]:
    by_page: dict[tuple[str, int], list[tuple[Candidate, float]]] = {}
    for candidate, score in chosen:  # best first, so pages come in the order of their best sentence
        by_page.setdefault((candidate.passage.document, candidate.passage.page), []).append((candidate, score))
    return [_excerpt(group) for group in by_page.values()]


def _excerpt(group: Sequence[tuple[Candidate, float]]) -> Excerpt:
    best, score = group[0]
    ordered = sorted((candidate for candidate, _ in group), key=lambda candidate: candidate.start)
    text = ordered[0].text
    for before, after in pairwise(ordered):
        text += (" " if after.start - before.end <= 2 else GAP) + after.text
    return Excerpt(
        document=best.passage.document,
        name=best.passage.name,
        page=best.passage.page,
        text=text,
        quote=best.text,
        spans=tuple((candidate.start, candidate.end) for candidate in ordered),
        score=score,
        unit=best.passage.unit,
        label=best.passage.label,
    )
