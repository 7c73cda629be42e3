"""The third part of the Words panel: a model that only counts, beside the language model, on the same unseen text."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import gradio as gr
from markupsafe import Markup

from lab.held_out import LONGEST, Cut, count_words, cut, model_code_length, plain
from lab.ngrams import ORDER, NGrams, pieces
from lab.prose import prose
from lab.sampler import Settings
from lab.writing import sample
from rag.errors import AulaError, BadOption, Cancelled, TextTooLong
from rag.llm import LlamaChat
from ui.components import HIDDEN, block, buttons, guarded, idle, language, owner_of
from ui.lab.pace import Clock, bar
from ui.lab.shared import ASKING, QUIET, Shared, Told, run_key, try_this, worked
from ui.lab.word_figures import Measured, compared, told, writings
from ui.texts import grouped, say, static

Updates = tuple[object, ...]
_PASTED = 200_000  # characters of a text that is typed in
_WORDS, _TOKENS = 30, 48  # that are written: words and marks of the n-grams, tokens of the language model
_BEGIN = 300  # characters
_COST = 4  # tokens that are read in about the time in which one is written


@dataclass(frozen=True)
class _Asked:
    """What a run is about, checked."""

    parts: Cut
    begin: str
    seed: int
    lang: str


@dataclass(frozen=True)
class _Found:
    """What the models came to: their measures, and by name what each has written. `words`: in the vocabulary."""

    words: int
    measured: tuple[Measured, ...]
    written: tuple[tuple[str, str], ...]

    def with_one(self, measured: Measured, written: str) -> _Found:
        """Return it with one model more."""
        return _Found(self.words, (*self.measured, measured), (*self.written, (measured.name, written)))


class WordModels:
    """Its components and callbacks. Callbacks take raw values: a document may have gone."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared
        self._library = shared.services.library

    def layout(self) -> None:
        """Lay out what is counted in, how a text begins, and both models' results."""
        gr.Markdown(static("lab.words.models_title"), elem_classes=["aula-lab-part"])
        with gr.Row(elem_classes=["aula-tries"]):
            self.example = try_this("words", "page")
        self.document = gr.Dropdown(
            [(str(static("lab.words.pasted")), "")],
            value="",
            label=static("lab.words.document"),
            info=static("lab.words.document_info"),
            elem_id="aula-lab-words-document",
        )
        self.text = gr.Textbox(
            label=static("lab.words.text"),
            info=static("lab.words.text_info"),
            lines=4,
            max_lines=6,
            max_length=_PASTED,
            elem_id="aula-lab-words-text",
        )
        with gr.Row():
            self.begin = gr.Textbox(
                label=static("lab.words.begin"),
                info=static("lab.words.begin_info"),
                max_length=_BEGIN,
                elem_id="aula-lab-words-begin",
            )
            self.seed = gr.Number(
                value=1,
                precision=0,
                minimum=0,
                maximum=999_999,
                label=static("lab.words.seed"),
                info=static("lab.words.seed_info"),
                elem_id="aula-lab-words-seed",
            )
        with gr.Row():
            self.go = gr.Button(
                static("lab.words.teach"), variant="primary", scale=0, min_width=240, elem_id="aula-lab-words-teach"
            )
            self.stop = gr.Button(static("chat.stop"), visible=HIDDEN, scale=0, elem_id="aula-lab-words-stop")
        self.told = block("", "aula-lab-words-told")
        self.found = block("", "aula-lab-words-models")

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        gr.on(self._shared.returns, self.renew, self.document, [self.document, self.text], preprocess=False, **QUIET)
        self.document.input(self.choose, self.document, self.text, preprocess=False, **QUIET)
        asked = [self._shared.model, self.document, self.text, self.begin, self.seed]
        shown = [self.found, self.go, self.stop, self.told]
        self.go.click(self.teach, asked, shown, preprocess=False, **ASKING).then(idle, None, shown[1:3], **QUIET)
        self.example.click(self.fill, None, [self.document, self.text, self.begin], **QUIET).success(
            self.teach, asked, shown, preprocess=False, **ASKING
        ).then(idle, None, shown[1:3], **QUIET)
        self.stop.click(self.end, None, None, queue=False, **QUIET)
        blocks.unload(self.end)

    # -- which text --------------------------------------------------------------------------------------------

    @guarded
    def renew(self, request: gr.Request, document: object) -> Updates:
        """List what is held; a choice that has gone becomes the text that is typed in."""
        held = self._library.documents(owner_of(request))
        choices = [(say(language(request), "lab.words.pasted"), ""), *((one.name, one.id) for one in held)]
        known = document if document in {one.id for one in held} else ""
        return gr.Dropdown(choices=choices, value=known), gr.Textbox(visible=not known)

    @guarded
    def choose(self, request: gr.Request, document: object) -> object:
        """Show the box only where the text is typed in."""
        return gr.Textbox(visible=not document)

    @guarded
    def fill(self, request: gr.Request) -> Updates:
        """Fill in a sample document, in the page's language."""
        lang = language(request)
        return "", gr.Textbox(value=prose(lang), visible=True), say(lang, "lab.words.ex_begin")

    def _text(self, owner: str, document: str, pasted: str) -> str:
        """Return what is counted in: a document's text up to LONGEST characters, or what was typed in."""
        if not document:
            if len(pasted) > _PASTED:
                raise TextTooLong(characters=len(pasted), most=_PASTED)
            return pasted
        pages, length = [], 0
        for number in range(1, self._library.document(owner, document).pages + 1):
            pages.append(self._library.page_text(owner, document, number))
            length += len(pages[-1])
            if length > LONGEST:
                break
        return "\n".join(pages)

    # -- both models -------------------------------------------------------------------------------------------

    @guarded
    def teach(
        self, request: gr.Request, model: object, document: object, text: object, begin: object, seed: object
    ) -> Iterator[Updates]:
        """Count, and show what n-grams come to at once; then what the language model does."""
        lang = language(request)
        said = self._text(owner_of(request), str(document or ""), str(text or ""))
        if not said.strip():
            yield str(told("aula-empty", say(lang, "lab.words.models_empty"))), gr.skip(), gr.skip(), ""
            return
        asked = _asked(said, str(begin or ""), seed, lang)
        found = _count(asked)
        busy = str(bar(0, 0, Clock(), say(lang, "lab.words.asking"), lang))
        with self._shared.running.event(run_key(request, "words")) as cancel:
            yield str(_shown(asked, found)), *buttons(busy=True), busy
            shown = yield from self._beside(model, asked, found, cancel)
        yield str(shown), gr.skip(), gr.skip(), ""

    def _beside(
        self, model: object, asked: _Asked, found: _Found, cancel: threading.Event
    ) -> Generator[Updates, None, Markup]:
        """Ask the language model too; what was counted stays, whatever becomes of that."""
        counted = _shown(asked, found)
        label, clocks = say(asked.lang, "lab.words.asking"), [Clock()]

        def busy(done: int, total: int) -> Updates:
            if not done:  # it is loaded by now: reading goes faster than that
                clocks[0] = Clock()
            return gr.skip(), gr.skip(), gr.skip(), str(bar(done, total, clocks[0], label, asked.lang))

        try:
            beside = yield from worked(
                lambda heard: _by_model(self._shared.chat(model), asked, cancel, heard), busy, cancel
            )
        except Cancelled:
            return counted + told("aula-note-plain", say(asked.lang, "lab.words.stopped"))
        except AulaError as error:
            return counted + told("aula-error", error.text(asked.lang))
        except Exception:
            yield str(counted), gr.skip(), gr.skip(), ""
            raise
        return _shown(asked, found.with_one(*beside))

    @guarded
    def end(self, request: gr.Request) -> None:
        """Stop asking the language model; what was counted stays."""
        self._shared.running.stop(run_key(request, "words"))


def _asked(text: str, begin: str, seed: object, lang: str) -> _Asked:
    """Cut the text, and begin as it does where nothing is said. Raises TextTooShort, BadOption."""
    parts = cut(text)
    if len(begin) > _BEGIN:
        raise BadOption(option="begin", allowed=f"0-{_BEGIN}")
    try:
        chosen = int(float(str(seed)))
    except (ValueError, OverflowError):
        chosen = 1
    words = plain(begin) or "".join(pieces(parts.taught)[:3]).strip()
    return _Asked(parts, words, max(0, min(chosen, 999_999)), lang)


def _count(asked: _Asked) -> _Found:
    """Count n-grams of each length, and let each of them read and write."""
    parts, taught = asked.parts, NGrams(asked.parts.taught)
    found = _Found(len(taught.vocabulary), (), ())
    for n in range(1, ORDER + 1):
        cost = taught.code_length(parts.lead, parts.held, n)
        measured = Measured(
            say(asked.lang, "lab.words.ngrams", n=n),
            n,
            cost.perplexity,
            cost.bits_per_byte,
            taught.kinds(n),
            float(len(taught.vocabulary)) ** n,
            taught.seen(parts.lead, parts.held, n),
        )
        found = found.with_one(measured, taught.write(asked.begin, n, _WORDS, asked.seed))
    return found


def _by_model(chat: LlamaChat, asked: _Asked, cancel: threading.Event, heard: Told) -> tuple[Measured, str]:
    """Return what the language model makes of the held-out text, and what it writes. Raises as `Sequences` does."""
    parts, prompt = asked.parts, chat.encode_text(asked.begin)
    read, more = len(chat.encode_text(parts.lead + parts.held)), _COST * _TOKENS
    heard(0, read + more)
    cost = model_code_length(chat, parts.lead, parts.held, cancel, lambda done, _: heard(done, read + more))
    written = sample(
        chat, prompt, Settings(), 1, _TOKENS, asked.seed, cancel,
        lambda done, total: heard(read + more * done // max(1, total), read + more),
    )[0]  # fmt: skip
    return Measured(chat.model, 0, cost.perplexity, cost.bits_per_byte), asked.begin + written.text


def _shown(asked: _Asked, found: _Found) -> Markup:
    lang, parts = asked.lang, asked.parts
    counted = say(
        lang,
        "lab.words.held",
        taught=grouped(count_words(parts.taught), lang),
        words=grouped(found.words, lang),
        held=grouped(count_words(parts.held), lang),
        bytes=grouped(len(parts.held.encode("utf-8")), lang),
    )
    return (
        Markup('<p class="aula-caption">{}</p>').format(counted)
        + compared(found.measured, lang)
        + Markup('<p class="aula-caption">{}</p>').format(say(lang, "lab.words.why_words"))
        + writings(
            [(_titled(one, lang), said) for one, (_, said) in zip(found.measured, found.written, strict=True)],
            asked.begin,
            lang,
        )
    )


def _titled(one: Measured, lang: str) -> str:
    return say(lang, "lab.words.with_perplexity", name=one.name, perplexity=grouped(round(one.perplexity), lang))
