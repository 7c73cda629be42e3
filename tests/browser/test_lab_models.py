"""The Models panel: a model against itself agrees everywhere, and the page stays as wide as a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SLOW, lab
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.model]

Opener = Callable[..., Page]


def test_a_model_against_itself_on_a_phone(open_page: Opener) -> None:
    page = open_page("es-ES", 390, 800, dark=True)
    lab(page, "models")
    page.locator("#aula-lab-models-try-same").click()
    found = page.locator("#aula-lab-models-found")
    expect(found.locator("[data-name=models] svg")).to_be_visible(timeout=SLOW)
    agreement = found.locator("[data-name=models] tr", has_text=say("es", "lab.models.agreement"))
    expect(agreement.locator("td").first).to_have_text("100,00")
    divergence = found.locator("[data-name=models] tr", has_text=say("es", "lab.models.kl"))
    expect(divergence.locator("td").first).to_have_text("0,00")
    expect(found.locator("dd")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_text_is_asked_for(open_page: Opener) -> None:
    page = open_page("en-GB")
    lab(page, "models")
    page.locator("#aula-lab-models-go").click()
    expect(page.get_by_text("Write a text for the models to read")).to_be_visible()
    expect(page.locator("#aula-lab-models-go")).to_be_visible()
