"""What is said of folders that are imported or watched, and which of their files are left alone; it looks at none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from rag.folder_tree import Found

Place = tuple[str, str]  # a collection, and the path of a file below its folder
_LONGEST = 256  # looks


@dataclass(frozen=True)
class FolderState:
    """How a folder stands. `there`: it could be listed; `files`: how many are followed; `skipped`: left out.

    `once`: it is only imported; `done`: that is over, and what was left out is all there is to say.
    """

    name: str
    there: bool = True
    files: int = 0
    skipped: tuple[str, ...] = ()
    once: bool = False
    done: bool = False


@dataclass(frozen=True)
class _Failed:
    found: Found
    tries: int
    left: int


class Patience:
    """Says when a file that could not be read is tried once more: after twice as many looks each time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._failed: dict[Place, _Failed] = {}

    def failed(self, place: Place, found: Found) -> None:
        """Note that a file could not be read as it is."""
        known = self._failed.get(place)
        tries = known.tries + 1 if known and known.found == found else 1
        self._failed[place] = _Failed(found, tries, min(2**tries, _LONGEST))

    def read(self, place: Place) -> None:
        """Forget a file that could be read."""
        self._failed.pop(place, None)

    def rests(self, place: Place, found: Found) -> bool:
        """Tell whether a file is left alone in this look; one that has changed is not."""
        known = self._failed.get(place)
        if known is None or known.found != found or known.left == 0:
            return False
        self._failed[place] = replace(known, left=known.left - 1)
        return True

    def of(self, collection: str) -> Sequence[str]:
        """Return the paths of a collection's files that could not be read."""
        return [path for owner, path in self._failed if owner == collection]

    def keep(self, collections: Collection[str]) -> None:
        """Forget what belongs to other collections."""
        self._failed = {place: known for place, known in self._failed.items() if place[0] in collections}
