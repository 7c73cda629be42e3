"""The Context panel: the example makes a map with a button press, and the page stays as wide as a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SLOW, lab
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.model]

Opener = Callable[..., Page]
FIGURE = "#aula-lab-context-found .aula-figure"


def test_the_example_hides_the_sentence_and_stop_keeps_what_was_found(open_page: Opener) -> None:
    page = open_page()
    lab(page, "context")
    expect(page.locator("#aula-lab-context-sentence textarea")).to_have_value(re.compile("cardamomo"))
    page.locator("#aula-lab-context-try-quick").click()
    expect(page.locator("#aula-lab-context-stop")).to_be_visible()
    expect(page.locator(FIGURE)).to_be_visible(timeout=SLOW)
    page.locator("#aula-lab-context-stop").click()
    expect(page.locator("#aula-lab-context-go")).to_be_visible(timeout=SLOW)
    page.locator(f"{FIGURE} summary").click()
    expect(page.locator(f"{FIGURE} tbody tr").first).to_be_visible()
    expect(page.locator(f"{FIGURE} thead")).to_contain_text(say("es", "lab.context.col_answer"))


def test_the_panel_fits_a_phone_and_says_what_is_missing(open_page: Opener) -> None:
    page = open_page("en-GB", 390, 800, dark=True)
    lab(page, "context")
    expect(page.locator("#aula-lab-context-question textarea")).to_have_value(re.compile("Amparo"))
    page.locator("#aula-lab-context-expected textarea").fill("")
    page.locator("#aula-lab-context-go").click()
    expect(page.get_by_text("at least one word that a right answer has")).to_be_visible()
    expect(page.locator("#aula-lab-context-go")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
