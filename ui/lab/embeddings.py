"""The Embeddings panel: sentences beside each other, arithmetic with words, and a map of the passages."""

from __future__ import annotations

import gradio as gr

from ui.lab.analogy_part import AnalogyPart
from ui.lab.map_part import MapPart
from ui.lab.shared import Shared, intro
from ui.lab.similarity_part import SimilarityPart


class EmbeddingsPanel:
    """Its three parts, each of which has its own components and callbacks."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._similarity = SimilarityPart(shared)
        self._analogy = AnalogyPart(shared)
        self._map = MapPart(shared)

    def layout(self) -> None:
        """Lay out the panel."""
        intro("embeddings")
        self._similarity.layout()
        self._analogy.layout()
        self._map.layout()

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        self._similarity.wire()
        self._analogy.wire()
        self._map.wire(blocks)
