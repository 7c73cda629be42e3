"""The guessing game: one secret a player and level, kept here and never handed out before it is guessed."""

from __future__ import annotations

import secrets as chance
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prompts.lessons.defence import Answer, Defence
from prompts.lessons.leaks import same_word
from prompts.lessons.levels import Level, level, levels, secrets

if TYPE_CHECKING:
    from rag.llm import LlamaChat

MOST_PLAYERS = 500  # whoever has not played for longest is forgotten
_LINES = 6  # exchanges that are kept to be shown


@dataclass(frozen=True)
class Line:
    """One exchange with the model."""

    message: str
    answer: Answer


@dataclass(frozen=True)
class View:
    """What a player may know. `word` is empty until it is guessed; `guesses` are those at this level."""

    level: Level
    solved: frozenset[int]
    lines: tuple[Line, ...] = ()
    guesses: int = 0
    word: str = ""

    @property
    def finished(self) -> bool:
        """Whether every level has been won."""
        return len(self.solved) == len(levels())


@dataclass
class _State:
    number: int = 1
    secret: Mapping[str, str] = field(default_factory=lambda: chance.choice(secrets()))
    solved: set[int] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)
    guesses: int = 0
    told: bool = False


class Game:
    """Players by a key of the caller's (owner and browser session). Safe to use from several threads."""

    def __init__(self, chat: Callable[[], LlamaChat]) -> None:
        """`chat` gives the model that plays, or raises ModelNotReady."""
        self._chat = chat
        self._states: OrderedDict[str, _State] = OrderedDict()
        self._lock = threading.Lock()

    def view(self, player: str, lang: str) -> View:
        """Return where a player stands; who is new stands at the first level."""
        with self._lock:
            state = self._state(player)
            return View(
                level=level(state.number),
                solved=frozenset(state.solved),
                lines=tuple(state.lines),
                guesses=state.guesses,
                word=_word(state.secret, lang) if state.told else "",
            )

    def choose(self, player: str, number: int) -> None:
        """Begin a level anew, with another secret. Raises StrategyNotFound."""
        level(number)
        with self._lock:
            state = self._state(player)
            others = [one for one in secrets() if one != state.secret]
            state.number, state.secret, state.told = number, chance.choice(others), False
            state.lines, state.guesses = [], 0

    def ask(self, player: str, lang: str, message: str, cancel: threading.Event) -> Iterator[Answer]:
        """Yield the answer to a message as it grows, and keep the exchange. Raises what Defence.answer raises."""
        with self._lock:
            state = self._state(player)
            number, secret = state.number, state.secret
        answer = Answer()
        defence: Defence = level(number).defence(lang)
        for answer in defence.answer(self._chat(), _word(secret, lang), message, cancel):
            yield answer
        with self._lock:
            if state.number == number and state.secret is secret:  # else the level was begun anew meanwhile
                state.lines = [*state.lines, Line(message, answer)][-_LINES:]

    def guess(self, player: str, word: str) -> bool:
        """Tell whether the word is the secret, in either language; case and accents do not count."""
        with self._lock:
            state = self._state(player)
            state.guesses += 1
            if not any(same_word(word, one) for one in state.secret.values()):
                return False
            state.told = True
            state.solved.add(state.number)
            return True

    def _state(self, player: str) -> _State:
        """Return a player's state, the latest used last. To be called with the lock held."""
        state = self._states.pop(player, None) or _State()
        self._states[player] = state
        while len(self._states) > MOST_PLAYERS:
            self._states.popitem(last=False)
        return state


def _word(secret: Mapping[str, str], lang: str) -> str:
    return secret.get(lang, secret["en"])
