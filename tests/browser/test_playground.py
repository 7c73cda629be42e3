"""The Compare tab in a real page: columns that differ in one thing, run, stopped, improved, and joined to the chat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SLOW, Opener, ask, lang_of, scope, settled, tab
from tests.running_app import App, start
from ui.texts import say

pytestmark = [pytest.mark.browser, pytest.mark.model]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[App]:
    """An app of its own: these tests begin with an empty library."""
    running = start(tmp_path_factory.mktemp("playground"), models_dir)
    yield running
    running.stop()


def opened(page: Page) -> Page:
    """Go to the playground, and wait until the columns are filled."""
    name = say(lang_of(page), "tab.playground")
    visible = page.locator("#aula-tabs > .tab-wrapper [role=tab]:visible", has_text=name)
    if not visible.count():
        page.locator("#aula-tabs .overflow-menu > button").first.click()
        visible = page.locator("#aula-tabs .overflow-dropdown button", has_text=name)
    visible.first.click()
    expect(page.locator("#aula-differs p")).to_be_visible()
    expect(page.locator("#aula-improve-stop-0")).to_be_hidden()
    return page


def box(page: Page, name: str, column: int) -> str:
    return f"#aula-{name}-{column} :is(textarea, input)"


def short(page: Page, columns: int = 2, tokens: int = 12) -> None:
    """Let answers be short: what they say is not what is tested."""
    for n in range(columns):
        fold = page.locator(f"#aula-settings-{n} .label-wrap")
        if "open" not in (fold.get_attribute("class") or "").split():
            fold.click()
        page.locator(f"#aula-max-tokens-{n} input").fill(str(tokens))
        page.locator(f"#aula-max-tokens-{n} input").press("Tab")


def choose(page: Page, column: int, title: str) -> None:
    page.locator(f"#aula-strategy-{column} input").click()
    page.locator(f"#aula-strategy-{column} [role=option]", has_text=title).first.click()


def test_two_columns_that_differ_in_their_role_run_and_their_difference_is_shown(open_page: Opener) -> None:
    page = opened(open_page())
    expect(page.locator("#aula-differs")).to_contain_text(say("es", "play.trait_system"))
    expect(page.locator(".aula-differ.one")).to_be_visible()
    assert page.locator(box(page, "variable", 0)).input_value()  # the worked example's
    short(page)
    page.locator("#aula-play-run").click()
    expect(page.locator("#aula-answer-1")).to_contain_text(say("es", "play.stage_waiting"))
    expect(page.locator("#aula-play-run")).to_be_visible(timeout=SLOW)
    for n in range(2):
        answer = page.locator(f"#aula-answer-{n}")
        expect(answer.locator(".aula-reply-text")).to_be_visible()
        expect(answer.locator(".aula-stats")).to_contain_text("12 tokens")
        expect(answer.locator(".aula-stats")).to_contain_text("tokens/s")
        answer.locator("summary", has_text=say("es", "seen.prompt")).click()
        expect(answer.locator("pre")).to_contain_text("<|im_start|>system")
    page.locator("#aula-play-diff .label-wrap").click()
    page.locator("#aula-diff-what input[value=prompt]").check(force=True)
    expect(page.locator("#aula-diff ins").last).to_be_visible()
    assert page.locator("#aula-diff ins").first.evaluate("e => getComputedStyle(e).textDecorationLine") == "underline"


def test_stop_ends_all_columns(open_page: Opener) -> None:
    page = opened(open_page())
    short(page, tokens=2000)
    # Free to end where it likes, the model may have ended before it is stopped.
    page.locator("#aula-schema-0 textarea").fill('{"type": "array", "items": {"type": "integer"}, "minItems": 300}')
    page.locator("#aula-play-run").click()
    expect(page.locator("#aula-answer-0 .aula-reply-text")).to_be_visible(timeout=SLOW)
    page.locator("#aula-play-stop").click()
    expect(page.locator("#aula-play-run")).to_be_visible(timeout=SLOW)
    expect(page.locator("#aula-answer-0")).to_contain_text(say("es", "chat.stopped"))
    expect(page.locator("#aula-answer-1")).to_contain_text(say("es", "play.stage_skipped"))


def test_a_reload_loses_nothing_and_what_was_replaced_comes_back(open_page: Opener) -> None:
    page = opened(open_page())
    page.locator("#aula-play-add").click()
    expect(page.locator("#aula-col-2")).to_be_visible()
    page.locator(box(page, "user", 0)).fill("Di {{esto}} {% a medias")
    expect(page.locator(".aula-variable label:visible", has_text="esto")).to_be_visible()
    page.locator(".aula-variable", has_text="esto").locator("textarea, input").first.fill("lo mío")
    page.locator(box(page, "user", 1)).fill("Di {{otra}}")
    expect(page.locator(".aula-variable label:visible", has_text="otra")).to_be_visible()  # all was followed, and kept
    page.reload()
    settled(page)
    opened(page)
    expect(page.locator("#aula-col-2")).to_be_visible()
    expect(page.locator(box(page, "user", 0))).to_have_value("Di {{esto}} {% a medias")
    esto = page.locator(".aula-variable", has_text="esto").locator("textarea, input").first
    expect(esto).to_have_value("lo mío")
    choose(page, 0, say("es", "play.group_rule"))
    expect(page.locator(box(page, "label", 0))).to_have_value(say("es", "play.rule_less"))
    page.locator("#aula-play-undo").click()
    expect(page.locator(box(page, "user", 0))).to_have_value("Di {{esto}} {% a medias")
    expect(esto).to_have_value("lo mío")


def test_a_proposal_can_be_stopped(open_page: Opener) -> None:
    page = opened(open_page())
    page.locator("#aula-improve-0").click()
    stop = page.locator("#aula-improve-stop-0")
    expect(stop).to_be_visible()
    expect(page.locator("#aula-proposal-0")).to_contain_text(say("es", "play.improving"))
    stop.click()
    expect(page.locator("#aula-improve-0")).to_be_visible(timeout=SLOW)
    expect(stop).to_be_hidden()
    expect(page.locator("#aula-proposal-0")).not_to_contain_text(say("es", "play.improving"))


def test_a_golden_rule_fills_two_columns_and_its_flaw_is_found_as_one_types(open_page: Opener) -> None:
    page = opened(open_page())
    choose(page, 0, say("es", "play.group_rule"))
    expect(page.locator(box(page, "label", 0))).to_have_value(say("es", "play.rule_less"))
    expect(page.locator(box(page, "label", 1))).to_have_value(say("es", "play.rule_better"))
    page.locator(box(page, "user", 1)).fill('Resume algunas ideas de este texto:\n"""\n{{texto}}\n"""')
    finding = page.locator("#aula-lint-1 li", has_text="algunas")
    expect(finding).to_be_visible()
    finding.locator("summary").press("Enter")
    expect(finding.locator("p").first).to_be_visible()
    expect(page.locator(".aula-variable label:visible", has_text="texto")).to_be_visible()
    finding.locator("[data-do=fix]").press("Enter")
    expect(page.locator("#aula-lint-1 li", has_text="algunas")).to_have_count(0)
    assert "algunas" not in page.locator(box(page, "user", 1)).input_value()


def test_columns_are_added_copied_and_removed_and_errors_stay_where_they_are(open_page: Opener) -> None:
    page = opened(open_page())
    page.locator("#aula-play-add").click()
    expect(page.locator("#aula-col-2")).to_be_visible()
    page.locator("#aula-play-add").click()
    expect(page.locator("#aula-col-3")).to_be_visible()
    expect(page.locator(box(page, "system", 3))).to_have_value(page.locator(box(page, "system", 1)).input_value())
    page.locator(box(page, "user", 0)).fill("{% if x %}")
    expect(page.locator("#aula-differs .aula-error")).to_be_visible()
    page.locator("#aula-col-head-0 [data-do=remove]").click()
    expect(page.locator("#aula-col-3")).to_be_hidden()
    expect(page.locator("#aula-differs .aula-error")).to_have_count(0)
    page.locator(box(page, "user", 1)).fill("Hola {{nadie}}")
    expect(page.locator(".aula-variable label:visible", has_text="nadie")).to_be_visible()
    page.locator("#aula-play-run").click()
    expect(page.get_by_text("{{nadie}}", exact=False).last).to_be_visible()
    expect(page.locator("#aula-play-stop")).to_be_hidden()


def test_a_column_is_kept_in_the_library_and_offered_again(open_page: Opener) -> None:
    page = opened(open_page())
    page.locator(box(page, "user", 0)).fill("Di {{question}} al revés")
    page.locator("#aula-save-0 .label-wrap").click()
    page.locator(box(page, "save-name", 0)).fill("Al <b>revés</b>")
    page.locator("#aula-save-go-0").click()
    expect(page.locator(box(page, "save-name", 0))).to_have_value("")
    page.reload()
    settled(page)
    opened(page)
    choose(page, 1, "Al <b>revés</b>")
    expect(page.locator(box(page, "user", 1))).to_have_value("Di {{question}} al revés")


def test_a_strategy_goes_to_the_chat_and_a_turn_comes_back(open_page: Opener) -> None:
    page = opened(open_page())
    short(page, columns=1)  # its decoding goes along
    page.locator(box(page, "begin", 0)).fill("Pues mira:")
    page.locator("#aula-col-head-0 [data-do=chat]").click()
    strategy = page.locator(".aula-chat-strategy")
    expect(strategy).to_be_visible()
    expect(strategy.locator("summary")).to_contain_text(say("es", "play.chat_limits"))
    strategy.locator("summary").click()
    expect(strategy.locator("pre", has_text="{{question}}")).to_be_visible()
    scope(page, "none")
    ask(page, "¿Cuánto es 2 y 2?")
    expect(page.locator("#aula-chat .bot-row").last).to_contain_text("Pues mira:")
    page.locator("#aula-to-playground").click()
    expect(page.locator(box(page, "variable", 0))).to_have_value("¿Cuánto es 2 y 2?")
    page.reload()
    settled(page)
    expect(strategy).to_be_visible()  # kept by this browser
    ask(page, "¿Y 3 y 3?")
    page.locator("#aula-to-playground").click()  # where nobody has been since the reload
    expect(page.locator(box(page, "variable", 0))).to_have_value("¿Y 3 y 3?")
    expect(page.locator(box(page, "begin", 0))).to_have_value("Pues mira:")
    tab(page, 0)
    strategy.locator("[data-do=remove]").click()
    expect(strategy).to_have_count(0)


@pytest.mark.parametrize("locale", ["es-ES", "en-US"])
def test_on_a_phone_the_columns_are_a_swipe(open_page: Opener, locale: str) -> None:
    page = opened(open_page(locale, width=390, height=844, dark=True))
    page.locator("#aula-play-add").click()
    expect(page.locator(".aula-dot")).to_have_count(3)
    for fold in page.locator("#aula-col-0 .label-wrap:visible").all():
        fold.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#aula-col-1 h3")).not_to_be_in_viewport(ratio=1)
    page.locator(".aula-dot").nth(1).press("Enter")
    expect(page.locator("#aula-col-1 h3")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_by_keyboard_alone(open_page: Opener) -> None:
    page = opened(open_page())
    short(page)
    page.locator(box(page, "user", 0)).focus()
    page.keyboard.press("End")
    page.keyboard.type(" ¡Ya!")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#aula-answer-1 .aula-stats")).to_be_visible(timeout=SLOW)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('#aula-compare :is(button, input, textarea, summary)')]
        .filter(e => e.offsetParent && !e.disabled)
        .filter(e => !(e.innerText?.trim() || e.ariaLabel || e.title || e.labels?.[0]?.innerText.trim()))
        .map(e => e.outerHTML.slice(0, 160))"""
    )
    assert nameless == []
