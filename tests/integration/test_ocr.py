"""Pages read from their pictures by the real Tesseract: Spanish with its accents, askew, sideways, or with nothing."""

from __future__ import annotations

import os
from difflib import SequenceMatcher
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from rag import ocr
from rag.loaders import read
from rag.pages import PageText
from rag.services import build_services
from rag.settings import Settings
from tests.pdf_bytes import FONT, document, stream
from tests.scans import PARAGRAPHS, TITLE, empty_scan, pdf_of, scan

# Whoever has no Tesseract can run the other tests; where everything is tested it is installed, and nothing is skipped.
pytestmark = pytest.mark.skipif(
    not ocr.available() and not os.environ.get("AULA_EVERYTHING"),
    reason="Tesseract is not installed: apt install tesseract-ocr tesseract-ocr-spa",
)
PRINTED = "\n\n".join([TITLE, *PARAGRAPHS])


def accuracy(read_: str, printed: str = PRINTED) -> float:
    """The share of the printed letters that were read, in their order."""
    same = SequenceMatcher(None, read_, printed, autojunk=False).get_matching_blocks()
    return sum(block.size for block in same) / len(printed)


def pages(path: Path) -> list[PageText]:
    """The pages of a file as the parser gives them."""
    return [event for event in read(path, path.name) if isinstance(event, PageText)]


def test_a_scan_is_read_with_accents_paragraphs_and_headings(tmp_path: Path) -> None:
    path = pdf_of([scan()], tmp_path / "scan.pdf")
    (page,) = pages(path)
    assert (page.how, page.reason, page.text) == ("waiting", "image", "")
    found = ocr.read(path, ".pdf", 1)
    assert (found.number, found.how, found.reason) == (1, "ocr", "")
    assert accuracy(found.text) > 0.97
    assert found.text.split("\n\n")[0] == TITLE
    assert found.headings == ((0, 1),)
    assert "aprendían de millones de frases" in found.text  # its hyphen was the line's
    assert "¿Qué significa esto para un niño pequeño?" in found.text


def test_askew_and_dusty_is_read_too_and_sideways_is_turned(tmp_path: Path) -> None:
    askew = scan(skew=1.5, specks=200)
    path = pdf_of([askew, scan().rotate(90, expand=True)], tmp_path / "askew.pdf")
    for number in (1, 2):
        found = ocr.read(path, ".pdf", number)
        assert accuracy(found.text) > 0.93, found.text


def test_a_page_with_nothing_on_it_is_empty(tmp_path: Path) -> None:
    path = pdf_of([empty_scan(), empty_scan(specks=300)], tmp_path / "empty.pdf")
    for number in (1, 2):
        found = ocr.read(path, ".pdf", number)
        assert (found.how, found.reason, found.text) == ("empty", "ocr", "")


def test_a_page_whose_font_has_a_wrong_map_is_read_as_it_looks(tmp_path: Path) -> None:
    """Its letters are drawn well, and come out of the file as signs that no one knows."""
    lines = ["La fotosíntesis convierte la luz en energía química.", "Ocurre en las hojas de las plantas verdes."]
    shown = b" T* ".join(b"(%s) Tj" % line.encode("cp1252") for line in lines)
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"1 beginbfrange <00> <FF> <E100> endbfrange\nendcmap end end"
    )
    font = FONT.replace(b"Encoding/WinAnsiEncoding", b"Encoding/WinAnsiEncoding/ToUnicode 4 0 R")
    made = document([stream(b"BT /F1 14 Tf 20 TL 72 700 Td %s ET" % shown)], [stream(cmap)])
    path = tmp_path / "garbled.pdf"
    path.write_bytes(_with(made, FONT, font))
    (page,) = pages(path)
    assert (page.how, page.reason) == ("waiting", "garbled")
    found = ocr.read(path, ".pdf", 1)
    assert accuracy(found.text.replace("\n", " "), " ".join(lines)) > 0.95


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".gif", ".tif"])
def test_pictures_of_every_format_are_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"photo{suffix}"
    scan().save(path)
    (page,) = pages(path)
    assert (page.how, page.reason) == ("waiting", "image")
    assert accuracy(ocr.read(path, suffix, 1).text) > 0.95


def test_each_page_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    path = tmp_path / "fax.tiff"
    second = scan("", (["Esta es la segunda página del fax."],))
    scan().save(path, save_all=True, append_images=[second])
    assert [page.number for page in pages(path)] == [1, 2]
    assert "segunda página del fax" in ocr.read(path, ".tiff", 2).text


def test_a_picture_of_a_screen_is_large_enough(tmp_path: Path) -> None:
    path = tmp_path / "screen.png"
    page = scan()
    page.resize((page.width * 45 // 100, page.height * 45 // 100), Image.Resampling.LANCZOS).save(path)
    assert accuracy(ocr.read(path, ".png", 1).text) > 0.93


def test_a_huge_page_is_read_with_fewer_dots(tmp_path: Path) -> None:
    path = tmp_path / "poster.pdf"
    poster = document([stream(b"BT /F1 220 Tf 400 3000 Td (Cartel enorme) Tj ET")])
    path.write_bytes(_with(poster, b"[0 0 595 842]", b"[0 0 4000 6000]"))
    assert pypdfium2.PdfDocument(path)[0].get_size() == (4000, 6000)
    assert ocr.read(path, ".pdf", 1).text == "Cartel enorme"


def test_an_encrypted_scan_is_read_with_its_password_only(tmp_path: Path) -> None:
    plain, path = pdf_of([scan()], tmp_path / "plain.pdf"), tmp_path / "locked.pdf"
    writer = PdfWriter(clone_from=PdfReader(plain))
    writer.encrypt("secreto", algorithm="AES-256")
    writer.write(path)
    assert ocr.read(path, ".pdf", 1) == PageText(1, "", "failed", "encrypted")
    assert accuracy(ocr.read(path, ".pdf", 1, password="secreto").text) > 0.97


def _with(made: bytes, old: bytes, new: bytes) -> bytes:
    """Put something longer into a PDF; without its list of objects readers look for them themselves."""
    assert made.count(old) == 1
    return made.replace(old, new)


def test_a_scan_can_be_asked_and_its_ledger_says_how_it_was_read(settings: Settings, tmp_path: Path) -> None:
    path = pdf_of([scan(), empty_scan()], tmp_path / "escaneado.pdf")
    services = build_services(settings)
    services.library.start()
    try:
        ids = services.library.add("local", [(path, path.name)])
        (job,) = list(services.library.wait("local", ids, timeout=180))[-1]
        assert (job.stage, job.status) == ("done", "ready")
        ledger = services.library.ledger("local", str(job.document))
        assert [(page.number, page.how) for page in ledger.pages] == [(1, "ocr"), (2, "empty")]
        (found,) = services.retriever.search("local", "¿De qué dependió la traducción automática durante años?", 1)
        assert "reglas escritas" in found.text
        assert found.page == 1
    finally:
        services.close()
