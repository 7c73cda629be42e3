"""Small PDFs written by hand, sound and hostile, for the tests of reading."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return bytes(out) + head + trailer


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), entries, data)


def text(*lines: str, leading: float = 14, size: float = 12) -> bytes:
    """A content stream with lines of Helvetica from the top left."""
    shown = b" T* ".join(b"(%s) Tj" % escaped(line) for line in lines)
    return stream(b"BT /F1 %g Tf %g TL 72 760 Td %s ET" % (size, leading, shown))


def escaped(line: str) -> bytes:
    return line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def document(contents: Sequence[bytes], extra: Sequence[bytes] = (), resources: bytes = b"") -> bytes:
    """A PDF with a page for each content stream; `extra` objects are numbered from 4."""
    first = 4 + len(extra)
    kids = b" ".join(b"%d 0 R" % (first + 2 * index) for index in range(len(contents)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(contents), kids),
        FONT,
        *extra,
    ]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>%s>>/Contents %d 0 R>>"
    for index, content in enumerate(contents):
        objects += [page % (resources, first + 2 * index + 1), content]
    return pdf(objects)


def image_page() -> tuple[bytes, bytes, bytes]:
    """Contents, object and resources of a page that is one grey picture."""
    picture = stream(
        b"\x80" * 64, b"/Type/XObject/Subtype/Image/Width 8/Height 8/ColorSpace/DeviceGray/BitsPerComponent 8"
    )
    return stream(b"q 400 0 0 400 90 200 cm /Im 4 0 R /Im Do Q"), picture, b"/XObject<</Im 4 0 R>>"


def endless(before: Sequence[str], after: Sequence[str]) -> bytes:
    """Between sound pages, one that draws a form of a million idle instructions a million times: days of work."""
    idle = zlib.compress(b"q Q " * 2**20, 9)
    form = stream(idle, b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Filter/FlateDecode")
    drawn = stream(zlib.compress(b"/X0 Do " * 2**20, 9), b"/Filter/FlateDecode")
    pages = [*(text(line) for line in before), drawn, *(text(line) for line in after)]
    return document(pages, [form], b"/XObject<</X0 4 0 R>>")


def branching(before: Sequence[str], after: Sequence[str]) -> bytes:
    """A page that draws a form ten times, which draws another ten times, and so on: a million million letters."""
    forms = []
    for level in range(12):
        body = b"/X%d Do " % (level + 1) * 10 if level < 11 else b"BT /F1 12 Tf 10 10 Td (x) Tj ET"
        inner = b"/Resources<</Font<</F1 3 0 R>>/XObject<</X%d %d 0 R>>>>" % (level + 1, 5 + level)
        forms.append(stream(body, b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]" + inner))
    pages = [*(text(line) for line in before), stream(b"/X0 Do"), *(text(line) for line in after)]
    return document(pages, forms, b"/XObject<</X0 4 0 R>>")


@cache
def _packed() -> bytes:
    return zlib.compress(zlib.compress(b"q Q " * (80 * 2**20), 9), 9)


def bomb(before: Sequence[str], after: Sequence[str]) -> bytes:
    """A page whose instructions are a few hundred bytes that unpack to more than 300 MB."""
    heavy = stream(_packed(), b"/Filter[/FlateDecode/FlateDecode]")
    return document([*(text(line) for line in before), heavy, *(text(line) for line in after)])
