"""Why a passage is found, in the Documents tab: a question to both searches, and another cut for a document."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
from markupsafe import Markup

from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE, LARGEST, SMALLEST, Cut
from rag.errors import AulaError
from rag.jobs import Job
from rag.services import Services
from rag.store import Document
from ui.components import Keywords, block, guarded, language, owner_of
from ui.cutting_view import preview
from ui.inspection_view import three_columns
from ui.texts import count, grouped, say, static

Updates = tuple[object, ...]
_NO_EMBEDDINGS = {"none": "inspect.no_model", "loading": "inspect.loading", "ready": "inspect.incomplete"}
_ALL = ""  # the choice that stands for every document


class InspectorPanel:
    """Its components and callbacks. Callbacks take raw values: a choice may name what is no longer there."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._library = services.library
        self._inspector = services.inspector
        self._previewer = services.previewer
        self._dense = services.dense

    def layout(self) -> None:
        """Lay out the panel, folded."""
        with gr.Accordion(static("inspect.title"), open=False, elem_id="aula-inspector"):
            with gr.Row(elem_id="aula-inspect-row"):
                self.question = gr.Textbox(
                    label=static("inspect.question"),
                    info=static("inspect.info"),
                    max_length=1000,
                    scale=1,
                    elem_id="aula-inspect-question",
                )
                self.go = gr.Button(static("inspect.go"), variant="primary", scale=0, elem_id="aula-inspect-go")
            with gr.Row(elem_id="aula-inspect-choices"):
                self.document = gr.Dropdown(
                    [(str(static("inspect.all")), _ALL)],
                    value=_ALL,
                    label=static("inspect.document"),
                    elem_id="aula-inspect-document",
                )
                self.k = gr.Slider(3, 10, value=5, step=1, label=static("inspect.k"), elem_id="aula-inspect-k")
            self._cutting()
            self.shown = gr.State("")  # which document's cut the sliders were last set to, and what it was
            self.found = block("", "aula-inspection")

    def _cutting(self) -> None:
        with gr.Accordion(static("cut.title"), open=False, elem_id="aula-cutting"):
            self.now = block("", "aula-cut-now")
            with gr.Column(visible=False, elem_id="aula-cut-controls") as self.controls:
                with gr.Row():
                    self.size = gr.Slider(
                        SMALLEST,
                        LARGEST,
                        value=CHUNK_SIZE,
                        step=16,
                        label=static("cut.size"),
                        info=static("cut.size_info"),
                        elem_id="aula-cut-size",
                    )
                    self.overlap = gr.Slider(
                        0,
                        CHUNK_SIZE // 2,
                        value=CHUNK_OVERLAP,
                        step=8,
                        label=static("cut.overlap"),
                        info=static("cut.overlap_info"),
                        elem_id="aula-cut-overlap",
                    )
                self.page = gr.Slider(1, 2, value=1, step=1, label=static("cut.page"), elem_id="aula-cut-page")
                self.preview = block("", "aula-cut-preview")
                self.again = gr.Button(static("cut.again"), size="md", scale=0, elem_id="aula-cut-again")
                self.told = block("", "aula-cut-told")

    def wire(self, documents: gr.HTML, jobs: list[gr.components.Component], look: object) -> None:
        """Connect the callbacks. `documents` changes with what is held; `look` fills `jobs` anew."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
        chosen = [self.document, self.size, self.overlap, self.page]
        asked = [self.question, self.document, self.k]
        filled = [self.now, self.controls, self.size, self.overlap, self.page, self.shown]
        gr.on([self.go.click, self.question.submit], self.inspect, asked, self.found, **quiet)
        documents.change(self.renew, self.document, self.document, **quiet)
        gr.on([documents.change, self.document.change], self.choose, [self.document, self.shown], filled, **quiet).then(
            self.show_cut, chosen, [self.overlap, self.preview], **quiet
        )
        gr.on(
            [self.size.change, self.overlap.change, self.page.change],
            self.show_cut,
            chosen,
            [self.overlap, self.preview],
            trigger_mode="always_last",
            **quiet,
        )
        self.again.click(self.cut, [self.document, self.size, self.overlap], self.told, **quiet).success(
            look, None, jobs, show_progress="hidden", api_visibility="private"
        ).then(self.follow, asked, [self.told, self.found], **quiet)

    # -- a question --------------------------------------------------------------------------------------------

    @guarded
    def inspect(self, request: gr.Request, question: object, document: object, k: object) -> Iterator[str]:
        """Show what both searches find, and the two together."""
        lang = language(request)
        yield _said("aula-caption", say(lang, "chat.retrieving"))
        try:
            yield self._found(owner_of(request), question, document, k, lang)
        except AulaError as error:  # in the place of the lists, where the person looks
            yield _said("aula-error", error.text(lang))

    def _found(self, owner: str, question: object, document: object, k: object, lang: str) -> str:
        if not self._library.documents(owner):
            return _said("aula-empty", say(lang, "docs.empty"))
        asked = str(question or "").strip()
        if not asked:
            return _said("aula-empty", say(lang, "inspect.empty"))
        only = [str(document)] if document else None
        found = self._inspector.inspect(owner, asked, max(3, min(int(float(str(k))), 10)), only)
        return three_columns(found, "" if found.dense else self._without(lang), lang)

    def _without(self, lang: str) -> str:
        """Return why there are no embeddings."""
        if self._dense.state == "failed" and self._dense.error is not None:
            return self._dense.error.text(lang)
        if self._dense.state == "ready" and self._dense.complete:
            return ""
        return say(lang, _NO_EMBEDDINGS.get(self._dense.state, "inspect.no_model"))

    # -- which document ----------------------------------------------------------------------------------------

    @guarded
    def renew(self, request: gr.Request, document: object) -> object:
        """List what is held; a choice that is no longer there becomes all of them."""
        held = self._library.documents(owner_of(request))
        choices = [(say(language(request), "inspect.all"), _ALL), *((one.name, one.id) for one in held)]
        if document in {one.id for one in held}:
            return gr.Dropdown(choices=choices)
        return gr.Dropdown(choices=choices, value=_ALL)

    @guarded
    def choose(self, request: gr.Request, document: object, shown: object) -> Updates:
        """Show how the chosen document is cut now, and let it be cut anew.

        The list changes by itself too, while another document comes: what is being typed then stays.
        """
        lang = language(request)
        held = {one.id: one for one in self._library.documents(owner_of(request))}
        known = held.get(str(document))
        if known is None:
            hint = say(lang, "cut.choose") if held else say(lang, "docs.empty")
            return (_said("aula-empty", hint), gr.Column(visible=False), gr.skip(), gr.skip(), gr.skip(), "")
        key = f"{known.id} {known.chunk_size} {known.chunk_overlap} {known.pages}"
        if key == shown:
            now = _said("aula-caption", _now(known, lang))
            return (now, gr.Column(visible=True), gr.skip(), gr.skip(), gr.skip(), key)
        cut = Cut.near(known.chunk_size, known.chunk_overlap)  # one of an older version may be outside
        return (
            _said("aula-caption", _now(known, lang)),
            gr.Column(visible=True),
            cut.size,
            gr.Slider(maximum=cut.size // 2, value=cut.overlap),
            gr.Slider(maximum=max(2, known.pages), value=1, visible=known.pages > 1),
            key,
        )

    # -- another cut -------------------------------------------------------------------------------------------

    @guarded
    def show_cut(self, request: gr.Request, document: object, size: object, overlap: object, page: object) -> Updates:
        """Show how a page would be cut, and keep the overlap within half of the size; nothing is saved."""
        if not document:
            return (gr.skip(), "")
        wanted = Cut.near(_whole(size, CHUNK_SIZE), _whole(overlap, CHUNK_OVERLAP))
        found = self._previewer.cut(owner_of(request), str(document), _whole(page, 1), wanted)
        shown = preview(found, language(request))
        if wanted.overlap != _whole(overlap, CHUNK_OVERLAP):
            return (gr.Slider(maximum=wanted.size // 2, value=wanted.overlap), shown)
        return (gr.Slider(maximum=wanted.size // 2), shown)

    @guarded
    def cut(self, request: gr.Request, document: object, size: object, overlap: object) -> str:
        """Begin to cut the chosen document anew."""
        lang = language(request)
        self._library.rechunk(owner_of(request), str(document), _whole(size, 0), _whole(overlap, 0))
        return _said("aula-caption", say(lang, "cut.going"))

    @guarded
    def follow(self, request: gr.Request, question: object, document: object, k: object) -> Iterator[Updates]:
        """Wait for the new cut, then say what has changed and show the same question again."""
        owner, lang = owner_of(request), language(request)
        cuts = [job for job in self._library.jobs(owner) if job.kind == "cut" and job.document == document]
        if not cuts:
            return
        ended = [job for snapshot in self._library.wait(owner, [cuts[-1].id]) for job in snapshot] or cuts
        told = _said("aula-note-plain", _ended(ended[-1], lang))
        asked = str(question or "").strip()
        yield told, self._found(owner, asked, document, k, lang) if asked else gr.skip()


def _whole(value: object, otherwise: int) -> int:
    """Return what a slider sent as a whole number."""
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return otherwise


def _now(document: Document, lang: str) -> str:
    return say(
        lang,
        "cut.now",
        name=document.name,
        passages=count(lang, "docs.chunks", document.chunks),
        size=grouped(document.chunk_size, lang),
        overlap=grouped(document.chunk_overlap, lang),
    )


def _ended(job: Job, lang: str) -> str:
    if job.stage == "done":
        before, after = (count(lang, "docs.chunks", n) for n in (job.before, job.chunks))
        return say(lang, "cut.done", name=job.name, before=before, after=after)
    return job.message(lang) or say(lang, "cut.stays", name=job.name)


def _said(kind: str, text: str) -> str:
    return str(Markup('<p class="{}" role="status">{}</p>').format(kind, text))
