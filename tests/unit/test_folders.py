"""Folders that are watched or imported: what comes in, what is replaced, what leaves, and what is never touched."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine, update

from rag.collections import Collections, Folder
from rag.database import documents
from rag.errors import CollectionNotFound, DocumentNotFound, FolderUnreadable
from rag.folder_copy import copied
from rag.folder_states import Patience
from rag.folder_tree import FolderTree, Found, key_of
from rag.folders import Folders
from rag.ingest import Library
from rag.store import Document, Facts, Store


class Shelf:
    """Stands in for the library: whatever comes is a document at once, in the state that `status` says."""

    def __init__(self, database: Engine) -> None:
        self.store = Store(database)
        self.status = "ready"
        self.read: list[str] = []
        self.before: Callable[[str], object] = lambda name: None  # what happens while a file is taken in

    def add(self, owner: str, uploads: Sequence[tuple[Path, str]], collection: str | None = None) -> list[str]:
        for path, name in uploads:
            key = _id(path.read_text())
            self.before(name)
            self.read.append(name)
            if not self.store.stored(key):
                self.store.save(Facts(key, ".txt", 1, "", "section", "es", self.status), [], [])
            self.store.hold(owner, key, name, collection)
        return []

    def document(self, owner: str, document: str) -> Document:
        return self.store.document(owner, document)

    def delete(self, owner: str, document: str) -> None:
        self.store.release(owner, document)


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Desk:
    """A root with a folder in it, and what watches it."""

    def __init__(self, database: Engine, folder: Path) -> None:
        self.root = folder / "cosas"
        self.place = self.root / "apuntes"
        self.place.mkdir(parents=True)
        (self.root / "otra").mkdir()
        self.database, self.work = database, folder / "work"
        self.shelf = Shelf(database)
        self.collections = Collections(database)
        self.start()

    def start(self) -> None:
        """Begin anew, as after a restart."""
        tree = FolderTree([self.root])
        self.folders = Folders(self.database, self.collections, cast(Library, self.shelf), tree, self.work)

    def watch(self) -> str:
        return self.folders.watch("ana", Folder(key_of(self.root), "apuntes"))

    def look(self, times: int = 2) -> set[str]:
        """Look, and return the names of what is held now."""
        for _ in range(times):
            self.folders.look()
        return {one.name for one in self.shelf.store.documents("ana")}

    def put(self, name: str, text: str, later: float = 0.0) -> Path:
        file = self.place / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        os.utime(file, (1_700_000_000 + later, 1_700_000_000 + later))
        return file


@pytest.fixture
def desk(database: Engine, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


def test_a_file_is_read_once_it_stays_the_same_and_never_twice(desk: Desk) -> None:
    shelf = desk.watch()
    desk.put("a.txt", "uno")
    assert desk.look(1) == set()
    desk.put("a.txt", "uno y medio", 1)  # still being copied
    assert desk.look(1) == set()
    assert desk.look(1) == {"a.txt"}
    desk.put("más/b.md", "dos")
    assert desk.look() == {"a.txt", "b.md"}
    assert desk.collections.get("ana", shelf).documents == 2
    desk.start()
    desk.look(3)
    assert desk.shelf.read == ["a.txt", "b.md"]
    assert not list(desk.work.iterdir())


def test_links_hidden_files_and_other_formats_are_left_out(desk: Desk, tmp_path: Path) -> None:
    shelf = desk.watch()
    secret = tmp_path / "secreto"
    secret.mkdir()
    (secret / "s.txt").write_text("secreto")
    (desk.place / "enlace.txt").symlink_to(secret / "s.txt")
    (desk.place / "carpeta").symlink_to(secret)
    desk.put(".oculto.txt", "x")
    desk.put(".git/x.txt", "x")
    desk.put("programa.exe", "x")
    desk.put("todo.zip", "x")
    desk.put("a.txt", "uno")
    assert desk.look() == {"a.txt"}
    assert desk.folders.states("ana")[shelf].skipped == ("programa.exe", "todo.zip")


def test_a_link_put_in_the_place_of_a_folder_leads_nowhere(desk: Desk, tmp_path: Path) -> None:
    desk.watch()
    desk.put("sub/a.txt", "uno")
    desk.look(1)
    found = desk.folders._tree.look(Folder(key_of(desk.root), "apuntes")).files["sub/a.txt"]
    (desk.place / "sub").rename(tmp_path / "fuera")
    (desk.place / "sub").symlink_to(tmp_path / "fuera")
    with copied(found, desk.work, (desk.folders._tree, Folder(key_of(desk.root), "apuntes"))) as copy:
        assert copy is None
    assert desk.look() == set()


def test_the_old_version_leaves_when_the_new_one_is_ready(desk: Desk) -> None:
    desk.watch()
    desk.put("a.txt", "uno")
    desk.look()
    desk.shelf.status = "reading"
    desk.put("a.txt", "dos", 5)
    desk.look(3)
    assert {one.id for one in desk.shelf.store.documents("ana")} == {_id("uno"), _id("dos")}
    desk.start()  # a restart forgets nothing of it
    desk.look(3)
    assert {one.id for one in desk.shelf.store.documents("ana")} == {_id("uno"), _id("dos")}
    with desk.database.begin() as connection:
        connection.execute(update(documents).values(status="ready"))
    desk.look(1)
    assert [one.id for one in desk.shelf.store.documents("ana")] == [_id("dos")]
    desk.shelf.status = "failed"
    desk.put("a.txt", "roto", 9)
    desk.look(3)
    assert _id("dos") in {one.id for one in desk.shelf.store.documents("ana")}


def test_what_is_gone_leaves_unless_something_else_holds_it(desk: Desk) -> None:
    shelf = desk.watch()
    one, two, three = desk.put("a.txt", "igual"), desk.put("b.txt", "igual"), desk.put("c.txt", "otra")
    desk.look()
    assert desk.shelf.store.hold("eva", _id("otra"), "c.txt")
    one.unlink()
    assert len(desk.look(3)) == 2  # b.txt is the same document
    two.unlink()
    three.unlink()
    assert len(desk.look(1)) == 2  # a program that saves may put it back
    assert desk.look(1) == set()
    desk.put("d.txt", "queda")
    assert desk.look(3) == {"d.txt"}
    assert desk.shelf.store.holds("eva", _id("otra"))
    desk.collections.move("ana", [_id("queda")], desk.collections.make("ana", "Mía"))
    (desk.place / "d.txt").unlink()
    desk.put("e.txt", "para que la carpeta no quede vacía")
    assert desk.look(4) == {"d.txt", "e.txt"}  # it was moved elsewhere, so it is the person's
    assert desk.collections.get("ana", shelf).documents == 1


def test_what_the_person_had_before_is_not_taken_away(desk: Desk) -> None:
    shelf = desk.watch()
    desk.shelf.store.save(Facts(_id("mío"), ".txt", 1, "", "section", "es", "ready"), [], [])
    desk.shelf.store.hold("ana", _id("mío"), "mío.txt")
    file = desk.put("copia.txt", "mío")
    desk.put("b.txt", "otra")
    desk.look()
    file.unlink()
    assert "mío.txt" in desk.look(3)
    assert desk.collections.get("ana", shelf).documents >= 1


@pytest.mark.parametrize("lost", ["root", "folder", "empty"])
def test_nothing_is_touched_while_the_folder_cannot_be_listed(desk: Desk, lost: str) -> None:
    shelf = desk.watch()
    desk.put("a.txt", "uno")
    desk.look()
    away = desk.root.with_name("desconectada")
    if lost == "folder":
        desk.place.rename(desk.root / ".fuera")
    else:
        desk.root.rename(away)
    if lost == "empty":
        desk.root.mkdir()  # where a drive would be mounted
    assert desk.look(4) == {"a.txt"}
    assert not desk.folders.states("ana")[shelf].there
    if lost != "folder":
        if lost == "empty":
            desk.root.rmdir()
        away.rename(desk.root)
        assert desk.look(3) == {"a.txt"}
        assert desk.folders.states("ana")[shelf].there
    assert desk.shelf.read == ["a.txt"]


def test_an_import_takes_in_what_is_there_and_then_no_more(desk: Desk) -> None:
    desk.put("a.txt", "uno")
    desk.put("sub/b.txt", "dos")
    shelf = desk.folders.import_once("ana", Folder(key_of(desk.root), "apuntes"))
    desk.start()  # it goes on after a restart
    assert desk.look(1) == {"a.txt", "b.txt"}
    assert desk.collections.get("ana", shelf).folder is None
    desk.put("c.txt", "tres")
    (desk.place / "a.txt").unlink()
    assert desk.look(4) == {"a.txt", "b.txt"}
    assert desk.collections.get("ana", desk.folders.import_once("ana", Folder(key_of(desk.root), ""))).name == "cosas"


def test_only_what_is_below_a_root_can_be_named(desk: Desk, tmp_path: Path) -> None:
    root = key_of(desk.root)
    (tmp_path / "fuera").mkdir()
    (desk.root / "enlace").symlink_to(tmp_path / "fuera")
    assert [one.path for one in desk.folders.below(Folder(root, ""))] == ["apuntes", "otra"]
    for path in ("..", "../fuera", "apuntes/..", "enlace", ".", "/etc", "apuntes/../../fuera", "nada", "apuntes//"):
        with pytest.raises(FolderUnreadable):
            desk.folders.below(Folder(root, path))
        with pytest.raises(FolderUnreadable):
            desk.folders.watch("ana", Folder(root, path))
    with pytest.raises(FolderUnreadable):
        desk.folders.below(Folder(key_of(tmp_path), "fuera"))
    assert desk.collections.list("ana") == []


def test_watching_ends_and_the_documents_stay(desk: Desk) -> None:
    shelf = desk.watch()
    desk.put("a.txt", "uno")
    desk.look()
    with pytest.raises(CollectionNotFound):
        desk.folders.end("eva", shelf)
    desk.folders.end("ana", shelf)
    (desk.place / "a.txt").unlink()
    assert desk.look(4) == {"a.txt"}
    assert desk.folders.states("ana") == {}
    with pytest.raises(DocumentNotFound):
        desk.shelf.document("eva", _id("uno"))


@pytest.mark.parametrize("once", [True, False])
def test_deleting_the_collection_ends_what_fills_it(desk: Desk, once: bool) -> None:
    for name in "abcd":
        desk.put(f"{name}.txt", name)
    begin = desk.folders.import_once if once else desk.folders.watch
    shelf = begin("ana", Folder(key_of(desk.root), "apuntes"))
    desk.shelf.before = lambda name: name == "b.txt" and desk.collections.delete("ana", shelf)
    assert desk.look(1 if once else 2) == {"a.txt"}  # not the one that was on its way at that moment either
    assert desk.shelf.read == ["a.txt", "b.txt"]


def test_a_folder_that_is_stopped_in_the_middle_takes_in_no_more(desk: Desk) -> None:
    for name in "abc":
        desk.put(f"{name}.txt", name)
    shelf = desk.folders.import_once("ana", Folder(key_of(desk.root), "apuntes"))
    desk.shelf.before = lambda name: desk.folders.end("ana", shelf)
    assert desk.look(3) == {"a.txt"}
    assert desk.collections.get("ana", shelf).documents == 1
    assert desk.folders._files.files(shelf) == {}


def test_stopping_waits_for_no_look(desk: Desk) -> None:
    shelf = desk.watch()
    with desk.folders._looking:
        ending = threading.Thread(target=desk.folders.end, args=("ana", shelf), daemon=True)
        ending.start()
        ending.join(20)
        assert not ending.is_alive()
    assert desk.collections.get("ana", shelf).folder is None


def test_what_is_too_large_is_left_out_without_a_byte_of_it_copied(desk: Desk, monkeypatch) -> None:
    shelf = desk.watch()
    desk.put("a.txt", "uno")
    desk.look()
    monkeypatch.setattr("rag.folder_tree.MAX_BYTES", 5)
    desk.put("b.txt", "demasiado")
    desk.put("a.txt", "ha crecido", 5)
    assert desk.look(4) == {"a.txt"}  # as it was
    assert desk.folders.states("ana")[shelf].skipped == ("a.txt", "b.txt")


def test_a_copy_ends_when_nobody_wants_it_or_the_file_grows(desk: Desk, monkeypatch) -> None:
    monkeypatch.setattr("rag.folder_copy._BLOCK", 2)
    place = Folder(key_of(desk.root), "apuntes")
    desk.put("a.txt", "uno dos tres")
    where = (desk.folders._tree, place)
    found = desk.folders._tree.look(place).files["a.txt"]
    asked: list[int] = []

    def ended() -> bool:
        asked.append(1)
        return len(asked) == 3

    with copied(found, desk.work, where, ended) as copy:
        assert copy is None
    assert len(asked) == 3
    asked.clear()
    desk.put("a.txt", "uno dos tres y cuatro y cinco")
    with copied(found, desk.work, where, lambda: ended() and False) as copy:
        assert copy is None
    assert len(asked) <= found.bytes / 2


def test_a_file_that_cannot_be_read_is_tried_ever_less_often() -> None:
    patience, place, found = Patience(), ("c", "a.txt"), Found("a.txt", "/a.txt", 1, 1.0)
    tried = []
    for look in range(40):
        if not patience.rests(place, found):
            tried.append(look)
            patience.failed(place, found)
    assert tried == [0, 3, 8, 17, 34]
    assert not patience.rests(place, Found("a.txt", "/a.txt", 2, 2.0))  # it has changed
    assert patience.of("c") == ["a.txt"]
    patience.read(place)
    assert patience.of("c") == []


def test_an_import_says_what_it_left_out(desk: Desk, monkeypatch) -> None:
    desk.put("a.txt", "uno")
    desk.put("b.txt", "dos")
    desk.put("c.exe", "x")
    folder = Folder(key_of(desk.root), "apuntes")
    shelf = desk.folders.import_once("ana", folder)
    assert (desk.folders.states("ana")[shelf].once, desk.folders.states("ana")[shelf].done) == (True, False)
    inside = desk.folders._tree.inside
    monkeypatch.setattr(desk.folders._tree, "inside", lambda at, file: "b.txt" not in file and inside(at, file))
    assert desk.look(1) == {"a.txt"}
    state = desk.folders.states("ana")[shelf]
    assert (state.done, state.skipped) == (True, ("b.txt", "c.exe"))
    assert desk.folders.states("eva") == {}
    away = desk.folders.import_once("ana", folder)
    desk.place.rename(desk.root / ".fuera")
    desk.look(2)
    assert not desk.folders.states("ana")[away].there


def test_a_second_thread_waits_for_one_that_hangs(desk: Desk) -> None:
    hangs, free = threading.Event(), threading.Event()

    def taken(name: str) -> None:
        hangs.set()
        free.wait()

    desk.shelf.before = taken
    desk.put("a.txt", "uno")
    desk.put("b.txt", "dos")
    desk.folders.import_once("ana", Folder(key_of(desk.root), "apuntes"))
    desk.folders.start()
    assert hangs.wait(20)
    first = desk.folders._worker
    assert first is not None
    desk.folders._stop.set()  # as `stop` does, which has given up waiting for it
    desk.folders.start()
    second = desk.folders._worker
    assert second is not None
    assert second is not first
    assert desk.shelf.read == []
    free.set()
    first.join(20)
    assert not first.is_alive()
    desk.folders.stop()
    assert desk.folders._worker is None
    assert sorted(set(desk.shelf.read)) == sorted(desk.shelf.read)  # nothing twice
