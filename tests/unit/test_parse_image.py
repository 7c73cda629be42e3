"""Pictures as documents: their pages, and the grey that OCR gets of every kind of them."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from rag.page_worker import PageJob, draw
from rag.pages import FORMATS, IMAGES, Refused
from rag.parse_image import IMAGES as READ
from rag.parse_image import ImageDocument, frame
from tests.pdf_bytes import document, text

SIZE = (60, 40)


def test_every_format_of_pictures_is_one_that_is_taken_in() -> None:
    assert set(READ) == IMAGES
    assert set(FORMATS) >= IMAGES


def test_a_picture_is_one_page_that_waits_and_so_is_an_animation(tmp_path: Path) -> None:
    still, moving = tmp_path / "still.png", tmp_path / "moving.gif"
    Image.new("RGB", SIZE, "white").save(still)
    frames = [Image.new("L", SIZE, shade) for shade in (0, 90, 255)]
    frames[0].save(moving, save_all=True, append_images=frames[1:])
    for path in (still, moving):
        opened = ImageDocument(path)
        (page,) = opened.pages(1, opened.total)
        assert (page.number, page.how, page.reason, page.text) == (1, "waiting", "image", "")


def test_the_pages_of_a_tiff_are_pages(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    frames = [Image.new("L", SIZE, shade) for shade in (10, 90, 250)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert ImageDocument(path).total == 3
    assert [page.number for page in ImageDocument(path).pages(2, 3)] == [2, 3]
    assert [frame(path, number, 10**6).getpixel((5, 5)) for number in (1, 2, 3)] == [10, 90, 250]


@pytest.mark.parametrize(
    ("mode", "colour", "grey"),
    [
        ("RGBA", (0, 0, 0, 0), 255),  # what shows through is paper
        ("LA", (0, 0), 255),
        ("RGBA", (0, 0, 0, 255), 0),
        ("1", 1, 255),
        ("P", 0, 0),
        ("I;16", 65535, 255),
        ("I;16", 32768, 128),
        ("RGB", (255, 255, 255), 255),
    ],
)
def test_any_colour_becomes_grey(mode: str, colour: object, grey: int, tmp_path: Path) -> None:
    path = tmp_path / "colour.png"
    Image.new(mode, SIZE, colour).save(path)  # type: ignore[arg-type]
    found = frame(path, 1, 10**6)
    assert (found.mode, found.size, found.getpixel((5, 5))) == ("L", SIZE, grey)


def test_a_photograph_stands_upright_and_a_huge_one_is_made_smaller(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    lying = Image.new("L", (300, 200), 255)
    exif = lying.getexif()
    exif[0x0112] = 6  # turned by a quarter
    lying.save(path, exif=exif)
    assert frame(path, 1, 10**6).size == (200, 300)
    small = frame(path, 1, 15_000)
    assert small.width * small.height <= 15_000
    assert small.height / small.width == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("suffix", sorted(IMAGES))
def test_what_is_no_picture_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"fake{suffix}"
    for data in (b"", b"nothing of the kind", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"):
        path.write_bytes(data)
        with pytest.raises(Refused) as refused:
            ImageDocument(path)
        assert refused.value.kind == "damaged"


def test_a_picture_that_is_cut_short_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    Image.effect_noise((400, 400), 90).save(path)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(Refused):
        frame(path, 1, 10**6)


def drawn(path: Path) -> tuple[dict[str, object], Image.Image]:
    """A page as the viewer gets it: what is said of it, and its picture."""
    head, _, picture = draw(PageJob(str(path), 1, 2.0, 4_000_000, 100, 1500, 10)).partition(b"\n")
    return json.loads(head), Image.open(io.BytesIO(picture))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".gif", ".bmp", ".webp"])
def test_the_viewer_shows_a_picture_in_its_colours(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "a-hash-without-a-suffix"
    Image.new("RGB", (400, 300), (200, 30, 30)).save(tmp_path / f"red{suffix}")
    (tmp_path / f"red{suffix}").rename(path)
    said, picture = drawn(path)
    assert (said["width"], said["height"], said["glyphs"]) == (300, 225, [])
    red, green, blue = picture.convert("RGB").getpixel((200, 150))  # type: ignore[misc]
    assert red > 170
    assert max(green, blue) < 60


def test_the_viewer_shows_paper_beneath_and_draws_a_pdf_as_before(tmp_path: Path) -> None:
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(tmp_path / "glass.png")
    _, picture = drawn(tmp_path / "glass.png")
    assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255)
    (tmp_path / "page").write_bytes(b"BM and then\n" + document([text("Hola")]))
    said, _ = drawn(tmp_path / "page")
    assert (said["width"], said["height"]) == (595, 842)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A PNG of a few bytes that says it is 60,000 dots wide and high."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    chunks = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(Refused) as refused:
        ImageDocument(path)
    assert refused.value.kind == "too_large"
