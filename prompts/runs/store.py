"""Runs and their cells in aula.sqlite; it knows nothing of models, and runs nothing itself."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    RowMapping,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as insert_or

from prompts.experiment import Experiment, Place
from prompts.runs.cell import Cell
from rag.database import cells, reading, runs
from rag.erasure import unquoted
from rag.errors import AulaError, StrategyNotFound

log = logging.getLogger(__name__)

State = Literal["waiting", "running", "paused", "done", "failed"]
GOING_ON = ("waiting", "running")
NAME_LENGTH = 120


@dataclass(frozen=True)
class RunRecord:
    """A run as its owner sees it. `provenance`: what it was run with (see prompts.runs.provenance); times are UTC.

    `error` says in each language why it failed; `replays` is the run that it repeats, None also when that is gone.
    """

    id: str
    owner: str
    name: str
    experiment: Experiment
    provenance: Mapping[str, Any]
    state: State
    created: datetime
    updated: datetime
    error: Mapping[str, str] = field(default_factory=dict)
    replays: str | None = None


@dataclass(frozen=True)
class Listed:
    """A run in a list. `name` is its own or its columns' labels; `title` is its experiment's name.

    `mark` is the entry of the experiment's `extra` that was asked for, "" where it has none.
    """

    id: str
    name: str
    state: State
    created: datetime
    updated: datetime
    title: str = ""
    mark: str = ""


class RunStore:
    """Every call names the owner, and another's run is as one that is not there (StrategyNotFound)."""

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        self._database = database
        self._reads = reading(database)

    # -- runs ------------------------------------------------------------------------------------------------------

    def create(
        self,
        owner: str,
        experiment: Experiment,
        provenance: Mapping[str, Any] | None = None,
        name: str = "",
        replays: str | None = None,
    ) -> str:
        """Keep a run that waits to be run, and return its id."""
        key, now = uuid.uuid4().hex, datetime.now(UTC)
        with self._database.begin() as connection:
            if replays is not None:
                _check(connection, owner, replays)
            connection.execute(
                insert(runs).values(
                    id=key,
                    owner=owner,
                    name=one_line(name or experiment.name),
                    experiment=experiment.to_json(),
                    provenance=dict(provenance or {}),
                    state="waiting",
                    replays=replays,
                    created=now,
                    updated=now,
                )
            )
        return key

    def get(self, owner: str, run: str) -> RunRecord:
        """Return a run. Raises StrategyNotFound."""
        with self._reads.connect() as connection:
            found = connection.execute(select(runs).where(runs.c.id == run, runs.c.owner == owner)).first()
        if found is None:
            raise StrategyNotFound(name=run)
        return _record(found)

    def list(self, owner: str) -> list[RunRecord]:
        """Return the owner's runs, the newest first; one that cannot be read (an older app's) hides no other."""
        query = select(runs).where(runs.c.owner == owner).order_by(runs.c.created.desc(), runs.c.id)
        with self._reads.connect() as connection:
            found = [_readable(row) for row in connection.execute(query)]
        return [record for record in found if record is not None]

    def listed(self, owner: str, mark: str = "") -> Sequence[Listed]:
        """Return the owner's runs without what they ran, the newest first: a list is looked at again and again.

        What is needed of an experiment, SQLite takes out of it.
        """
        columns = func.json_each(runs.c.experiment, "$.columns").table_valued("value")
        labels = select(func.group_concat(func.json_extract(columns.c.value, "$.label"), " | ")).select_from(columns)
        query = select(
            runs.c.id,
            case((runs.c.name == "", labels.scalar_subquery()), else_=runs.c.name).label("name"),
            runs.c.state,
            runs.c.created,
            runs.c.updated,
            (_within("$.name") if mark else literal("")).label("title"),
            (_within(f'$.extra."{mark}"') if mark else literal("")).label("mark"),
        ).where(runs.c.owner == owner)
        query = query.order_by(runs.c.created.desc(), runs.c.id)
        with self._reads.connect() as connection:
            return [Listed(**_dated(row)) for row in connection.execute(query).mappings()]

    def rename(self, owner: str, run: str, name: str) -> None:
        """Give it another name; an empty one changes nothing."""
        if one_line(name):
            self._change(owner, run, name=one_line(name))

    def delete(self, owner: str, run: str) -> None:
        """Remove it with its cells; what replays it stays."""
        with self._database.begin() as connection:
            _check(connection, owner, run)
            connection.execute(delete(runs).where(runs.c.id == run))

    def set_state(self, owner: str, run: str, state: State, error: Mapping[str, str] | None = None) -> None:
        """Say how it stands; `error`: why it failed, in each language."""
        self._change(owner, run, state=state, error=dict(error) if error else None)

    def begin(self, owner: str, run: str, experiment: Experiment, provenance: Mapping[str, Any]) -> None:
        """Say that it runs, which experiment with its models named, and what it is run with."""
        self._change(
            owner, run, state="running", error=None, experiment=experiment.to_json(), provenance=dict(provenance)
        )

    def _change(self, owner: str, run: str, **values: object) -> None:
        with self._database.begin() as connection:
            _check(connection, owner, run)
            connection.execute(update(runs).where(runs.c.id == run).values(updated=datetime.now(UTC), **values))

    def pause_all(self) -> None:
        """Say of every run that goes on that it is paused: at the start of the app nothing runs."""
        with self._database.begin() as connection:
            connection.execute(update(runs).where(runs.c.state.in_(GOING_ON)).values(state="paused"))

    # -- cells -----------------------------------------------------------------------------------------------------

    def cells(self, owner: str, run: str) -> dict[Place, Cell]:
        """Return what is done of a run, in the order in which it is run."""
        query = select(cells).where(cells.c.run == run).order_by(cells.c.repeat, cells.c.row, cells.c.column)
        with self._reads.connect() as connection:
            _check(connection, owner, run)
            found = [Cell.from_json(row.content) for row in connection.execute(query)]
        return {cell.place: cell for cell in found}

    def done(self, owner: str, run: str) -> int:
        """Return how many cells are done."""
        with self._reads.connect() as connection:
            _check(connection, owner, run)
            return int(connection.scalar(select(func.count()).select_from(cells).where(cells.c.run == run)) or 0)

    def put(self, owner: str, run: str, cell: Cell) -> bool:
        """Keep a cell in one transaction; False when it is there already: what was kept first stays.

        What it quotes of a document that was deleted meanwhile is left out.
        """
        place = vars(cell.place)
        with self._database.begin() as connection:
            _check(connection, owner, run)
            content = unquoted(connection, owner, cell.to_json())
            added = connection.execute(
                insert_or(cells).values(run=run, content=content, **place).on_conflict_do_nothing()
            )
            connection.execute(update(runs).where(runs.c.id == run).values(updated=datetime.now(UTC)))
            return bool(added.rowcount)


def one_line(name: str) -> str:
    """Return a name on one line, and not longer than a list can show."""
    return " ".join(name.split())[:NAME_LENGTH].strip()


def _check(connection: Connection, owner: str, run: str) -> None:
    if connection.execute(select(runs.c.id).where(runs.c.id == run, runs.c.owner == owner)).first() is None:
        raise StrategyNotFound(name=run)


def _within(path: str) -> ColumnElement[Any]:
    return func.coalesce(func.json_extract(runs.c.experiment, path), "")


def _dated(row: RowMapping) -> dict[str, Any]:
    return {**row, "created": row["created"].replace(tzinfo=UTC), "updated": row["updated"].replace(tzinfo=UTC)}


def _readable(row: Row[Any]) -> RunRecord | None:
    try:
        return _record(row)
    except AulaError:
        log.warning("the run %s cannot be read", row.id)
        return None


def _record(row: Row[Any]) -> RunRecord:
    return RunRecord(
        id=row.id,
        owner=row.owner,
        name=row.name,
        experiment=Experiment.from_json(row.experiment),
        provenance=row.provenance,
        state=cast("State", row.state),
        created=row.created.replace(tzinfo=UTC),
        updated=row.updated.replace(tzinfo=UTC),
        error=row.error or {},
        replays=row.replays,
    )
