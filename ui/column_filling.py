"""What makes a column's components hold a column: plain values for `column_editor.FIELDS`; the way back is `read`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import gradio as gr

from prompts.column import Column
from prompts.prompt import Prompt
from ui.column_editor import LETTERS, SHOT_BOXES, SHOTS, Fields
from ui.decoding import NUMBERS


def shots_shown(values: Fields) -> int:
    """Return how many pairs of boxes are to be seen: those with a text, and one at the least."""
    return max([n + 1 for n in range(SHOTS) if values[f"said_{n}"] or values[f"answered_{n}"]], default=1)


def put(column: Column) -> Fields:
    """Return what makes the components hold `column`."""
    decoding = column.decoding
    kept = {
        "strategy": column.strategy,
        "stop": list(decoding.stop),
        "documents": None if column.documents is None else list(column.documents),
    }
    return {
        "label": column.label,
        **put_prompt(column.prompt, kept),
        "model": column.model,
        **{name: getattr(decoding, name) for name in (*NUMBERS, "seed")},
        "samples": column.samples,
        "retrieval": column.retrieval,
        "schema": json.dumps(column.schema, indent=2, ensure_ascii=False) if column.schema else "",
        "parse": column.parse,
    }


def put_prompt(prompt: Prompt, kept: object) -> Fields:
    """Return what makes the components hold `prompt`; `kept` is what the column keeps besides."""
    pairs = [(shot.user, shot.assistant) for shot in prompt.shots]
    boxes = [text for pair in [*pairs, *[("", "")] * SHOTS][:SHOTS] for text in pair]
    rest = {**(kept if isinstance(kept, Mapping) else {}), "shots": [list(pair) for pair in pairs[SHOTS:]]}
    return {
        "system": prompt.system,
        **dict(zip(SHOT_BOXES, boxes, strict=True)),
        "user": prompt.user,
        "begin": prompt.begin,
        "kept": rest,
    }


def updates(values: Fields, names: Sequence[str], more: int = 0) -> list[object]:
    """Return the updates of the named components; pairs of examples are seen as far as they are used, and `more`."""
    shown = shots_shown(values) + more
    return [
        gr.Textbox(value=values[name], visible=int(name.rpartition("_")[2]) < shown)
        if name in SHOT_BOXES
        else values[name]
        for name in names
    ]


def empty(number: int) -> Fields:
    """Return the values of a column that nothing was written in."""
    return put(Column(LETTERS[number], Prompt("")))
