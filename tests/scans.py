"""Makes pictures of printed pages, as a scanner would, for the tests of OCR: nothing in them is text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pypdfium2
from PIL import Image, ImageDraw, ImageFilter

from tests.pdf_bytes import document, escaped, stream

DPI = 200
TITLE = "La traducción automática"
# Lines as they stand on the page; one ends in a hyphen in the middle of a word.
LINES = (
    "Durante años, la traducción automática dependió de reglas escritas por",
    "lingüistas. Después llegaron los modelos estadísticos, que aprendían de mi-",
    "llones de frases ya traducidas. Hoy, las redes neuronales leen la oración",
    "entera antes de escribir la primera palabra.",
)
SECOND = (
    "¿Qué significa esto para un niño pequeño? Significa que mañana podrá leer",
    "un cuento japonés en español, sin esperar a que alguien lo traduzca.",
)
PARAGRAPHS = (" ".join(LINES).replace("mi- llones", "millones"), " ".join(SECOND))


def scan(
    title: str = TITLE,
    paragraphs: Sequence[Sequence[str]] = (LINES, SECOND),
    skew: float = 0.0,
    specks: int = 0,
) -> Image.Image:
    """Return a page in grey, turned by `skew` degrees, with `specks` of dust on it."""
    parts = [b"BT /F1 22 Tf 72 760 Td (%s) Tj ET" % escaped(title)]
    y = 720
    for paragraph in paragraphs:
        shown = b" T* ".join(b"(%s) Tj" % escaped(line) for line in paragraph)
        parts.append(b"BT /F1 12 Tf 16 TL 72 %d Td %s ET" % (y, shown))
        y -= 16 * len(paragraph) + 14
    printed = pypdfium2.PdfDocument(document([stream(b"\n".join(parts))]))
    page: Image.Image = printed[0].render(scale=DPI / 72, grayscale=True).to_pil().convert("L")
    draw = ImageDraw.Draw(page)
    chance = Random(7)
    for _ in range(specks):
        x, top = chance.randrange(page.width), chance.randrange(page.height)
        draw.ellipse((x, top, x + chance.randrange(1, 5), top + chance.randrange(1, 5)), fill=90)
    page = page.rotate(skew, resample=Image.Resampling.BICUBIC, fillcolor=255)
    return page.filter(ImageFilter.GaussianBlur(0.6))


def empty_scan(specks: int = 0) -> Image.Image:
    """Return a page with nothing on it but dust."""
    return scan("", (), specks=specks)


def pdf_of(pages: Sequence[Image.Image], path: Path) -> Path:
    """Write a PDF whose pages are these pictures, without a letter of text."""
    pages[0].save(path, "PDF", resolution=DPI, save_all=True, append_images=list(pages[1:]))
    return path
