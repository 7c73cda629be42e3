"""A lane that is stopped and started while a turn goes on: one thread works, and the old turn spoils nothing."""

from __future__ import annotations

import threading

from rag.lanes import Lane


def test_a_turn_that_outlives_a_stop_is_the_last_of_its_thread(monkeypatch):
    begun, gate, done = threading.Event(), threading.Event(), threading.Event()
    threads: dict[str, list[threading.Thread]] = {"old": [], "new": []}

    def turn(key: str) -> bool:
        threads[key].append(threading.current_thread())
        if key == "old":
            begun.set()
            gate.wait()
            return True
        if len(threads["new"]) > 20:
            done.set()
        return len(threads["new"]) <= 20

    lane = Lane("test", turn)
    lane.start()
    lane.put("old")
    begun.wait()
    old = threads["old"][0]
    monkeypatch.setattr(old, "join", lambda timeout: None)  # as after the ten seconds that a stop waits
    lane.stop()
    lane.start()
    gate.set()
    threading.Thread.join(old, timeout=10)
    assert not old.is_alive()  # it ends by itself
    lane.put("new")
    done.wait()
    lane.stop()
    assert len(threads["old"]) == 1
    assert old not in threads["new"]
    assert len(set(threads["new"])) == 1
