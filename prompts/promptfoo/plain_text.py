"""Values of JSON, YAML and spreadsheets as the texts that fill a prompt's variables."""

from __future__ import annotations

import json
from datetime import date, datetime


class Written(float):
    """A number with a decimal point, as JSON wrote it: 7.10 stays "7.10", and 7.0 is a whole number."""

    text: str = ""

    @classmethod
    def read(cls, text: str) -> Written:
        """Read a number, for json's parse_float."""
        number = cls(text)
        number.text = text
        return number


def plain(value: object) -> str:
    """Return a value as a person would write it: 7.0 as "7", true as "true", nothing as "", lists as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes") if value.second == 0 else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return value.text if isinstance(value, Written) else f"{value:.15g}"
