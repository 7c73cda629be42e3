"""Ask, click the number after a sentence, and see it highlighted where it stands on the page."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SLOW, Opener, ask, short_answers, tab
from tests.pdf_bytes import document as pdf
from tests.pdf_bytes import text
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.model]
QUOTE = "The ferry to Port Ellery leaves at 7.40 from the north pier."
PAGES = [
    ["Timetable of the islands.", "Dogs travel on the upper deck."],
    ["Bicycles cost two pounds.", QUOTE, "In storms it waits."],
]
QUESTION = "From which pier does the ferry to Port Ellery leave?"


def letters(value: str) -> str:
    return re.sub(r"[^a-z0-9]", "", value.lower())


@pytest.fixture
def answered(open_page: Opener, tmp_path: Path) -> tuple[Page, Path]:
    """A page on which the question was answered from the document."""
    path = tmp_path / "ferry.pdf"
    path.write_bytes(pdf([text(*lines, leading=40) for lines in PAGES]))
    page = open_page("en-GB")
    short_answers(page, 64)
    tab(page, 1)
    page.locator("#aula-upload input[type=file]").set_input_files([path])
    expect(page.locator("#aula-documents li[data-state=ready]", has_text=path.name)).to_be_visible(timeout=SLOW)
    tab(page, 0)
    ask(page, QUESTION)
    return page, path


def test_a_chip_leads_to_its_words_on_the_page(answered: tuple[Page, Path]) -> None:
    page, path = answered
    chip = page.locator("#aula-chat button.aula-chip").first
    expect(chip).to_be_visible(timeout=SLOW)
    number = chip.inner_text()
    expect(page.locator(".aula-sources li blockquote").nth(int(number) - 1)).to_contain_text("north pier")
    chip.focus()
    page.keyboard.press("Enter")
    box = page.locator(".aula-viewer .aula-highlight")
    expect(box.first).to_be_visible(timeout=SLOW)
    expect(page.locator(".aula-viewer")).to_contain_text(say("en", "common.page", number=2).split()[0])
    held = "".join(under(page, path, i) for i in range(box.count()))
    assert letters(QUOTE) in letters(held)
    page.keyboard.press("Escape")
    expect(page.locator(".aula-viewer")).to_have_count(0)
    assert page.evaluate("document.activeElement.className") == "aula-chip"


def under(page: Page, path: Path, position: int) -> str:
    """Return the words of the PDF's second page that lie under a highlight, as PDFium reads them."""
    sheet = page.locator(".aula-viewer .aula-sheet").bounding_box()
    box = page.locator(".aula-viewer .aula-highlight").nth(position).bounding_box()
    assert sheet is not None
    assert box is not None
    document = pypdfium2.PdfDocument(path)
    try:
        leaf = document[1]
        across, down = leaf.get_width() / sheet["width"], leaf.get_height() / sheet["height"]
        left, top = (box["x"] - sheet["x"]) * across, (box["y"] - sheet["y"]) * down
        return str(
            leaf.get_textpage().get_text_bounded(
                left - 1,
                leaf.get_height() - top - box["height"] * down - 1,
                left + box["width"] * across + 1,
                leaf.get_height() - top + 1,
            )
        )
    finally:
        document.close()


def test_what_is_copied_has_numbers_and_no_markup(answered: tuple[Page, Path]) -> None:
    page, _ = answered
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    unfound = say("en", "chat.unfound")
    page.evaluate(
        """unfound => {
            const chip = document.querySelector('#aula-chat button.aula-chip');
            const raw = `A ferry.&nbsp;${chip.outerHTML} <u>It flies.</u> <small>${unfound}</small> 1 &lt; 2`;
            return navigator.clipboard.writeText(raw);
        }""",
        unfound,
    )
    assert page.evaluate("navigator.clipboard.readText()") == f"A ferry. [1] It flies. [{unfound}] 1 < 2"
    page.evaluate("navigator.clipboard.writeText('<u>x</u> &lt;')")  # as from a block of code
    assert page.evaluate("navigator.clipboard.readText()") == "<u>x</u> &lt;"
