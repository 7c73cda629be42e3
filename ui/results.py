"""The Results tab: a run as it goes on, its matrix, its figures, and what can be done with it. It runs nothing itself.

A run goes on whether somebody looks or not; the browser only keeps which one is looked at. Nothing is read or sent
while the tab is out of view.
"""

from __future__ import annotations

from collections.abc import Mapping

import gradio as gr
from markupsafe import Markup

from prompts.experiment import Experiment, Place
from prompts.figures.verdict import summary
from prompts.runs.cell import Cell
from prompts.runs.store import RunRecord
from prompts.services import Services
from rag.errors import AulaError, StrategyNotFound
from ui import carriers, run_files
from ui.cell_view import cell_view
from ui.components import Keywords, Running, action_list, clicked, guarded, language, owner_of
from ui.figures_view import figures
from ui.lab.opening import of_reply
from ui.play_state import Shared
from ui.results_view import FILTERS, Filter, chosen, legend, matrix, progress, read_place
from ui.run_opened import ask, here, opened
from ui.run_summaries import of_done
from ui.run_view import actions, given_name, reproduction
from ui.texts import say, static

_PACE_S = 3.0  # between two looks while the run goes on; a whole matrix is not drawn anew for every cell
_STEADY = "window.aula.steady(element, watch);"
_FILTERS = {
    "all": "result.filter_all",
    "failures": "result.filter_failures",
    "different": "result.filter_different",
    "unparsed": "result.filter_unparsed",
}
Updates = tuple[object, ...]


class ResultsTab:
    """Its components and callbacks."""

    def __init__(self, services: Services, running: Running, shared: Shared) -> None:
        """Use the lower layers; nothing is laid out yet."""
        del running  # a run is not the page's: it goes on without it
        self._runs = services.runs
        self._store = services.run_store
        self._lender = services.lender
        self._engine = services.engine
        self._shared = shared

    def layout(self) -> None:
        """Lay out the tab."""
        self.seen = gr.State("")  # what the page shows now: it is drawn anew only where that has changed
        self.page = gr.State(0)
        self.runs = gr.Dropdown([], label=static("result.run"), elem_id="aula-runs", visible=False)
        self.state = action_list("aula-run", _STEADY)
        self.figures = action_list("aula-run-figures", _STEADY)
        self.filter = gr.Radio(
            [(str(static(_FILTERS[name])), name) for name in FILTERS],
            value="all",
            label=static("result.filter"),
            elem_id="aula-run-filter",
            visible=False,
        )
        self.matrix = action_list("aula-run-matrix", _STEADY)
        self.actions = action_list("aula-run-actions", _STEADY)
        self.cell = carriers.shower("aula-run-cell")
        self.saver = carriers.saver("aula-run-saver")
        self.timer = gr.Timer(_PACE_S, active=False)
        self.here = here()

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        del blocks  # nothing is shown before the tab is opened
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        run = self._shared.run
        looked = [run, self.seen, self.filter, self.page, self.here]
        drawn = [self.runs, self.state, self.figures, self.filter, self.matrix, self.actions]
        shown = [*drawn, self.timer, self.seen, run]
        looks: Keywords = {"inputs": looked, "outputs": shown, "js": ask("results"), **quiet}
        # A new run is put down before its tab comes into view: the later of both looks sees it.
        seen = [*opened(self._shared.tabs, "results"), run.change]
        gr.on(seen, self.look, trigger_mode="always_last", **looks)
        # A look that comes late is as good as one more: only the last one waits.
        self.timer.tick(self.look, trigger_mode="once", **looks)
        self.filter.change(self.begin, None, self.page, **quiet).then(self.look, **looks)
        self.runs.input(self.choose, self.runs, run, preprocess=False, **quiet)
        gr.on([self.state.click, self.actions.click], self.manage, run, [run, self.saver], **quiet).then(
            self.look, **looks
        )
        gr.on(
            [self.matrix.click, self.figures.click, self.cell.click],
            self.press,
            [run, self.filter],
            [self.cell, self.page, self._shared.to_steps],
            **quiet,
        ).then(self.look, **looks)

    # -- looking -----------------------------------------------------------------------------------------------------

    @guarded
    def look(self, request: gr.Request, run: str, seen: str, which: str, page: int, here: bool) -> Updates:
        """Show the run that this browser looks at, at first the newest; only what has changed is drawn anew."""
        if not here:
            return (*_skips(6), gr.Timer(active=False), *_skips(2))
        owner, lang = owner_of(request), language(request)
        listed = self._store.listed(owner)
        key = next((one.id for one in listed if one.id == run), listed[0].id if listed else None)
        if key is None:
            empty = str(Markup('<p class="aula-empty">{}</p>').format(say(lang, "result.empty")))
            hidden = gr.skip() if seen == "empty" else gr.Radio(visible=False)
            return (gr.Dropdown(visible=False), empty, "", hidden, "", "", gr.Timer(active=False), "empty", gr.skip())
        # Before its cells: one that comes in between is then drawn at the next look.
        done = self._runs.progress(owner, key)
        record = self._store.get(owner, key)
        timer = gr.Timer(active=done.going_on)
        names = hash(tuple((one.id, one.name, one.state) for one in listed))
        now = f"{key} {done.state} {done.done} {which} {page} {lang} {names}"
        bar = progress(record, done, lang)
        # What is shown stays the one that is looked at, also when a newer one begins.
        pinned = gr.skip() if key == run else key
        if now == seen:
            return (gr.skip(), str(bar), *_skips(4), timer, gr.skip(), pinned)
        cells = self._store.cells(owner, key)
        choices = [(given_name(one, lang), one.id) for one in listed]
        return (
            gr.Dropdown(choices=choices, value=key, visible=True),
            str(bar),
            str(self._figures(owner, record, cells, lang)),
            gr.Radio(visible=True),
            str(legend(lang) + matrix(record.experiment, cells, _filter(which), page, lang)),
            str(actions(record, lang)),
            timer,
            now,
            pinned,
        )

    def _figures(self, owner: str, record: RunRecord, cells: Mapping[Place, Cell], lang: str) -> Markup:
        again = Markup("")
        if record.replays is not None and record.state == "done":
            again = reproduction(self._runs.reproduced(owner, record.id), lang)
        if not any(cell.grades for cell in cells.values()):
            return again
        found = of_done(self._store, record) if record.state == "done" else summary(record.experiment, cells)
        return again + figures(found, lang)

    def begin(self) -> int:
        """Return the first page, for another filter."""
        return 0

    def choose(self, run: object) -> str:
        """Look at another run."""
        return str(run or "")

    # -- what is done with a run -------------------------------------------------------------------------------------

    @guarded
    def manage(self, request: gr.Request, event: gr.EventData, run: str) -> Updates:
        """Pause, resume, stop, replay or download the run that is shown."""
        owner, lang = owner_of(request), language(request)
        do, key, _ = clicked(event)
        run = key or run
        if do == "pause":
            self._runs.pause(owner, run)
        elif do == "resume":
            self._runs.resume(owner, run)
        elif do == "stop":
            self._runs.delete(owner, run)
            return ("", gr.skip())
        elif do == "replay":
            return (self._runs.replay(owner, run), gr.skip())
        elif do in run_files.KINDS:
            record = self._store.get(owner, run)
            return (gr.skip(), run_files.file(do, record, self._store.cells(owner, run), lang))
        return (gr.skip(), gr.skip())

    # -- a cell ------------------------------------------------------------------------------------------------------

    @guarded
    def press(self, request: gr.Request, event: gr.EventData, run: str, which: str) -> Updates:
        """Open a cell, turn the matrix's page, or hand a cell's answer to the Lab."""
        do, key, _ = clicked(event)
        if do == "page":
            return (gr.skip(), int(key) if key.isdecimal() else 0, gr.skip())
        owner, lang = owner_of(request), language(request)
        record, place = self._store.get(owner, run), read_place(key)
        cells = self._store.cells(owner, run)
        if place not in cells:
            raise StrategyNotFound(name=key)
        cell = cells[place]
        if do == "steps":
            return (gr.skip(), gr.skip(), of_reply(cell.reply, record.experiment.columns[place.column].label))
        around = _around(record.experiment, cells, place, _filter(which))
        content = cell_view(record.experiment, cell, around, self._pieces(cell), lang)
        return (carriers.dialog(content), gr.skip(), gr.skip())

    def _pieces(self, cell: Cell) -> list[str] | None:
        """Return the answer as the model in use cuts it; another model is not loaded for that."""
        if self._engine.status().model != cell.reply.model:
            return None
        try:
            return self._lender.chat().pieces(cell.reply.text)
        except AulaError:
            return None


def _skips(n: int) -> Updates:
    return tuple(gr.skip() for _ in range(n))


def _filter(which: str) -> Filter:
    return which if which in FILTERS else "all"


def _around(
    experiment: Experiment, cells: Mapping[Place, Cell], place: Place, which: Filter
) -> tuple[Place | None, Place | None]:
    """Return the cells before and after, as the matrix shows them: row by row, then the repeats of each."""
    order = [
        found
        for row in chosen(experiment, cells, which)
        for column in range(len(experiment.columns))
        for repeat in range(experiment.repeats)
        if (found := Place(column, row, repeat)) in cells
    ]
    if place not in order:
        return (None, None)
    at = order.index(place)
    return (order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None)
