"""The Next-token panel: the distribution after a text or a question, and the sampler stage by stage.

lab/ does the reckoning. Sliders draw the same row of scores anew; the model is only asked for another text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from markupsafe import Markup

from lab.kept_rows import KeptRows
from lab.sampler import draw
from rag.errors import AulaError, BadOption, Cancelled, LookAgain
from ui.components import HIDDEN, action_list, block, buttons, clicked, guarded, language, progress_bar
from ui.lab import next_view
from ui.lab.beginning import TEXT, whole
from ui.lab.next_prompt import EXAMPLES, PromptBoxes, filler, tokens
from ui.lab.next_sampler import SamplerValues, settings_of
from ui.lab.next_view import Seen
from ui.lab.shared import ASKING, QUIET, Shared, Told, intro, run_key, try_this, worked
from ui.texts import say, static

if TYPE_CHECKING:
    from rag.llama.sequences import Row
    from rag.llm import LlamaChat

Updates = tuple[object, ...]
Look = dict[str, Any]  # {"model", "prompt", "chosen", "kind", "drawn": the values it was drawn with}: for gr.State

_FEWEST, _MOST, _SHOWN = 5, 40, 12


class NextTokenPanel:
    """Its components and callbacks."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared
        self._rows = KeptRows()

    # -- layout ------------------------------------------------------------------------------------------------

    def layout(self) -> None:
        """Lay out the panel."""
        intro("next")
        with gr.Row(elem_classes=["aula-tries"]):
            self.examples = {name: try_this("next", name) for name in EXAMPLES}
        self.prompt = PromptBoxes()
        with gr.Row():
            self.go = gr.Button(static("lab.next.go"), variant="primary", scale=0, elem_id="aula-lab-next-go")
            self.stop = gr.Button(static("chat.stop"), visible=HIDDEN, scale=0, elem_id="aula-lab-next-stop")
        self.look = gr.State(None)
        self.found = action_list("aula-lab-next-found")
        with gr.Column(visible=False, elem_id="aula-lab-next-sampling") as self.sampling:
            self.k = gr.Slider(_FEWEST, _MOST, _SHOWN, step=1, label=static("lab.next.k"), elem_id="aula-lab-next-k")
            gr.Markdown(static("lab.next.sampler"), elem_classes=["aula-intro"])
            with gr.Row():
                self.draw = gr.Button(static("lab.next.draw"), scale=0, min_width=220, elem_id="aula-lab-next-draw")
                self.back = gr.Button(static("lab.next.back"), scale=0, min_width=220, elem_id="aula-lab-next-back")
            self.values = SamplerValues()
        self.staged = block("", "aula-lab-next-staged")

    # -- wiring ------------------------------------------------------------------------------------------------

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        asked = [self._shared.model, *self.prompt.inputs, self.k, *self.values.sliders]
        again = [self._shared.model, self.look, self.k, *self.values.sliders]
        shown = [self.found, self.staged, self.sampling, self.look, self.go, self.stop]
        once = {**ASKING, "trigger_mode": "once", "preprocess": False}
        last = {**QUIET, "trigger_mode": "always_last", "preprocess": False}
        asking = [self.go.click, self.prompt.text.submit, self.prompt.system.submit]
        runs = [gr.on(asking, self.run, asked, shown, **once)]
        for name, example in self.examples.items():
            filled = example.click(filler(name), None, self.prompt.inputs, **QUIET)
            runs.append(filled.then(self.run, asked, shown, **once))
        self.prompt.wire()
        runs.append(self.found.click(self.take, again, shown, **once))
        runs.append(self.draw.click(self.draw_one, again, shown, **once))
        runs.append(self.back.click(self.take_back, again, shown, **once))
        for run in runs:
            run.success(self.catch_up, again, [self.found, self.staged], **last)
        self.values.wire(self.redraw, again, self.staged, last)
        self.k.input(self.redraw_all, again, [self.found, self.staged], **last)
        self.stop.click(self.halt, None, None, queue=False, **QUIET)
        blocks.unload(self.halt)

    # -- callbacks ---------------------------------------------------------------------------------------------

    def halt(self, request: gr.Request) -> None:
        """Stop what this page has running here."""
        self._shared.running.stop(run_key(request, "next"))

    @guarded
    def run(
        self, request: gr.Request, model: object, kind: object, system: object, text: object, k: object, *values: object
    ) -> Iterator[Updates]:
        """Look at what may come after the text, or begin the answer to the question."""

        def begun() -> tuple[LlamaChat, Look]:
            chat = self._shared.chat(model)
            prompt = tokens(chat, kind, system, text)
            return chat, {"model": chat.model, "prompt": prompt, "chosen": [], "kind": kind}

        yield from self._looking(request, begun, k, values)

    @guarded
    def take(
        self, request: gr.Request, event: gr.EventData, model: object, look: object, k: object, *values: object
    ) -> Iterator[Updates]:
        """Let the text go on with the token that was clicked."""
        do, key, _ = clicked(event)
        if do != "take" or not key.isdecimal():
            return

        def begun() -> tuple[LlamaChat, Look]:
            chat, here = self._here(model, look)
            return chat, _with(chat, here, int(key))

        yield from self._looking(request, begun, k, values)

    @guarded
    def draw_one(
        self, request: gr.Request, model: object, look: object, k: object, *values: object
    ) -> Iterator[Updates]:
        """Let the text go on with a token that is drawn from what the sampler leaves."""
        settings = settings_of(values)

        def begun() -> tuple[LlamaChat, Look]:
            chat, here = self._here(model, look)
            row = self._rows.row(chat, [*here["prompt"], *here["chosen"]])
            return chat, _with(chat, here, draw(row, settings, _counted(here), np.random.default_rng()))

        yield from self._looking(request, begun, k, values)

    @guarded
    def take_back(
        self, request: gr.Request, model: object, look: object, k: object, *values: object
    ) -> Iterator[Updates]:
        """Take the last token back that was chosen here."""

        def begun() -> tuple[LlamaChat, Look]:
            chat, here = self._here(model, look)
            return chat, {**here, "chosen": here["chosen"][:-1]}

        yield from self._looking(request, begun, k, values)

    @guarded
    def redraw(self, request: gr.Request, model: object, look: object, k: object, *values: object) -> object:
        """Draw the sampler anew with other values; the model is not asked."""
        return self._drawn(request, model, look, k, values)[1]

    @guarded
    def redraw_all(self, request: gr.Request, model: object, look: object, k: object, *values: object) -> Updates:
        """Draw everything anew, with more tokens or fewer; the model is not asked."""
        return self._drawn(request, model, look, k, values)

    @guarded
    def catch_up(self, request: gr.Request, model: object, look: object, k: object, *values: object) -> Updates:
        """Draw anew what was drawn with values that somebody has moved meanwhile."""
        if not isinstance(look, Mapping) or look.get("drawn") == [k, *values]:
            return gr.skip(), gr.skip()
        return self._drawn(request, model, look, k, values)

    # -- how ---------------------------------------------------------------------------------------------------

    def _looked(self, model: object, look: object) -> Look:
        """Return what is looked at, loading nothing. Raises LookAgain where it was another model's."""
        chosen = str(model or "") or self._shared.services.engine.chat().model
        if not isinstance(look, Mapping) or look.get("model") != chosen:
            raise LookAgain
        return dict(look)

    def _here(self, model: object, look: object) -> tuple[LlamaChat, Look]:
        """Return the model and what is looked at. Raises LookAgain where that was another model's."""
        here = self._looked(model, look)
        chat = self._shared.chat(model)
        if here["model"] != chat.model:  # another one is in use since
            raise LookAgain
        return chat, here

    def _drawn(
        self, request: gr.Request, model: object, look: object, k: object, values: Sequence[object]
    ) -> tuple[object, object]:
        if look is None:
            return gr.skip(), gr.skip()
        here = self._looked(model, look)
        row = self._rows.kept(here["model"], [*here["prompt"], *here["chosen"]])
        if row is None:  # to read it again is what "Look" is for, with Stop and in its turn
            raise LookAgain
        seen = self._seen(self._here(model, look)[0], here, row, k)
        lang = language(request)
        return next_view.looked(seen, lang), next_view.stages(seen, settings_of(values), lang)

    def _looking(
        self,
        request: gr.Request,
        begun: Callable[[], tuple[LlamaChat, Look]],
        k: object,
        values: Sequence[object],
    ) -> Iterator[Updates]:
        """Read what `begun` returns aside, with its progress, and show it; what fails before that changes nothing."""
        lang, settings = language(request), settings_of(values)
        skipped = (gr.skip(),) * 3
        with self._shared.running.event(run_key(request, "next")) as cancel:
            yield gr.skip(), *skipped, *buttons(busy=True)

            def work(told: Told) -> tuple[Look, Seen]:
                chat, look = begun()
                row = self._rows.row(chat, [*look["prompt"], *look["chosen"]], cancel, told)
                return {**look, "drawn": [k, *values]}, self._seen(chat, look, row, k)

            reading = False

            def show(done: int, total: int) -> Updates:
                nonlocal reading
                reading = True
                return _reading(done, total, lang), *skipped, gr.skip(), gr.skip()

            try:
                look, seen = yield from worked(work, show)
            except Exception as error:
                stopped = isinstance(error, Cancelled)
                said = _why(error, lang) if reading or stopped else gr.skip()  # "reading…" must not stay
                yield said, *skipped, *buttons(busy=False)
                if stopped:
                    return
                raise
            found, staged = next_view.looked(seen, lang), next_view.stages(seen, settings, lang)
            yield found, staged, gr.Column(visible=True), look, *buttons(busy=False)

    def _seen(self, chat: LlamaChat, look: Look, row: Row, k: object) -> Seen:
        shown = whole(k, "k", _FEWEST, _MOST)
        return Seen(
            _title(self._shared, chat), chat.vocabulary, look["prompt"], look["chosen"], _counted(look), row, shown
        )


def _title(shared: Shared, chat: LlamaChat) -> str:
    titles = {entry.name: entry.title for entry in shared.services.catalogue.entries("llm")}
    return titles.get(chat.model, chat.model)


def _with(chat: LlamaChat, look: Look, chosen: int) -> Look:
    if chosen >= chat.vocabulary.size:
        raise BadOption(option="token", allowed=f"0 – {chat.vocabulary.size - 1}")
    return {**look, "chosen": [*look["chosen"], chosen]}


def _counted(look: Look) -> list[int]:
    """Return the tokens that penalties look at: of a text all, of a chat those of the answer, as in the Chat."""
    return [*(look["prompt"] if look["kind"] == TEXT else ()), *look["chosen"]]


def _reading(done: int, total: int, lang: str) -> Markup:
    said = say(lang, "lab.next.reading")
    return progress_bar(done, total, said) + _said(said)


def _why(error: Exception, lang: str) -> Markup:
    """Return why nothing is shown; of what was not foreseen nothing is said here but in a toast."""
    if isinstance(error, Cancelled):
        return _said(say(lang, "lab.next.stopped"))
    said = error.text(lang) if isinstance(error, AulaError) else ""
    return Markup('<p class="aula-error">{}</p>').format(said)


def _said(said: str) -> Markup:
    return Markup('<p class="aula-caption" role="status">{}</p>').format(said)
