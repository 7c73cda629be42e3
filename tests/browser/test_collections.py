"""Collections and folders: made, filled and asked, by keyboard and on a phone; a watched folder is followed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SLOW, Opener, ask, scope, settled, short_answers, tab, unfold
from tests.running_app import App, start
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.model]
LAMP = "La lámpara del cabo Pena se encendió en 1907 y su guardián se llamaba Olmedo.\n"
GARDEN = "El huerto de la calle del Puerto tiene 41 parcelas y lo cuida Ibarra.\n"
HARBOUR = "La dársena del cabo Pena mide 300 metros y la dirige Quiroga.\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the page may look into."""
    folder = tmp_path_factory.mktemp("raíz")
    (folder / "apuntes").mkdir()
    (folder / "vacía").mkdir()
    return folder


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, models_dir: Path, root: Path) -> Iterator[App]:
    """An app of these tests' own, with a folder named at its start."""
    running = start(tmp_path_factory.mktemp("aula"), models_dir, "--folder", str(root))
    yield running
    running.stop()


def documents(page: Page) -> Page:
    tab(page, 1)
    panel = page.locator("#aula-collections-panel > .label-wrap, #aula-collections-panel .label-wrap").first
    if "open" not in (panel.get_attribute("class") or "").split():
        panel.click()
    expect(page.locator("#aula-collections header")).to_be_visible()
    return page


def upload(page: Page, folder: Path, **texts: str) -> None:
    files = []
    for name, text in texts.items():
        files.append(folder / f"{name}.txt")
        files[-1].write_text(text, encoding="utf-8")
    page.locator("#aula-upload input[type=file]").set_input_files(files)
    for file in files:
        expect(row(page, file.name)).to_be_visible(timeout=SLOW)


def row(page: Page, name: str) -> Locator:
    return page.locator("#aula-documents li[data-state=ready]", has_text=name)


def shelf(page: Page, name: str) -> Locator:
    return page.locator("#aula-collections li", has_text=name)


def dialog(page: Page, text: str = "") -> None:
    if text:
        page.locator("#aula-dialog-field").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".aula-dialog")).to_have_count(0)


def make(page: Page, name: str) -> None:
    button = page.locator("#aula-collections [data-do=make]")
    button.focus()
    page.keyboard.press("Enter")
    dialog(page, name)
    expect(shelf(page, name)).to_be_visible()


def move(page: Page, document: str, to: str) -> None:
    row(page, document).locator("[data-do=move]").click()
    page.locator("#aula-dialog-field").select_option(label=to)
    page.locator(".aula-dialog .primary").click()
    expect(page.locator(".aula-dialog")).to_have_count(0)


def quoted(page: Page) -> Locator:
    """The names of what answers cite, and of what the model read for them."""
    return page.locator("#aula-chat .aula-name")


def test_a_collection_is_made_filled_and_asked_alone(open_page: Opener, app: App, tmp_path: Path) -> None:
    page = documents(open_page())
    upload(page, tmp_path, lampara=LAMP, huerto=GARDEN, darsena=HARBOUR)
    make(page, "Cabo <b>Pena</b>")
    page.locator("#aula-collections [data-do=make]").click()
    page.locator("#aula-dialog-field").fill("cabo <B>pena</B>")
    page.locator(".aula-dialog .primary").click()
    expect(page.get_by_text("Ya tienes una colección")).to_be_visible()
    expect(page.locator("#aula-collections li")).to_have_count(1)
    move(page, "lampara.txt", "Cabo <b>Pena</b>")
    expect(shelf(page, "Cabo <b>Pena</b>")).to_contain_text(say("es", "collections.documents_one"))

    tab(page, 0)
    short_answers(page)
    scope(page, "some")
    choice = page.locator("#aula-chosen label", has_text="Cabo <b>Pena</b>").locator("input")
    choice.focus()
    page.keyboard.press("Space")
    expect(choice).to_be_checked()
    page.wait_for_timeout(500)
    ask(page, "¿Quién cuida el huerto de la calle del Puerto?")
    expect(quoted(page).filter(has_text="lampara.txt").first).to_be_attached()
    expect(quoted(page).filter(has_text="huerto.txt")).to_have_count(0)

    documents(page)  # what comes later counts, and the conversation keeps the choice
    move(page, "huerto.txt", "Cabo <b>Pena</b>")
    expect(shelf(page, "Cabo <b>Pena</b>")).to_contain_text(say("es", "collections.documents", n=2))
    page.reload()
    settled(page)
    unfold(page, "options")
    label = page.locator("#aula-chosen label", has_text="Cabo <b>Pena</b>")
    expect(label.locator("input")).to_be_checked()
    expect(label).to_contain_text("(2)")
    short_answers(page)
    ask(page, "¿Quién cuida el huerto de la calle del Puerto?")
    expect(quoted(page).filter(has_text="huerto.txt").first).to_be_attached()

    client = Client(app.url, verbose=False)
    (known,) = client.predict(api_name="/list_collections")
    assert (known["name"], known["documents"]) == ("Cabo <b>Pena</b>", 2)
    found = client.predict("dársena del cabo Pena", 5, [known["collection"]], api_name="/search")
    assert {passage["name"] for passage in found} <= {"lampara.txt", "huerto.txt"}
    assert "darsena.txt" in {
        passage["name"] for passage in client.predict("dársena del cabo Pena", 5, None, api_name="/search")
    }
    client.close()

    documents(page)  # renamed, then deleted with what is in it: the conversation keeps its words, and no quote
    shelf(page, "Pena").locator("[data-do=rename]").click()
    dialog(page, "El cabo")
    shelf(page, "El cabo").locator("[data-do=clear]").click()
    page.locator(".aula-dialog .primary").click()
    expect(page.locator("#aula-collections li")).to_have_count(0)
    expect(row(page, "huerto.txt")).to_have_count(0)
    expect(row(page, "darsena.txt")).to_be_visible()
    page.reload()
    settled(page)
    expect(page.locator("#aula-chat .bot-row").first).to_be_visible()
    expect(quoted(page).filter(has_text=".txt")).to_have_count(0)
    expect(page.locator(".aula-sources", has_text=say("es", "chat.source_deleted")).first).to_be_visible()
    assert page.locator(".aula-sources blockquote", has_text="parcelas").count() == 0


def test_the_choice_works_on_a_phone(open_page: Opener, tmp_path: Path) -> None:
    page = documents(open_page(width=390, height=844, has_touch=True, is_mobile=True))
    upload(page, tmp_path, telefono=LAMP + "Por teléfono.\n")
    make(page, "De bolsillo")
    move(page, "telefono.txt", "De bolsillo")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tab(page, 0)
    short_answers(page)
    scope(page, "some")
    label = page.locator("#aula-chosen label", has_text="De bolsillo")
    label.tap()
    expect(label.locator("input")).to_be_checked()
    page.wait_for_timeout(500)
    ask(page, "¿Cuándo se encendió la lámpara del cabo Pena?")
    expect(page.locator(".aula-sources").first).to_be_visible()
    documents(page)
    shelf(page, "De bolsillo").locator("[data-do=delete]").click()
    page.locator(".aula-dialog .primary").click()
    expect(shelf(page, "De bolsillo")).to_have_count(0)
    expect(row(page, "telefono.txt")).to_be_visible()  # only the collection went


def test_a_folder_is_watched_and_followed(open_page: Opener, root: Path) -> None:
    (root / "apuntes" / "faro.md").write_text("# Faro\n\nEl faro mide 32 metros.\n", encoding="utf-8")
    (root / "apuntes" / "programa.exe").write_bytes(b"MZ")
    page = documents(open_page())
    places = page.locator("#aula-folders")
    places.locator("[data-do=open]").click()
    expect(places.locator("li")).to_have_count(2)
    places.locator("li", has_text="apuntes").locator("[data-do=watch]").click()
    expect(row(page, "faro.md")).to_be_visible(timeout=SLOW)
    watched = shelf(page, "apuntes")
    expect(watched).to_contain_text(say("es", "collections.watches", folder="apuntes"))
    expect(watched.locator("summary")).to_contain_text(say("es", "collections.left_out_one"), timeout=SLOW)
    (root / "apuntes" / "otro.md").write_text("# Otro\n\nEl otro faro mide 12 metros.\n", encoding="utf-8")
    (root / "apuntes" / "faro.md").unlink()
    expect(row(page, "otro.md")).to_be_visible(timeout=SLOW)
    expect(row(page, "faro.md")).to_have_count(0, timeout=SLOW)
    watched.locator("[data-do=unwatch]").click()
    page.locator(".aula-dialog .primary").click()
    expect(watched).not_to_contain_text(say("es", "collections.watches", folder="apuntes"))
    (root / "apuntes" / "otro.md").unlink()

    (root / "vacía" / "sub").mkdir()
    (root / "vacía" / "sub" / "tarde.txt").write_text("Llegó tarde.\n", encoding="utf-8")
    places.locator("li", has_text="vacía").locator("[data-do=import]").click()
    expect(row(page, "tarde.txt")).to_be_visible(timeout=SLOW)
    expect(row(page, "otro.md")).to_be_visible()
    expect(shelf(page, "vacía")).to_contain_text(say("es", "collections.documents_one"))


def test_a_folder_of_the_browser_becomes_a_collection(open_page: Opener, tmp_path: Path) -> None:
    (tmp_path / "carpeta" / "dentro").mkdir(parents=True)
    (tmp_path / "carpeta" / "uno.txt").write_text("Uno solo.\n", encoding="utf-8")
    (tmp_path / "carpeta" / "dentro" / "dos.txt").write_text("Dos juntos.\n", encoding="utf-8")
    (tmp_path / "carpeta" / "tres.exe").write_bytes(b"MZ")
    page = documents(open_page())
    page.locator("#aula-folder-upload input[type=file]").set_input_files(tmp_path / "carpeta")
    made = shelf(page, say("es", "collections.imported"))
    expect(made).to_contain_text(say("es", "collections.documents", n=2), timeout=SLOW)
    expect(row(page, "dos.txt")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(say("es", "collections.skipped_one")).first).to_be_visible()
