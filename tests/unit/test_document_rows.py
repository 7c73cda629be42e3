"""The rows of the Documents tab: one list of documents and jobs, their words, their buttons, what is looked at."""

from __future__ import annotations

import html as entities
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from markupsafe import Markup

from rag.errors import EncryptedDocument, UnsupportedFormat, WrongPassword
from rag.jobs import Job
from rag.store import Document
from ui.document_buttons import BUTTONS
from ui.document_looks import Look, Looks, pressed
from ui.document_rows import document_list
from ui.document_states import Row, actions, counts, facts, note, rows
from ui.texts import LANGUAGES, say

BAD = '<img src=x onerror="alert(1)">&"\''
D, E = "d" * 64, "e" * 64


def document(key: str = D, name: str = "a.pdf", **more: Any) -> Document:
    known: dict[str, Any] = {"pages": 120, "chunks": 400, "language": "es", "status": "ready", "bytes": 2_000_000}
    return Document(id=key, name=name, added=datetime(2026, 1, 1, tzinfo=UTC), **{**known, **more})


def job(**more: Any) -> Job:
    known: dict[str, Any] = {"id": "j1", "owner": "o", "name": "a.pdf", "document": D, "stage": "reading"}
    return Job(**{**known, **more})


def buttons(html: str) -> list[str]:
    return re.findall(r'data-do="([a-z-]+)"', html)


# -- one list ----------------------------------------------------------------------------------------------------


def test_a_job_and_its_document_are_one_row_and_what_is_no_document_yet_comes_first() -> None:
    archive = job(id="j2", document=None, name="all.zip", kind="archive")
    listed = rows([document(status="reading"), document(E, "b.pdf")], [job(), archive])
    assert [(row.name, row.state) for row in listed] == [
        ("all.zip", "reading"),
        ("a.pdf", "reading"),
        ("b.pdf", "ready"),
    ]


def test_an_ended_job_leaves_the_row_to_its_document() -> None:
    ended = [
        job(stage="done", status="ready"),
        job(id="j2", stage="done", status="duplicate"),
        job(id="j3", document=E, stage="cancelled", status="cancelled"),
        job(id="j4", document=None, stage="failed", status="failed", error=UnsupportedFormat(name="x.exe", formats="")),
    ]
    listed = rows([document()], ended)
    assert [row.state for row in listed] == ["failed", "duplicate", "ready"]
    assert note(listed[1], "en") == say("en", "docs.duplicate")
    assert "x.exe" in note(listed[0], "en")
    assert [actions(row) for row in listed[:2]] == [("dismiss",), ("dismiss",)]


def test_a_row_knows_its_collection_and_the_files_of_an_archive_are_not_each_called_duplicates() -> None:
    again = job(id="j2", stage="done", status="duplicate", part_of="j9")
    (row,) = rows([document(collection="c")], [again], [("c", "Biology"), ("e", "Else")])
    assert (row.shelf, row.state) == (("c", "Biology"), "ready")


@pytest.mark.parametrize(
    ("state", "stage", "expected"),
    [
        ("reading", "reading", ("see", "ledger", "pause", "cancel")),
        ("paused", "paused", ("see", "ledger", "resume", "cancel")),
        ("locked", "locked", ("unlock", "see", "ledger", "cancel")),
        ("partial", "locked", ("unlock", "see", "ledger", "cancel")),
        ("ready", None, ("see", "ledger", "move", "delete")),
        ("partial", None, ("retry", "see", "ledger", "move", "delete")),
        ("failed", None, ("retry", "see", "ledger", "delete")),
    ],
)
def test_each_state_offers_what_makes_sense(state: str, stage: str | None, expected: tuple[str, ...]) -> None:
    row = Row(document(status=state), job(stage=stage) if stage else None)
    assert actions(row) == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("archive", ("pause", "cancel")), ("address", ("cancel",)), ("add", ("cancel",))]
)
def test_only_an_archive_of_what_is_no_document_yet_can_rest(kind: str, expected: tuple[str, ...]) -> None:
    assert actions(Row(job=job(kind=kind, stage="reading"))) == expected


def test_nothing_to_see_of_a_document_without_pages() -> None:
    assert actions(Row(document(status="failed", pages=0))) == ("retry", "delete")
    assert actions(Row(document(status="locked", pages=0), job(stage="locked"))) == ("unlock", "delete")
    assert actions(Row(document(status="waiting", pages=0), job(stage="waiting"))) == ("pause", "cancel")


# -- words -------------------------------------------------------------------------------------------------------


def test_progress_is_by_page_with_the_time_left() -> None:
    row = Row(document(status="reading"), job(total=120, read=80, done=43, eta_s=130.0))
    assert facts(row, "en")[:4] == ["reading", "80 of 120 pages read", "43 searchable", "2 min left"]
    assert facts(row, "es")[:3] == ["leyendo", "80 de 120 páginas ya leídas", "43 ya en la búsqueda"]
    indexing = Row(document(status="reading"), job(stage="indexing", total=120, read=120, done=43))
    assert facts(indexing, "en")[:2] == ["preparing it for search", "43 of 120 pages searchable"]
    reading = Row(document(status="reading"), job(stage="ocr", total=9, read=9, done=2, ocr_done=1, ocr_total=7))
    assert "OCR 1 of 7" in facts(reading, "en")


@pytest.mark.parametrize("stage", ["waiting", "paused", "locked"])
def test_what_stands_still_promises_no_time(stage: str) -> None:
    said = facts(Row(document(status=stage), job(stage=stage, total=9, read=3, eta_s=60.0)), "en")
    assert not any("left" in one for one in said)


@pytest.mark.parametrize(
    ("unit", "said"), [("slide", "12 diapositivas"), ("sheet", "12 hojas"), ("page", "12 páginas")]
)
def test_pages_are_called_what_they_are(unit: str, said: str) -> None:
    assert said in facts(Row(document(unit=unit, pages=12)), "es")


def test_a_locked_row_says_what_to_do_and_then_what_was_wrong() -> None:
    row = Row(document(status="locked"), job(stage="locked", error=EncryptedDocument(name="a.pdf")))
    assert note(row, "en") == say("en", "docs.unlock_note")
    wrong = Row(document(status="locked"), job(stage="locked", error=WrongPassword(name="a.pdf")))
    assert note(wrong, "en") == WrongPassword(name="a.pdf").text("en")


def test_a_note_of_last_time_is_not_shown_while_it_is_tried_again() -> None:
    failed = document(status="failed", note={"en": "It is damaged.", "es": "Está dañado."})
    assert note(Row(failed), "es") == "Está dañado."
    assert note(Row(failed, job()), "es") == ""


# -- HTML --------------------------------------------------------------------------------------------------------


def test_names_notes_and_collections_are_data() -> None:
    row = Row(
        document(name=BAD, status="partial", note={"en": BAD, "es": BAD}),
        job(name=BAD, total=3),
        (BAD, BAD),
    )
    html = document_list([row, Row(document(E))], Look(shelf=BAD), [(BAD, BAD)], {}, "en")
    assert "<img" not in html
    choices = re.search(r'data-choices="([^"]*)"', html)
    assert choices is not None
    assert json.loads(entities.unescape(choices.group(1))) == [["", "No collection"], [BAD, BAD]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_state_has_words_and_buttons(lang: str) -> None:
    stages = ("waiting", "reading", "ocr", "indexing", "splitting", "embedding", "paused", "locked")
    for stage in stages:
        row = Row(document(status="reading"), job(stage=stage, total=3))
        assert say(lang, f"docs.state_{stage}") in document_list([row], Look(), [], {}, lang)
    for status in ("waiting", "reading", "paused", "locked", "ready", "partial", "failed"):
        assert say(lang, f"docs.state_{status}") in document_list([Row(document(status=status))], Look(), [], {}, lang)


def test_a_password_is_asked_for_as_one_and_its_button_names_the_job() -> None:
    html = document_list([Row(document(status="locked"), job(stage="locked"))], Look(), [], {}, "en")
    (unlock,) = re.findall(r"<button[^>]*data-do=\"unlock\"[^>]*>", html)
    assert "data-secret" in unlock
    assert 'data-id="j1"' in unlock
    assert "data-ask" in unlock


def test_what_has_been_read_is_not_cancelled_without_a_question() -> None:
    begun = document_list([Row(document(status="reading"), job(read=3, total=9))], Look(), [], {}, "en")
    assert say("en", "docs.cancel_ask", name="a.pdf") in entities.unescape(begun)
    waiting = document_list([Row(document(status="waiting"), job(stage="waiting"))], Look(), [], {}, "en")
    assert "data-ask" not in waiting


def test_moving_needs_a_collection_to_move_to() -> None:
    listed = [Row(document()), Row(document(E))]
    assert "move" not in buttons(document_list(listed, Look(), [], {}, "en"))
    assert buttons(document_list(listed, Look(), [("c", "Biology")], {}, "en")).count("move") == 3  # both, and ticked


def test_the_ledger_stands_in_its_row_only_while_it_is_opened() -> None:
    listed = [Row(document()), Row(document(E))]
    html = document_list(listed, Look(opened=frozenset({E})), [], {E: Markup("<p>PAGES</p>")}, "en")
    assert html.index("PAGES") > html.index(f'data-row="{E}"')
    assert html.count('aria-expanded="true"') == 1


# -- what is looked at -------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_and_grows() -> None:
    listed = [Row(document(f"{n:064}", f"{n}.pdf", status="failed" if n % 4 == 0 else "ready")) for n in range(200)]
    assert counts(listed) == {"all": 200, "going": 0, "amiss": 50}
    html = document_list(listed, Look(), [], {}, "en")
    assert html.count("<li ") == 50
    assert "150 left" in html
    assert document_list(listed, Look(shown=400), [], {}, "en").count("<li ") == 200
    only = document_list(listed, Look(which="amiss"), [], {}, "en")
    assert only.count('data-state="failed"') == only.count("<li ") == 50
    none = document_list(listed, Look(which="going"), [], {}, "en")
    assert say("en", "docs.which_none") in none
    assert 'data-id="all"' in none  # the way back


def test_a_collection_that_is_gone_narrows_nothing() -> None:
    listed = [Row(document(), shelf=("c", "Biology")), Row(document(E))]
    assert document_list(listed, Look(shelf="c"), [("c", "Biology")], {}, "en").count("<li ") == 1
    assert document_list(listed, Look(shelf="c"), [], {}, "en").count("<li ") == 2


def test_presses_of_the_list_change_the_look_and_others_do_not() -> None:
    look = pressed(Look(), "ledger", D)
    assert look is not None
    assert look.opened == {D}
    filtered = pressed(look, "ledger-amiss", D)
    assert filtered is not None
    assert filtered.amiss == {D}
    closed = pressed(filtered, "ledger", D)
    assert closed == Look()
    assert pressed(Look(), "delete", D) is None


def test_each_session_has_its_own_look() -> None:
    looks = Looks()
    assert looks.press("a", "which", "amiss")
    assert not looks.press("a", "delete", D)
    assert (looks.get("a").which, looks.get("b").which, looks.get(None).which) == ("amiss", "all", "all")
    for n in range(600):
        looks.press(f"s{n}", "more", "")
    assert looks.get("a").which == "all"  # forgotten, not kept for ever


@pytest.mark.parametrize(("status", "asks"), [("locked", True), ("partial", False)])
def test_a_cancel_that_takes_pages_away_asks_first(status: str, asks: bool) -> None:
    row = Row(document(status=status), job(stage="locked", read=0))
    assert ("data-ask" in BUTTONS["cancel"](row, False, "en")) == asks  # a retry's leaves the document as it was
