"""The Words panel of the Lab: what counting words tells, from bags of words to n-grams beside a language model."""

from __future__ import annotations

import gradio as gr

from ui.lab.shared import Shared, intro
from ui.lab.word_counts import WordCounts
from ui.lab.word_models import WordModels
from ui.lab.word_search import WordSearch


class WordsPanel:
    """Its three parts, one below the other, in the order in which the lectures come to them."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._counts = WordCounts(shared)
        self._search = WordSearch(shared)
        self._models = WordModels(shared)

    def layout(self) -> None:
        """Lay out the panel."""
        intro("words")
        self._counts.layout()
        self._search.layout()
        self._models.layout()

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        self._counts.wire()
        self._search.wire()
        self._models.wire(blocks)
