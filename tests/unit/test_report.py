"""The report: one file, both languages, all of a run in it, and nothing in it that a stranger's text could start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup, Tag

from prompts.figures.stats import wilson
from prompts.figures.verdict import summary
from prompts.report.page import html
from prompts.words import LANGUAGES, table
from tests import run_cases
from tests.run_cases import BAD

ALLOWED = {"html", "head", "meta", "title", "style", "body", "input", "label", "main", "header", "section", "div"}
ALLOWED |= {"h1", "h2", "h3", "h4", "p", "span", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "figure"}
ALLOWED |= {"dl", "dt", "dd", "pre", "code", "details", "summary", "b", "q", "br"}
ALLOWED |= {"svg", "desc", "g", "rect", "line", "circle", "text", "path", "tspan"}


def page(lang: str = "en") -> str:
    run, cells = run_cases.run(), run_cases.cells()
    return html(run, summary(run.experiment, cells), cells, lang)


def soup(lang: str = "en") -> BeautifulSoup:
    return BeautifulSoup(page(lang), "html.parser")


def seen(lang: str) -> str:
    """The text that somebody reads who has chosen `lang`."""
    found = soup(lang)
    other = next(one for one in LANGUAGES if one != lang)
    for part in found.select(f"main .{other}"):
        part.decompose()
    main = found.find("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def attributes(found: BeautifulSoup) -> Iterator[tuple[str, str, str]]:
    for tag in found.find_all(True):
        assert isinstance(tag, Tag)
        for name, value in tag.attrs.items():
            yield tag.name, name, str(value)


def test_strangers_texts_are_data() -> None:
    found = soup()
    assert {tag.name for tag in found.find_all(True)} <= ALLOWED
    assert not [name for _, name, _ in attributes(found) if name.startswith("on")]
    assert "<script" not in page()
    assert "<img" not in page()
    assert page().count("</style>") == 1


def test_every_text_is_there_as_it_was() -> None:
    texts = [
        tag.get_text() for tag in soup().find_all(["pre", "code", "h1", "h3", "h4", "th", "dt", "dd", "q", "span"])
    ]
    for text in (
        f"Run {BAD}",
        f"A {BAD}",
        f"value {BAD}",
        f"name {BAD}",
        f"=answer 3 {BAD}",
        f"sys {BAD}",
        f"u {BAD}",
        f"a {BAD}",
        f"begin {BAD}",
        f"vote {BAD}",
        f"<|im_start|>{BAD}",
        f"It failed {BAD}",
        f"Ha fallado {BAD}",
        f"contains: {BAD}",
        f"1.0 {BAD}",
        "ab" * 32,
    ):
        assert text in texts, text


def test_nothing_is_fetched() -> None:
    found = soup()
    assert not [
        (tag, name)
        for tag, name, _ in attributes(found)
        if name in ("src", "href", "srcset", "action", "data", "xlink:href")
    ]
    style = found.find("style")
    assert style is not None
    assert not re.search(r"url\(|@import|@font-face|expression", style.get_text())
    policy = found.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert isinstance(policy, Tag)
    assert "default-src 'none'" in str(policy["content"])
    assert "script" not in str(policy["content"])


@pytest.mark.parametrize("lang", [*LANGUAGES, "fr"])
def test_it_opens_in_the_language_asked_for(lang: str) -> None:
    found = soup(lang)
    opens = lang if lang in LANGUAGES else "en"
    assert [tag["id"] for tag in found.select("input[name=lang][checked]")] == [f"lang-{opens}"]
    assert isinstance(found.html, Tag)
    assert found.html["lang"] == opens
    style = found.find("style")
    assert style is not None
    assert "#lang-en:checked ~ main .es, #lang-es:checked ~ main .en { display: none; }" in style.get_text()
    assert found.select("input[name=lang] ~ main")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_language_is_whole(lang: str) -> None:
    text = seen(lang)
    other = table(next(one for one in LANGUAGES if one != lang))
    for key, mine in table(lang).items():
        if key.startswith("report.how_"):
            assert mine in text
            assert other[key] not in text
    run = run_cases.run()
    for pair in summary(run.experiment, run_cases.cells()).pairs:
        assert pair.verdict.text(lang).replace("  ", " ") in text
    for word in ("outcome.right", "outcome.wrong", "outcome.unparsed", "report.failed"):
        assert table(lang)[word] in text
    assert {"es": "1,25 s", "en": "1.25 s"}[lang] in text


def test_shares_have_their_interval() -> None:
    low, high = wilson(11, 11)
    assert f"100% ({round(low * 100)} to {round(high * 100)})" in seen("en")
    assert f"100 % (de {round(low * 100)} a {round(high * 100)})" in seen("es")
    assert len(soup().select("figure svg")) == 4


def test_pairs_have_their_difference_and_how_sure_it_is() -> None:
    run, cells = run_cases.run(), run_cases.cells()
    (pair,) = summary(run.experiment, cells).pairs
    head, *lines = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in soup().select(".pairs tr")]
    assert len(lines) == 1
    assert len(head) == len(lines[0]) == 7
    name, difference, interval, p, adjusted, only_a, only_b = lines[0]
    assert name == f"A {BAD} → B"
    assert difference == f"+{round(100 * pair.difference)}"
    assert f"+{round(100 * pair.low)} to +{round(100 * pair.high)}" in interval
    assert (only_a, only_b) == (str(pair.only_a), str(pair.only_b))
    assert pair.only_b > pair.only_a
    for shown, value in ((p, pair.p), (adjusted, pair.p_adjusted)):
        assert f"{round(value, 3):g}" in shown
    assert "p (McNemar, exacta)" in seen("es")


def test_three_columns_have_three_pairs_with_what_holm_makes_of_them() -> None:
    run, cells = run_cases.run(), run_cases.cells()
    three = replace(run.experiment, columns=(*run.experiment.columns, replace(run.experiment.columns[1], label="C")))
    more = {replace(place, column=2): replace(cell, place=replace(place, column=2)) for place, cell in cells.items()}
    found = summary(three, cells | {place: one for place, one in more.items() if place.column == 2})
    text = BeautifulSoup(html(replace(run, experiment=three), found, cells, "en"), "html.parser")
    assert len(text.select(".pairs tbody tr")) == 3
    assert found.pairs[0].p_adjusted > found.pairs[0].p
    first = [cell.get_text() for cell in text.select(".pairs tbody tr")[0].find_all("td")]
    assert first[2] != first[3]


def test_it_says_in_what_columns_differ() -> None:
    text = seen("es")
    for what in (
        "prompt del sistema",
        "ejemplos",
        "petición",
        "comienzo de la respuesta",
        "modelo",
        "muestras que votan",
    ):
        assert what in text


def test_every_row_folds() -> None:
    found = soup()
    rows = found.select("details.row")
    assert len(rows) == run_cases.ROWS
    assert [len(row.select("section")) for row in rows] == [2] * run_cases.ROWS
    assert rows[0].select("section")[1].find("h4").get_text() == "B"  # type: ignore[union-attr]


def test_it_prints() -> None:
    assert "size: A4" in page()
    assert "@media print" in page()


def test_a_run_that_has_hardly_begun_has_a_report_too() -> None:
    run = replace(run_cases.run(), provenance={}, name="")
    text = html(run, summary(run.experiment, {}), {}, "es")
    assert table("es")["report.provenance_none"] in text
    assert "details class" not in text


def test_each_columns_decoding_is_written_out() -> None:
    decoding = [{"label": "A", "temperature": 0.5}, {"label": "B", "temperature": 0.7}]
    run = replace(run_cases.run(), provenance={"decoding": decoding})
    text = html(run, summary(run.experiment, {}), {}, "en")
    assert "decoding · 2 · temperature" in text
    assert "{&#39;" not in text
