"""How long a cell took in an owner's last run, so that the next one's time can be told before it begins."""

from __future__ import annotations

from statistics import median

from prompts.runs.store import RunStore


class Paces:
    """The pace of each owner's last run, read again only when that has grown."""

    def __init__(self, store: RunStore) -> None:
        """Use a store; nothing is read yet."""
        self._store = store
        self._known: dict[str, tuple[str, int, float | None]] = {}

    def seconds(self, owner: str) -> float | None:
        """Return the middle number of seconds of a cell; None before there is any."""
        listed = self._store.listed(owner)
        if not listed:
            return None
        last = listed[0].id
        done = self._store.done(owner, last)
        known = self._known.get(owner)
        if known is None or known[:2] != (last, done):
            took = [cell.reply.seconds for cell in self._store.cells(owner, last).values() if not cell.reply.error]
            known = self._known[owner] = (last, done, median(took) if took else None)
        return known[2]
