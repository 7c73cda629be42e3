"""The Tokens panel: a text as every installed model reads it, and what it costs in each one's window."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import gradio as gr
from markupsafe import Markup

from lab.readings import LONGEST, Loaded, Reading, Readings, check
from rag.errors import AulaError
from ui.components import HIDDEN, block, buttons, guarded, idle, language, progress_bar
from ui.lab import tokens_view
from ui.lab.pace import ending, status
from ui.lab.shared import QUIET, Shared, intro, run_key, try_this, worked
from ui.texts import say, static

Updates = tuple[object, ...]
_EXAMPLES = ("pair", "letters", "template")


class TokensPanel:
    """Its components and callbacks. Callbacks take raw values."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared
        services = shared.services
        self._readings = Readings(services.catalogue, services.settings.n_ctx)

    def layout(self) -> None:
        """Lay out the panel."""
        intro("tokens")
        with gr.Row(elem_classes=["aula-tries"]):
            self.tries = {name: try_this("tokens", name) for name in _EXAMPLES}
        with gr.Row():
            self.text = self._box("text")
            self.other = self._box("other")
        self.special = gr.Checkbox(
            label=static("lab.tokens.special"),
            info=static("lab.tokens.special_info"),
            elem_id="aula-lab-tokens-special",
        )
        with gr.Row():
            self.go = gr.Button(static("lab.tokens.go"), variant="primary", scale=0, elem_id="aula-lab-tokens-go")
            self.stop = gr.Button(static("chat.stop"), visible=HIDDEN, scale=0, elem_id="aula-lab-tokens-stop")
        self.told = block("", "aula-lab-tokens-told")
        self.found = block("", "aula-lab-tokens-found", tokens_view.SCRIPT)

    def _box(self, name: str) -> gr.Textbox:
        return gr.Textbox(
            label=static(f"lab.tokens.{name}"),
            info=static(f"lab.tokens.{name}_info"),
            lines=3,
            max_lines=12,
            min_width=260,
            max_length=LONGEST,
            elem_id=f"aula-lab-tokens-{name}",
        )

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        asked = [self._shared.model, self.text, self.other, self.special]
        shown = [self.told, self.found, self.go, self.stop]
        gr.on(self.go.click, self.read, asked, shown, preprocess=False, **QUIET).then(idle, None, shown[-2:], **QUIET)
        self.special.input(self.again, asked, shown, preprocess=False, **QUIET).then(idle, None, shown[-2:], **QUIET)
        for name, button in self.tries.items():
            button.click(self._filler(name), None, [self.text, self.other, self.special], **QUIET).success(
                self.read, asked, shown, preprocess=False, **QUIET
            ).then(idle, None, shown[-2:], **QUIET)
        self.stop.click(self.end, None, None, queue=False, **QUIET)
        blocks.unload(self.end)

    def _filler(self, example: str) -> object:
        @guarded
        def fill(request: gr.Request) -> Updates:
            """Fill in an example, in the page's language."""
            lang = language(request)
            other = say(lang, "lab.tokens.ex_pair_other") if example == "pair" else ""
            return say(lang, f"lab.tokens.ex_{example}"), other, example == "template"

        return fill

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def read(
        self, request: gr.Request, model: object, text: object, other: object, special: object
    ) -> Iterator[Updates]:
        """Show the tokens of one text or two under every model, the chosen one first."""
        lang = language(request)
        texts = [str(one) for one in (text, other) if str(one or "").strip()]
        if not texts:
            yield "", _said(say(lang, "lab.tokens.empty")), gr.skip(), gr.skip()
            return
        for one in texts:
            check(one)
        stopped = say(lang, "lab.tokens.stopped")
        with self._shared.running.event(run_key(request, "tokens")) as cancel:
            updates = self._read(texts, special is True, str(model or ""), lang, cancel)
            for told, found in ending(updates, lambda said: (said, gr.skip()), stopped, lang):
                yield told, found, *buttons(busy=True)

    def _read(
        self, texts: list[str], special: bool, model: str, lang: str, cancel: threading.Event
    ) -> Iterator[tuple[object, object]]:
        """Yield what is told, and what is found."""
        loaded = self._loaded()
        found = yield from worked(
            lambda told: self._readings.under_all(texts, special, loaded, cancel, told),
            lambda done, total: (_busy(done, total, lang), gr.skip()),
            cancel,
        )
        yield self._missing(loaded, lang), tokens_view.found(self._ordered(found, model), lang)

    @guarded
    def again(
        self, request: gr.Request, model: object, text: object, other: object, special: object
    ) -> Iterator[Updates]:
        """Show them anew where there is a text: the template has been switched on or off."""
        if str(text or other or "").strip():
            yield from self.read(request, model, text, other, special)

    @guarded
    def end(self, request: gr.Request) -> None:
        """Stop reading."""
        self._shared.running.stop(run_key(request, "tokens"))

    # -- how ---------------------------------------------------------------------------------------------------

    def _loaded(self) -> Loaded:
        """Return the models that are loaded; none of them is waited for."""
        services = self._shared.services
        try:
            chat = services.engine.chat()
        except AulaError:
            chat = None
        embedder = services.dense.get() if services.dense.state == "ready" else None
        return Loaded(chat, (embedder[0].spec, embedder[0].tokens) if embedder else None)

    def _missing(self, loaded: Loaded, lang: str) -> str:
        """Return why an embedding model that is installed is not among the readings; "" where it is, or none is."""
        dense = self._shared.services.dense
        if loaded.embedding is not None or dense.state == "none":
            return ""
        failed = dense.error if dense.state == "failed" else None
        return str(status(say(lang, "lab.tokens.loading") if failed is None else failed.text(lang)))

    def _ordered(self, found: list[list[Reading]], model: str) -> list[list[Reading]]:
        """Return the model that is looked at before the others."""
        try:
            first = model or self._shared.services.engine.chat().model
        except AulaError:
            first = ""
        return sorted(found, key=lambda each: each[0].name != first)


def _busy(done: int, total: int, lang: str) -> str:
    return str(progress_bar(done, total, say(lang, "lab.tokens.reading")))


def _said(text: str) -> str:
    return str(Markup('<p class="aula-empty" role="status">{}</p>').format(text))
