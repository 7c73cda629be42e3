"""How well what was found bears on a question; it knows nothing of the language model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag import lexical
from rag.dense import Dense
from rag.gate import NOTHING, Evidence
from rag.language import is_foreign
from rag.retrieval import Passage
from rag.store import Store


class Judge:
    """Weighs passages against a question."""

    def __init__(self, store: Store, dense: Dense) -> None:
        """Use these documents' term frequencies and this embedding model's calibration."""
        self._store = store
        self._dense = dense

    def weigh(
        self,
        question: str,
        language: str,
        passages: Sequence[Passage],
        translations: Mapping[str, str] | None = None,
    ) -> Evidence:
        """Return the evidence that the passages, best first, are for a question in `language`."""
        if not passages:
            return NOTHING
        asked = {question, *(translations or {}).values()}
        loaded = self._dense.get()
        spec = loaded[0].spec if loaded else None
        further = {p.chunk: spec.abroad if spec and is_foreign(p.language, language) else 0.0 for p in passages}
        nearest = [cosine + further[p.chunk] for p in passages for cosine in p.sentences]
        best = max(passages, key=lambda passage: passage.dense + further[passage.chunk])
        return Evidence(
            coverage=max(self._coverage(text, passages) for text in asked),
            passage=best.dense + further[best.chunk] if best.dense else 0.0,
            sentence=_mean_of_best(nearest),
            language=language,
            foreign=is_foreign(best.language, language),
            gate=spec.gate if spec else None,
        )

    def _coverage(self, question: str, passages: Sequence[Passage]) -> float:
        """Return the share (0..1) of the question's terms, by weight, that stand in the passage with most of them."""
        languages = {passage.language for passage in passages}
        terms = {language: lexical.query_terms(question, [language], lexical.STOP_WORDS) for language in languages}
        weights = self._store.term_weights(sorted({term for stems in terms.values() for term in stems}))
        shares = []
        for passage in passages:
            held = set(lexical.index_terms(passage.text, passage.language).split(" "))
            total = sum(weights[term] for term in terms[passage.language])
            shares.append(sum(weights[term] for term in terms[passage.language] if term in held) / (total or 1.0))
        return max(shares)


def _mean_of_best(cosines: Sequence[float], count: int = 3) -> float:
    best = sorted(cosines, reverse=True)[:count]
    return sum(best) / len(best) if best else 0.0
