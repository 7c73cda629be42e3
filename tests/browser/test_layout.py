"""The page on a phone, in the dark, by keyboard alone, and for those who want no motion."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MARKER, Opener, finished, short_answers, tab

pytestmark = pytest.mark.browser


def luminance(page: Page, selector: str, what: str) -> float:
    """Return how light a colour is, 0 to 1."""
    colour = page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{what}")
    numbers = [float(n) / 255 for n in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [n / 12.92 if n <= 0.03928 else ((n + 0.055) / 1.055) ** 2.4 for n in numbers]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("locale", ["es-ES", "en-US"])
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_scrolls_sideways(open_page: Opener, with_document: str, locale: str, width: int) -> None:
    page = open_page(locale, width=width, height=800)
    for number in range(3):
        tab(page, number)
        for fold in page.locator(".label-wrap:visible").all():
            fold.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_conversations_fold_away_on_a_phone(open_page: Opener) -> None:
    page = open_page(width=390, height=800)
    expect(page.locator("#aula-new")).not_to_be_in_viewport()
    page.locator("#aula-sidebar .toggle-button").click()
    expect(page.locator("#aula-new")).to_be_in_viewport()
    page.locator("#aula-new").click()
    expect(page.locator("#aula-new")).not_to_be_in_viewport()


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_light_and_dark(open_page: Opener, dark: bool) -> None:
    page = open_page(dark=dark)
    ground = luminance(page, "body", "backgroundColor")
    assert (ground < 0.1) == dark
    for selector in ("#aula-header h1", ".aula-status", "#aula-tabs [role=tab][aria-selected=true]", ".label-wrap"):
        ink = luminance(page, selector, "color")
        light, deep = max(ink, ground), min(ink, ground)
        assert (light + 0.05) / (deep + 0.05) >= 4.5, selector


def test_asking_by_keyboard_alone(open_page: Opener, with_document: str) -> None:
    page = open_page()
    short_answers(page)
    page.locator("#aula-header h1").click()
    focus = "document.activeElement.closest('#aula-question') !== null"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(focus):
            break
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(f"document.activeElement === document.body || {outline} !== 'none'")
    assert page.evaluate(focus)
    page.keyboard.type(f"¿Qué es el {MARKER}?")
    page.keyboard.press("Enter")
    expect(page.locator("#aula-stop")).to_be_visible()
    finished(page)
    page.locator(".aula-sources .aula-link").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog.aula-viewer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.aula-viewer")).to_have_count(0)
    page.locator(".aula-seen > summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.aula-seen").first).to_have_attribute("open", "")


def test_every_control_has_a_name(open_page: Opener, with_document: str) -> None:
    page = open_page()
    for fold in page.locator(".label-wrap").all():
        fold.click()
    for number in range(3):
        tab(page, number)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('button, input:not([type=file]), textarea, summary')]
            .filter(e => e.offsetParent && !e.disabled)
            .filter(e => !(e.innerText?.trim() || e.ariaLabel || e.title || e.labels?.[0]?.innerText.trim()))
            .map(e => e.outerHTML.slice(0, 160))"""
        )
        assert nameless == []


def test_no_motion_for_those_who_want_none(open_page: Opener) -> None:
    page = open_page(reduced_motion="reduce")
    longest = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll('*')].map(e =>
            parseFloat(getComputedStyle(e).transitionDuration) || 0))"""
    )
    assert longest < 0.1
