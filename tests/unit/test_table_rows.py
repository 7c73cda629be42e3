"""promptfoo's columns of a table: cells to checks and back, and what is refused with its row."""

from __future__ import annotations

import io
from typing import Any

import pytest

from prompts.checks.registry import KINDS, Kind
from prompts.experiment import Row
from prompts.outcome import Check
from prompts.promptfoo.expected import written
from prompts.tables.reader import Table, expected, from_rows, parse_pasted, read_table, to_rows
from rag.errors import PromptError, TableUnreadable, UnsafeCheck


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("Paris", Check("equals", "Paris")),
        ("contains: Paris", Check("contains", "Paris")),
        ("contains:Paris", Check("contains", "Paris")),
        ("not-contains: x: y", Check("contains", "x: y", negate=True)),
        ('contains-any: a, b ,"c, d"', Check("contains-any", ["a", "b", "c, d"])),
        ("similar(0.9): Hello there", Check("similar", "Hello there", threshold=0.9)),
        ("similar: Hello", Check("similar", "Hello", threshold=0.8)),
        ("levenshtein(2): Paris", Check("levenshtein", "Paris", threshold=2.0)),
        ("latency(500)", Check("latency", threshold=500.0)),
        ("is-json", Check("is-json")),
        ('is-json: {"type": "object"}', Check("is-json", {"type": "object"})),
        ("regex: [a-z]+", Check("regex", "[a-z]+")),
        ("number(0.1): 7,5", Check("number", "7,5", threshold=0.1)),
        ("grade: is polite", Check("llm-rubric", "is polite")),
        ("llm-rubric: is polite", Check("llm-rubric", "is polite")),
        ("factuality: The capital is Paris", Check("factuality", "The capital is Paris")),
        ("note: well", Check("equals", "note: well")),
        ("language", Check("equals", "language")),
        ("{{answer}}", Check("equals", "{{answer}}")),
        ('f1(0.5): ["a", "b"]', Check("f1", ["a", "b"], threshold=0.5)),
    ],
)
def test_expected_cells(text: str, check: Check) -> None:
    assert expected(text) == check


@pytest.mark.parametrize(
    "text",
    [
        "javascript: output.length < 10",
        "not-javascript: true",
        "fn: output => true",
        "eval: 1",
        "python: 'x' in output",
        "ruby: true",
        "webhook: https://example.org",
        "file://check.py",
        "contains: file://secret.txt",
        "exec: ls",
        "package:x:y",
        "contains: {{ x | upper }}",
        "contains: {{ env.KEY }}",
    ],
)
def test_cells_that_would_run_something_name_their_row(text: str) -> None:
    table = Table(("q", "__expected"), ({"q": "a", "__expected": "x"}, {"q": "b", "__expected": text}))
    with pytest.raises(UnsafeCheck) as caught:
        to_rows(table)
    assert caught.value.params["row"] == 2


def test_values_that_are_files_are_refused_and_other_texts_are_not() -> None:
    with pytest.raises(UnsafeCheck) as caught:
        to_rows(Table(("q",), ({"q": "a"}, {"q": "file://x.png"})))
    assert caught.value.params["row"] == 2
    for text in ("Python: a snake", "javascript:void(0)", "{% tag %}", "the file: x", "https://example.org/a"):
        assert to_rows(Table(("q",), ({"q": text},)))[0].values == {"q": text}


CSV = """\
question,expected,__expected1,__expected2,__description,__metric,__threshold,__prefix,__suffix,\
__metadata:kind,__metadata:tags[],__config:__expected2:threshold
2+2?,4,contains: 4,similar(0.5): four,sum,maths,"0,8",Please: , Thanks.,easy,"a,b\\,c",0.7
3+3?,6,,,,,,,,,,
"""


def test_promptfoos_columns_make_rows() -> None:
    first, second = to_rows(parse_pasted(CSV))
    assert first.values == {"question": "2+2?", "expected": "4"}
    assert first.checks == (
        Check("contains", "4", metric="maths"),
        Check("similar", "four", threshold=0.7, metric="maths"),
    )
    assert first.description == "sum"
    assert first.extra == {
        "threshold": 0.8,
        "options": {"prefix": "Please: ", "suffix": " Thanks."},
        "metadata": {"kind": "easy", "tags": ["a", "b,c"]},
    }
    assert second == Row({"question": "3+3?", "expected": "6"})


@pytest.mark.parametrize("column", ["expected", "esperado", "answer", "respuesta", "_expected"])
def test_an_answer_is_an_ordinary_variable(column: str) -> None:
    (row,) = to_rows(Table((column,), ({column: "Paris"},)))
    assert (row.values, row.checks) == ({column: "Paris"}, ())


def test_settings_of_checks() -> None:
    table = Table(
        ("__expected", "__config:__expected:weight", "__config:__expected:provider"),
        ({"__expected": "similar: x", "__config:__expected:weight": "2", "__config:__expected:provider": "local"},),
    )
    assert to_rows(table)[0].checks == (
        Check("similar", "x", threshold=0.8, weight=2.0, options={"provider": "local"}),
    )
    bad = {"__expected": "x", "__config:__expected:threshold": "high"}
    with pytest.raises(TableUnreadable) as caught:
        to_rows(Table(tuple(bad), (bad,)))
    assert caught.value.params["row"] == 1
    for key, value in (("transform", "output"), ("provider", "python:x.py"), ("assert", '[{"type": "javascript"}]')):
        bad = {"__expected": "similar: x", f"__config:__expected:{key}": value}
        with pytest.raises(UnsafeCheck):
            to_rows(Table(tuple(bad), (bad,)))


ROWS = (
    Row({"q": "a", "e": ""}, (Check("equals", "contains: x"), Check("equals", "Paris"), Check("is-json"))),
    Row({"q": "b", "e": "-"}, (Check("contains-any", ["a,b", 'say "c"', "d"], negate=True, threshold=0.5),)),
    Row({"q": "c", "e": "1"}, (Check("is-json", {"type": "object", "n": 1.5}), Check("latency", threshold=900.0))),
    Row({"q": "d", "e": "2"}, (Check("similar", "x", threshold=0.7, weight=0.5, metric="m", options={"p": [1]}),)),
    Row({"q": "e", "e": "3"}, (Check("word-count", {"min": 1}), Check("regex", "a:\\d+"), Check("equals", "python"))),
    Row({"q": "f", "e": "4"}, (Check("assert-set", options={"assert": [{"type": "contains", "value": "y"}]}),)),
    Row({"q": "g", "e": "5"}, (), "named", {"metadata": {"a": "1", "b": ["x", "y,z"]}, "threshold": 0.25}),
    Row({"q": "h", "e": "6"}, (), "", {"options": {"prefix": " p ", "suffix": "s\n"}}),
)


def test_rows_go_out_and_come_back() -> None:
    assert to_rows(from_rows(ROWS)) == ROWS


def test_they_also_do_through_a_file() -> None:
    import csv

    table = from_rows(ROWS)
    out = io.StringIO()
    writer = csv.DictWriter(out, table.columns)
    writer.writeheader()
    writer.writerows(table.rows)
    assert to_rows(read_table("x.csv", out.getvalue().encode())) == ROWS


def test_one_metric_for_all_is_a_column() -> None:
    table = from_rows([Row({"q": "a"}, (Check("contains", "x", metric="m"), Check("contains", "y", metric="m")))])
    assert table.columns == ("q", "__expected1", "__expected2", "__metric")


def test_no_rows_are_no_table() -> None:
    assert from_rows([]) == Table((), ())


def test_every_refusal_is_for_people() -> None:
    with pytest.raises(PromptError) as caught:
        read_table("<b>.csv", b"a,b\n1,2,3\n")
    assert caught.value.text("es") != caught.value.text("en")


VALUES: dict[str, list[Any]] = {
    "text": ["Paris", "[1]", '"quoted"', "a: b", '{"a": 1}', "contains: x"],
    "texts": ["Paris", "[1]", '"[1]"', ["a, b", "c"], '["x"', '"{a} b'],
    "list": [["a, b", 'c "d"', "e"]],
    "number": ["9", {"min": 1, "max": 5}, "[1]"],
    "schema": [None, {"type": "object"}, '{"type": "object"}', "type: object"],
    "elements": [None, {"requiredElements": ["a.b"]}],
    "regex": ["[a-z]+(x)", '"[x]"'],
    "language": ["es"],
    "rubric": [None, "Is polite"],
    "checks": [None],
    "nothing": [None],
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.type)
@pytest.mark.parametrize("threshold", [None, 0.0, 0.5, 1e-7, 5000.0, 1e20])
def test_every_check_is_read_back_from_its_cell(kind: Kind, threshold: float | None) -> None:
    for value in VALUES[kind.wants]:
        for negate in (False, True):
            given = Check(kind.type, value, negate, threshold)
            # Where promptfoo's own threshold is another one, the one that holds here is written.
            holds = 0.75 if kind.type == "similar" and threshold is None else threshold
            assert expected(written(given)) == Check(kind.type, value, negate, holds), written(given)
