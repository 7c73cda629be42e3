"""The page: header, sidebar, and a tab for each part of it. Gradio lives here and nowhere below."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware

from prompts.services import Services
from ui import header
from ui.api import endpoints
from ui.chat import ChatTab
from ui.components import Keywords, Running, action_list, block, clicked, guarded, language, owner_of
from ui.decoding import document_choices
from ui.documents import DocumentsTab
from ui.handover import HandoverRoute
from ui.lab import LabTab
from ui.models import ModelsTab
from ui.outside import LocalBlocks
from ui.page import PageMiddleware, is_this_machine
from ui.part_index import PartIndex
from ui.playground import PlaygroundTab
from ui.texts import static, translations
from ui.theme import css, theme
from ui.uploads import Uploaded
from ui.viewer import Viewer

__all__ = ["build", "launch_kwargs"]

_FAST, _SLOW = 1.0, 10.0  # seconds between two looks at the models: while something moves, and else
_LIMIT = 16  # callbacks of one kind at once: short ones must not wait behind each other
_MAX_UPLOAD = "200mb"
Updates = tuple[object, ...]


class Page:
    """The whole page: lays out the parts and connects what touches more than one of them."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._services = services
        self.running = Running()
        self.chat = ChatTab(services, self.running)
        self.documents = DocumentsTab(services)
        self.lab = LabTab(services)
        self.playground = PlaygroundTab(services, self.running, self.lab.shared.to_steps)
        self.models = ModelsTab(services)
        self.viewer = Viewer(services)

    def layout(self) -> None:
        """Lay the page out in the current Blocks."""
        self.chat.sidebar()
        with gr.Row(elem_id="aula-header"):
            block(header.BRAND, "aula-brand")
            self.status = action_list("aula-status")
            block(header.LANGUAGES, "aula-languages")
        with gr.Tabs(selected="chat", elem_id="aula-tabs") as self.tabs:
            with gr.Tab(static("tab.chat"), id="chat"):
                self.chat.layout()
            with gr.Tab(static("tab.documents"), id="documents"):
                self.documents.layout()
            with gr.Tab(static("tab.playground"), id="playground") as self.playground_tab:
                self.playground.layout()
            with gr.Tab(static("tab.lab"), id="lab") as self.lab_tab:
                self.lab.layout()
            with gr.Tab(static("tab.models"), id="models") as self.models_tab:
                self.models.layout()
        self.viewer.layout()
        self.timer = gr.Timer(_FAST)

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        self.chat.wire(blocks)
        self.chat.strategy.wire(blocks, self.playground.shared, self.chat.conversation, self.tabs)
        self.playground.wire(blocks, self.playground_tab)
        self.lab.wire(blocks, self.lab_tab, self.tabs)
        self.chat.look.wire(self.lab.shared, self.chat.conversation)
        self.viewer.wire()
        around = [self.status, self.chat.notice, self.models.list, self.timer]
        held = [*self.documents.outputs, self.chat.panel.chosen, self.chat.notice]
        gr.on([blocks.load, self.timer.tick, self.models_tab.select], self.look, None, around, **quiet)
        gr.on([blocks.load, self.documents.timer.tick], self.held, None, held, **quiet)
        self.models_tab.select(self.folder, None, self.models.where, **quiet)
        self.status.click(self.models.manage, None, None, **quiet).then(self.look, None, around, **quiet)
        self.models.list.click(self.models.manage, None, None, **quiet).then(self.look, None, around, **quiet)
        gr.on(
            [self.models.fetch.click, self.models.hub.submit],
            self.models.fetch_typed,
            self.models.hub,
            self.models.hub,
            **quiet,
        ).then(self.look, None, around, **quiet)
        # Not preprocessed: the callback gets the upload with its original name, still checked to be one.
        upload = self.documents.upload
        upload.upload(self.add, upload, [upload, *held], preprocess=False, **quiet)
        self.documents.samples.click(self.add_samples, None, held, **quiet)
        self.documents.wire(blocks, held, self.held)
        self.chat.notice.click(self.next_step, None, [self.tabs, *held], **quiet)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def look(self, request: gr.Request) -> Updates:
        """Show what the models are doing, and look again sooner while something moves."""
        lang = language(request)
        status = self._services.engine.status()
        return (
            header.status_line(status, lang),
            self._notices(request),
            self.models.show(lang),
            gr.Timer(_FAST if header.busy(status) else _SLOW),
        )

    @guarded
    def held(self, request: gr.Request) -> Updates:
        """Show jobs and documents, here and among the chat's choices."""
        return self._held(request)

    @guarded
    def folder(self, request: gr.Request) -> str:
        """Show where models lie."""
        return self.models.folder(language(request))

    @guarded
    def add(self, request: gr.Request, files: Uploaded) -> Updates:
        """Take in what was dropped, and empty the drop area."""
        self.documents.add(owner_of(request), files)
        return (None, *self._held(request))

    @guarded
    def add_samples(self, request: gr.Request) -> Updates:
        """Take in the sample documents."""
        self.documents.add_samples(owner_of(request), language(request))
        return self._held(request)

    @guarded
    def next_step(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Do what a notice offers."""
        do, _, _ = clicked(event)
        if do == "samples":
            self.documents.add_samples(owner_of(request), language(request))
        tab = "models" if do == "models" else "documents"
        return (gr.Tabs(selected=tab), *self._held(request))

    def _held(self, request: gr.Request) -> Updates:
        owner = owner_of(request)
        collections, documents = self._services.collections.list(owner), self._services.library.documents(owner)
        choices = document_choices(collections, documents, language(request))
        return (*self.documents.show(request), choices, self._notices(request))

    def _notices(self, request: gr.Request) -> str:
        documents = len(self._services.library.documents(owner_of(request)))
        return header.notices(self._services.engine.status(), documents, language(request))


def build(services: Services) -> gr.Blocks:
    """Return the page over these services."""
    blocks = LocalBlocks(title="Aula", analytics_enabled=False, fill_width=True, delete_cache=(600, 600))
    with blocks:
        page = Page(services)
        page.layout()
        endpoints(services, page.running)  # first: the names that they ask for are still free
        page.wire(blocks)
    blocks.queue(default_concurrency_limit=_LIMIT, max_size=256)
    return blocks


def launch_kwargs(host: str, handover: Path | None = None) -> Keywords:
    """Return what belongs to the page among the arguments of launch(), where it listens on `host`.

    `handover`: the folder through which backups come and go.
    """
    middleware = [Middleware(PageMiddleware, private=is_this_machine(host)), Middleware(PartIndex)]
    if handover is not None:
        middleware.append(Middleware(HandoverRoute, folder=handover))
    return {
        "theme": theme(),
        "css": css(),
        "i18n": translations(),
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "pwa": False,
        "share": False,
        "show_error": True,
        "max_file_size": _MAX_UPLOAD,
        "app_kwargs": {"middleware": middleware, "docs_url": None, "redoc_url": None},
    }
