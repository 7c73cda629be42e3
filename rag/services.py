"""Everything the page needs, built once from Settings and passed in; nothing here is module-level state."""

from __future__ import annotations

from dataclasses import dataclass

from filelock import FileLock
from sqlalchemy import Engine as Database

from rag import backup
from rag.answer import Answerer
from rag.collections import Collections
from rag.database import open_database
from rag.dense import Dense
from rag.engine import Engine
from rag.erasure import Erasure
from rag.evidence import Judge
from rag.finder import Finder
from rag.folder_tree import FolderTree
from rag.folders import Folders
from rag.history import History
from rag.hold import hold
from rag.ingest import Library
from rag.inspection import Inspector
from rag.lending import Lender
from rag.models import Catalogue
from rag.overview import Sketcher
from rag.page_image import PagePictures
from rag.page_view import PageViewer
from rag.preview import Previewer
from rag.retrieval import Retriever
from rag.selection import Selector
from rag.settings import Settings
from rag.store import Store
from rag.translation import Translator


@dataclass(frozen=True)
class Services:
    """The lower layers, ready to use. `start` begins the background work, `close` ends it.

    prompts.services.Services adds what the playground needs, above this layer; the page is built from that one.
    """

    settings: Settings
    database: Database
    catalogue: Catalogue
    dense: Dense
    engine: Engine
    lender: Lender
    library: Library
    viewer: PageViewer
    retriever: Retriever
    inspector: Inspector
    previewer: Previewer
    answerer: Answerer
    history: History
    collections: Collections
    folders: Folders
    erasure: Erasure
    hold: FileLock

    def start(self) -> None:
        """Begin loading models and taking in uploads; returns at once."""
        self.engine.start()  # first: documents that go on are cut in the embedding model's tokens, and wait for it
        self.library.start()
        self.erasure.start()  # once it is known whether a model is about to open the index
        self.folders.start()

    def close(self) -> None:
        """End the workers, free the model, close the database."""
        self.folders.stop()
        self.library.stop()
        self.erasure.stop()
        self.lender.close()
        self.engine.stop()
        self.database.dispose()
        self.hold.release()


def build_services(settings: Settings) -> Services:
    """Open the data folder and put the parts together; nothing is loaded yet. Raises DataInUse, DataTooNew."""
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    held = hold(settings.data_dir)
    backup.sweep(settings)
    try:
        database = open_database(settings.database)
    except BaseException:
        held.release()
        raise
    store = Store(database)
    dense = Dense(store, settings.chroma_dir)
    catalogue = Catalogue(settings)
    engine = Engine(settings, catalogue, dense)
    retriever = Retriever(store, dense)
    pictures = PagePictures(settings.files_dir, settings.pages_dir)
    collections = Collections(database)
    erasure = Erasure(database, settings.database, dense.renew)
    library = Library(
        store,
        dense,
        settings.files_dir,
        settings.work_dir,
        pictures,
        busy=engine.answering,
        offline=settings.offline,
        erasure=erasure,
    )
    tree = FolderTree(settings.folders, hidden=(settings.data_dir, settings.models_dir))
    return Services(
        settings=settings,
        database=database,
        catalogue=catalogue,
        dense=dense,
        engine=engine,
        lender=Lender(settings, catalogue, engine),
        library=library,
        viewer=PageViewer(store, pictures),
        retriever=retriever,
        inspector=Inspector(store, dense, retriever),
        previewer=Previewer(database, dense),
        answerer=Answerer(store, dense, build_finder(store, dense, retriever), engine.chat),
        history=History(database),
        collections=collections,
        folders=Folders(database, collections, library, tree, settings.work_dir),
        erasure=erasure,
        hold=held,
    )


def build_finder(store: Store, dense: Dense, retriever: Retriever) -> Finder:
    """Put together what finds the passages for a question."""
    return Finder(store, retriever, Selector(dense), Judge(store, dense), Sketcher(store, dense), Translator())
