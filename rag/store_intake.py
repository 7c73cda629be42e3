"""What was handed in and is no document yet: rows that a restart finds again. It opens nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update

from rag.database import intake
from rag.records import Intake
from rag.store_base import Rows


class IntakeRows(Rows):
    """The part of the store for archives, addresses and copies of locked files."""

    def take_in(self, entry: Intake) -> None:
        """Keep what was handed in."""
        with self._database.begin() as connection:
            connection.execute(insert(intake).values(created=datetime.now(UTC), **vars(entry)))

    def intakes(self) -> list[Intake]:
        """Return everybody's, in the order they came."""
        columns = [column for column in intake.c if column.name != "created"]
        with self._reads.connect() as connection:
            rows = connection.execute(select(*columns).order_by(intake.c.created, intake.c.id))
            return [Intake(**row._mapping) for row in rows]

    def intake(self, key: str) -> Intake | None:
        """Return one, or None when it is gone."""
        return next((entry for entry in self.intakes() if entry.id == key), None)

    def set_intake(self, key: str, status: str, error: dict[str, str] | None = None) -> None:
        """Keep how far it is."""
        with self._database.begin() as connection:
            connection.execute(update(intake).where(intake.c.id == key).values(status=status, error=error))

    def drop_intake(self, key: str) -> None:
        """Forget it: what was in it are documents now, or nobody wants it."""
        with self._database.begin() as connection:
            connection.execute(delete(intake).where(intake.c.id == key))
