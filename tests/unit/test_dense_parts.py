"""How vectors are put right behind the page: with Chroma failing or exchanged on the way, and after the chat."""

from __future__ import annotations

import os
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from rag import lanes, mending
from rag.chunking import Span
from rag.dense import Dense
from rag.errors import Cancelled
from rag.lanes import give_way
from rag.pages import PageText
from rag.store import Facts, Store

MODEL = "toy-1"


class Index:
    """What Chroma does, in memory; it fails when it is told to forget."""

    name = MODEL

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.closed = False

    def add(self, ids, _documents, _vectors):
        assert not self.closed
        self.held.update(ids)

    def remove(self, _document):
        raise RuntimeError("disk I/O error")

    def remove_chunks(self, ids):
        self.held -= set(ids)

    def ids(self):
        return set(self.held)

    def close(self):
        self.closed = True

    def drop_others(self):
        assert not self.closed


class Embedder:
    spec = SimpleNamespace(collection=MODEL)

    def __init__(self, busy=lambda: False) -> None:
        self.busy = busy
        self.seen_busy: list[bool] = []

    def encode_passages(self, texts, _cancel=None):
        self.seen_busy.append(self.busy())
        return np.ones((len(texts), 4), dtype=np.float32) / 2


@pytest.fixture
def dense(database, tmp_path):
    store = Store(database)
    for letter in "ab":
        spans = [Span(1, 4 * number, 4 * number + 3) for number in range(40)]
        page = PageText(1, "abc " * 40, "text")
        store.save(Facts(letter * 64, ".txt", 1, "", "page", "en", "ready"), [page], spans)
        store.hold("local", letter * 64, f"{letter}.txt")
    built = Dense(store, tmp_path / "chroma")
    built._take(Embedder(), Index())
    return built


def chunks(dense):
    return set(dense._store.ids())


def test_a_document_is_forgotten_though_chroma_fails_and_that_is_put_right(dense, monkeypatch):
    dense.catch_up()
    index = dense._loaded[1]
    assert index.held == chunks(dense)
    mended = threading.Event()
    monkeypatch.setattr(mending, "logged_behind", lambda _name, work: (work(), mended.set()))
    dense._store.erase("b" * 64)
    dense.forget("b" * 64)
    assert mended.is_set()
    assert index.held == chunks(dense)
    assert len(index.held) == 40


def waited(dense, work):
    """Begin `work` while the index is being exchanged; return the index of before and the one in its place."""
    before, after = dense._loaded[1], Index()
    with dense._mending:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.2)  # it waits for the lock by now
        before.closed = True
        dense._take(dense._loaded[0], after)
    thread.join()
    return before, after


def test_what_waited_for_an_exchange_works_on_the_new_index(dense, monkeypatch):
    before, after = waited(dense, dense.catch_up)
    assert (before.held, after.held) == (set(), chunks(dense))
    fresh = Index()
    monkeypatch.setattr("rag.dense.empty_index", lambda _folder, _name: fresh)
    _, after = waited(dense, dense.rebuild)
    assert after.closed
    assert fresh.held == chunks(dense)
    assert dense._loaded[1] is fresh


def test_each_slice_lets_the_chat_come_first(dense):
    asked = []

    def busy() -> bool:
        asked.append(1)
        return len(asked) % 3 != 0

    embedder = Embedder()
    dense.busy = busy
    dense._take(embedder, dense._loaded[1])
    dense.catch_up()
    assert len(embedder.seen_busy) == 3  # of 80 chunks
    assert len(asked) == 9


def test_it_is_not_waited_for_the_chat_for_ever_nor_after_a_stop(monkeypatch):
    stop = threading.Event()
    monkeypatch.setattr(lanes, "_YIELD_S", 0.0)
    give_way(lambda: True, stop)
    monkeypatch.setattr(lanes, "_YIELD_S", 1_000.0)
    stop.set()
    with pytest.raises(Cancelled):
        give_way(lambda: True, stop)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives one thread a priority of its own")
def test_what_is_done_behind_has_a_low_priority(dense, monkeypatch):
    found: dict[str, int] = {}

    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    done = threading.Event()
    mending.logged_behind("behind", lambda: (found.update(behind=priority()), done.set()))
    assert done.wait(10)
    monkeypatch.setattr("rag.embeddings.Embedder", lambda *_: found.update(loading=priority()) or Embedder())
    monkeypatch.setattr("rag.dense.open_index", lambda *_: Index())
    monkeypatch.setattr(dense, "catch_up", lambda: found.update(embedding=priority()))
    thread = threading.Thread(target=dense.load, args=("folder", SimpleNamespace(collection=MODEL), True))
    thread.start()
    thread.join()
    assert found["behind"] == found["embedding"] > found["loading"]
