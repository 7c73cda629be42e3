"""An Asker without a model: repeats the question, and waits, fails or changes its words as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prompts.column import Column
from prompts.experiment import Experiment, Row
from prompts.outcome import Check
from prompts.prompt import Prompt
from prompts.reply import Reply
from rag.settings import Decoding

WARM = Decoding(temperature=0.8)


def experiment(rows: int = 3, columns: str = "AB", **more: Any) -> Experiment:
    return Experiment(
        columns=tuple(Column(label, Prompt("{{q}}"), decoding=WARM) for label in columns),
        rows=tuple(Row({"q": f"question {n}"}) for n in range(rows)),
        checks=(Check("contains", "question"),),
        **more,
    )


class Asked:
    """Stands in for an Asker: repeats the question. `hold` is asked before each answer and may wait, fail or change it.

    `begun` and `ended` are the (label, question) of the answers that were begun, and of those that came whole.
    """

    def __init__(self, hold: Callable[[str, str, threading.Event], str | None] | None = None) -> None:
        self.hold = hold
        self.begun: list[tuple[str, str]] = []
        self.ended: list[tuple[str, str]] = []
        self.seeds: list[tuple[int, ...]] = []
        self.owners: list[str] = []

    def ask(
        self, column: Column, values: Mapping[str, str], seeds: Sequence[int], owner: str, cancel: threading.Event
    ) -> Iterator[Reply]:
        one = (column.label, values["q"])
        self.begun.append(one)
        self.seeds.append(tuple(seeds))
        self.owners.append(owner)
        yield Reply("writing", text="ques")
        said = self.hold(*one, cancel) if self.hold else None
        if cancel.is_set():
            yield Reply("done", text="ques", stats={"finish_reason": "cancelled"})
            return
        self.ended.append(one)
        yield Reply("done", text=said or values["q"], model="m", seconds=1.0, stats={"finish_reason": "stop"})


class Halt:
    """Lets `free` answers through, then holds each until it is told to go on, or its cell is cut short."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.go = threading.Event()
        self.there = threading.Event()

    def __call__(self, label: str, question: str, cancel: threading.Event) -> None:
        self.free -= 1
        if self.free >= 0:
            return
        self.there.set()
        while not self.go.wait(0.01) and not cancel.is_set():
            pass
