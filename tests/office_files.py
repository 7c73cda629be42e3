"""Files of every packed format, made for the tests: small, in Spanish, and with what a reader may stumble over."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pptx
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches


def packed(parts: dict[str, str | bytes], first: tuple[str, str] = ("", "")) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if first[0]:
            archive.writestr(zipfile.ZipInfo(first[0]), first[1])
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def deck() -> bytes:
    slides = pptx.Presentation()
    first = slides.slides.add_slide(slides.slide_layouts[0])
    first.shapes.title.text = "Búsqueda en árboles"
    first.placeholders[1].text = "Curso de señales"
    second = slides.slides.add_slide(slides.slide_layouts[1])
    body = second.placeholders[1].text_frame
    body.text = "Anchura"
    body.add_paragraph().text = "memoria"
    body.paragraphs[1].level = 1
    body.add_paragraph().text = "Profundidad"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for place, text in enumerate(("Método", "Coste", "Voraz", "bajo")):
        table.cell(place // 2, place % 2).text = text
    box = second.shapes.add_textbox(Inches(1), Inches(3), Inches(1), Inches(1))
    group = second.shapes.add_group_shape([box])
    group.shapes[0].text_frame.text = "dentro de un grupo"
    second.shapes.title.text = "Métodos"
    second.notes_slide.notes_text_frame.text = "Preguntar por la señal."
    third = slides.slides.add_slide(slides.slide_layouts[6])
    chart = CategoryChartData()
    chart.categories = ["Enero", "Febrero"]
    chart.add_series("Préstamos", (12, 7.5))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(3), Inches(3), chart)
    slides.slides.add_slide(slides.slide_layouts[6])
    out = io.BytesIO()
    slides.save(out)
    return out.getvalue()


def workbook(*sheets: tuple[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("presentation", "presentation"),
    )
)
META = (
    f'<office:document-meta {SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
    "<dc:title>Año nuevo</dc:title></office:meta></office:document-meta>"
)


def odf(kind: str, body: str, before: str = "", **parts: str) -> bytes:
    content = f"{before}<office:document-content {SPACES}><office:body><office:{kind}>{body}</office:{kind}>"
    return packed({"content.xml": content + "</office:body></office:document-content>", "meta.xml": META, **parts})


ODT = """
<text:table-of-content><text:p>Índice</text:p></text:table-of-content>
<text:tracked-changes><text:p>borrado</text:p></text:tracked-changes>
<text:h text:outline-level="1">Búsqueda<text:line-break/>en árboles</text:h>
<text:p>Con <text:span>señal</text:span><text:s text:c="3"/>y<text:note><text:note-citation>1</text:note-citation>
<text:note-body><text:p>Nota al pie.</text:p></text:note-body></text:note> fin.</text:p>
<text:list><text:list-item><text:p>uno</text:p><text:list><text:list-item><text:p>dentro</text:p></text:list-item>
</text:list></text:list-item><text:list-item><text:p>dos</text:p></text:list-item></text:list>
<text:section><text:h text:outline-level="2">Tabla</text:h></text:section>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Día</text:p></table:table-cell>
<table:table-cell><text:p>Hora</text:p></table:table-cell></table:table-row></table:table-header-rows>
<table:table-row><table:table-cell><text:p>Lunes</text:p></table:table-cell><table:table-cell><text:p>9</text:p>
</table:table-cell></table:table-row></table:table>"""


def book(**more: str) -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/libro.opf"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>El señor Muñoz</dc:title></metadata><manifest>"
        '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="b" href="dos.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="a" href="cap%C3%ADtulos/uno.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="x" href="../../../etc/passwd" media-type="text/html"/></manifest>'
        '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="x"/><itemref idref="b"/></spine></package>'
    )
    return packed(
        {
            "META-INF/container.xml": container,
            "OEBPS/libro.opf": package,
            "OEBPS/nav.xhtml": "<html><body><p>Índice</p></body></html>",
            "OEBPS/dos.xhtml": "<html><body><h1>Dos</h1><p>Mañana.</p><aside>Una nota.</aside></body></html>",
            "OEBPS/capítulos/uno.xhtml": "<html><body><h1>Uno</h1><h2>Otro</h2><p>¿Cuándo?</p></body></html>",
            **more,
        },
        ("mimetype", "application/epub+zip"),
    )
