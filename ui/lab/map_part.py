"""The map of passages in the Embeddings panel: PCA at once, UMAP behind it, a question among its passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import gradio as gr
from markupsafe import Markup

from lab.chunk_map import amid, cloud, kept_neighbours, plane
from lab.similarity import embedder_of
from lab.umap_process import FEWEST_NEAR, MOST_NEAR, Umaps
from rag.errors import BadOption
from rag.store import Store
from ui.components import HIDDEN, block, buttons, guarded, language, owner_of, progress_bar
from ui.lab.map_view import PCA, UMAP, Shown, drawing
from ui.lab.shared import QUIET, Shared, run_key, try_this, worked
from ui.texts import say, static

if TYPE_CHECKING:
    from lab.chunk_map import Points

Updates = tuple[object, ...]
_FOUND = 5  # passages of a question
_NEAR = 15  # umap-learn's own
_LONGEST = 1_000  # characters of a question
_CONNECT = "window.aula.map(element, watch);"


class MapPart:
    """Its components and callbacks. Callbacks take raw values: a choice may name what is no longer there."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share; nothing is laid out yet."""
        self._shared = shared
        services = shared.services
        self._store = Store(services.database)
        self._dense, self._library, self._retriever = services.dense, services.library, services.retriever
        self._umaps = Umaps()

    def layout(self) -> None:
        """Lay out the part."""
        gr.Markdown(static("lab.embeddings.map_title"), elem_classes=["aula-lab-title"])
        with gr.Row(elem_classes=["aula-tries"]):
            self.example = try_this("embeddings", "map")
        with gr.Row():
            self.documents = gr.Dropdown(
                [],
                value=[],
                multiselect=True,
                label=static("lab.embeddings.documents"),
                info=static("lab.embeddings.documents_info"),
                elem_id="aula-lab-embeddings-documents",
            )
            self.question = gr.Textbox(
                label=static("lab.embeddings.question"),
                info=static("lab.embeddings.question_info"),
                max_length=_LONGEST,
                elem_id="aula-lab-embeddings-question",
            )
        with gr.Row():
            self.way = gr.Radio(
                [(str(static("lab.embeddings.way_pca")), PCA), (str(static("lab.embeddings.way_umap")), UMAP)],
                value=PCA,
                label=static("lab.embeddings.way"),
                info=static("lab.embeddings.way_info"),
                elem_id="aula-lab-embeddings-way",
            )
            self.neighbours = gr.Slider(
                FEWEST_NEAR,
                MOST_NEAR,
                value=_NEAR,
                step=1,
                visible=False,
                label=static("lab.embeddings.neighbours"),
                info=static("lab.embeddings.neighbours_info"),
                elem_id="aula-lab-embeddings-neighbours",
            )
        with gr.Row():
            self.go = gr.Button(static("lab.embeddings.go_map"), variant="primary", scale=0, elem_id="aula-lab-map-go")
            self.stop = gr.Button(static("chat.stop"), visible=HIDDEN, scale=0, elem_id="aula-lab-embeddings-stop")
        self.told = block("", "aula-lab-embeddings-told")
        self.map = block("", "aula-lab-embeddings-map", _CONNECT)

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        asked = [self.documents, self.question, self.way, self.neighbours]
        drawn = [self.map, self.told, self.go, self.stop]
        raw = {**QUIET, "preprocess": False}
        gr.on([self._shared.opened.change, self.documents.focus], self.renew, self.documents, self.documents, **raw)
        gr.on([self.go.click, self.question.submit], self.draw, asked, drawn, trigger_mode="once", **raw).then(
            self.rest, None, drawn[1:], **QUIET
        )
        self.way.input(self.fitting, self.way, self.neighbours, **raw)
        self.example.click(self.fill, None, [self.documents, self.question], **QUIET).success(
            self.draw, asked, drawn, trigger_mode="once", **raw
        ).then(self.rest, None, drawn[1:], **QUIET)
        self.stop.click(self.halt, None, None, queue=False, **QUIET)
        blocks.unload(self.halt)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def renew(self, request: gr.Request, chosen: object) -> object:
        """List what is held; a choice that is no longer there goes."""
        held = self._library.documents(owner_of(request))
        known = {one.id for one in held}
        value = [key for key in chosen if key in known] if isinstance(chosen, list) else []
        return gr.Dropdown(choices=[(one.name, one.id) for one in held], value=value)

    @guarded
    def fill(self, request: gr.Request) -> Updates:
        """Ask about everything there is, in the page's language."""
        return [], say(language(request), "lab.embeddings.ex_map")

    @guarded
    def fitting(self, way: object) -> object:
        """Show how many neighbours count, where they do."""
        return gr.Slider(visible=way == UMAP)

    @guarded
    def draw(
        self, request: gr.Request, documents: object, question: object, way: object, neighbours: object
    ) -> Iterator[Updates]:
        """Draw the map by PCA, and where UMAP is wanted that one once it is worked out."""
        owner, lang = owner_of(request), language(request)
        if not self._library.documents(owner):
            yield _said("aula-empty", say(lang, "lab.embeddings.no_documents")), "", gr.skip(), gr.skip()
            return
        with self._shared.running.event(run_key(request, "embeddings")) as cancel:
            yield gr.skip(), _said("aula-caption", say(lang, "lab.embeddings.reading")), gr.skip(), gr.skip()
            chosen = [str(one) for one in documents] if isinstance(documents, list) and documents else None
            shown = self._by_pca(owner, chosen, str(question or "").strip()[:_LONGEST])
            if way != UMAP:
                yield drawing(shown, lang), "", gr.skip(), gr.skip()
                return
            near = _whole(neighbours)
            if self._umaps.known(shown.cloud.vectors, near) is None:
                yield drawing(shown, lang), _busy(0, 0, lang), *buttons(busy=True)
            points = yield from worked(
                lambda told: self._umaps.points(shown.cloud.vectors, near, cancel, told),
                lambda done, total: (gr.skip(), _busy(done, total, lang), gr.skip(), gr.skip()),
            )
            yield drawing(self._by_umap(shown, points), lang), "", gr.skip(), gr.skip()

    @guarded
    def halt(self, request: gr.Request) -> None:
        """Stop working out; the map by PCA stays."""
        self._shared.running.stop(run_key(request, "embeddings"))

    @guarded
    def rest(self) -> Updates:
        """Put the buttons back, however it ended."""
        return "", *buttons(busy=False)

    # -- maps --------------------------------------------------------------------------------------------------

    def _by_pca(self, owner: str, documents: Sequence[str] | None, question: str) -> Shown:
        passages = self._retriever.search(owner, question, _FOUND, documents) if question else []
        found = tuple(passage.chunk for passage in passages)
        here = cloud(self._store, self._dense, owner, documents, always=found)
        flat = plane(here.vectors)
        points = flat.at(here.vectors)
        asked = flat.at(embedder_of(self._dense).encode_query(question)) if question else None
        return Shown(PCA, here, points, flat, kept_neighbours(here.vectors, points), question, found, asked)

    def _by_umap(self, shown: Shown, points: Points) -> Shown:
        vectors, asked = shown.cloud.vectors, None
        if shown.question:
            asked = amid(vectors, points, embedder_of(self._dense).encode_query(shown.question))
        return replace(shown, way=UMAP, points=points, kept=kept_neighbours(vectors, points), asked=asked)


def _whole(value: object) -> int:
    """Return how many neighbours count. Raises BadOption."""
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        raise BadOption(option="neighbours", allowed=f"{FEWEST_NEAR}-{MOST_NEAR}") from None


def _busy(done: int, total: int, lang: str) -> str:
    said = say(lang, "lab.embeddings.working", done=done, total=total) if total else say(lang, "lab.embeddings.begins")
    return str(progress_bar(done, total, said)) + _said("aula-caption", said)


def _said(kind: str, text: str) -> str:
    return str(Markup('<p class="{}" role="status">{}</p>').format(kind, text))
