"""Another embedding model is chosen on the Models tab, and takes over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.running_app import App, start

pytestmark = [pytest.mark.browser, pytest.mark.model]
FIRST, OTHER = "all-minilm-l6-v2", "multilingual-e5-small"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[App]:
    """An app of its own: the other tests keep the model that they began with."""
    running = start(tmp_path_factory.mktemp("embedding"), models_dir)
    yield running
    running.stop()


def test_another_search_model_takes_over(open_page: Opener) -> None:
    page = open_page()
    page.get_by_role("tab", name="Modelos").click()
    row = page.locator(f"#aula-models [data-model={OTHER}]")
    expect(page.locator(f"#aula-models [data-model={FIRST}] .aula-mark.in_use")).to_be_visible(timeout=120_000)
    expect(row.locator(".aula-mark")).to_have_text("en este equipo")
    row.get_by_role("button", name="Usar").click()
    expect(row.locator(".aula-mark.in_use")).to_be_visible(timeout=120_000)
    expect(page.locator(f"#aula-models [data-model={FIRST}] .aula-mark.in_use")).to_have_count(0)
    expect(page.locator(f"#aula-models [data-model={FIRST}]").get_by_role("button", name="Usar")).to_be_visible()
    expect(row.get_by_role("button", name="Usar")).to_have_count(0)
