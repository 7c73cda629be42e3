"""The Lessons tab of the Playground: findings to repeat, and the guessing game. Both are in modules of their own."""

from __future__ import annotations

import gradio as gr

from prompts.services import Services
from ui.components import Running
from ui.lesson_cards import CardsPanel
from ui.lesson_game import GamePanel
from ui.play_state import Shared
from ui.texts import static


class LessonsTab:
    """Its two parts, one below the other."""

    def __init__(self, services: Services, running: Running, shared: Shared) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._shared = shared
        self.cards = CardsPanel(services, shared)
        self.game = GamePanel(services, running)

    def layout(self) -> None:
        """Lay out the tab."""
        with gr.Accordion(static("lesson.cards"), open=True, elem_id="aula-lesson-cards"):
            self.cards.layout()
        with gr.Accordion(static("lesson.game"), open=True, elem_id="aula-lesson-game"):
            self.game.layout()

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        self.cards.wire(blocks)
        self.game.wire(blocks, self._shared.opened)
