"""The playground's first story in a real page: two columns that differ in the role, run, compared and scored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SLOW, Opener
from tests.browser.test_test_set import playground
from tests.running_app import App, start
from ui.texts import count, say

pytestmark = [pytest.mark.browser, pytest.mark.model]
ROLE = "Eres profesora de matemáticas."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[App]:
    """An app of its own: no run of another test in it."""
    running = start(tmp_path_factory.mktemp("roles"), models_dir)
    yield running
    running.stop()


def test_two_columns_that_differ_in_the_role_are_run_compared_and_scored(open_page: Opener) -> None:
    page = open_page()
    playground(page, "play.tab_compare")
    expect(page.locator("#aula-user-1 textarea")).not_to_have_value("")  # Python has filled the columns
    for n, role in enumerate(("", ROLE)):
        page.locator(f"#aula-user-{n} textarea").fill("¿Cuánto es {{question}}?")
        page.locator(f"#aula-system-{n} textarea").fill(role)
        page.locator(f"#aula-settings-{n} .label-wrap").first.click()
        page.locator(f"#aula-max-tokens-{n} input[type=number]").fill("6")
        page.locator(f"#aula-max-tokens-{n} input[type=number]").press("Tab")
    expect(page.locator(".aula-differ.one")).to_contain_text(say("es", "play.trait_system"))
    expect(page.locator(".aula-variable label:visible", has_text="question")).to_be_visible()
    page.locator("#aula-variable-0 :is(textarea, input)").fill("2+2")
    page.locator("#aula-play-run").click()
    for n in range(2):
        expect(page.locator(f"#aula-answer-{n} .aula-stats")).to_be_visible(timeout=SLOW)
    expect(page.locator("#aula-play-run")).to_be_visible(timeout=SLOW)
    page.locator("#aula-play-diff .label-wrap").click()
    page.locator("#aula-diff-what input[value=prompt]").check(force=True)
    expect(page.locator("#aula-diff ins", has_text="profesora").first).to_be_visible()

    playground(page, "play.tab_test")
    page.locator("#aula-test-bring .label-wrap").click()
    page.locator("#aula-test-paste textarea").fill("question\texpected\n2+2\t4\n3+3\t6\n4+4\t8")
    page.locator("#aula-test-take").click()
    expect(page.locator("#aula-test-plan")).to_contain_text(count("es", "test.cells", 6))
    expect(page.locator("#aula-test-checks")).to_contain_text("{{expected}}")
    page.locator("#aula-test-run").click()
    expect(page.locator(".aula-run-state")).to_have_attribute("data-state", "done", timeout=SLOW)
    cells = page.locator("#aula-run-matrix .aula-cell")
    expect(cells).to_have_count(6)
    judged = re.compile(r"aula-cell (right|wrong|unparsed)$")
    for n in range(6):
        expect(cells.nth(n)).to_have_class(judged)
        expect(cells.nth(n).locator(".aula-outcome").first).to_be_visible()
    verdict = page.locator(".aula-verdicts li")
    expect(verdict).to_have_count(1)
    expect(verdict).to_have_text(re.compile(r"\w+ \w+"))
    expect(page.locator("#aula-run-figures svg")).to_have_count(2)
