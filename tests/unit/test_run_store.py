"""Runs and their cells in a real SQLite file: each cell once, owners apart, old files brought up to date."""

from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, insert, select, update

from prompts.column import Column
from prompts.experiment import Experiment, Place, Row
from prompts.outcome import Check, Grade
from prompts.prompt import Prompt
from prompts.reply import Reply, Source
from prompts.runs.cell import Cell
from prompts.runs.store import RunStore
from prompts.words import Said
from rag.database import cells, item_versions, items, open_database, runs
from rag.errors import StrategyNotFound
from rag.store import Facts, Store

EXPERIMENT = Experiment(
    columns=(Column("A", Prompt("{{q}}")), Column("B", Prompt("{{q}} now", "Be brief."))),
    rows=(Row({"q": "2+2"}, (Check("contains", "4"),)), Row({"q": "3+3"})),
    checks=(Check("equals", "{{q}}", negate=True, threshold=0.5),),
    repeats=2,
    seed=7,
    name="Sums",
)


def cell(column=0, row=0, repeat=0, text="four"):
    reply = Reply(
        "done",
        text=text,
        prompt="<user>2+2",
        model="m",
        seed=7,
        seconds=1.5,
        samples=(text, "5"),
        votes={text: 1, "5": 1},
        sources=(Source("d", "guide.pdf", 3, "It opens at nine."),),
        stats={"tokens_per_s": 12.5},
    )
    grade = Grade(Check("contains", "4"), "unparsed", "right", 0.25, Said("outcome.right"), "4")
    return Cell.judged(Place(column, row, repeat), reply, [grade])


@pytest.fixture
def store(database):
    library = Store(database)  # what quotes a document is kept for as long as somebody holds it
    library.save(Facts("d", ".pdf", 1, "", "page", "en", "ready"), [], [])
    library.hold("ana", "d", "guide.pdf")
    return RunStore(database)


def test_a_run_is_read_back_whole(store):
    key = store.create("ana", EXPERIMENT, {"app": "1"})
    found = store.get("ana", key)
    assert (found.id, found.owner, found.name, found.state, found.replays) == (key, "ana", "Sums", "waiting", None)
    assert found.experiment == EXPERIMENT
    assert found.provenance == {"app": "1"}
    assert found.created == found.updated
    assert found.created.tzinfo is not None


def test_a_cell_is_read_back_as_it_was_judged(store):
    key = store.create("ana", EXPERIMENT)
    kept = cell(1, 1, 1)
    assert (kept.strict, kept.lenient) == ("unparsed", "right")
    store.put("ana", key, kept)
    found = store.cells("ana", key)[Place(1, 1, 1)]
    assert found.to_json() == kept.to_json()
    assert found.reply == kept.reply
    assert [found.grades[0].reason.text(lang) for lang in ("en", "es")] == [
        Said("outcome.right").text("en"),
        Said("outcome.right").text("es"),
    ]


def test_a_cell_is_kept_once_and_the_first_one_stays(store):
    key = store.create("ana", EXPERIMENT)
    assert store.put("ana", key, cell(text="first")) is True
    assert store.put("ana", key, cell(text="second")) is False
    assert [one.reply.text for one in store.cells("ana", key).values()] == ["first"]
    assert store.done("ana", key) == 1


def test_the_database_itself_refuses_a_second_cell(store, database):
    key = store.create("ana", EXPERIMENT)
    store.put("ana", key, cell())
    twice = {"run": key, "repeat": 0, "row": 0, "column": 0, "content": {}}
    with pytest.raises(Exception, match="UNIQUE"), database.begin() as connection:
        connection.execute(insert(cells).values(twice))


def test_cells_come_in_the_order_of_the_run(store):
    key = store.create("ana", EXPERIMENT)
    for place in reversed(list(EXPERIMENT.places())):
        store.put("ana", key, cell(**vars(place)))
    assert list(store.cells("ana", key)) == list(EXPERIMENT.places())


def test_another_owner_finds_nothing(store):
    key = store.create("ana", EXPERIMENT)
    store.put("ana", key, cell())
    assert store.list("berta") == []
    calls = [
        lambda: store.get("berta", key),
        lambda: store.cells("berta", key),
        lambda: store.done("berta", key),
        lambda: store.put("berta", key, cell(1)),
        lambda: store.rename("berta", key, "mine"),
        lambda: store.set_state("berta", key, "done"),
        lambda: store.begin("berta", key, EXPERIMENT, {}),
        lambda: store.delete("berta", key),
        lambda: store.create("berta", EXPERIMENT, replays=key),
    ]
    for call in calls:
        with pytest.raises(StrategyNotFound):
            call()
    assert store.done("ana", key) == 1


def test_a_deleted_run_takes_its_cells_and_leaves_its_replays(store, database, tmp_path):
    key = store.create("ana", EXPERIMENT)
    again = store.create("ana", EXPERIMENT, replays=key)
    store.put("ana", key, cell(text="zanahórico"))
    store.delete("ana", key)
    with database.connect() as connection:
        assert connection.execute(select(cells)).all() == []
    assert store.get("ana", again).replays is None
    with pytest.raises(StrategyNotFound):
        store.put("ana", key, cell())


def test_states_and_names(store):
    key = store.create("ana", EXPERIMENT, name="  a\nname  ")
    assert store.get("ana", key).name == "a name"
    store.rename("ana", key, "  ")
    store.set_state("ana", key, "failed", {"en": "No.", "es": "No hay."})
    assert (store.get("ana", key).name, store.get("ana", key).error["es"]) == ("a name", "No hay.")
    store.set_state("ana", key, "waiting")
    assert store.get("ana", key).error == {}


def test_what_went_on_when_the_app_ended_is_paused(store):
    states = {}
    for state in ("waiting", "running", "done", "failed", "paused"):
        key = store.create("ana", EXPERIMENT)
        store.set_state("ana", key, state)
        states[key] = "paused" if state in ("waiting", "running") else state
    store.pause_all()
    assert {run.id: run.state for run in store.list("ana")} == states


def _at_revision(path, revision):
    """Make a data file as the Aula of that schema made it."""
    from alembic import command
    from alembic.config import Config

    import rag.database

    config = Config()
    config.set_main_option("script_location", str(Path(rag.database.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_a_data_folder_of_before_gets_the_tables(tmp_path):
    path = tmp_path / "aula.sqlite"
    _at_revision(path, "0002")
    engine = open_database(path)
    store = RunStore(engine)
    key = store.create("ana", EXPERIMENT)
    assert store.put("ana", key, cell())
    engine.dispose()
    assert [file.name for file in tmp_path.glob("aula.0002.*.sqlite")]


def test_the_step_makes_the_tables_that_the_schema_names(database):
    """What 0003 spells out and what rag.database says must be the same."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    ours = MetaData()
    for table in (runs, cells, items, item_versions):
        table.to_metadata(ours)
    with database.connect() as connection:
        named = {"include_name": lambda name, kind, _: kind != "table" or name in ours.tables}
        context = MigrationContext.configure(connection, opts=named)
        assert compare_metadata(context, ours) == []


def test_a_run_that_cannot_be_read_hides_no_other(store, database):
    kept, broken = store.create("ana", EXPERIMENT), store.create("ana", EXPERIMENT)
    with database.begin() as connection:
        connection.execute(update(runs).where(runs.c.id == broken).values(experiment={"columns": "all", "rows": 5}))
    assert [one.id for one in store.list("ana")] == [kept]
    store.delete("ana", broken)
