"""Everything the page needs, built once from Settings and passed in; nothing here is module-level state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine as Database

from rag.answer import Answerer
from rag.database import open_database
from rag.dense import Dense
from rag.engine import Engine
from rag.errors import DataInUse
from rag.evidence import Judge
from rag.finder import Finder
from rag.history import History
from rag.ingest import Library
from rag.inspection import Inspector
from rag.lending import Lender
from rag.models import Catalogue
from rag.overview import Sketcher
from rag.page_image import PagePictures
from rag.page_view import PageViewer
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
    answerer: Answerer
    history: History
    hold: FileLock

    def start(self) -> None:
        """Begin loading models and taking in uploads; returns at once."""
        self.library.start()
        self.engine.start()

    def close(self) -> None:
        """End the workers, free the model, close the database."""
        self.library.stop()
        self.lender.close()
        self.engine.stop()
        self.database.dispose()
        self.hold.release()


def build_services(settings: Settings) -> Services:
    """Open the data folder and put the parts together; nothing is loaded yet. Raises DataInUse, DataTooNew."""
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    hold = _hold(settings.data_dir)
    try:
        database = open_database(settings.database)
    except BaseException:
        hold.release()
        raise
    store = Store(database)
    dense = Dense(store, settings.chroma_dir)
    catalogue = Catalogue(settings)
    engine = Engine(settings, catalogue, dense)
    retriever = Retriever(store, dense)
    pictures = PagePictures(settings.files_dir, settings.pages_dir)
    return Services(
        settings=settings,
        database=database,
        catalogue=catalogue,
        dense=dense,
        engine=engine,
        lender=Lender(settings, catalogue, engine),
        library=Library(store, dense, settings.files_dir, settings.work_dir, pictures),
        viewer=PageViewer(store, pictures),
        retriever=retriever,
        inspector=Inspector(store, dense, retriever),
        answerer=Answerer(store, dense, build_finder(store, dense, retriever), engine.chat),
        history=History(database),
        hold=hold,
    )


def build_finder(store: Store, dense: Dense, retriever: Retriever) -> Finder:
    """Put together what finds the passages for a question."""
    return Finder(store, retriever, Selector(dense), Judge(store, dense), Sketcher(store, dense), Translator())


def _hold(folder: Path) -> FileLock:
    """Take the data folder for this process: two would sweep away each other's uploads as left by a crash."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise DataInUse(folder=folder) from None
    return lock
