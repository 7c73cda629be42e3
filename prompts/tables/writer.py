"""Tables to CSV for spreadsheets: marked as UTF-8, and with no cell that one would run as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

MARK = "\ufeff"  # at the beginning: tells a spreadsheet that this is UTF-8
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
Value = str | int | float | None


def to_csv(columns: Sequence[str], lines: Iterable[Sequence[Value]]) -> str:
    """Return the text of a file. What a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    text.write(MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(name) for name in columns])
    writer.writerows([harmless(one) if isinstance(one, str) else one for one in line] for line in lines)
    return text.getvalue()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula (CWE-1236); a number stays one."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def as_written(text: str) -> str:
    """Return what `harmless` was given: a text without the apostrophe that kept it from being a formula."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text
