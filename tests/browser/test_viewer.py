"""A click on a citation opens its page with the passage highlighted; pages turn, zoom and close by mouse and keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rag.loaders import parse
from tests.browser.conftest import SLOW, Opener, settled, tab
from tests.pdf_bytes import document as pdf
from tests.pdf_bytes import text
from tests.running_app import App
from ui.texts import say

pytestmark = pytest.mark.browser
QUOTE = "El faro de Punta Serena se encendió en 1907."
PAGES = [["El camino sube hasta la torre.", "Son 214 escalones."], ["Antes no había luz.", QUOTE], ["Fin del libro."]]
VIEWER = ".aula-viewer"
SHOWN = f"{VIEWER} article[data-pages]"


@pytest.fixture(scope="module")
def cited(app: App, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PDF in the library, and a citation of a sentence on its second page as the attributes of a chip."""
    path: Path = tmp_path_factory.mktemp("viewer") / "faro.pdf"
    path.write_bytes(pdf([text(*lines, leading=40) for lines in PAGES]))
    start = parse(path, path.name).pages[1].text.index(QUOTE)
    context = chromium.new_context(locale="es-ES")
    page = context.new_page()
    page.goto(app.url)
    settled(page)
    tab(page, 1)
    page.locator("#aula-upload input[type=file]").set_input_files([path])
    row = page.locator("#aula-documents li[data-state=ready]", has_text=path.name)
    expect(row).to_be_visible(timeout=SLOW)
    key = row.get_attribute("data-document")
    context.close()
    return f'data-cite data-document="{key}" data-page="2" data-spans="{start}-{start + len(QUOTE)}"'


def put_chip(page: Page, attributes: str) -> None:
    """Put a chip where answers stand, as an answer would bring it, and give it the focus."""
    page.evaluate(
        """attributes => {
            const place = document.createElement('p');
            place.innerHTML = `<button type="button" class="aula-chip" ${attributes}>1</button>`;
            document.querySelector('#aula-ask').before(place);
            place.firstChild.focus();
        }""",
        attributes,
    )


def on_page(page: Page, number: int) -> None:
    expect(page.locator(f'{SHOWN}[data-page="{number}"]')).to_be_visible(timeout=SLOW)


def share(page: Page, of: str) -> dict[str, float]:
    """Where an element lies on the picture, in shares of it."""
    lies: dict[str, float] = page.evaluate(
        """of => {
            const sheet = document.querySelector('.aula-viewer .aula-sheet img').getBoundingClientRect();
            const box = document.querySelector(of).getBoundingClientRect();
            return {left: (box.left - sheet.left) / sheet.width, right: (box.right - sheet.left) / sheet.width,
                    top: (box.top - sheet.top) / sheet.height, bottom: (box.bottom - sheet.top) / sheet.height};
        }""",
        of,
    )
    return lies


def width(page: Page) -> float:
    """How wide the picture is shown, in pixels."""
    box = page.locator(f"{VIEWER} img").bounding_box()
    assert box
    return box["width"]


def test_a_chip_opens_its_page_with_the_passage_highlighted(open_page: Opener, cited: str) -> None:
    page = open_page()
    put_chip(page, cited)
    page.locator(".aula-chip").click()
    expect(page.locator(VIEWER)).to_be_visible()
    on_page(page, 2)
    assert page.locator(f"{VIEWER} img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 1190
    expect(page.locator(f"{VIEWER} header")).to_contain_text("página 2 de 3")
    expect(page.locator(f"{VIEWER} blockquote")).to_have_text(QUOTE)
    expect(page.locator(f"{VIEWER} [role=status]")).to_contain_text(QUOTE)

    expect(page.locator(".aula-highlight")).to_have_count(1)
    box = share(page, ".aula-highlight")  # the page is 595 x 842 points, the line's baseline at (72, 720)
    assert abs(box["left"] - 72 / 595) < 0.01
    assert box["right"] - box["left"] > 0.35
    assert box["top"] < (842 - 729) / 842 < (842 - 718) / 842 < box["bottom"]
    assert box["bottom"] - box["top"] < 20 / 842

    page.locator(f"{VIEWER} summary").click()
    expect(page.locator(f"{VIEWER} mark")).to_have_text(QUOTE)


def test_by_keyboard_alone(open_page: Opener, cited: str) -> None:
    page = open_page("en-US")
    put_chip(page, cited)
    page.keyboard.press("Enter")
    on_page(page, 2)
    inside = "document.querySelector('.aula-viewer').contains(document.activeElement)"
    assert page.evaluate(inside)
    page.keyboard.press("ArrowRight")
    on_page(page, 3)
    expect(page.locator(".aula-highlight")).to_have_count(0)
    expect(page.locator(f'{VIEWER} [data-view="next"]')).to_be_disabled()
    page.keyboard.press("PageDown")  # there is no more
    page.keyboard.press("PageUp")
    on_page(page, 2)
    expect(page.locator(".aula-highlight")).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    on_page(page, 1)
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{inside} || document.activeElement === document.body"), "the focus left the dialog"
    page.locator(f'{VIEWER} [data-view="next"]').focus()
    page.keyboard.press("Enter")
    on_page(page, 2)
    assert page.evaluate("document.activeElement.dataset.view") == "next", "whoever turns pages goes on turning"
    page.keyboard.press("Escape")
    expect(page.locator(VIEWER)).to_have_count(0)
    assert page.evaluate("document.activeElement.className") == "aula-chip"


def test_zoom_keeps_the_highlight_on_the_text(open_page: Opener, cited: str) -> None:
    page = open_page()
    put_chip(page, cited)
    page.locator(".aula-chip").click()
    on_page(page, 2)
    box = share(page, ".aula-highlight")
    fitted = width(page)
    assert page.locator(f'{VIEWER} [data-view="fit"]').get_attribute("aria-pressed") == "true"
    page.locator(f'{VIEWER} [data-view="in"]').click()
    assert width(page) == pytest.approx(fitted * 1.25, abs=2)
    assert share(page, ".aula-highlight") == pytest.approx(box, abs=0.005)
    for _ in range(5):
        page.locator(f'{VIEWER} [data-view="in"]').click()
    expect(page.locator(".aula-highlight")).to_be_in_viewport()
    page.keyboard.press("0")
    page.keyboard.press("-")
    assert width(page) == pytest.approx(fitted / 1.25, abs=2)
    page.locator(f'{VIEWER} [data-view="actual"]').click()
    assert width(page) == pytest.approx(595 * 4 / 3, abs=1)
    page.locator(f'{VIEWER} [data-view="next"]').click()
    on_page(page, 3)
    assert width(page) == pytest.approx(595 * 4 / 3, abs=1), "the zoom stays when pages turn"
    page.keyboard.press("0")
    assert width(page) == pytest.approx(fitted, abs=1)


def test_quick_turning_ends_on_the_last_page_asked_for(open_page: Opener, cited: str) -> None:
    page = open_page()
    put_chip(page, cited)
    page.locator(".aula-chip").click()
    on_page(page, 2)
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    on_page(page, 3)


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone(open_page: Opener, cited: str, dark: bool) -> None:
    page = open_page(width=390, height=800, dark=dark)
    put_chip(page, cited)
    page.locator(".aula-chip").click()
    on_page(page, 2)
    for part in ("header", ".aula-viewer-body", "[data-view=close]", "[data-view=actual]", "aside", "img"):
        box = page.locator(f"{VIEWER} {part}").bounding_box()
        assert box, part
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= 390, part
    picture, passage = (page.locator(f"{VIEWER} {part}").bounding_box() for part in (".aula-viewer-pane", "aside"))
    assert picture
    assert passage
    assert picture["height"] > 300
    assert passage["y"] >= picture["y"] + picture["height"] - 1
    colour = page.locator(VIEWER).evaluate("element => getComputedStyle(element).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", colour)[:3])) < 200) == dark
    page.locator(f'{VIEWER} [data-view="close"]').click()
    expect(page.locator(VIEWER)).to_have_count(0)


def test_the_documents_tab_opens_the_first_page(
    open_page: Opener, cited: str, document: Path, with_document: str
) -> None:
    page = open_page()
    tab(page, 1)
    page.get_by_role("button", name=say("es", "docs.see_pages_name", name="faro.pdf")).click()
    on_page(page, 1)
    expect(page.locator(".aula-highlight")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=say("es", "docs.see_text_name", name=document.name)).click()
    on_page(page, 1)
    expect(page.locator(f"{VIEWER} .aula-page-text")).to_contain_text("<script>document.title")
    expect(page.locator(f"{VIEWER} img")).to_have_count(0)


def test_what_is_not_there_is_said_in_the_dialog(open_page: Opener, cited: str) -> None:
    page = open_page()
    put_chip(page, re.sub(r'data-document="\w+"', f'data-document="{"0" * 64}"', cited))
    page.locator(".aula-chip").click()
    expect(page.locator(f"{VIEWER} .aula-viewer-pane")).to_contain_text("no está en tu biblioteca")
    page.locator(f'{VIEWER} [data-view="close"]').click()
    expect(page.locator(VIEWER)).to_have_count(0)
