"""How near sentences lie to each other, in the Embeddings panel: a matrix of cosines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import gradio as gr
from markupsafe import Markup

from lab.similarity import LONGEST, MOST, Similarity, similarity
from ui.components import block, guarded, language
from ui.lab.charts import heat
from ui.lab.figure import Cell, figure
from ui.lab.shared import QUIET, Shared, found_or_why, try_this
from ui.texts import decimal, say, static

Updates = tuple[object, ...]
_EXAMPLES = ("meaning", "languages")


class SimilarityPart:
    """Its components and callbacks."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._dense = shared.services.dense

    def layout(self) -> None:
        """Lay out the part."""
        gr.Markdown(static("lab.embeddings.similarity_title"), elem_classes=["aula-lab-title"])
        with gr.Row(elem_classes=["aula-tries"]):
            self.tries = {name: try_this("embeddings", name) for name in _EXAMPLES}
        self.texts = gr.Textbox(
            label=static("lab.embeddings.texts"),
            info=static("lab.embeddings.texts_info"),
            lines=4,
            max_lines=12,
            max_length=MOST * LONGEST,
            elem_id="aula-lab-embeddings-texts",
        )
        self.go = gr.Button(
            static("lab.embeddings.go_texts"), variant="primary", scale=0, elem_id="aula-lab-embeddings-go"
        )
        self.matrix = block("", "aula-lab-embeddings-matrix")

    def wire(self) -> None:
        """Connect the callbacks."""
        self.go.click(self.compare, self.texts, self.matrix, preprocess=False, **QUIET)
        fillers = (self.fill_meaning, self.fill_languages)
        for button, fill in zip(self.tries.values(), fillers, strict=True):
            button.click(fill, None, self.texts, **QUIET).success(
                self.compare, self.texts, self.matrix, preprocess=False, **QUIET
            )

    @guarded
    def fill_meaning(self, request: gr.Request) -> str:
        """Fill in sentences that mean the same in other words, and others that only share a word."""
        return say(language(request), "lab.embeddings.ex_meaning")

    @guarded
    def fill_languages(self, request: gr.Request) -> str:
        """Fill in the same sentences in two languages."""
        return say(language(request), "lab.embeddings.ex_languages")

    @guarded
    def compare(self, request: gr.Request, texts: object) -> Iterator[str]:
        """Show the cosine of every two lines."""
        lang = language(request)
        lines = [line.strip() for line in str(texts or "").splitlines() if line.strip()]
        if not lines:
            yield str(Markup('<p class="aula-empty">{}</p>').format(say(lang, "lab.embeddings.no_texts")))
            return
        yield str(Markup('<p class="aula-caption" role="status">{}</p>').format(say(lang, "lab.embeddings.reading")))
        yield from found_or_why(lambda: _matrix(similarity(self._dense, lines), lang), lang)


def _matrix(found: Similarity, lang: str) -> str:
    """Return the figure, and which two lie nearest and farthest."""
    names = [f"{number}. {text}" for number, text in enumerate(found.texts, start=1)]
    numbers = [str(number) for number in range(1, len(names) + 1)]
    pairs = found.pairs()
    caption = say(lang, "lab.embeddings.caption_matrix", model=found.model)
    drawn = heat(
        found.cosines,
        names,
        numbers,
        title=caption,
        low=pairs[-1][2],
        high=max(pairs[0][2], pairs[-1][2] + 0.05),
        show=[[decimal(value, lang, 2) for value in row] for row in found.cosines],
    )
    rows: list[Sequence[Cell]] = [(names[row], *found.cosines[row]) for row in range(len(names))]
    shown = figure(
        drawn,
        [say(lang, "lab.embeddings.head_sentence"), *numbers],
        rows,
        name="similarity",
        caption=caption,
        lang=lang,
    )
    ends = (("lab.embeddings.nearest_two", pairs[0]), ("lab.embeddings.farthest_two", pairs[-1]))
    items = Markup("").join(
        Markup("<li>{}</li>").format(
            say(lang, key, one=found.texts[i], other=found.texts[j], cosine=decimal(cosine, lang, 2))
        )
        for key, (i, j, cosine) in ends
    )
    return str(shown + Markup('<ul class="aula-lab-told">{}</ul>').format(items))
