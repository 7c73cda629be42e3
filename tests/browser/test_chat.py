"""The Chat tab: ask, stop, regenerate, edit; conversations that stay."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MARKER, SLOW, Opener, ask, finished, put, scope, settled, short_answers, tab, write
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.model]
QUESTION = f"¿Quién inventó el {MARKER}?"
USER = "#aula-chat [data-testid=user]"
_BOTS = "#aula-chat [data-testid=bot]"
BOT = "#aula-chat .bot-row:not(:has(.component)) [data-testid=bot]"


@pytest.fixture
def page(open_page: Opener, with_document: str) -> Page:
    """A page with short answers and a document to ask."""
    fresh = open_page()
    short_answers(fresh)
    return fresh


def test_answer_with_its_source_and_figures(page: Page) -> None:
    ask(page, QUESTION)
    expect(page.locator(USER)).to_have_text(QUESTION)
    assert page.locator(BOT).last.inner_text().strip()
    source = page.locator(".aula-sources li").first
    expect(source.locator(".aula-page")).to_have_text(say("es", "common.section", number=1))
    expect(source.locator("blockquote")).to_contain_text(MARKER)
    seen = page.locator("details.aula-seen")
    seen.locator("summary").first.click()
    expect(seen.locator("li").first).to_contain_text(MARKER)
    seen.locator("summary", has_text=say("es", "seen.prompt")).click()
    expect(seen.locator("pre")).to_contain_text("<passages>")
    expect(seen.locator("pre")).to_contain_text(QUESTION)
    expect(page.locator(".aula-stats")).to_contain_text("smollm2-135m-instruct")
    expect(page.locator(".aula-stats")).to_contain_text("tokens/s")
    expect(page.locator(".aula-window")).to_contain_text(say("es", "window.passages"))
    expect(page.locator("#aula-question textarea")).to_have_value("")


def test_a_document_cannot_put_anything_into_the_page(page: Page) -> None:
    title = page.title()
    ask(page, QUESTION)
    for summary in page.locator(".aula-seen > summary").all():
        summary.click()
    expect(page.locator(".aula-sources blockquote", has_text="<img src=x").first).to_be_attached()
    assert page.locator("#aula-chat :is(img, script, iframe, object)").count() == 0
    assert page.locator(".aula-name b, #aula-documents .aula-name b").count() == 0
    assert page.title() == title
    page.locator(".aula-title").first.click()  # and not when it is opened again either
    expect(page.locator(USER).last).to_have_text(QUESTION)
    assert page.locator("#aula-chat :is(img, script, iframe, object)").count() == 0


def test_what_a_question_says_is_text_too(page: Page) -> None:
    ask(page, "![x](http://evil.example/x.png) <img src=http://evil.example/y.png> [aquí](http://evil.example/)")
    assert page.locator("#aula-chat img").count() == 0
    expect(page.locator(USER).last).to_contain_text("<img src=")


def test_stop_frees_the_model_and_keeps_what_was_written(page: Page) -> None:
    put(page, "max-tokens", 2048)
    put(page, "repeat-penalty", 1.3)
    scope(page, "none")
    write(page, "Write a very long story about a lighthouse, with many chapters.")
    expect(page.locator(BOT).last).not_to_contain_text(say("es", "chat.thinking"), timeout=SLOW)
    written = len(page.locator(BOT).last.inner_text())
    page.locator("#aula-question textarea").fill("And then?")
    page.wait_for_function(
        "([at, n]) => document.querySelectorAll(at)[0].innerText.length > n + 20", arg=[_BOTS, written]
    )
    expect(page.locator("#aula-question textarea")).to_have_value("And then?")  # what is typed meanwhile stays
    page.locator("#aula-stop").click()
    finished(page)
    expect(page.get_by_text(say("es", "chat.stopped"))).to_be_visible()
    short_answers(page)
    ask(page, "And then?")
    expect(page.locator(USER)).to_have_count(2)


def test_regenerate_and_edit_the_last_question(page: Page) -> None:
    ask(page, QUESTION)
    page.locator("#aula-chat button[title=Reintentar]:visible").click()
    expect(page.locator("#aula-stop")).to_be_visible()
    finished(page)
    expect(page.locator(USER)).to_have_count(1)

    page.locator("#aula-chat button[title=Editar]:visible").click()
    page.locator("#aula-chat textarea").fill(f"¿Dónde se inventó el {MARKER}?")
    page.locator("#aula-chat button[title=Enviar]:visible").click()
    expect(page.locator("#aula-stop")).to_be_visible()
    finished(page)
    expect(page.locator(USER)).to_have_text([f"¿Dónde se inventó el {MARKER}?"])
    assert page.locator(BOT).last.inner_text().strip()


def test_conversations_are_kept_renamed_and_deleted(page: Page) -> None:
    page.locator("#aula-new").click()
    ask(page, f"{QUESTION} Di el nombre.")
    title = page.locator(".aula-title[aria-current]")
    expect(title).to_contain_text(QUESTION)
    page.reload()
    settled(page)
    expect(page.locator(USER)).to_have_text(f"{QUESTION} Di el nombre.")
    expect(page.locator(".aula-sources")).to_be_visible()

    row = page.locator(".aula-conversations li", has=page.locator("[aria-current]"))
    row.hover()
    row.locator("[data-do=rename]").click()
    page.locator("#aula-dialog-field").fill("Música <i>antigua</i>")
    page.keyboard.press("Enter")
    expect(page.locator(".aula-title[aria-current]")).to_have_text("Música <i>antigua</i>")

    page.locator("#aula-new").click()
    expect(page.locator(USER)).to_have_count(0)
    page.get_by_role("button", name="Música <i>antigua</i>", exact=True).click()
    expect(page.locator(USER)).to_have_text(f"{QUESTION} Di el nombre.")

    row.hover()
    row.locator("[data-do=delete]").click()
    page.locator(".aula-dialog .primary").click()
    expect(page.get_by_role("button", name="Música <i>antigua</i>", exact=True)).to_have_count(0)
    expect(page.locator(USER)).to_have_count(0)


def test_closing_the_page_half_way_frees_the_model(open_page: Opener, page: Page) -> None:
    put(page, "max-tokens", 2048)
    scope(page, "none")
    page.locator("#aula-new").click()
    write(page, "Write a very long story about a mountain, with many chapters.")
    expect(page.locator(BOT).last).not_to_contain_text(say("es", "chat.thinking"), timeout=SLOW)
    page.reload()  # the browser keeps which conversation was open, and Aula the answer as far as it had come
    settled(page)
    expect(page.locator(USER)).to_have_count(1)
    for _ in range(60):
        if page.get_by_text(say("es", "chat.stopped")).count():
            break
        page.wait_for_timeout(500)
        page.reload()
        settled(page)
    expect(page.get_by_text(say("es", "chat.stopped"))).to_be_visible()
    other = open_page()
    short_answers(other)
    ask(other, QUESTION)
    expect(other.locator(".aula-stats")).to_be_visible()


def test_a_refused_question_stays_in_the_box(page: Page) -> None:
    scope(page, "some")
    write(page, QUESTION)
    expect(page.get_by_text(say("es", "chat.choose_one"))).to_be_visible()
    expect(page.locator("#aula-question textarea")).to_have_value(QUESTION)
    page.locator("#aula-chosen label").first.click()
    ask(page, QUESTION)
    expect(page.locator("#aula-question textarea")).to_have_value("")


def test_presets_set_the_sliders(page: Page) -> None:
    from rag.settings import PRESETS

    page.locator("#aula-preset label", has_text=say("es", "chat.preset_creative")).click()
    expect(page.locator("#aula-temperature input[type=number]")).to_have_value(f"{PRESETS['creative'].temperature:g}")
    expect(page.locator("#aula-top-k input[type=number]")).to_have_value(str(PRESETS["creative"].top_k))


def test_models_tab_shows_what_is_in_use(page: Page) -> None:
    tab(page, 2)
    row = page.locator("[data-model=smollm2-135m-instruct]")
    expect(row).to_contain_text(say("es", "models.in_use"), timeout=SLOW)
    row.get_by_role("button").click()
    expect(page.get_by_text("exactamente el publicado")).to_be_visible(timeout=SLOW)
    page.locator("#aula-hub-name input, #aula-hub-name textarea").first.fill("nobody/nothing/none.gguf")
    page.locator("#aula-hub-fetch").click()
