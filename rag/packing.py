"""Pieces of a page's text put together into chunks of at most so many tokens; it knows nothing of pages or headings.

Chosen over the whole page at once, as TeX chooses its line ends (Knuth and Plass 1981, "Breaking Paragraphs into
Lines"): few chunks, none far from full, and cut at the best places there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from rag.breaks import Break, Piece, lines, sentences
from rag.tokens import Counted

# What a cut costs, where a chunk more costs 1. A heading inside a chunk costs more than another chunk and all of its
# emptiness, so that each section has its own; but less than one too small to be found by its meaning.
_COST = {
    Break.TOKEN: 2.0,
    Break.WORD: 1.0,
    Break.LINE: 0.6,
    Break.SENTENCE: 0.4,
    Break.STOP: 0.2,
    Break.ITEM: 0.15,
    Break.PARAGRAPH: 0.05,
    Break.SECTION: 0.0,
}
_HEADING_INSIDE = 2.5
_TOO_SMALL = 3.0
_SMALL = 48  # tokens: two sentences


@dataclass(frozen=True)
class Pack:
    """text[start:end] is a chunk: the pieces `first` to `last`, the latter not included, and what it shares before."""

    start: int
    end: int
    first: int
    last: int


class Packer:
    """Cuts one text into chunks of at most `size` tokens, of which neighbours share up to `overlap`."""

    def __init__(self, text: str, counted: Counted, size: int, overlap: int) -> None:
        """`counted` is the same text, tokenised."""
        self._text = text
        self._tokens = counted
        self._size = size
        self._overlap = overlap
        self._small = min(_SMALL, size // 3)

    # -- pieces that fit ---------------------------------------------------------------------------------------

    def fitted(self, found: Sequence[Piece]) -> list[Piece]:
        """Cut the pieces that are too long: between sentences, else lines, else words, else in a word."""
        return [part for piece in found for part in self._fitted(piece)]

    def _fitted(self, piece: Piece) -> list[Piece]:
        if self._fits(piece):
            return [piece]
        if self._tokens.count(piece.start, piece.body) > self._size // 2:  # no heading is as long as that
            piece = replace(piece, body=piece.start)
        parts = self._parts(piece, Break.SENTENCE, sentences)
        parts = [part for whole in parts for part in self._parts(whole, Break.LINE, lines)]
        return [part for whole in parts for part in self._by_words(whole)]

    def _fits(self, piece: Piece) -> bool:
        return self._tokens.count(piece.start, piece.end) <= self._size

    def _parts(self, piece: Piece, kind: Break, places: Callable[[str, int, int], list[int]]) -> list[Piece]:
        if self._fits(piece):
            return [piece]
        cuts = [at for at in places(self._text, piece.start, piece.end) if at > piece.body]
        return self._cut(piece, cuts, [kind] * len(cuts))

    def _by_words(self, piece: Piece) -> list[Piece]:
        """Cut into parts of about equal length, none of them inside a word that would fit."""
        cuts: list[int] = []
        kinds: list[Break] = []
        start = piece.start
        while (left := self._tokens.count(start, piece.end)) > self._size:
            parts = -(-left // self._size)
            start, kind = self._word_near(start, -(-left // parts), piece.end)
            cuts.append(start)
            kinds.append(kind)
        return self._cut(piece, cuts, kinds)

    def _word_near(self, start: int, wanted: int, end: int) -> tuple[int, Break]:
        """Return where to go on after `wanted` tokens from `start`: at a word, or inside one longer than a chunk."""
        text, at = self._text, self._tokens.after(start, wanted)
        word = at
        while word > start and not text[word - 1].isspace():
            word -= 1
        if word > start:
            return word, Break.WORD
        furthest = min(self._tokens.after(start, self._size), end)
        while at < furthest and not text[at].isspace():
            at += 1
        if at < furthest or text[at - 1].isspace():
            return next((place for place in range(at, end) if not text[place].isspace()), end), Break.WORD
        # A part of a word may be other tokens than it was within the word, and more of them.
        return max(start + 1, self._tokens.after(start, self._size - self._size // 8)), Break.TOKEN

    def _cut(self, piece: Piece, cuts: Sequence[int], kinds: Sequence[Break]) -> list[Piece]:
        parts = []
        for kind, (start, end) in zip([piece.kind, *kinds], pairwise([piece.start, *cuts, piece.end]), strict=True):
            last = start + len(self._text[start:end].rstrip())
            parts.append(Piece(start, last, kind, False, max(start, min(piece.body, last))))
        return parts

    # -- chunks ------------------------------------------------------------------------------------------------

    def packed(self, parts: Sequence[Piece]) -> list[Pack]:
        """Return the chunks that `parts`, each of which fits, are put together to."""
        firsts = [self._tokens.first(part.start) for part in parts]
        lasts = [self._tokens.last(part.end) for part in parts]
        headings = list(accumulate((part.kind is Break.SECTION for part in parts), initial=0))
        # Nothing is shared across a heading: what begins with one has all the room.
        alone = [n == 0 or part.kind is Break.SECTION for n, part in enumerate(parts)]
        rooms = [self._size if one else self._size - self._overlap for one in alone]
        by_tokens = [self._cost(tokens) for tokens in range(self._size + 1)]
        costs, begun = [0.0], [0]
        for last in range(1, len(parts) + 1):
            best, chosen = float("inf"), last - 1
            # A piece is a token at least, or none where the tokenizer drops it: no more of them than of tokens.
            for first in range(last - 1, max(last - 2 - self._size, -1), -1):
                tokens = lasts[last - 1] - firsts[first]
                if first < last - 1 and tokens > rooms[first]:
                    if tokens > self._size:
                        break
                    continue
                plain = by_tokens[tokens] if tokens <= self._size else self._cost(tokens)
                cost = costs[first] + (plain + _HEADING_INSIDE * (headings[last] - headings[first + 1]))
                if cost < best:
                    best, chosen = cost, first
            costs.append(best + (0.0 if last == len(parts) else _COST[parts[last].kind]))
            begun.append(chosen)
        return self._shared(parts, _path(begun))

    def _cost(self, tokens: int) -> float:
        """Return what a chunk of so many tokens costs, without the headings inside it."""
        empty = 1.0 - tokens / self._size
        small = _TOO_SMALL if tokens < self._small else 0.0
        return 1.0 + empty * empty + small

    # -- what neighbours share ---------------------------------------------------------------------------------

    def _shared(self, parts: Sequence[Piece], edges: Sequence[int]) -> list[Pack]:
        packs: list[Pack] = []
        for first, last in pairwise(edges):
            end = parts[last - 1].end
            start = parts[first].start
            if packs and self._overlap:
                room = min(self._overlap, self._size - self._tokens.count(start, end))
                start = self._begin(parts, packs[-1], first, room)
            packs.append(Pack(start, end, first, last))
        return packs

    def _begin(self, parts: Sequence[Piece], before: Pack, first: int, room: int) -> int:
        """Return where a chunk begins that may share `room` tokens with the one before: at a whole sentence or item."""
        part = parts[first]
        if room <= 0 or part.kind is Break.SECTION:
            return part.start
        floor = max(
            [before.start + 1, *(one.start for one in parts[before.first : first] if one.kind is Break.SECTION)]
        )
        earliest = max(self._tokens.before(part.start, room), floor)
        places = [at for one in parts[before.first : first] if one.end > earliest for at in self._places(one)]
        if part.kind in (Break.WORD, Break.TOKEN):
            places.append(self._next_word(earliest, part.start))
        return min((at for at in places if earliest <= at < part.start), default=part.start)

    def _places(self, part: Piece) -> list[int]:
        return [part.start] if part.whole else [part.start, *sentences(self._text, part.start, part.end)]

    def _next_word(self, at: int, end: int) -> int:
        text = self._text
        while at < end and (text[at].isspace() or not (at == 0 or text[at - 1].isspace())):
            at += 1
        return at


def _path(begun: Sequence[int]) -> list[int]:
    """Return the edges of the chunks, first to last, from where the chunk that ends at each place began."""
    edges = [len(begun) - 1]
    while edges[-1] > 0:
        edges.append(begun[edges[-1]])
    return edges[::-1]
