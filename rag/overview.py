"""A whole document in a few thousand characters: its headings and a spread of its most central sentences.

For questions about all of it, which no few passages answer. It knows nothing of the language model. From each stretch
of the text the sentence nearest to all others there is taken (centroid summarisation: Radev et al. 2004; here the mean
cosine of sentence embeddings), so that no part is left out and nothing is taken twice.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rag import lexical
from rag.dense import Dense
from rag.errors import Cancelled
from rag.outline import Piece, distinct, pieces
from rag.pages import label
from rag.selection import GAP, Excerpt
from rag.store import Document, Store
from rag.whole import is_about_whole

if TYPE_CHECKING:
    from rag.embeddings import Embedder

__all__ = ["Sketcher", "is_about_whole"]

ROOM = 3_000  # characters over all documents
LEAST = 300  # for each of them
MOST_DOCUMENTS = 8
SAMPLE = 400  # sentences of a document that are embedded
_BATCH = 32  # sentences between two looks at the cancel event
_STRETCH = 260  # characters of room for which one stretch of the text is made
_HEADINGS = 0.45  # share of a document's room that they may take
_PAGE = 30  # characters of room that naming a page takes in the prompt
_ALIKE = 0.6  # share of words in common (Jaccard) from which two sentences say the same
_LONG = 320  # characters: beyond, a sentence takes more room than it is worth
_SHORT = 60  # characters: below, one among longer ones says little by itself
_EDGES = 2  # the first sentence and one of the last page are taken whatever they say
_CACHED = 64

Progress = Callable[[int, int], None]  # (sentences read, in all)
Places = tuple[tuple[int, int, int, float], ...]  # (page, start, end, score)
Chosen = tuple[tuple[Piece, float], ...]


@dataclass
class _Draft:
    """A document on its way to a sketch. `stretches` are sentences to choose from; `scores` by position in all."""

    document: Document
    headings: list[Piece]
    stretches: list[list[Piece]]
    room: int
    scores: list[list[float]] = field(default_factory=list)

    @property
    def sentences(self) -> int:
        return sum(map(len, self.stretches))


class Sketcher:
    """Makes sketches and remembers which characters of which pages they are made of, never the text itself."""

    def __init__(self, store: Store, dense: Dense, size: int = _CACHED) -> None:
        """Read from `store`; find what is central with these embeddings when they are there, else with words alone."""
        self._store = store
        self._dense = dense
        self._size = size
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str, int], tuple[tuple[int, int, int, float], ...]] = OrderedDict()

    def sketch(
        self,
        owner: str,
        documents: Sequence[str] | None = None,
        room: int = ROOM,
        cancel: threading.Event | None = None,
        progress: Progress | None = None,
    ) -> list[Excerpt]:
        """Return excerpts in page order, at most `room` characters in all, the newest document first.

        `documents` None takes all that `owner` holds; of more than eight, the eight newest. The second time is
        immediate. Raises DocumentNotFound (also for another's), Cancelled.
        """
        held = self._store.documents(owner)
        if documents is not None:
            wanted = {document: self._store.document(owner, document) for document in documents}
            held = [document for document in held if document.id in wanted]
        held = held[:MOST_DOCUMENTS]
        share = max(LEAST, room // max(1, len(held)))
        loaded = self._dense.get(cancel)
        embedder = loaded[0] if loaded else None
        name = embedder.spec.collection if embedder else ""
        texts = {document.id: dict(self._store.page_texts(owner, document.id)) for document in held}
        # With the moment of its adding: the same file, deleted and read again, may have come to other pages.
        keys = {document.id: (f"{document.id} {document.added.isoformat()}", name, share) for document in held}
        chosen = {document.id: self._recall(keys[document.id]) for document in held}
        drafts = [
            _draft(document, list(texts[document.id].items()), share)
            for document in held
            if chosen[document.id] is None
        ]
        _weigh(drafts, embedder, cancel, progress)
        for draft in drafts:
            chosen[draft.document.id] = self._remember(keys[draft.document.id], _choose(draft))
        found: list[Excerpt] = []
        for document in held:
            found += _excerpts(document, texts[document.id], chosen[document.id] or ())
        return found

    def _recall(self, key: tuple[str, str, int]) -> tuple[tuple[int, int, int, float], ...] | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def _remember(self, key: tuple[str, str, int], chosen: Sequence[tuple[Piece, float]]) -> Places:
        places = tuple((piece.page, piece.start, piece.end, score) for piece, score in chosen)
        with self._lock:
            self._known[key] = places
            while len(self._known) > max(self._size, MOST_DOCUMENTS):
                self._known.popitem(last=False)
        return places


def _draft(document: Document, pages: Sequence[tuple[int, str]], room: int) -> _Draft:
    """Cut a document into headings and stretches of sentences that are alike in length."""
    found = pieces(pages, document.language)
    sentences = [piece for piece in found if not piece.heading]
    headings = distinct(piece for piece in found if piece.heading)
    return _Draft(document, headings, _stretches(sentences, max(2, room // _STRETCH)), room)


def _stretches(sentences: Sequence[Piece], count: int) -> list[list[Piece]]:
    """Cut sentences into at most `count` stretches of equal length, SAMPLE sentences in all, evenly spread in each."""
    total = sum(len(sentence.text) for sentence in sentences)
    cut: list[list[Piece]] = [[] for _ in range(count)]
    before = 0
    for sentence in sentences:
        cut[min(count - 1, before * count // max(1, total))].append(sentence)
        before += len(sentence.text)
    most = max(1, SAMPLE // count)
    return [_spread(stretch, most) for stretch in cut if stretch]


def _spread(items: Sequence[Piece], most: int) -> list[Piece]:
    """Return at most `most` of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[0]]
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _weigh(
    drafts: Sequence[_Draft], embedder: Embedder | None, cancel: threading.Event | None, progress: Progress | None
) -> None:
    """Score every sentence by how central it is to its stretch."""
    total = sum(draft.sentences for draft in drafts)
    done = 0
    for draft in drafts:
        texts = [sentence.text for stretch in draft.stretches for sentence in stretch]
        vectors: list[np.ndarray] = []
        for start in range(0, len(texts), _BATCH):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            batch = texts[start : start + _BATCH]
            if embedder is not None:
                vectors.append(np.asarray(embedder.encode_sentences(batch), dtype=np.float64))
            done += len(batch)
            if progress is not None:
                progress(done, total)
        scores = _centrality(vectors, draft) if vectors else _information(texts)
        rest = iter(scores)
        draft.scores = [[next(rest) for _ in stretch] for stretch in draft.stretches]


def _centrality(vectors: Sequence[np.ndarray], draft: _Draft) -> list[float]:
    """Return each sentence's mean cosine to the others of its stretch."""
    matrix = np.concatenate(vectors)
    found: list[float] = []
    at = 0
    for stretch in draft.stretches:
        part = matrix[at : at + len(stretch)]
        at += len(stretch)
        cosines = part @ part.T
        others = (cosines.sum(axis=1) - 1.0) / max(1, len(stretch) - 1)
        found += [float(value) for value in others]
    return found


def _information(texts: Sequence[str]) -> list[float]:
    """Return each text's inverse document frequencies, added up over its distinct words."""
    words = [set(lexical.words(text)) - lexical.STOP_WORDS for text in texts]
    holders = Counter(word for found in words for word in found)
    # Words that stand only once are as often noise as news: they count half.
    return [
        sum(math.log(1.0 + len(texts) / holders[word]) * (1.0 if holders[word] > 1 else 0.5) for word in found)
        for found in words
    ]


def _choose(draft: _Draft) -> list[tuple[Piece, float]]:
    """Take headings, then the best of every stretch in turn, until the room is used up."""
    taken: list[tuple[Piece, float]] = []
    pages: set[int] = set()
    left = draft.room

    def take(piece: Piece, score: float, limit: int) -> bool:
        nonlocal left
        cost = len(piece.text) + len(GAP) + (0 if piece.page in pages else _PAGE)
        if cost > limit:
            return False
        taken.append((piece, score))
        pages.add(piece.page)
        left -= cost
        return True

    spare = int(draft.room * (1.0 - (_HEADINGS if draft.sentences else 0.0)))
    for heading in _fitting(draft.headings, draft.room - spare):
        take(heading, 0.0, left - spare)
    said: list[set[str]] = []
    done: set[Piece] = set()
    for place, (piece, score) in enumerate(_in_turn(draft)):
        words = set(lexical.words(piece.text)) - lexical.STOP_WORDS
        new = place < _EDGES or not any(_alike(words, other) for other in said)
        if piece not in done and new and take(piece, score, left):
            said.append(words)
            done.add(piece)
    return taken


def _fitting(headings: Sequence[Piece], room: int) -> list[Piece]:
    """Return as many headings, evenly spread, as fit into `room` characters."""
    count = min(len(headings), room // len(GAP))
    while count > 1:
        chosen = _spread(headings, count)
        if sum(len(one.text) + len(GAP) for one in chosen) + _PAGE * len({one.page for one in chosen}) <= room:
            return chosen
        count -= 1
    return list(headings[:1])


def _in_turn(draft: _Draft) -> Iterator[tuple[Piece, float]]:
    """Yield the best sentence of every stretch, then the second best: first and last stretch before the others."""
    ranked = [_ranked(stretch, scores) for stretch, scores in zip(draft.stretches, draft.scores, strict=True)]
    order = list(dict.fromkeys([0, len(ranked) - 1, *range(len(ranked))])) if ranked else []
    if ranked:
        yield draft.stretches[0][0], draft.scores[0][0]  # the opening: it most often says what the whole is about
        end = draft.stretches[-1][-1].page
        yield next(one for one in ranked[-1] if one[0].page == end)
    for place in range(max(map(len, ranked), default=0)):
        for stretch in order:
            if place < len(ranked[stretch]):
                yield ranked[stretch][place]


def _ranked(stretch: Sequence[Piece], scores: Sequence[float]) -> list[tuple[Piece, float]]:
    """Return a stretch's sentences, the most central first; those too long or, next to the others, too short last."""
    lengths = sorted(len(sentence.text) for sentence in stretch)
    least = min(_SHORT, lengths[len(lengths) // 2])
    return sorted(
        zip(stretch, scores, strict=True),
        key=lambda one: (not least <= len(one[0].text) <= _LONG, -one[1], one[0].page, one[0].start),
    )


def _alike(words: set[str], other: set[str]) -> bool:
    return len(words & other) >= _ALIKE * max(1, len(words | other))


def _excerpts(
    document: Document, texts: dict[int, str], chosen: Sequence[tuple[int, int, int, float]]
) -> Iterator[Excerpt]:
    """Yield what was chosen of each page, in page order, verbatim: pieces with nothing between them become one."""
    for page in sorted({number for number, *_ in chosen}):
        here = sorted((start, end, score) for number, start, end, score in chosen if number == page)
        text = texts[page]
        spans: list[tuple[int, int]] = []
        for start, end, _ in here:
            if spans and not text[spans[-1][1] : start].strip():
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        start, end, score = max(here, key=lambda one: (one[2], -one[0]))
        yield Excerpt(
            document=document.id,
            name=document.name,
            page=page,
            text=GAP.join(text[start:end] for start, end in spans),
            quote=text[start:end],
            spans=tuple(spans),
            score=score,
            unit=document.unit,
            label=label(document.unit, text),
        )
