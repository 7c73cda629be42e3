"""The second part of the Words panel: what BM25 makes of a question, beside what the embedding does."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from lab import words
from lab.similarity import embedder_of
from lab.words import LONGEST, Part
from rag.errors import AulaError
from rag.inspection import Contribution, Hit, Inspection
from ui.components import block, guarded, language, owner_of
from ui.inspection_view import three_columns
from ui.lab.shared import QUIET, Shared, try_this
from ui.lab.word_figures import Ranked, told, two_rankings
from ui.places import place_name
from ui.texts import decimal, say, static

Updates = tuple[object, ...]
_LINES, _DOCUMENTS = "lines", "documents"
_HITS = 5
_HEAD = 60  # characters by which a passage is named


class WordSearch:
    """Its components and callbacks. Callbacks take raw values."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._dense = shared.services.dense
        self._library = shared.services.library
        self._inspector = shared.services.inspector

    def layout(self) -> None:
        """Lay out a question, where it is looked for, and what is found."""
        gr.Markdown(static("lab.words.search_title"), elem_classes=["aula-lab-part"])
        with gr.Row(elem_classes=["aula-tries"]):
            self.example = try_this("words", "synonym")
        with gr.Row():
            self.question = gr.Textbox(
                label=static("inspect.question"),
                info=static("lab.words.question_info"),
                max_length=1000,
                elem_id="aula-lab-words-question",
            )
            self.where = gr.Radio(
                [(str(static(f"lab.words.where_{one}")), one) for one in (_LINES, _DOCUMENTS)],
                value=_LINES,
                label=static("inspect.document"),
                elem_id="aula-lab-words-where",
            )
        self.lines = gr.Textbox(
            label=static("lab.words.lines"),
            info=static("lab.words.lines_info"),
            lines=5,
            max_lines=12,
            max_length=LONGEST,
            elem_id="aula-lab-words-lines",
        )
        self.go = gr.Button(static("inspect.go"), variant="primary", scale=0, elem_id="aula-lab-words-look")
        self.found = block("", "aula-lab-words-found")

    def wire(self) -> None:
        """Connect the callbacks."""
        asked = [self.question, self.where, self.lines]
        gr.on([self.go.click, self.question.submit], self.look, asked, self.found, preprocess=False, **QUIET)
        self.where.input(self.choose, self.where, self.lines, preprocess=False, **QUIET)
        self.example.click(self.fill, None, asked, **QUIET).success(
            self.look, asked, self.found, preprocess=False, **QUIET
        )

    @guarded
    def fill(self, request: gr.Request) -> Updates:
        """Fill in a question and sentences, in the page's language."""
        lang = language(request)
        lines = gr.Textbox(value=say(lang, "lab.words.ex_lines"), visible=True)
        return say(lang, "lab.words.ex_question"), _LINES, lines

    @guarded
    def choose(self, request: gr.Request, where: object) -> object:
        """Show the sentences only where they are what is searched."""
        return gr.Textbox(visible=where != _DOCUMENTS)

    @guarded
    def look(self, request: gr.Request, question: object, where: object, lines: object) -> str:
        """Show both rankings; errors stand where the person looks."""
        lang, asked = language(request), str(question or "").strip()
        if not asked:
            return str(told("aula-empty", say(lang, "lab.words.search_empty")))
        try:
            if where == _DOCUMENTS:
                return self._in_documents(owner_of(request), asked, lang)
            return self._in_lines(asked, [one.strip() for one in str(lines or "").splitlines() if one.strip()], lang)
        except AulaError as error:
            return str(told("aula-error", error.text(lang)))

    # -- in sentences ------------------------------------------------------------------------------------------

    def _in_lines(self, question: str, lines: list[str], lang: str) -> str:
        if not lines:
            return str(told("aula-empty", say(lang, "lab.words.lines_empty")))
        parts = words.bm25(question, lines, words.language_of("\n".join(lines)))
        scores = [sum(part.score for part in one) for one in parts]
        lexical = words.ranks(scores)
        cosines = self._cosines(question, lines)
        dense = words.ranks([one + 2 for one in cosines]) if cosines else [None] * len(lines)  # a cosine is above -2
        found = [
            Ranked(said, scores[at], lexical[at], cosines[at] if cosines else None, dense[at], _adds(parts[at], lang))
            for at, said in enumerate(lines)
        ]
        note = Markup("") if cosines else told("aula-note-plain", say(lang, "inspect.no_model"))
        return str(note + two_rankings(sorted(found, key=_by_rank), lang))

    def _cosines(self, question: str, lines: list[str]) -> list[float]:
        """Return the cosine of each; none where there is no embedding model."""
        if self._dense.state not in ("ready", "loading"):
            return []
        embedder = embedder_of(self._dense)
        return [float(one) for one in embedder.encode_sentences(lines) @ embedder.encode_query(question)]

    # -- in documents ------------------------------------------------------------------------------------------

    def _in_documents(self, owner: str, question: str, lang: str) -> str:
        if not self._library.documents(owner):
            return str(told("aula-empty", say(lang, "docs.empty")))
        found = self._inspector.inspect(owner, question, _HITS)
        columns = three_columns(found, "" if found.dense else say(lang, "inspect.no_model"), lang)
        ranked = _ranked(found, lang)
        return str(two_rankings(ranked, lang)) + columns if ranked else columns


def _ranked(found: Inspection, lang: str) -> list[Ranked]:
    """Return the best passages of both lists, each once."""
    scores = {hit.chunk: hit.score for hit in found.lexical}
    cosines = {hit.chunk: hit.score for hit in found.dense}
    hits = {hit.chunk: hit for hit in (*found.lexical, *found.dense)}
    return sorted(
        (
            Ranked(
                _named(hit, lang),
                scores.get(key, sum(part.score for part in hit.contributions)),
                hit.lexical_rank,
                cosines.get(key),
                hit.dense_rank,
                _adds(hit.contributions, lang),
            )
            for key, hit in hits.items()
        ),
        key=_by_rank,
    )


def _named(hit: Hit, lang: str) -> str:
    head = " ".join(hit.text[:_HEAD].split())
    return f"{head}… ({hit.name}, {place_name(lang, hit.page, hit.unit, hit.label)})"


def _adds(parts: tuple[Part, ...] | tuple[Contribution, ...], lang: str) -> str:
    return " + ".join(f"{part.word} {decimal(part.score, lang, 2)}" for part in parts) or "–"


def _by_rank(one: Ranked) -> tuple[bool, int, int]:
    return one.lexical_rank is None, one.lexical_rank or 0, one.dense_rank or 0
