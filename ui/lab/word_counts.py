"""The first part of the Words panel: texts as bags of words, their stems and their n-grams."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from lab import words
from lab.similarity import embedder_of
from lab.words import LONGEST, ORDER, Reading
from rag.errors import AulaError
from ui.components import block, guarded, language
from ui.lab import word_figures
from ui.lab.beginning import whole
from ui.lab.shared import QUIET, Shared, try_this
from ui.lab.word_figures import told
from ui.texts import say, static

Updates = tuple[object, ...]
_EXAMPLES = {"order": False, "meaning": False, "stems": True}  # each with whether its stems are counted


class WordCounts:
    """Its components and callbacks. Callbacks take raw values."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._dense = shared.services.dense

    def layout(self) -> None:
        """Lay out two texts, how they are cut, and what is counted."""
        gr.Markdown(static("lab.words.counts_title"), elem_classes=["aula-lab-part"])
        with gr.Row(elem_classes=["aula-tries"]):
            self.tries = {name: try_this("words", name) for name in _EXAMPLES}
        with gr.Row():
            self.first = self._box("text_a")
            self.second = self._box("text_b")
        with gr.Row():
            self.n = gr.Slider(
                1, ORDER, value=1, step=1, label=static("lab.words.n"), info=static("lab.words.n_info"),
                elem_id="aula-lab-words-n",
            )  # fmt: skip
            with gr.Column():
                self.stems = gr.Checkbox(label=static("lab.words.by_stems"), elem_id="aula-lab-words-stems")
                self.content = gr.Checkbox(label=static("lab.words.content"), elem_id="aula-lab-words-content")
        self.go = gr.Button(static("lab.words.count"), variant="primary", scale=0, elem_id="aula-lab-words-count")
        self.found = block("", "aula-lab-words-counts")

    def _box(self, name: str) -> gr.Textbox:
        return gr.Textbox(
            label=static(f"lab.words.{name}"),
            info=static(f"lab.words.{name}_info"),
            lines=3,
            max_lines=8,
            max_length=LONGEST,
            elem_id=f"aula-lab-words-{name.replace('_', '-')}",
        )

    def wire(self) -> None:
        """Connect the callbacks."""
        asked = [self.first, self.second, self.n, self.stems, self.content]
        self.go.click(self.count, asked, self.found, preprocess=False, **QUIET)
        gr.on(
            [self.n.input, self.stems.input, self.content.input],
            self.count,
            asked,
            self.found,
            trigger_mode="always_last",
            preprocess=False,
            **QUIET,
        )
        for name, button in self.tries.items():
            button.click(self._filler(name), None, asked, **QUIET).success(
                self.count, asked, self.found, preprocess=False, **QUIET
            )

    def _filler(self, example: str) -> object:
        @guarded
        def fill(request: gr.Request) -> Updates:
            """Fill in an example, in the page's language."""
            lang = language(request)
            texts = [say(lang, f"lab.words.ex_{example}_{which}") for which in ("a", "b")]
            return (*texts, 1, _EXAMPLES[example], _EXAMPLES[example])

        return fill

    @guarded
    def count(
        self, request: gr.Request, first: object, second: object, n: object, stems: object, content: object
    ) -> str:
        """Show the texts as bags; no model but the embedding's is used."""
        lang = language(request)
        texts = [str(one) for one in (first, second) if str(one or "").strip()]
        if not texts:
            return str(told("aula-empty", say(lang, "lab.words.counts_empty")))
        spoken = words.language_of(" ".join(texts)[:LONGEST])
        reading = Reading(spoken, whole(1 if n is None else n, "n", 1, ORDER), stems is True, content is not True)
        bags = words.bags(texts, reading)
        if not bags.terms:
            return str(told("aula-empty", say(lang, "lab.words.no_terms")))
        shown = [self._alike(texts, bags.cosines, lang)] if len(texts) == 2 else []
        shown += [word_figures.bag(bags, reading, lang)]
        return str(Markup("").join([*shown, word_figures.stemmed(words.stems(texts, reading), lang)]))

    def _alike(self, texts: list[str], cosines: tuple[float | None, ...], lang: str) -> Markup:
        meaning = None
        if self._dense.state == "ready":  # counting waits for no model
            try:
                vectors = embedder_of(self._dense).encode_sentences(texts)
                meaning = float(vectors[0] @ vectors[1])
            except AulaError:
                meaning = None
        return word_figures.alike(cosines, meaning, lang)
