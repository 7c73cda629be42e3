"""The Attention panel of the Lab: who looks at whom in a sentence, and one word in several. It draws nothing itself."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
from markupsafe import Markup

from lab.attention import HABITS, Reading, habits, senses
from lab.attention_model import LONGEST, AttentionModel
from rag.errors import AulaError, BadOption
from ui.components import HIDDEN, Keywords, action_list, block, clicked, guarded, language, progress_bar
from ui.lab.attention_view import (
    HABIT_NAMES,
    SCRIPT,
    Look,
    grid_figure,
    heads_figure,
    looks,
    strongest,
)
from ui.lab.senses_view import senses_figures
from ui.lab.shared import QUIET, Shared, found_or_why, intro, try_this
from ui.texts import say, static

Updates = tuple[object, ...]
SENTENCES = 4  # in which one word is compared, at the most


class AttentionPanel:
    """Its components and callbacks. Callbacks take raw values: how many layers there are is the model's."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        services = shared.services
        self._model = AttentionModel(services.catalogue, services.dense)

    def layout(self) -> None:
        """Lay out the panel."""
        intro("attention")
        self._who()
        self._word()

    def _who(self) -> None:
        with gr.Row(elem_classes=["aula-tries"]):
            self.example = try_this("attention", "sentence")
        self.text = gr.Textbox(
            label=static("lab.attention.text"),
            info=static("lab.attention.text_info"),
            max_length=LONGEST,
            elem_id="aula-lab-attention-text",
        )
        self.go = gr.Button(static("lab.attention.go"), variant="primary", scale=0, elem_id="aula-lab-attention-go")
        with gr.Row():
            self.layer = gr.Slider(
                1,
                12,
                value=1,
                step=1,
                label=static("lab.attention.layer"),
                info=static("lab.attention.layer_info"),
                min_width=220,
                elem_id="aula-lab-attention-layer",
            )
            self.head = gr.Dropdown(
                [(str(static("lab.attention.mean")), 0)],
                value=0,
                label=static("lab.attention.head"),
                info=static("lab.attention.head_info"),
                min_width=220,
                elem_id="aula-lab-attention-head",
            )
        with gr.Row():
            self.pieces = gr.Checkbox(
                label=static("lab.attention.pieces"),
                info=static("lab.attention.pieces_info"),
                min_width=220,
                elem_id="aula-lab-attention-pieces",
            )
            self.marks = gr.Checkbox(
                value=True,
                label=static("lab.attention.marks"),
                info=static("lab.attention.marks_info"),
                min_width=220,
                elem_id="aula-lab-attention-marks",
            )
        self.seen = gr.State("")  # the sentence that is drawn: what is typed next must not change it
        self.drawn = block("", "aula-lab-attention-drawn", SCRIPT)
        self.habit = gr.Dropdown(
            [(str(static(HABIT_NAMES[name])), name) for name in HABITS],
            value="after",
            label=static("lab.attention.habit"),
            info=static("lab.attention.habit_info"),
            visible=HIDDEN,
            elem_id="aula-lab-attention-habit",
        )
        self.heads = action_list("aula-lab-attention-heads")

    def _word(self) -> None:
        gr.Markdown(static("lab.attention.senses_intro"), elem_classes=["aula-intro"])
        with gr.Row(elem_classes=["aula-tries"]):
            self.other = try_this("attention", "senses")
        self.word = gr.Textbox(label=static("lab.attention.word"), max_length=40, elem_id="aula-lab-attention-word")
        self.sentences = gr.Textbox(
            lines=3,
            max_lines=6,
            label=static("lab.attention.sentences"),
            info=static("lab.attention.sentences_info"),
            max_length=SENTENCES * (LONGEST + 1),
            elem_id="aula-lab-attention-sentences",
        )
        self.compare = gr.Button(
            static("lab.attention.compare"), variant="primary", scale=0, elem_id="aula-lab-attention-compare"
        )
        self.senses = block("", "aula-lab-attention-senses")

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        del blocks  # nothing is read before somebody asks
        raw = {**QUIET, "preprocess": False}
        chosen = [self.seen, self.layer, self.head, self.pieces, self.marks]
        asked = [self.text, *chosen[1:]]
        filled = [self.seen, self.layer, self.head, self.drawn, self.habit, self.heads]
        read = gr.on([self.go.click, self.text.submit], self.read, asked, filled, **raw)
        told = self.example.click(self.fill, None, self.text, **QUIET).success(self.tell, asked, filled, **raw)
        for one in (read, told):  # drawn apart, with what is chosen by then: reading may have taken seconds
            one.success(self.draw, chosen, self.drawn, **raw).success(
                self.draw_heads, [self.seen, self.habit], self.heads, **raw
            )
        gr.on(
            [self.layer.input, self.head.input, self.pieces.input, self.marks.input],
            self.draw,
            chosen,
            self.drawn,
            trigger_mode="always_last",
            **raw,
        )
        self.habit.input(self.draw_heads, [self.seen, self.habit], self.heads, **raw)
        self.heads.click(self.jump, None, [self.layer, self.head], **QUIET).success(
            self.draw, chosen, self.drawn, **raw
        )
        pair = [self.word, self.sentences]
        gr.on([self.compare.click, self.word.submit], self.hold, pair, self.senses, **raw)
        self.other.click(self.fill_word, None, pair, **QUIET).success(self.hold, pair, self.senses, **raw)

    # -- who looks at whom -------------------------------------------------------------------------------------------

    @guarded
    def fill(self, request: gr.Request) -> str:
        """Return a telling sentence."""
        return say(language(request), "lab.attention.example")

    @guarded
    def read(self, request: gr.Request, text: object, *chosen: object) -> Iterator[Updates]:
        """Read a sentence, to be drawn."""
        yield from self._read(language(request), text, _look(*chosen), telling=False)

    @guarded
    def tell(self, request: gr.Request, text: object, *chosen: object) -> Iterator[Updates]:
        """Like `read`, with the head that most looks at the next word: what a head can be is plain there."""
        yield from self._read(language(request), text, _look(*chosen), telling=True)

    def _read(self, lang: str, text: object, asked: Look, telling: bool) -> Iterator[Updates]:
        if not str(text or "").strip():
            yield "", *_skips(2), _said("aula-empty", say(lang, "lab.attention.empty")), gr.Dropdown(visible=HIDDEN), ""
            return
        if not self._model.loaded:
            yield *_skips(3), _loading(lang), *_skips(2)
        try:
            reading = self._model.read(str(text))
        except AulaError as error:  # in the place of the drawing, where the person looks
            yield "", *_skips(2), _said("aula-error", error.text(lang)), gr.Dropdown(visible=HIDDEN), ""
            return
        except Exception:
            yield *_skips(3), "", *_skips(2)
            raise
        layer, head = strongest(habits(reading)["after"]) if telling else (asked.layer, asked.head)
        look = Look(layer, head).within(reading)
        # a value is only set where it has to be another one: somebody may have moved it meanwhile
        layers: Keywords = {"value": look.layer} if look.layer != asked.layer else {}
        heads: Keywords = {"value": look.head} if look.head != asked.head else {}
        layer_, head_ = gr.Slider(maximum=reading.layers, **layers), gr.Dropdown(choices=_heads(reading, lang), **heads)
        yield str(text), layer_, head_, gr.skip(), gr.Dropdown(visible=True), gr.skip()

    @guarded
    def draw(
        self, request: gr.Request, seen: str, layer: object, head: object, pieces: object, marks: object
    ) -> object:
        """Draw what has been read with other choices; the model does not run again."""
        if not seen:
            return gr.skip()
        reading = self._model.read(seen)
        return _drawn(reading, _look(layer, head, pieces, marks).within(reading), language(request))

    @guarded
    def draw_heads(self, request: gr.Request, seen: str, habit: str) -> object:
        """Draw all heads by another habit."""
        if not seen:
            return gr.skip()
        return str(heads_figure(self._model.read(seen), _habit(habit), language(request)))

    @guarded
    def jump(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Go to the head whose button was pressed."""
        do, key, _ = clicked(event)
        layer, _, head = key.partition("-")
        if do != "head" or not (layer.isdecimal() and head.isdecimal()):
            return gr.skip(), gr.skip()
        return int(layer), int(head)

    # -- one word in several sentences -------------------------------------------------------------------------------

    @guarded
    def fill_word(self, request: gr.Request) -> Updates:
        """Return a telling word and sentences with it."""
        lang = language(request)
        return say(lang, "lab.attention.example_word"), say(lang, "lab.attention.example_senses")

    @guarded
    def hold(self, request: gr.Request, word: object, sentences: object) -> Iterator[str]:
        """Hold the word in the first sentence against the same word in the others."""
        lang = language(request)
        asked, given = str(word or "").strip(), _sentences(sentences)
        if not asked or len(given) < 2:
            yield _said("aula-empty", say(lang, "lab.attention.empty_senses"))
            return
        if not self._model.loaded:
            yield _loading(lang)

        def find() -> str:
            if len(given) > SENTENCES:
                raise BadOption(option="sentences", allowed=f"2-{SENTENCES}")
            found = senses([self._model.read(sentence) for sentence in given], asked)
            return str(senses_figures(found, asked, given, lang))

        yield from found_or_why(find, lang)


def _drawn(reading: Reading, look: Look, lang: str) -> str:
    """Return the three figures of a head."""
    note = say(
        lang,
        "lab.attention.note",
        model=reading.model,
        tokens=len(reading.word),
        layers=reading.layers,
        heads=reading.heads,
    )
    return str(
        Markup('<p class="aula-note-plain">{}</p>{}{}{}<p class="aula-note-plain">{}</p>').format(
            note,
            looks(reading, look, lang),
            grid_figure(reading, look, lang),
            grid_figure(reading, look, lang, decoder=True),
            say(lang, "lab.attention.mask_note"),
        )
    )


def _look(layer: object, head: object, pieces: object, marks: object) -> Look:
    return Look(_whole(layer, 1), _whole(head, 0), bool(pieces), bool(marks))


def _whole(value: object, otherwise: int) -> int:
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return otherwise


def _habit(name: object) -> str:
    return str(name) if name in HABITS else "after"


def _heads(reading: Reading, lang: str) -> list[tuple[str, int]]:
    numbers = [(str(head), head) for head in range(1, reading.heads + 1)]
    return [(say(lang, "lab.attention.mean"), 0), *numbers]


def _sentences(value: object) -> list[str]:
    return [line.strip() for line in str(value or "").splitlines() if line.strip()]


def _said(kind: str, words: str) -> str:
    return str(Markup('<p class="{}">{}</p>').format(kind, words))


def _loading(lang: str) -> str:
    said = say(lang, "lab.attention.loading")
    return str(Markup('<p class="aula-caption">{}</p>{}').format(said, progress_bar(0, 0, said)))


def _skips(count: int) -> list[object]:
    return [gr.skip()] * count
