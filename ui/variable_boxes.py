"""One shared box for each variable that the columns use, so that all of them get the same input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import gradio as gr

from prompts.column import Column
from prompts.prompt import CONTEXT
from prompts.template import variables
from rag.errors import VariableMissing
from ui.column_editor import Fields, prompt_of
from ui.texts import say

MOST = 16  # boxes; a prompt with more variables than these is for a file, not for a page
Updates = tuple[object, ...]


class VariableBoxes:
    """The boxes, the names they stand for, and what was ever written, so that a variable that comes back has its text.

    `parts` are inputs and outputs: names, memory, boxes.
    """

    def layout(self) -> None:
        """Lay the boxes out in the current block, none of them seen yet."""
        self.names = gr.State([])
        self.memory = gr.State({})
        self.boxes = [
            gr.Textbox(
                label="",
                visible=False,
                lines=1,
                max_lines=10,
                max_length=40_000,
                elem_id=f"aula-variable-{n}",
                elem_classes=["aula-variable"],
            )
            for n in range(MOST)
        ]

    @property
    def parts(self) -> list[gr.components.Component]:
        """Return names, memory and boxes."""
        return [self.names, self.memory, *self.boxes]


def filled(values: Sequence[object]) -> dict[str, str]:
    """Return what the boxes hold and held, by variable; `values` are those of `VariableBoxes.parts`."""
    names, memory, *boxes = values
    held = dict(memory) if isinstance(memory, Mapping) else {}
    for name, text in zip(names if isinstance(names, list) else [], boxes, strict=False):
        held[str(name)] = str(text or "")
    return held


def wanted(columns: Sequence[Fields]) -> list[str]:
    """Return the variables that the columns use, each once; passages are filled in by retrieval."""
    found: dict[str, None] = {}
    for one in columns:
        names = variables(prompt_of(one).texts())
        found |= dict.fromkeys(name for name in names if not (one["retrieval"] and name == CONTEXT))
    return list(found)[:MOST]


def show(names: Sequence[str], held: Mapping[str, str], before: object, lang: str, *, put: bool = False) -> Updates:
    """Return the updates of `VariableBoxes.parts`. Nothing moves while the names stay, unless values are `put` in."""
    if list(names) == before and not put:
        return tuple(gr.skip() for _ in range(MOST + 2))
    info = say(lang, "play.variable_info")
    boxes: list[object] = [
        gr.Textbox(label=name, value=held.get(name, ""), visible=True, placeholder=info) for name in names
    ]
    boxes += [gr.Textbox(visible=False, value="") for _ in range(MOST - len(names))]
    return (list(names), dict(held), *boxes)


def check_filled(columns: Sequence[Column], values: Mapping[str, str]) -> None:
    """Raise VariableMissing for the first variable that has no text."""
    for column in columns:
        for name in column.variables:
            if not values.get(name, "").strip():
                raise VariableMissing(name=name)
