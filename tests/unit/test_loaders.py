"""Reading in small: characters, hyphens, paragraphs, encodings, sections, formats and the two samples."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import docx
import pypdfium2
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from rag import errors
from rag.cleaning import clean_characters, is_scrambled, join_hyphen, repair_accents, unreadable_share
from rag.layout import Line, flow, text_lines
from rag.loaders import FORMATS, Limits, PageText, Parsed, parse
from rag.pages import Refused
from rag.parse_html import html_sections
from rag.parse_text import decode, markdown_sections, plain_sections
from rag.sections import Block, Sections, cut, join_blocks

DOCUMENTS = Path(__file__).resolve().parents[2] / "documents"
HEAVY = {"torch", "transformers", "langchain_community", "langchain_core", "chromadb", "gradio", "numpy"}


def texts(sections: Sections) -> list[str]:
    return [page.text for page in sections.pages(1, sections.total)]


# -- characters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("cafe\u0301", "café"),
        ("o\ufb01cina, \ufb02ujo y \ufb03", "oficina, flujo y ffi"),
        ("re\xadla\xadción", "relación"),
        ("rela\xad\nción", "rela-\nción"),
        ("a\xa0b\u2009c\u202fd", "a b c d"),
        ("a\x00b\x07c\x7fd\x9fe\ufeff\u200b", "abcde"),
        ("uno\r\ndos\rtres\u2028cuatro\x0ccinco", "uno\ndos\ntres\ncuatro\ncinco"),
        ("a\ud800b\udcffc\ufffed\uffffe", "abcde"),
        ("\uf0b7 punto", "• punto"),
        ("a\u202eb\u2066c", "abc"),
        ("x² ½ … “ß” ªº", "x² ½ … “ß” ªº"),  # what means something is left as it is
        ("👩\u200d🏫", "👩\u200d🏫"),
    ],
)
def test_characters(raw, clean):
    assert clean_characters(raw) == clean


@pytest.mark.parametrize(
    ("drawn", "meant"),
    [
        ("informaci´on", "información"),
        ("se˜nal", "señal"),
        ("ling¨u´ıstica", "lingüística"),
        ("´Arbol y A˜no", "Árbol y Año"),
        ("tambi´ en", "también"),
        ("it´s 5´", "it´s 5´"),
    ],
)
def test_accents_drawn_apart(drawn, meant):
    assert repair_accents(drawn) == meant


def test_text_without_a_character_map_is_noticed():
    assert unreadable_share("\ue001\ue002 \x01\ufffd") == 1.0
    assert unreadable_share("• \uf0b7 texto 👍 ñ") == 0.0
    assert is_scrambled('#1/3BHQB(6 Y<hQNQE<EQ_[GIjIrj] Œ-kKIh"<jkg<Y')
    assert not is_scrambled("La función f(x) = x² se lee en Wi-Fi, iPhone o C++ (véase rag/loaders.py).")


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        ("la informa", "ción es", "la información es"),
        ("el enfoque físico", "químico", "el enfoque físico-químico"),
        ("un estudio teórico", "práctico", "un estudio teórico-práctico"),
        ("non", "commercial", "non-commercial"),
        ("the franco", "prussian", "the franco-prussian"),
        ("Saint", "Exupéry", "Saint-Exupéry"),
        ("GPT", "2 en español", "GPT-2 en español"),
        ("on i386 32", "bit PCs", "on i386 32-bit PCs"),
        ("INFORMA", "CIÓN", "INFORMACIÓN"),
        ("see http://a.org/one", "two.html", "see http://a.org/one-two.html"),
        ("the same know", "ledge", "the same knowledge"),
    ],
)
def test_hyphens_at_line_ends(left, right, joined):
    assert join_hyphen(left, right) == joined


def test_halves_that_stand_alone_on_the_page_are_a_compound():
    assert join_hyphen("el espacio", "tiempo", {"espacio", "tiempo"}) == "el espacio-tiempo"
    assert join_hyphen("el contra", "bando", {"contra", "bando", "contrabando"}) == "el contrabando"


# -- paragraphs ---------------------------------------------------------------------------------------------------


def unwrapped(text: str) -> str:
    return flow(text_lines(text), narrowest=40, widest=200)


def test_wrapped_paragraphs_are_joined_and_kept_apart():
    wrapped = (
        "El préstamo dura quince días y se puede renovar dos veces, siem-\n"
        "pre que nadie más haya pedido el libro. En caso de retraso se\n"
        "pierde el derecho al préstamo durante dos días por cada día.\n"
        "\n"
        "Los diccionarios no se prestan."
    )
    assert unwrapped(wrapped) == (
        "El préstamo dura quince días y se puede renovar dos veces, siempre que nadie más haya pedido el libro. "
        "En caso de retraso se pierde el derecho al préstamo durante dos días por cada día.\n\n"
        "Los diccionarios no se prestan."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Verde que te quiero verde.\nVerde viento. Verdes ramas.\nEl barco sobre la mar\ny el caballo en la montaña.",
        "• uno\n• dos\n• tres",
        "1. preparar la tierra\n2. sembrar\n3. regar",
        "| día | hora |\n| lunes | 9 |",
        "nombre;precio;cantidad\npan;1;4\nqueso;12;1\nvino de la tierra del año pasado;7;2\nsal;1;1\nmiel;6;1",
        "def f(x):\n    return x\n\nprint(f(2))",
        "1 Introducción . . . . . . . . . . . . . 3\n1.1 Motivos . . . . . . . . . . . . . . . 4",
    ],
    ids=["poem", "bullets", "numbers", "table", "rows", "code", "contents"],
)
def test_what_is_no_running_text_keeps_its_lines(text):
    assert unwrapped(text) == text


def line(text: str, base: float, left: float = 72, height: float = 10, **more: bool) -> Line:
    """A line of a page set in a face whose every letter is half as wide as it is high."""
    half = height / 2
    first = text.split()[0]
    return Line(text, left, left + half * len(text), base, height, half * len(first), **more)


def test_a_wider_gap_or_another_size_begins_something_new():
    page = [
        line("Título largo que ocupa", 800, height=20),
        line("dos renglones", 776, height=20),
        line("El primer párrafo tiene un renglón que está lleno", 740),
        line("y otro que no.", 728),
        line("El segundo viene tras un hueco.", 708),
    ]
    assert flow(page) == (
        "Título largo que ocupa dos renglones\n\n"
        "El primer párrafo tiene un renglón que está lleno y otro que no.\n\n"
        "El segundo viene tras un hueco."
    )


def test_a_sentence_goes_on_in_the_next_column():
    page = [
        line("la primera columna termina a media", 100),
        line("frase, y la segunda columna empieza", 88),
        line("donde la otra lo dejó, arriba del todo.", 700, left=320),
    ]
    assert flow(page).split("\n\n")[-1] == (
        "la primera columna termina a media frase, y la segunda columna empieza donde la otra lo dejó, arriba del todo."
    )


def test_rows_of_a_table_and_listings_keep_their_lines():
    rows = [line(f"Alumnado de {course} 3 libros 15 días", 700 - 20 * place) for place, course in enumerate("ABC")]
    assert flow(rows).split("\n") == [row.text for row in rows]
    code = [line("for name in sorted(names_of_the_whole_class):", 60, fixed=True), line("print(name)", 48, fixed=True)]
    assert flow([line("Un ejemplo:", 100), *code]).endswith("class):\nprint(name)")


def test_an_indent_begins_a_paragraph():
    page = [
        line("El último renglón de este párrafo llega al borde.", 100),
        line("Otro párrafo empieza aquí con sangría y sigue", 88, left=92),
        line("en el renglón siguiente.", 76),
    ]
    assert flow(page).split("\n\n")[1] == "Otro párrafo empieza aquí con sangría y sigue en el renglón siguiente."


# -- encodings and sections ---------------------------------------------------------------------------------------

SPANISH = "El niño comió piñones en la estación. ¿Cuándo? Mañana, señor Muñoz: después del café.\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp850", "mac-roman"]
)
def test_encodings(encoding):
    assert decode((SPANISH * 3).encode(encoding)) == SPANISH * 3


def test_a_windows_file_keeps_its_quotation_marks():
    text = "It’s “quoted” – and costs 3 €…"
    assert decode(text.encode("cp1252")) == text


def test_a_utf8_file_that_was_cut_off_stays_utf8():
    assert decode((SPANISH * 9).encode()[:-2] + b"\xc3").startswith(SPANISH)


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 40, bytes(range(256)) * 9])
def test_binary_content_is_no_text(data):
    with pytest.raises(Refused, match="damaged"):
        decode(data)


def test_cut_loses_nothing_and_prefers_the_borders_of_paragraphs():
    text = "\n\n".join(f"Párrafo {number}. " + "palabra " * 40 for number in range(60))
    pieces = cut(text)
    assert "".join(pieces) == text
    assert all(3000 <= len(piece) <= 6000 for piece in pieces[:-1])
    assert all(piece.startswith("Párrafo") for piece in pieces)
    assert "".join(cut("x" * 20_000)) == "x" * 20_000


def test_plain_text_is_cut_into_sections():
    sections = plain_sections("\n\n".join(f"Párrafo {number}. " + "palabra " * 40 for number in range(60)))
    assert sections.unit == "section"
    assert sections.total == len(texts(sections)) > 4
    assert [page.number for page in sections.pages(2, 3)] == [2, 3]
    with pytest.raises(Refused, match="empty"):
        plain_sections(" \n ")


def test_a_heading_begins_a_section_and_stays_with_its_text():
    blocks = [Block("Guía", 1), Block("Horario", 2), Block("de 9 a 14"), Block("Normas", 2), Block("silencio")]
    assert [(section.text, section.headings) for section in join_blocks(blocks)] == [
        ("Guía\n\nHorario\n\nde 9 a 14", ((0, 1), (6, 2))),
        ("Normas\n\nsilencio", ((0, 2),)),
    ]


MARKDOWN = """---
author: nobody
---
# Guía de la **biblioteca**

Un párrafo con un [enlace](https://a.es/x_y_z), `código_con_guiones` y _énfasis_,
cortado en dos.

- uno que sigue
  en otro renglón
- dos

## Horario

| día | hora |
|-----|------|
| lunes | 9:00 |

```python
# no es un título
def f(x):
    return x
```

Subrayado
---------
fin con 2 * 3 * 4 y snake_case_name
<!-- no se
ve -->
"""


def test_markdown():
    sections = markdown_sections(MARKDOWN)
    assert sections.title == "Guía de la biblioteca"
    assert texts(sections) == [
        "Guía de la biblioteca\n\nUn párrafo con un enlace, `código_con_guiones` y énfasis, cortado en dos.\n\n"
        "- uno que sigue en otro renglón\n- dos",
        "Horario\n\n| día | hora |\n| lunes | 9:00 |\n\n# no es un título\ndef f(x):\n    return x",
        "Subrayado\n\nfin con 2 * 3 * 4 y snake_case_name",
    ]


HTML = """<html><head><title> Mi &amp; página </title><style>p{}</style></head><body><nav>menú</nav>
<h1>Título <em>uno</em></h1><p>Hola   <b>mundo</b>,<br>segunda
línea.</p><ul><li>uno<ul><li>dentro</li></ul></li><li><p>dos</p></li></ul>
<p hidden>oculto</p><p style="display: none">oculto</p><script>oculto()</script><!-- oculto -->
<h2>Tabla</h2><table><thead><tr><th>Día</th><th>Hora</th></tr></thead>
<tr><td><p>Lunes</p></td><td>9&nbsp;h</td></tr></table><pre>a
  b</pre><form><p>dentro de un formulario</p></form></body></html>"""


def test_html():
    sections = html_sections(HTML.encode())
    assert sections.title == "Mi & página"
    assert texts(sections) == [
        "Título uno\n\nHola mundo,\nsegunda línea.\n\n- uno\n- dentro\n- dos",
        "Tabla\n\nDía | Hora\nLunes | 9 h\n\na\n  b\n\ndentro de un formulario",
    ]


@pytest.mark.parametrize(
    "data",
    [
        "<p>año</p>".encode(),
        "<p>año</p>".encode("cp1252"),
        "<p>año</p>".encode("utf-16"),
        '<meta charset="iso-8859-1"><p>año</p>'.encode("latin-1"),
        '<meta charset="no-such"><p>año</p>'.encode(),
    ],
)
def test_html_encodings(data):
    assert texts(html_sections(data)) == ["año"]


def test_html_that_nests_without_measure():
    assert texts(html_sections(b"<div><ul><li>" * 20_000 + b"hondo")) in (["- hondo"], ["hondo"])


# -- through the front door ---------------------------------------------------------------------------------------


def word_file() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Reglamento"
    document.add_heading("Reglamento", 0)
    document.add_paragraph("Antes\tdel primer artículo.")
    document.add_heading("Artículo 1", 1)
    document.add_paragraph("uno", style="List Bullet")
    document.add_paragraph("dos", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("Día", "Hora", "Lunes", "9:00"), strict=True
    ):
        cell.text = text
    inserted = (
        f"<w:p {nsdecls('w')}><w:ins><w:r><w:t>insertado</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>borrado</w:delText></w:r></w:del>"
        "<w:sdt><w:sdtContent><w:r><w:t> y elegido</w:t></w:r></w:sdtContent></w:sdt></w:p>"
    )
    document.element.body.append(parse_xml(inserted))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_docx(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(word_file())
    parsed = parse(path, "Reglamento interno.DOCX")
    assert (parsed.title, parsed.unit) == ("Reglamento", "section")
    assert [page.text for page in parsed.pages] == [
        "Reglamento\n\nAntes del primer artículo.",
        "Artículo 1\n\n- uno\n- dos\n\nDía | Hora\nLunes | 9:00\n\ninsertado y elegido",
    ]


@pytest.mark.parametrize("name", ["a.exe", "a", "pdf", "a.pdf.zip", ".pdf"])
def test_other_formats_are_refused_with_the_list(tmp_path, name):
    path = tmp_path / "upload"
    path.write_bytes(b"PK\x03\x04 whatever")
    with pytest.raises(errors.UnsupportedFormat) as caught:
        parse(path, name)
    assert caught.value.text("es").endswith(f"Lee: {', '.join(dict.fromkeys(FORMATS.values()))}.")


@pytest.mark.parametrize("name", ["a.doc", "A.PPT", "a.xls", "a.rtf"])
def test_an_old_format_is_told_what_to_be_saved_as(tmp_path, name):
    path = tmp_path / "upload"
    path.write_bytes(b"\xd0\xcf\x11\xe0 whatever")
    with pytest.raises(errors.OldFormat) as caught:
        parse(path, name)
    assert re.search(r"guárdalo como (DOCX|PPTX|XLSX)", caught.value.text("es"))


@pytest.mark.parametrize("suffix", sorted({name: suffix for suffix, name in FORMATS.items()}.values()))
def test_every_format_refuses_what_it_is_not(tmp_path, suffix):
    path = tmp_path / "upload"
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 20)
    with pytest.raises(errors.DamagedDocument):
        parse(path, f"a{suffix}")


def test_the_process_is_light():
    named = "worker pdf text html docx pptx odt epub data code"
    modules = ", ".join(f"rag.parse_{name}" for name in named.split())
    code = f"import sys, {modules}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=DOCUMENTS.parent
    )
    assert not HEAVY & set(loaded.stdout.split())


def test_notes_in_both_languages():
    pages = [PageText(number, "", "failed", "damaged") for number in range(1, 11)] + [PageText(11, "x", "text")]
    for note in ("pages", "chars", "time", "failed", "repaired"):
        for unit, units in (
            ("page", "páginas"),
            ("slide", "diapositivas"),
            ("sheet", "hojas"),
            ("section", "secciones"),
        ):
            parsed = Parsed(pages, unit, "", 20, True, note)
            shown = {lang: parsed.explain(lang) for lang in ("en", "es")}
            assert shown["en"] != shown["es"]
            assert "{" not in "".join(shown.values())
            assert units in shown["es"].lower()
            assert parsed.explain("fr") == shown["en"]
    assert "1, 2, 3, 4, 5, 6, 7, 8, … (10 of 20)" in Parsed(pages, "page", "", 20, True, "failed").explain()
    assert Parsed(pages, "page", "", 20).explain() == ""


# -- the samples that come with the app ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "title", "facts"),
    [
        (
            "guia-de-la-biblioteca.pdf",
            "Guía de la biblioteca del Instituto Maruja Mallo",
            {
                1: "Hoy guarda 11 480 ejemplares y tiene 62 puestos de lectura",
                2: "Alumnado de Bachillerato y de Formación Profesional | 5 | 21 días | 2, durante 4 días",
                3: "se queda sin préstamo dos días por cada día de retraso, con un máximo de 30 días.",
                4: "Este curso lo coordina Amancio Rego, profesor de Filosofía",
            },
        ),
        (
            "harbour-lane-garden.pdf",
            "Harbour Lane Community Garden: a short handbook",
            {
                1: "The garden was founded on 17 April 2009",
                2: "Rents and accounts | Desmond Achterberg | plot 31",
                3: "in the dry summer of 2022 that lasted 38 days.",
                4: "grown on plot 19 in 2018 by Tobias Renwick, weighed 71 kilograms.",
            },
        ),
    ],
)
def test_samples(file, title, facts):
    parsed = parse(DOCUMENTS / file, file, Limits())
    assert (parsed.title, parsed.unit, parsed.total, parsed.partial) == (title, "page", 4, False)
    for number, fact in facts.items():
        assert fact in parsed.pages[number - 1].text
    for page in parsed.pages:
        assert page.how == "text"
        assert unicodedata.is_normalized("NFC", page.text)
        assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"} for char in page.text if char != "\n")


def test_samples_carry_nothing_of_the_machine_they_were_made_on():
    for path in DOCUMENTS.glob("*.pdf"):
        found = pypdfium2.PdfDocument(path).get_metadata_dict()
        assert {key for key, value in found.items() if value} == {"Title", "Author"}
        assert not any(word in path.read_bytes() for word in (b"file://", b"Chrom", b"Skia", b"CreationDate"))
