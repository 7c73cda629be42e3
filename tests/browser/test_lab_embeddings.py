"""The Embeddings panel: one click shows something, and a point of the map opens its page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SLOW, Opener, lab, settled, tab
from tests.running_app import App

pytestmark = pytest.mark.model
PANEL = "#aula-lab-embeddings"


@pytest.fixture(scope="module")
def passages(app: App, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A document of many passages is in the library: of one alone there is no map."""
    path = tmp_path_factory.mktemp("maps") / "faros.md"
    parts = [
        f"El faro {n} alumbra cada {n} segundos. " + f"Su torre tiene {n} pisos de piedra. " * 40 for n in range(8)
    ]
    path.write_text("\n\n".join(parts), encoding="utf-8")
    context = chromium.new_context(locale="es-ES")
    page = context.new_page()
    page.goto(app.url)
    settled(page)
    tab(page, 1)
    page.locator("#aula-upload input[type=file]").set_input_files([path])
    expect(page.locator("#aula-documents li[data-state=ready]", has_text=path.name)).to_be_visible(timeout=SLOW)
    context.close()


def drawn(page: Page) -> None:
    """Draw the map of everything, and wait for it."""
    page.locator(f"{PANEL}-try-map").click()
    expect(page.locator(f"{PANEL}-map canvas").first).to_be_visible(timeout=SLOW)


def test_sentences_words_and_a_map_that_opens_pages(open_page: Opener, passages: None) -> None:
    page = open_page()
    lab(page, "embeddings")
    page.locator(f"{PANEL}-try-meaning").click()
    matrix = page.locator(f"{PANEL}-matrix figure")
    expect(matrix.locator("rect.heat")).to_have_count(36, timeout=SLOW)
    page.locator(f"{PANEL}-try-king").click()
    expect(page.locator(f"{PANEL}-analogy .aula-lab-answer")).to_contain_text("rey − hombre + mujer ≈", timeout=SLOW)
    drawn(page)
    near = page.locator(f"{PANEL}-map .aula-map-near")
    expect(near.locator("button").first).to_be_visible()
    expect(page.locator(f"{PANEL}-map .aula-map-legend li")).not_to_have_count(0)
    page.locator(f"{PANEL}-map canvas").first.focus()
    page.keyboard.press("+")  # by keyboard: the list is then about the middle
    expect(near.locator("h4")).to_have_text("Lo más cercano al centro del mapa")
    near.locator("button").first.click()
    expect(page.locator("dialog.aula-viewer article[data-pages]")).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    with page.expect_download() as saved:
        page.locator(f"{PANEL}-map [data-save=png]").click()
    assert saved.value.suggested_filename == "map-pca.png"


def test_on_a_dark_phone_nothing_sticks_out(open_page: Opener, passages: None) -> None:
    page = open_page(locale="en-GB", width=390, height=844, dark=True)
    lab(page, "embeddings")
    drawn(page)
    page.locator(f"{PANEL}-map summary").click()
    expect(page.locator(f"{PANEL}-map td[data-value]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    in_another_light(page)


def in_another_light(page: Page) -> None:
    """Change the theme: only the marks are drawn anew; what is hidden stays so, and nothing listens twice."""
    shown = page.locator(f"{PANEL}-map")
    for box in shown.locator(".aula-map-legend input").all():
        box.uncheck()
    expect(shown.locator(".aula-map-near li")).to_have_count(0)
    icons = shown.locator(".aula-map-icon canvas")
    count = icons.count()
    icons.evaluate_all("all => all.forEach(one => { one.dataset.before = ''; })")
    canvas = shown.locator(".aula-map canvas").first
    canvas.evaluate("one => { one.addEventListener = () => { one.dataset.again = ''; }; }")
    page.emulate_media(color_scheme="light")
    expect(shown.locator(".aula-map-icon canvas[data-before]")).to_have_count(0)
    expect(icons).to_have_count(count)
    expect(shown.locator("canvas[data-again]")).to_have_count(0)
    expect(shown.locator(".aula-map-near li")).to_have_count(0)
