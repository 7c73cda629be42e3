"""Chunks: they lose nothing, fit, and are cut where a reader would cut. No model: the tokens are estimated or words."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag import chunking
from rag.chunking import (
    HEADING_TOKENS,
    LARGEST,
    SMALLEST,
    Cut,
    Path_,
    Span,
    chunk_page,
    path_after,
    searchable,
    stretches,
)
from rag.errors import BadCut
from rag.pages import HEADINGS as MOST
from rag.pages import PageText
from rag.tokens import Counted, Estimate


class Words:
    """A token a word, so that a test can count by eye."""

    def __init__(self, limit: int = 500) -> None:
        self.limit = limit

    def count(self, text: str) -> int:
        return len(text.split())

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [found.span() for found in re.finditer(r"\S+", text)]


def chunks(text: str, size: int = 48, overlap: int = 0, headings=(), body=None, path: Path_ = ()) -> list[Span]:
    return chunk_page(PageText(7, text, "text", "", body, tuple(headings)), Cut(size, overlap), Words(), path)[0]


def texts(text: str, *more: object, **options: object) -> list[str]:
    return [text[span.start : span.end] for span in chunks(text, *more, **options)]  # type: ignore[arg-type]


def sentence(name: str, words: int) -> str:
    return f"{name} " + " ".join(["palabra"] * (words - 2)) + " fin."


# -- of any text -------------------------------------------------------------------------------------------------

PLAIN = st.text(alphabet="abcde áñ.。?¿!,;-\n\t|•1A\u0301\u200b😀語\r\x0c", max_size=1_500)
WILD = st.text(max_size=300)
WORDY = st.lists(
    st.sampled_from(["uno", "dos.", "Tres", "¿cuatro?", "a | b", "\n", "\n\n", "- ", "x" * 400, "4."])
).map(" ".join)


@st.composite
def pages(draw) -> PageText:
    text = draw(st.one_of(PLAIN, WILD, WORDY))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    body = draw(st.sampled_from([None, (start, end)]))
    places = draw(st.lists(st.integers(0, max(0, len(text) - 1)), max_size=4, unique=True))
    headings = tuple((place, draw(st.integers(1, 3))) for place in sorted(places)) if text else ()
    return PageText(3, text, "text", "", body, headings)


CUTS = st.integers(SMALLEST, 90).flatmap(lambda size: st.builds(Cut, st.just(size), st.integers(0, size // 2)))


@given(pages(), CUTS)
@example(PageText(3, "a" * 4_000, "text"), Cut(48, 24))
def test_chunks_are_spans_of_the_body_that_lose_nothing_and_fit(page: PageText, cut: Cut) -> None:
    spans, _ = chunk_page(page, cut, Estimate())
    start, end = page.body or (0, len(page.text))
    covered: set[int] = set()
    for span in spans:
        assert span.page == 3
        assert start <= span.start < span.end <= end
        assert not page.text[span.start].isspace()
        assert not page.text[span.end - 1].isspace()
        assert Estimate().count(page.text[span.start : span.end]) <= cut.size
        covered |= set(range(span.start, span.end))
    assert all(at in covered for at in range(start, end) if not page.text[at].isspace())
    assert all(a.start < b.start and a.end < b.end for a, b in itertools.pairwise(spans))
    assert chunk_page(page, cut, Estimate()) == chunk_page(replace(page), cut, Estimate())


@given(pages(), CUTS)
def test_a_word_is_cut_only_when_it_is_too_long(page: PageText, cut: Cut) -> None:
    text = re.sub("[。！？]", ".", page.text)  # after these, a sentence ends without a space
    page = replace(page, text=text, headings=())
    start, end = page.body or (0, len(text))
    for span in chunk_page(page, cut, Estimate())[0]:
        for at in (span.start, span.end):
            if start < at < end and not text[at - 1].isspace() and not text[at].isspace():
                first = max(start, *(found.end() for found in re.finditer(r"\s", text[:at])), 0)
                last = next((found.start() + at for found in re.finditer(r"\s", text[at:])), end)
                assert Estimate().count(text[first : min(last, end)]) > cut.size


@given(pages(), CUTS)
def test_neighbours_share_no_more_than_the_overlap(page: PageText, cut: Cut) -> None:
    counted = Counted(page.text, Estimate())
    for a, b in itertools.pairwise(chunk_page(page, cut, Estimate())[0]):
        assert counted.count(b.start, max(a.end, b.start)) <= cut.overlap


# -- where a reader would cut ------------------------------------------------------------------------------------


def test_a_page_that_fits_is_one_chunk() -> None:
    slide = "Word2vec\n\n● Skip-gram\n● CBOW\n\nVentana de 5"
    assert texts(slide, headings=[(0, 1)]) == [slide]
    assert texts(" \n ") == []


def test_paragraphs_stay_whole_and_are_put_together_while_they_fit() -> None:
    one, two, three = (f"{sentence(name, 10)} {sentence(name, 10)}" for name in ("Uno", "Dos", "Tres"))
    assert texts(f"{one}\n\n{two}\n\n{three}") == [f"{one}\n\n{two}", three]


def test_a_long_paragraph_is_cut_between_sentences_into_even_parts() -> None:
    said = [sentence(f"Frase{n}", 12) for n in range(6)]
    assert texts(" ".join(said)) == [" ".join(said[:3]), " ".join(said[3:])]


def test_an_abbreviation_ends_no_sentence() -> None:
    said = f"{sentence('Uno', 30)} Lo dijo el Sr. García ayer {'muy ' * 20}tarde."
    assert texts(said)[1].startswith("Lo dijo el Sr. García")


def test_list_items_and_rows_are_not_cut_in_two() -> None:
    for mark in ("- ", "• ", "1. ", "➔ ", "b) "):
        items = [f"{mark}{sentence('Punto', 10)} {sentence('Sigue', 10)}" for _ in range(6)]
        found = texts("\n".join(items))
        assert "\n".join(found) == "\n".join(items)
        assert all(one.startswith(mark) for one in found)
    rows = [f"celda {n} | {'dato ' * 14}| {n}" for n in range(9)]
    found = texts("\n".join(rows), overlap=24)
    assert len(found) > 2
    assert all(line in rows for one in found for line in one.split("\n"))


def test_a_list_item_that_is_too_long_is_cut_all_the_same() -> None:
    item = "- " + " ".join(sentence("Punto", 12) for _ in range(8))
    assert len(texts(f"- uno\n{item}\n- tres")) > 2


def test_short_lines_without_stops_are_cut_at_their_ends() -> None:
    lines = [f"verso {n} que no acaba en punto" for n in range(20)]
    found = texts("\n".join(lines))
    assert all(line in lines for one in found for line in one.split("\n"))


def test_a_word_longer_than_a_chunk_is_cut() -> None:
    long = "x" * 2_000
    spans, _ = chunk_page(PageText(1, f"Antes {long} después", "text"), Cut(48, 0), Estimate())
    assert len(spans) > 5
    assert "".join("x" * (span.end - span.start) for span in spans[1:-1]) in long


def test_the_overlap_is_whole_sentences_and_does_not_cross_a_heading() -> None:
    said = [sentence(f"Frase{n}", 12) for n in range(9)]
    found = texts(" ".join(said), overlap=15)
    assert len(found) > 2
    for a, b in itertools.pairwise(found):
        assert b.startswith(a[a.rindex("Frase") :])
    first, second = sentence("Uno", 45), sentence("Dos", 45)
    text = f"{first}\nTítulo\n{second}"
    assert texts(text, overlap=20, headings=[(len(first) + 1, 1)]) == [first, f"Título\n{second}"]


# -- headings ----------------------------------------------------------------------------------------------------

BOOK = f"Capítulo 1\nDecodificación\n{sentence('Uno', 50)}\nBúsqueda en haz\n{sentence('Dos', 50)}\nFinal"
HEADINGS = [(BOOK.index(title), level) for title, level in (("Cap", 1), ("Deco", 2), ("Búsq", 2), ("Final", 1))]


def test_a_chunk_begins_at_a_heading_and_ends_with_none() -> None:
    spans = chunks(BOOK, 64, headings=HEADINGS)
    assert [BOOK[span.start :].split("\n")[0] for span in spans] == ["Capítulo 1", "Búsqueda en haz"]
    assert BOOK[spans[0].start : spans[0].end].endswith("fin.")
    assert spans[0].heading == "Capítulo 1 > Decodificación"


@given(st.integers(SMALLEST, 120), st.lists(st.tuples(st.integers(3, 90), st.booleans()), min_size=1, max_size=12))
def test_a_heading_stays_with_what_follows(size: int, parts: list[tuple[int, bool]]) -> None:
    text, headings = "", []
    for words, headed in parts:
        if headed:
            headings.append((len(text), 2))
            text += "Un título\n"
        text += sentence("Frase", words) + "\n\n"
    for span in chunks(text, size, headings=headings):
        assert not text[span.start : span.end].endswith("Un título")


def test_sections_too_small_for_a_chunk_share_one_and_its_heading() -> None:
    text, headings = "Glosario\n", [(0, 1)]
    for n in range(12):
        headings.append((len(text), 2))
        text += f"Término {n}\nquiere decir algo muy breve\n\n"
    spans = chunks(text, 64, headings=headings)
    assert 1 < len(spans) < 12
    assert {span.heading for span in spans} == {"Glosario"}


def test_the_headings_above_go_on_over_pages() -> None:
    tokens, cut = Words(), Cut(48, 0)
    first = PageText(1, BOOK, "text", "", None, tuple(HEADINGS))
    spans, path = chunk_page(first, cut, tokens, ((1, "Prólogo"),))
    assert path == ((1, "Final"),) == path_after(first, ((1, "Prólogo"),))
    assert spans[0].heading == "Capítulo 1 > Decodificación"
    second = PageText(2, f"{sentence('Uno', 48)}\nDetalle\n{sentence('Dos', 40)}", "text", "", None, ((302 + 4, 2),))
    second = replace(second, headings=((second.text.index("Detalle"), 2),))
    found, path = chunk_page(second, cut, tokens, path)
    assert [span.heading for span in found] == ["Final", "Final > Detalle"]
    assert path == ((1, "Final"), (2, "Detalle"))
    assert path_after(PageText(3, "", "failed", "time"), path) == path


def test_a_repeated_header_is_neither_text_nor_heading() -> None:
    text = "Curso de NLP\nWord2vec\nVentana de 5\n12"
    page = PageText(1, text, "text", "", (13, len(text) - 3), ((0, 1), (13, 2)))
    (span,), path = chunk_page(page, Cut(48, 0), Words())
    assert text[span.start : span.end] == "Word2vec\nVentana de 5"
    assert path == ((2, "Word2vec"),)


def test_a_page_of_headings_alone_costs_each_of_them_once(monkeypatch) -> None:
    text, headings = "", []
    for n in range(3_000):  # with each looked up anew for each chunk it would not end
        headings.append((len(text), 2))
        text += f"Head {n} {'x' * 2_000 if n == 1 else ''}\n{sentence('Uno', 50)}\n\n"
    read: list[int] = []
    shown = chunking._shown

    def counted(text: str, place: int, end: int) -> str:
        read.append(place)
        return shown(text, place, end)

    monkeypatch.setattr(chunking, "_shown", counted)
    spans = chunks(text, 64, headings=headings)
    assert len(read) <= 2 * MOST  # for its chunks, and for the page after it
    names = list(dict.fromkeys(span.heading for span in spans))
    assert len(names) == MOST
    assert names[:3] == ["Head 0", "Head 1…", "Head 2"]
    assert names[-1] == f"Head {MOST - 1}"
    assert spans[-1].end == len(text.rstrip())


def test_what_is_indexed_says_each_heading_once_and_fits() -> None:
    assert searchable("", "texto") == "texto"
    assert searchable("Tema 1 > Haz", "texto") == "Tema 1 > Haz\ntexto"
    assert searchable("Tema 1 > Haz", "Haz\ntexto") == "Tema 1\nHaz\ntexto"
    assert searchable("Tema 1 > Haz", "Tema 1\n\nHaz\ntexto") == "Tema 1\n\nHaz\ntexto"
    long = tuple((level, " ".join([f"palabra{level}"] * 12)) for level in range(1, 9))
    text = sentence("Uno", 400)
    tokens = Words(limit=100)
    spans, _ = chunk_page(PageText(1, text, "text"), Cut(LARGEST, 0), tokens, long)
    assert spans[0].heading.endswith("palabra8")
    assert tokens.count(spans[0].heading) < HEADING_TOKENS
    assert all(tokens.count(searchable(span.heading, text[span.start : span.end])) <= 100 for span in spans)


# -- a cut of one's own ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "overlap"), [(SMALLEST, 0), (LARGEST, LARGEST // 2), (101, 50)])
def test_a_cut_within_the_limits(size: int, overlap: int) -> None:
    assert Cut(size, overlap) == Cut.near(size, overlap)


@pytest.mark.parametrize(("size", "overlap"), [(SMALLEST - 1, 0), (LARGEST + 1, 0), (0, 0), (101, 51), (100, -1)])
def test_a_cut_outside_the_limits_is_refused_in_words(size: int, overlap: int) -> None:
    with pytest.raises(BadCut) as refused:
        Cut(size, overlap)
    assert f"{SMALLEST} a {LARGEST} tokens" in refused.value.text("es")
    assert f"{SMALLEST} to {LARGEST} tokens" in refused.value.text("en")
    near = Cut.near(size, overlap)
    assert SMALLEST <= near.size <= LARGEST


PAGE = " ".join(f"La frase número {n} dice algo que nadie más dice." for n in range(40))


@pytest.mark.parametrize(("size", "overlap"), [(48, 0), (48, 24), (150, 60), (LARGEST, 0)])
def test_stretches_are_the_whole_page_and_say_who_holds_what(size: int, overlap: int) -> None:
    spans = chunks(PAGE, size, overlap)
    cut = stretches(spans, len(PAGE))
    assert "".join(PAGE[one.start : one.end] for one in cut) == PAGE
    for number, span in enumerate(spans):
        held = [one for one in cut if number in one.chunks]
        assert (held[0].start, held[-1].end) == (span.start, span.end)
    assert any(len(one.chunks) > 1 for one in cut) == (overlap > 0)


# -- tokens ------------------------------------------------------------------------------------------------------


@given(PLAIN)
def test_counted_stretches_are_what_the_tokens_say(text: str) -> None:
    counted = Counted(text, Words())
    places = [0, *(found.start() for found in re.finditer(r"(?<!\S)\S", text)), len(text)]
    for start, end in itertools.combinations(places, 2):
        assert counted.count(start, end) == len(text[start:end].split())


def test_an_estimate_is_a_token_for_three_letters_and_one_for_each_mark() -> None:
    estimate = Estimate()
    assert estimate.count("palabra") == 3
    assert estimate.count("¿Qué?") == 3
    assert estimate.count("日本語") == 3
    assert estimate.offsets("ab, cd") == [(0, 2), (2, 3), (4, 6)]
