"""Why a question finds what it finds: each search's own list, and what every score is made of.

It ranks nothing itself: what it shows are the numbers that rag.retrieval answers with, for the question as it is typed
(an answer may look for its words in another language too).
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rag import lexical
from rag.dense import Dense
from rag.retrieval import CANDIDATES, SENTENCE_SHARE, Ranking, Retriever, ordered
from rag.sentences import split_sentences
from rag.store import Chunk, Store


@dataclass(frozen=True)
class Term:
    """A term that was searched for: its stem, and the word of the question that it comes from."""

    stem: str
    word: str


@dataclass(frozen=True)
class Contribution:
    """What one term adds to a chunk's BM25 score: `score` = `idf` (how rare it is) * `tf` (how often it is here)."""

    stem: str
    word: str
    score: float
    idf: float
    tf: float
    count: int


@dataclass(frozen=True)
class Nearest:
    """The sentence of a chunk that lies nearest to the question: text[start:end], and its cosine."""

    start: int
    end: int
    cosine: float


@dataclass(frozen=True)
class Hit:
    """A chunk in one of the lists. `score` is that list's own: a cosine, a BM25 score, or the fused one (0..1).

    `spans` are (start, end, stem) of the words of `text` whose stem is a term. `dense_part` and `lexical_part` are what
    the fused score is made of, each on a scale of 0..1 before its weight. The dense part is `cosine_part`, or where the
    best sentence was looked at too (`sentence_part`, else None), what rag.retrieval makes of the two. A rank counts
    from 1 among the candidates; None: it is not one of them.
    """

    rank: int
    chunk: int
    document: str
    name: str
    page: int
    text: str
    score: float
    spans: tuple[tuple[int, int, str], ...]
    contributions: tuple[Contribution, ...]
    nearest: Nearest | None
    dense_part: float
    cosine_part: float
    sentence_part: float | None
    lexical_part: float
    dense_rank: int | None
    lexical_rank: int | None
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class Inspection:
    """The three lists, best first. `weight`: the share of the dense part in the fused score, 0 without embeddings."""

    question: str
    terms: tuple[Term, ...]
    weight: float
    dense: tuple[Hit, ...]
    lexical: tuple[Hit, ...]
    fused: tuple[Hit, ...]

    def to_json(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)


class Inspector:
    """Shows an owner what the searches do."""

    def __init__(self, store: Store, dense: Dense, retriever: Retriever) -> None:
        """Look at the searches of `retriever`, which uses the same store and vectors."""
        self._store = store
        self._dense = dense
        self._retriever = retriever

    def inspect(
        self,
        owner: str,
        question: str,
        k: int = 5,
        documents: Sequence[str] | None = None,
        cancel: threading.Event | None = None,
    ) -> Inspection:
        """Return the best `k` chunks of each list. Raises EmptyQuestion, DocumentNotFound, Cancelled."""
        ranking = self._retriever.rank(owner, question, k, documents, cancel)
        lists = [ordered(scores)[:k] for scores in (ranking.dense, ranking.lexical, ranking.fused)]
        chunks = self._store.chunks(owner, {chunk for one in lists for chunk in one})
        terms = typed_words(
            question, ranking.terms, sorted({document.language for document in self._store.documents(owner)})
        )
        maker = _Maker(ranking, chunks, terms, self._parts(terms, list(chunks)))
        near = self._nearest(question, [chunks[key] for key in lists[0] if key in chunks], cancel)
        return Inspection(
            question,
            terms,
            ranking.weight,
            maker.hits(lists[0], ranking.dense, near),
            maker.hits(lists[1], ranking.lexical),
            maker.hits(lists[2], ranking.fused),
        )

    def _parts(self, terms: Sequence[Term], chunks: Sequence[int]) -> dict[int, dict[str, tuple[float, float]]]:
        """Return {chunk: {stem: (its part of the BM25 score, its idf)}}."""
        stems = [term.stem for term in terms]
        total, holding = self._store.document_frequencies(stems)
        rarity = {stem: idf(total, holding.get(stem, 0)) for stem in stems}
        found = self._store.lexical_parts(stems, chunks)
        return {chunk: {stem: (part, rarity[stem]) for stem, part in parts.items()} for chunk, parts in found.items()}

    def _nearest(self, question: str, chunks: Sequence[Chunk], cancel: threading.Event | None) -> dict[int, Nearest]:
        """Return {chunk: its sentence with the highest cosine}."""
        loaded = self._dense.get(cancel)
        rows = [(chunk, one) for chunk in chunks for one in split_sentences(chunk.text, chunk.language)]
        if loaded is None or not rows:
            return {}
        embedder, _ = loaded
        cosines = embedder.encode_sentences([one.text for _, one in rows]) @ embedder.encode_query(question)
        best: dict[int, Nearest] = {}
        for (chunk, one), cosine in zip(rows, cosines, strict=True):
            if chunk.id not in best or cosine > best[chunk.id].cosine:
                best[chunk.id] = Nearest(one.start, one.end, float(cosine))
        return best


class _Maker:
    """Puts hits together from what was looked up once for all three lists."""

    def __init__(
        self,
        ranking: Ranking,
        chunks: Mapping[int, Chunk],
        terms: Sequence[Term],
        parts: Mapping[int, Mapping[str, tuple[float, float]]],
    ) -> None:
        self._ranking = ranking
        self._chunks = chunks
        self._words = {term.stem: term.word for term in terms}
        self._parts = parts
        self._cosine_parts = ranking.cosine_parts
        self._dense_ranks = _ranks(ranking.dense)
        self._lexical_ranks = _ranks(ranking.lexical)

    def hits(
        self, keys: Sequence[int], scores: Mapping[int, float], near: Mapping[int, Nearest] | None = None
    ) -> tuple[Hit, ...]:
        known = [self._chunks[key] for key in keys if key in self._chunks]
        return tuple(
            self._hit(rank, chunk, scores[chunk.id], (near or {}).get(chunk.id))
            for rank, chunk in enumerate(known, start=1)
        )

    def _hit(self, rank: int, chunk: Chunk, score: float, nearest: Nearest | None) -> Hit:
        found = matches(chunk.text, self._words, chunk.language)
        return Hit(
            rank=rank,
            chunk=chunk.id,
            document=chunk.document,
            name=chunk.name,
            page=chunk.page,
            unit=chunk.unit,
            label=chunk.label,
            text=chunk.text,
            score=score,
            spans=tuple(found),
            contributions=self._contributions(chunk.id, Counter(stem for _, _, stem in found)),
            nearest=nearest,
            dense_part=self._ranking.dense_parts.get(chunk.id, 0.0),
            cosine_part=self._cosine_parts.get(chunk.id, 0.0),
            sentence_part=self._sentence_part(chunk.id),
            lexical_part=self._ranking.lexical_parts.get(chunk.id, 0.0),
            dense_rank=self._dense_ranks.get(chunk.id),
            lexical_rank=self._lexical_ranks.get(chunk.id),
        )

    def _sentence_part(self, chunk: int) -> float | None:
        """Return what the best sentence was taken for, on the scale of the dense part; None: it was not looked at."""
        if chunk not in self._ranking.sentences:
            return None
        rest = self._ranking.dense_parts.get(chunk, 0.0) - (1.0 - SENTENCE_SHARE) * self._cosine_parts.get(chunk, 0.0)
        return rest / SENTENCE_SHARE

    def _contributions(self, chunk: int, counts: Mapping[str, int]) -> tuple[Contribution, ...]:
        made = [
            Contribution(stem, self._words[stem], part, rarity, part / rarity, counts.get(stem, 0))
            for stem, (part, rarity) in self._parts.get(chunk, {}).items()
        ]
        return tuple(sorted(made, key=lambda one: -one.score))


def idf(total: int, holding: int) -> float:
    """Return the inverse document frequency of a term that `holding` of `total` chunks have, as FTS5 reckons it.

    A term in more than half of them would weigh less than nothing; FTS5 then takes a millionth.
    """
    weight = math.log((total - holding + 0.5) / (holding + 0.5))
    return weight if weight > 0 else 1e-6


def typed_words(question: str, stems: Sequence[str], languages: Sequence[str]) -> tuple[Term, ...]:
    """Return each of `stems` with the word of the question that it comes from, or else the stem again."""
    words: dict[str, str] = {}
    for language in languages or [""]:
        for start, end, stem in matches(question, stems, language):
            words.setdefault(stem, question[start:end])
    return tuple(Term(stem, words.get(stem, stem)) for stem in stems)


def matches(text: str, stems: Sequence[str] | Mapping[str, str], language: str) -> list[tuple[int, int, str]]:
    """Return (start, end, stem) of the words text[start:end] whose folded and stemmed form is among `stems`."""
    located = lexical.located_words(text)
    stemmed = lexical.stem([word for word, _, _ in located], language)
    wanted = set(stems)
    return [(start, end, one) for one, (_, start, end) in zip(stemmed, located, strict=True) if one in wanted]


def _ranks(scores: Mapping[int, float]) -> dict[int, int]:
    """Return {chunk: rank from 1}. Beyond the candidates there are chunks that nobody looked at: no rank."""
    return {chunk: rank for rank, chunk in enumerate(ordered(scores)[:CANDIDATES], start=1)}
