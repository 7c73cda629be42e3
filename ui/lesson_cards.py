"""The replication cards: runs them, and shows what came of each. The runs themselves go on without the page."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import gradio as gr

from prompts.figures.verdict import Summary, summary
from prompts.lessons.cards import CARD, card, cards
from prompts.runs.store import RunRecord
from prompts.services import Services
from ui.card_view import Shown, card_list
from ui.components import Keywords, action_list, clicked, guarded, language, owner_of
from ui.play_state import Shared, test_packet
from ui.texts import static

_FAST, _SLOW = 1.0, 30.0  # seconds between two looks: while one is running, and else
_STEADY = "window.aula.steady(element, watch);"
Updates = tuple[object, ...]


class CardsPanel:
    """Its components and callbacks."""

    def __init__(self, services: Services, shared: Shared) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._runs = services.runs
        self._shared = shared
        self._summaries: dict[str, tuple[datetime, Summary]] = {}  # of runs that are done, until they change

    def layout(self) -> None:
        """Lay out the cards."""
        gr.Markdown(static("lesson.cards_intro"), elem_classes=["aula-intro"])
        self.list = action_list("aula-cards", _STEADY)
        self.seen = gr.State("")  # what the page shows now: it is drawn anew only where that has changed
        self.timer = gr.Timer(_SLOW)

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        shown = [self.list, self.timer, self.seen]
        tabs = cast(gr.Tabs, self._shared.tabs)  # laid out before it is wired
        gr.on([blocks.load, tabs.change], self.look, self.seen, shown, **quiet)
        self.timer.tick(self.look, self.seen, shown, trigger_mode="once", **quiet)
        made = [self._shared.run, self._shared.incoming_test, tabs]
        self.list.click(self.manage, None, made, **quiet).then(self.look, self.seen, shown, **quiet)

    @guarded
    def look(self, request: gr.Request, seen: str) -> Updates:
        """Show the cards, each with its latest run."""
        owner, lang = owner_of(request), language(request)
        latest = self._latest(owner, lang)
        shown = [self._shown(owner, latest.get(one.name)) for one in cards()]
        state = f"{lang} " + " ".join(
            f"{one.record.id}:{one.progress.state}:{one.progress.done}" for one in shown if one.record and one.progress
        )
        going_on = any(one.progress is not None and one.progress.going_on for one in shown)
        timer = gr.Timer(_FAST if going_on else _SLOW)
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

    def _latest(self, owner: str, lang: str) -> dict[str, RunRecord]:
        """Return each card's newest run in the page's language, by the card's name."""
        titles = {one.name: one.title[lang] for one in cards()}
        found: dict[str, RunRecord] = {}
        for record in self._runs.list(owner):  # the newest first
            name = str(record.experiment.extra.get(CARD, ""))
            if name in titles and record.experiment.name == titles[name]:
                found.setdefault(name, record)
        return found

    def _shown(self, owner: str, record: RunRecord | None) -> Shown:
        if record is None:
            return Shown()
        progress = self._runs.progress(owner, record.id)
        return Shown(record, progress, self._summary(owner, record) if progress.state == "done" else None)

    def _summary(self, owner: str, record: RunRecord) -> Summary:
        known = self._summaries.get(record.id)
        if known is None or known[0] != record.updated:
            known = (record.updated, summary(record.experiment, self._runs.cells(owner, record.id)))
            self._summaries[record.id] = known
        return known[1]
