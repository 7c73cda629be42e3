"""Analogies by arithmetic with vectors, in the Embeddings panel."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
from markupsafe import Markup

from lab.analogies import LONGEST, Analogy, Near, analogy
from ui.components import block, guarded, language
from ui.lab.charts import Bar, bars
from ui.lab.figure import figure
from ui.lab.shared import QUIET, Shared, found_or_why, try_this
from ui.texts import decimal, grouped, say, static

Updates = tuple[object, ...]
_EXAMPLES = ("king", "capital", "between")


class AnalogyPart:
    """Its components and callbacks."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._dense = shared.services.dense

    def layout(self) -> None:
        """Lay out the part."""
        gr.Markdown(static("lab.embeddings.analogy_title"), elem_classes=["aula-lab-title"])
        with gr.Row(elem_classes=["aula-tries"]):
            self.tries = {name: try_this("embeddings", name) for name in _EXAMPLES}
        with gr.Row():
            self.first = _word("lab.embeddings.first", "lab.embeddings.first_info", "first")
            self.minus = _word("lab.embeddings.minus", "lab.embeddings.minus_info", "minus")
            self.plus = _word("lab.embeddings.plus", "lab.embeddings.plus_info", "plus")
        self.centred = gr.Checkbox(
            value=True,
            label=static("lab.embeddings.centred"),
            info=static("lab.embeddings.centred_info"),
            elem_id="aula-lab-embeddings-centred",
        )
        self.go = gr.Button(
            static("lab.embeddings.go_analogy"), variant="primary", scale=0, elem_id="aula-lab-embeddings-reckon"
        )
        self.found = block("", "aula-lab-embeddings-analogy")

    def wire(self) -> None:
        """Connect the callbacks."""
        words = [self.first, self.minus, self.plus]
        asked = [*words, self.centred]
        raw = {**QUIET, "preprocess": False}
        gr.on([self.go.click, *(one.submit for one in words)], self.reckon, asked, self.found, **raw)
        self.centred.input(self.again, asked, self.found, **raw)
        fillers = (self.fill_king, self.fill_capital, self.fill_between)
        for button, fill in zip(self.tries.values(), fillers, strict=True):
            button.click(fill, None, words, **QUIET).success(self.reckon, asked, self.found, **raw)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def fill_king(self, request: gr.Request) -> list[str]:
        """Fill in what everybody asks first."""
        return say(language(request), "lab.embeddings.ex_king").split()

    @guarded
    def fill_capital(self, request: gr.Request) -> list[str]:
        """Fill in a capital and two countries."""
        return say(language(request), "lab.embeddings.ex_capital").split()

    @guarded
    def fill_between(self, request: gr.Request) -> list[str]:
        """Fill in two words between which something lies."""
        first, plus = say(language(request), "lab.embeddings.ex_between").split()
        return [first, "", plus]

    @guarded
    def reckon(self, request: gr.Request, first: object, minus: object, plus: object, centred: object) -> Iterator[str]:
        """Show the words nearest to the sum."""
        lang = language(request)
        given = [str(one or "").strip() for one in (first, minus, plus)]
        if not (given[0] and given[2]):
            yield _said("aula-empty", say(lang, "lab.embeddings.no_words"))
            return
        yield _said("aula-caption", say(lang, "lab.embeddings.reading"))

        def found() -> str:
            return _shown(analogy(self._dense, *given, lang=lang, centred=centred is True), lang)

        yield from found_or_why(found, lang)

    @guarded
    def again(self, request: gr.Request, first: object, minus: object, plus: object, centred: object) -> Iterator[str]:
        """Reckon anew where there is something to reckon with."""
        if str(first or "").strip() and str(plus or "").strip():
            yield from self.reckon(request, first, minus, plus, centred)


def _word(label: str, info: str, name: str) -> gr.Textbox:
    return gr.Textbox(
        label=static(label),
        info=static(info),
        max_length=LONGEST,
        min_width=140,
        elem_id=f"aula-lab-embeddings-{name}",
    )


def _shown(found: Analogy, lang: str) -> str:
    """Return the formula with its answer, and the list that it was taken from."""
    formula = " ".join([found.first, *(["−", found.minus] if found.minus else []), "+", found.plus])
    caption = say(lang, "lab.embeddings.caption_analogy", formula=formula, model=found.model)
    rows = [
        Bar(near.word, max(0.0, near.cosine), decimal(near.cosine, lang, 2), _kind(near, found))
        for near in found.nearest
    ]
    heads = [
        say(lang, key)
        for key in (
            "lab.embeddings.head_word",
            "lab.embeddings.head_near",
            "lab.embeddings.head_cosine",
            "lab.embeddings.head_start",
            "lab.embeddings.head_given",
        )
    ]
    given = {True: say(lang, "lab.embeddings.is_given"), False: ""}
    cells = [(near.word, near.rank, near.cosine, near.start, given[near.given]) for near in found.nearest]
    drawn = figure(bars(rows, title=caption), heads, cells, name="analogy", caption=caption, lang=lang)
    return _answer(found, formula, lang) + str(drawn) + _said("aula-caption", _told(found, lang))


def _answer(found: Analogy, formula: str, lang: str) -> str:
    best = found.answer
    if best is None:
        return _said("aula-lab-answer", say(lang, "lab.embeddings.no_answer", formula=formula))
    return str(
        Markup('<p class="aula-lab-answer" role="status">{} ≈ <strong>{}</strong> <span>{}</span></p>').format(
            formula, best.word, say(lang, "lab.embeddings.cosine", cosine=decimal(best.cosine, lang, 2))
        )
    )


def _told(found: Analogy, lang: str) -> str:
    """Return what came first before the words that were put in were left out, and what was searched."""
    top = found.nearest[0]
    size = grouped(found.size, lang)
    if top.word.casefold() == found.plus.casefold():
        return say(lang, "lab.embeddings.plus_first", word=top.word, size=size)
    if top.given:
        return say(lang, "lab.embeddings.given_first", word=top.word, size=size)
    return say(lang, "lab.embeddings.given_not_first", size=size)


def _kind(near: Near, found: Analogy) -> str:
    if near.given:
        return "out"
    return "chosen" if near is found.answer else ""


def _said(kind: str, text: str) -> str:
    return str(Markup('<p class="{}" role="status">{}</p>').format(kind, text))
