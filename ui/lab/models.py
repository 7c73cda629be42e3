"""The Models panel: two installed models on the same text and the same prompt."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr
from langchain_core.messages import HumanMessage

from lab.comparison import Both, compare
from rag.errors import BadOption, Cancelled, NothingToCompare, TextTooLong, TwoModelsLent
from ui.components import HIDDEN, block, buttons, guarded, idle, language
from ui.lab import models_view
from ui.lab.models_view import Figures
from ui.lab.pace import Clock, bar, ending, status
from ui.lab.shared import ASKING, QUIET, Shared, Told, intro, run_key, try_this, worked
from ui.texts import say, static

if TYPE_CHECKING:
    from rag.llm import LlamaChat

Updates = tuple[object, ...]
LONGEST = 4_000  # characters of the text, and of the prompt
STEPS = (8, 64)  # tokens that each model writes
_GIVEN = 24
_EXAMPLES = ("two", "same")


class ModelsPanel:
    """Its components and callbacks. Callbacks take raw values."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared

    def layout(self) -> None:
        """Lay out the panel."""
        intro("models")
        with gr.Row(elem_classes=["aula-tries"]):
            self.tries = {name: try_this("models", name) for name in _EXAMPLES}
        with gr.Row():
            self.first = self._choice("first")
            self.second = self._choice("second")
        self.text = self._box("text", 4)
        self.prompt = self._box("prompt", 2)
        self.steps = gr.Slider(
            *STEPS,
            value=_GIVEN,
            step=1,
            label=static("lab.models.steps"),
            info=static("lab.models.steps_info"),
            elem_id="aula-lab-models-steps",
        )
        with gr.Row():
            self.go = gr.Button(static("lab.models.go"), variant="primary", scale=0, elem_id="aula-lab-models-go")
            self.stop = gr.Button(static("chat.stop"), visible=HIDDEN, scale=0, elem_id="aula-lab-models-stop")
        self.told = block("", "aula-lab-models-told")
        self.found = block("", "aula-lab-models-found")

    def _choice(self, name: str) -> gr.Dropdown:
        return gr.Dropdown(
            [(str(static("lab.model_used")), "")],
            value="",
            label=static(f"lab.models.{name}"),
            info=static(f"lab.models.{name}_info"),
            elem_id=f"aula-lab-models-{name}",
        )

    def _box(self, name: str, lines: int) -> gr.Textbox:
        return gr.Textbox(
            label=static(f"lab.models.{name}"),
            info=static(f"lab.models.{name}_info"),
            lines=lines,
            max_lines=12,
            max_length=LONGEST,
            elem_id=f"aula-lab-models-{name}",
        )

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        pair = [self.first, self.second]
        asked = [*pair, self.text, self.prompt, self.steps]
        shown = [self.told, self.found, self.go, self.stop]
        gr.on(self._shared.returns, self.renew, pair, pair, preprocess=False, **QUIET)
        self._shared.opened.change(self.hint, None, self.told, **QUIET)
        self.go.click(self.run, asked, shown, preprocess=False, trigger_mode="once", **ASKING).then(
            idle, None, shown[-2:], **QUIET
        )
        for name, button in self.tries.items():
            button.click(self._filler(name), None, asked, **QUIET).success(
                self.run, asked, shown, preprocess=False, **ASKING
            ).then(idle, None, shown[-2:], **QUIET)
        self.stop.click(self.end, None, None, queue=False, **QUIET)
        blocks.unload(self.end)

    def _filler(self, example: str) -> object:
        @guarded
        def fill(request: gr.Request) -> Updates:
            """Fill in an example: the model in use and another one, or the same one twice."""
            lang = language(request)
            used = str(self._shared.services.engine.status().model or "")
            first, second = ("", self._another()) if example == "two" else (used, used)
            texts = (say(lang, "lab.models.ex_text"), say(lang, "lab.models.ex_prompt"))
            held = self._shared.choices(lang)
            return *(gr.Dropdown(choices=held, value=one) for one in (first, second)), *texts, _GIVEN

        return fill

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def renew(self, request: gr.Request, first: object, second: object) -> Updates:
        """List the installed models; one that has gone becomes the one in use. Nothing chosen: two different ones."""
        held = self._shared.choices(language(request))
        known = {value for _, value in held}
        pair = [str(one or "") if str(one or "") in known else "" for one in (first, second)]
        if not any(pair) and self._shared.services.engine.status().model:
            pair[1] = self._another()
        return tuple(gr.Dropdown(choices=held, value=one) for one in pair)

    @guarded
    def hint(self, request: gr.Request) -> str:
        """Say the next step where nothing has been compared yet."""
        return str(status(say(language(request), "lab.models.empty")))

    @guarded
    def run(
        self, request: gr.Request, first: object, second: object, text: object, prompt: object, steps: object
    ) -> Iterator[Updates]:
        """Compare two models; what is stopped shows nothing."""
        lang = language(request)
        said, asked, count = _checked(text, prompt, steps)
        pair, stopped = (str(first or ""), str(second or "")), say(lang, "lab.models.stopped")
        with self._shared.running.event(run_key(request, "models")) as cancel:
            updates = self._compared(pair, said, asked, count, lang, cancel)
            for told, found in ending(updates, lambda said: (said, gr.skip()), stopped, lang):
                yield told, found, *buttons(busy=True)

    def _compared(
        self, pair: tuple[str, str], text: str, prompt: str, count: int, lang: str, cancel: threading.Event
    ) -> Iterator[tuple[object, object]]:
        """Yield what is told, and what is found."""
        yield str(status(say(lang, "lab.models.loading"))), gr.skip()
        clock, label = Clock(), say(lang, "lab.models.reading")

        def work(told: Told) -> tuple[Figures, Figures, Both]:
            one, other = self._two(*pair)
            if cancel.is_set():
                raise Cancelled
            prompts = (one.encode([HumanMessage(prompt)]), other.encode([HumanMessage(prompt)]))
            both = compare(one, other, text, prompts, count, cancel, told)
            return self._figures(one), self._figures(other), both

        one, other, both = yield from worked(
            work, lambda done, total: (str(bar(done, total, clock, label, lang)), gr.skip()), cancel
        )
        yield str(status(say(lang, "lab.models.done"))), str(models_view.drawn((one, other), both, lang))

    @guarded
    def end(self, request: gr.Request) -> None:
        """Stop comparing."""
        self._shared.running.stop(run_key(request, "models"))

    # -- how ---------------------------------------------------------------------------------------------------

    def _another(self) -> str:
        """Return the name of an installed model that is not in use, "" where there is none."""
        used = self._shared.services.engine.status().model
        return next((name for _, name in self._shared.choices("en") if name and name != used), "")

    def _two(self, first: str, second: str) -> tuple[LlamaChat, LlamaChat]:
        """Return both models, of which at most one is lent. Raises TwoModelsLent, and as Lender.chat does."""
        now = self._shared.services.engine.status()
        names = {name or str(now.model or "") for name in (first, second)}
        if len(names) == 2 and now.model and now.model not in names:
            raise TwoModelsLent(used=now.title)
        return self._shared.chat(first), self._shared.chat(second)

    def _figures(self, chat: LlamaChat) -> Figures:
        catalogue = self._shared.services.catalogue
        shape = chat.shape
        return Figures(
            title=catalogue.entry(chat.model).title,
            quantisation=shape.quantisation,
            parameters=shape.parameters,
            file=catalogue.path(chat.model).stat().st_size,
            weights=shape.weights,
            cache=shape.per_token * chat.n_ctx,
            window=chat.n_ctx,
            vocabulary=chat.vocabulary.size,
        )


def _checked(text: object, prompt: object, steps: object) -> tuple[str, str, int]:
    """Return what was given. Raises NothingToCompare, TextTooLong, BadOption."""
    said, asked = str(text or ""), str(prompt or "").strip()
    for one in (said, asked):
        if not one.strip():
            raise NothingToCompare
        if len(one) > LONGEST:
            raise TextTooLong(characters=len(one), most=LONGEST)
    try:
        count = int(float(str(steps)))
    except (ValueError, OverflowError):
        count = 0
    if not STEPS[0] <= count <= STEPS[1]:
        raise BadOption(option="steps", allowed=f"{STEPS[0]}-{STEPS[1]}")
    return said, asked, count
