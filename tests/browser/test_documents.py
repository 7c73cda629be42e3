"""The Documents tab: files in, rows, errors beside the good ones, delete."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SLOW, Opener, settled, tab
from tests.running_app import App
from ui.documents import SAMPLES
from ui.texts import say

pytestmark = pytest.mark.browser


def test_upload_reaches_done_and_the_others_go_on(open_page: Opener, tmp_path: Path) -> None:
    good, broken = tmp_path / "nota.txt", tmp_path / "roto.pdf"
    good.write_text("La clorofila es verde porque absorbe la luz roja y la azul.\n", encoding="utf-8")
    broken.write_bytes(b"%PDF-1.7 nothing of a PDF")
    page = open_page()
    tab(page, 1)
    page.locator("#aula-upload input[type=file]").set_input_files([broken, good])
    done = page.locator("#aula-jobs li[data-stage=done]", has_text="nota.txt")
    failed = page.locator("#aula-jobs li[data-stage=failed]", has_text="roto.pdf")
    expect(done.first).to_be_visible(timeout=SLOW)
    expect(failed.first).to_contain_text("dañado", timeout=SLOW)
    row = page.locator("#aula-documents li", has_text="nota.txt")
    expect(row).to_contain_text(say("es", "lang.es"))
    expect(row).to_contain_text(say("es", "docs.chunks_one"))

    page.locator("#aula-upload input[type=file]").set_input_files([good])
    expect(page.get_by_text(say("es", "docs.duplicate")).first).to_be_visible(timeout=SLOW)

    row.locator("[data-do=delete]").click()
    page.locator(".aula-dialog").get_by_role("button", name=say("es", "common.cancel")).click()
    expect(row).to_be_visible()
    row.locator("[data-do=delete]").click()
    page.locator(".aula-dialog").get_by_role("button", name=say("es", "common.delete")).click()
    expect(row).to_be_hidden()


def test_samples_load_with_one_click(open_page: Opener) -> None:
    page = open_page("en-US")
    tab(page, 1)
    page.locator("#aula-samples").click()
    for sample in SAMPLES.glob("*.pdf"):
        expect(page.locator("#aula-documents li", has_text=sample.name)).to_be_visible(timeout=SLOW)
    page.reload()
    settled(page)
    tab(page, 1)
    for sample in SAMPLES.glob("*.pdf"):
        row = page.locator("#aula-documents li", has_text=sample.name)
        row.locator("[data-do=delete]").click()
        page.locator(".aula-dialog .primary").click()
        expect(row).to_be_hidden()


def test_nothing_stays_in_the_upload_cache(open_page: Opener, app: App, document: Path, with_document: str) -> None:
    """The cache is readable by every user: a document must not be fetched from it, nor from the data folder."""
    page = open_page()
    tab(page, 1)
    with page.expect_response(lambda response: "/upload?" in response.url) as uploaded:
        page.locator("#aula-upload input[type=file]").set_input_files([document])
    cached = uploaded.value.json()[0]
    expect(page.locator("#aula-jobs li[data-stage=done]", has_text=document.name)).to_have_count(2, timeout=SLOW)
    for _ in range(100):  # the row may be there a moment before the cached file is gone
        if not Path(cached).exists():
            break
        page.wait_for_timeout(100)
    assert not Path(cached).exists()
    kept = Path(cached).parents[2] / "files" / with_document
    assert kept.is_file()
    for path in (cached, str(kept), str(kept.parents[1] / "aula.sqlite")):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{app.url}/gradio_api/file={urllib.parse.quote(path)}", timeout=20)
        refused.value.close()
        assert refused.value.code in (403, 404)
