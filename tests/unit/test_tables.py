"""Test sets as tables: what people's files look like, what is in them, and what is refused with its row."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime

import openpyxl
import pytest

from prompts.outcome import Check
from prompts.tables import xlsx
from prompts.tables.reader import Table, parse_pasted, read_table, to_rows
from rag.errors import RowTooLong, TableTooLarge, TableUnreadable, UnsafeCheck


def cells(table: Table) -> list[list[str]]:
    return [list(table.columns), *([row[name] for name in table.columns] for row in table.rows)]


# -- separated values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separator_and_encoding_are_found_out(separator: str, encoding: str) -> None:
    text = f'pregunta{separator}año\r\n"¿Qué, cómo; y\tcuándo | dónde?"{separator}1.492\r\n\r\n ñu {separator}\r\n'
    expected_cells = [["pregunta", "año"], ["¿Qué, cómo; y\tcuándo | dónde?", "1.492"], ["ñu", ""]]
    assert cells(read_table("datos.csv", text.encode(encoding))) == expected_cells


def test_a_decimal_comma_separates_nothing() -> None:
    assert cells(read_table("x.csv", b"q;a\nuno;7,5\ndos;8,25\n")) == [["q", "a"], ["uno", "7,5"], ["dos", "8,25"]]


def test_one_column_is_not_cut_at_its_commas() -> None:
    text = b"question\nWhat is 2,3 + 1?\nWell, now; what?\n"
    assert cells(read_table("x.csv", text)) == [["question"], ["What is 2,3 + 1?"], ["Well, now; what?"]]


def test_excel_may_say_what_separates() -> None:
    assert cells(read_table("x.csv", b"sep=;\r\na;b\r\n1,2;3\r\n")) == [["a", "b"], ["1,2", "3"]]


def test_lines_within_quotes_stay_together() -> None:
    assert cells(parse_pasted('a\tb\n"one\ntwo ""three"""\t4')) == [["a", "b"], ['one\ntwo "three"', "4"]]


def test_inches_are_no_quotes() -> None:
    assert cells(read_table("x.csv", b'size,n\n5" disk,1\n')) == [["size", "n"], ['5" disk', "1"]]


def test_headers_become_names_of_variables() -> None:
    header = "\ufeff My question ,2nd,a/b,,a b,a_b,¿Año?,unused,\n"
    table = read_table("x.csv", (header + "1,2,3,4,5,6,7,8,\n").encode())
    assert table.columns == ("My_question", "_2nd", "a_b", "column_4", "a_b_2", "a_b_3", "Año", "unused")
    assert list(table.rows[0].values()) == [str(n) for n in range(1, 9)]


def test_empty_rows_are_dropped() -> None:
    assert len(read_table("x.csv", b"a,b\n1,2\n,\n   ,\n\n3,4\n").rows) == 2


@pytest.mark.parametrize(
    ("data", "row"),
    [(b"a,b\n1,2\n3,4,5\n", 2), (b'a,b\n1,2\n"never closed,2\n3,4\n', 2)],
)
def test_bad_lines_name_their_row(data: bytes, row: int) -> None:
    with pytest.raises((RowTooLong, TableUnreadable)) as caught:
        read_table("mine.csv", data)
    assert caught.value.params["row"] == row
    assert "mine.csv" in caught.value.text("es")


@pytest.mark.parametrize("data", [b"", b"  \n\n", b"a\0b,c\n", b"%PDF-1.7 x", b"\xd0\xcf\x11\xe0old excel"])
def test_what_is_no_table_is_said(data: bytes) -> None:
    with pytest.raises(TableUnreadable):
        read_table("x.csv", data)


# -- limits ----------------------------------------------------------------------------------------------------


def test_limits_name_the_row() -> None:
    long = b"a,b\n1,2\n3," + b"x" * 20_001 + b"\n"
    with pytest.raises(TableTooLarge) as caught:
        read_table("x.csv", long)
    assert caught.value.params["row"] == 2
    with pytest.raises(TableTooLarge) as caught:
        read_table("x.csv", b"a\n" + b"1\n" * 5_001)
    assert caught.value.params["row"] == 5_001
    assert len(read_table("x.csv", b"a\n" + b"1\n" * 5_000).rows) == 5_000
    with pytest.raises(TableTooLarge):
        read_table("x.csv", b"a\n" + b"x" * 200_000 + b"\n")
    with pytest.raises(TableTooLarge):
        read_table("x.csv", ",".join(f"c{n}" for n in range(51)).encode() + b"\n1\n")
    with pytest.raises(TableTooLarge):
        read_table("x.csv", b"a\n" + b"1" * 20_000_000)


# -- JSON ------------------------------------------------------------------------------------------------------


def test_numbers_come_as_written_and_whole_ones_whole() -> None:
    text = '[{"a": 7.0, "b": 7.10, "c": 7, "d": 0.1, "e": 12345678901234567890}, {"a": 1e3, "b": true, "c": null}]'
    assert cells(read_table("x.json", text.encode())) == [
        ["a", "b", "c", "d", "e"],
        ["7", "7.10", "7", "0.1", "12345678901234567890"],
        ["1000", "true", "", "", ""],
    ]


def test_lists_and_objects_are_json() -> None:
    table = parse_pasted('[{"options": ["sí", 2.5], "q": {"a": 1}}]')
    assert dict(table.rows[0]) == {"options": '["sí", 2.5]', "q": '{"a": 1}'}


def test_a_line_each() -> None:
    data = b'{"q": "a", "n": 1}\n\n{"q": "b"}\n'
    assert cells(read_table("x.jsonl", data)) == [["q", "n"], ["a", "1"], ["b", ""]]
    assert read_table("x.json", data) == parse_pasted(data.decode()) == read_table("x.jsonl", data)


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        ("x.jsonl", '{"a": 1}\n{"a"\n', 2),
        ("x.jsonl", '{"a": 1}\n[1]\n', 2),
        ("x.json", '[{"a": 1}, 2]', 2),
        ("x.json", "not json", 0),
        ("x.json", "[]", 0),
        ("x.json", "[" * 5000, 0),
    ],
)
def test_bad_json_names_its_row(name: str, text: str, row: int) -> None:
    with pytest.raises(TableUnreadable) as caught:
        read_table(name, text.encode())
    assert caught.value.params["row"] == row


def test_promptfoos_tests_are_a_table_too() -> None:
    tests = [
        {"vars": {"q": ["a", "b"]}, "assert": [{"type": "contains", "value": "x"}], "metadata": {"set": "one"}},
        {"vars": {"q": "c"}, "assert": [{"type": "is-json", "value": {"type": "object"}}], "threshold": 0.5},
    ]
    rows = to_rows(read_table("tests.json", json.dumps(tests).encode()))
    assert [row.values["q"] for row in rows] == ["a", "b", "c"]
    assert rows[1].checks == (Check("contains", "x"),)
    assert rows[2].checks == (Check("is-json", {"type": "object"}),)
    assert (rows[0].extra, rows[2].extra) == ({"metadata": {"set": "one"}}, {"threshold": 0.5})
    with pytest.raises(UnsafeCheck) as caught:
        read_table("tests.json", json.dumps([*tests, {"vars": {"q": "file://x"}}]).encode())
    assert caught.value.params["row"] == 3


# -- Excel -----------------------------------------------------------------------------------------------------


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.create_sheet("other").append(["never", "read"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_first_sheet_is_read() -> None:
    data = workbook(
        [None, None],
        ["Pregunta", "n", "real", "when", "yes", None],
        ["¿Qué?", 7.0, 0.1 + 0.2, datetime(2024, 5, 3), True],
        [],
        ["two\nlines", 7, 2.5, datetime(2024, 5, 3, 10, 30), None],
    )
    assert cells(read_table("x.xlsx", data)) == [
        ["Pregunta", "n", "real", "when", "yes"],
        ["¿Qué?", "7", "0.3", "2024-05-03 00:00", "true"],
        ["two\nlines", "7", "2.5", "2024-05-03 10:30", ""],
    ]


def test_formulas_are_what_they_came_to() -> None:
    data = workbook(["a", "b"], [1, "=A2+1"])
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out := io.BytesIO(), "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b"<f>A2+1</f><v></v>", b"<f>A2+1</f><v>2</v>")
                content = content.replace(b"<f>A2+1</f><v />", b"<f>A2+1</f><v>2</v>")
                assert b"<v>2</v>" in content
            new.writestr(name, content)
    assert cells(read_table("x.xlsx", out.getvalue())) == [["a", "b"], ["1", "2"]]
    assert cells(read_table("x.xlsx", data)) == [["a", "b"], ["1", ""]]  # never calculated: not the formula either


def test_sheets_have_limits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TableTooLarge):
        read_table("x.xlsx", workbook([f"c{n}" for n in range(51)], [1]))
    with pytest.raises(TableTooLarge) as caught:
        read_table("x.xlsx", workbook(["a"], ["fine"], ["x" * 20_001]))
    assert caught.value.params["row"] == 2
    monkeypatch.setattr(xlsx, "_UNPACKED", 1_000)
    with pytest.raises(TableTooLarge):
        read_table("x.xlsx", workbook(["a"], [1]))


def test_a_damaged_workbook_is_said() -> None:
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        archive.writestr("x.txt", "no workbook")
    for data in (workbook(["a"], [1])[:400], out.getvalue(), workbook()):
        with pytest.raises(TableUnreadable):
            read_table("x.xlsx", data)
