"""Takes the README's pictures from the running app: python docs/make_pictures.py, with a Chromium on the PATH.

Starts the app on an empty data folder with the installed default model, loads the sample documents and asks them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from prompts.library import strategy  # noqa: E402
from rag.settings import DEFAULT_EMBEDDING, DEFAULT_MODEL, Settings  # noqa: E402
from tests.running_app import start  # noqa: E402
from ui.texts import say  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
QUESTIONS = {
    "es": "¿Cuántos puestos de lectura tiene la biblioteca y cuándo abrió?",
    "en": "How much is the yearly rent for a half plot?",
}
SLOW = 240_000  # ms
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def main() -> None:
    """Take every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        models = Settings.from_env().models_dir
        app = start(Path(folder), models, "--model", DEFAULT_MODEL, "--embedding", DEFAULT_EMBEDDING)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
                _take(browser, app.url)
                browser.close()
        finally:
            app.stop()


def browser_path() -> str | None:
    """Return the Chromium on the PATH."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def _take(browser: Browser, url: str) -> None:
    page = _open(browser, url, "es-ES")
    page.locator("#aula-tabs [role=tab]").nth(1).click()
    page.locator("#aula-samples").click()
    expect(page.locator("#aula-documents li[data-document][data-state=ready]")).to_have_count(2, timeout=SLOW)
    page.locator("#aula-documents [data-do=ledger]").first.click()
    page.wait_for_timeout(1_500)
    page.screenshot(path=PICTURES / "documents-es.png")
    page.locator("#aula-tabs [role=tab]", has_text=say("es", "tab.models")).first.click()
    page.wait_for_timeout(1_000)
    page.screenshot(path=PICTURES / "models-es.png")
    page.locator("#aula-tabs [role=tab]").nth(0).click()
    _ask(page, QUESTIONS["es"])
    page.screenshot(path=PICTURES / "chat-es.png")
    page.locator("#aula-chat button.aula-chip").first.click()
    expect(page.locator(".aula-viewer .aula-highlight").first).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / "page-es.png")
    page.keyboard.press("Escape")
    english = _open(browser, url, "en-GB", dark=True)
    english.locator("#aula-new").click()
    _ask(english, QUESTIONS["en"])
    english.screenshot(path=PICTURES / "chat-en-dark.png")
    phone = _open(browser, url, "es-ES", width=390, height=844)
    phone.wait_for_timeout(1_500)
    phone.screenshot(path=PICTURES / "chat-es-phone.png")
    _playground(page)


def _playground(page: Page) -> None:
    """Two strategies side by side, and a card with its results."""
    page.set_viewport_size({"width": 1280, "height": 1700})
    page.locator("#aula-tabs [role=tab]").nth(2).click()
    expect(page.locator("#aula-differs p")).to_be_visible()
    for column, name in enumerate(("zero-shot", "zero-shot-cot")):
        page.locator(f"#aula-strategy-{column} input").click()
        title = strategy(name).title["es"]
        page.locator(f"#aula-strategy-{column} [role=option]", has_text=title).first.click()
        page.wait_for_timeout(1_000)
    page.locator("#aula-play-run").click()
    expect(page.locator("#aula-play-stop")).to_be_visible()
    expect(page.locator("#aula-play-run")).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / "compare-es.png")
    page.set_viewport_size({"width": 1280, "height": 1100})
    _inner(page, "lessons")
    card = page.locator('[data-card="chain-of-thought"]')
    card.locator("[data-do=run]").click()
    expect(card.locator(".aula-conclusion")).to_be_visible(timeout=8 * SLOW)
    page.wait_for_timeout(2_000)
    page.screenshot(path=PICTURES / "lessons-es.png")
    card.locator("[data-do=answers]").click()
    page.wait_for_timeout(3_000)
    page.screenshot(path=PICTURES / "results-es.png")


def _inner(page: Page, name: str) -> None:
    page.locator("#aula-playground > .tab-wrapper [role=tab]", has_text=say("es", f"play.tab_{name}")).first.click()


def _open(browser: Browser, url: str, locale: str, width: int = 1280, height: int = 860, dark: bool = False) -> Page:
    context = browser.new_context(
        locale=locale, viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#aula-question textarea")).to_be_visible(timeout=SLOW)
    expect(page.locator(".aula-status")).to_contain_text("Qwen", timeout=SLOW)
    return page


def _ask(page: Page, question: str) -> None:
    page.locator("#aula-question textarea").fill(question)
    page.locator("#aula-send").click()
    expect(page.locator(".aula-stats").last).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
