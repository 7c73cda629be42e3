"""The part of the Documents tab for collections and folders: what they are called, what is in them, what fills them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

import gradio as gr
from markupsafe import Markup

from rag.collections import Folder
from rag.errors import AulaError, DocumentNotFound, FolderUnreadable
from rag.pages import FORMATS
from rag.services import Services
from ui.collection_rows import collection_list, folder_list, folder_of
from ui.components import Keywords, action_list, clicked, guarded, language, owner_of
from ui.texts import count, say, static
from ui.uploads import Uploaded, take_over

Updates = tuple[object, ...]


class CollectionsPanel:
    """Its components and callbacks."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._collections = services.collections
        self._library = services.library
        self._folders = services.folders
        self._does: dict[str, Callable[[str, str, str], object]] = {
            "make": lambda owner, _, name: self._collections.make(owner, name),
            "rename": self._collections.rename,
            "delete": lambda owner, key, _: self._collections.delete(owner, key),
            "clear": lambda owner, key, _: self._clear(owner, key),
            "unwatch": lambda owner, key, _: self._folders.end(owner, key),
            "halt": lambda owner, key, _: self._folders.end(owner, key),
        }

    def layout(self) -> None:
        """Lay out the panel in the current block."""
        with gr.Accordion(static("collections.panel"), open=False, elem_id="aula-collections-panel"):
            self.list = action_list("aula-collections")
            self.upload = gr.File(
                label=static("collections.upload"),
                file_count="directory",
                height=120,
                elem_id="aula-folder-upload",
                type="filepath",
            )
            self.at = gr.State("")  # the folder that is open, as its button names it
            self.folders = action_list("aula-folders")

    def wire(
        self, blocks: gr.Blocks, timer: gr.Timer, held: list[gr.components.Component], look: Callable[..., object]
    ) -> None:
        """Connect the callbacks. `timer` ticks while documents are read; `look` fills `held`, the page's lists."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        shown = [self.list, self.folders]
        gr.on([blocks.load, timer.tick], self.show, self.at, shown, **quiet)
        changed = [
            self.list.click(self.manage, None, None, **quiet),
            self.folders.click(self.browse, self.at, self.at, **quiet),
            # Not preprocessed: the callback gets the upload with its original names, still checked to be one.
            self.upload.upload(self.take, self.upload, self.upload, preprocess=False, **quiet),
        ]
        for event in changed:
            event.then(self.show, self.at, shown, **quiet).then(look, None, held, **quiet)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def show(self, request: gr.Request, at: str) -> Updates:
        """Return the collections, and the folders that are open."""
        owner, lang = owner_of(request), language(request)
        listed = collection_list(self._collections.list(owner), self._folders.states(owner), lang)
        return listed, self._browsed(folder_of(at), lang)

    def _browsed(self, folder: Folder | None, lang: str) -> str:
        try:
            below = self._folders.below(folder) if folder else ()
        except FolderUnreadable:  # it went while it was open
            folder, below = None, ()
        name = self._folders.name(folder) if folder else ""
        return folder_list(self._folders.roots(), folder, name, below, lang)

    @guarded
    def manage(self, request: gr.Request, event: gr.EventData) -> None:
        """Make, rename or delete a collection, or watch its folder no longer."""
        do, key, value = clicked(event)
        if do in self._does:
            self._does[do](owner_of(request), key, value)

    def _clear(self, owner: str, collection: str) -> None:
        """Delete a collection with its documents; what fills it is stopped first, or they would come again.

        One that cannot be deleted keeps none of the others; the first error is told.
        """
        failed: list[AulaError] = []
        for document in self._collections.delete(owner, collection):
            try:
                self._library.delete(owner, document)
            except DocumentNotFound:  # deleted in another window
                continue
            except AulaError as error:
                failed.append(error)
        if failed:
            raise failed[0]

    @guarded
    def browse(self, request: gr.Request, event: gr.EventData, at: str) -> str:
        """Open a folder, import it or begin to watch it; return the one that is open then."""
        do, key, _ = clicked(event)
        folder = folder_of(key)
        if do == "open":
            if folder is not None:
                self._folders.below(folder)
            return key if folder else ""
        if folder is not None and do in ("import", "watch"):
            begin = self._folders.watch if do == "watch" else self._folders.import_once
            begin(owner_of(request), folder)
            self._tell(request, say(language(request), f"collections.{do}_begun", name=self._folders.name(folder)))
        return at

    @guarded
    def take(self, request: gr.Request, files: Uploaded) -> None:
        """Put the files of a chosen folder into a collection of their own, and empty the drop area."""
        owner, lang = owner_of(request), language(request)
        with take_over(files) as uploads:
            usable = [(path, name) for path, name in uploads if PurePath(name).suffix.lower() in FORMATS]
            if usable:
                collection = self._collections.make_numbered(owner, say(lang, "collections.imported"))
                self._library.add(owner, usable, collection)
        if left := len(files or ()) - len(usable):
            self._tell(request, count(lang, "collections.skipped", left))

    @staticmethod
    def _tell(request: gr.Request, text: str) -> None:
        gr.Info(str(Markup.escape(text)), title=say(language(request), "notice.title"), duration=6)
