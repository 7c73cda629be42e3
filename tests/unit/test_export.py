"""A run as a table and as JSON: whole, in order, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import pytest

from prompts.experiment import Experiment
from prompts.report.export import to_csv, to_json
from prompts.runs.cell import Cell
from prompts.tables.writer import as_written, harmless
from tests import run_cases


def lines() -> list[dict[str, str]]:
    text = to_csv(run_cases.run(), run_cases.cells())
    assert text.startswith("\ufeff")  # by which Excel knows that it is UTF-8
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_line_a_cell_row_by_row() -> None:
    found = lines()
    assert len(found) == 2 * run_cases.ROWS
    assert [(line["row"], line["column"]) for line in found[1:3]] == [("1", "B"), ("2", f"A {run_cases.BAD}")]
    first = found[0]
    assert first["description"] == f"described {run_cases.BAD}"
    assert first["q"] == f"value {run_cases.BAD}"
    assert (first["outcome"], first["strict_outcome"]) == ("unparsed", "unparsed")
    assert (first["seconds"], first["completion_tokens"], first["seed"]) == ("1.25", "3", "4")
    assert found[4]["outcome"] == "wrong"
    assert found[4]["strict_outcome"] == "unparsed"
    assert found[3]["error"].startswith("It failed")
    assert first["checks"].endswith("→ unparsed")


def test_no_cell_is_a_formula() -> None:
    found = lines()
    assert found[0]["answer"] == f"'=answer 0 {run_cases.BAD}"
    assert found[0]["read"] == f"'@read {run_cases.BAD}"
    assert found[0][f"name {run_cases.BAD}"] == "-5"
    text = to_csv(run_cases.run(), run_cases.cells())
    for line in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell[:1] in "=+@\t\r\n" for cell in line if cell)


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "-", "- a"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert as_written(harmless(text)) == text


@pytest.mark.parametrize("text", ["-5", "+3", "-2.5", "-2,5", "7", "", "a=b", " x", "'quoted"])
def test_numbers_and_texts_stay(text: str) -> None:
    assert harmless(text) == text
    assert as_written(text) == text


def test_json_is_the_whole_run_without_its_owner() -> None:
    data = json.loads(json.dumps(to_json(run_cases.run(), run_cases.cells())))
    assert Experiment.from_json(data["experiment"]) == run_cases.experiment()
    places = [cell.place for cell in map(Cell.from_json, data["cells"])]
    assert places == list(run_cases.experiment().places())
    assert data["run"]["created"] == "2026-03-01T09:30:00+00:00"
    assert data["provenance"]["seed"] == 4
    assert data["summary"]["done"] == 2 * run_cases.ROWS
    assert "someone" not in json.dumps(data)


def test_a_run_that_has_hardly_begun_can_be_taken_away_too() -> None:
    assert to_csv(run_cases.run(), {}).count("\r\n") == 1
    assert to_json(run_cases.run(), {})["cells"] == []
