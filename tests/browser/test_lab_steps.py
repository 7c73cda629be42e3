"""The Steps panel in a real browser: key by key, a branch, a reload, and an answer of the chat."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import SLOW, ask, lab, scope, settled, short_answers, tab
from ui.texts import say

Opener = Callable[..., Page]
STEPS = ".aula-path .aula-step"


def steps(page: Page, count: int) -> None:
    expect(page.locator(STEPS)).to_have_count(count, timeout=SLOW)


def walks_where_the_last_click_says(page: Page) -> None:
    """Click the box that is here already, where nothing changes, then others; at last where it began."""
    boxes, here = page.locator("#aula-lab-steps-tree g.node"), re.compile(r"\bhere\b")
    first = page.locator("#aula-lab-steps-tree g.here").get_attribute("data-id")
    began = page.locator(f"#aula-lab-steps-tree g[data-id='{first}']")
    began.click()
    boxes.nth(0).click()
    expect(boxes.nth(0)).to_have_class(here, timeout=SLOW)
    for box in (boxes.nth(0), boxes.nth(1), boxes.nth(2), began):  # faster than Python
        box.dispatch_event("click")
    expect(began).to_have_class(here, timeout=SLOW)
    page.locator(".aula-walk [data-do=back]").click()  # nothing was left waiting that would lead elsewhere
    expect(page.locator(".aula-path .later")).to_have_count(1, timeout=SLOW)
    expect(boxes.nth(1)).to_have_class(here)
    began.click()
    expect(began).to_have_class(here, timeout=SLOW)


def test_a_text_grows_key_by_key_and_its_branches_are_there_after_a_reload(open_page: Opener) -> None:
    page = open_page()
    lab(page, "steps")
    page.locator("#aula-lab-steps-try-fable").click()
    expect(page.locator(".aula-choice").first).to_be_visible(timeout=SLOW)
    expect(page.locator(".aula-walk")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    steps(page, 3)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".aula-path .later")).to_have_count(1, timeout=SLOW)
    other = page.locator(".aula-choice:not(.taken)").first
    label = other.locator(".aula-piece").inner_text()
    other.click()
    expect(page.locator(STEPS).last).to_contain_text(label, timeout=SLOW)
    boxes = page.locator("#aula-lab-steps-tree g.node")
    expect(boxes).to_have_count(4)  # the prompt, what both begin with, and two branches
    expect(page.locator("#aula-lab-steps-tree tbody tr")).to_have_count(4)
    walks_where_the_last_click_says(page)
    page.reload()
    settled(page)
    lab(page, "steps")
    steps(page, 3)
    expect(page.locator(STEPS).last).to_contain_text(label)
    box = boxes.nth(2)
    box.focus()
    box.press("Enter")
    expect(page.locator(".aula-choice").first).to_be_visible(timeout=SLOW)
    expect(page.locator(STEPS).last).not_to_contain_text(label)


def test_answers_of_the_chat_open_on_a_phone(open_page: Opener) -> None:
    page = open_page("en-GB", 390, 844, True)
    short_answers(page, 8)
    scope(page, "none")
    ask(page, "What is the capital of France?")
    ask(page, "And of Spain?")
    page.locator("#aula-to-steps").click()
    steps = page.locator(STEPS)
    expect(steps.first).to_be_visible(timeout=SLOW)
    assert 4 <= steps.count() <= 8
    expect(page.locator(".aula-walk h4").first).to_have_text(say("en", "lab.steps.next"))
    expect(page.locator(".aula-path .later")).to_have_count(0)  # the whole answer is there to be read
    steps.nth(1).click()
    expect(page.locator(".aula-choice.taken .aula-piece")).to_contain_text(
        steps.nth(1).locator("span").inner_text(), timeout=SLOW
    )
    page.locator("#aula-lab-steps-tree summary").click()
    expect(page.locator("#aula-lab-steps-tree tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".aula-walk > .aula-caption").first).to_contain_text("And of Spain?")
    tab(page, 0)
    page.locator("#aula-chat [data-tokens]").click()
    expect(page.locator(".aula-walk > .aula-caption").first).to_contain_text("the capital of France?", timeout=SLOW)
