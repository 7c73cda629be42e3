"""What a model writes on from: a text, or a question in the form of a chat; and numbers as they come from a page."""

from __future__ import annotations

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
