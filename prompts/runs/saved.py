"""What people save under a name, strategies and experiments, with every version; it knows nothing of running them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from prompts.column import Column
from prompts.experiment import Experiment
from prompts.runs.store import one_line
from rag.database import item_versions, items, reading
from rag.errors import ExperimentInvalid, StrategyNotFound

Kind = Literal["strategy", "experiment"]
KINDS: tuple[Kind, ...] = ("strategy", "experiment")
FORMAT = "aula-prompts/1"  # of a file that is shared
_TAGS = 20


@dataclass(frozen=True)
class Item:
    """Something saved, at one of its versions (counted from 1; `versions` is how many there are).

    `content` is Column.to_json() for a strategy and Experiment.to_json() for an experiment.
    """

    key: str
    kind: Kind
    name: str
    tags: tuple[str, ...]
    content: Mapping[str, Any]
    version: int
    versions: int
    updated: datetime


@dataclass(frozen=True)
class Version:
    """One version of an item: its number and when it was saved (UTC)."""

    number: int
    created: datetime


class Saved:
    """Every call names the owner, and another's item is as one that is not there (StrategyNotFound)."""

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        self._database = database
        self._reads = reading(database)

    def save(
        self,
        owner: str,
        kind: Kind,
        name: str,
        content: Mapping[str, Any],
        tags: Sequence[str] = (),
        key: str | None = None,
    ) -> Item:
        """Keep a new item or, with `key`, a new version of one. Raises ExperimentInvalid, BadOption, TemplateCode."""
        checked = _content(kind, content)
        with self._database.begin() as connection:
            if key is None:
                key = _add(connection, owner, kind, name)
            else:
                _check(connection, owner, key, kind)
            _add_version(connection, key, checked)
            connection.execute(update(items).where(items.c.id == key).values(name=_name(name), tags=_tags(tags)))
        return self.get(owner, key)

    def list(self, owner: str, kind: Kind | None = None, tag: str | None = None) -> tuple[Item, ...]:
        """Return the owner's items, each at its last version, the last saved first."""
        newest = select(item_versions.c.item, func.max(item_versions.c.number).label("number"))
        newest_of = newest.group_by(item_versions.c.item).subquery()
        query = (
            select(items, item_versions.c.number, item_versions.c.content, newest_of.c.number.label("last"))
            .join(newest_of, newest_of.c.item == items.c.id)
            .join(
                item_versions,
                (item_versions.c.item == items.c.id) & (item_versions.c.number == newest_of.c.number),
            )
            .where(items.c.owner == owner)
            .order_by(items.c.updated.desc(), items.c.id)
        )
        if kind is not None:
            query = query.where(items.c.kind == kind)
        with self._reads.connect() as connection:
            found = [_item(row) for row in connection.execute(query)]
        return tuple(item for item in found if tag is None or tag.casefold() in item.tags)

    def get(self, owner: str, key: str, version: int | None = None) -> Item:
        """Return an item at a version, the last one when None. Raises StrategyNotFound, also for a version."""
        count = select(func.max(item_versions.c.number)).where(item_versions.c.item == key).scalar_subquery()
        query = (
            select(items, item_versions.c.number, item_versions.c.content, count.label("last"))
            .join(item_versions, item_versions.c.item == items.c.id)
            .where(items.c.id == key, items.c.owner == owner)
            .where(item_versions.c.number == (count if version is None else version))
        )
        with self._reads.connect() as connection:
            found = connection.execute(query).first()
        if found is None:
            raise StrategyNotFound(name=key)
        return _item(found)

    def versions(self, owner: str, key: str) -> tuple[Version, ...]:
        """Return an item's versions, the newest first."""
        query = select(item_versions).where(item_versions.c.item == key).order_by(item_versions.c.number.desc())
        with self._reads.connect() as connection:
            _check(connection, owner, key)
            rows = connection.execute(query)
            return tuple(Version(row.number, row.created.replace(tzinfo=UTC)) for row in rows)

    def restore(self, owner: str, key: str, version: int) -> Item:
        """Save an old version once more, as the newest: nothing is lost by going back."""
        old = self.get(owner, key, version)
        return self.save(owner, old.kind, old.name, old.content, old.tags, key)

    def duplicate(self, owner: str, key: str, name: str = "") -> Item:
        """Save an item's last version as an item of its own; without a name, under the same one with a number."""
        item = self.get(owner, key)
        taken = {other.name for other in self.list(owner, item.kind)}
        number = next(n for n in range(2, len(taken) + 3) if f"{item.name} ({n})" not in taken)
        return self.save(owner, item.kind, name or f"{item.name} ({number})", item.content, item.tags)

    def rename(self, owner: str, key: str, name: str) -> None:
        """Give it another name; an empty one changes nothing."""
        if one_line(name):
            self._change(owner, key, name=one_line(name))

    def tag(self, owner: str, key: str, tags: Sequence[str]) -> None:
        """Give it these tags and no others."""
        self._change(owner, key, tags=_tags(tags))

    def tags(self, owner: str, kind: Kind | None = None) -> tuple[str, ...]:
        """Return every tag that is in use, in order."""
        return tuple(sorted({tag for item in self.list(owner, kind) for tag in item.tags}))

    def _change(self, owner: str, key: str, **values: object) -> None:
        with self._database.begin() as connection:
            _check(connection, owner, key)
            connection.execute(update(items).where(items.c.id == key).values(**values))

    def delete(self, owner: str, key: str) -> None:
        """Remove it with all its versions."""
        with self._database.begin() as connection:
            _check(connection, owner, key)
            connection.execute(delete(items).where(items.c.id == key))

    def export(self, owner: str, key: str) -> dict[str, Any]:
        """Return an item's last version as plain JSON, to be shared as a file that `import_` takes in."""
        item = self.get(owner, key)
        tags = list(item.tags)
        return {"format": FORMAT, "kind": item.kind, "name": item.name, "tags": tags, "content": dict(item.content)}

    def import_(self, owner: str, data: object) -> Item:
        """Save what a shared file holds as an item of its own.

        Raises ExperimentInvalid, BadOption, TemplateCode, UnsafeCheck: what it holds is checked like anything typed.
        """
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise ExperimentInvalid(where="format", wanted=f'{{"format": "{FORMAT}", "kind": "strategy", …}}')
        tags = data.get("tags") or []
        if not isinstance(tags, list):
            raise ExperimentInvalid(where="tags", wanted='["…"]')
        kind = cast("Kind", str(data.get("kind") or ""))
        return self.save(
            owner, kind, str(data.get("name") or ""), data.get("content") or {}, [str(tag) for tag in tags]
        )


def _content(kind: str, content: object) -> dict[str, Any]:
    """Return the content in full, read and written again. Raises what reading it raises."""
    if kind == "strategy":
        return Column.from_json(content).to_json()
    if kind == "experiment":
        return Experiment.from_json(content).to_json()
    raise ExperimentInvalid(where="kind", wanted=" | ".join(KINDS))


def _name(name: str) -> str:
    return one_line(name) or "…"


def _tags(tags: Sequence[str]) -> list[str]:
    """Return tags in small letters, each once."""
    return list(dict.fromkeys(one_line(tag).casefold() for tag in tags if tag.strip()))[:_TAGS]


def _add(connection: Connection, owner: str, kind: str, name: str) -> str:
    key = uuid.uuid4().hex
    values = {"id": key, "owner": owner, "kind": kind, "name": _name(name), "tags": [], "updated": datetime.now(UTC)}
    connection.execute(insert(items).values(values))
    return key


def _add_version(connection: Connection, key: str, content: Mapping[str, Any]) -> None:
    last = connection.scalar(select(func.max(item_versions.c.number)).where(item_versions.c.item == key)) or 0
    now = datetime.now(UTC)
    connection.execute(insert(item_versions).values(item=key, number=last + 1, content=content, created=now))
    connection.execute(update(items).where(items.c.id == key).values(updated=now))


def _check(connection: Connection, owner: str, key: str, kind: str | None = None) -> None:
    """Raise StrategyNotFound unless the item is there, the owner's and, where it matters, of that kind."""
    found = connection.execute(select(items.c.kind).where(items.c.id == key, items.c.owner == owner)).first()
    if found is None or (kind is not None and found.kind != kind):
        raise StrategyNotFound(name=key)


def _item(row: Row[Any]) -> Item:
    return Item(
        key=row.id,
        kind=cast("Kind", row.kind),
        name=row.name,
        tags=tuple(row.tags),
        content=row.content,
        version=row.number,
        versions=row.last,
        updated=row.updated.replace(tzinfo=UTC),
    )
