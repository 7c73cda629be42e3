"""A figure's picture and its numbers, as files that really come out of a real page."""

from __future__ import annotations

import csv

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import SLOW, Opener, lab

pytestmark = pytest.mark.browser
FIGURE = "#aula-lab-attention-drawn figure[data-name=attention-lines]"


def test_png_and_csv_have_what_the_figure_shows(open_page: Opener) -> None:
    page = open_page()
    lab(page, "attention")
    page.locator("#aula-lab-attention-text :is(input, textarea)").fill("x = 2, dijo")
    page.locator("#aula-lab-attention-go").click()
    figure = page.locator(FIGURE)
    expect(figure).to_be_visible(timeout=SLOW)
    with page.expect_download() as numbers:
        figure.locator("[data-save=csv]").click()
    assert numbers.value.suggested_filename == "attention-lines.csv"
    with open(numbers.value.path(), encoding="utf-8", newline="") as file:
        assert file.read(1) == "\ufeff"  # by which a spreadsheet knows that it is UTF-8
        head, *rows = csv.reader(file)
    shown = figure.locator("tbody tr")
    assert head == figure.locator("thead th").all_text_contents()
    assert len(rows) == shown.count()
    whole = [cell.get_attribute("data-value") for cell in shown.locator("td[data-value]").all()]
    assert [row[-1] for row in rows] == whole
    assert max(len(value) for _, _, value in rows) > 6  # not rounded as it is shown
    assert {"'=", ","} <= {row[0] for row in rows}  # no formula; a comma in quotes
    assert "=" not in {cell for row in rows for cell in row}

    with page.expect_download() as picture:
        figure.locator("[data-save=png]").click()
    assert picture.value.suggested_filename == "attention-lines.png"
    with Image.open(picture.value.path()) as image:
        box = page.eval_on_selector(f"{FIGURE} svg", "svg => [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height]")
        assert image.format == "PNG"
        assert image.size == tuple(2 * round(side) for side in box)
        assert len(image.convert("RGB").getcolors(1 << 24) or []) > 20  # lines and words, not a blank sheet
