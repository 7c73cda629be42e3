"""BM25 over SQLite's FTS5, at a cost that does not grow with the commonest words; it knows nothing of vectors.

BM25 as FTS5 has it (k1 = 1.2, b = 0.75; Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework"), with
its sign turned round: higher is better. FTS5 walks through every chunk that has any of the words, so in a large library
what a question costs is its commonest words, which say least. Beyond a budget the chunks are looked for by the rarest
words, and the best of them are then weighed with all: the two steps of Broder et al. (2003, "Efficient Query Evaluation
using a Two-Level Retrieval Process").
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, text

from rag import lexical

BUDGET = 6_000  # chunks walked through, counted once for each word: 4 ms; a library of 500 stays below in any case
_FILTERED = 5  # times as many where a filter leaves few of them to be weighed
_MORE = 1.2  # times as many chunks are found by the rarest words as are wanted, for the others to choose from
_K1, _B = 1.2, 0.75
_NEXT_TO_NOTHING = 1e-6  # what FTS5 lets a word weigh that stands in more than half of the chunks


def search(
    connection: Connection,
    terms: Sequence[str],
    documents: Sequence[str] | None,
    k: int,
    frequencies: Mapping[str, int] | None = None,
    budget: int = BUDGET,
) -> dict[int, float]:
    """Return {chunk id: BM25 score} of the best `k` chunks of `documents` (None: of all); higher is better.

    `frequencies`: in how many chunks each term stands, where that is known already.
    """
    if not terms or (documents is not None and not documents):
        return {}
    known = lexical.document_frequencies(connection, terms)[1] if frequencies is None else frequencies
    rare = affordable(terms, known, budget if documents is None else _FILTERED * budget)
    if not rare:
        return {}
    common = [term for term in terms if known.get(term, 0) and term not in rare]
    if not common:
        return _best(connection, rare, documents, k)
    found = _best(connection, rare, documents, int(_MORE * k))
    for chunk, parts in contributions(connection, common, list(found), known).items():
        found[chunk] += sum(parts.values())
    return {chunk: found[chunk] for chunk in sorted(found, key=lambda chunk: (-found[chunk], chunk))[:k]}


def affordable(terms: Sequence[str], frequencies: Mapping[str, int], budget: int) -> list[str]:
    """Return the rarest of `terms` that stand in `budget` chunks together, in their order: one at least, if any does.

    All of them wherever all are within the budget, which makes small libraries exact.
    """
    chosen: list[str] = []
    for term in sorted((term for term in dict.fromkeys(terms) if frequencies.get(term)), key=frequencies.__getitem__):
        budget -= frequencies[term]
        if chosen and budget < 0:
            break
        chosen.append(term)
    return [term for term in terms if term in chosen]


def _best(connection: Connection, terms: Sequence[str], documents: Sequence[str] | None, k: int) -> dict[int, float]:
    match = " OR ".join(f'"{term}"' for term in terms)  # terms are \\w+ only, so nothing in them can end the quote
    # The plus keeps SQLite from asking FTS5 anew for each chunk of the documents.
    inside = "" if documents is None else "AND +rowid IN (SELECT id FROM chunks WHERE document IN :documents) "
    statement = text(
        "SELECT rowid, -bm25(chunk_terms) FROM chunk_terms WHERE chunk_terms MATCH :match "  # noqa: S608 - no values
        f"{inside}ORDER BY bm25(chunk_terms) LIMIT :k"
    )
    values: dict[str, object] = {"match": match, "k": k}
    if documents is not None:
        statement = statement.bindparams(bindparam("documents", expanding=True))
        values["documents"] = list(documents)
    return {int(chunk): float(score) for chunk, score in connection.execute(statement, values)}


def contributions(
    connection: Connection, terms: Sequence[str], chunks: Sequence[int], frequencies: Mapping[str, int] | None = None
) -> dict[int, dict[str, float]]:
    """Return {chunk id: {term: its part of the BM25 score}}; the parts of a chunk add up to what `search` gives it.

    Reckoned from the terms of these chunks alone: FTS5 would walk through every chunk that has one.
    """
    known = lexical.document_frequencies(connection, terms)[1] if frequencies is None else frequencies
    total, length = lexical.counted(connection)
    if not length:  # no chunk has a term, as where a text is of marks alone
        return {}
    statement = text("SELECT rowid, terms FROM chunk_terms WHERE rowid IN :chunks")
    rows = connection.execute(statement.bindparams(bindparam("chunks", expanding=True)), {"chunks": list(chunks)})
    weights = {term: _weight(total, known.get(term, 0)) for term in terms}
    found: dict[int, dict[str, float]] = {}
    for chunk, written in rows:
        words = lexical.pieces(written)
        counts = Counter(words)
        spread = _K1 * (1.0 - _B + _B * len(words) / (length / total))
        times = {term: _times(term, words, counts) for term in weights}
        parts = {term: weights[term] * n * (_K1 + 1.0) / (n + spread) for term, n in times.items() if n}
        if parts:
            found[int(chunk)] = parts
    return found


def _times(term: str, words: Sequence[str], counts: Mapping[str, int]) -> int:
    """Return how often a term stands among `words`: FTS5 takes one with an underscore for a phrase."""
    phrase = lexical.pieces(term)
    if len(phrase) < 2:
        return counts.get(term, 0)
    starts = (start for start, word in enumerate(words) if word == phrase[0])
    return sum(list(words[start : start + len(phrase)]) == phrase for start in starts)


def _weight(total: int, frequency: int) -> float:
    """Return the inverse document frequency as FTS5 has it."""
    weight = math.log((total - frequency + 0.5) / (frequency + 0.5))
    return weight if weight > 0.0 else _NEXT_TO_NOTHING
