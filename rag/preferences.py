"""What was chosen on the page and holds for everybody, by key; it knows none of the keys."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, delete, insert, select

from rag.database import preferences, reading


def read(database: Engine, key: str) -> Any:  # noqa: ANN401 - JSON
    """Return what was kept under `key`, or None."""
    with reading(database).connect() as connection:
        return connection.execute(select(preferences.c.value).where(preferences.c.key == key)).scalar()


def write(database: Engine, key: str, value: object) -> None:
    """Keep a JSON value under `key`; None forgets it."""
    with database.begin() as connection:
        connection.execute(delete(preferences).where(preferences.c.key == key))
        if value is not None:
            connection.execute(insert(preferences).values(key=key, value=value))
