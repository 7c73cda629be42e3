"""python -m bench retrieval: does the right paragraph come first, by each search and by the tutorial's?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.baseline import BaselineIndex
from bench.corpus import OWNER, Corpus, indexed
from bench.ranks import DEPTH, place, shares
from bench.squad import Question, draw, read_squad
from rag import lexical
from rag.dense import Dense
from rag.retrieval import CANDIDATES
from rag.store import Store


def run(
    squad: Path,
    embedding: str,
    questions_from: Path | None = None,
    n: int | None = None,
    part: str = "all",
    seed: int = 0,
    baseline: bool = True,
) -> dict[str, Any]:
    """Return {n, dense, lexical, fused, baseline}, each {hit@1, hit@3, hit@5, mrr@10}."""
    texts = read_squad(squad, part)
    asked = read_squad(questions_from, part).questions if questions_from else texts.questions
    asked = tuple(question for question in asked if question.answerable)
    questions = draw(asked, n if n is not None else len(asked), seed)
    result: dict[str, Any] = {"n": len(questions)}
    with indexed(texts.paragraphs, embedding) as corpus:
        position = {document: i for i, document in enumerate(corpus.ids)}
        ranked: dict[str, list[list[int]]] = {"dense": [], "lexical": [], "fused": []}
        for question in questions:
            for name, documents in _rank(corpus, question.text).items():
                ranked[name].append([position[document] for document in documents])
    for name, lists in ranked.items():
        result[name] = figures(questions, lists)
    if baseline:
        index = BaselineIndex(texts.paragraphs)
        result["baseline"] = figures(questions, [index.ranked(question.text, DEPTH) for question in questions])
    return result


def _rank(corpus: Corpus, question: str) -> dict[str, list[str]]:
    """Return documents, best first, as each of the three searches ranks them."""
    store, dense = corpus.store, corpus.dense
    held = store.documents(OWNER)
    terms = lexical.query_terms(question, sorted({document.language for document in held}))
    by_words = store.lexical(terms, [document.id for document in held], CANDIDATES)
    fused = [passage.document for passage in corpus.retriever.search(OWNER, question, k=4 * DEPTH)]
    return {
        "dense": _documents(store, _nearest(dense, question)),
        "lexical": _documents(store, by_words),
        "fused": list(dict.fromkeys(fused)),
    }


def _nearest(dense: Dense, question: str) -> dict[int, float]:
    loaded = dense.get()
    if loaded is None:
        return {}
    embedder, vectors = loaded
    return vectors.search(embedder.encode_query(question), CANDIDATES)


def _documents(store: Store, scores: dict[int, float]) -> list[str]:
    best = sorted(scores, key=lambda chunk: -scores[chunk])
    chunks = store.chunks(OWNER, best)
    return list(dict.fromkeys(chunks[chunk].document for chunk in best))


def figures(questions: Sequence[Question], ranked: Sequence[Sequence[int]]) -> dict[str, float]:
    """Return the figures of paragraphs' positions, best first, against the right paragraph of each question."""
    return shares([place(at, {asked.paragraph}) for asked, at in zip(questions, ranked, strict=True)])
