"""What a model writes on from: a text, or a question in the form of a chat; and numbers as they come from a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

import gradio as gr
from langchain_core.messages import HumanMessage

from rag.errors import BadOption, NoBeginning, TextTooLong
from ui.texts import static

if TYPE_CHECKING:
    from rag.llm import LlamaChat

LONGEST = 4_000  # characters
TEXT, CHAT = "text", "chat"
Span = tuple[float, float, float, bool]  # lowest, highest, step of the slider, whole numbers only


class Beginning:
    """The two components; `inputs` is what `tokens` takes. `panel` is part of their ids."""

    def __init__(self, panel: str) -> None:
        """Lay them out in the current block."""
        self.text = gr.Textbox(
            label=static("lab.search.text"),
            info=static("lab.search.text_info"),
            lines=2,
            max_lines=8,
            max_length=LONGEST,
            elem_id=f"aula-lab-{panel}-text",
        )
        self.kind = gr.Radio(
            [(str(static("lab.search.kind_text")), TEXT), (str(static("lab.search.kind_chat")), CHAT)],
            value=TEXT,
            label=static("lab.search.kind"),
            elem_id=f"aula-lab-{panel}-kind",
        )

    @property
    def inputs(self) -> list[gr.components.Component]:
        """Return the components whose values `tokens` takes."""
        return [self.text, self.kind]


def tokens(chat: LlamaChat, text: object, kind: object) -> list[int]:
    """Return the tokens to be gone on from. Raises NoBeginning, TextTooLong, BadOption."""
    said = str(text or "")
    if not said.strip():
        raise NoBeginning
    if len(said) > LONGEST:
        raise TextTooLong(characters=len(said), most=LONGEST)
    if kind not in (TEXT, CHAT):
        raise BadOption(option="kind", allowed=f"{TEXT}, {CHAT}")
    return chat.encode([HumanMessage(said)]) if kind == CHAT else chat.encode_text(said)


def number(value: object, name: str, low: float, high: float) -> float:
    """Return a number from a page, within its range. Raises BadOption."""
    try:
        found = float(str(value))
    except ValueError:
        found = float("nan")
    if isinstance(value, bool) or not isfinite(found) or not low <= found <= high:
        raise BadOption(option=name, allowed=f"{low:g} – {high:g}")
    return found


def whole(value: object, name: str, low: int, high: int) -> int:
    """Return a whole number from a page, within its range. Raises BadOption."""
    found = number(value, name, low, high)
    if found != int(found):
        raise BadOption(option=name, allowed=f"{low} – {high}")
    return int(found)


def numbers(spans: Mapping[str, Span], values: Sequence[object]) -> dict[str, float]:
    """Return what sliders hold, in the order of `spans`. Raises BadOption."""
    return {
        name: whole(value, name, int(low), int(high)) if is_whole else number(value, name, low, high)
        for (name, (low, high, _, is_whole)), value in zip(spans.items(), values, strict=True)
    }


def slider(panel: str, name: str, span: Span, value: float) -> gr.Slider:
    """Lay out a slider with its name and what it does, in the current block."""
    low, high, step, _ = span
    return gr.Slider(
        low,
        high,
        value=value,
        step=step,
        min_width=280,
        label=static(f"lab.{panel}.{name}"),
        info=static(f"lab.{panel}.{name}_info"),
        elem_id=f"aula-lab-{panel}-{name.replace('_', '-')}",
    )
