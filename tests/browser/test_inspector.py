"""Why a passage is found, and another cut: in a real page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SLOW, Opener, settled, tab
from tests.running_app import App, start
from ui.texts import say

pytestmark = pytest.mark.browser
NAME = "barrios <b>viejos<b>.txt"
SONGS = "Las canciones de la fiesta las canta la banda municipal, que ensaya cada jueves en el patio."
TOWN = "\n".join(
    f"El barrio número {n} tiene {n * 7} casas y una fuente <img src=x onerror=alert(1)> junto a la calle {n}. "
    + (SONGS if n == 3 else f"Su mercado abre a las {n} y cierra cuando se acaba el pescado, casi siempre temprano.")
    for n in range(1, 25)
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[App]:
    """An app of its own: these tests begin with an empty library and change how its document is cut."""
    running = start(tmp_path_factory.mktemp("inspector"), models_dir)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def document(app: App, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("uploads") / NAME
    path.write_text(TOWN, encoding="utf-8")
    context = chromium.new_context(locale="es-ES")
    page = context.new_page()
    page.goto(app.url)
    settled(page)
    tab(page, 1)
    page.locator("#aula-upload input[type=file]").set_input_files([path])
    row = page.locator("#aula-documents li[data-state=ready]", has_text=NAME)
    expect(row).to_be_visible(timeout=SLOW)
    key = row.get_attribute("data-document")
    context.close()
    return str(key)


def unfolded(page: Page) -> Page:
    tab(page, 1)
    page.locator("#aula-inspector .label-wrap").first.click()
    expect(page.locator("#aula-inspect-question textarea")).to_be_visible()
    return page


def look(page: Page, question: str) -> None:
    field = page.locator("#aula-inspect-question textarea")
    field.fill(question)
    field.press("Enter")


def choose(page: Page, name: str) -> None:
    page.locator("#aula-inspect-document input").click()
    page.locator("#aula-inspect-document [role=option]", has_text=name).click()
    page.locator("#aula-cutting .label-wrap").click()


def test_an_empty_library_and_an_empty_question_say_what_to_do(open_page: Opener) -> None:
    """Runs first: the document comes with the tests below."""
    page = unfolded(open_page())
    page.locator("#aula-inspect-go").click()
    expect(page.locator("#aula-inspection")).to_contain_text(say("es", "docs.empty"))


def test_three_columns_with_the_words_marked(open_page: Opener, document: str) -> None:
    page = unfolded(open_page())
    page.locator("#aula-inspect-go").click()
    expect(page.locator("#aula-inspection")).to_contain_text(say("es", "inspect.empty"))
    look(page, "¿Qué cancion canta la banda?")
    columns = page.locator(".aula-column")
    expect(columns).to_have_count(3)
    for kind in ("lexical", "fused"):
        expect(page.locator(f"[data-list={kind}] mark", has_text="canciones").first).to_be_visible()
    expect(page.locator("[data-list=dense] mark")).to_have_count(0)
    expect(page.locator("[data-list=dense] u").first).to_be_visible()
    expect(page.locator("[data-list=lexical] .aula-words").first).to_contain_text("cancion")
    expect(page.locator("[data-list=fused] .aula-hit").first).to_contain_text(NAME)
    assert page.locator("#aula-inspection img").count() == 0
    tops = {round(column.bounding_box()["y"]) for column in columns.all()}  # type: ignore[index]
    assert len(tops) == 1  # side by side
    page.locator("[data-list=lexical] summary").first.press("Enter")
    expect(page.locator("[data-list=lexical] details").first).to_have_attribute("open", "")


def test_on_a_phone_the_columns_stand_one_below_the_other(open_page: Opener, document: str) -> None:
    page = unfolded(open_page("en-US", width=390, height=800, dark=True))
    look(page, "canciones")
    columns = page.locator(".aula-column")
    expect(columns).to_have_count(3)
    lefts = {round(column.bounding_box()["x"]) for column in columns.all()}  # type: ignore[index]
    assert len(lefts) == 1
    choose(page, NAME)
    expect(page.locator(".aula-cut-page")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_typed_stays_while_another_document_comes(open_page: Opener, document: str, tmp_path: Path) -> None:
    page = unfolded(open_page())
    choose(page, NAME)
    marks = page.locator(".aula-cut-mark")
    expect(marks.first).to_be_attached()
    before = marks.count()
    page.locator("#aula-cut-size input[type=number]").fill("64")
    page.locator("#aula-cut-size input[type=number]").press("Tab")
    expect(marks.nth(before)).to_be_attached()
    after = marks.count()

    other = tmp_path / "molinos.txt"
    other.write_text("Los molinos de la sierra muelen de noche, cuando sopla el viento del norte.", encoding="utf-8")
    page.locator("#aula-upload input[type=file]").set_input_files([other])
    row = page.locator("#aula-documents li[data-state=ready]", has_text=other.name)
    expect(row).to_be_visible(timeout=SLOW)
    page.locator("#aula-inspect-document input").click()  # the list's own answer has arrived
    expect(page.locator("#aula-inspect-document [role=option]", has_text=other.name)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#aula-cut-size input[type=number]")).to_have_value("64")
    expect(marks).to_have_count(after)
    row.locator("[data-do=delete]").click()
    page.locator(".aula-dialog .primary").click()
    expect(row).to_have_count(0)


def test_another_cut_is_previewed_then_made_and_its_effect_shown(open_page: Opener, document: str) -> None:
    page = unfolded(open_page())
    expect(page.locator("#aula-cut-again")).to_have_count(0)
    look(page, "canciones")
    expect(page.locator("[data-list=lexical] .aula-hit")).to_have_count(1)
    choose(page, NAME)
    marks = page.locator(".aula-cut-mark")
    row = page.locator(f"#aula-documents li[data-document='{document}']")
    before = int(re.findall(r"(\d+) fragmentos", row.inner_text())[0])
    expect(marks).to_have_count(before)
    page.locator("#aula-cut-size input[type=number]").fill("64")
    page.locator("#aula-cut-size input[type=number]").press("Tab")
    expect(marks.nth(before)).to_be_attached()
    after = marks.count()
    expect(row).to_contain_text(say("es", "docs.chunks", n=before))  # nothing is saved yet
    assert float(page.locator("#aula-cut-overlap input[type=range]").get_attribute("max") or 0) == 32

    page.locator("#aula-cut-again").click()
    told = say("es", "cut.done", name=NAME, before=f"{before} fragmentos", after=f"{after} fragmentos")
    expect(page.locator("#aula-cut-told")).to_contain_text(told, timeout=SLOW)
    expect(row).to_contain_text(say("es", "docs.chunks", n=after))
    expect(page.locator("[data-list=fused] .aula-hit").first).to_contain_text("canciones")  # the same question again
    shown = page.locator("[data-list=fused] .aula-hit").first.locator("blockquote").last.inner_text()
    assert len(shown) <= 64 * 6  # tokens, of Spanish
    expect(row).to_have_attribute("data-state", "ready")  # no longer being cut
    expect(page.locator("#aula-cut-now")).to_contain_text("64")

    row.locator("[data-do=delete]").click()  # a choice that is gone becomes all of them
    page.locator(".aula-dialog .primary").click()
    expect(page.locator("#aula-cut-now")).to_contain_text(say("es", "docs.empty"))
    expect(page.locator("#aula-cut-again")).to_be_hidden()
    page.locator("#aula-inspect-go").click()
    expect(page.locator("#aula-inspection")).to_contain_text(say("es", "docs.empty"))
