"""The replication cards: runs them, and shows what came of each. The runs themselves go on without the page."""

from __future__ import annotations

from typing import cast

import gradio as gr

from prompts.lessons.cards import CARD, card, cards
from prompts.services import Services
from ui.card_view import Shown, card_list
from ui.components import Keywords, action_list, clicked, guarded, language, owner_of
from ui.play_state import Shared, test_packet
from ui.run_opened import ask, here, opened
from ui.run_summaries import of_done
from ui.texts import static

_PACE_S = 3.0  # between two looks while one is running
_STEADY = "window.aula.steady(element, watch);"
Updates = tuple[object, ...]


class CardsPanel:
    """Its components and callbacks."""

    def __init__(self, services: Services, shared: Shared) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._runs = services.runs
        self._store = services.run_store
        self._shared = shared

    def layout(self) -> None:
        """Lay out the cards."""
        gr.Markdown(static("lesson.cards_intro"), elem_classes=["aula-intro"])
        self.list = action_list("aula-cards", _STEADY)
        self.seen = gr.State("")  # what the page shows now: it is drawn anew only where that has changed
        self.timer = gr.Timer(_PACE_S, active=False)
        self.here = here()

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        del blocks  # nothing is shown before the tab is opened
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        tabs = cast(gr.Tabs, self._shared.tabs)  # laid out before it is wired
        looks: Keywords = {
            "inputs": [self.seen, self.here],
            "outputs": [self.list, self.timer, self.seen],
            "js": ask("lessons"),
            **quiet,
        }
        gr.on(opened(tabs, "lessons"), self.look, trigger_mode="always_last", **looks)
        self.timer.tick(self.look, trigger_mode="once", **looks)
        made = [self._shared.run, self._shared.incoming_test, tabs]
        self.list.click(self.manage, None, made, **quiet).then(self.look, **looks)

    @guarded
    def look(self, request: gr.Request, seen: str, here: bool) -> Updates:
        """Show the cards, each with its latest run, where they are in view."""
        if not here:
            return (gr.skip(), gr.Timer(active=False), gr.skip())
        owner, lang = owner_of(request), language(request)
        latest = self._latest(owner, lang)
        shown = [self._shown(owner, latest.get(one.name)) for one in cards()]
        state = f"{lang} " + " ".join(
            f"{one.record.id}:{one.progress.state}:{one.progress.done}" for one in shown if one.record and one.progress
        )
        going_on = any(one.progress is not None and one.progress.going_on for one in shown)
        timer = gr.Timer(active=going_on)
        if state == seen:
            return (gr.skip(), timer, gr.skip())
        return (str(card_list(list(zip(cards(), shown, strict=True)), lang)), timer, state)

    @guarded
    def manage(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Run a card, pause or resume or stop its run, look at its answers, or take it to the test set."""
        owner, lang = owner_of(request), language(request)
        do, key, _ = clicked(event)
        if do == "run":
            experiment = card(key).experiment(lang)
            return (self._runs.start(owner, experiment, experiment.name), gr.skip(), gr.skip())
        if do == "edit":
            return (gr.skip(), test_packet(card(key).experiment(lang)), gr.Tabs(selected="test"))
        if do == "answers":
            return (self._runs.get(owner, key).id, gr.skip(), gr.Tabs(selected="results"))
        if do == "pause":
            self._runs.pause(owner, key)
        elif do == "resume":
            self._runs.resume(owner, key)
        elif do == "stop":
            self._runs.delete(owner, key)
        return (gr.skip(), gr.skip(), gr.skip())

    def _latest(self, owner: str, lang: str) -> dict[str, str]:
        """Return the id of each card's newest run in the page's language, by the card's name."""
        titles = {one.name: one.title[lang] for one in cards()}
        found: dict[str, str] = {}
        for one in self._store.listed(owner, mark=CARD):  # the newest first
            if titles.get(one.mark) == one.title:
                found.setdefault(one.mark, one.id)
        return found

    def _shown(self, owner: str, run: str | None) -> Shown:
        if run is None:
            return Shown()
        progress = self._runs.progress(owner, run)
        record = self._store.get(owner, run)
        return Shown(record, progress, of_done(self._store, record) if progress.state == "done" else None)
