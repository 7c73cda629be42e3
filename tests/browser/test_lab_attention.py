"""The Attention panel in a real page: a sentence, its heads, a word by the keyboard, and one in several sentences."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SLOW, Opener, lab
from ui.texts import say

pytestmark = pytest.mark.browser
DRAWN = "#aula-lab-attention-drawn"


def tried(page: Page) -> None:
    lab(page, "attention")
    page.locator("#aula-lab-attention-try-sentence").click()
    expect(page.locator("#aula-lab-attention-heads .aula-figure")).to_be_visible(timeout=SLOW)


def test_a_sentence_its_heads_and_a_word_by_the_keyboard(open_page: Opener) -> None:
    page = open_page()
    tried(page)
    expect(page.locator(f"{DRAWN} figure")).to_have_count(3)
    head = page.locator("#aula-lab-attention-heads [data-do=head]").first
    key = (head.get_attribute("data-id") or "").split("-")
    head.click()
    which = say("es", "lab.attention.which", layer=key[0], head=key[1])
    caption = page.locator(f"{DRAWN} figcaption").first
    expect(caption).to_have_text(say("es", "lab.attention.lines", which=which))
    expect(page.locator("#aula-lab-attention-layer input[type=number]")).to_have_value(key[0])
    rows = page.locator(f"{DRAWN} .from")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(rows.nth(1).locator(".share").first).to_be_visible()
    expect(rows.nth(2).locator(".share").first).to_be_hidden()
    before = rows.count()
    page.locator("#aula-lab-attention-marks input").uncheck(force=True)
    expect(rows).to_have_count(before - 2)


def test_a_word_in_several_sentences_on_a_phone_in_the_dark(open_page: Opener) -> None:
    page = open_page(locale="en-GB", width=390, dark=True)
    tried(page)
    page.locator("#aula-lab-attention-try-senses").click()
    figures = page.locator("#aula-lab-attention-senses figure")
    expect(figures).to_have_count(3, timeout=SLOW)
    figures.first.locator("summary").click()
    expect(figures.first.locator("tbody tr").first).to_be_visible()
    page.locator("#aula-lab-attention-word input, #aula-lab-attention-word textarea").fill("<b>no")
    page.locator("#aula-lab-attention-compare").click()
    expect(page.locator("#aula-lab-attention-senses .aula-error")).to_contain_text("<b>no")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
