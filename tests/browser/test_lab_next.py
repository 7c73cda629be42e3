"""The Next-token panel in a real browser: what comes next, the sampler without the model, going on by a click."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import SLOW, Opener, lab


def looked(page: Page, example: str) -> None:
    """Press an example and wait for what it shows."""
    page.locator(f"#aula-lab-next-try-{example}").click()
    expect(page.locator("#aula-lab-next-staged .aula-figure svg")).to_be_visible(timeout=SLOW)
    expect(page.locator("#aula-lab-next-stop")).to_be_hidden(timeout=SLOW)


def test_the_sampler_and_going_on(open_page: Opener) -> None:
    page = open_page()
    lab(page, "next")
    looked(page, "capital")
    found, staged = page.locator("#aula-lab-next-found"), page.locator("#aula-lab-next-staged")
    expect(found.locator(".take")).to_have_count(12)
    expect(found.get_by_role("status")).to_contain_text("49.152 tokens")
    expect(staged.locator("li[data-stage]")).to_have_count(6)
    expect(staged.locator("li[data-stage=top_k] s").first).to_be_visible()

    page.locator("#aula-lab-next-way input[value=off]").check(force=True)
    expect(staged.locator("li.off")).to_have_count(6)
    field = page.locator("#aula-lab-next-temperature input[type=number]")
    field.fill("0")
    field.press("Tab")
    expect(staged.locator("li[data-stage=temperature]")).to_contain_text("Queda 1 token")
    expect(staged.locator("li[data-stage=temperature]")).to_contain_text("49.151")

    token = found.locator(".aula-next-take").nth(1)
    chosen = token.inner_text()
    token.press("Enter")
    expect(found.locator(".aula-tk.chosen")).to_have_text([chosen], timeout=SLOW)
    found.locator(".take").first.click()
    expect(found.locator(".aula-tk.chosen")).to_have_count(2, timeout=SLOW)
    page.locator("#aula-lab-next-draw").click()
    expect(found.locator(".aula-tk.chosen")).to_have_count(3, timeout=SLOW)
    page.locator("#aula-lab-next-back").click()
    expect(found.locator(".aula-tk.chosen")).to_have_count(2, timeout=SLOW)


def test_on_a_phone_in_the_dark_in_english(open_page: Opener) -> None:
    page = open_page(locale="en-GB", width=390, height=800, dark=True)
    lab(page, "next")
    looked(page, "question")
    expect(page.locator("#aula-lab-next-system textarea")).to_be_visible()
    found = page.locator("#aula-lab-next-found")
    expect(found.locator(".aula-tk.special").first).to_contain_text("<|im_start|>")
    found.locator("summary").click()
    expect(found.locator("details table tbody tr")).to_have_count(13)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_download() as download:
        found.locator("[data-save=csv]").click()
    assert download.value.suggested_filename == "next-token.csv"
