"""The Temperature panel: one distribution at many temperatures, and what is drawn at each. lab/ does the work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, cast

import gradio as gr

from lab.sampler import Settings
from lab.strategies import Found, draw_each_way
from lab.temperatures import ladder
from lab.writing import text_of
from rag.errors import Cancelled, NoTemperature
from rag.settings import RANGES
from ui.components import HIDDEN, block, buttons, guarded, language
from ui.lab import temperature_view
from ui.lab.beginning import CHAT, TEXT, Beginning, number, tokens, whole
from ui.lab.pace import Clock, bar, status
from ui.lab.shared import ASKING, QUIET, Shared, intro, run_key, try_this, worked
from ui.texts import say, static

if TYPE_CHECKING:
    from rag.llm import LlamaChat
    from ui.lab.temperature_view import Rungs

Updates = tuple[object, ...]
TEMPERATURES = (0.0, 0.2, 0.5, 0.7, 1.0, 1.3, 1.5, 2.0)
_TICKED = (0.0, 0.5, 1.0, 1.5, 2.0)
_SHOWN = 10  # tokens
_N, _STEPS, _SEED = 8, 12, 7
_MOST_N, _MOST_STEPS = 16, 48


class TemperaturePanel:
    """Its components and callbacks."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared

    # -- layout ------------------------------------------------------------------------------------------------

    def layout(self) -> None:
        """Lay out the panel."""
        intro("temperature")
        with gr.Row(elem_classes=["aula-tries"]):
            self.fact = try_this("temperature", "fact")
            self.open = try_this("temperature", "open")
        self.beginning = Beginning("temperature")
        self.temperatures = gr.CheckboxGroup(
            [(f"{one:g}", one) for one in TEMPERATURES],
            value=list(_TICKED),
            label=static("lab.temperature.temperatures"),
            elem_id="aula-lab-temperature-temperatures",
        )
        with gr.Row(elem_classes=["aula-sliders"]):
            self.n = gr.Slider(
                2, _MOST_N, value=_N, step=1, label=static("lab.temperature.n"),
                info=static("lab.temperature.n_info"), elem_id="aula-lab-temperature-n",
            )  # fmt: skip
            self.steps = gr.Slider(
                4, _MOST_STEPS, value=_STEPS, step=4, label=static("lab.search.steps"),
                info=static("lab.search.steps_info"), elem_id="aula-lab-temperature-steps",
            )  # fmt: skip
            self.seed = gr.Number(
                _SEED, precision=0, label=static("chat.seed"), info=static("lab.temperature.seed_info"),
                minimum=0, maximum=RANGES["seed"][1], elem_id="aula-lab-temperature-seed",
            )  # fmt: skip
        with gr.Row():
            self.go = gr.Button(
                static("lab.temperature.go"), variant="primary", scale=0, elem_id="aula-lab-temperature-go"
            )
            self.stop = gr.Button(static("chat.stop"), visible=HIDDEN, scale=0, elem_id="aula-lab-temperature-stop")
        self._layout_found()

    def _layout_found(self) -> None:
        self.ladder = gr.State(None)  # the distribution at every temperature of the slider, and the ticked ones
        self.slider = gr.Slider(
            0.0, 2.0, value=1.0, step=0.05, visible=HIDDEN, label=static("lab.temperature.temperature"),
            info=static("lab.temperature.slider_info"), elem_id="aula-lab-temperature-slider",
        )  # fmt: skip
        self.bars = block("", "aula-lab-temperature-bars")
        self.row = block("", "aula-lab-temperature-row")
        self.answers = block("", "aula-lab-temperature-answers")

    # -- wiring ------------------------------------------------------------------------------------------------

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        asked = [self._shared.model, *self.beginning.inputs, self.temperatures, self.n, self.steps, self.seed]
        shown = [self.ladder, self.slider, self.bars, self.row, self.answers, self.go, self.stop]
        once = {"preprocess": False, "trigger_mode": "once", **ASKING}
        last = {"preprocess": False, "trigger_mode": "always_last", **QUIET}
        here = [self.ladder, self.slider]
        self.go.click(self.run, [*asked, self.slider], shown, **once).then(self.redraw, here, self.bars, **last)
        filled = [*self.beginning.inputs, self.temperatures, self.steps]
        for button, fill in ((self.fact, self.fill_fact), (self.open, self.fill_open)):
            button.click(fill, None, filled, **QUIET).then(self.run, [*asked, self.slider], shown, **once).then(
                self.redraw, here, self.bars, **last
            )
        self.slider.change(self.redraw, here, self.bars, **last)
        self.stop.click(self.halt, None, None, queue=False, **QUIET)
        blocks.unload(self.halt)

    @guarded
    def fill_fact(self, request: gr.Request) -> Updates:
        """Fill the inputs with a question that has one answer, in the page's language."""
        return say(language(request), "lab.temperature.fact"), CHAT, list(_TICKED), _STEPS

    @guarded
    def fill_open(self, request: gr.Request) -> Updates:
        """Fill the inputs with a beginning that leaves everything open, in the page's language."""
        return say(language(request), "lab.temperature.open"), TEXT, list(_TICKED), _STEPS

    def halt(self, request: gr.Request) -> None:
        """Stop what this page has running here; what is written stays."""
        self._shared.running.stop(run_key(request, "temperature"))

    @guarded
    def redraw(self, request: gr.Request, kept: object, temperature: object) -> object:
        """Draw the bars at another temperature; the model is not asked again."""
        if not isinstance(kept, dict):
            return gr.skip()
        return temperature_view.at(cast("Rungs", kept), number(temperature, "temperature", 0, 2), language(request))

    @guarded
    def run(
        self,
        request: gr.Request,
        model: object,
        text: object,
        kind: object,
        ticked: object,
        n: object,
        steps: object,
        seed: object,
        slider: object,
    ) -> Iterator[Updates]:
        """Show the distribution at once, and then what is drawn at each temperature, as it grows."""
        lang, chosen = language(request), _ticked(ticked)
        counts = whole(n, "n", 2, _MOST_N), whole(steps, "steps", 4, _MOST_STEPS)
        first = whole(seed, "seed", 0, int(RANGES["seed"][1]))
        with self._shared.running.event(run_key(request, "temperature")) as cancel:
            yield *_same(4), status(say(lang, "lab.search.loading")), *buttons(busy=True)
            try:
                chat = self._shared.chat(model)
                prompt = tokens(chat, text, kind)
                yield self._distribution(chat, prompt, chosen, slider, cancel, lang)
                yield from self._drawn(chat, prompt, chosen, (*counts, first), cancel, lang)
            except Exception:
                yield *_same(4), "", *buttons(busy=False)
                raise

    def _distribution(
        self,
        chat: LlamaChat,
        prompt: list[int],
        chosen: list[float],
        slider: object,
        cancel: threading.Event,
        lang: str,
    ) -> Updates:
        """Return the updates that show what comes next, at every temperature."""
        row = chat.sequences.after(prompt, cancel, filled=True)
        kept = temperature_view.plain(ladder(row, chat.vocabulary, _SHOWN))
        drawn = temperature_view.at(kept, number(slider, "temperature", 0, 2), lang)
        heat = temperature_view.row(kept, chosen, lang)
        return kept, gr.Slider(visible=True), drawn, heat, gr.skip(), gr.skip(), gr.skip()

    def _drawn(
        self,
        chat: LlamaChat,
        prompt: list[int],
        chosen: list[float],
        counts: tuple[int, int, int],
        cancel: threading.Event,
        lang: str,
    ) -> Iterator[Updates]:
        """Yield the answers as they grow, then what is to be said of them; what a person stops stays as it is."""
        found, (n, steps, seed) = Found(), counts
        ways = {str(one): Settings(temperature=one) for one in chosen}
        read, clock, label = partial(text_of, chat), Clock(), say(lang, "lab.search.writing")

        def show(done: int, total: int) -> Updates:
            growing = temperature_view.answers(found, chosen, read, lang, done=False)
            return *_same(4), bar(done, total, clock, label, lang) + growing, *_same(2)

        with suppress(Cancelled):
            yield from worked(lambda told: draw_each_way(chat, prompt, ways, n, steps, seed, found, cancel, told), show)
        said = say(lang, "lab.search.stopped") if cancel.is_set() else ""
        whole_ = temperature_view.answers(found, chosen, read, lang, done=True)
        yield *_same(4), status(said) + whole_, *buttons(busy=False)


def _ticked(ticked: object) -> list[float]:
    """Return the temperatures that are ticked, lowest first. Raises NoTemperature."""
    given = [str(one) for one in ticked] if isinstance(ticked, list) else []
    chosen = [one for one in TEMPERATURES if {str(one), f"{one:g}"} & set(given)]
    if not chosen:
        raise NoTemperature
    return chosen


def _same(count: int) -> tuple[object, ...]:
    return tuple(gr.skip() for _ in range(count))
