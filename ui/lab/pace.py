"""How far something of the Lab has come, and how much longer it takes, for people."""

from __future__ import annotations

import time

from markupsafe import Markup

from ui.components import progress_bar, time_left

_SLOW_S = 3.0  # before a time left is told


class Clock:
    """Tells how much longer something takes that goes on as it has begun."""

    def __init__(self) -> None:
        """Begin now."""
        self._began = time.monotonic()

    def left(self, done: int, total: int) -> float | None:
        """Return the seconds that are left; None as long as nothing can be said."""
        passed = time.monotonic() - self._began
        return passed * (total - done) / done if done > 0 and passed > _SLOW_S else None


def bar(done: int, total: int, clock: Clock, label: str, lang: str) -> Markup:
    """Return a bar with the time that is left, or with what is being done (`label`) as long as that is not known."""
    left = clock.left(done, total)
    return progress_bar(done, total, label) + status(label if left is None else time_left(left, lang))


def status(said: str) -> Markup:
    """Return a quiet line that is read out when it changes; nothing for ""."""
    return Markup('<p class="aula-caption" role="status">{}</p>').format(said) if said else Markup("")
