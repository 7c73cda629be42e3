"""Pages as they come: what each was read as, what is still to be indexed, what it all came to.

Every method is one transaction, after which a restart can go on. It reads no file and makes no vector.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from rag import chunk_rows
from rag.chunking import Span
from rag.database import documents, pages
from rag.embeddings import Matrix
from rag.errors import DocumentNotFound
from rag.page_rows import AGAIN, TEXT, page_row, page_text
from rag.pages import PageText
from rag.store_base import Rows, as_they_were, exists, portions

_PORTION = 64


class PageRows(Rows):
    """The part of the store that the lanes write."""

    # -- reading -----------------------------------------------------------------------------------------------

    def opened(self, document: str, total: int, unit: str, title: str, encrypted: bool) -> None:
        """Keep what opening the file told. Raises DocumentNotFound when it was deleted meanwhile."""
        with self._database.begin() as connection:
            facts = {"page_count": total, "unit": unit, "title": title, "encrypted": encrypted}
            if not connection.execute(update(documents).where(documents.c.id == document).values(**facts)).rowcount:
                raise DocumentNotFound
            fresh = documents.c.status.in_(("waiting", "locked"))
            connection.execute(update(documents).where(documents.c.id == document, fresh).values(status="reading"))

    def page_numbers(self, document: str) -> set[int]:
        """Return the pages that need not be read again."""
        again = pages.c.reason.startswith(AGAIN, autoescape=True)
        query = select(pages.c.number).where(pages.c.document == document, ~again)
        with self._reads.connect() as connection:
            return set(connection.execute(query).scalars())

    def add_pages(self, document: str, texts: Sequence[PageText]) -> None:
        """Keep pages that were read; one that is there already stays, unless it could not be read.

        Raises DocumentNotFound when the document was deleted meanwhile.
        """
        if not texts:
            return
        with self._database.begin() as connection:
            if not exists(connection, document):
                raise DocumentNotFound
            numbers = [page.number for page in texts]
            worded = and_(_failed(document), pages.c.text != "", pages.c.number.in_(numbers))
            for number in connection.execute(select(pages.c.number).where(worded)).scalars().all():
                chunk_rows.remove(connection, document, number, number)
            statement = insert(pages)
            fresh = {
                name: statement.excluded[name] for name in ("text", "how", "reason", "body", "headings", "indexed")
            }
            statement = statement.on_conflict_do_update(
                index_elements=["document", "number"], set_=fresh, where=pages.c.how == "failed"
            )
            connection.execute(statement, [{"document": document, **page_row(page)} for page in texts])

    def all_read(self, document: str, code: str, error: Mapping[str, str] | None = None) -> None:
        """Say that no more pages will come; `code` says what is missing, as rag.pages.Parsed.note does, or `error`."""
        told = {name: value for name, value in (("code", code), ("error", error)) if value}
        with self._database.begin() as connection:
            as_they_were(connection, document)
            values = {"read": True, "note": told or None}
            unfinished = and_(documents.c.id == document, documents.c.read.is_(False))
            connection.execute(update(documents).where(unfinished).values(**values))

    def read_again(self, document: str) -> None:
        """Let pages that failed be read once more; the whole of a document in which nothing was found."""
        with self._database.begin() as connection:
            status = connection.execute(select(documents.c.status).where(documents.c.id == document)).scalar()
            if status == "failed":
                _drop_pages(connection, document)
                values = {"status": "waiting", "read": False, "note": None, "language": "", "page_count": 0}
            else:
                failed = and_(_failed(document), ~pages.c.reason.startswith(AGAIN, autoescape=True))
                connection.execute(update(pages).where(failed).values(reason=AGAIN + pages.c.reason))
                values = {"read": False}
            connection.execute(update(documents).where(documents.c.id == document).values(**values))

    def read_no_more(self, document: str) -> None:
        """Leave the pages that were to be read again as they were."""
        with self._database.begin() as connection:
            as_they_were(connection, document)
            connection.execute(update(documents).where(documents.c.id == document).values(read=True))

    # -- OCR ---------------------------------------------------------------------------------------------------

    def waiting_pages(self, document: str) -> list[int]:
        """Return the pages whose picture is to be read, in order."""
        query = select(pages.c.number).where(pages.c.document == document, pages.c.how == "waiting")
        with self._reads.connect() as connection:
            return list(connection.execute(query.order_by(pages.c.number)).scalars())

    def settle_page(self, document: str, page: PageText) -> PageText | None:
        """Keep what the picture of a waiting page was read as, and return what the page is now.

        Where the picture gave nothing, the few words that stand besides it are the page's text. None when the page is
        gone, or was settled.
        """
        waiting = and_(pages.c.document == document, pages.c.number == page.number, pages.c.how == "waiting")
        with self._database.begin() as connection:
            row = connection.execute(select(pages).where(waiting)).first()
            if row is None:
                return None
            if row.text and page.how in ("empty", "failed"):
                words = page_text(row)
                now = replace(words, how="text", reason="") if page.how == "empty" else replace(page, text=row.text)
                connection.execute(update(pages).where(waiting).values(how=now.how, reason=now.reason))
                return now
            chunk_rows.remove(connection, document, page.number, page.number)  # of those words
            connection.execute(update(pages).where(waiting).values(**page_row(page)))
            return page

    # -- indexing ----------------------------------------------------------------------------------------------

    def unindexed(self, document: str, limit: int, how: str = "") -> list[PageText]:
        """Return the first `limit` pages with text that is still to be indexed, in order; `how`: of one kind only."""
        worded = or_(pages.c.how != "waiting", pages.c.text != "")
        kinds = pages.c.how.in_(_kinds(how))
        query = select(pages).where(pages.c.document == document, ~pages.c.indexed, kinds, worded)
        with self._reads.connect() as connection:
            return [page_text(row) for row in connection.execute(query.order_by(pages.c.number).limit(limit))]

    def characters(self, document: str) -> int:
        """Return how much text has been read."""
        query = select(func.coalesce(func.sum(func.length(pages.c.text)), 0)).where(pages.c.document == document)
        with self._reads.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def sample(self, document: str, how: str, limit: int) -> list[str]:
        """Return the texts of the first `limit` pages of a kind, in order."""
        query = select(pages.c.text).where(pages.c.document == document, pages.c.how == how)
        with self._reads.connect() as connection:
            return list(connection.execute(query.order_by(pages.c.number).limit(limit)).scalars())

    def headed(self, document: str, after: int, before: int, how: Collection[str]) -> Iterator[PageText]:
        """Yield the pages between two, both left out, that have headings, in order."""
        at = after
        while True:
            query = select(pages).where(
                pages.c.document == document,
                pages.c.number > at,
                pages.c.number < before,
                pages.c.how.in_(tuple(how)),
                func.json_array_length(pages.c.headings) > 0,
            )
            with self._reads.connect() as connection:
                rows = connection.execute(query.order_by(pages.c.number).limit(_PORTION)).all()
            yield from (page_text(row) for row in rows)
            if len(rows) < _PORTION:
                return
            at = rows[-1].number

    def set_language(self, document: str, language: str) -> None:
        """Keep the language of a document."""
        with self._database.begin() as connection:
            connection.execute(update(documents).where(documents.c.id == document).values(language=language))

    def index(
        self,
        document: str,
        numbers: Sequence[int],
        spans: Sequence[Span],
        ids: Sequence[int],
        texts: Sequence[str],
        model: str,
        vectors: Matrix | None,
    ) -> None:
        """Write the chunks of pages `numbers`, what is searched of them, and their vectors, in one transaction.

        `ids` were reserved; `texts` are what was embedded under `model` (no vectors where there is none). Raises
        DocumentNotFound when a page is gone or indexed already: nothing is written then.
        """
        terms = self.terms(document, texts)  # stemming takes its time: before the lock
        with self._database.begin() as connection:
            for part in portions(numbers):
                fresh = and_(pages.c.document == document, pages.c.number.in_(part), ~pages.c.indexed)
                if connection.execute(update(pages).where(fresh).values(indexed=True)).rowcount != len(part):
                    raise DocumentNotFound
            chunk_rows.write(connection, document, ids, spans, terms)
            chunk_rows.write_vectors(connection, model, ids, vectors)

    def terms(self, document: str, texts: Sequence[str]) -> list[str]:
        """Return what goes into the full-text index for texts of a document, in its language."""
        with self._reads.connect() as connection:
            language = connection.execute(select(documents.c.language).where(documents.c.id == document)).scalar()
        return chunk_rows.terms(texts, str(language or ""))


def _failed(document: str) -> ColumnElement[bool]:
    return and_(pages.c.document == document, pages.c.how == "failed")


def _kinds(how: str) -> tuple[str, ...]:
    return (how,) if how else TEXT


def _drop_pages(connection: Connection, document: str) -> None:
    chunk_rows.remove(connection, document)
    connection.execute(delete(pages).where(pages.c.document == document))
