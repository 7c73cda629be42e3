"""The backup panel in a real browser: made, downloaded, and put back after a document was deleted; what is refused."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from rag.backup_manifest import MANIFEST
from tests.browser.conftest import SLOW, Opener, settled, tab
from tests.running_app import App, start
from ui.texts import say

pytestmark = pytest.mark.browser
NOTE = "# El faro\n\nEl faro de Punta Serena se encendió por primera vez el 3 de marzo de 1907.\n"


@pytest.fixture
def app(tmp_path: Path, models_dir: Path) -> Iterator[App]:
    """An app of its own: what a restore replaces, other tests would miss."""
    running = start(tmp_path / "data", models_dir)
    yield running
    running.stop()


def panel(page: Page) -> Locator:
    """Open the panel, if it is not; what is folded is not in the page."""
    tab(page, 1)
    fold = page.locator("#aula-backup-panel .label-wrap")
    if "open" not in (fold.get_attribute("class") or "").split():
        fold.click()
    shown = page.locator("#aula-backup")
    expect(shown.locator("section")).to_be_visible()
    return shown


def row(page: Page, state: str = "") -> Locator:
    selector = "#aula-documents li" + (f"[data-state={state}]" if state else "")
    return page.locator(selector, has_text="faro.md")


def offer(page: Page, file: Path) -> None:
    page.locator("#aula-backup-file").set_input_files(file)


def test_a_backup_is_downloaded_and_brings_a_deleted_document_back(open_page: Opener, app: App, tmp_path: Path) -> None:
    note, data = tmp_path / "faro.md", tmp_path / "data"
    note.write_text(NOTE, encoding="utf-8")
    page = open_page()
    tab(page, 1)
    page.locator("#aula-upload input[type=file]").set_input_files([note])
    expect(row(page, "ready")).to_be_visible(timeout=SLOW)
    panel(page).get_by_role("button", name=say("es", "backup.make")).click()
    link = page.locator("#aula-backup a[data-take]")
    expect(link).to_be_visible(timeout=SLOW)
    address = str(link.evaluate("link => link.href"))
    with page.expect_download() as coming:
        link.click()
    backup = tmp_path / "copia.zip"
    coming.value.save_as(backup)
    assert coming.value.suggested_filename.startswith("aula-")
    assert coming.value.suggested_filename.endswith(".zip")
    expect(page.locator("#aula-backup")).to_contain_text(say("es", "backup.taken"))
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address)
    kept = [path for path in data.rglob("*") if path.is_file() and zipfile.is_zipfile(path)]
    assert kept == []  # neither in the folder of backups nor in Gradio's cache

    row(page).locator("[data-do=delete]").click()
    page.locator(".aula-dialog .primary").click()
    expect(row(page)).to_have_count(0)

    offer(page, backup)
    restore = page.locator("#aula-backup").get_by_role("button", name=say("es", "backup.restore"), exact=True)
    expect(restore).to_be_visible(timeout=SLOW)
    expect(page.locator("#aula-backup")).to_contain_text(say("es", "backup.documents_one", n=1))
    restore.click()
    dialog = page.locator("dialog.aula-dialog")
    expect(dialog).to_contain_text(say("es", "backup.restore_ask"))
    dialog.get_by_role("button", name=say("es", "common.cancel")).click()
    expect(row(page)).to_have_count(0)
    restore.click()
    dialog.get_by_role("button", name=say("es", "backup.restore"), exact=True).click()
    expect(page.locator("#aula-backup")).to_contain_text(say("es", "backup.restored"), timeout=SLOW)
    assert [path for path in data.rglob("*") if path.is_file() and zipfile.is_zipfile(path)] == []
    page.locator("#aula-backup [data-reload]").click()
    settled(page)
    tab(page, 1)
    expect(row(page, "ready")).to_be_visible(timeout=SLOW)
    refused(page, backup, tmp_path)


def refused(page: Page, backup: Path, folder: Path) -> None:
    """A damaged one, a newer one and something else are refused in words, and change nothing."""
    panel(page)
    damaged, newer, other = folder / "rota.zip", folder / "nueva.zip", folder / "otra.zip"
    damaged.write_bytes(backup.read_bytes()[:-3000])
    other.write_bytes(b"no es nada")
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(newer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == MANIFEST:
                content = json.dumps({**json.loads(content), "schema": "9999", "app": "8.0"}).encode()
            new.writestr(name, content)
    for file, words in ((damaged, "está dañada"), (newer, "versión más nueva (8.0)"), (other, "no es una copia")):
        offer(page, file)
        alert = page.locator("#aula-backup [role=alert]")
        expect(alert).to_contain_text(words, timeout=SLOW)
        expect(alert).to_contain_text(file.name)
    expect(row(page)).to_be_visible()


def test_where_people_log_in_it_is_done_on_the_machine(chromium: Browser, tmp_path: Path, models_dir: Path) -> None:
    running = start(tmp_path / "data", models_dir, "--auth", "ana:secreto")
    try:
        page = chromium.new_context(locale="es-ES").new_page()
        page.goto(running.url)
        page.locator("input:not([type=password])").first.fill("ana")
        page.locator("input[type=password]").fill("secreto")
        page.keyboard.press("Enter")
        settled(page)
        expect(panel(page)).to_contain_text("python -m rag.backup restore FILE")
        expect(page.locator("#aula-backup button")).to_have_count(0)
        expect(page.locator("#aula-backup input")).to_have_count(0)
    finally:
        running.stop()
