"""Whose turn it is: owners one after the other, each with their own in the order of asking. Not safe to share."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """A queue for each owner, served round and round (round robin; Nagle 1987, RFC 970)."""

    def __init__(self) -> None:
        """Begin empty."""
        self._queues: dict[str, deque[Item]] = {}  # the first owner's turn it is

    def add(self, owner: str, item: Item) -> None:
        """Put it behind the owner's others."""
        self._queues.setdefault(owner, deque()).append(item)

    def remove(self, owner: str, item: Item) -> None:
        """Take it out, wherever it stands; one that is not there is no matter."""
        queue = self._queues.get(owner)
        if queue is None or item not in queue:
            return
        queue.remove(item)
        if not queue:
            del self._queues[owner]

    def first(self) -> Item | None:
        """Return what comes next, and leave it there; None when there is nothing."""
        return next((queue[0] for queue in self._queues.values()), None)

    def pass_on(self, owner: str) -> None:
        """Put the owner behind all others."""
        if owner in self._queues:
            self._queues[owner] = self._queues.pop(owner)

    def before(self, owner: str, item: Item) -> list[Item]:
        """Return the owner's own that come before it."""
        queue = list(self._queues.get(owner, ()))
        return queue[: queue.index(item)] if item in queue else queue

    def others(self, owner: str) -> list[list[Item]]:
        """Return what other owners have in theirs, a list for each."""
        return [list(queue) for name, queue in self._queues.items() if name != owner]

    def items(self) -> list[Item]:
        """Return everything there is."""
        return [item for queue in self._queues.values() for item in queue]
