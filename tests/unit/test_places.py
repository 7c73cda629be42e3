"""Where something stands, in words: each unit has its own in both languages, and a sheet its name."""

from __future__ import annotations

import pytest

from rag.page_view import PageView
from rag.pages import label
from rag.result import Citation
from ui.citations import link
from ui.places import place_name, place_of_all
from ui.viewer import viewing


@pytest.mark.parametrize(
    ("unit", "spanish", "english"),
    [
        ("page", "página 3", "page 3"),
        ("slide", "diapositiva 3", "slide 3"),
        ("sheet", "hoja 3", "sheet 3"),
        ("section", "sección 3", "section 3"),
        (None, "página 3", "page 3"),  # what an older Aula kept
    ],
)
def test_units(unit, spanish, english):
    assert (place_name("es", 3, unit), place_name("en", 3, unit)) == (spanish, english)
    assert place_of_all("es", 3, 20, unit) == f"{spanish} de 20"


def test_a_sheet_is_called_by_its_name():
    assert label("sheet", "Ventas de mayo\n\nNombre: Ana") == "Ventas de mayo"
    assert label("slide", "Título\n\ntexto") == ""
    assert place_name("es", 2, "sheet", "Ventas") == "hoja Ventas"


def test_a_citation_says_its_unit():
    citation = Citation(1, "d" * 64, "notas.xlsx", 2, "Nota: 9", 0, 7, 1.0, "sheet", "<b>Ventas</b>")
    assert "hoja &lt;b&gt;Ventas&lt;/b&gt;" in link(vars(citation), "es")
    assert "diapositiva 2" in link({**vars(citation), "unit": "slide", "label": ""}, "es")


def test_the_viewer_says_the_unit_and_shows_the_text():
    shown = viewing(PageView("d", "a.pptx", 4, 9, "slide", "Métodos"), 1, "es")
    assert "diapositiva 4 de 9" in shown
    assert "Métodos" in shown
