"""XLSX to sheets: values, not formulas, row by row as rag/rows.py says them. Runs in the parsing process only."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from defusedxml import DefusedXmlException

from rag.archive import check_office
from rag.pages import Refused
from rag.rows import lines
from rag.sections import Sections
from rag.sheets import Budget, sheet_sections

_MOST_COLUMNS = 256


def xlsx_sheets(path: Path, memory: int) -> Sections:
    """Read every sheet, the hidden ones too. Raises Refused: a bomb, protected, of before 2007, or none at all."""
    check_office(path, memory, "xl/workbook.xml", streamed="xl/worksheets/")
    budget = Budget()
    try:
        with warnings.catch_warnings(), path.open("rb") as file:  # of a name it would want the suffix
            warnings.simplefilter("ignore")  # what is lost when it is saved again, which never happens
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                sheets = [(sheet.title, list(lines(_rows(sheet, budget)))) for sheet in book.worksheets]
            finally:
                book.close()
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, DefusedXmlException) as error:
        raise Refused("damaged") from error
    return sheet_sections(sheets, book.properties.title or "", budget)


def _rows(sheet: Any, budget: Budget) -> Iterator[list[str]]:  # noqa: ANN401 - openpyxl has no type for it
    """Yield the rows of a sheet as text, whatever size it says that it has."""
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(), 1):
        if not budget.take(number, row):
            return
        yield [_shown(one.value, one) for one in row[:_MOST_COLUMNS]]


def _shown(value: object, source: Any) -> str:  # noqa: ANN401 - a cell of any kind
    """Return a value as it is read, not as it is stored."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        share = "%" in str(source.number_format)
        return f"{100 * value:.10g} %" if share else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        midnight = not (value.hour or value.minute or value.second)
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    return str(value)
