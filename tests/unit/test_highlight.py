"""A quote is found among a page's letters whatever cleaning and re-flowing did to it, and only where it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.highlight import UNITS, Box, boxes, extent, folded

SIZE = (UNITS, UNITS)
LINE, LETTER = 2000, 1000


def page(*lines: str, left: int = 0, top: int = 0) -> list[tuple[str, int, int, int, int]]:
    """Glyphs of lines of letters that are each LETTER wide and LINE high."""
    found = []
    for row, line in enumerate(lines):
        for column, char in enumerate(line):
            x, y = left + column * LETTER, top + row * LINE
            if letters := folded(char):
                found.append((letters, x, y, x + LETTER, y + LINE))
    return found


def under(glyphs: list[tuple[str, int, int, int, int]], found: list[Box]) -> str:
    """The letters that lie in the boxes, in the page's order."""

    def inside(glyph: tuple[str, int, int, int, int]) -> bool:
        x, y = (glyph[1] + glyph[3]) / 2 / UNITS, (glyph[2] + glyph[4]) / 2 / UNITS
        return any(box.left <= x <= box.right and box.top <= y <= box.bottom for box in found)

    return "".join(glyph[0] for glyph in glyphs if inside(glyph))


def quoted(glyphs: list[tuple[str, int, int, int, int]], text: str, quote: str) -> str:
    start = text.index(quote)
    return under(glyphs, boxes(glyphs, SIZE, text, [(start, start + len(quote))]))


def test_hyphens_ligatures_accents_and_case_do_not_matter() -> None:
    glyphs = page("El ﬁnal de la informa-", "ci´on llegó TARDE, al fin.")
    text = "El final de la información llegó tarde, al fin."
    assert quoted(glyphs, text, "final de la información llegó tarde") == folded("finaldelainformacionllegotarde")


def test_a_line_gets_one_box_and_a_far_cell_its_own() -> None:
    glyphs = [*page("uno dos tres", "cuatro cinco"), *page("aparte", left=60 * LETTER, top=LINE)]
    text = "uno dos tres cuatro cinco aparte"
    found = boxes(glyphs, SIZE, text, [(0, len(text))])
    assert [(box.left, box.top) for box in found] == [(0.0, 0.0), (0.0, 0.02), (0.6, 0.02)]


def test_of_two_equal_sentences_the_one_that_is_meant() -> None:
    glyphs = page("abre a las nueve", *["texto que está en medio"] * 5, "abre a las nueve")
    text = " ".join(["abre a las nueve", *["texto que está en medio"] * 5, "abre a las nueve"])
    last = text.rindex("abre")
    for start, row in ((0, 0), (last, 6)):
        (found,) = boxes(glyphs, SIZE, text, [(start, start + 16)])
        assert round(found.top * UNITS) == row * LINE


def test_a_footer_inside_the_sentence_is_stepped_over() -> None:
    glyphs = page("la primera parte de la frase", "Pie de la hoja, 2024", "sigue en la otra columna")
    text = "la primera parte de la frase sigue en la otra columna"
    assert quoted(glyphs, text, text) == folded(text)


def test_what_is_not_on_the_page_gets_no_box() -> None:
    glyphs = page("una página sobre jardines y compost")
    text = "El faro de Punta Serena se encendió en 1907."
    assert boxes(glyphs, SIZE, text, [(0, len(text))]) == []
    assert boxes([], SIZE, text, [(0, 5)]) == []
    assert boxes(glyphs, SIZE, "--- … ---", [(0, 9)]) == []


def test_extent_keeps_the_page_s_shape() -> None:
    assert extent(600, 300) == (UNITS, UNITS // 2)
    assert extent(1, 1e9) == (1, UNITS)


@given(st.lists(st.text(alphabet="abcé ñfi-.ﬁ1", min_size=1, max_size=12), min_size=1, max_size=6), st.data())
def test_any_range_of_any_page_is_under_its_boxes(lines: list[str], data: st.DataObject) -> None:
    glyphs, text = page(*lines), " ".join(lines)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert folded(text[start:end]) in under(glyphs, boxes(glyphs, SIZE, text, [(start, end)]))
