"""Vectors through the real models, SQLite and Chroma: other models, damage, kills between the two, rebuilding."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag import preferences
from rag.chunking import Span
from rag.dense import Dense
from rag.embeddings import Embedder, embedding_spec
from rag.engine import Engine
from rag.models import Catalogue
from rag.pages import PageText
from rag.settings import DEFAULT_EMBEDDING, Settings
from rag.store import Facts, Store

pytestmark = pytest.mark.model
OWNER, OTHER = "local", "all-minilm-l6-v2"
ROOT = Path(__file__).parents[2]
LINES = [f"The lamp of lighthouse {number} shines every {number} seconds." for number in range(1, 81)]


class Run:
    """One run of the app, as far as searching goes."""

    def __init__(self, settings: Settings) -> None:
        from rag.database import open_database

        self.settings = settings
        self.catalogue = Catalogue(settings)
        self.database = open_database(settings.database)
        self.store = Store(self.database)
        self.dense = Dense(self.store, settings.chroma_dir)
        self.engine = Engine(settings, self.catalogue, self.dense)

    def fill(self) -> list[int]:
        text = "\n".join(LINES)
        starts = [text.index(line) for line in LINES]
        spans = [Span(1, start, start + len(line)) for start, line in zip(starts, LINES, strict=True)]
        facts = Facts("a" * 64, ".txt", 1, "", "page", "en", "ready")
        ids = self.store.save(facts, [PageText(1, text, "text")], spans)
        self.store.hold(OWNER, "a" * 64, "lamps.txt")
        return ids

    def load(self) -> None:
        """Load what was chosen, as the start does: in a thread of its own, which has a low priority from then on."""
        thread = threading.Thread(target=self.engine._start_embedding)
        thread.start()
        thread.join()

    def index(self):
        loaded = self.dense.get()
        assert loaded is not None
        return loaded[1]

    def nearest(self, question: str) -> str:
        loaded = self.dense.get()
        assert loaded is not None
        embedder, index = loaded
        found = self.dense.search(index, embedder.encode_query(question), 1)
        return self.store.chunk_texts(list(found))[0][2]

    def close(self) -> None:
        self.engine.stop()
        if self.dense._loaded is not None:
            self.index().close()
        self.database.dispose()


def test_a_long_text_is_embedded_whole(settings):
    catalogue = Catalogue(settings)
    embedder = Embedder(catalogue.path(OTHER), embedding_spec(catalogue, OTHER))
    start = "The harbour opens at seven. " * 90
    plain, other = embedder.encode_passages([start + "Bananas are yellow. " * 40, start + "Engines need oil. " * 40])
    assert embedder.tokens.count(start) > embedder.tokens.limit  # so that only a window behind it can tell the two
    assert float(plain @ other) < 0.999
    assert np.linalg.norm(plain) == pytest.approx(1.0, abs=1e-3)
    cancel = threading.Event()
    cancel.set()
    from rag.errors import Cancelled

    with pytest.raises(Cancelled):
        embedder.encode_passages(["x"], cancel)


def test_what_chroma_was_not_told_is_mended_at_the_next_start(settings):
    run = Run(settings)
    run.load()
    ids = run.fill()
    embedded = run.dense.embed([text for _, _, text in run.store.chunk_texts(ids)])
    assert embedded is not None
    run.dense.kept.write(embedded[0], ids, embedded[1])  # and killed before Chroma is told
    assert run.index().ids() == set()
    run.close()
    again = Run(settings)
    again.load()
    assert again.index().ids() == set(ids)
    assert again.dense.complete
    assert again.nearest("lighthouse 42 lamp seconds") == LINES[41]
    again.close()


def test_publishing_never_raises_and_what_was_lost_comes_back(settings, monkeypatch):
    run = Run(settings)
    run.load()
    ids = run.fill()
    name, vectors = run.dense.embed([text for _, _, text in run.store.chunk_texts(ids)])
    run.dense.kept.write(name, ids, vectors)

    def broken(*_args: object) -> None:
        raise RuntimeError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(run.index(), "add", broken)
        run.dense.publish(ids, "a" * 64, vectors)
    assert run.index().ids() == set()
    run.dense.catch_up()
    assert run.index().ids() == set(ids)
    run.close()


@pytest.mark.parametrize("damaged", ["*.sqlite3", "*/*.bin"])
def test_a_damaged_index_is_made_anew(settings, damaged):
    run = Run(settings)
    run.fill()
    run.load()
    wanted = run.index().ids()
    assert len(wanted) == len(LINES)
    run.close()
    files = [file for file in settings.chroma_dir.glob(damaged) if file.stat().st_size]
    for file in files or list(settings.chroma_dir.glob("*.sqlite3")):
        file.write_bytes(b"not what it was " * 64)
    again = Run(settings)
    again.load()
    assert again.index().ids() == wanted
    assert again.nearest("lighthouse 7 lamp seconds") == LINES[6]
    assert not list(settings.data_dir.glob("*.damaged"))
    again.close()


def test_another_model_takes_over_after_a_restart_half_way(settings, monkeypatch):
    first = replace(settings, embedding=DEFAULT_EMBEDDING)
    run = Run(first)
    ids = run.fill()
    run.load()
    assert run.dense.serving == DEFAULT_EMBEDDING
    halfway = threading.Event()
    told = run.engine.switching._update

    def stop_half_way(**changes: object) -> None:
        told(**changes)
        if changes.get("done"):
            halfway.set()
            run.engine.switching._stop.set()

    monkeypatch.setattr(run.engine.switching, "_update", stop_half_way)
    run.engine.use(OTHER)
    assert halfway.wait(60)
    run.close()

    again = Run(first)
    collection = embedding_spec(again.catalogue, OTHER).collection
    before = again.dense.kept.ids(collection)
    assert 0 < len(before) < len(ids)
    again.load()
    _wait(lambda: again.engine.switching.status() is None)
    assert again.dense.serving == OTHER
    assert again.dense.complete
    assert again.index().ids() == again.dense.kept.ids(collection) == set(ids)
    assert again.nearest("lighthouse 42 lamp seconds") == LINES[41]
    again.close()

    last = Run(first)
    assert last.engine.switching.chosen() == OTHER
    last.load()
    assert last.dense.serving == OTHER
    last.close()


def test_a_switch_that_is_paused_stays_so_and_one_cancelled_leaves_nothing(settings):
    first = replace(settings, embedding=DEFAULT_EMBEDDING)
    run = Run(first)
    run.fill()
    run.load()
    preferences.write(run.database, "embedding_next", {"name": OTHER, "paused": True})
    run.engine.switching.go_on()
    status = run.engine.status().switch
    assert status is not None
    assert (status.state, status.done, status.total) == ("paused", 0, len(LINES))
    assert run.dense.serving == DEFAULT_EMBEDDING
    run.engine.switching.cancel()
    assert run.engine.status().switch is None
    assert preferences.read(run.database, "embedding_next") is None
    assert run.dense.kept.models() == [run.index().name]
    run.close()


def test_rebuild_makes_the_index_anew_from_the_command_line(settings):
    run = Run(settings)
    ids = run.fill()
    run.load()
    run.index().remove_chunks(ids[:10])
    run.close()
    command = [sys.executable, "-m", "rag.store", "rebuild", "--json"]
    environment = {
        "AULA_DATA_DIR": str(settings.data_dir),
        "AULA_MODELS_DIR": str(settings.models_dir),
        "PATH": "/usr/bin:/bin",
        "LANG": "es_ES.UTF-8",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "El índice se ha vuelto a crear" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["vectors"] == len(ids)
    again = Run(settings)
    again.load()
    assert again.index().ids() == set(ids)
    again.close()


def _wait(reached, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)
