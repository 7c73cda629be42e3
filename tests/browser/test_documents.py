"""The Documents tab: one list of what is held and what is under way, its pages, passwords, several at once, delete."""

from __future__ import annotations

import io
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader, PdfWriter

from tests.browser.conftest import SLOW, Opener, settled, tab
from tests.pdf_bytes import document as pdf
from tests.pdf_bytes import stream, text
from tests.running_app import App
from ui.documents import SAMPLES
from ui.texts import say

pytestmark = pytest.mark.browser

PASSWORD = "clave-Xilofonte-4711"
WRONG = "otra-Xilofonte-0815"


def opened(page: Page) -> Page:
    tab(page, 1)
    return page


def put_in(page: Page, *paths: Path) -> None:
    page.locator("#aula-upload input[type=file]").set_input_files(list(paths))


def row(page: Page, name: str, state: str = "") -> Locator:
    selector = "#aula-documents li" + (f"[data-state={state}]" if state else "")
    return page.locator(selector, has_text=name)


def remove(page: Page, name: str) -> None:
    row(page, name).locator("[data-do=delete]").click()
    page.locator(".aula-dialog .primary").click()
    expect(row(page, name)).to_be_hidden()


def note(folder: Path, name: str, said: str) -> Path:
    path = folder / name
    path.write_text(said, encoding="utf-8")
    return path


def test_upload_gets_ready_and_what_fails_stays_with_its_reason(open_page: Opener, tmp_path: Path) -> None:
    good = note(tmp_path, "nota.txt", "La clorofila es verde porque absorbe la luz roja y la azul.\n")
    broken = tmp_path / "roto.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing of a PDF")
    page = opened(open_page())
    put_in(page, broken, good)
    ready, failed = row(page, "nota.txt", "ready"), row(page, "roto.pdf", "failed")
    expect(ready).to_contain_text(say("es", "docs.chunks_one"), timeout=SLOW)
    expect(ready).to_contain_text(say("es", "lang.es"))
    expect(failed).to_contain_text("dañado", timeout=SLOW)
    failed.locator("[data-do=retry]").click()
    expect(row(page, "roto.pdf", "failed")).to_contain_text("dañado", timeout=SLOW)

    put_in(page, good)
    again = row(page, "nota.txt", "duplicate")
    expect(again).to_contain_text(say("es", "docs.duplicate"), timeout=SLOW)
    again.locator("[data-do=dismiss]").click()
    expect(again).to_be_hidden()

    ready.locator("[data-do=delete]").click()
    page.locator(".aula-dialog").get_by_role("button", name=say("es", "common.cancel")).click()
    expect(ready).to_be_visible()
    remove(page, "nota.txt")
    page.reload()
    settled(page)
    remove(opened(page), "roto.pdf")


def test_samples_load_with_one_click(open_page: Opener) -> None:
    page = opened(open_page("en-US"))
    page.locator("#aula-samples").click()
    for sample in SAMPLES.glob("*.pdf"):
        expect(row(page, sample.name, "ready")).to_be_visible(timeout=SLOW)
    page.reload()
    settled(page)
    tab(page, 1)
    for sample in SAMPLES.glob("*.pdf"):
        remove(page, sample.name)


def test_the_pages_of_a_document_open_below_it_and_stay_open(open_page: Opener, tmp_path: Path) -> None:
    path = tmp_path / "hojas.pdf"
    path.write_bytes(pdf([text("El faro es alto."), stream(b""), text("El farero se llama Elías."), text("Fin.")]))
    page = opened(open_page())
    put_in(page, path)
    shown = row(page, "hojas.pdf", "ready")
    expect(shown).to_be_visible(timeout=SLOW)
    button = shown.locator("[data-do=ledger]")
    button.focus()
    page.keyboard.press("Enter")
    ledger = page.get_by_role("region", name=say("es", "docs.ledger_name", name="hojas.pdf"))
    expect(ledger.locator("tbody tr")).to_have_count(3)
    expect(ledger.locator("tbody tr").nth(1)).to_contain_text(say("es", "docs.page_empty"))
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(button).to_be_focused()

    # A document that arrives above draws the list anew: this stays open, and the keyboard stays where it was.
    put_in(page, note(tmp_path, "otra.txt", "Otra nota que llega después."))
    expect(row(page, "otra.txt", "ready")).to_be_visible(timeout=SLOW)
    expect(ledger).to_be_visible()
    ledger.get_by_role("button", name="3–4").click()
    expect(page.locator("dialog.aula-viewer article[data-page='3']")).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    expect(ledger.get_by_role("button", name="3–4")).to_be_focused()
    button.click()
    expect(ledger).to_be_hidden()
    remove(page, "hojas.pdf")
    remove(page, "otra.txt")


def test_a_list_that_grows_keeps_the_focus_and_what_is_ticked(open_page: Opener, tmp_path: Path) -> None:
    page = opened(open_page("en-US"))
    put_in(
        page, note(tmp_path, "first.txt", "The first of the notes."), note(tmp_path, "second.txt", "The second one.")
    )
    expect(row(page, "first.txt", "ready")).to_be_visible(timeout=SLOW)
    expect(row(page, "second.txt", "ready")).to_be_visible(timeout=SLOW)
    tick = row(page, "first.txt").locator("[data-tick]")
    tick.focus()
    page.keyboard.press("Space")
    expect(page.locator(".aula-ticked")).to_contain_text("1")
    put_in(page, note(tmp_path, "third.txt", "A third one comes."))
    tick.focus()
    expect(row(page, "third.txt", "ready")).to_be_visible(timeout=SLOW)
    expect(tick).to_be_focused()
    expect(tick).to_be_checked()
    expect(row(page, "third.txt").locator("[data-tick]")).not_to_be_checked()
    expect(row(page, "second.txt").locator("[data-tick]")).not_to_be_checked()

    row(page, "third.txt").locator("[data-tick]").check()
    page.locator(".aula-ticked [data-do=delete]").click()
    expect(page.locator(".aula-dialog")).to_contain_text(say("en", "docs.delete_many", n=2))
    page.locator(".aula-dialog .primary").click()
    expect(row(page, "first.txt")).to_be_hidden()
    expect(row(page, "third.txt")).to_be_hidden()
    expect(page.locator(".aula-ticked:visible")).to_have_count(0)
    remove(page, "second.txt")


def test_a_password_opens_a_document_and_is_kept_nowhere(open_page: Opener, app: App, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([text("El tesoro esta bajo el nogal.")]))))
    writer.encrypt(PASSWORD, algorithm="AES-256")
    path = tmp_path / "cerrado.pdf"
    writer.write(path)
    page = opened(open_page())
    put_in(page, path)
    locked = row(page, "cerrado.pdf", "locked")
    expect(locked).to_contain_text(say("es", "docs.unlock_note"), timeout=SLOW)
    for password, state in ((WRONG, "locked"), (PASSWORD, "ready")):
        row(page, "cerrado.pdf", "locked").locator("[data-do=unlock]").click()
        field = page.locator(".aula-dialog input")
        expect(field).to_have_attribute("type", "password")
        expect(field).to_be_focused()
        field.fill(password)
        field.press("Enter")
        expect(page.locator(".aula-dialog")).to_have_count(0)
        told = row(page, "cerrado.pdf", state)
        if state == "locked":
            expect(told.or_(page.locator("[data-testid=toast-body]")).first).to_contain_text("no es", timeout=SLOW)
        else:
            expect(told).to_be_visible(timeout=SLOW)
    kept = page.content() + "\n".join(app.lines)
    written = [path.read_bytes() for path in app.data.rglob("*") if path.is_file()]
    for password in (WRONG, PASSWORD):
        assert password not in kept
        assert not any(password.encode() in one or password.encode("utf-16-le") in one for one in written)
    remove(page, "cerrado.pdf")


def test_on_a_phone_nothing_goes_over_the_edge(open_page: Opener, with_document: str) -> None:
    page = opened(open_page("en-US", width=390, height=800, dark=True))
    page.locator(f"#aula-documents li[data-document='{with_document}'] [data-do=ledger]").click()
    expect(page.locator(".aula-ledger table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_no_address_is_asked_for_offline(open_page: Opener) -> None:
    page = opened(open_page())
    expect(page.locator("#aula-samples")).to_be_visible()
    expect(page.locator("#aula-address")).to_be_hidden()


def test_nothing_stays_in_the_upload_cache(open_page: Opener, app: App, document: Path, with_document: str) -> None:
    """The cache is readable by every user: a document must not be fetched from it, nor from the data folder."""
    page = opened(open_page())
    with page.expect_response(lambda response: "/upload?" in response.url) as uploaded:
        put_in(page, document)
    cached = uploaded.value.json()[0]
    expect(row(page, document.name, "duplicate")).to_be_visible(timeout=SLOW)
    for _ in range(100):  # the row may be there a moment before the cached file is gone
        if not Path(cached).exists():
            break
        page.wait_for_timeout(100)
    assert not Path(cached).exists()
    row(page, document.name, "duplicate").locator("[data-do=dismiss]").click()
    kept = Path(cached).parents[2] / "files" / with_document
    assert kept.is_file()
    for path in (cached, str(kept), str(kept.parents[1] / "aula.sqlite")):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{app.url}/gradio_api/file={urllib.parse.quote(path)}", timeout=20)
        refused.value.close()
        assert refused.value.code in (403, 404)
