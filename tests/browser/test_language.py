"""The page's language: the browser's, or the person's own choice."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener, settled, tab
from ui.play_state import TABS
from ui.texts import say

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("locale", "lang"), [("es-ES", "es"), ("es-MX", "es"), ("en-US", "en"), ("fr-FR", "en")])
def test_follows_the_browser(open_page: Opener, locale: str, lang: str) -> None:
    page = open_page(locale)
    assert page.locator("html").get_attribute("lang") == lang
    names = [page.locator("#aula-tabs [role=tab]").nth(n).inner_text() for n in range(5)]
    assert names == [say(lang, f"tab.{name}") for name in ("chat", "documents", "playground", "lab", "models")]
    expect(page.locator("#aula-send")).to_have_text(say(lang, "chat.send"))
    expect(page.locator("#aula-question textarea")).to_have_attribute("placeholder", say(lang, "chat.question_hint"))


@pytest.mark.parametrize(("locale", "lang"), [("es-ES", "es"), ("en-US", "en")])
def test_no_text_is_left_untranslated(open_page: Opener, locale: str, lang: str) -> None:
    page = open_page(locale)
    for fold in page.locator(".label-wrap").all():
        fold.click()
    for number in range(3):
        tab(page, number)
        text = page.locator("body").inner_text()
        assert "__i18n__" not in text
        assert "translation_metadata" not in text
    tab(page, 3)
    for name in TABS:
        page.locator("#aula-playground [role=tab]", has_text=say(lang, f"play.tab_{name}")).first.click()
        expect(page.locator("#aula-playground [role=tabpanel]:visible").first).to_be_visible()
        assert "__i18n__" not in page.locator("body").inner_text()
    tab(page, 0)
    for name in ("scope_none", "language_question", "preset_creative", "top_p_info", "seed_info", "system_info"):
        expect(page.get_by_text(say(lang, f"chat.{name}"), exact=True).first).to_be_visible()
    tab(page, 1)
    expect(page.get_by_text(say(lang, "gradio.drop_file"))).to_be_visible()
    tab(page, 2)
    expect(page.get_by_role("heading", name=say(lang, "models.embedding_models"))).to_be_visible()


def test_the_switch_persists(open_page: Opener) -> None:
    page = open_page("es-ES")
    page.locator(".aula-languages a[hreflang=en]").click()
    settled(page)
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator("#aula-send")).to_have_text(say("en", "chat.send"))
    expect(page.locator(".aula-languages a[hreflang=en]")).to_have_attribute("aria-current", "true")
    page.reload()
    settled(page)
    expect(page.locator("#aula-send")).to_have_text(say("en", "chat.send"))
    # What Python writes follows the same choice, not only what the browser translates.
    tab(page, 2)
    expect(page.get_by_role("heading", name=say("en", "models.chat_models"))).to_be_visible()
