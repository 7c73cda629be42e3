"""How far something of the Lab has come, how much longer it takes and how it ended, for people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from markupsafe import Markup

from rag.errors import AulaError, Cancelled
from ui.components import progress_bar, time_left

U = TypeVar("U")
_SLOW_S = 3.0  # before a time left is told
_EVERY_S = 1.0  # between two drawings of what grows: a page that is drawn all the time hears no click


class Clock:
    """Tells how much longer something takes that goes on as it has begun."""

    def __init__(self) -> None:
        """Begin now."""
        self._began = time.monotonic()

    def left(self, done: int, total: int) -> float | None:
        """Return the seconds that are left; None as long as nothing can be said."""
        passed = time.monotonic() - self._began
        return passed * (total - done) / done if done > 0 and passed > _SLOW_S else None


class Seldom:
    """Tells when something that changes all the time is to be drawn again: about once a second."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """The first time is at once; `now` returns seconds."""
        self._now = now
        self._next = now()

    def due(self) -> bool:
        """Tell whether it is time; if so, a second passes before the next."""
        if self._now() < self._next:
            return False
        self._next = self._now() + _EVERY_S
        return True


def ending(updates: Iterator[U], show: Callable[[str], U], stopped: str, lang: str) -> Iterator[U]:
    """Yield updates and, where an error ends them, what `show` makes of its sentence: nothing goes on saying "working".

    `stopped` is the sentence for Cancelled. What was not foreseen clears the line, and is raised for `guarded` to tell.
    """
    try:
        yield from updates
    except Cancelled:
        yield show(str(status(stopped)))
    except AulaError as error:
        yield show(str(Markup('<p class="aula-error" role="alert">{}</p>').format(error.text(lang))))
    except Exception:
        yield show("")
        raise


def bar(done: int, total: int, clock: Clock, label: str, lang: str) -> Markup:
    """Return a bar with the time that is left, or with what is being done (`label`) as long as that is not known."""
    left = clock.left(done, total)
    return progress_bar(done, total, label) + status(label if left is None else time_left(left, lang))


def status(said: str) -> Markup:
    """Return a quiet line that is read out when it changes; nothing for ""."""
    return Markup('<p class="aula-caption" role="status">{}</p>').format(said) if said else Markup("")
