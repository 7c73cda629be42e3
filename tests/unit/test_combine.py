"""Lists of values to rows: side by side or each with each, and what each row is called."""

from __future__ import annotations

import pytest

from prompts.tables.combine import crossed, zipped
from rag.errors import BadOption, LengthsDiffer


def test_side_by_side() -> None:
    rows = zipped({"style": ["short", "long"], "text": ["a", "b"]})
    assert [dict(row.values) for row in rows] == [{"style": "short", "text": "a"}, {"style": "long", "text": "b"}]
    assert [row.description for row in rows] == ["style=short · text=a", "style=long · text=b"]


def test_each_with_each_the_last_fastest() -> None:
    rows = crossed({"style": ["short", "long"], "text": ["a" * 80, "b" * 80, "c"], "tongue": ["es"]})
    assert [tuple(row.values.values()) for row in rows[:2]] == [("short", "a" * 80, "es"), ("short", "b" * 80, "es")]
    assert len(rows) == 6
    assert rows[1].description == "style=short · text=2"  # a long value by its number; what never changes is not said
    assert rows[5].description == "style=long · text=c"


def test_values_that_cannot_be_told_apart_are_numbered() -> None:
    assert [row.description for row in zipped({"x": ["a", "a", "", "two\nlines"]})] == ["x=1", "x=2", "x=3", "x=4"]


def test_both_lengths_are_named() -> None:
    with pytest.raises(LengthsDiffer) as caught:
        zipped({"style": ["short", "long"], "text": ["a", "b"], "name": ["x", "y", "z"]})
    for part in ("style", "2", "name", "3"):
        assert part in caught.value.text("es")


def test_nothing_makes_no_rows() -> None:
    assert zipped({}) == crossed({}) == ()
    assert crossed({"a": ["x"], "b": []}) == ()


def test_many_are_refused_before_they_are_made() -> None:
    with pytest.raises(BadOption):
        crossed({name: ["x"] * 100 for name in "abcdefgh"})
    with pytest.raises(BadOption):
        zipped({"a": ["x"] * 5_001})
    assert len(crossed({"a": ["x"] * 50, "b": ["y"] * 100})) == 5_000
