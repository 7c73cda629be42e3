"""Every packed format through the real parsing process, as it is uploaded: its unit, and what a hostile one costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag import errors
from rag.loaders import Limits, Parsed, parse
from tests.office_files import ODT, book, deck, odf, packed, workbook

ROWS: list[list[object]] = [["Nombre", "Nota"], ["Begoña", 9]]
FILES = {
    "a.pptx": (deck(), "slide", "Métodos"),
    "a.xlsx": (workbook(("Señales", ROWS)), "sheet", "Nombre: Begoña | Nota: 9"),
    "a.odt": (odf("text", ODT), "section", "Búsqueda en árboles"),
    "a.odp": (odf("presentation", "<draw:page><text:p>año</text:p></draw:page>"), "slide", "año"),
    "a.epub": (book(), "section", "¿Cuándo?"),
    "a.csv": ("Nombre;Año\nNúñez;1907\n".encode("cp1252"), "section", "Nombre: Núñez | Año: 1907"),
    "a.json": (json.dumps({"señal": [1]}).encode(), "section", "señal"),
    "a.py": ("def año():\n    return 1\n".encode(), "section", "    return 1"),
    "a.ipynb": (json.dumps({"cells": [{"cell_type": "markdown", "source": "# Señal"}]}).encode(), "section", "Señal"),
}


def read(folder: Path, name: str, data: bytes, limits: Limits | None = None) -> Parsed:
    path = folder / "upload"  # originals have no suffix
    path.write_bytes(data)
    return parse(path, name, limits or Limits())


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_format_has_its_unit_and_keeps_its_accents(tmp_path, name):
    data, unit, text = FILES[name]
    parsed = read(tmp_path, name, data)
    assert (parsed.unit, parsed.note) == (unit, "")
    assert text in "\n".join(page.text for page in parsed.pages)


def test_headings_come_through_the_process(tmp_path):
    pages = read(tmp_path, "a.odt", FILES["a.odt"][0]).pages
    assert [page.headings for page in pages] == [((0, 1),), ((0, 2),)]


@pytest.mark.parametrize("name", ["a.pptx", "a.xlsx", "a.odt", "a.epub"])
def test_a_wrong_suffix_is_damage_and_not_a_crash(tmp_path, name):
    others = [other for other in ("a.pptx", "a.xlsx", "a.odt", "a.epub") if other != name]
    for other in others:
        with pytest.raises(errors.DamagedDocument):
            read(tmp_path, name, FILES[other][0])


def test_a_bomb_costs_nothing(tmp_path):
    data = packed({"xl/workbook.xml": "<x/>", "xl/sharedStrings.xml": bytes(2**28)})
    with pytest.raises(errors.DamagedDocument):
        read(tmp_path, "a.xlsx", data)
    with pytest.raises(errors.OldFormat):
        read(tmp_path, "a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(900))


def test_more_rows_than_are_read_end_in_a_note(tmp_path):
    data = ("n,m\n" + "1,2\n" * 250_000).encode()
    parsed = read(tmp_path, "a.csv", data)
    assert (parsed.note, parsed.partial) == ("chars", True)
    assert "secciones" in parsed.explain("es")
    assert sum(page.text.count("\n") + 1 for page in parsed.pages) == 199_999
