"""Folders that are imported, or watched and followed: new files come in, changed ones are replaced, gone ones leave.

A thread of its own looks every few seconds. It knows nothing of how documents are read, nor of the page.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.collections import Collections, Folder
from rag.errors import CollectionNotFound, DocumentNotFound, FolderUnreadable
from rag.folder_copy import Copied, copied
from rag.folder_states import FolderState, Patience, Place
from rag.folder_tree import FolderTree, Found, Look, Root
from rag.watched_files import Kept, Watch, WatchedFiles

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from rag.ingest import Library

log = logging.getLogger(__name__)

POLL_S = 4.0
_PATIENCE = 6  # after so many failed looks, the pause between them grows no more
_IMPORTS = 50  # that are over, and of which something is still said
_READ = ("ready", "partial")


@dataclass(frozen=True)
class _Coming:
    """A new version on its way in: the file as it was read, its document, and the one that leaves when it is ready."""

    found: Found
    document: str
    old: str


class Folders:
    """Imports and watches folders below the roots that were named at start; without any, it does nothing.

    It is offered only where nobody logs in: a root's files are everybody's there.
    """

    def __init__(
        self, database: Engine, collections: Collections, library: Library, tree: FolderTree, work: Path
    ) -> None:
        """Take files into `library`; each is copied to `work` first."""
        self._collections = collections
        self._library = library
        self._tree = tree
        self._work = work
        self._files = WatchedFiles(database)
        self._before: dict[Place, Found] = {}  # as of the look before
        self._missed: set[Place] = set()
        self._patience = Patience()
        self._coming: dict[Place, _Coming] = {}
        self._states: dict[str, FolderState] = {}
        self._imported: dict[str, tuple[str, FolderState]] = {}  # by collection, with its owner
        self._looking = threading.Lock()
        self._wake = threading.Event()
        self._stop = self._ending = threading.Event()  # of the thread, and of the look under way
        self._worker: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._before, self._coming, self._missed, self._patience = {}, {}, set(), Patience()
        if self._tree.roots():
            self._stop = threading.Event()
            told = (self._stop, self._worker)
            self._worker = threading.Thread(target=self._run, args=told, name="aula-folders", daemon=True)
            self._worker.start()

    def stop(self) -> None:
        """End looking."""
        self._stop.set()
        self._wake.set()
        if self._worker is not None:
            self._worker.join(timeout=10)
            self._worker = self._worker if self._worker.is_alive() else None

    # -- for the page ------------------------------------------------------------------------------------------

    def roots(self) -> Sequence[Root]:
        """Return the folders that were named at start."""
        return self._tree.roots()

    def below(self, folder: Folder) -> Sequence[Folder]:
        """Return the folders in a folder. Raises FolderUnreadable, also for one that is outside of every root."""
        return self._tree.below(folder)

    def name(self, folder: Folder) -> str:
        """Return a folder's own name."""
        return self._tree.name(folder)

    def watch(self, owner: str, folder: Folder) -> str:
        """Make a collection that the folder fills from now on, and return its id. Raises FolderUnreadable."""
        self._tree.below(folder)
        collection = self._collections.make_numbered(owner, self._tree.name(folder), folder)
        self._wake.set()
        return collection

    def import_once(self, owner: str, folder: Folder) -> str:
        """Take in what is in a folder now, into a collection of its own, and return its id. Raises FolderUnreadable."""
        self._tree.below(folder)
        collection = self._collections.make_numbered(owner, self._tree.name(folder), replace(folder, once=True))
        self._wake.set()
        return collection

    def end(self, owner: str, collection: str) -> None:
        """Watch or import no longer: collection and documents stay as they are. Raises CollectionNotFound.

        A look that is under way sees it before its next file, and need not be waited for.
        """
        self._files.end(owner, collection)
        self._states.pop(collection, None)

    def states(self, owner: str) -> Mapping[str, FolderState]:
        """Return how the owner's folders stand, by collection; one not looked at yet has no files.

        An import that is over is among them until the next start, when something was left out.
        """
        mine = [watch for watch in self._files.watches() if watch.owner == owner]
        over = {key: state for key, (whose, state) in list(self._imported.items()) if whose == owner}
        return over | {one.collection: self._states.get(one.collection, self._state(one)) for one in mine}

    def _state(self, watch: Watch, there: bool | None = None) -> FolderState:
        """Return the state of a folder of which no more is known; without roots nothing is looked at."""
        there = bool(self._tree.roots()) if there is None else there
        return FolderState(self._tree.name(watch.folder), there, once=watch.folder.once)

    # -- looking -----------------------------------------------------------------------------------------------

    def _run(self, stop: threading.Event, before: threading.Thread | None) -> None:
        if before is not None:  # it hangs in a file of a drive that is gone
            before.join()
        failed = 0
        while not stop.is_set():
            try:
                self.look(stop)
                failed = 0
            except Exception:
                failed = min(failed + 1, _PATIENCE)
                log.exception("a look at the watched folders failed; another one tries again")
            self._wake.wait(POLL_S * 2**failed)
            self._wake.clear()

    def look(self, stop: threading.Event | None = None) -> None:
        """Look once at everything that is imported or watched, until `stop` is set."""
        with self._looking:
            self._ending = stop or self._stop
            watches = self._files.watches()
            self._prune({watch.collection for watch in watches})
            for watch in watches:
                if self._lasts(watch):
                    self._look_at(watch)

    def _lasts(self, watch: Watch) -> bool:
        """Tell whether to go on: nobody has ended it, nor deleted the collection."""
        return not self._ending.is_set() and self._files.lasts(watch)

    def _import(self, watch: Watch, look: Look) -> None:
        """Take in every file, then let the folder go; a restart goes on with those that are not in yet."""
        kept, unread = self._files.files(watch.collection), []
        self._states.pop(watch.collection, None)
        for found in [one for one in look.files.values() if one.path not in kept]:
            if not self._lasts(watch):
                return
            with self._copied(watch, found) as copy:
                if copy is not None:
                    self._take(watch, found, copy, None)
                else:
                    unread.append(found.path)
        if not self._lasts(watch):
            return
        if left_out := look.left_out(unread):
            state = replace(self._state(watch), skipped=left_out, done=True)
            self._imported[watch.collection] = (watch.owner, state)
            for over in list(self._imported)[:-_IMPORTS]:
                del self._imported[over]
        with suppress(CollectionNotFound):
            self._files.end(watch.owner, watch.collection)

    def _look_at(self, watch: Watch) -> None:
        try:
            look = self._tree.look(watch.folder)
        except FolderUnreadable:  # a drive that is not there says nothing of its files
            self._states[watch.collection] = self._state(watch, there=False)
            return
        if watch.folder.once:
            self._import(watch, look)
            return
        kept = self._files.files(watch.collection)
        self._arrived(watch)
        for path, found in look.files.items():
            if not self._lasts(watch):
                return
            self._see(watch, found, kept.get(path))
        if not self._lasts(watch):
            return
        self._miss(watch, look, kept)
        unread = [path for path in self._patience.of(watch.collection) if path in look.files]
        files = len(self._files.files(watch.collection))
        self._states[watch.collection] = replace(self._state(watch), files=files, skipped=look.left_out(unread))

    def _see(self, watch: Watch, found: Found, kept: Kept | None) -> None:
        """Take in a file that is new or has changed, once it has stayed the same for two looks."""
        place = (watch.collection, found.path)
        coming = self._coming.get(place)
        if (kept is not None and kept.same(found)) or (coming is not None and coming.found == found):
            self._before.pop(place, None)
        elif self._patience.rests(place, found):
            pass
        elif self._before.get(place) == found:
            del self._before[place]
            with self._copied(watch, found) as copy:
                if copy is None:
                    self._patience.failed(place, found)
                else:
                    self._patience.read(place)
                    self._take(watch, found, copy, kept)
        else:
            self._before[place] = found

    def _take(self, watch: Watch, found: Found, copy: Copied, kept: Kept | None) -> None:
        place = (watch.collection, found.path)
        held, shelf = self._files.shelf(watch.owner, copy.document)
        if not held or shelf in (None, watch.collection):
            self._library.add(watch.owner, [(copy.path, copy.name)], watch.collection)
        there, now = self._files.shelf(watch.owner, copy.document)
        if there and not held and now is None and not self._files.lasts(watch):  # the collection went that very moment
            self._library.delete(watch.owner, copy.document)
            return
        # What the person had before is not the folder's to take away again.
        ours = there and (not held or shelf == watch.collection)
        document, old = copy.document if ours else None, kept.document if kept else None
        earlier = self._coming.pop(place, None)
        if document and old and old != document:
            self._coming[place] = _Coming(found, document, old)
        else:  # the old version stays where the new one was refused
            self._files.keep(watch.collection, found, document if there else old)
            self._release(watch, old if there and old != document else None)
        if earlier is not None:
            self._release(watch, earlier.document)

    def _arrived(self, watch: Watch) -> None:
        """Let the old version of a file go where the new one can be asked; one that failed leaves the old in place."""
        for place, coming in [item for item in self._coming.items() if item[0][0] == watch.collection]:
            status = self._status(watch.owner, coming.document)
            if status in (*_READ, "failed", ""):
                del self._coming[place]
                self._files.keep(watch.collection, coming.found, coming.document if status in _READ else coming.old)
                self._release(watch, coming.old if status in _READ else None)

    def _status(self, owner: str, document: str) -> str:
        try:
            return self._library.document(owner, document).status
        except DocumentNotFound:
            return ""

    def _miss(self, watch: Watch, look: Look, kept: Mapping[str, Kept]) -> None:
        """Let go what has been missing for two looks: many programs save a file by putting another in its place."""
        for path, row in kept.items():
            place = (watch.collection, path)
            if path in look.files or not look.covers(path):
                self._missed.discard(place)
            elif place not in self._missed:
                self._missed.add(place)
            else:
                self._missed.discard(place)
                coming = self._coming.pop(place, None)
                self._files.drop(watch.collection, path)
                self._release(watch, row.document)
                self._release(watch, coming.document if coming else None)

    def _release(self, watch: Watch, document: str | None) -> None:
        """Remove a document from its owner, unless another file is the same or it was moved to another collection."""
        if document is None or any(coming.document == document for coming in self._coming.values()):
            return
        if self._files.named(watch.owner, document):
            return
        if self._files.shelf(watch.owner, document) == (True, watch.collection):
            self._library.delete(watch.owner, document)

    def _copied(self, watch: Watch, found: Found) -> AbstractContextManager[Copied | None]:
        return copied(found, self._work, (self._tree, watch.folder), lambda: not self._lasts(watch))

    def _prune(self, watched: set[str]) -> None:
        self._before = {place: found for place, found in self._before.items() if place[0] in watched}
        self._coming = {place: coming for place, coming in self._coming.items() if place[0] in watched}
        self._patience.keep(watched)
        self._missed = {place for place in self._missed if place[0] in watched}
        self._states = {key: state for key, state in self._states.items() if key in watched}
