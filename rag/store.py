"""Documents, their pages and chunks in aula.sqlite: the truth. It knows nothing of files being read or of Chroma."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from rag import chunk_rows
from rag.chunking import Cut, Span, searchable
from rag.database import documents, holdings, intake, pages
from rag.embeddings import Matrix
from rag.errors import DocumentNotFound, DocumentShared
from rag.jobs import job_id
from rag.page_rows import page_row
from rag.pages import PageText
from rag.records import (
    DONE,
    Accepted,
    Chunk,
    Document,
    Facts,
    Held,
    Intake,
    Ledger,
    PageState,
    State,
    Tally,
    Upload,
)
from rag.store_chunks import ChunkReads
from rag.store_holdings import Holdings
from rag.store_intake import IntakeRows
from rag.store_pages import PageRows
from rag.store_progress import Progress

__all__ = [
    "Accepted",
    "Chunk",
    "Document",
    "Facts",
    "Held",
    "Intake",
    "Ledger",
    "PageState",
    "State",
    "Store",
    "Tally",
    "Upload",
]


class Store(Holdings, PageRows, Progress, ChunkReads, IntakeRows):
    """Reads and writes of the library. Reads name the owner; another's document is as one that is not there."""

    def save(self, facts: Facts, texts: Sequence[PageText], spans: Sequence[Span]) -> list[int]:
        """Write a document that is read already, with its chunks, in one transaction; return the chunks' ids in order.

        Its vectors are the catch-up's to make.
        """
        by_page = {page.number: page.text for page in texts}
        indexed = chunk_rows.terms([_searched(by_page[span.page], span) for span in spans], facts.language)
        self.erase(facts.id)
        with self._database.begin() as connection:
            done = facts.status in DONE
            connection.execute(insert(documents).values(page_count=len(texts), finished=done, **vars(facts)))
            if texts:
                rows = [{"document": facts.id, **page_row(page), "indexed": True} for page in texts]
                connection.execute(insert(pages), rows)
            ids = chunk_rows.reserve(connection, len(spans))
            chunk_rows.write(connection, facts.id, ids, spans, indexed)
            return ids

    def lock(self, document: str) -> None:
        """Say that a document needs its password. One that was never known to is the first comer's alone."""
        state = self.state(document)
        with self._database.begin() as connection:
            values = {"status": "locked", "encrypted": True}
            connection.execute(update(documents).where(documents.c.id == document).values(**values))
        if state is not None and not state.encrypted and state.pages == 0 and state.holders:
            self.keep_out(document, state.holders[0][0])

    def keep_out(self, document: str, but: str) -> None:
        """Take a locked document from everybody but one, until they have shown the password themselves."""
        others = (holdings.c.document == document) & (holdings.c.owner != but)
        with self._database.begin() as connection:
            rows = connection.execute(select(holdings).where(others)).all()
            connection.execute(delete(holdings).where(others))
            for row in rows:
                entry = Intake(
                    job_id(row.owner, document), row.owner, row.name, "locked", document, row.collection, "locked"
                )
                connection.execute(insert(intake).prefix_with("OR IGNORE").values(created=row.added, **vars(entry)))

    def reserve(self, count: int) -> list[int]:
        """Return `count` ids for chunks to come, so that their vectors can be made before they are written."""
        with self._database.begin() as connection:
            return chunk_rows.reserve(connection, count)

    def recut(
        self,
        owner: str,
        document: str,
        cut: Cut,
        old: Sequence[int],
        ids: Sequence[int],
        spans: Sequence[Span],
        terms: Sequence[str],
        model: str = "",
        vectors: Matrix | None = None,
    ) -> bool:
        """Put new chunks in the place of a document's `old` ones, in one transaction; False when those have changed.

        Raises DocumentNotFound, also for another's, and DocumentShared when somebody else holds it too: the chunks
        are theirs as well.
        """
        with self._database.begin() as connection:
            held = connection.execute(select(holdings).where(holdings.c.document == document)).all()
            mine = next((row for row in held if row.owner == owner), None)
            if mine is None:
                raise DocumentNotFound
            if len(held) > 1:
                raise DocumentShared(name=mine.name)
            if not chunk_rows.exchange(connection, document, cut, old, ids, spans, terms):
                return False
            chunk_rows.write_vectors(connection, model, ids, vectors)
            return True


def _searched(text: str, span: Span) -> str:
    return searchable(span.heading, text[span.start : span.end])


if __name__ == "__main__":
    from rag.store_cli import main

    main()
