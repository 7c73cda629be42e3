"""A page as a row of aula.sqlite and back; nothing here asks the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from rag.pages import PageText

TEXT = ("text", "ocr")  # the states of a page that has some
AGAIN = "again:"  # before the reason of a failed page that is to be read once more


def page_row(page: PageText) -> dict[str, Any]:
    """Return a page's columns but for the document. One without text has nothing to index, so that it is done."""
    return {
        "number": page.number,
        "text": page.text,
        "how": page.how,
        "reason": page.reason,
        "body": None if page.body is None else list(page.body),
        "headings": [list(heading) for heading in page.headings] or None,
        "indexed": page.how in ("empty", "failed"),
    }


def page_text(row: Row[Any]) -> PageText:
    """Return the page that stands in a row of `pages`."""
    body = None if row.body is None else (int(row.body[0]), int(row.body[1]))
    headings = tuple((int(start), int(level)) for start, level in row.headings or ())
    return PageText(row.number, row.text, row.how, without_again(row.reason), body, headings)


def without_again(reason: str) -> str:
    """Return the reason as it was before the page was to be read once more."""
    return reason.removeprefix(AGAIN)
