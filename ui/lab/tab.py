"""The Lab's inner tabs, in the order in which the lectures come to them. What each one does is in its own module."""

from __future__ import annotations

from typing import Protocol

import gradio as gr

from prompts.services import Services
from ui.lab.attention import AttentionPanel
from ui.lab.context import ContextPanel
from ui.lab.embeddings import EmbeddingsPanel
from ui.lab.models import ModelsPanel
from ui.lab.next_token import NextTokenPanel
from ui.lab.search import SearchPanel
from ui.lab.shared import Shared
from ui.lab.steps import StepsPanel
from ui.lab.temperature import TemperaturePanel
from ui.lab.tokens import TokensPanel
from ui.lab.words import WordsPanel
from ui.texts import static


class _Panel(Protocol):
    def layout(self) -> None: ...

    def wire(self, blocks: gr.Blocks) -> None: ...


PANELS = ("tokens", "next", "steps", "search", "temperature", "context", "embeddings", "words", "attention", "models")


class LabTab:
    """The line that names the model, and the panels; `shared` is what they, the chat and the playground hand over."""

    def __init__(self, services: Services) -> None:
        """Make what is shared in the current Blocks; nothing visible yet."""
        self.shared = Shared(services)
        self._panels: dict[str, _Panel] = {
            "tokens": TokensPanel(self.shared),
            "next": NextTokenPanel(self.shared),
            "steps": StepsPanel(self.shared),
            "search": SearchPanel(self.shared),
            "temperature": TemperaturePanel(self.shared),
            "context": ContextPanel(self.shared),
            "embeddings": EmbeddingsPanel(self.shared),
            "words": WordsPanel(self.shared),
            "attention": AttentionPanel(self.shared),
            "models": ModelsPanel(self.shared),
        }

    def layout(self) -> None:
        """Lay out the panels in the current block."""
        self.shared.layout()
        with gr.Tabs(selected=PANELS[0], elem_id="aula-lab") as self.shared.tabs:
            for name in PANELS:
                with gr.Tab(static(f"lab.tab_{name}"), id=name):
                    self._panels[name].layout()

    def wire(self, blocks: gr.Blocks, tab: gr.Tab, page_tabs: gr.Tabs) -> None:
        """Connect the callbacks; `tab` is the Lab's own among the page's `page_tabs`."""
        self.shared.page_tabs = page_tabs
        self.shared.wire(tab)
        for panel in self._panels.values():
            panel.wire(blocks)
