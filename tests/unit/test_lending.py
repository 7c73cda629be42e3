"""Models by name: the one in use is lent as it is, and at most one other is loaded beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

import rag.llm
from rag.entries import Entry
from rag.errors import ModelNotFound, ModelNotInstalled, ModelNotReady
from rag.lending import IDLE_S, Lender
from rag.settings import Settings


class Chat:
    """A model that only has a name; `loaded` holds every one."""

    loaded: ClassVar[list[Chat]] = []

    def __init__(self, name: str) -> None:
        self.model = name
        self.closed = False

    @classmethod
    def load(cls, path: Path, name: str, n_ctx: int = 0) -> Chat:
        cls.loaded.append(cls(name))
        return cls.loaded[-1]

    def close(self, wait: float = 0.0) -> None:
        self.closed = True


class Timer:
    """A timer that goes off when it is told to; `set` holds every one."""

    set: ClassVar[list[Timer]] = []

    def __init__(self, seconds: float, function: Callable[[], None]) -> None:
        self.seconds, self.function = seconds, function
        self.cancelled = self.daemon = False
        Timer.set.append(self)

    def start(self) -> None:
        pass

    def cancel(self) -> None:
        self.cancelled = True


class Shelf:
    def entry(self, name: str) -> Entry:
        if name not in {"used", "other", "third", "away"}:
            raise ModelNotFound(name=name)
        return Entry(name=name, title=name, kind="llm")

    def installed(self, name: str) -> bool:
        return name != "away"

    def path(self, name: str) -> Path:
        return Path(name)


class Engine:
    """Has one model in use, or none, and is asked for it `asked` times."""

    used: Chat | None
    asked = 0

    def chat(self) -> Chat:
        self.asked += 1
        if self.used is None:
            raise ModelNotReady
        return self.used


@pytest.fixture
def engine() -> Any:
    return Engine()


@pytest.fixture
def lender(monkeypatch: pytest.MonkeyPatch, settings: Settings, engine: Any) -> Any:
    monkeypatch.setattr(rag.llm, "LlamaChat", Chat)
    Chat.loaded = []
    monkeypatch.setattr(threading, "Timer", Timer)
    Timer.set = []
    engine.used = Chat("used")
    shelf: Any = Shelf()
    return Lender(settings, shelf, engine)


def test_the_model_in_use_is_not_loaded_again(lender: Any) -> None:
    assert lender.chat("") is lender.chat("used")
    assert Chat.loaded == []


def test_another_is_loaded_once_and_a_third_lets_it_go(lender: Any) -> None:
    other = lender.chat("other")
    assert lender.chat("other") is other
    third = lender.chat("third")
    assert [chat.model for chat in Chat.loaded] == ["other", "third"]
    assert other.closed
    assert not third.closed
    lender.close()
    assert third.closed


@pytest.mark.parametrize(("name", "error"), [("nobody", ModelNotFound), ("away", ModelNotInstalled)])
def test_what_is_not_here_is_said_and_nothing_is_let_go(lender: Any, name: str, error: type[Exception]) -> None:
    other = lender.chat("other")
    with pytest.raises(error):
        lender.chat(name)
    assert not other.closed


def test_what_is_lent_is_let_go_once_it_is_in_use(lender: Any, engine: Any) -> None:
    other = lender.chat("other")
    engine.used = Chat("other")
    assert lender.chat("other") is engine.used
    assert other.closed
    assert len(Chat.loaded) == 1


def test_the_model_in_use_is_asked_for_once(lender: Any, engine: Any) -> None:
    lender.chat("used")
    assert engine.asked == 1, "between two looks it may be another one"


def test_one_is_lent_where_none_is_in_use(lender: Any, engine: Any) -> None:
    engine.used = None
    assert lender.chat("other").model == "other"
    with pytest.raises(ModelNotReady):
        lender.chat("")


def test_the_model_in_use_is_given_while_another_is_let_go(lender: Any, engine: Any) -> None:
    other, given = lender.chat("other"), []

    def close(wait: float = 0.0) -> None:
        given.extend([lender.chat(""), lender.chat("used")])

    other.close = close
    lender.chat("third")
    assert given == [engine.used, engine.used]


def test_what_nobody_asks_for_is_let_go_in_time(lender: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    other = lender.chat("other")
    now[0] += IDLE_S - 1
    assert lender.chat("other") is other
    now[0] += 2
    Timer.set[-1].function()
    assert not other.closed, "it was asked for meanwhile"
    assert Timer.set[-1].seconds == IDLE_S - 2
    now[0] += IDLE_S
    Timer.set[-1].function()
    assert other.closed
    assert lender.chat("other") is not other


def test_at_the_end_nothing_is_looked_at_again(lender: Any) -> None:
    lender.chat("other")
    lender.close()
    assert Timer.set[-1].cancelled
