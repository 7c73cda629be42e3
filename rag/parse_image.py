"""Pictures as documents: a page for each, or for each page of a TIFF, that OCR is to read. Knows Pillow, no OCR.

Only the formats named here are ever opened: Pillow knows others that start programs.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rag.pages import PageText, Refused, Unit

if TYPE_CHECKING:
    from PIL import Image

IMAGES: dict[str, str] = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
}
# How the files of these formats begin: a page is drawn from a file whose name is its hash.
_BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"BM", b"GIF8")
_MOST_PIXELS = 150_000_000  # of one picture; a page of A2 at 600 dots per inch has 139 million
_DEEP = {"I;16": 256.0, "I;16L": 256.0, "I;16B": 256.0, "I": 256.0}  # modes with 16 bits a dot: to 8


class ImageDocument:
    """An opened picture. Raises Refused("damaged" | "too_large")."""

    unit: Unit = "page"
    title = ""
    repaired = False

    def __init__(self, path: Path) -> None:
        with _image(path) as image:
            # The frames of an animation are no pages: hardly one differs from the next.
            self.total = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1

    def pages(self, first: int, last: int) -> Iterator[PageText]:
        """Yield pages `first` to `last`: what they hold is to be read from their pictures."""
        for number in range(first, last + 1):
            yield PageText(number, "", "waiting", "image")


def frame(path: Path, number: int, pixels: int) -> Image.Image:
    """Return page `number`, counted from 1, of a picture: upright, in grey on white, of at most `pixels`.

    Raises Refused("damaged" | "too_large").
    """
    from PIL import ImageOps

    with _image(path) as image:
        image.seek(number - 1)
        share = math.sqrt(pixels / (image.width * image.height))
        if share < 1:
            image.draft("L", (math.ceil(image.width * share), math.ceil(image.height * share)))  # of JPEG only
        grey = _grey(ImageOps.exif_transpose(image))
    share = math.sqrt(pixels / (grey.width * grey.height))
    if share < 1:
        grey = grey.resize((max(1, int(grey.width * share)), max(1, int(grey.height * share))))
    return grey


def shown(path: Path, number: int, pixels: int) -> Image.Image | None:
    """Return page `number` of a picture in its colours, upright, of at most `pixels`; None when it is no picture."""
    from PIL import Image, ImageOps

    with path.open("rb") as file:
        head = file.read(1024)
    if not head.startswith(_BEGINNINGS) or b"%PDF-" in head:
        return None
    with _image(path) as image:
        image.seek(number - 1)
        upright = ImageOps.exif_transpose(image)
        deep = upright.mode in _DEEP or upright.mode == "F"
        coloured = (_grey(upright) if deep else _on_paper(upright)).convert("RGB")
    share = math.sqrt(pixels / (coloured.width * coloured.height))
    smaller = max(1, int(coloured.width * share)), max(1, int(coloured.height * share))
    return coloured.resize(smaller, Image.Resampling.LANCZOS) if share < 1 else coloured


def _on_paper(image: Image.Image) -> Image.Image:
    """Return an image on white where it is transparent."""
    from PIL import Image

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image
    coloured = image.convert("RGBA")
    paper = Image.new("RGBA", coloured.size, "white")
    paper.alpha_composite(coloured)
    return paper


def _grey(image: Image.Image) -> Image.Image:
    """Return an image in 8 bits of grey, what is transparent being white."""
    if image.mode in _DEEP:
        return image.convert("F").point(lambda dot: dot / 256.0).convert("L")
    if image.mode == "F":
        return image.convert("L")
    return _on_paper(image).convert("L")


@contextmanager
def _image(path: Path) -> Iterator[Image.Image]:
    """Open a picture and close it again; what Pillow cannot make sense of is refused."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=sorted(set(IMAGES.values()))) as image:
                yield image
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused("too_large") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise Refused("damaged") from None
