"""The Documents tab: files and addresses in, what is held, what can be done with it. It reads no file itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import gradio as gr
from markupsafe import Markup

from prompts.services import Services
from rag.errors import AulaError, DocumentNotFound
from ui import ledger_view
from ui.backup_panel import BackupPanel
from ui.collections_panel import CollectionsPanel
from ui.components import Keywords, action_list, clicked, guarded, language, owner_of
from ui.document_looks import Look, Looks
from ui.document_rows import document_list
from ui.document_states import MOVING, Row, rows
from ui.inspector import InspectorPanel
from ui.texts import say, static
from ui.uploads import Uploaded, take_over

SAMPLES = Path(__file__).parent.parent / "documents"
_FAST, _SLOW = 0.7, 10.0  # seconds between two looks: while something moves, and else
_STEADY = "window.aula.held(element);"
Updates = tuple[object, ...]


class DocumentsTab:
    """Its components and callbacks."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._library = services.library
        self._collections = services.collections
        self._offline = services.settings.offline
        self._looks = Looks()
        self.inspector = InspectorPanel(services)
        self.collections = CollectionsPanel(services)
        self.backup = BackupPanel(services)
        self._does: dict[str, Callable[[str, str, str], object]] = {
            "pause": lambda owner, key, _: self._library.pause(owner, key),
            "resume": lambda owner, key, _: self._library.resume(owner, key),
            "cancel": lambda owner, key, _: self._library.cancel(owner, key),
            "dismiss": lambda owner, key, _: self._library.forget(owner, [key]),
            "unlock": self._library.unlock,
            "move": lambda owner, keys, to: self._collections.move(owner, keys.split(), to or None),
            "retry": lambda owner, keys, _: self._retry(owner, keys.split()),
        }

    def layout(self) -> None:
        """Lay out the tab."""
        self.upload = gr.File(
            label=static("docs.upload"), file_count="multiple", height=150, elem_id="aula-upload", type="filepath"
        )
        gr.Markdown(static("docs.formats"), elem_id="aula-formats", elem_classes=["aula-intro"])
        with gr.Row(elem_id="aula-address-row", visible=not self._offline):
            self.address = gr.Textbox(
                label=static("docs.address"),
                placeholder=static("docs.address_hint"),
                max_lines=1,
                max_length=2000,
                scale=1,
                elem_id="aula-address",
            )
            self.fetch = gr.Button(static("docs.address_go"), size="md", scale=0, min_width=80, elem_id="aula-fetch")
        self.samples = gr.Button(static("docs.samples"), elem_id="aula-samples", size="md", scale=0, min_width=80)
        self.documents = action_list("aula-documents", _STEADY)
        self.collections.layout()
        self.inspector.layout()
        with gr.Accordion(static("backup.title"), open=False, elem_id="aula-backup-panel"):
            self.backup.layout()
        self.timer = gr.Timer(_SLOW)

    @property
    def outputs(self) -> list[gr.components.Component]:
        """Return what `show` fills."""
        return [self.documents, self.timer]

    def wire(self, blocks: gr.Blocks, held: list[gr.components.Component], look: Callable[..., object]) -> None:
        """Connect the callbacks; `look` fills `held`, which begins with `outputs`, anew."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        self.documents.click(self.manage, None, None, **quiet).then(look, None, held, **quiet)
        gr.on([self.fetch.click, self.address.submit], self.add_address, self.address, self.address, **quiet).then(
            look, None, held, **quiet
        )
        self.collections.wire(blocks, self.timer, held, look)
        self.inspector.wire(self.documents, held, look)
        self.backup.wire()

    # -- what the callbacks of the page call -------------------------------------------------------------------

    def show(self, request: gr.Request) -> Updates:
        """Return the list and how soon to look again."""
        owner, lang = owner_of(request), language(request)
        look = self._looks.get(request.session_hash)
        documents, jobs = self._library.documents(owner), self._library.jobs(owner)
        shelves = [(one.id, one.name) for one in self._collections.list(owner)]
        listed = rows(documents, jobs, shelves)
        moving = any(job.stage in MOVING for job in jobs)
        shown = document_list(listed, look, shelves, self._ledgers(owner, listed, look, lang), lang)
        return (shown, gr.Timer(_FAST if moving else _SLOW))

    def _ledgers(self, owner: str, listed: Sequence[Row], look: Look, lang: str) -> dict[str, Markup]:
        """Return the pages of those documents that are opened."""
        opened = {}
        for row in listed:
            if row.document is not None and row.key in look.opened:
                with suppress(DocumentNotFound):  # deleted a moment ago
                    opened[row.key] = self._ledger(owner, row, look, lang)
        return opened

    def _ledger(self, owner: str, row: Row, look: Look, lang: str) -> Markup:
        pages = self._library.ledger(owner, row.key)
        found = ledger_view.runs(pages.pages, pages.total)
        amiss, whole = row.key in look.amiss, row.key in look.whole
        return ledger_view.ledger(row.key, row.name, row.unit, found, lang, amiss=amiss, whole=whole)

    def add(self, owner: str, files: Uploaded) -> None:
        """Take uploaded files over; nothing of them stays in the upload cache."""
        with take_over(files) as uploads:
            self._library.add(owner, uploads)

    def add_samples(self, owner: str, lang: str) -> None:
        """Take in the documents that ship with the app."""
        found = sorted(SAMPLES.glob("*.pdf"))
        if not found:
            raise gr.Error(say(lang, "docs.samples_missing"), title=say(lang, "error.title"), print_exception=False)
        self._library.add(owner, [(path, path.name) for path in found])

    @guarded
    def add_address(self, request: gr.Request, address: str) -> str:
        """Begin to fetch what lies at an address, and empty its box."""
        typed, lang = (address or "").strip(), language(request)
        if not typed:
            raise gr.Error(say(lang, "docs.address_empty"), title=say(lang, "error.title"), print_exception=False)
        self._library.add_address(owner_of(request), typed)
        return ""

    @guarded
    def manage(self, request: gr.Request, event: gr.EventData) -> None:
        """Do what a button of the list says. A password passes through here once and is kept nowhere."""
        owner = owner_of(request)
        do, key, value = clicked(event)
        if self._looks.press(request.session_hash, do, key):
            return
        if do == "delete":
            self._delete(owner, key.split(), language(request))
        elif do in self._does:
            self._does[do](owner, key, value)

    def _retry(self, owner: str, documents: Sequence[str]) -> None:
        """Read anew what failed; what is ready has nothing to try again."""
        for document in documents:
            if self._library.document(owner, document).status in ("failed", "partial"):
                self._library.retry(owner, document)

    def _delete(self, owner: str, documents: Sequence[str], lang: str) -> None:
        """Delete every one that can be, then say what could not."""
        names, failed = [], []
        for document in documents:
            try:
                name = self._library.document(owner, document).name
                self._library.delete(owner, document)
            except AulaError as error:
                failed.append(error)
            else:
                names.append(name)
        if names:
            many = say(lang, "docs.deleted_many", n=len(names))
            told = say(lang, "docs.deleted", name=names[0]) if len(names) == 1 else many
            gr.Info(str(Markup.escape(told)), title=say(lang, "notice.title"), duration=4)
        if failed:
            raise failed[0]
