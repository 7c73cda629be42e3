"""A page of a document as it is looked at: its picture, its text, and where in both the passages stand.

Checks who asks; knows nothing of how a page is drawn or shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.errors import AulaError, PageNotDrawn, PageNotFound
from rag.highlight import Box, boxes, extent
from rag.page_image import PagePictures
from rag.store import Store

_MOST_SPANS = 40
_MOST_CHARS = 6000  # of all spans together: looking for them on the page costs that much


@dataclass(frozen=True)
class PageView:
    """One page, counted from 1. `spans` are ranges of `text`, in order and apart; `boxes` lie over the picture.

    `unit`: page | slide | sheet | section; only a page has a picture. `width` and `height` are in points; `image` is
    None, and `reason` says why, where a page could not be drawn.
    """

    document: str
    name: str
    page: int
    pages: int
    unit: str
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    image: bytes | None = None
    type: str = ""
    width: float = 0.0
    height: float = 0.0
    boxes: tuple[Box, ...] = ()
    reason: AulaError | None = None


class PageViewer:
    """Shows owners the pages of what they hold."""

    def __init__(self, store: Store, pictures: PagePictures) -> None:
        """Use the library's texts and the pictures of its pages."""
        self._store = store
        self._pictures = pictures

    def view(self, owner: str, document: str, page: int, spans: Sequence[tuple[int, int]] = ()) -> PageView:
        """Return a page with `spans` of its stored text marked; what lies outside of the text is left out.

        Raises DocumentNotFound, also for another's document, and PageNotFound.
        """
        held = self._store.document(owner, document)
        if not 1 <= page <= held.pages:
            raise PageNotFound(page=page, pages=held.pages)
        text = self._store.page_text(owner, document, page)
        marked = _within(text, spans)
        view = PageView(held.id, held.name, page, held.pages, held.unit, text, marked)
        return self._drawn(view) if held.unit == "page" else view

    def _drawn(self, view: PageView) -> PageView:
        try:
            picture = self._pictures.picture(view.document, view.page)
        except PageNotDrawn as error:
            return replace(view, reason=error)
        if not self._store.stored(view.document):  # deleted while it was drawn: nothing of it may stay
            self._pictures.forget(view.document)
        return replace(
            view,
            image=picture.image,
            type=picture.type,
            width=picture.width,
            height=picture.height,
            boxes=tuple(boxes(picture.glyphs, extent(picture.width, picture.height), view.text, view.spans)),
        )


def _within(text: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the ranges cut to the text, in order, joined where they overlap, and no more than can be looked for."""
    found: list[tuple[int, int]] = []
    room = _MOST_CHARS
    for start, end in sorted(spans)[:_MOST_SPANS]:
        first = max(start, found[-1][1] if found else 0, 0)
        last = min(end, len(text), first + room)
        if first >= last:
            continue
        room -= last - first
        if found and found[-1][1] == first:
            first = found.pop()[0]
        found.append((first, last))
    return tuple(found)
