"""What each open page of a browser looks at in the list of documents. It knows nothing of the documents."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

_KEPT = 500  # pages of browsers; the one that looked longest ago is forgotten first
_STEP = 50  # rows that one more press shows


@dataclass(frozen=True)
class Look:
    """`which`: all, going or amiss; `shelf`: a collection's id or ""; `shown`: how many rows at most.

    `opened`: documents whose pages are listed; of them `amiss` with only what is missing, `whole` with every line.
    """

    which: str = "all"
    shelf: str = ""
    shown: int = _STEP
    opened: frozenset[str] = frozenset()
    amiss: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


class Looks:
    """The looks of every session; in memory only. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._looks: OrderedDict[str, Look] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, session: str | None) -> Look:
        """Return what a session looks at."""
        with self._lock:
            return self._looks.get(session or "", Look())

    def press(self, session: str | None, do: str, key: str) -> bool:
        """Change a session's look as one of the list's buttons says; False when the button means something else."""
        look = pressed(self.get(session), do, key)
        if look is None:
            return False
        with self._lock:
            self._looks[session or ""] = look
            self._looks.move_to_end(session or "")
            while len(self._looks) > _KEPT:
                self._looks.popitem(last=False)
        return True


def pressed(look: Look, do: str, key: str) -> Look | None:
    """Return the look after a press, or None when the button has nothing to do with looking."""
    one = frozenset({key})
    changes: dict[str, dict[str, object]] = {
        "which": {"which": key, "shown": _STEP},
        "shelf": {"shelf": key, "shown": _STEP},
        "more": {"shown": look.shown + _STEP},
        "ledger": {"opened": look.opened ^ one, "amiss": look.amiss - one, "whole": look.whole - one},
        "ledger-amiss": {"amiss": look.amiss ^ one, "whole": look.whole - one},
        "ledger-whole": {"whole": look.whole | one},
    }
    return replace(look, **changes[do]) if do in changes else None  # type: ignore[arg-type]
