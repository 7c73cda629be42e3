"""What people save under a name: every version, owners apart, shared as a file and taken in as data."""

import json

import pytest

from prompts.column import Column
from prompts.experiment import Experiment, Row
from prompts.prompt import Prompt
from prompts.runs.saved import FORMAT, Saved
from rag.errors import AulaError, ExperimentInvalid, StrategyNotFound, TemplateCode, UnsafeCheck

BRIEF = Column("Brief", Prompt("{{q}}", "Be brief.")).to_json()
LONG = Column("Long", Prompt("{{q}}", "Be thorough.")).to_json()
SUMS = Experiment((Column("A", Prompt("{{q}}")),), (Row({"q": "2+2"}),)).to_json()


@pytest.fixture
def saved(database):
    return Saved(database)


def test_saving_again_makes_a_version_and_keeps_the_old_one(saved):
    first = saved.save("ana", "strategy", "Mine", BRIEF, ["Sums", " sums ", "es"])
    assert (first.version, first.versions, first.tags, first.content) == (1, 1, ("sums", "es"), BRIEF)
    second = saved.save("ana", "strategy", "Mine too", LONG, ["es"], first.key)
    assert (second.key, second.version, second.name, second.tags) == (first.key, 2, "Mine too", ("es",))
    assert saved.get("ana", first.key).content == LONG
    old = saved.get("ana", first.key, 1)
    assert (old.content, old.version, old.versions) == (BRIEF, 1, 2)
    assert [version.number for version in saved.versions("ana", first.key)] == [2, 1]


def test_restoring_is_one_more_version(saved):
    key = saved.save("ana", "strategy", "Mine", BRIEF).key
    saved.save("ana", "strategy", "Mine", LONG, (), key)
    back = saved.restore("ana", key, 1)
    assert (back.version, back.content) == (3, BRIEF)
    assert saved.get("ana", key, 2).content == LONG
    with pytest.raises(StrategyNotFound):
        saved.restore("ana", key, 9)


def test_the_list_by_kind_and_tag_the_last_saved_first(saved):
    one = saved.save("ana", "strategy", "One", BRIEF, ["a"]).key
    two = saved.save("ana", "experiment", "Two", SUMS, ["a", "b"]).key
    saved.save("ana", "strategy", "One", LONG, ["a"], one)
    assert [(item.key, item.version) for item in saved.list("ana")] == [(one, 2), (two, 1)]
    assert [item.key for item in saved.list("ana", "experiment")] == [two]
    assert [item.key for item in saved.list("ana", tag="B")] == [two]
    assert saved.tags("ana") == ("a", "b")
    assert saved.list("berta") == ()


def test_copies_names_tags_and_deletes(saved):
    item = saved.save("ana", "strategy", "Mine", BRIEF, ["a"])
    copy = saved.duplicate("ana", item.key)
    assert (copy.name, copy.content, copy.tags, copy.versions) == ("Mine (2)", BRIEF, ("a",), 1)
    assert saved.duplicate("ana", item.key).name == "Mine (3)"
    saved.rename("ana", copy.key, "Other")
    saved.tag("ana", copy.key, ["C"])
    assert (saved.get("ana", copy.key).name, saved.get("ana", copy.key).tags) == ("Other", ("c",))
    saved.delete("ana", item.key)
    with pytest.raises(StrategyNotFound):
        saved.get("ana", item.key)
    assert saved.get("ana", copy.key).content == BRIEF


def test_another_owner_can_do_nothing(saved):
    key = saved.save("ana", "strategy", "Mine", BRIEF).key
    calls = [
        lambda: saved.get("berta", key),
        lambda: saved.versions("berta", key),
        lambda: saved.save("berta", "strategy", "Mine", LONG, (), key),
        lambda: saved.restore("berta", key, 1),
        lambda: saved.duplicate("berta", key),
        lambda: saved.rename("berta", key, "x"),
        lambda: saved.tag("berta", key, ["x"]),
        lambda: saved.export("berta", key),
        lambda: saved.delete("berta", key),
    ]
    for call in calls:
        with pytest.raises(StrategyNotFound):
            call()
    assert saved.get("ana", key).versions == 1


def test_a_strategy_does_not_become_an_experiment(saved):
    key = saved.save("ana", "strategy", "Mine", BRIEF).key
    with pytest.raises(StrategyNotFound):
        saved.save("ana", "experiment", "Mine", SUMS, (), key)


@pytest.mark.parametrize("kind", ["strategy", "experiment"])
def test_a_shared_file_gives_the_same_item_to_somebody_else(saved, kind):
    item = saved.save("ana", kind, "Mine", {"strategy": BRIEF, "experiment": SUMS}[kind], ["a"])
    shared = json.loads(json.dumps(saved.export("ana", item.key)))
    taken = saved.import_("berta", shared)
    assert (taken.kind, taken.name, taken.tags, taken.content) == (kind, "Mine", ("a",), item.content)
    assert taken.key != item.key


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ([], ExperimentInvalid),
        ({"kind": "strategy", "content": BRIEF}, ExperimentInvalid),
        ({"format": FORMAT, "kind": "program", "content": BRIEF}, ExperimentInvalid),
        ({"format": FORMAT, "kind": "strategy", "content": "x"}, ExperimentInvalid),
        ({"format": FORMAT, "kind": "strategy", "content": BRIEF, "tags": 3}, ExperimentInvalid),
        ({"format": FORMAT, "kind": "strategy", "content": {"prompt": {"user": "{% for %}"}}}, TemplateCode),
        (
            {"format": FORMAT, "kind": "experiment", "content": {**SUMS, "checks": [{"type": "python", "value": "1"}]}},
            UnsafeCheck,
        ),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(saved, data, error):
    with pytest.raises(error) as caught:
        saved.import_("ana", data)
    assert isinstance(caught.value, AulaError)
    assert saved.list("ana") == ()
