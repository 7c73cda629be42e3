"""Models by name: the one in use is lent as it is, and at most one other is loaded beside it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

import rag.llm
from rag.entries import Entry
from rag.errors import ModelNotFound, ModelNotInstalled
from rag.lending import Lender
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


class Shelf:
    def entry(self, name: str) -> Entry:
        if name not in {"used", "other", "third", "away"}:
            raise ModelNotFound(name=name)
        return Entry(name=name, title=name, kind="llm")

    def installed(self, name: str) -> bool:
        return name != "away"

    def path(self, name: str) -> Path:
        return Path(name)


@pytest.fixture
def lender(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Any:
    monkeypatch.setattr(rag.llm, "LlamaChat", Chat)
    Chat.loaded = []
    used = Chat("used")
    engine: Any = SimpleNamespace(status=lambda: SimpleNamespace(model="used"), chat=lambda: used)
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
