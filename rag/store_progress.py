"""Where a document stands on its way in, and what each of its pages came to; it reads no file and makes no vector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update

from rag.database import chunks, documents, holdings, pages
from rag.errors import DocumentNotFound
from rag.page_rows import AGAIN, TEXT, page_text, without_again
from rag.pages import How, PageText
from rag.records import DONE, Ledger, PageState, State, Tally
from rag.store_base import Rows, as_they_were, held_by

_PORTION = 64


class Progress(Rows):
    """The part of the store that says how far a document is."""

    def finish(self, document: str, status: str, note: Mapping[str, str] | None) -> None:
        """Keep what a document came to."""
        values = {"status": status, "note": note, "read": True, "finished": status in DONE}
        with self._database.begin() as connection:
            as_they_were(connection, document)
            connection.execute(update(documents).where(documents.c.id == document).values(**values))

    def set_status(self, document: str, status: str) -> None:
        """Keep where a document stands; its note stays."""
        with self._database.begin() as connection:
            connection.execute(update(documents).where(documents.c.id == document).values(status=status))

    def state(self, document: str) -> State | None:
        """Return where a document stands, None when it is gone."""
        return next(iter(self._states(documents.c.id == document)), None)

    def unfinished(self) -> list[State]:
        """Return the documents that are on their way or have pages that are not indexed, the first comer first."""
        left = select(pages.c.document).where(or_(~pages.c.indexed, pages.c.how == "waiting")).distinct()
        on_the_way = documents.c.status.in_(("waiting", "reading", "paused", "locked"))
        open_ = or_(on_the_way, documents.c.read.is_(False), documents.c.id.in_(left))
        return self._states(and_(open_, documents.c.status != "failed"))

    def _states(self, where: ColumnElement[bool]) -> list[State]:
        query = (
            select(documents, holdings.c.owner, holdings.c.name)
            .join(holdings, holdings.c.document == documents.c.id)
            .where(where)
            .order_by(holdings.c.added, holdings.c.name)
        )
        found: dict[str, State] = {}
        with self._reads.connect() as connection:
            for row in connection.execute(query):
                known = found.setdefault(row.id, _state(row))
                found[row.id] = replace(known, holders=(*known.holders, (row.owner, row.name)))
        return list(found.values())

    def tally(self, document: str) -> Tally:
        """Count a document's pages by state, and its chunks."""
        one = pages.c.document == document
        worded = (pages.c.text != "").label("worded")
        counted = select(pages.c.how, pages.c.indexed, worded, func.count().label("n")).where(one)
        with self._reads.connect() as connection:
            rows = connection.execute(counted.group_by(pages.c.how, pages.c.indexed, worded)).all()
            held = connection.execute(select(func.count()).where(chunks.c.document == document)).scalar_one()
        by: Counter[str] = Counter()
        for row in rows:
            by[row.how] += row.n
            if not row.indexed and row.how in (*TEXT, "failed"):
                by["left"] += row.n
            if not row.indexed and row.how == "waiting" and row.worded:
                by["words"] += row.n
        return Tally(rows=sum(row.n for row in rows), chunks=int(held), **by)

    def outline(self, document: str) -> list[PageText]:
        """Return what every page came to, in order, without its text."""
        query = select(pages.c.number, pages.c.how, pages.c.reason).where(pages.c.document == document)
        with self._reads.connect() as connection:
            rows = connection.execute(query.order_by(pages.c.number))
            return [PageText(row.number, "", row.how, without_again(row.reason)) for row in rows]

    def ledger(self, owner: str, document: str) -> Ledger:
        """Return what every page came to. Raises DocumentNotFound, also for another's."""
        one = pages.c.document == document
        query = select(pages.c.number, pages.c.how, pages.c.reason, pages.c.indexed).where(one).order_by(pages.c.number)
        counted = select(chunks.c.page, func.count().label("n")).where(chunks.c.document == document)
        with self._reads.connect() as connection:
            if not held_by(connection, owner, document):
                raise DocumentNotFound
            total = connection.execute(select(documents.c.page_count).where(documents.c.id == document)).scalar_one()
            held = {row.page: int(row.n) for row in connection.execute(counted.group_by(chunks.c.page))}
            states = tuple(
                PageState(
                    at.number, _how(at.how, at.reason), without_again(at.reason), at.indexed, held.get(at.number, 0)
                )
                for at in connection.execute(query)
            )
        return Ledger(states, dict(Counter(state.how for state in states)), max(int(total), len(states)))

    def page_text(self, owner: str, document: str, number: int) -> str:
        """Return a page's text, "" for one that is still to be read; pages count from 1. Raises DocumentNotFound."""
        with self._reads.connect() as connection:
            if not held_by(connection, owner, document):
                raise DocumentNotFound
            one = (pages.c.document == document) & (pages.c.number == number)
            found = connection.execute(select(pages.c.text).where(one)).scalar()
            total = connection.execute(select(documents.c.page_count).where(documents.c.id == document)).scalar_one()
        if found is None and not 1 <= number <= total:
            raise DocumentNotFound
        return str(found or "")

    def page_texts(self, owner: str, document: str) -> list[tuple[int, str]]:
        """Return (number, text) of every page, in order. Raises DocumentNotFound, also for another's."""
        query = select(pages.c.number, pages.c.text).where(pages.c.document == document).order_by(pages.c.number)
        with self._reads.connect() as connection:
            if not held_by(connection, owner, document):
                raise DocumentNotFound
            return [(int(row.number), str(row.text)) for row in connection.execute(query)]

    def texts_of(self, document: str, numbers: Collection[int]) -> dict[int, str]:
        """Return {number: text} of some pages, whoever holds them."""
        query = select(pages.c.number, pages.c.text).where(pages.c.document == document, pages.c.number.in_(numbers))
        with self._reads.connect() as connection:
            return {int(row.number): str(row.text) for row in connection.execute(query)}

    def page_rows(self, document: str) -> Iterator[PageText]:
        """Yield every page in order, a few held at a time."""
        at = 0
        while True:
            query = select(pages).where(pages.c.document == document, pages.c.number > at)
            with self._reads.connect() as connection:
                rows = connection.execute(query.order_by(pages.c.number).limit(_PORTION)).all()
            yield from (page_text(row) for row in rows)
            if len(rows) < _PORTION:
                return
            at = rows[-1].number


def _state(row: Row[Any]) -> State:
    return State(
        id=row.id,
        suffix=row.suffix,
        status=row.status,
        pages=row.page_count,
        unit=row.unit,
        language=row.language,
        read=row.read,
        encrypted=row.encrypted,
        note=row.note,
        chunk_size=row.chunk_size,
        chunk_overlap=row.chunk_overlap,
        finished=row.finished,
    )


def _how(how: How, reason: str) -> How:
    """Return the state as a person sees it: a page that is to be read once more is waiting for that."""
    return "waiting" if reason.startswith(AGAIN) else how
