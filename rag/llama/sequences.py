"""The raw scores after any sequence of tokens, for looking at a loaded model; the chat's own memory is not touched.

Every step is one turn in the model's queue, so that an answer waits for one step at the most.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

from rag.errors import Cancelled, QuestionTooLong
from rag.llama import native
from rag.llama.branches import MOST, Branches
from rag.llama.context import ALIGN, shared, steps
from rag.llama.memory import Memory, MemoryFull, Row, Stretch
from rag.llama.turns import Turns

__all__ = ["MOST", "Progress", "Row", "Sequences"]

Progress = Callable[[int, int], None]  # tokens read, tokens in all
T = TypeVar("T")

STEP = 64  # tokens a step: 0.4 s on two cores with a model of 1.5 B, which is what an answer may have to wait
_SCORED = 32  # tokens a step where each one's scores are looked at: 20 MB of them with 150,000 words
_ROWS = 24  # rows of scores that are remembered, 15 MB with 150,000 words
IDLE_S = 600.0  # the memory is given back when nobody has looked for so long


class Sequences:
    """Scores after sequences of tokens. Safe to use from several threads; `LlamaChat.sequences` gives it.

    Rows are float32 logits over the whole vocabulary, exactly llama.cpp's. Its kernels take four tokens at a time and
    the rest one by one, and add them up in another order; small differences then grow from layer to layer. So:

    `after` reads as llama.cpp reads a prompt, and gives the same to the last digit however one comes to a sequence.
    `after(..., filled=True)` and `score` fill tokens and scores up to a multiple of ALIGN, and give the same as each
    other: a sequence that is walked through token by token has the probability that it has in one pass.
    `after_each` is for searching: many at once in little time, with scores that differ a little from both.
    """

    def __init__(self, handles: native.Handles, turns: Turns, size: int) -> None:
        """Take the weights; no memory is taken until the first look. `size`: tokens of the longest sequence."""
        self.size = size
        self._turns = turns
        self._line = Memory(handles, turns, size, 1, STEP)
        self._held: list[int] = []  # what is in it
        self._sound = 0  # so many of them were read in whole groups
        self._branches = Branches(handles, turns, size, STEP)
        self._ones = Turns()  # one look at a time; a look is short
        self._rows: OrderedDict[tuple[bool, tuple[int, ...]], Row] = OrderedDict()
        self._timer: threading.Timer | None = None
        self._closed = False
        self._steps = 0

    @property
    def evaluations(self) -> int:
        """The steps taken so far: what looking has cost."""
        return self._steps + self._branches.evaluations

    @property
    def waited(self) -> float:
        """Seconds that this thread has waited here so far, for the model's queue and for another look to end."""
        return self._turns.waited + self._ones.waited

    @property
    def bytes(self) -> int:
        """What is held now, as it would be saved."""
        return self._line.bytes + self._branches.bytes

    def after(
        self,
        tokens: Sequence[int],
        cancel: threading.Event | None = None,
        told: Progress | None = None,
        filled: bool = False,
    ) -> Row:
        """Return the (vocabulary,) logits after `tokens`, read-only: one step where all but the last few are held.

        Raises QuestionTooLong, ModelNotReady, Cancelled, ValueError for no tokens.
        """
        wanted = tuple(tokens)
        self._check(wanted)
        key = (filled, wanted)
        with self._look(cancel):
            row = self._rows.pop(key, None)
            if row is None:
                row = self._read(wanted, cancel, told, filled)
            self._remember(key, row)
            return row

    def after_each(
        self, sequences: Sequence[Sequence[int]], cancel: threading.Event | None = None, anew: bool = False
    ) -> list[Row]:
        """Return the logits after each of at most MOST sequences; the last tokens of all are read in one step.

        What they have in common is held once, and what was read for one is not read again for the next. `anew` forgets
        what is held first: the same steps after it give the same numbers again. Raises as `after` does.
        """
        wanted = [tuple(tokens) for tokens in sequences]
        if not 1 <= len(wanted) <= MOST:
            raise ValueError("from one to MOST sequences")
        for one in wanted:
            self._check(one)
        with self._look(cancel):
            if anew:
                self._branches.rest()
            try:
                return self._branches.after(wanted, cancel)
            except MemoryFull:
                self._branches.rest()
                raise QuestionTooLong(tokens=sum(map(len, wanted)), room=self.size) from None

    def score(
        self,
        tokens: Sequence[int],
        start: int,
        use: Callable[[int, Row], T],
        cancel: threading.Event | None = None,
        told: Progress | None = None,
    ) -> list[T]:
        """Return use(i, logits) for each i from `start` to the end: the scores by which tokens[i] is chosen.

        Read in one pass, many tokens a step. A row is only valid within `use`; `start` is 1 or more. Raises as `after`.
        """
        whole = tuple(tokens)
        self._check(whole)
        if not 1 <= start < len(whole):
            raise ValueError("there is nothing before the first token to choose it by")
        found: list[T] = []
        with self._look(cancel):
            read = whole[:-1]
            self._keep(min(self._same(read), start - 1))
            for part in steps(read[len(self._held) :], _SCORED):
                first = max(start, len(self._held) + 1)  # of the tokens that this part chooses
                wanted = self._step(part, range(first - len(self._held) - 1, len(part)), cancel, filled=True)
                found += self._line.rows(lambda place, row, first=first: use(first + place, row), wanted)  # type: ignore[misc]
                _tell(told, len(self._held), len(read))
        return found

    # -- memory ------------------------------------------------------------------------------------------------

    def rest(self) -> None:
        """Give the memory back; the next look takes it again."""
        self._line.rest()
        self._branches.rest()
        self._rows.clear()

    def close(self) -> None:
        """Give the memory back for good: the weights are about to go. A look under way ends with ModelNotReady."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._line.close()
        self._branches.close()
        self._rows.clear()

    # -- how ---------------------------------------------------------------------------------------------------

    def _check(self, wanted: tuple[int, ...]) -> None:
        if not wanted:
            raise ValueError("no tokens to go on from")
        if len(wanted) > self.size:
            raise QuestionTooLong(tokens=len(wanted), room=self.size)

    @contextmanager
    def _look(self, cancel: threading.Event | None) -> Iterator[None]:
        """Have a look, one at a time, in the order of asking; the memory is kept for a while afterwards."""
        with self._ones.taken(cancel) as got:
            if not got:
                raise Cancelled
            try:
                yield
            finally:
                self._later()

    def _read(
        self, tokens: tuple[int, ...], cancel: threading.Event | None, told: Progress | None, filled: bool
    ) -> Row:
        self._keep(min(self._same(tokens), len(tokens) - 1) if filled else shared(tokens, self._held))
        wanted = slice(None)
        for part in steps(tokens[len(self._held) :], STEP):
            last = len(self._held) + len(part) == len(tokens)
            wanted = self._step(part, range(len(part) - 1, len(part)) if last else range(0), cancel, filled)
            _tell(told, len(self._held), len(tokens))
        row = self._line.rows(lambda _, row: row.copy(), wanted)[0]
        row.flags.writeable = False  # it is remembered
        return row

    def _same(self, tokens: Sequence[int]) -> int:
        """Return how many of the tokens are held as filled reading leaves them."""
        same = 0
        while same < min(len(tokens), self._sound) and tokens[same] == self._held[same]:
            same += 1
        return same

    def _keep(self, count: int) -> None:
        """Keep so many tokens of the line."""
        if self._line.open():
            self._held, count = [], 0
        count = min(count, len(self._held))
        if count < len(self._held) and not self._line.cut(0, count):
            count = 0
        self._held = self._held[:count]
        self._sound = min(self._sound, count)

    def _step(self, part: Sequence[int], scored: range, cancel: threading.Event | None, filled: bool) -> slice:
        """Read a part, and return which of the scores that it gave are those of `scored`."""
        held, self._held = self._held, []  # if it fails, what is in the memory is not known
        more = -len(part) % ALIGN if filled and self._line.cuts else 0  # what comes later changes nothing before it
        more = more if len(held) + len(part) + more <= self.size else 0
        tokens = [*part, *([part[-1]] * more)]
        given = _grouped(scored, len(tokens)) if filled else scored
        try:
            self._line.read([Stretch(0, len(held), tokens, given)], cancel)
            if more:
                self._line.cut(0, len(held) + len(part))
        except Cancelled:
            self._held = held
            raise
        except BaseException:
            self._line.rest()
            raise
        self._held = [*held, *part]
        if self._sound == len(held):
            self._sound += len(tokens) - len(tokens) % ALIGN if not more else len(part)
        self._steps += 1
        return slice(scored.start - given.start, scored.stop - given.start)

    def _remember(self, key: tuple[bool, tuple[int, ...]], row: Row) -> None:
        """Keep the row, unless the model is closed by now."""
        if not self._closed:
            self._rows[key] = row
        while len(self._rows) > _ROWS:
            with suppress(KeyError):
                self._rows.popitem(last=False)

    def _later(self) -> None:
        """Give the memory back when nobody has looked for IDLE_S."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._closed:
            self._timer = threading.Timer(IDLE_S, self._idle)
            self._timer.daemon = True
            self._timer.start()

    def _idle(self) -> None:
        late = threading.Event()
        late.set()
        with self._ones.taken(late) as got:  # not while somebody looks, and nobody begins meanwhile
            if got:
                self.rest()


def _grouped(scored: range, count: int) -> range:
    """Return the scores to be asked for among those of `count` tokens, so that they are a multiple of ALIGN.

    The last layers are reckoned for these tokens alone: one by itself would go through another kernel there.
    """
    if not scored:
        return scored
    wanted = min(count, len(scored) + -len(scored) % ALIGN)
    stop = min(count, scored.start + wanted)
    return range(stop - wanted, stop)


def _tell(told: Progress | None, done: int, total: int) -> None:
    if told is not None:
        told(done, total)
