"""Who answers when: starter, default and the person's own choice, over a catalogue without weights."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

import rag.embeddings
import rag.llm
from rag.dense import Dense
from rag.engine import Engine
from rag.entries import Entry
from rag.errors import Cancelled, ModelLoadFailed, ModelNotFound, ModelNotInstalled, ModelNotReady, SourceUnreachable
from rag.settings import Settings
from rag.store import Store


class Chat:
    """A model that only has a name."""

    broken: frozenset[str] = frozenset()

    def __init__(self, name):
        self.model = name
        self.closed = False
        self.answering = False

    @classmethod
    def load(cls, path, name, n_ctx=0):
        if name in cls.broken:
            raise ModelLoadFailed(name=name, reason="broken")
        return cls(name)

    def close(self, wait=0.0):
        self.closed = True


class Shelf:
    """A catalogue whose downloads end when the test lets them."""

    def __init__(self, *installed):
        self.here = set(installed)
        self.known = {"starter", "default", "own", "embedding"}
        self.gates = {name: threading.Event() for name in self.known}
        self.fails = set()

    def entry(self, name):
        name = name.removeprefix("hub:")
        if name not in self.known:
            raise ModelNotFound(name=name)
        return Entry(name=name, title=name.title(), kind="embedding" if name == "embedding" else "llm")

    def entries(self, kind=None):
        return [self.entry(name) for name in sorted(self.known)]

    def installed(self, name):
        return name in self.here

    def path(self, name):
        if name not in self.here:
            raise ModelNotInstalled(name=name)
        return Path(name)

    def pull(self, name, progress, cancel):
        name = name.removeprefix("hub:")
        while not self.gates[name].wait(0.01):
            if cancel.is_set():
                raise Cancelled
        if name in self.fails:
            raise SourceUnreachable(name=name, tried="hub", folder="models")
        self.here.add(name)


@pytest.fixture
def engine(monkeypatch, tmp_path, database):
    monkeypatch.setattr(rag.llm, "LlamaChat", Chat)
    monkeypatch.setattr(Chat, "broken", frozenset())
    made = []

    def make(shelf, **options):
        settings = Settings(tmp_path, tmp_path, model="default", starter="starter", embedding="embedding", **options)
        dense = Dense(Store(database), tmp_path)
        built = Engine(settings, shelf, dense)
        built._spawn("model", built._start_model)
        made.append(built)
        return built

    yield make
    for built in made:
        built.stop()


def until(true: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("it never came true")


def settle(engine):
    until(lambda: not any(thread.is_alive() for thread in engine._threads))


def test_the_starter_answers_until_the_default_takes_over(engine):
    shelf = Shelf()
    run = engine(shelf)
    until(lambda: run.status().downloads != [])
    with pytest.raises(ModelNotReady):
        run.chat()
    shelf.gates["starter"].set()
    until(lambda: run.status().model == "starter")
    assert run.status().is_starter
    assert run.status().awaited == "default"
    starter = run.chat()
    shelf.gates["default"].set()
    until(lambda: run.status().model == "default")
    settle(run)
    assert starter.closed
    assert run.status().awaited is None


def test_a_download_begun_twice_is_one_and_the_default_still_takes_over(engine):
    shelf = Shelf("starter")
    run = engine(shelf)
    until(lambda: any(row.name == "default" for row in run.downloads()))
    run.pull("default")
    shelf.gates["default"].set()
    until(lambda: run.status().model == "default")
    settle(run)
    assert [(row.name, row.state) for row in run.downloads()] == [("default", "done")]
    assert run.status().error is None


def test_what_the_person_chose_is_not_replaced(engine):
    shelf = Shelf("own")
    run = engine(shelf)
    run.use("own")
    until(lambda: run.status().model == "own")
    for gate in shelf.gates.values():
        gate.set()
    settle(run)
    assert run.status().model == "own"


def test_a_retried_default_takes_over_from_the_starter(engine):
    shelf = Shelf("starter")
    shelf.fails.add("default")
    shelf.gates["default"].set()
    run = engine(shelf)
    settle(run)
    assert run.status().model == "starter"
    assert "hub" in run.status().error.text("es")
    shelf.fails.clear()
    run.pull("default")
    until(lambda: run.status().model == "default")


def test_cancelled_downloads_leave_a_sentence_and_no_growing_traceback(engine):
    run = engine(Shelf())
    for name in ("starter", "default"):
        until(lambda name=name: (name, "running") in [(row.name, row.state) for row in run.downloads()])
        run.cancel_download(name)
        until(lambda name=name: (name, "cancelled") in [(row.name, row.state) for row in run.downloads()])
    settle(run)
    lengths = []
    for _ in range(5):
        with pytest.raises(ModelNotInstalled) as caught:
            run.chat()
        lengths.append(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(set(lengths)) == 1


def test_a_failed_switch_keeps_the_old_model_and_says_why(engine, monkeypatch):
    run = engine(Shelf("default", "own"))
    until(lambda: run.status().model == "default")
    monkeypatch.setattr(Chat, "broken", frozenset({"own"}))
    run.use("own")
    settle(run)
    status = run.status()
    assert status.model == "default"
    assert not run.chat().closed
    assert isinstance(status.error, ModelLoadFailed)


def test_what_is_embedded_behind_the_page_comes_after_the_chat(engine, monkeypatch):
    told = []
    monkeypatch.setattr(rag.embeddings, "embedding_spec", lambda _shelf, name: name)
    monkeypatch.setattr(Dense, "load", lambda _dense, _path, _spec, behind=False: told.append(behind))
    shelf = Shelf("default", "embedding")
    built = engine(shelf)
    settle(built)
    built._start_embedding()
    assert told == [True]
    assert built._dense.busy() is False
    built._chat.answering = True
    assert built._dense.busy() is True


def test_the_status_survives_the_loss_of_the_file(engine):
    shelf = Shelf("default")
    run = engine(shelf)
    until(lambda: run.status().model == "default")
    shelf.known.discard("default")
    assert run.status().title == "Default"


def test_without_downloads_what_is_here_is_used(engine):
    run = engine(Shelf("own"), download=False)
    until(lambda: run.status().model == "own")
    nothing = engine(Shelf(), download=False)
    settle(nothing)
    with pytest.raises(ModelNotInstalled):
        nothing.chat()
    with pytest.raises(ModelNotInstalled):
        nothing.use("own")
    with pytest.raises(ModelNotFound):
        nothing.use("nobody")
    assert nothing.status().state == "failed"


def test_what_is_here_is_used_when_no_starter_can_be_had(engine):
    shelf = Shelf("own")
    shelf.fails |= {"starter", "default"}
    for name in shelf.fails:
        shelf.gates[name].set()
    run = engine(shelf)
    settle(run)
    assert run.status().model == "own"
    assert run.status().state == "ready"


def test_a_typed_model_has_a_row_under_its_own_name(engine):
    shelf = Shelf("default")
    run = engine(shelf)
    shelf.gates["own"].set()
    run.pull("hub:own")
    settle(run)
    assert [(row.name, row.state) for row in run.downloads()] == [("own", "done")]
    assert run.status().model == "default"
