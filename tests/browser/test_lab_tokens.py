"""The Lab's Tokens panel in a real browser: an example with one click, its boxes by keyboard, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SLOW, lab
from ui.texts import say

pytestmark = pytest.mark.model


def test_two_languages_side_by_side_and_the_template_on_request(open_page):
    page = open_page()
    lab(page, "tokens")
    page.locator("#aula-lab-tokens-try-pair").click()
    found = page.locator("#aula-lab-tokens-found")
    expect(found.locator(".aula-reading")).not_to_have_count(0, timeout=SLOW)
    expect(found.locator(".aula-verdicts li").first).to_contain_text("más barato")
    expect(found.locator(".aula-figure svg.bars")).to_have_count(1)
    first = found.locator(".aula-reading").first
    first.locator(".aula-tokens").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(first.locator(".aula-tk").nth(1)).to_be_focused()
    expect(first.locator("output")).to_contain_text("· id ")
    expect(page.locator("#aula-lab-tokens-stop")).to_be_hidden()
    page.locator("#aula-lab-tokens-special input").check(force=True)
    expect(found.locator(".aula-tk.special").first).to_have_text("<|im_start|>", timeout=SLOW)
    expect(found.locator(".aula-tk.special", has_text="[CLS]")).to_have_count(2)


def test_on_a_phone_nothing_scrolls_sideways_and_the_table_has_the_bytes(open_page):
    page = open_page("en-GB", width=390, dark=True)
    lab(page, "tokens")
    page.locator("#aula-lab-tokens-go").click()
    expect(page.locator("#aula-lab-tokens-found")).to_contain_text(say("en", "lab.tokens.empty"))
    page.locator("#aula-lab-tokens-text textarea").fill("ñandú <b>x</b>")
    page.locator("#aula-lab-tokens-go").click()
    first = page.locator("#aula-lab-tokens-found .aula-reading").first
    expect(first).to_be_visible(timeout=SLOW)
    first.locator("summary").click()
    expect(first.locator("table tbody tr").first).to_contain_text("C3")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
