"""The Playground tab: its inner tabs and what they share. What each one does is in its own module."""

from __future__ import annotations

import gradio as gr

from prompts.services import Services
from ui.compare import CompareTab
from ui.components import Running
from ui.lessons import LessonsTab
from ui.play_state import TABS, Shared
from ui.results import ResultsTab
from ui.saved import SavedTab
from ui.test_set import TestTab
from ui.texts import static

_Tab = CompareTab | TestTab | ResultsTab | LessonsTab | SavedTab
_TITLES = {
    "compare": "play.tab_compare",
    "test": "play.tab_test",
    "results": "play.tab_results",
    "lessons": "play.tab_lessons",
    "library": "play.tab_library",
}


class PlaygroundTab:
    """Its inner tabs, in their order; `shared` is what they, the chat and the page hand to each other."""

    def __init__(self, services: Services, running: Running, to_steps: gr.State | None = None) -> None:
        """Make what is shared in the current Blocks; nothing visible yet. `to_steps`: see ui.lab.shared."""
        self.shared = Shared(to_steps)
        self.compare = CompareTab(services, running, self.shared)
        self._tabs: dict[str, _Tab] = {
            "compare": self.compare,
            "test": TestTab(services, running, self.shared),
            "results": ResultsTab(services, running, self.shared),
            "lessons": LessonsTab(services, running, self.shared),
            "library": SavedTab(services, running, self.shared),
        }

    def layout(self) -> None:
        """Lay out the inner tabs in the current block."""
        with gr.Tabs(selected=TABS[0], elem_id="aula-playground") as self.shared.tabs:
            for name in TABS:
                with gr.Tab(static(_TITLES[name]), id=name):
                    self._tabs[name].layout()

    def wire(self, blocks: gr.Blocks, own: gr.Tab) -> None:
        """Connect the callbacks of every inner tab; `own` is the Playground's among the page's."""
        places = [self.shared.opened, self.shared.arrived]
        own.select(_opened, places, self.shared.opened, show_progress="hidden", api_visibility="private")
        for tab in self._tabs.values():
            tab.wire(blocks)


def _opened(times: int, arrived: str | None) -> int:
    """Count how often the Playground was opened until its columns were there: once, unless something failed."""
    return times + (arrived is None)
