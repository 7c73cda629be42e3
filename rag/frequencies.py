"""In how many chunks each term stands, remembered while a library hardly changes; it searches nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from rag import lexical

_EXACT = 20_000  # chunks up to which every term is counted anew: that takes FTS5 2 ms for the commonest ten
_DRIFT = 0.02  # share by which a larger library may have changed: what a word weighs changes by as little
_TERMS = 50_000


class Frequencies:
    """FTS5 counts a term's chunks by walking through them: of a large library's common words that is done once."""

    def __init__(self) -> None:
        """Remember none."""
        self._total = 0
        self._known: dict[str, int] = {}

    def of(self, connection: Connection, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Return the number of indexed chunks, and in how many of them each of `terms` stands (0 is left out)."""
        total, _ = lexical.counted(connection)
        if total <= _EXACT:
            return lexical.document_frequencies(connection, terms)
        known = self._known if abs(total - self._total) <= _DRIFT * total and len(self._known) < _TERMS else {}
        lacking = [term for term in terms if term not in known]
        if lacking:
            _, found = lexical.document_frequencies(connection, lacking)
            known |= {term: found.get(term, 0) for term in lacking}
        if known is not self._known:  # another thread's are as good: whoever comes last
            self._total, self._known = total, known
        return total, {term: known[term] for term in terms if known[term]}
