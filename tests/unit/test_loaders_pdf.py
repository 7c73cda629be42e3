"""What is made of a PDF page: edges, headings, tables, columns, scripts and letters, on pages drawn for it."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from rag.cleaning import is_cipher
from rag.layout import Line
from rag.pages import HEADINGS, PageText
from rag.parse_pdf import Asked, PdfDocument
from rag.pdf_rows import arranged
from tests.pdf_bytes import escaped, pdf, stream

PROSE = (
    "La biblioteca guarda once mil ejemplares y tiene sesenta y dos puestos",
    "de lectura, nueve ordenadores y una sala de trabajo en grupo que se",
    "reserva en el mostrador con dos días de antelación, como mucho, y solo",
    "para personas del centro que lleven consigo el carné de este curso.",
)
Shown = tuple[float, float, float, str, str]  # left, base, size, font, text
HEBREW = "אבגדהוזחטיכלמנסע"


def drawn(*pages: list[Shown], bookmarks: list[tuple[int, str]] = [], size: tuple[int, int] = (595, 842)) -> bytes:  # noqa: B006
    """A PDF with a page for each list of texts; F1 is upright, F2 bold, F3 shows bytes from 0x80 on as Hebrew."""
    kids = b" ".join(b"%d 0 R" % (10 + 2 * index) for index in range(len(pages)))
    face = b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>"
    rows = b"".join(b"<%02x> <%04x>\n" % (0x80 + place, ord(char)) for place, char in enumerate(HEBREW))
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def 1 begincodespacerange "
        b"<00> <ff> endcodespacerange %d beginbfchar\n%sendbfchar endcmap end end" % (len(HEBREW), rows)
    )
    entries = [
        b"<</Title(%s)/Parent 7 0 R/Dest[%d 0 R/Fit]" % (escaped(title), 10 + 2 * index) for index, title in bookmarks
    ]
    first = 10 + 2 * len(pages)
    outline = b"/Outlines 7 0 R" if bookmarks else b""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % outline,
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids),
        face % b"Helvetica",
        face % b"Helvetica-Bold",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        stream(cmap),
        b"<</Type/Outlines/Count %d/First %d 0 R/Last %d 0 R>>" % (len(entries), first, first + len(entries) - 1),
        b"null",
        b"null",
    ]
    head = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Resources<</Font<</F1 3 0 R/F2 4 0 R/F3 5 0 R>>>>/Contents "
    for index, page in enumerate(pages):
        objects += [head % size + b"%d 0 R>>" % (11 + 2 * index), stream(b"\n".join(map(_shown, page)))]
    for number, entry in enumerate(entries):
        last = number == len(entries) - 1
        objects.append(
            entry.partition(b"/Next")[0].rstrip(b">") + (b">>" if last else b"/Next %d 0 R>>" % (first + number + 1))
        )
    return pdf(objects)


def _shown(text: Shown) -> bytes:
    left, base, size, font, words = text
    data = escaped(words) if font != "F3" else bytes(0x80 + HEBREW.index(char) if char != " " else 32 for char in words)
    return b"BT /%s %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET" % (font.encode(), size, left, base, data)


def prose(left: float = 72, top: float = 700, size: float = 11, lines: tuple[str, ...] = PROSE) -> list[Shown]:
    return [(left, top - 1.2 * size * row, size, "F1", line) for row, line in enumerate(lines)]


@pytest.fixture
def pages(tmp_path: Path):
    def read(data: bytes, first: int = 1) -> list[PageText]:
        path = tmp_path / "file.pdf"
        path.write_bytes(data)
        document = PdfDocument(path, Asked())
        return list(document.pages(first, document.total))

    return read


def body(page: PageText) -> str:
    start, end = page.body or (0, len(page.text))
    return page.text[start:end]


def headings(page: PageText) -> list[tuple[int, str]]:
    return [(level, page.text[place:].partition("\n")[0]) for place, level in page.headings]


# -- headers and footers ------------------------------------------------------------------------------------------


def chapters(count: int) -> bytes:
    return drawn(
        *[
            [
                (72, 800, 9, "F1", f"Capítulo {1 + number // 6} · {number}"),
                *prose(lines=(f"Párrafo de la página {'abcdefghijklmnop'[number % 16] * 9}.", *PROSE)),
                (290, 40, 9, "F1", "Instituto Maruja Mallo"),
            ]
            for number in range(1, count + 1)
        ]
    )


def test_numbered_headers_and_footers_stay_out_of_the_body_and_in_the_text(pages):
    found = pages(chapters(9))
    for page in found:
        assert page.text.startswith(f"Capítulo {1 + page.number // 6} · {page.number}\n")
        assert page.text.endswith("\n\nInstituto Maruja Mallo")
        assert body(page).startswith("Párrafo de la página")
        assert body(page).endswith("de este curso.")


def test_what_a_page_comes_to_does_not_depend_on_where_reading_began(pages):
    data = chapters(12)
    whole = pages(data)
    for first in (2, 7, 12):
        assert pages(data, first) == whole[first - 1 :]


def test_headers_that_take_turns_are_known(pages):
    sides = ["Guía de la biblioteca", "El préstamo"]
    found = pages(drawn(*[[(72, 800, 9, "F1", sides[number % 2]), *prose(top=660)] for number in range(10)]))
    assert all(body(page).startswith("La biblioteca guarda") for page in found)


def test_a_header_that_counts_pages_is_known_under_any_title(pages):
    heads = [
        (72, 800, 9, "F1", f"{['Horario', 'Préstamo', 'Fondos', 'Multas', 'Grupos'][number]} {20 + number}")
        for number in range(5)
    ]
    found = pages(drawn(*[[head, *prose(top=660)] for head in heads]))
    assert all(body(page).startswith("La biblioteca guarda") for page in found)


def test_a_page_number_is_known_without_neighbours(pages):
    (page,) = pages(drawn([*prose(), (290, 40, 9, "F1", "1")]))
    assert (body(page)[-6:], page.text[-3:]) == ("curso.", "\n\n1")


def test_what_stands_once_or_is_the_title_of_a_slide_is_no_header(pages):
    slides = [[(60, 480, 30, "F2", "Plan"), *prose(60, 300, 16)] for _ in range(5)]
    assert all(body(page).startswith("Plan\n") for page in pages(drawn(*slides, size=(720, 540))))
    first, *_ = pages(drawn([(72, 800, 9, "F1", "Solo aquí"), *prose()], prose(), prose()))
    assert body(first).startswith("Solo aquí")


def test_a_first_line_in_the_middle_of_pages_is_no_header(pages):
    found = pages(drawn(*[prose(top=500) for _ in range(6)]))
    assert all(page.body is None for page in found)


# -- headings -----------------------------------------------------------------------------------------------------


def test_headings_by_size_by_number_and_by_bold(pages):
    (page,) = pages(
        drawn(
            [
                (72, 780, 22, "F2", "Guía de la biblioteca"),
                *prose(top=740),
                (72, 660, 14, "F2", "2.1 Renovar y"),
                (72, 643, 14, "F2", "reservar libros"),
                *prose(top=610),
                (72, 530, 11, "F2", "Lo que no se presta"),
                *prose(top=515),
                (72, 440, 11, "F2", "Una frase en negrita que termina en punto."),
                *prose(top=420),
            ]
        )
    )
    assert headings(page) == [
        (1, "Guía de la biblioteca"),
        (2, "2.1 Renovar y reservar libros"),
        (4, "Lo que no se presta"),
    ]


def test_bookmarks_say_what_is_a_heading(pages):
    marks = [(0, "Horario"), (1, "Préstamo")]
    found = pages(
        drawn(
            [(72, 780, 11, "F1", "1. Horario"), *prose(top=740), (72, 600, 14, "F2", "En verano"), *prose(top=570)],
            [(72, 780, 11, "F1", "Préstamo"), *prose(top=740)],
            bookmarks=marks,
        )
    )
    assert [headings(page) for page in found] == [[(1, "1. Horario"), (3, "En verano")], [(1, "Préstamo")]]


def test_a_page_has_so_many_headings_and_no_more(pages):
    shown: list[Shown] = []
    for n in range(HEADINGS + 50):
        top = 30 * (HEADINGS + 50 - n)
        shown += [
            (72, top, 20, "F1", f"Heading {n} of the book"),
            (72, top - 14, 9, "F1", f"Words of the {n}th part of it."),
        ]
    (page,) = pages(drawn(shown, size=(595, 30 * (HEADINGS + 52))))
    found = headings(page)
    assert len(found) == HEADINGS
    assert found[-1][1].startswith(f"Heading {HEADINGS - 1} of")
    assert f"Heading {HEADINGS + 49} of" in page.text


def test_running_text_has_no_headings(pages):
    (page,) = pages(drawn([*prose(), (72, 500, 11, "F2", "nota"), *prose(top=480), (72, 400, 30, "F1", "42 %")]))
    assert page.headings == ()


# -- side by side -------------------------------------------------------------------------------------------------

TABLE = [("Quién", "Libros", "Plazo"), ("Alumnado", "3", "15 días"), ("Profesorado", "10", "60 días")]


def table(top: float, lefts: tuple[float, ...] = (72, 250, 350)) -> list[Shown]:
    return [
        (left, top - 18 * row, 11, "F1", cell)
        for row, cells in enumerate(TABLE)
        for left, cell in zip(lefts, cells, strict=True)
    ]


def test_a_table_is_kept_as_rows(pages):
    (page,) = pages(drawn([*prose(), *table(600), *prose(top=540)]))
    assert "\n\nQuién | Libros | Plazo\nAlumnado | 3 | 15 días\nProfesorado | 10 | 60 días\n\n" in page.text


def test_a_cell_of_several_lines_and_an_empty_one_stay_in_their_row(pages):
    rows = [
        (72, 600, 11, "F1", "Quién"),
        (250, 600, 11, "F1", "Qué"),
        (450, 600, 11, "F1", "Plazo"),
        (72, 580, 11, "F1", "Alumnado"),
        (250, 580, 11, "F1", "libros, tebeos y"),
        (250, 567, 11, "F1", "películas"),
        (450, 580, 11, "F1", "15 días"),
        (72, 547, 11, "F1", "Visitas"),
        (450, 547, 11, "F1", "ninguno"),
    ]
    (page,) = pages(drawn([*prose(), *rows]))
    assert page.text.endswith(
        "Quién | Qué | Plazo\nAlumnado | libros, tebeos y películas | 15 días\nVisitas |  | ninguno"
    )


def columns(by_row: bool) -> list[Shown]:
    left = [(72.0, 700 - 13.0 * row, 10.0, "F1", line[:40]) for row, line in enumerate(PROSE * 2)]
    right = [(320.0, base, size, font, line[::-1]) for _, base, size, font, line in left]
    return [line for pair in zip(left, right, strict=True) for line in pair] if by_row else left + right


def test_two_columns_read_one_after_the_other_however_they_are_drawn(pages):
    by_row, by_column = (pages(drawn(columns(drawn_so)))[0].text for drawn_so in (True, False))
    assert by_row.split() == by_column.split()
    assert "|" not in by_row


def test_prose_with_wide_gaps_is_no_table():
    def line(row: int, left: float, text: str, glued: bool) -> Line:
        return Line(text, left, left + 5 * len(text), 700 - 13 * row, 10, 20, glued=glued)

    loose = [
        part
        for row, (one, two, at) in enumerate(
            [
                ("una línea suelta que", "sigue tras un hueco", 190),
                ("otra que no se parece en nada", "a la de antes", 240),
            ]
            * 3
        )
        for part in (line(row, 72, one, glued=False), line(row, at + 17 * row, two, glued=True))
    ]
    found = arranged(loose)
    assert [item.row for item in found] == [False] * 6
    assert found[0].text == "una línea suelta que sigue tras un hueco"


def test_a_list_with_its_numbers_set_apart_is_no_table(pages):
    points = [
        (left, 700 - 16 * row, 11, "F1", text)
        for row in range(4)
        for left, text in ((72, f"{row + 1}."), (100, "un punto"))
    ]
    (page,) = pages(drawn(points))
    assert page.text == "1. un punto\n2. un punto\n3. un punto\n4. un punto"


# -- scripts and letters ------------------------------------------------------------------------------------------


def test_what_reads_from_the_right_is_in_the_order_in_which_it_is_read(pages):
    words = "אבג דהו זחט יכל מנס"
    lines = [(300, 700 - 14 * row, 11, "F3", words[::-1]) for row in range(3)]
    (page,) = pages(drawn(lines))
    assert page.text.split() == words.split() * 3


def test_hyphens_at_line_ends_are_joined(pages):
    (page,) = pages(
        drawn(prose(lines=(PROSE[0], "de lectura, nueve ordenadores y una sala de trabajo para el alum-", "nado.")))
    )
    assert "el alumnado." in page.text


LETTERS = string.ascii_letters
ODD = str.maketrans(LETTERS, LETTERS[7:] + LETTERS[:7])


def test_letters_that_come_as_in_no_language_are_a_cipher():
    text = " ".join(PROSE)
    assert not is_cipher(text)
    assert is_cipher(text.translate(ODD))
    assert not is_cipher(text.translate(ODD)[:100])  # too little to say
    assert not is_cipher("AAAA BBBB " * 100)


def test_a_page_whose_letters_cannot_be_believed_waits_for_its_picture(pages):
    wrong = [(left, base, size, font, text.translate(ODD)) for left, base, size, font, text in prose()]
    found = pages(drawn(prose(), wrong))
    assert [(page.how, page.reason, bool(page.text)) for page in found] == [
        ("text", "", True),
        ("waiting", "garbled", False),
    ]


def test_what_is_typed_into_a_form_or_a_note_is_read(pages):
    look = stream(
        b"BT /F1 12 Tf 0 4 Td (Lucia Prado) Tj ET",
        b"/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F1 3 0 R>>>>",
    )
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Lucia Prado)/F 4/Rect[90 600 290 620]/AP<</N 8 0 R>>>>"
    fonts = b"/Resources<</Font<</F1 3 0 R>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]%s/Contents 5 0 R/Annots[7 0 R]>>" % fonts
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>",
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        page,
        stream(b"BT /F1 12 Tf 90 700 Td (Solicitud de carne) Tj ET"),
        b"<</Fields[7 0 R]>>",
        field,
        look,
    ]
    (found,) = pages(pdf(objects))
    assert "Solicitud de carne" in found.text
    assert "Lucia Prado" in found.text
