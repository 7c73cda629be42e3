"""What changed between two texts, word by word. It knows nothing of what the texts are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Op = Literal["same", "cut", "new"]
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_MOST = 4_000  # tokens of both texts; longer ones are compared by lines
_MOST_PAIRS = 20_000  # equal tokens; of texts that repeat themselves difflib tries every pair, over and over


@dataclass(frozen=True)
class Span:
    """A piece of text that both have ("same"), only the first ("cut") or only the second ("new")."""

    op: Op
    text: str


def words(a: str, b: str) -> list[Span]:
    """Return how `a` becomes `b`: same and cut joined give `a`, same and new give `b`, to the last space.

    Words are aligned with difflib (Ratcliff and Obershelp 1988); a space alone between two changes changes with them.
    """
    old, new = _pieces(a, b)
    counts = Counter(old)
    pairs = sum(counts[token] for token in new if not token.isspace())
    matcher = SequenceMatcher(str.isspace, old, new, autojunk=pairs > _MOST_PAIRS)
    triples: list[tuple[str, str, str]] = []  # (same, cut, new)
    for op, i, j, k, m in matcher.get_opcodes():
        one, other = "".join(old[i:j]), "".join(new[k:m])
        triples.append((one, "", "") if op == "equal" else ("", one, other))
    return _spans(_joined(triples))


def _pieces(a: str, b: str) -> tuple[list[str], list[str]]:
    """Return both texts in words; where they are long in lines, and where those are too many as a whole."""
    for split in (_TOKEN.findall, lambda text: text.splitlines(keepends=True)):
        old, new = split(a), split(b)
        if len(old) + len(new) <= _MOST:
            return old, new
    return [a], [b]


def _joined(triples: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the pieces with those between two changes that are only white space taken into the change."""
    found: list[tuple[str, str, str]] = []
    for n, (same, cut, new) in enumerate(triples):
        inside = 0 < n < len(triples) - 1
        if same and inside and same.isspace():
            same, cut, new = "", same, same
        if found and not same and not found[-1][0]:
            found[-1] = ("", found[-1][1] + cut, found[-1][2] + new)
        else:
            found.append((same, cut, new))
    return found


def _spans(triples: Iterable[tuple[str, str, str]]) -> list[Span]:
    ops: tuple[Op, Op, Op] = ("same", "cut", "new")
    return [Span(op, text) for triple in triples for op, text in zip(ops, triple, strict=True) if text]
