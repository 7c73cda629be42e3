"""A function that reports progress, run in a thread of its own so that a generator can yield what it reports."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
_Told = tuple[int, int]


class Aside(Generic[T]):
    """Runs `work(told)`; `told(done, total)` may be called from inside it. Leaving the block waits for its end."""

    def __init__(self, work: Callable[[Callable[[int, int], None]], T]) -> None:
        """Take the work; it begins with the block."""
        self._work = work
        self._queue: queue.Queue[_Told | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="aula-aside", daemon=True)
        self._found: list[T] = []
        self._error: BaseException | None = None

    def __enter__(self) -> Aside[T]:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the end; whoever leaves early sets the cancel event that the work listens to."""
        self._thread.join()

    def progress(self) -> Iterator[_Told]:
        """Yield what is reported, until the work ends."""
        while (told := self._queue.get()) is not None:
            yield told

    def result(self) -> T:
        """Return what the work returned. Raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self._work(lambda done, total: self._queue.put((done, total))))
        except BaseException as error:
            self._error = error
        finally:
            self._queue.put(None)
