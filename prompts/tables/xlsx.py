"""The first sheet of an Excel workbook to a table: the values that were last calculated, never formulas."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from prompts.experiment import MOST_ROWS
from prompts.promptfoo.plain_text import plain
from prompts.tables.table import MOST_COLUMNS, Table, made, too_large
from prompts.tables.text import unreadable
from rag.errors import PromptError

_UNPACKED = 200_000_000  # bytes that a workbook may grow to
_VISITED = 4 * MOST_ROWS  # rows that are looked at, empty ones included


def from_xlsx(name: str, data: bytes) -> Table:
    """Return the table of the first sheet. Raises TableUnreadable, RowTooLong, TableTooLarge."""
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _UNPACKED:
                raise too_large(name, 0)
        # Read-only mode reads row by row; data_only takes what a formula came to when it was last saved.
        workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            return _table(name, workbook)
        finally:
            workbook.close()
    except PromptError:
        raise
    except Exception as error:  # openpyxl raises whatever it stumbles over in a file that is damaged
        raise unreadable(name) from error


def _table(name: str, workbook: Any) -> Table:  # noqa: ANN401 - openpyxl is untyped here
    if not workbook.worksheets:
        raise unreadable(name)
    lines = _lines(name, workbook.worksheets[0])
    header = next((line for line in lines if any(line)), None)
    if header is None:
        raise unreadable(name)
    while header and not header[-1]:
        header.pop()
    return made(name, header, lines)


def _lines(name: str, sheet: Any) -> Iterator[list[str]]:  # noqa: ANN401
    rows = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1)
    filled = 0
    for visited, row in enumerate(rows):
        cells = [plain(cell) for cell in row]
        filled += any(cells)
        if visited > _VISITED and any(cells):
            raise too_large(name, filled)
        if visited > _VISITED:
            return
        yield cells
