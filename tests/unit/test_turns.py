"""rag/llama/turns.py: one at a time, in the order of asking, and waiting can be given up."""

from __future__ import annotations

import threading
from collections.abc import Generator

from rag.llama.turns import Turns


def _waiting(turns: Turns, count: int) -> None:
    """Let the others come to the queue: until `count` stand in it."""
    while len(turns._queue) < count:
        threading.Event().wait(0.001)


def test_turns_come_in_the_order_of_asking() -> None:
    turns, order = Turns(), []

    def take(number: int) -> None:
        with turns.taken() as got:
            assert got
            order.append(number)

    threads = []
    with turns.taken():
        for number in range(5):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            _waiting(turns, number + 2)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_waiting_is_told_to_the_thread_that_waited() -> None:
    turns, waited = Turns(), []

    def take() -> None:
        with turns.taken():
            waited.append(turns.waited)

    thread = threading.Thread(target=take)
    with turns.taken():
        free = turns.waited
        thread.start()
        _waiting(turns, 2)
        threading.Event().wait(0.02)
    thread.join()
    assert waited[0] >= 0.02
    assert turns.waited == free < waited[0], "it is nobody else's"


def test_only_one_holds_the_turn() -> None:
    turns, inside, worst = Turns(), [0], [0]

    def take() -> None:
        for _ in range(50):
            with turns.taken():
                inside[0] += 1
                worst[0] = max(worst[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worst == [1]


def test_waiting_ends_when_cancelled_and_the_next_in_line_is_served() -> None:
    turns, cancel, got = Turns(), threading.Event(), {}

    def take(name: str, event: threading.Event | None) -> None:
        with turns.taken(event) as turn:
            got[name] = turn

    with turns.taken():
        quitter = threading.Thread(target=take, args=("quitter", cancel))
        quitter.start()
        _waiting(turns, 2)
        patient = threading.Thread(target=take, args=("patient", None))
        patient.start()
        _waiting(turns, 3)
        cancel.set()
        quitter.join()
        assert got == {"quitter": False}
    patient.join()
    assert got == {"quitter": False, "patient": True}


def test_closing_a_generator_gives_the_turn_back_from_any_thread() -> None:
    turns = Turns()

    def holder() -> Generator[int]:
        with turns.taken():
            yield 1
            yield 2

    stream = holder()
    assert next(stream) == 1
    closer = threading.Thread(target=stream.close)
    closer.start()
    closer.join()
    with turns.taken(threading.Event()) as got:
        assert got
