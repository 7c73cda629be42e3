"""The Words panel in a real browser: counting, both rankings, and n-grams beside the language model."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SLOW, Opener, lab

pytestmark = [pytest.mark.model, pytest.mark.browser]


def test_from_a_bag_of_words_to_the_language_model(open_page: Opener) -> None:
    page = open_page()
    lab(page, "words")
    counts = page.locator("#aula-lab-words-counts")
    page.locator("#aula-lab-words-try-order").click()
    expect(counts.locator("figure[data-name=bag-of-words]")).to_be_visible(timeout=SLOW)
    expect(counts.locator("figure[data-name=cosines]")).to_contain_text("1,000")
    page.locator("#aula-lab-words-n input[type=number]").fill("2")
    page.locator("#aula-lab-words-n input[type=number]").press("Tab")
    expect(counts).to_contain_text("Bolsa de 2-gramas", timeout=SLOW)

    found = page.locator("#aula-lab-words-found")
    page.locator("#aula-lab-words-try-synonym").click()
    expect(found.locator("figure[data-name=bm25-embedding] svg")).to_be_visible(timeout=SLOW)

    models = page.locator("#aula-lab-words-models")
    page.locator("#aula-lab-words-try-page").click()
    expect(models.locator(".aula-writings dt")).to_have_count(6, timeout=SLOW)
    expect(models.locator(".aula-writings dd").last).to_contain_text("La biblioteca")
    expect(models.locator("figure[data-name=ngrams-and-model] tbody tr")).to_have_count(6)
    expect(page.locator("#aula-lab-words-teach")).to_be_visible()


def test_on_a_phone_in_the_dark(open_page: Opener) -> None:
    page = open_page(locale="en-US", width=390, dark=True)
    lab(page, "words")
    page.locator("#aula-lab-words-try-meaning").click()
    bag = page.locator("#aula-lab-words-counts figure[data-name=bag-of-words]")
    expect(bag).to_be_visible(timeout=SLOW)
    bag.locator("summary").press("Enter")
    expect(bag.locator("table tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
