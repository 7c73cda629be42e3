"""Takes the README's pictures of the Lab: python docs/lab_pictures.py, as docs/make_pictures.py takes the others.

Each panel is shown with its own "Try this". --all takes every panel in both languages, light and dark, wide and as on a
phone, into a folder of one's choice, to look at.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs.make_pictures import FLAGS, PICTURES, SLOW, browser_path
from rag.settings import DEFAULT_EMBEDDING, DEFAULT_MODEL, Settings
from tests.running_app import start
from ui.lab.tab import PANELS
from ui.texts import say

# panel -> the example that is pressed, and what is there when it is done
SHOWN = {
    "tokens": ("pair", ".aula-figure"),
    "next": ("capital", ".aula-figure"),
    "steps": ("fable", ".aula-figure"),
    "search": ("story", ".aula-figure"),
    "temperature": ("fact", ".aula-figure"),
    "context": ("quick", ".aula-figure"),
    "embeddings": ("map", ".aula-figure"),
    "words": ("page", ".aula-figure"),
    "attention": ("sentence", ".aula-figure"),
    "models": ("two", ".aula-figure"),
}
_STEPS = 8
README = {  # panel -> (language, dark)
    "tokens": ("en", True),
    "next": ("es", False),
    "steps": ("en", True),
    "search": ("es", False),
    "temperature": ("es", False),
    "context": ("en", True),
    "embeddings": ("es", False),
    "words": ("en", True),
    "attention": ("es", False),
}


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every panel in every way, to look at")
    parser.add_argument("--panels", nargs="+", default=list(PANELS), choices=PANELS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = Settings.from_env().models_dir
        app = start(Path(folder), models, "--model", DEFAULT_MODEL, "--embedding", DEFAULT_EMBEDDING)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
                _take(browser, app.url, options.panels, options.all)
                browser.close()
        finally:
            app.stop()


def _take(browser: Browser, url: str, panels: list[str], folder: Path | None) -> None:
    first = _open(browser, url, "es", dark=False)
    first.locator("#aula-tabs [role=tab]").nth(1).click()
    first.locator("#aula-samples").click()
    expect(first.locator("#aula-documents li[data-document][data-state=ready]")).to_have_count(2, timeout=SLOW)
    for panel in panels:
        if folder is None and panel in README:
            lang, dark = README[panel]
            name = f"lab-{panel}-{lang}{'-dark' if dark else ''}.png"
            _picture(lambda lang=lang, dark=dark: _open(browser, url, lang, dark), panel, lang, PICTURES / name)  # type: ignore[misc]
        elif folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for lang, dark, width in (("es", False, 1280), ("en", True, 390)):
                made = lambda lang=lang, dark=dark, width=width: _open(browser, url, lang, dark, width)  # noqa: E731
                _picture(made, panel, lang, folder / f"{panel}-{lang}-{width}.png", whole=True)


def _picture(opened: Callable[[], Page], panel: str, lang: str, path: Path, whole: bool = False) -> None:
    page = opened()
    example, done = SHOWN[panel]
    _go(page, lang, panel)
    page.locator(f"#aula-lab-{panel}-try-{example}").click()
    if panel == "steps":
        _walk(page)
    shown = page.locator(f"#aula-lab [role=tabpanel]:visible {done}").first
    expect(shown).to_be_visible(timeout=SLOW)
    stop = page.locator("#aula-lab [role=tabpanel]:visible [id$=-stop]:visible")
    expect(stop).to_have_count(0, timeout=4 * SLOW)
    page.wait_for_timeout(1_500)
    if not whole:
        page.locator(f"#aula-lab-{panel}-try-{example}").scroll_into_view_if_needed()
        if panel in ("embeddings", "words"):  # what is drawn is far below its example
            shown.evaluate("figure => figure.scrollIntoView({block: 'center'})")
    page.screenshot(path=path, full_page=whole)
    page.context.close()


def _walk(page: Page) -> None:
    """Take steps, go back and take another way, so that there is a tree to be seen."""
    steps = page.locator(".aula-path .aula-step")
    expect(page.locator(".aula-choice").first).to_be_visible(timeout=SLOW)
    for taken in range(_STEPS):
        page.keyboard.press("ArrowRight")
        expect(steps).to_have_count(taken + 1, timeout=SLOW)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".aula-path .later")).to_have_count(1, timeout=SLOW)
    page.locator(".aula-choice:not(.taken)").first.click()
    expect(page.locator(".aula-path .later")).to_have_count(0, timeout=SLOW)


def _go(page: Page, lang: str, panel: str) -> None:
    for place, key in (("#aula-tabs", "tab.lab"), ("#aula-lab", f"lab.tab_{panel}")):
        title = say(lang, key)
        visible = page.locator(f"{place} > .tab-wrapper [role=tab]:visible").get_by_text(title, exact=True)
        if not visible.count():
            page.locator(f"{place} > .tab-wrapper .overflow-menu > button").click()
            visible = page.locator(f"{place} .overflow-dropdown button", has_text=title)
        visible.first.click()


def _open(browser: Browser, url: str, lang: str, dark: bool, width: int = 1280) -> Page:
    context = browser.new_context(
        locale="es-ES" if lang == "es" else "en-GB",
        viewport={"width": width, "height": 1350 if width > 600 else 844},
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#aula-question textarea")).to_be_visible(timeout=SLOW)
    expect(page.locator(".aula-status")).to_contain_text("Qwen", timeout=SLOW)
    return page


if __name__ == "__main__":
    main()
