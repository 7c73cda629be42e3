"""Each format that has no pages, from a file made here to its sections, slides or sheets."""

from __future__ import annotations

import datetime
import io
import json
import re
import zipfile
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from rag.pages import Refused
from rag.parse_text import open_sections
from rag.sections import Block, Sections, join_blocks, section
from tests.office_files import ODT, book, deck, odf, packed, workbook

ENOUGH = 1500 * 2**20


@pytest.fixture
def read(tmp_path: Path):
    def opened(data: bytes | str, kind: str, memory: int = ENOUGH) -> Sections:
        path = tmp_path / "upload"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return open_sections(path, kind, memory, 50_000_000)

    return opened


def texts(sections: Sections) -> list[str]:
    return [page.text for page in sections.pages(1, sections.total)]


def headings(sections: Sections) -> list[list[tuple[int, str]]]:
    """The level and line of each heading, by section."""
    return [
        [(level, page.text[start:].split("\n", 1)[0]) for start, level in page.headings]
        for page in sections.pages(1, sections.total)
    ]


# -- sections ------------------------------------------------------------------------------------------------------


def test_a_long_section_is_cut_between_blocks_and_never_ends_in_a_heading():
    blocks = [Block("Guía", 1)]
    for number in range(12):
        blocks += [Block(f"Apartado {number}", 4), Block(f"Párrafo {number}." + " palabra" * 180)]
    made = join_blocks(blocks)
    assert len(made) > 2
    assert [line for one in made for line in one.text.split("\n\n")] == [block.text for block in blocks]
    assert all(len(one.text) <= 6500 and not one.text.split("\n\n")[-1].startswith("Apartado") for one in made)
    for one in made:
        assert all(one.text[start:].startswith(("Guía", "Apartado")) for start, _ in one.headings)


def test_one_endless_paragraph_is_cut_too():
    made = join_blocks([Block("Título", 2), Block("palabra " * 3000)])
    assert made[0].headings == ((0, 2),)
    assert sum(one.text.count("palabra") for one in made) == 3000
    assert max(len(one.text) for one in made) <= 6100


def test_a_heading_is_one_line():
    assert section([Block("Dos\nrenglones", 1), Block("texto")]).text == "Dos renglones\n\ntexto"


# -- DOCX ----------------------------------------------------------------------------------------------------------


def test_docx_headings_have_levels(read):
    document = docx.Document()
    for level, text in ((1, "Búsqueda"), (2, "En haz"), (4, "Detalle")):
        document.add_heading(text, level)
        document.add_paragraph(f"Sobre {text.lower()}.")
    out = io.BytesIO()
    document.save(out)
    sections = read(out.getvalue(), ".docx")
    assert headings(sections) == [[(1, "Búsqueda")], [(2, "En haz"), (4, "Detalle")]]
    assert texts(sections)[1] == "En haz\n\nSobre en haz.\n\nDetalle\n\nSobre detalle."


# -- PPTX ----------------------------------------------------------------------------------------------------------


def test_pptx(read):
    slides = read(deck(), ".pptx")
    assert (slides.unit, slides.total, slides.title) == ("slide", 4, "Búsqueda en árboles")
    assert texts(slides) == [
        "Búsqueda en árboles\n\nCurso de señales",
        "Métodos\n\n- Anchura\n  - memoria\n- Profundidad\n\nMétodo | Coste\nVoraz | bajo\n\ndentro de un grupo\n\n"
        "Notas / Notes:\nPreguntar por la señal.",
        "Préstamos | Enero: 12 | Febrero: 7.5",
        "",
    ]
    assert headings(slides) == [[(1, "Búsqueda en árboles")], [(1, "Métodos")], [], []]
    assert [page.how for page in slides.pages(3, 4)] == ["text", "empty"]


def test_a_deck_of_pictures_says_so(read):
    from PIL import Image

    slides = pptx.Presentation()
    picture = io.BytesIO()
    Image.new("RGB", (9, 9)).save(picture, "PNG")
    slides.slides.add_slide(slides.slide_layouts[6]).shapes.add_picture(picture, 0, 0)
    out = io.BytesIO()
    slides.save(out)
    with pytest.raises(Refused, match="image"):
        read(out.getvalue(), ".pptx")
    slides.slides.add_slide(slides.slide_layouts[5]).shapes.title.text = "Con título"
    slides.slides.add_slide(slides.slide_layouts[6])
    slides.save(out := io.BytesIO())
    told = [(page.how, page.reason) for page in read(out.getvalue(), ".pptx").pages(1, 3)]
    assert told == [("empty", "image"), ("text", ""), ("empty", "")]


# -- XLSX ----------------------------------------------------------------------------------------------------------


def test_xlsx_rows_say_what_each_cell_is(read):
    marks = [["Actas de junio"], ["Alumna", "Nota", "Fecha"], ["Begoña Núñez", 9.5, datetime.datetime(2026, 6, 5)]]
    sheets = read(workbook(("Notas", [*marks, [], ["Iván", None, None]]), ("Vacía", [])), ".xlsx")
    assert (sheets.unit, sheets.total) == ("sheet", 2)
    assert texts(sheets) == [
        "Notas\n\nActas de junio\nAlumna: Begoña Núñez | Nota: 9.5 | Fecha: 2026-06-05\nIván",
        "",
    ]
    assert headings(sheets)[0] == [(1, "Notas")]


def test_xlsx_gives_values_and_not_formulas(read):
    book = openpyxl.Workbook()
    book.active.title = "Cuentas"
    book.active.append(["Concepto", "Total", "Parte"])
    book.active.append(["Libros", "=SUM(1,2)", 0.25])
    book.active["C2"].number_format = "0 %"
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    parts["xl/worksheets/sheet1.xml"] = re.sub(r"(</f>)<v ?/?>(</v>)?", r"\1<v>3</v>", sheet)
    assert texts(read(packed(parts), ".xlsx")) == ["Cuentas\n\nConcepto: Libros | Total: 3 | Parte: 25 %"]


def test_a_long_sheet_is_cut_into_sections_that_name_it(read):
    rows = [["Nombre", "Nota"], *([f"Alumno {number}", number] for number in range(500))]
    sections = read(workbook(("Notas", rows), ("Otra", [["x"]])), ".xlsx")
    assert (sections.unit, sections.total) == ("section", 4)
    shown = texts(sections)
    assert [text.split("\n")[0] for text in shown] == ["Notas (2–201)", "Notas (202–401)", "Notas (402–501)", "Otra"]
    assert shown[1].endswith("Nombre: Alumno 399 | Nota: 399")


@pytest.mark.parametrize("kind", [".xlsx", ".csv"])
def test_rows_beyond_measure_end_in_a_note(read, kind, monkeypatch):
    monkeypatch.setattr("rag.sheets._MOST_ROWS", 50)
    monkeypatch.setattr("rag.parse_data._MOST_ROWS", 50)
    rows = [["Nombre", "Nota"], *([f"n{number}", number] for number in range(300))]
    data = workbook(("Notas", rows)) if kind == ".xlsx" else "\n".join(f"{one},{two}" for one, two in rows)
    sections = read(data, kind)
    assert sections.note == "chars"
    assert "n48" in texts(sections)[-1]
    assert "n49" not in texts(sections)[-1]


def test_a_sheet_that_says_it_has_a_million_rows_and_all_columns(read):
    book = workbook(("Notas", [["Nombre", "Nota"], ["Ana", 9]]))
    with zipfile.ZipFile(io.BytesIO(book)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>lejos</t></is></c></row></sheetData>'
    parts["xl/worksheets/sheet1.xml"] = sheet.replace("A1:B2", "A1:XFD1048576").replace("</sheetData>", far)
    sections = read(packed(parts), ".xlsx")
    assert texts(sections) == ["Notas\n\nNombre: Ana | Nota: 9"]
    assert sections.note == "chars"


def test_nothing_in_any_sheet(read):
    with pytest.raises(Refused, match="empty"):
        read(workbook(("A", []), ("B", [])), ".xlsx")


# -- OpenDocument --------------------------------------------------------------------------------------------------


def test_odt(read):
    sections = read(odf("text", ODT), ".odt")
    assert (sections.unit, sections.title) == ("section", "Año nuevo")
    assert texts(sections) == [
        "Búsqueda en árboles\n\nCon señal y fin.\n\n1 Nota al pie.\n\n- uno\n  - dentro\n- dos",
        "Tabla\n\nDía | Hora\nLunes | 9",
    ]
    assert headings(sections) == [[(1, "Búsqueda en árboles")], [(2, "Tabla")]]


def test_odp(read):
    page = (
        '<draw:page><draw:frame presentation:class="footer"><draw:text-box><text:p>pie</text:p></draw:text-box>'
        '</draw:frame><draw:frame presentation:class="outline"><draw:text-box><text:list><text:list-item>'
        "<text:p>Anchura</text:p></text:list-item></text:list></draw:text-box></draw:frame>"
        '<draw:frame presentation:class="title"><draw:text-box><text:p>Métodos</text:p></draw:text-box></draw:frame>'
        '<presentation:notes><draw:frame presentation:class="notes"><draw:text-box><text:p>Preguntar.</text:p>'
        "</draw:text-box></draw:frame></presentation:notes></draw:page><draw:page/>"
    )
    slides = read(odf("presentation", page), ".odp")
    assert (slides.unit, texts(slides)) == ("slide", ["Métodos\n\n- Anchura\n\nNotas / Notes:\nPreguntar.", ""])
    picture = "<draw:page><draw:frame><draw:image/></draw:frame></draw:page>"
    slides = read(odf("presentation", page + picture), ".odp")
    assert [slide.reason for slide in slides.pages(1, 3)] == ["", "", "image"]


def test_ods_where_cells_and_rows_are_repeated_without_measure(read):
    def row(*cells: str, more: str = "") -> str:
        inside = "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
        inside += '<table:table-cell table:number-columns-repeated="16384"/>'
        return f"<table:table-row {more}>{inside}</table:table-row>"

    body = (
        '<table:table table:name="Señales">'
        + row("Nombre", "Precio")
        + row("Piñón", "2,50 €")
        + row(more='table:number-rows-repeated="1048576"')
        + "</table:table>"
    )
    sheets = read(odf("spreadsheet", body), ".ods")
    assert (sheets.unit, texts(sheets)) == ("sheet", ["Señales\n\nNombre: Piñón | Precio: 2,50 €"])


# -- EPUB ----------------------------------------------------------------------------------------------------------


def test_epub_in_the_order_of_its_spine(read):
    sections = read(book(), ".epub")
    assert (sections.unit, sections.title) == ("section", "El señor Muñoz")
    assert texts(sections) == ["Uno\n\nOtro\n\n¿Cuándo?", "Dos\n\nMañana.\n\nUna nota."]
    assert headings(sections)[0] == [(1, "Uno"), (2, "Otro")]


@pytest.mark.parametrize(("part", "refused"), [("OEBPS/dos.xhtml", True), ("OEBPS/letra.otf", False)])
def test_a_book_with_drm_is_protected_and_one_with_hidden_fonts_is_not(read, part, refused):
    encryption = f'<e xmlns:c="urn:c"><c:CipherReference URI="{part}"/></e>'
    data = book(**{"META-INF/encryption.xml": encryption})
    if refused:
        with pytest.raises(Refused, match="protected"):
            read(data, ".epub")
    else:
        assert read(data, ".epub").total == 2


# -- HTML ----------------------------------------------------------------------------------------------------------

PAGE = """<html><head><title>Guía</title></head><body><header><a href="/">Inicio</a></header><nav>menú</nav>
<div class="cookie-banner">Usamos cookies</div><div role="navigation">otro menú</div>
<main><header><h1>Señales</h1></header><p>La señal se oye lejos, en todo el pueblo y aún más allá de él.</p>
<h4>Detalle</h4><p>Más.</p><aside>Anuncio</aside><section><footer>Firmado: Muñoz</footer></section></main>
<footer>Aviso legal</footer></body></html>"""


def test_html_without_what_stands_around_the_text(read):
    sections = read(PAGE, ".html")
    assert texts(sections) == [
        "Señales\n\nLa señal se oye lejos, en todo el pueblo y aún más allá de él.\n\nDetalle\n\nMás.\n\nFirmado: Muñoz"
    ]
    assert headings(sections) == [[(1, "Señales"), (4, "Detalle")]]


def test_html_that_is_all_menus_is_still_read(read):
    assert texts(read("<nav>menú</nav><footer><p>Solo un pie</p></footer>", ".html")) == ["Solo un pie"]


# -- CSV and JSON --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv(read, separator, encoding):
    table = [("Título", "Año"), ('"El niño; la, señal | y más"', "1999"), ("Canción", "2001")]
    data = "\r\n".join(separator.join(row) for row in table).encode(encoding)
    assert texts(read(data, ".csv")) == ["Título: El niño; la, señal | y más | Año: 1999\nTítulo: Canción | Año: 2001"]


def test_csv_without_a_header_or_with_an_open_quote(read):
    assert texts(read("1;2,5\n3;4,5\n", ".csv")) == ["1 | 2,5\n3 | 4,5"]
    broken = read('a,b\n1,2\n"' + "x" * 2**21, ".csv")
    assert (texts(broken), broken.note) == (["a: 1 | b: 2"], "chars")


def test_csv_whose_headers_are_far_longer_than_its_cells(read, monkeypatch):
    monkeypatch.setattr("rag.parse_data._MOST_CHARS", 50_000)
    sections = read(",".join(f"{'x' * 50}{place}" for place in range(40)) + ("\n" + ",".join("1" * 40)) * 2000, ".csv")
    assert sections.note == "chars"
    assert 50_000 < sum(map(len, texts(sections))) < 60_000


def test_a_long_cell_that_is_almost_a_figure(read):
    assert "x" in "".join(texts(read("uno;dos\n\n" + "1" * 200_000 + "x;2\n3;4\n", ".csv")))


def test_json_records_and_parts(read):
    value = {
        "curso": "Señales",
        "horas": 4.50,
        "temas": [{"n": 1, "título": "Búsqueda", "autores": [{"nombre": "Núñez"}]}, {"n": 2, "título": "Año"}],
        "aula": {"piso": {"n": 2}, "llaves": ["a", "b"], "libre": True},
    }
    sections = read(json.dumps(value), ".json")
    assert texts(sections) == [
        "curso: Señales | horas: 4.5",
        "temas\n\nn: 1 | título: Búsqueda | autores[0].nombre: Núñez\nn: 2 | título: Año",
        "aula\n\npiso.n: 2 | llaves: a, b | libre: true",
    ]
    assert headings(sections)[1:] == [[(1, "temas")], [(1, "aula")]]


def test_json_lines_keep_a_bad_one_as_it_stands(read):
    assert texts(read('{"a": 1}\nno json\n{"a": "ñ"}\n', ".jsonl")) == ["a: 1\nno json\na: ñ"]
    assert texts(read('{"a": 1}\n{"a": 2}\n', ".json")) == ["a: 1\na: 2"]


@pytest.mark.parametrize("text", ['{"a": ', "[" * 100_000, "hola, señor", '{"a": ' * 50_000])
def test_what_is_no_json_is_shown_as_text(read, text):
    assert "".join(texts(read(text, ".json"))).replace("\n", "")[:9] == text[:9].strip()


def test_json_of_numbers_without_measure(read, monkeypatch):
    monkeypatch.setattr("rag.parse_data._MOST_VALUES", 1000)
    sections = read(json.dumps([{"n": number} for number in range(5000)]), ".json")
    assert sections.note == "chars"
    assert "n: 9" * 400 not in "".join(texts(sections))
    assert texts(read("9" * 10_000, ".json"))[0].startswith("999")


# -- code ----------------------------------------------------------------------------------------------------------

PYTHON = '''"""Busca señales."""

import os


@cached
def buscar(grafo):
\tif grafo:
\t    return "año"


class Nodo:
    def hijos(self):
        return []
'''


def test_code_keeps_every_line_and_its_indentation(read):
    sections = read(PYTHON, ".py")
    assert texts(sections) == [PYTHON.strip("\n")]
    assert headings(sections) == [[(1, "def buscar(grafo):"), (1, "class Nodo:")]]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (".js", "export const sumar = (a, b) => {"),
        (".ts", "export interface Nodo {"),
        (".java", "public final class Nodo {"),
        (".c", "static int sumar(int a, char *b) {"),
        (".cpp", "std::vector<int> Nodo::hijos() const {"),
        (".go", "func (n *Nodo) Hijos() []int {"),
        (".rs", "pub(crate) fn hijos() {"),
        (".sql", "CREATE TABLE alumnos ("),
        (".r", "sumar <- function(a, b) {"),
        (".sh", "sumar() {"),
        (".php", "function sumar($a) {"),
        (".toml", "[tool.ruff]"),
        (".tex", "\\section{Búsqueda}"),
    ],
)
def test_definitions_of_each_language(read, kind, line):
    found = headings(read(f"{line}\n    cuerpo;\n}}\n\nif (x) {{\nreturn f(x)\n", kind))
    assert [[text for _, text in one] for one in found] == [[line]]


def test_long_code_is_cut_between_definitions(read):
    code = "\n\n".join(f"def f{number}():\n" + "    x = 'señal'\n" * 30 + "    return x" for number in range(40))
    shown = texts(read(code, ".py"))
    assert len(shown) > 3
    assert all(text.startswith("def f") and text.endswith("return x") for text in shown)
    assert "\n".join(shown).replace("\n", "") == code.replace("\n", "")


def test_a_line_without_end_is_cut(read):
    shown = texts(read("var a=" + "[1]," * 30_000, ".js"))
    assert "".join(shown).count("[1],") == 30_000
    assert max(map(len, shown)) <= 6000


def test_notebook(read):
    cells = [
        {"cell_type": "markdown", "source": ["# Señales\n", "Una **prueba**.\n", "## Código"]},
        {
            "cell_type": "code",
            "source": "def f():\n    return 1",
            "outputs": [{"text": ["hola\n"]}, {"data": {"text/plain": "año", "image/png": "iVBOR"}}, {}],
        },
    ]
    sections = read(json.dumps({"cells": cells, "nbformat": 4}), ".ipynb")
    assert sections.title == "Señales"
    assert texts(sections) == ["Señales\n\nUna prueba.", "Código\n\ndef f():\n    return 1\n\nhola\n\naño"]
    assert texts(read('{"cells": 5}', ".ipynb")) == ['{"cells": 5}']


# -- hostile -------------------------------------------------------------------------------------------------------

LAUGH = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12))
DOCTYPE = f'<!DOCTYPE x [<!ENTITY a0 "ja">{LAUGH}<!ENTITY f SYSTEM "file:///etc/hostname">]>'
NEEDED = {
    ".docx": "word/document.xml",
    ".pptx": "ppt/presentation.xml",
    ".xlsx": "xl/workbook.xml",
    ".odt": "content.xml",
    ".odp": "content.xml",
    ".ods": "content.xml",
    ".epub": "META-INF/container.xml",
}


@pytest.mark.parametrize("kind", sorted(NEEDED))
def test_bombs_protected_and_old_files_are_refused_before_they_are_read(read, kind):
    with pytest.raises(Refused, match="damaged"):
        read(packed({NEEDED[kind]: b"<x/>", "media/a.bin": bytes(20 * 2**20)}), kind, memory=50 * 2**20)
    with pytest.raises(Refused, match="damaged"):
        read(packed({"otra/cosa.xml": "<x/>"}), kind)
    with pytest.raises(Refused, match="damaged"):
        read(b"PK\x03\x04 no zip", kind)
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    with pytest.raises(Refused, match="protected"):
        read(container + "EncryptedPackage".encode("utf-16-le"), kind)
    with pytest.raises(Refused, match="old"):
        read(container, kind)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (".odt", odf("text", "<text:p>&a11;&f;</text:p>", DOCTYPE)),
        (".ods", odf("spreadsheet", "<table:table/>", DOCTYPE)),
        (".epub", book(**{"OEBPS/libro.opf": DOCTYPE + "<package>&a11;&f;</package>"})),
    ],
)
def test_entities_are_refused(read, kind, data):
    with pytest.raises(Refused, match="damaged"):
        read(data, kind)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_entities_of_a_workbook_are_not_expanded(read, part):
    with zipfile.ZipFile(io.BytesIO(workbook(("Notas", [["uno", "dos"]])))) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    body = parts[part].decode().partition("?>")[2] or parts[part].decode()
    parts[part] = (DOCTYPE + body.replace("uno", "&a11;&f;").replace("<sheets", "<a>&a11;</a><sheets")).encode()
    with pytest.raises(Refused, match="damaged"):
        read(packed(parts), ".xlsx")


def test_entities_of_a_slide_are_not_expanded(read):
    with zipfile.ZipFile(io.BytesIO(deck())) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    slide = parts["ppt/slides/slide1.xml"].decode().partition("?>")[2]
    parts["ppt/slides/slide1.xml"] = (DOCTYPE + slide.replace("Curso de", "&a11;&f; de")).encode()
    with pytest.raises(Refused, match="damaged"):
        read(packed(parts), ".pptx")


def test_entities_of_a_chapter_are_not_expanded(read):
    chapter = DOCTYPE + "<html><body><p>antes &a11; &f; después</p></body></html>"
    shown = "".join(texts(read(book(**{"OEBPS/dos.xhtml": chapter}), ".epub")))
    assert "después" in shown
    assert "jaja" not in shown


@pytest.mark.parametrize("kind", sorted(NEEDED))
def test_a_truncated_file_is_refused(read, kind):
    whole = {".pptx": deck, ".epub": book, ".odt": lambda: odf("text", ODT)}.get(
        kind, lambda: workbook(("Notas", [["uno", "dos"]]))
    )()
    with pytest.raises(Refused, match="damaged"):
        read(whole[: len(whole) // 2], kind)


def test_a_document_that_nests_without_measure(read):
    deep = "<text:section>" * 5000 + "<text:p>hondo</text:p>" + "</text:section>" * 5000
    assert texts(read(odf("text", deep), ".odt")) == ["hondo"]
    assert texts(read(json.dumps({"a": json.loads("[" * 90 + "7" + "]" * 90)}), ".json")) == [f"a\n\n{'[0]' * 88}: 7"]
