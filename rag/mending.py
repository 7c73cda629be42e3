"""How vectors are made whole: chunks embedded that have none, and Chroma put right, or made anew, from aula.sqlite.

It decides nothing: whoever calls says when, and which embedding model serves.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rag.errors import Cancelled
from rag.kept_vectors import KeptVectors
from rag.lanes import give_way, low_priority
from rag.store import Store

if TYPE_CHECKING:
    from rag.embeddings import Embedder
    from rag.vectors import VectorStore

log = logging.getLogger(__name__)

SLICE = 32  # chunks embedded for each transaction: what a kill can cost, three seconds on two cores
_PORTION = 2_000  # vectors held at a time on their way to Chroma
_BESIDE = ".new"

Progress: TypeAlias = Callable[[int, int], None]  # done, total


def logged(work: Callable[[], None]) -> None:
    """Do what makes vectors whole; what it fails of is logged, and the next start tries again."""
    try:
        with suppress(Cancelled):  # the app ends, or a restore begins it again
            work()
    except Exception:
        log.exception("the vectors could not be made whole; the next start tries again")


def logged_behind(name: str, work: Callable[[], None]) -> None:
    """Do the same in a thread of its own, which comes after others."""

    def run() -> None:
        low_priority()
        logged(work)

    threading.Thread(target=run, name=name, daemon=True).start()


def embed_missing(
    store: Store,
    kept: KeptVectors,
    embedder: Embedder,
    stop: threading.Event,
    progress: Progress | None = None,
    busy: Callable[[], bool] = lambda: False,
) -> None:
    """Embed every chunk that has no vector under the embedder's model, a slice to a transaction. Raises Cancelled.

    `busy`: whether the chat model is answering, which each slice lets come first.
    """
    model = embedder.spec.collection
    missing = kept.missing(model)
    for start in range(0, len(missing), SLICE):
        give_way(busy, stop)
        places = kept.places(missing[start : start + SLICE])  # before the texts: what is read must be of these
        rows = store.chunk_texts(missing[start : start + SLICE])
        vectors = embedder.encode_passages([text for _, _, text in rows], stop)
        kept.write(model, [key for key, _, _ in rows], vectors, places)
        if progress is not None:
            progress(min(start + SLICE, len(missing)), len(missing))


def adopt(kept: KeptVectors, index: VectorStore) -> None:
    """Take into SQLite what only Chroma holds: libraries of before SQLite kept vectors need not be embedded anew."""
    lacking = sorted(set(kept.missing(index.name)) & index.ids())
    for start in range(0, len(lacking), _PORTION):
        kept.write(index.name, *index.get(lacking[start : start + _PORTION]))


def mend(kept: KeptVectors, index: VectorStore, stop: threading.Event) -> None:
    """Make Chroma hold the vectors that SQLite holds under its model, and no other. Raises Cancelled."""
    there = index.ids()  # before SQLite is asked: a vector is always written there first
    known = kept.ids(index.name)
    index.remove_chunks(sorted(there - known))
    _add(kept, index, sorted(known - there), stop)


def _add(
    kept: KeptVectors, index: VectorStore, ids: Sequence[int], stop: threading.Event, progress: Progress | None = None
) -> None:
    for start in range(0, len(ids), _PORTION):
        if stop.is_set():
            raise Cancelled
        found, documents, vectors = kept.rows(index.name, ids[start : start + _PORTION])
        index.add(found, documents, vectors)
        # What was deleted on the way has come back: out with it.
        gone = set(found) - set(kept.rows(index.name, found)[0])
        index.remove_chunks(sorted(gone))
        if progress is not None:
            progress(min(start + _PORTION, len(ids)), len(ids))


def open_index(folder: Path, name: str) -> VectorStore:
    """Open Chroma's folder; a damaged one is put aside and made anew, since all of it stands in SQLite too."""
    from rag.vectors import VectorStore

    try:
        index = VectorStore(folder, name)
        index.check()
        return index
    except BaseException as error:  # what panics in Chroma's own code is no Exception
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        log.exception("the vector index is damaged: it is being made anew")
        VectorStore.let_go()
        aside = folder.with_name(f"{folder.name}.damaged")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        fresh = VectorStore(folder, name)
        shutil.rmtree(aside, ignore_errors=True)  # what was deleted must not live on in it
        return fresh


def rebuild_index(
    kept: KeptVectors, folder: Path, name: str, stop: threading.Event, progress: Progress | None = None
) -> VectorStore:
    """Make Chroma's folder anew from the vectors that SQLite holds of the model `name`. Raises Cancelled.

    Nobody else may have it open. Whatever ends it half-way, the next start adds what is missing.
    """
    index = empty_index(folder, name)
    _add(kept, index, sorted(kept.ids(name)), stop, progress)
    return index


def empty_index(folder: Path, name: str) -> VectorStore:
    """Make Chroma's folder anew with nothing in it. Nobody else may have it open."""
    from rag.vectors import VectorStore

    shutil.rmtree(folder, ignore_errors=True)
    return VectorStore(folder, name)


def beside(kept: KeptVectors, index: VectorStore, stop: threading.Event) -> VectorStore:
    """Make an index of the same vectors in a folder beside that of `index`, which stays open. Raises Cancelled."""
    from rag.vectors import VectorStore

    here = index.folder
    folder = here.with_suffix("") if here.suffix == _BESIDE else _other(here)
    shutil.rmtree(folder, ignore_errors=True)
    fresh = VectorStore(folder, index.name)
    try:
        _add(kept, fresh, sorted(kept.ids(index.name)), stop)
    except BaseException:
        fresh.discard()
        raise
    return fresh


def at_rest(folder: Path) -> Path:
    """Put a folder that was made `beside` in the place of `folder`, as long as nobody has either open.

    It may not be whole: what is missing is added once it is open.
    """
    if _other(folder).is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        _other(folder).rename(folder)
    return folder


def _other(folder: Path) -> Path:
    return folder.with_name(folder.name + _BESIDE)
