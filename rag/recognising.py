"""The OCR lane: pages that are pictures to pages with text, one at a time. It cuts and embeds nothing."""

from __future__ import annotations

import logging
from pathlib import Path

from rag import ocr
from rag.errors import EncryptedDocument, OcrMissing
from rag.pages import PageText
from rag.store import Store
from rag.work import Work

log = logging.getLogger(__name__)


class Recogniser:
    """Reads the pictures of documents, in the order of their pages."""

    def __init__(self, store: Store, files: Path) -> None:
        """`files` are the originals."""
        self._store = store
        self._files = files

    def turn(self, work: Work) -> bool:
        """Read the picture of one page; False when none waits, or it cannot be read now.

        Raises Cancelled, and EncryptedDocument when that takes the password.
        """
        waiting = self._store.waiting_pages(work.document)
        if not (waiting and work.opens and ocr.available()):
            return False
        page = self._page(work, waiting[0])
        if page is None:
            return False
        settled = self._store.settle_page(work.document, page)
        if settled is not None:
            work.page_recognised(settled)
        return True

    def _page(self, work: Work, number: int) -> PageText | None:
        path = self._files / work.document
        try:
            page = ocr.read(path, work.suffix, number, password=work.password, cancel=work.cancel)
        except OcrMissing:  # it was there a moment ago
            return None
        except OSError:
            log.exception("a page could not be read from its picture")
            return PageText(number, "", "failed", "ocr")
        if page.reason == "encrypted":
            raise EncryptedDocument(name=work.name)
        return page
