"""The Context panel: a sentence hidden at any depth of a text, and whether the model finds it there."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from lab import needle
from lab.filler import NEEDLES
from lab.needle import MOST_DEPTHS, MOST_LENGTHS, MOST_REPEATS, Grid
from lab.pace import Pace
from rag.errors import BadOption
from ui.components import HIDDEN, block, buttons, guarded, idle, language, owner_of
from ui.lab import context_run, context_view
from ui.lab.context_run import WORDS, Asked, Kept, needle_of, sizes_of
from ui.lab.context_text import choices, known
from ui.lab.pace import ending, status
from ui.lab.shared import ASKING, QUIET, Shared, intro, run_key, try_this
from ui.texts import say, static

Updates = tuple[object, ...]
_LEAST, _STEP = 512, 128  # tokens of the longest prompt
_QUICK = (512, 2, 3, 1)  # what the example runs: longest, lengths, depths, repeats


class ContextPanel:
    """Its components and callbacks. Callbacks take raw values."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared
        self._paces: dict[str, Pace] = {}  # of the models that have been measured, by name

    def layout(self) -> None:
        """Lay out the panel."""
        intro("context")
        with gr.Row(elem_classes=["aula-tries"]):
            self.quick = try_this("context", "quick")
        self.sentence = self._box("sentence")
        with gr.Row():
            self.question = self._box("question")
            self.expected = self._box("expected")
        self.text = gr.Dropdown(
            [(str(static("lab.context.text_en")), "filler:en")],
            value="filler:en",
            label=static("lab.context.text"),
            info=static("lab.context.text_info"),
            elem_id="aula-lab-context-text",
        )
        with gr.Row(elem_classes=["aula-sliders"]):
            most = max(_LEAST, self._shared.services.settings.n_ctx)
            self.longest = self._slider("longest", _LEAST, most, min(1024, most), _STEP)
            self.lengths = self._slider("lengths", 1, MOST_LENGTHS, 3)
            self.depths = self._slider("depths", 2, MOST_DEPTHS, 5)
            self.repeats = self._slider("repeats", 1, MOST_REPEATS, 1)
        self.plan = block("", "aula-lab-context-plan")
        with gr.Row():
            self.go = gr.Button(
                static("lab.context.go"), variant="primary", scale=0, min_width=230, elem_id="aula-lab-context-go"
            )
            self.stop = gr.Button(static("chat.stop"), visible=HIDDEN, scale=0, elem_id="aula-lab-context-stop")
        self.told = block("", "aula-lab-context-told")
        self.found = block("", "aula-lab-context-found")
        self.kept = gr.State(Kept())

    def _box(self, name: str) -> gr.Textbox:
        return gr.Textbox(
            label=static(f"lab.context.{name}"),
            info=static(f"lab.context.{name}_info"),
            max_length=WORDS,
            elem_id=f"aula-lab-context-{name}",
        )

    def _slider(self, name: str, low: int, high: int, value: int, step: int = 1) -> gr.Slider:
        return gr.Slider(
            low,
            high,
            value=value,
            step=step,
            label=static(f"lab.context.{name}"),
            info=static(f"lab.context.{name}_info"),
            elem_id=f"aula-lab-context-{name}",
        )

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        model = self._shared.model
        grid = [self.longest, self.lengths, self.depths, self.repeats]
        words = [self.sentence, self.question, self.expected]
        asked = [model, self.text, *words, *grid, self.kept]
        shown = [self.plan, self.told, self.found, self.kept, self.go, self.stop]
        opened = [*words, self.text, self.plan, self.told]
        self._shared.opened.change(self.begin, [model, *words, self.text, *grid], opened, preprocess=False, **QUIET)
        gr.on(self._shared.returns, self.renew, self.text, self.text, preprocess=False, **QUIET)
        gr.on(
            [model.change, *(one.change for one in grid)],
            self.reckon,
            [model, *grid],
            self.plan,
            preprocess=False,
            trigger_mode="always_last",
            **QUIET,
        )
        self.go.click(self.run, asked, shown, preprocess=False, trigger_mode="once", **ASKING).then(
            idle, None, shown[-2:], **QUIET
        )
        self.quick.click(self.example, None, [*words, self.text, *grid], **QUIET).success(
            self.run, asked, shown, preprocess=False, **ASKING
        ).then(idle, None, shown[-2:], **QUIET)
        self.stop.click(self.end, None, None, queue=False, **QUIET)
        blocks.unload(self.end)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def begin(
        self,
        request: gr.Request,
        model: object,
        sentence: object,
        question: object,
        expected: object,
        text: object,
        *grid: object,
    ) -> Updates:
        """Fill in the example where nothing is written yet, in the page's language."""
        lang = language(request)
        empty = not any(str(one or "").strip() for one in (sentence, question, expected))
        words = _words(lang) if empty else (gr.skip(), gr.skip(), gr.skip())
        chosen = f"filler:{lang}" if empty else str(text)
        texts = gr.Dropdown(choices=self._choices(request), value=chosen)
        return (*words, texts, self._planned(lang, model, *grid), _empty(lang))

    @guarded
    def renew(self, request: gr.Request, text: object) -> object:
        """List the documents that there are now."""
        held = self._choices(request)
        if known(text, held):  # left alone: `begin` may be on its way with another
            return gr.Dropdown(choices=held)
        return gr.Dropdown(choices=held, value=f"filler:{language(request)}")

    @guarded
    def example(self, request: gr.Request) -> Updates:
        """Fill in a small map that is made in little time."""
        lang = language(request)
        return (*_words(lang), f"filler:{lang}", *_QUICK)

    @guarded
    def reckon(self, request: gr.Request, model: object, *grid: object) -> str:
        """Say what a run of these settings takes."""
        return self._planned(language(request), model, *grid)

    @guarded
    def run(
        self,
        request: gr.Request,
        model: object,
        text: object,
        sentence: object,
        question: object,
        expected: object,
        longest: object,
        lengths: object,
        depths: object,
        repeats: object,
        kept: object,
    ) -> Iterator[Updates]:
        """Hide the sentence at every place in turn and ask; what has been found stays when it is stopped."""
        lang = language(request)
        hidden, sizes = needle_of(sentence, question, expected), sizes_of((longest, lengths, depths, repeats))
        asked = Asked(str(model or ""), owner_of(request), str(text), hidden, sizes, lang)
        stopped = say(lang, "lab.context.stopped")
        with self._shared.running.event(run_key(request, "context")) as cancel:
            updates = context_run.run(self._shared, asked, kept, cancel, self._paces)
            for each in ending(updates, lambda said: (gr.skip(), said, gr.skip(), gr.skip()), stopped, lang):
                yield *each, *buttons(busy=True)

    @guarded
    def end(self, request: gr.Request) -> None:
        """Stop; what was found stays."""
        self._shared.running.stop(run_key(request, "context"))

    # -- how ---------------------------------------------------------------------------------------------------

    def _choices(self, request: gr.Request) -> list[tuple[str, str]]:
        return choices(self._shared.services.library, owner_of(request), language(request))

    def _planned(self, lang: str, model: object, *grid: object) -> str:
        """Return what a run takes, as far as it can be told without loading or asking a model."""
        try:
            wanted = needle.grid(*sizes_of(grid), self._shared.services.settings.n_ctx)
        except BadOption:
            return ""
        tokens, prompts = needle.expected_reading(wanted), _prompts(wanted)
        pace = self._paces.get(str(model or "") or self._shared.services.engine.status().model or "")
        time = context_view.lasts(pace.seconds(tokens, prompts * needle.ANSWER), lang) if pace else ""
        return str(context_view.plan(prompts, tokens, time, lang))


def _prompts(grid: Grid) -> int:
    return len(grid.lengths) * len(grid.depths) * grid.repeats


def _words(lang: str) -> Updates:
    given = NEEDLES.get(lang, NEEDLES["en"])
    return given.sentence, given.question, ", ".join(given.expected)


def _empty(lang: str) -> str:
    return str(status(say(lang, "lab.context.empty", button=say(lang, "lab.context.try_quick"))))
