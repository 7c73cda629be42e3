"""In how many chunks each term stands, remembered until the index changes; it searches nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from rag import lexical

_EXACT = 20_000  # chunks up to which every term is counted anew: that takes FTS5 2 ms for the commonest ten
_TERMS = 50_000


class Frequencies:
    """FTS5 counts a term's chunks by walking through them: of a large library's common words that is done once."""

    def __init__(self) -> None:
        """Remember none."""
        self._state: tuple[bytes, ...] = ()
        self._known: dict[str, int] = {}

    def of(self, connection: Connection, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Return the number of indexed chunks, and in how many of them each of `terms` stands (0 is left out)."""
        total, _ = lexical.counted(connection)
        if total <= _EXACT:
            return lexical.document_frequencies(connection, terms)
        state = lexical.state(connection)
        known = self._known if state == self._state and len(self._known) < _TERMS else {}
        lacking = [term for term in terms if term not in known]
        if lacking:  # of what stands nowhere nothing is remembered: to look it up costs nothing
            known = known | lexical.document_frequencies(connection, lacking)[1]
            self._state, self._known = state, known  # another thread's are as good: whoever comes last
        return total, {term: known[term] for term in terms if term in known}
