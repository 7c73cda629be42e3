"""The Models panel of the Lab."""

from __future__ import annotations

import gradio as gr

from ui.lab.shared import Shared


class ModelsPanel:
    """Not there yet."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared

    def layout(self) -> None:
        """Lay out the panel."""

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
