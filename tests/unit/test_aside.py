"""Work beside a generator: what it reports, returns and raises arrives, and nobody waits for work they left."""

from __future__ import annotations

import threading

import pytest

from rag.aside import Aside


def test_what_is_reported_is_yielded_and_then_the_result() -> None:
    def work(told: object) -> str:
        assert callable(told)
        told(1, 2)
        told(2, 2)
        return "done"

    with Aside(work) as aside:
        assert list(aside.progress()) == [(1, 2), (2, 2)]
        assert aside.result() == "done"


def test_what_it_raises_is_raised_to_whoever_asks() -> None:
    def work(told: object) -> str:
        raise ValueError("no")

    with Aside(work) as aside:
        assert list(aside.progress()) == []
        with pytest.raises(ValueError, match="no"):
            aside.result()


def test_leaving_waits_for_its_end() -> None:
    stop, ended = threading.Event(), threading.Event()

    def work(told: object) -> None:
        assert callable(told)
        told(0, 1)
        stop.wait(20)
        ended.set()

    with Aside(work) as aside:
        next(aside.progress())
        stop.set()
    assert ended.is_set()
