"""Pages of real uploads: another owner's stay unseen, and a deleted document's picture goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import gradio as gr
import pytest

from rag.errors import DocumentNotFound
from rag.services import Services, build_services
from ui.viewer import Viewer

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "documents").glob("*.pdf"))


@pytest.fixture
def services(settings) -> Iterator[Services]:
    built = build_services(settings)
    built.library.start()
    yield built
    built.close()


def add(services: Services, owner: str, *paths: Path) -> list[str]:
    ids = services.library.add(owner, [(path, path.name) for path in paths])
    jobs = list(services.library.wait(owner, ids))[-1]
    assert [job.error for job in jobs] == [None] * len(paths)
    return [str(job.document) for job in jobs]


def shown(services: Services, owner: str, document: str) -> str:
    request = cast("gr.Request", SimpleNamespace(username=owner, cookies={}, headers={}))
    event = gr.EventData(None, {"request": 1, "document": document, "page": 2, "spans": "10-80"})
    return Viewer(services).show(request, event)


def test_an_uploaded_page_is_seen_by_its_owner_alone(services) -> None:
    (key,) = add(services, "ana", SAMPLES[0])
    html = shown(services, "ana", key)
    assert "data:image/" in html
    assert "aula-highlight" in html
    assert "data-pages=" in html
    other = shown(services, "berta", key)
    assert DocumentNotFound().text("en") in other
    assert SAMPLES[0].name not in other
    assert "data:image/" not in other


def test_a_deleted_document_s_pages_are_gone_from_the_disk(services, settings) -> None:
    first, second = add(services, "ana", *SAMPLES[:2])
    add(services, "berta", SAMPLES[0])
    for key in (first, second):
        services.viewer.view("ana", key, 1)
    services.library.delete("ana", first)
    assert services.viewer.view("berta", first, 1).image, "its other holder still sees it"
    services.library.delete("berta", first)
    assert [folder.name for folder in settings.pages_dir.iterdir()] == [second]
    with pytest.raises(DocumentNotFound):
        services.viewer.view("ana", first, 1)


def test_pictures_that_belong_to_nothing_are_swept_at_start(services, settings) -> None:
    (key,) = add(services, "ana", SAMPLES[0])
    services.viewer.view("ana", key, 1)
    stray = settings.pages_dir / ("0" * 64)
    stray.mkdir()
    (stray / "1-1.page").write_bytes(b"x")
    services.library.stop()
    services.library.start()
    assert [folder.name for folder in settings.pages_dir.iterdir()] == [key]


def test_a_section_of_a_text_file_is_marked_text(services, tmp_path) -> None:
    note = tmp_path / "nota.md"
    note.write_text("# Faro\n\nEl faro de Punta Serena se encendió en 1907.\n", encoding="utf-8")
    (key,) = add(services, "ana", note)
    page = services.library.page_text("ana", key, 1)
    start = page.index("Punta")
    view = services.viewer.view("ana", key, 1, [(start, start + 12)])
    assert (view.unit, view.image, view.reason) == ("section", None, None)
    assert view.text[view.spans[0][0] : view.spans[0][1]] == "Punta Serena"
