"""The hub as a source, over real HTTP on the loopback."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from rag import hub as hub_source
from rag import models, transfer
from rag.entries import Entry, Hub
from rag.errors import Cancelled, NotEnoughDisk, SourceUnreachable, WrongHash
from rag.models import Catalogue
from rag.settings import Settings
from rag.transfer import Progress
from tests.model_sources import FakeHub, serve, sha256

DATA = b"GGUF" + os.urandom(3_000_000)
REPO, FILE = "org/Tiny-GGUF", "tiny-q4.gguf"
TINY = Entry(name="tiny", title="Tiny", kind="llm", bytes=len(DATA), sources=(Hub(REPO, FILE),))
FOLDER = {
    "config.json": b"{}",
    "modules.json": b"[]",
    "model.safetensors": DATA,
    "1_Pooling/config.json": b"{}",  # the same bytes as config.json, under another name
}
SEARCH = Entry(name="search", title="Search", kind="embedding", files=tuple(FOLDER), sources=(Hub("org/search"),))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    files = {f"{REPO}/{FILE}": DATA} | {f"org/search/{name}": data for name, data in FOLDER.items()}
    with serve(FakeHub(files, small=frozenset({"config.json", "modules.json"}))) as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.url)
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("HF_TOKEN", "")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr(hub_source, "PAUSE_S", 0.0)
        yield fake


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(Settings(data_dir=tmp_path, models_dir=tmp_path / "models"), (TINY, SEARCH))


def stop_at(size: int, cancel: threading.Event) -> Callable[[Progress], None]:
    """A listener that asks to stop once `size` bytes are here."""

    def listen(progress: Progress) -> None:
        if progress.done >= size:
            cancel.set()

    return listen


def all_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Report every step, as if the ten reports a second had room for it."""
    monkeypatch.setattr(transfer, "EVERY_S", 0.0)


def test_a_file_comes_with_progress_and_is_checked(hub: FakeHub, catalogue: Catalogue) -> None:
    seen: list[Progress] = []
    path = catalogue.pull("tiny", seen.append)
    assert path == catalogue.folder / "tiny.gguf"
    assert path.read_bytes() == DATA
    assert [progress.state for progress in seen if progress.done == 0] == ["downloading", "checking"]
    assert (seen[-1].state, seen[-1].done, seen[-1].total) == ("done", len(DATA), len(DATA))
    assert {progress.source for progress in seen} == {f"hub {REPO}"}
    done = [progress.done for progress in seen if progress.state == "downloading"]
    assert done == sorted(done)
    assert done[-1] == len(DATA)
    assert not list((catalogue.folder / models.PARTIAL).glob("tiny/*"))
    requests = len(hub.asked)
    assert catalogue.pull("tiny") == path
    assert len(hub.asked) == requests


def test_a_cancelled_download_goes_on_where_it_stopped(
    hub: FakeHub, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_progress(monkeypatch)
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        catalogue.pull("tiny", stop_at(1_000_000, cancel), cancel)
    assert not catalogue.installed("tiny")
    (part,) = (catalogue.folder / models.PARTIAL / "tiny").glob("*.part")
    have = part.stat().st_size
    assert 0 < have < len(DATA)
    seen: list[Progress] = []
    assert catalogue.pull("tiny", seen.append).read_bytes() == DATA
    assert hub.bodies() == ["", f"bytes={have}-"]
    assert seen[0].done == have


def test_a_broken_connection_is_taken_up_again(hub: FakeHub, catalogue: Catalogue) -> None:
    hub.break_after = 1_200_000
    assert catalogue.pull("tiny").read_bytes() == DATA
    assert len(hub.bodies()) == 2
    assert hub.bodies()[1].startswith("bytes=")


def test_a_server_without_ranges_is_read_from_the_start(hub: FakeHub, catalogue: Catalogue) -> None:
    hub.break_after, hub.ranges = 1_200_000, False
    assert catalogue.pull("tiny").read_bytes() == DATA


def test_a_part_of_another_version_is_not_continued(
    hub: FakeHub, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_progress(monkeypatch)
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        catalogue.pull("tiny", stop_at(1_000_000, cancel), cancel)
    newer = DATA[::-1]
    hub.files[f"{REPO}/{FILE}"] = newer
    assert catalogue.pull("tiny").read_bytes() == newer
    assert hub.bodies() == ["", ""]


def test_a_file_that_is_not_what_the_hub_published_is_kept_aside(hub: FakeHub, catalogue: Catalogue) -> None:
    hub.published[f"{REPO}/{FILE}"] = sha256(b"something else")
    with pytest.raises(WrongHash) as caught:
        catalogue.pull("tiny")
    kept = catalogue.folder / "tiny.gguf.wrong"
    assert kept.read_bytes() == DATA
    assert str(kept) in caught.value.text()
    assert not catalogue.installed("tiny")
    assert catalogue.entries("llm") == [TINY]
    del hub.published[f"{REPO}/{FILE}"]
    assert catalogue.pull("tiny").read_bytes() == DATA


def test_a_folder_comes_file_by_file(hub: FakeHub, catalogue: Catalogue) -> None:
    folder = catalogue.pull("search")
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file()} == {
        *FOLDER,
        "aula-model.json",
    }
    for name, data in FOLDER.items():
        assert (folder / name).read_bytes() == data
    assert catalogue.verify("search")
    assert catalogue.digest("search") == sha256(DATA)


def test_a_small_file_is_checked_too(hub: FakeHub, catalogue: Catalogue) -> None:
    hub.published["org/search/modules.json"] = "0" * 40
    with pytest.raises(WrongHash, match=r"modules\.json"):
        catalogue.pull("search")
    assert (catalogue.folder / "search-modules.json.wrong").read_bytes() == b"[]"


def test_a_damaged_folder_is_replaced_and_what_was_in_it_kept(hub: FakeHub, catalogue: Catalogue) -> None:
    folder = catalogue.pull("search")
    (folder / "modules.json").unlink()
    (folder / "mine.txt").write_text("notes")
    assert not catalogue.installed("search")
    assert catalogue.pull("search") == folder
    assert catalogue.installed("search")
    assert (catalogue.folder / "search.old" / "mine.txt").read_text() == "notes"


def test_a_typed_file_is_pulled_and_found_again(hub: FakeHub, catalogue: Catalogue) -> None:
    name = f"hub:{REPO}/{FILE}"
    path = catalogue.pull(name)
    assert path.name == "tiny-q4.gguf"
    assert catalogue.installed(name)
    assert catalogue.path("tiny-q4") == path
    assert [entry.name for entry in catalogue.entries("llm")] == ["tiny", "tiny-q4"]
    path.write_bytes(DATA[:-1])
    with pytest.raises(WrongHash):
        catalogue.path("tiny-q4")


@pytest.mark.parametrize(
    ("status", "missing", "en", "es"),
    [
        (404, True, "not there", "no está allí"),
        (401, False, "HF_TOKEN", "HF_TOKEN"),
        (503, False, "HTTP 503", "HTTP 503"),
    ],
)
def test_a_refusal_is_said_in_words(
    hub: FakeHub, catalogue: Catalogue, status: int, missing: bool, en: str, es: str
) -> None:
    hub.status = status
    if missing:
        hub.files.clear()
    with pytest.raises(SourceUnreachable) as caught:
        catalogue.pull("tiny")
    assert en in caught.value.text("en")
    assert es in caught.value.text("es")
    assert REPO in caught.value.text("es")
    assert str(catalogue.folder) in caught.value.text("es")


def test_a_hub_out_of_reach_names_every_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(FakeHub()) as gone:
        url = gone.url
    monkeypatch.setenv("HF_ENDPOINT", url)
    monkeypatch.setenv("NO_PROXY", "*")
    both = Entry(name="both", title="Both", kind="llm", sources=(Hub("a/one", "x.gguf"), Hub("b/two", "x.gguf")))
    catalogue = Catalogue(Settings(data_dir=tmp_path, models_dir=tmp_path), (both,))
    with pytest.raises(SourceUnreachable) as caught:
        catalogue.pull("both")
    text = caught.value.text("es")
    assert "hub a/one (sin conexión); hub b/two (sin conexión)" in text
    assert str(tmp_path) in text


def test_the_second_source_serves_when_the_first_does_not(hub: FakeHub, tmp_path: Path) -> None:
    entry = Entry(name="x", title="X", kind="llm", sources=(Hub("no/where", "x.gguf"), Hub(REPO, FILE)))
    catalogue = Catalogue(Settings(data_dir=tmp_path, models_dir=tmp_path), (entry,))
    assert catalogue.pull("x").read_bytes() == DATA


def test_a_token_goes_to_the_hub_and_not_to_its_store(
    hub: FakeHub, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert catalogue.pull("tiny").read_bytes() == DATA
    sent = {path: credential for path, credential in hub.credentials if path.startswith("/store/")}
    assert sent == {f"/store/{REPO}/{FILE}": ""}


def test_no_download_starts_without_room(hub: FakeHub, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "SPARE", 10**18)
    with pytest.raises(NotEnoughDisk):
        catalogue.pull("tiny")
    assert hub.bodies() == []


def test_a_second_pull_waits_for_the_first_and_fetches_nothing(hub: FakeHub, catalogue: Catalogue) -> None:
    waiting = threading.Event()

    class Asked(threading.Event):
        times = 0

        def is_set(self) -> bool:
            self.times += 1
            if self.times > 2:  # it has come back from the lock at least once
                waiting.set()
            return super().is_set()

    partial = catalogue.folder / models.PARTIAL
    partial.mkdir(parents=True)
    result: list[Path] = []
    second = threading.Thread(target=lambda: result.append(catalogue.pull("tiny", cancel=Asked())))
    with FileLock(partial / "tiny.lock"):
        second.start()
        assert waiting.wait(60)
        (catalogue.folder / "tiny.gguf").write_bytes(DATA)  # as the other process would
    second.join(60)
    assert result == [catalogue.folder / "tiny.gguf"]
    assert hub.asked == []


def test_waiting_for_another_pull_can_be_cancelled(hub: FakeHub, catalogue: Catalogue) -> None:
    partial = catalogue.folder / models.PARTIAL
    partial.mkdir(parents=True)
    cancel = threading.Event()
    cancel.set()
    with FileLock(partial / "tiny.lock"), pytest.raises(Cancelled):
        catalogue.pull("tiny", cancel=cancel)
    assert hub.asked == []
