"""What the Playground's inner tabs share: which columns are set, what is handed from one tab to another; no layout."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import gradio as gr

from prompts.column import Column
from prompts.experiment import Experiment

Json = dict[str, Any]
TABS = ("compare", "test", "results", "lessons", "library")  # ids of the inner tabs, in their order


class Shared:
    """Components that more than one inner tab reads or writes. Made in the current block, before the tabs.

    `column_inputs` and `read_columns` are set by the Compare tab: its components, and what they hold as Columns.
    A tab that puts something into another writes one of the packets below; the other listens to its `change`.
    """

    def __init__(self, to_steps: gr.State | None = None) -> None:
        """Make the states; nothing visible. `to_steps`: the Lab's own, see ui.lab.shared."""
        self.tabs: gr.Tabs | None = None
        # Changes when the Playground is first opened: what is filled then is not an output on loading. Gradio's page
        # looks through its whole tree for each part that ever was one whenever anything begins or ends.
        self.opened = gr.State(0)
        self.arrived = gr.State(None)  # None until the columns were filled, see CompareTab.arrive
        self.column_inputs: list[gr.components.Component] = []
        self.read_columns: Callable[[Sequence[object], str], tuple[Column, ...]] = _none
        # Packets: {"nonce": ..., ...}. The nonce makes the same content count as a change.
        self.incoming = gr.State(None)  # {"columns": [Column.to_json()], "values": {variable: text}} -> Compare
        self.incoming_test = gr.State(None)  # {"experiment": Experiment.to_json()} -> Test set (its columns -> Compare)
        self.new_row = gr.State(None)  # {"values": {...}} one more row -> Test set
        self.to_chat = gr.State(None)  # {"prompt": ..., "values": {...}, ...}, see chat_packet -> Chat
        self.to_steps = gr.State(None) if to_steps is None else to_steps  # a finished answer -> Lab
        # The run that is looked at, kept by this browser so that a reload finds it again.
        self.run = gr.BrowserState("", storage_key="aula_run", secret="aula")  # noqa: S106 - no secret


def _none(values: Sequence[object], lang: str) -> tuple[Column, ...]:
    del values, lang
    return ()


def columns_packet(columns: Sequence[Column], values: dict[str, str] | None = None) -> Json:
    """Return what puts `columns`, and values for their variables, into the Compare tab."""
    return _packet(columns=[column.to_json() for column in columns], values=dict(values or {}))


def test_packet(experiment: Experiment) -> Json:
    """Return what puts an experiment into the Test set tab and its columns into Compare."""
    return _packet(experiment=experiment.to_json())


def row_packet(values: dict[str, str]) -> Json:
    """Return what adds one row to the test set."""
    return _packet(values=dict(values))


def chat_packet(column: Column, values: Mapping[str, str], in_use: str) -> Json:
    """Return what makes Chat ask with a column; `in_use` is the model that Chat asks.

    Prompt and values stay apart: what a value holds is data until the question is asked. `unused` names what the
    column has and a chat has not, as prompts.column.differences does.
    """
    has = {
        "model": column.model not in ("", in_use),
        "retrieval": column.retrieval,
        "samples": column.samples > 1,
        "schema": column.schema is not None,
    }
    return _packet(
        prompt=column.prompt.to_json(),
        values={name: values[name] for name in column.prompt.variables if name in values},
        label=column.label,
        decoding=asdict(column.decoding) | {"stop": list(column.decoding.stop)},
        unused=[name for name, there in has.items() if there],
    )


def _packet(**content: object) -> Json:
    return {"nonce": secrets.token_hex(4), **content}
