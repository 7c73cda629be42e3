"""Collections: names, owners, one collection a document, and a choice that follows what is in them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import Engine, insert

from rag.collections import NAME_LENGTH, Collection, Collections, Folder, chosen
from rag.database import documents, holdings
from rag.errors import (
    CollectionEmpty,
    CollectionExists,
    CollectionNotFound,
    CollectionUnnamed,
    DocumentNotFound,
    NoRoom,
)
from rag.folder_states import FolderState
from rag.services import Services
from ui.collection_rows import collection_list
from ui.collections_panel import CollectionsPanel

A, B, C = "a" * 64, "b" * 64, "c" * 64


def hold(database: Engine, owner: str, *keys: str) -> None:
    with database.begin() as connection:
        for minute, key in enumerate(keys):
            there = insert(documents).prefix_with("OR IGNORE").values(id=key, suffix=".txt", bytes=1, status="ready")
            connection.execute(there)
            added = datetime(2026, 1, 1, 0, minute, tzinfo=UTC)
            connection.execute(insert(holdings).values(owner=owner, document=key, name=f"{key[0]}.txt", added=added))


@pytest.fixture
def shelves(database: Engine) -> Collections:
    hold(database, "ana", A, B, C)
    hold(database, "eva", A)
    return Collections(database)


def test_a_document_is_in_one_collection_at_most(shelves: Collections) -> None:
    first, second = shelves.make("ana", "  Historia \n antigua "), shelves.make("ana", "Arte")
    assert shelves.move("ana", [A, B], first) == 2
    assert shelves.move("ana", [B, C], second) == 2
    assert [(one.name, one.documents) for one in shelves.list("ana")] == [("Arte", 2), ("Historia antigua", 1)]
    assert shelves.documents("ana", [second]) == [C, B]
    assert shelves.by_document("ana") == {A: first, B: second, C: second}
    shelves.move("ana", [C], None)
    assert shelves.documents("ana", [first, second]) == [B, A]


def test_the_documents_stay_when_their_collection_goes(shelves: Collections) -> None:
    shelf = shelves.make("ana", "Historia")
    shelves.move("ana", [A, B], shelf)
    assert set(shelves.delete("ana", shelf)) == {A, B}
    assert shelves.list("ana") == []
    assert shelves.move("ana", [A, B, C], None) == 3


def test_names_are_one_of_a_kind_for_each_owner(shelves: Collections) -> None:
    shelf, other = shelves.make("ana", "Física"), shelves.make("ana", "Química")
    for name in ("Física", "FÍSICA", " física "):
        with pytest.raises(CollectionExists):
            shelves.make("ana", name)
    with pytest.raises(CollectionExists):
        shelves.rename("ana", other, "física")
    shelves.rename("ana", shelf, "física")  # its own name, in other letters
    assert shelves.make("eva", "Física")
    assert shelves.get("ana", shelves.make_numbered("ana", "Física")).name == "Física 2"
    long = "x" * 200
    assert len(shelves.get("ana", shelves.make_numbered("ana", long)).name) <= NAME_LENGTH
    assert shelves.get("ana", shelves.make_numbered("ana", long)).name.endswith(" 2")
    for bad in ("", " \u200b\n", long):
        with pytest.raises(CollectionUnnamed):
            shelves.make("ana", bad)


def test_anothers_collection_is_as_one_that_is_not_there(shelves: Collections) -> None:
    shelf = shelves.make("ana", "Historia")
    shelves.move("ana", [A, B], shelf)
    for call in (
        lambda: shelves.get("eva", shelf),
        lambda: shelves.rename("eva", shelf, "Mía"),
        lambda: shelves.delete("eva", shelf),
        lambda: shelves.documents("eva", [shelf]),
        lambda: shelves.move("eva", [A], shelf),
        lambda: shelves.expand("eva", [chosen(shelf)]),
        lambda: shelves.asked("eva", None, [shelf]),
    ):
        with pytest.raises(CollectionNotFound):
            call()
    assert shelves.list("eva") == []
    assert shelves.move("eva", [B, C], None) == 0  # they are not hers
    assert shelves.get("ana", shelf).documents == 2


def test_a_choice_follows_what_is_in_a_collection(shelves: Collections) -> None:
    shelf, empty = shelves.make("ana", "Historia"), shelves.make("ana", "Vacía")
    choice = [C, chosen(shelf)]
    shelves.move("ana", [A], shelf)
    assert shelves.expand("ana", choice) == [C, A]
    shelves.move("ana", [B, C], shelf)
    assert shelves.expand("ana", choice) == [C, B, A]
    assert shelves.expand("ana", None) is None
    assert shelves.expand("ana", []) == []
    with pytest.raises(CollectionEmpty):  # and not the model alone, which an empty list would ask
        shelves.expand("ana", [chosen(empty)])
    assert shelves.expand("ana", [A, chosen(empty)]) == [A]
    assert shelves.asked("ana", None, None) is None
    assert shelves.asked("ana", [C], [empty]) == [C]


def test_clearing_a_collection_goes_on_past_a_document_that_cannot_go(shelves: Collections) -> None:
    shelf = shelves.make("ana", "Historia")
    shelves.move("ana", [A, B, C], shelf)
    gone: list[str] = []

    def delete(owner: str, document: str) -> None:
        errors = {C: DocumentNotFound(), B: NoRoom(name="b.txt")}
        if document in errors:
            raise errors[document]
        gone.append(document)

    services = SimpleNamespace(collections=shelves, library=SimpleNamespace(delete=delete), folders=None)
    with pytest.raises(NoRoom):
        CollectionsPanel(cast(Services, services))._clear("ana", shelf)
    assert gone == [A]
    assert shelves.list("ana") == []


@pytest.mark.parametrize(
    ("state", "said", "button"),
    [
        (FolderState("apuntes", once=True), "its folder is being imported", "Stop the import"),
        (FolderState("apuntes", once=True, there=False), "cannot be read now; the import goes on", "Stop the import"),
        (FolderState("apuntes", once=True, done=True, skipped=("a.exe", "b.zip")), "Files left out: 2", ""),
        (FolderState("apuntes"), "follows the folder", "Stop watching"),
    ],
)
def test_an_import_says_how_it_stands_and_can_be_stopped(state: FolderState, said: str, button: str) -> None:
    folder = None if state.done else Folder("r", "apuntes", state.once)
    html = collection_list([Collection("c", "Historia", 1, folder)], {"c": state}, "en")
    assert said in html
    assert [label for label in ("Stop the import", "Stop watching") if f">{label}<" in html] == (
        [button] if button else []
    )
    assert ("upload them by themselves" in html) == bool(state.skipped)
