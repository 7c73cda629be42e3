"""A test set in a real page: imported, run over three columns through a restart, looked at, and taken away."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from prompts.experiment import MOST_REPEATS
from tests.browser.conftest import SLOW, Opener, lang_of, settled
from tests.running_app import App, start
from ui.texts import count, say

pytestmark = pytest.mark.browser
ROWS = 20
EVIL = "<img src=x onerror=\"document.title='roto'\">"
CASES = "question,expected\n" + "".join(
    f"¿Cuánto es {n}+{n}? {EVIL if n == 3 else ''},{2 * n}\n" for n in range(1, ROWS + 1)
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("playground")


@pytest.fixture(scope="module")
def app(data: Path, models_dir: Path) -> Iterator[App]:
    """An app of its own: the first test ends it half-way and starts it again, in the same object."""
    running = start(data, models_dir)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cases") / "sumas <b>raras<b>.csv"
    path.write_text(CASES, encoding="utf-8")
    return path


_PLACE = 'run, "column", row, repeat'


def again(app: App, data: Path, models: Path) -> None:
    """Start the app anew on the same data folder."""
    app.stop()
    fresh = start(data, models)
    app.url, app.process, app.lines = fresh.url, fresh.process, fresh.lines


def playground(page: Page, tab: str) -> None:
    """Go to one of the Playground's inner tabs, by its text's key."""
    lang = lang_of(page)
    for tabs, name in (("#aula-tabs", say(lang, "tab.playground")), ("#aula-playground", say(lang, tab))):
        visible = page.locator(f"{tabs} [role=tab]:visible", has_text=name)
        if not visible.count():  # on a narrow screen the last ones are behind a button
            page.locator(f"{tabs} .overflow-menu > button:visible").last.click()
            visible = page.locator(f"{tabs} .overflow-dropdown button:visible", has_text=name)
        visible.first.click()


def done(page: Page) -> int:
    """Return how many cells the page says are done."""
    return int(page.locator(".aula-run-state").get_attribute("data-done") or 0)


def kept(data: Path) -> dict[tuple[str, int, int, int], str]:
    """Return the cells that are done, as they lie in the database."""
    with closing(sqlite3.connect(f"file:{data / 'aula.sqlite'}?mode=ro", uri=True)) as database:
        return {tuple(at): content for *at, content in database.execute(f"select {_PLACE}, content from cells")}


def count_answers(data: Path) -> None:
    """Let the database note from now on which cells are answered, also one that it has already."""
    with closing(sqlite3.connect(data / "aula.sqlite")) as database:
        database.executescript(
            "create table answered (run, column, row, repeat); create trigger answer before insert on cells begin "
            'insert into answered values (new.run, new."column", new.row, new.repeat); end;'
        )


def answered(data: Path) -> list[tuple[str, int, int, int]]:
    with closing(sqlite3.connect(f"file:{data / 'aula.sqlite'}?mode=ro", uri=True)) as database:
        return list(database.execute(f"select {_PLACE} from answered"))


def three_short_columns(page: Page) -> None:
    playground(page, "play.tab_compare")
    expect(page.locator("#aula-user-1 textarea")).not_to_have_value("")  # Python has filled the columns
    page.locator("#aula-play-add").click()
    expect(page.locator("#aula-user-2 textarea")).not_to_have_value("")
    for n in range(3):
        page.locator(f"#aula-user-{n} textarea").fill("{{question}}" + " ?" * n)
        page.locator(f"#aula-settings-{n} .label-wrap").first.click()
        field = page.locator(f"#aula-max-tokens-{n} input[type=number]")
        expect(field).to_have_value("512")  # what is unfolded gets its value a moment later, over what is there
        field.fill("24")  # so that the run takes longer than what is done with it meanwhile
        field.press("Tab")
        expect(field).to_have_value("24")


def test_twenty_cases_over_three_columns_survive_a_restart(
    app: App, data: Path, models_dir: Path, cases: Path, chromium: Browser
) -> None:
    """Without `open_page`, which knows one address of the app only."""
    context = chromium.new_context(locale="es-ES", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(app.url)
    settled(page)
    three_short_columns(page)
    playground(page, "play.tab_test")
    page.locator("#aula-test-bring .label-wrap").click()
    page.locator("#aula-test-file input[type=file]").set_input_files([cases])
    expect(page.locator("#aula-test-plan")).to_contain_text(say("es", "test.cells", n=3 * ROWS))
    expect(page.locator("#aula-test-checks")).to_contain_text("{{expected}}")
    page.locator("#aula-test-run").click()
    state = page.locator(".aula-run-state")
    expect(state).to_have_attribute("data-state", "running", timeout=SLOW)
    expect(page.locator(".aula-cell").nth(2)).to_be_visible(timeout=SLOW)  # results appear as they come

    stop = page.locator("#aula-run [data-do=stop]")
    stop.focus()
    expect(state).not_to_have_attribute("data-done", str(done(page)), timeout=SLOW)
    expect(stop).to_be_focused()  # though all of it was drawn anew

    page.reload()  # the run goes on, and is found again
    settled(page)
    playground(page, "play.tab_results")
    expect(page.locator(".aula-cell").nth(9)).to_be_visible(timeout=SLOW)
    page.locator("[data-do=pause]").click()
    expect(state).to_have_attribute("data-state", "paused")
    page.locator("[data-do=resume]").click()
    expect(state).to_have_attribute("data-state", "running", timeout=SLOW)

    storage = context.storage_state()
    app.stop()
    before = kept(data)
    assert 10 <= len(before) < 3 * ROWS
    count_answers(data)
    again(app, data, models_dir)
    context.close()

    origin: Any = {"origin": app.url, "localStorage": storage["origins"][0]["localStorage"]}
    context = chromium.new_context(locale="es-ES", storage_state={"cookies": [], "origins": [origin]})
    page = context.new_page()
    page.goto(app.url)
    settled(page)
    playground(page, "play.tab_results")
    state = page.locator(".aula-run-state")
    expect(state).to_have_attribute("data-state", "paused")
    assert done(page) == len(before)
    page.locator("[data-do=resume]").click()
    expect(state).to_have_attribute("data-state", "done", timeout=2 * SLOW)
    after = kept(data)
    assert len(after) == 3 * ROWS
    assert {place: after.get(place) for place in before} == before  # not a byte of what was done
    assert sorted(answered(data)) == sorted(after.keys() - before.keys())  # and nothing was asked again
    expect(page.locator(".aula-matrix tbody tr")).to_have_count(ROWS)
    expect(page.locator(".aula-matrix .aula-cell")).to_have_count(3 * ROWS)
    assert page.locator("#aula-run-matrix img").count() == 0
    context.close()


# What the browser keeps is enciphered anew each time: it is the last when none has come for a while.
KEPT_AND_QUIET = """() => {
    const kept = localStorage.getItem("aula_test_set") ?? "", now = performance.now();
    if (kept !== window.keptBefore) { window.keptBefore = kept; window.keptSince = now; }
    return kept.length > 200 && now - window.keptSince > 2000;
}"""


def test_a_reload_keeps_what_was_not_saved(open_page: Opener) -> None:
    page = open_page()
    playground(page, "play.tab_test")
    page.locator("#aula-test-bring .label-wrap").click()
    page.locator("#aula-test-paste textarea").fill("question\texpected\n¿Y 30+30?\t60\n¿Y 40+40?\t80")
    page.locator("#aula-test-take").click()
    page.locator("#aula-test-seed input").fill("7")
    rows = count("es", "test.rows", 2)
    expect(page.locator("#aula-test-plan")).to_contain_text(rows)
    expect(page.locator("#aula-test-seed input")).to_have_value("7")  # typed while the rows were on their way
    page.wait_for_function(KEPT_AND_QUIET)
    page.reload()
    settled(page)
    playground(page, "play.tab_test")
    expect(page.locator("#aula-test-plan")).to_contain_text(rows)
    expect(page.locator("#aula-test-table")).to_contain_text("¿Y 40+40?")
    expect(page.locator("#aula-test-seed input")).to_have_value("7")


def test_a_variable_can_be_added_to_an_empty_table(open_page: Opener) -> None:
    page = open_page()
    playground(page, "play.tab_test")
    page.locator("#aula-test-variable :is(textarea, input)").fill("ciudad")
    page.locator("#aula-test-add-variable").click()
    expect(page.locator("#aula-test-table th", has_text="ciudad").first).to_be_visible()
    page.locator("#aula-test-repeats input").fill("2")  # the table is looked at again
    page.wait_for_timeout(1500)
    expect(page.locator("#aula-test-table th", has_text="ciudad").first).to_be_visible()


def test_a_cell_opens_by_keyboard_and_gives_the_focus_back(open_page: Opener) -> None:
    page = open_page()
    playground(page, "play.tab_results")
    cell = page.locator('.aula-cell[data-id="1-2-0"]')
    cell.press("Enter")
    panel = page.locator("dialog.aula-panel")
    expect(panel.locator("h2")).to_contain_text("3")
    expect(panel).to_contain_text(say("es", "result.checks"))
    assert panel.locator("img").count() == 0
    prompt = panel.locator("summary", has_text=say("es", "result.prompt"))
    prompt.press("Enter")
    expect(panel.locator("details[open] pre")).to_contain_text("¿Cuánto es 3+3?")
    panel.locator("summary", has_text=say("es", "result.tokens_cut")).press("Enter")
    expect(panel.locator(".aula-token").first).to_be_visible()
    panel.locator("[data-step=next]").press("Enter")
    page.keyboard.press("Escape")  # perhaps before the next one has come: it must not open the dialog again
    expect(panel).to_have_count(0)
    expect(cell).to_be_focused()
    assert page.title() != "roto"


def test_filters_and_figures(open_page: Opener) -> None:
    page = open_page("en-US")
    playground(page, "play.tab_results")
    expect(page.locator(".aula-verdicts li")).to_have_count(3)  # three pairs of columns
    expect(page.locator("#aula-run-figures svg")).to_have_count(2)
    failures = page.locator("tr[data-row]:has(.aula-cell.wrong)").count()
    page.locator("#aula-run-filter input[value=failures]").check(force=True)
    if failures:
        expect(page.locator(".aula-matrix tbody tr")).to_have_count(failures)
    else:
        expect(page.locator("#aula-run-matrix")).to_contain_text(say("en", "result.none_such"))


def test_on_a_phone_the_matrix_scrolls_in_its_own_box(open_page: Opener) -> None:
    page = open_page("en-US", width=390, height=800, dark=True)
    playground(page, "play.tab_results")
    box = page.locator(".aula-matrix")
    expect(box).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    playground(page, "play.tab_test")
    expect(page.locator("#aula-test-run")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    playground(page, "play.tab_library")
    expect(page.locator("#aula-history li")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_report_opens_with_the_network_off(open_page: Opener, chromium: Browser, tmp_path: Path) -> None:
    page = open_page()
    playground(page, "play.tab_results")
    promptfoo = r"(# .*\n)*(description|prompts):"  # below what it says of checks that only Aula has
    beginnings = {"csv": "\ufeffrow,", "json": r"\{", "promptfoo": promptfoo, "report": "<!doctype html>"}
    for kind, beginning in beginnings.items():
        with page.expect_download() as download:
            page.locator(f"#aula-run-actions [data-do={kind}]").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        text = path.read_text(encoding="utf-8")
        assert "¿Cuánto es 20+20?" in text
        assert re.match(beginning, text, re.IGNORECASE)
    context = chromium.new_context(offline=True, locale="es-ES")
    report = context.new_page()
    asked: list[str] = []
    report.on("request", lambda request: asked.append(request.url))
    report.goto(path.as_uri())
    expect(report.locator("body")).to_contain_text("¿Cuánto es 20+20?")
    assert asked == [path.as_uri()]
    assert report.title() != "roto"
    context.close()


def test_a_saved_experiment_has_versions_and_comes_back(open_page: Opener, tmp_path: Path) -> None:
    page = open_page("en-US")
    playground(page, "play.tab_library")
    page.locator("#aula-history [data-do=test]").click()  # its columns and cases again
    expect(page.locator("#aula-test-plan")).to_contain_text(say("en", "test.cells", n=3 * ROWS))
    page.locator("#aula-test-name input, #aula-test-name textarea").fill("Sums")
    page.locator("#aula-test-keep .label-wrap").click()
    page.locator("#aula-test-tags input, #aula-test-tags textarea").fill("maths, first")
    page.locator("#aula-test-save").click()
    expect(page.locator(".toast-body").first).to_contain_text("version 1")
    page.locator("#aula-test-repeats input").fill(str(MOST_REPEATS))
    page.locator("#aula-test-save").click()
    expect(page.locator(".toast-body", has_text="version 2")).to_be_visible()

    playground(page, "play.tab_library")
    item = page.locator("#aula-saved li")
    expect(item).to_have_count(1)
    expect(item).to_contain_text("maths")
    item.locator("[data-do=versions]").click()
    panel = page.locator("dialog.aula-panel")
    panel.locator("[data-do=difference]").click()
    expect(panel.locator("ins", has_text=str(MOST_REPEATS))).to_be_visible()
    panel.locator("[data-do=restore]").click()
    expect(panel.locator("ol.aula-versions > li")).to_have_count(3)
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        item.locator("[data-do=share]").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    item.locator("[data-do=delete]").click()
    page.locator(".aula-dialog .primary").click()
    expect(item).to_have_count(0)
    page.locator("#aula-saved-take .label-wrap").click()
    page.locator("#aula-saved-file input[type=file]").set_input_files([path])
    expect(item).to_contain_text("Sums")
