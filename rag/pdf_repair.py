"""A PDF that lost its end, and with it the list of its pages: makes a new list of those that are still there.

PDFium finds the objects of such a file by itself, but not those packed into object streams, and it needs a
catalog and a page tree to start from.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

_MOST_BYTES = 300 * 2**20
_MOST_UNPACKED = 100 * 2**20
_OBJECT = re.compile(rb"(?<!\S)(\d{1,8})\s+\d{1,5}\s+obj\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_PACKED = re.compile(rb"/Type\s*/ObjStm\b")
_NUMBER = {key: re.compile(rb"/%s\s+(\d{1,9})" % key) for key in (b"N", b"First")}


def rebuilt(path: Path) -> bytes | None:
    """Return the file with a new page tree at its end, the pages in its order; None when it holds no page."""
    if path.stat().st_size > _MOST_BYTES:
        return None
    data = path.read_bytes()
    data += b"\nendstream endobj\n" + b"".join(_unpacked(data))  # after closing whatever was cut off
    objects = list(_objects(data))
    pages = dict.fromkeys(number for number, head, _ in objects if _PAGE.search(head))
    if not pages:
        return None
    free = max(number for number, _, _ in objects) + 1
    kids = b" ".join(b"%d 0 R" % number for number in pages)
    return data + b"".join(
        (
            b"%d 0 obj\n<</Type/Pages/Count %d/Kids[%s]>>\nendobj\n" % (free, len(pages), kids),
            b"%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj\n" % (free + 1, free),
            b"trailer\n<</Size %d/Root %d 0 R>>\n%%%%EOF\n" % (free + 2, free + 1),
        )
    )


def _objects(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield number, what stands before the stream, and where that ends, of each object."""
    found = list(_OBJECT.finditer(data))
    for start, end in zip(found, [*found[1:], None], strict=True):
        until = end.start() if end else len(data)
        head = data[start.end() : min(until, start.end() + 20_000)].partition(b"stream")[0]
        yield int(start[1]), head, start.end() + len(head)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yield the objects of object streams, each as one that stands for itself."""
    room = _MOST_UNPACKED
    for _, head, end in _objects(data):
        count, first = (pattern.search(head) for pattern in _NUMBER.values())
        if not (_PACKED.search(head) and count and first) or b"/DecodeParms" in head:
            continue
        body = data[end + len(b"stream") :].lstrip(b"\r\n")
        try:
            plain = zlib.decompressobj().decompress(body, room) if b"/FlateDecode" in head else body
        except zlib.error:
            continue
        room -= len(plain)
        table = plain[: int(first[1])].split()[: 2 * int(count[1])]
        places = [int(number) for number in table if number.isdigit()]
        starts = [int(first[1]) + offset for offset in places[1::2]]
        for number, start, stop in zip(places[::2], starts, [*starts[1:], len(plain)], strict=False):
            yield b"%d 0 obj\n%s\nendobj\n" % (number, plain[start:stop])
        if room <= 0:
            return
