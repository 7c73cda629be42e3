"""The Search panel: one prompt gone on with in many ways, side by side, with the beam's tree. lab/ does the work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import gradio as gr

from lab.strategies import STRATEGIES, Found, Plan, compare
from lab.tokens import token, visible
from lab.writing import text_of
from rag.errors import Cancelled, NoStrategy
from rag.settings import RANGES
from ui.components import HIDDEN, block, buttons, guarded, language
from ui.lab import search_view
from ui.lab.beginning import TEXT, Beginning, Span, numbers, slider, tokens, whole
from ui.lab.pace import Clock, bar, status
from ui.lab.shared import ASKING, QUIET, Shared, intro, run_key, try_this, worked
from ui.texts import say, static

if TYPE_CHECKING:
    from rag.llm import LlamaChat

Updates = tuple[object, ...]

_SLIDERS: dict[str, Span] = {  # by the name of a field of Plan
    "n": (1, 5, 1, True),
    "steps": (8, 64, 4, True),
    "width": (1, 8, 1, True),
    "length_penalty": (0.0, 2.0, 0.1, False),
    "no_repeat_ngram": (0, 5, 1, True),
    "temperature": (0.1, 2.0, 0.05, False),
    "top_k": (1, 200, 1, True),
    "top_p": (0.05, 1.0, 0.05, False),
    "min_p": (0.0, 0.5, 0.01, False),
}
_FIRST = ("n", "steps")
_PLAN = Plan(steps=24)
_ROUND = 40  # tokens in which a search comes round


class SearchPanel:
    """Its components and callbacks."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared

    # -- layout ------------------------------------------------------------------------------------------------

    def layout(self) -> None:
        """Lay out the panel."""
        intro("search")
        with gr.Row(elem_classes=["aula-tries"]):
            self.story = try_this("search", "story")
            self.loop = try_this("search", "loop")
        self.beginning = Beginning("search")
        self.strategies = gr.CheckboxGroup(
            [(str(static(f"lab.search.way_{name}")), name) for name in STRATEGIES],
            value=list(STRATEGIES),
            label=static("lab.search.strategies"),
            elem_id="aula-lab-search-strategies",
        )
        self.sliders: dict[str, gr.Slider] = {}
        with gr.Row(elem_classes=["aula-sliders"]):
            for name in _FIRST:
                self.sliders[name] = slider("search", name, _SLIDERS[name], getattr(_PLAN, name))
        with gr.Accordion(static("lab.search.values"), open=False, elem_id="aula-lab-search-values"):
            with gr.Row(elem_classes=["aula-sliders"]):
                for name in _SLIDERS:
                    if name not in _FIRST:
                        self.sliders[name] = slider("search", name, _SLIDERS[name], getattr(_PLAN, name))
            self.seed = gr.Number(
                _PLAN.seed, precision=0, label=static("chat.seed"), info=static("lab.search.seed_info"),
                minimum=0, maximum=RANGES["seed"][1], elem_id="aula-lab-search-seed",
            )  # fmt: skip
        with gr.Row():
            self.go = gr.Button(static("lab.search.go"), variant="primary", scale=0, elem_id="aula-lab-search-go")
            self.stop = gr.Button(static("chat.stop"), visible=HIDDEN, scale=0, elem_id="aula-lab-search-stop")
        self.found = block("", "aula-lab-search-found")

    # -- wiring ------------------------------------------------------------------------------------------------

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        asked = [
            self._shared.model,
            *self.beginning.inputs,
            self.strategies,
            self.seed,
            *(self.sliders[name] for name in _SLIDERS),
        ]
        shown = [self.found, self.go, self.stop]
        gr.on([self.go.click], self.run, asked, shown, preprocess=False, trigger_mode="once", **ASKING)
        set_too = [self.sliders[name] for name in ("steps", "width", "no_repeat_ngram")]
        filled = [*self.beginning.inputs, self.strategies, *set_too]
        for button, fill in ((self.story, self.fill_story), (self.loop, self.fill_loop)):
            button.click(fill, None, filled, **QUIET).then(
                self.run, asked, shown, preprocess=False, trigger_mode="once", **ASKING
            )
        self.stop.click(self.halt, None, None, queue=False, **QUIET)
        blocks.unload(self.halt)

    @guarded
    def fill_story(self, request: gr.Request) -> Updates:
        """Fill the inputs with the beginning of a story, in the page's language."""
        return say(language(request), "lab.search.story"), TEXT, list(STRATEGIES), _PLAN.steps, _PLAN.width, 0

    @guarded
    def fill_loop(self, request: gr.Request) -> Updates:
        """Fill the inputs with a beginning on which search goes round in circles, and a beam that may not."""
        ticked = ["greedy", "beam", "sampling", "top_p"]
        return say(language(request), "lab.search.round"), TEXT, ticked, _ROUND, _PLAN.width, 3

    def halt(self, request: gr.Request) -> None:
        """Stop what this page has running here; what is written stays."""
        self._shared.running.stop(run_key(request, "search"))

    @guarded
    def run(
        self, request: gr.Request, model: object, text: object, kind: object, strategies: object, *values: object
    ) -> Iterator[Updates]:
        """Write on in every way that is ticked; the texts are shown as they grow, and stay where one stops."""
        lang, plan, found = language(request), _plan(strategies, *values), Found()
        with self._shared.running.event(run_key(request, "search")) as cancel:
            yield status(say(lang, "lab.search.loading")), *buttons(busy=True)
            try:
                chat = self._shared.chat(model)
                prompt = tokens(chat, text, kind)
                yield from self._written(chat, prompt, plan, found, cancel, lang)
            except Exception:
                yield "", *buttons(busy=False)
                raise
            said = say(lang, "lab.search.stopped") if cancel.is_set() else ""
            shown = search_view.results(found, plan, partial(_named, chat), partial(text_of, chat), lang)
            yield status(said) + shown, *buttons(busy=False)

    def _written(
        self, chat: LlamaChat, prompt: list[int], plan: Plan, found: Found, cancel: threading.Event, lang: str
    ) -> Iterator[Updates]:
        """Yield the texts as they grow, until all are there or the person stops."""
        read, clock, label = partial(text_of, chat), Clock(), say(lang, "lab.search.writing")

        def show(done: int, total: int) -> Updates:
            shown = search_view.growing(found, plan, read, lang)
            return bar(done, total, clock, label, lang) + shown, gr.skip(), gr.skip()

        with suppress(Cancelled):
            yield from worked(lambda told: compare(chat, prompt, plan, found, cancel, told), show)


def _named(chat: LlamaChat, number: int) -> str:
    return visible(token(chat.vocabulary, number).text)


def _plan(strategies: object, seed: object, *values: object) -> Plan:
    """Return what the components hold. Raises NoStrategy, BadOption."""
    ticked = strategies if isinstance(strategies, list) else []
    named = tuple(name for name in STRATEGIES if name in ticked)
    if not named:
        raise NoStrategy
    return Plan(named, seed=whole(seed, "seed", 0, int(RANGES["seed"][1])), **numbers(_SLIDERS, values))  # type: ignore[arg-type]
