"""The Lab's Search and Temperature panels in a real browser, with the starter model."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from lab.strategies import STRATEGIES
from tests.browser.conftest import SLOW, Opener, lab
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.model]


def _number(page: Page, panel: str, name: str, value: int) -> None:
    field = page.locator(f"#aula-lab-{panel}-{name} input[type=number]")
    field.fill(str(value))
    field.press("Tab")


def _whole(page: Page, panel: str) -> None:
    expect(page.locator(f"#aula-lab-{panel}-go")).to_be_visible(timeout=SLOW)
    expect(page.locator(f"#aula-lab-{panel}-stop")).to_be_hidden(timeout=SLOW)


def test_seven_ways_on_from_one_beginning_in_spanish(open_page: Opener) -> None:
    page = open_page()
    lab(page, "search")
    expect(page.locator("#aula-lab-search-intro")).to_contain_text("estrategia de generación de texto")
    page.locator("#aula-lab-search-go").click()
    expect(page.locator(".toast-body")).to_contain_text("Escribe antes un comienzo")
    page.locator("#aula-lab-search-text textarea").fill("Había una vez un zorro que")
    _number(page, "search", "n", 1)
    _number(page, "search", "steps", 8)
    page.locator("#aula-lab-search-go").click()
    found = page.locator("#aula-lab-search-found")
    expect(found.locator("figure[data-name=beam-search] svg")).to_be_visible(timeout=SLOW)
    _whole(page, "search")
    expect(found.locator("section[data-way] li p:first-child").nth(len(STRATEGIES) - 1)).not_to_be_empty()
    rows = found.locator("figure[data-name=search-strategies] tbody tr")
    expect(rows).to_have_count(len(STRATEGIES))
    expect(rows.nth(1).locator("th")).to_have_text(say("es", "lab.search.way_beam"))
    tree = found.locator("figure[data-name=beam-search]")
    expect(tree.locator("rect.node.best")).to_have_count(8)
    tree.locator("summary").click()
    expect(tree.locator("tbody tr").first.locator("td").last).to_have_text(
        re.compile("|".join(say("es", f"lab.search.fate_{fate}") for fate in ("best", "found", "left")))
    )


def test_temperatures_dark_on_a_phone_in_english(open_page: Opener) -> None:
    page = open_page("en-GB", 390, 800, dark=True)
    lab(page, "temperature")
    page.locator("#aula-lab-temperature-text textarea").fill("My favourite animal is the")
    _number(page, "temperature", "n", 2)
    _number(page, "temperature", "steps", 4)
    page.locator("#aula-lab-temperature-go").click()
    spread = page.locator("#aula-lab-temperature-answers figure[data-name=temperature-spread]")
    expect(spread.locator("svg")).to_be_visible(timeout=SLOW)
    _whole(page, "temperature")
    expect(spread.locator("tbody tr")).to_have_count(5)
    expect(spread.locator("tbody tr").first.locator("td").nth(1)).to_have_text("1")  # at 0 there is but one answer
    bars = page.locator("#aula-lab-temperature-bars")
    expect(bars.locator("figcaption")).to_contain_text("temperature 1.00")
    _number(page, "temperature", "slider", 0)
    expect(bars.locator("figcaption")).to_contain_text("temperature 0.00 (entropy: 0.00 bits)")
    bars.locator("summary").click()
    expect(bars.locator("tbody td").first).to_have_text("1.00000")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
