"""Pages as pictures: whose they are, where the passages stand on them, and what a hostile file cannot do."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from rag.errors import DocumentNotFound, PageNotDrawn, PageNotFound
from rag.highlight import Box, folded
from rag.loaders import PageText, parse
from rag.page_image import DrawLimits, PagePictures
from rag.page_view import PageView, PageViewer
from rag.sentences import split_sentences
from rag.store import Facts, Store
from tests.pdf_bytes import FONT, document, endless, pdf, stream, text

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "documents").glob("*.pdf"))
Keep = Callable[..., str]


@pytest.fixture
def pictures(tmp_path: Path) -> PagePictures:
    (tmp_path / "files").mkdir()
    return PagePictures(tmp_path / "files", tmp_path / "pages")


@pytest.fixture
def viewer(database, pictures) -> PageViewer:
    return PageViewer(Store(database), pictures)


@pytest.fixture
def keep(database, tmp_path, pictures) -> Keep:
    """Put a file into the library as its owner's, and return its id."""

    def put(data: bytes, pages: list[str], unit: str = "page", owner: str = "ana") -> str:
        key = hashlib.sha256(data).hexdigest()
        (tmp_path / "files" / key).write_bytes(data)
        store = Store(database)
        facts = Facts(key, ".pdf", len(data), "", unit, "es", "ready")
        store.save(facts, [PageText(number, page, "text") for number, page in enumerate(pages, 1)], [])
        assert store.hold(owner, key, "faro.pdf")
        return key

    return put


def picture(view: PageView) -> Image.Image:
    assert view.image is not None
    return Image.open(io.BytesIO(view.image)).convert("L")


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """Where the page is dark, as left, top, right and bottom in pixels."""
    box = image.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert box is not None, "nothing is drawn"
    return box


# -- whose, and which ------------------------------------------------------------------------------------------


def test_only_the_owner_sees_a_page(viewer, keep) -> None:
    key = keep(document([text("El faro de Punta Serena.")]), ["El faro de Punta Serena."])
    assert viewer.view("ana", key, 1).image
    for owner, asked in (("berta", key), ("ana", "0" * 64), ("ana", "../files"), ("ana", "")):
        with pytest.raises(DocumentNotFound):
            viewer.view(owner, asked, 1)


@pytest.mark.parametrize("page", [0, -1, 3, 10**9])
def test_there_is_no_page_beyond_the_last(viewer, keep, page) -> None:
    key = keep(document([text("uno"), text("dos")]), ["uno", "dos"])
    with pytest.raises(PageNotFound) as error:
        viewer.view("ana", key, page)
    assert "2" in error.value.text("es")


def test_each_page_is_its_own(viewer, keep) -> None:
    key = keep(document([text("uno"), text("dos y algo más")]), ["uno", "dos y algo más"])
    views = [viewer.view("ana", key, page) for page in (1, 2)]
    widths = [ink(picture(view))[2] for view in views]
    assert widths[0] < widths[1]
    assert [(view.page, view.pages, view.text) for view in views] == [(1, 2, "uno"), (2, 2, "dos y algo más")]


def test_spans_outside_of_the_text_are_left_out(viewer, keep) -> None:
    stored = "El faro de Punta Serena."
    key = keep(document([text(stored)]), [stored])
    view = viewer.view("ana", key, 1, [(8, 4), (20, 900), (-5, 2), (1, 7), (100, 200)])
    assert view.spans == ((0, 7), (20, len(stored)))


def test_a_section_is_text_alone(viewer, keep) -> None:
    key = keep(b"# El faro", ["El faro"], unit="section")
    view = viewer.view("ana", key, 1, [(3, 7)])
    assert (view.image, view.reason, view.spans, view.unit) == (None, None, ((3, 7),), "section")


# -- where -----------------------------------------------------------------------------------------------------


def turned(rotation: int, crop: str = "") -> bytes:
    """A page with one word, in a corner that is only there after its rotation and crop."""
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Rotate %d%s/Resources<</Font<</F1 3 0 R>>>>/Contents 5 0 R>>"
    )
    word = stream(b"BT /F1 30 Tf 150 600 Td (Serena) Tj ET")
    kids = b"<</Type/Pages/Count 1/Kids[4 0 R]>>"
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", kids, FONT, page % (rotation, crop.encode()), word])


@pytest.mark.parametrize("crop", ["", "/CropBox[100 400 500 700]"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_lie_over_the_ink_of_turned_and_cropped_pages(viewer, keep, rotation, crop) -> None:
    view = viewer.view("ana", keep(turned(rotation, crop), ["Serena"]), 1, [(0, 6)])
    image = picture(view)
    left, top, right, bottom = ink(image)
    around = Box(
        min(box.left for box in view.boxes) * image.width - 1,
        min(box.top for box in view.boxes) * image.height - 1,
        max(box.right for box in view.boxes) * image.width + 1,
        max(box.bottom for box in view.boxes) * image.height + 1,
    )
    assert around.left <= left < right <= around.right
    assert around.top <= top < bottom <= around.bottom
    assert (around.right - around.left) * (around.bottom - around.top) < 3 * (right - left) * (bottom - top)
    assert (view.width > view.height) == ((rotation in (90, 270)) != bool(crop))
    if rotation in (0, 180):
        assert len(view.boxes) == 1


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_the_boxes_of_every_sentence_contain_it(viewer, keep, sample) -> None:
    parsed = parse(sample, sample.name)
    key = keep(sample.read_bytes(), [page.text for page in parsed.pages])
    pdfium = pypdfium2.PdfDocument(sample)
    checked = 0
    for page in parsed.pages:
        textpage = pdfium[page.number - 1].get_textpage()
        for sentence in split_sentences(page.text, "es"):
            view = viewer.view("ana", key, page.number, [(sentence.start, sentence.end)])
            under = "".join(
                textpage.get_text_bounded(
                    left=box.left * view.width - 0.1,
                    bottom=(1 - box.bottom) * view.height - 0.1,
                    right=box.right * view.width + 0.1,
                    top=(1 - box.top) * view.height + 0.1,
                )
                for box in view.boxes
            )
            quote = folded(sentence.text)
            assert quote in folded(under), sentence.text
            assert len(folded(under)) <= 1.5 * len(quote) + 40, "far more is marked than was quoted"
            checked += bool(quote)
        textpage.close()
    pdfium.close()
    assert checked > 50


# -- what is kept ----------------------------------------------------------------------------------------------


def test_a_page_is_drawn_once(viewer, keep, pictures, monkeypatch) -> None:
    key = keep(document([text("uno"), text("dos")]), ["uno", "dos"])
    first = viewer.view("ana", key, 1)
    monkeypatch.setattr(pictures, "_draw", lambda *_: b"")
    assert viewer.view("ana", key, 1) == first
    assert viewer.view("ana", key, 2).image is None


def test_what_is_deleted_leaves_no_picture(viewer, keep, pictures, tmp_path) -> None:
    keys = [keep(document([text(word)]), [word]) for word in ("uno", "dos")]
    for key in keys:
        viewer.view("ana", key, 1)
    pictures.forget(keys[0])
    assert [folder.name for folder in (tmp_path / "pages").iterdir()] == [keys[1]]
    (tmp_path / "pages" / keys[1] / "1-0.page").write_bytes(b"drawn by an older version")
    pictures.sweep({keys[1]})
    assert len(list((tmp_path / "pages" / keys[1]).iterdir())) == 1
    pictures.sweep(set())
    assert list((tmp_path / "pages").iterdir()) == []


def test_a_document_deleted_while_it_is_drawn_leaves_no_picture(
    viewer, keep, pictures, database, monkeypatch, tmp_path
) -> None:
    key = keep(document([text("uno")]), ["uno"])
    draw = pictures._draw

    def deleted_meanwhile(*job: object) -> bytes:
        Store(database).release("ana", key)
        pictures.forget(key)
        return bytes(draw(*job))

    monkeypatch.setattr(pictures, "_draw", deleted_meanwhile)
    viewer.view("ana", key, 1)
    assert list((tmp_path / "pages").iterdir()) == []


def test_the_pictures_not_looked_at_for_longest_go_first(viewer, keep, pictures, tmp_path) -> None:
    key = keep(document([text("uno"), text("dos"), text("tres")]), ["uno", "dos", "tres"])
    folder = tmp_path / "pages" / key
    viewer.view("ana", key, 1)
    viewer.view("ana", key, 2)
    size = sum(file.stat().st_size for file in folder.iterdir())
    for page, age in ((1, 200), (2, 100)):
        (file,) = folder.glob(f"{page}-*")
        os.utime(file, (age, age))
    viewer.view("ana", key, 1)  # looked at again
    pictures._most = size + 10
    viewer.view("ana", key, 3)
    assert sorted(file.name[0] for file in folder.iterdir()) == ["1", "3"]


# -- hostile files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 nothing of a PDF",
        b"",
        endless([], []),
    ],
    ids=["damaged", "empty", "endless"],
)
def test_a_page_that_cannot_be_drawn_is_shown_as_text(viewer, keep, pictures, data) -> None:
    pictures._limits = DrawLimits(seconds=2)
    view = viewer.view("ana", keep(data, ["El faro se encendió."]), 1, [(0, 7)])
    assert isinstance(view.reason, PageNotDrawn)
    assert (view.image, view.text, view.spans) == (None, "El faro se encendió.", ((0, 7),))


@pytest.mark.parametrize(
    ("width", "height", "drawn"), [(595, 842, (1190, 1684)), (14000, 14000, (2000, 2000)), (1, 14000, (2, 16000))]
)
def test_a_picture_is_never_huge(viewer, keep, width, height, drawn) -> None:
    data = document([text("uno")]).replace(b"0 0 595 842", b"0 0 %d %d" % (width, height))
    view = viewer.view("ana", keep(data, ["uno"]), 1)
    assert view.image
    assert Image.open(io.BytesIO(view.image)).size == drawn


def test_a_file_that_lost_its_end_is_still_drawn(viewer, keep) -> None:
    whole = document([text("El faro de Punta Serena.")])
    view = viewer.view("ana", keep(whole[: whole.rindex(b"endstream")], ["El faro"]), 1, [(0, 7)])
    assert view.image
    assert view.boxes
