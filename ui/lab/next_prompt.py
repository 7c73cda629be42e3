"""What the Next-token panel lets a model read: a text, or a question with a system prompt; and its examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import gradio as gr
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from rag.errors import BadOption, NoBeginning, TextTooLong
from ui.components import language
from ui.lab.beginning import CHAT, LONGEST, TEXT
from ui.lab.shared import QUIET
from ui.texts import say, static

if TYPE_CHECKING:
    from rag.llm import LlamaChat

EXAMPLES = {"capital": TEXT, "story": TEXT, "question": CHAT}


class PromptBoxes:
    """The components; `inputs` is what `tokens` takes."""

    def __init__(self) -> None:
        """Lay them out in the current block."""
        self.kind = gr.Radio(
            [(str(static("lab.next.kind_text")), TEXT), (str(static("lab.next.kind_chat")), CHAT)],
            value=TEXT,
            label=static("lab.next.kind"),
            info=static("lab.next.kind_info"),
            elem_id="aula-lab-next-kind",
        )
        self.system = gr.Textbox(
            label=static("lab.next.system"),
            lines=1,
            max_lines=4,
            max_length=LONGEST,
            visible=False,
            elem_id="aula-lab-next-system",
        )
        self.text = gr.Textbox(
            label=static("lab.next.text"),
            info=static("lab.next.text_info"),
            lines=2,
            max_lines=8,
            max_length=LONGEST,
            elem_id="aula-lab-next-text",
        )

    @property
    def inputs(self) -> list[gr.components.Component]:
        """Return the components whose values `tokens` takes."""
        return [self.kind, self.system, self.text]

    def wire(self) -> None:
        """Connect the parts with each other."""
        self.kind.change(_show_system, self.kind, self.system, queue=False, **QUIET)


def tokens(chat: LlamaChat, kind: object, system: object, text: object) -> list[int]:
    """Return the tokens of what is to be gone on with. Raises NoBeginning, TextTooLong, BadOption."""
    said, told = str(text or ""), str(system or "").strip()
    if not said.strip():
        raise NoBeginning
    if len(said) + len(told) > LONGEST:
        raise TextTooLong(characters=len(said) + len(told), most=LONGEST)
    if kind not in (TEXT, CHAT):
        raise BadOption(option="kind", allowed=f"{TEXT}, {CHAT}")
    if kind == TEXT:
        return chat.encode_text(said)
    messages: list[BaseMessage] = [SystemMessage(told)] if told else []
    return chat.encode([*messages, HumanMessage(said)])


def filler(example: str) -> Callable[[gr.Request], tuple[object, ...]]:
    """Return what fills the inputs with an example, in the page's language."""

    def fill(request: gr.Request) -> tuple[object, ...]:
        lang, kind = language(request), EXAMPLES[example]
        system = say(lang, "lab.next.example_system") if kind == CHAT else ""
        return kind, gr.Textbox(value=system, visible=kind == CHAT), say(lang, f"lab.next.example_{example}")

    return fill


def _show_system(kind: object) -> gr.Textbox:
    return gr.Textbox(visible=kind == CHAT)
