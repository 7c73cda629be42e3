"""How the pages of a document are told: runs, the strip that stays light, the table that everybody can read."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from ui.ledger_view import Run, cells, described, ledger, runs, where
from ui.texts import LANGUAGES

BAD = '<img src=x onerror="alert(1)">'


@dataclass(frozen=True)
class Page:
    number: int
    how: str = "text"
    reason: str = ""
    indexed: bool = True
    chunks: int = 2


def mixed() -> list[Page]:
    pages = [Page(n) for n in range(1, 44)]
    return [*pages, Page(44, "failed", "damaged", chunks=0), *(Page(n, "waiting", "image") for n in range(45, 61))]


def test_equal_neighbours_are_one_run() -> None:
    found = runs(mixed(), 70)
    assert [(run.first, run.last, run.kind, run.reason) for run in found] == [
        (1, 43, "text", ""),
        (44, 44, "failed", "damaged"),
        (45, 60, "waiting", "image"),
        (61, 70, "unread", ""),
    ]
    assert found[0].chunks == 86
    assert [where(run, "en") for run in found] == ["1–43", "44", "45–60", "61–70"]
    assert described(found[1], "en") == "failed: damaged"
    assert described(found[1], "es") == "con error: dañada"


def test_a_gap_is_unread_and_a_page_without_its_chunks_is_not_called_ready() -> None:
    found = runs([Page(1), Page(4, indexed=False)], 4)
    assert [(run.first, run.last, run.kind) for run in found] == [(1, 1, "text"), (2, 3, "unread"), (4, 4, "read")]
    assert runs([], 0) == []


def test_an_unknown_reason_does_not_break_the_words() -> None:
    assert described(Run(1, 1, "failed", "something new"), "en") == "failed"


def test_thousands_of_pages_that_alternate_stay_few_cells_and_none_that_failed_is_lost() -> None:
    pages = [Page(n, "text" if n % 2 else "empty") for n in range(1, 3001)]
    pages[1776] = Page(1777, "failed", "time", chunks=0)
    found = runs(pages)
    assert len(found) > 2900
    strip = cells(found)
    assert len(strip) == 120
    assert sum(cell.width for cell in strip) == 3000
    (failed,) = (cell for cell in strip if cell.run.kind == "failed")
    assert failed.page == 1777
    html = ledger("d" * 64, "a.pdf", "page", found, "en")
    assert html.count("<tr>") == 41  # with the head
    assert "Show the other 2,9" in html
    assert ledger("d" * 64, "a.pdf", "page", found, "en", whole=True).count("<tr>") == len(found) + 1


def test_each_run_opens_its_first_page_but_not_one_that_is_unread() -> None:
    html = str(ledger("d" * 64, "a.pdf", "page", runs(mixed(), 70), "en"))
    table = html[html.index("<table") :]
    assert re.findall(r'data-page="(\d+)"', table) == ["1", "44", "45"]
    strip = html[html.index("aula-strip") : html.index("<table")]
    assert re.findall(r'data-page="(\d+)"', strip) == ["1", "44", "45"]
    assert "1 failed</li>" in html
    assert "16 waiting for OCR</li>" in html


def test_only_what_is_amiss() -> None:
    html = ledger("d", "a.pdf", "page", runs(mixed()), "en", amiss=True)
    assert 'aria-pressed="true"' in html
    assert html.count("<tr>") == 3
    fine = ledger("d", "a.pdf", "page", runs([Page(1)]), "en")
    assert "ledger-amiss" not in fine  # nothing to filter


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("unit", ["page", "slide", "sheet", "section"])
def test_names_are_data_in_every_language_and_unit(lang: str, unit: str) -> None:
    html = ledger(BAD, BAD, unit, runs(mixed(), 99), lang)
    assert "<img" not in html
    assert ledger("d", "a", unit, [], lang).count("aula-empty") == 1
