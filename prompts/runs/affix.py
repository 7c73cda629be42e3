"""What a row puts before and after the prompt: promptfoo's options `prefix` and `suffix`, and its CSV's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from prompts.column import Column
from prompts.experiment import Row
from prompts.promptfoo.plain_text import plain


def affixed(column: Column, row: Row) -> Column:
    """Return the column as it asks this row; both may hold the row's variables."""
    options = row.extra.get("options")
    if not isinstance(options, Mapping):
        return column
    before, after = plain(options.get("prefix")), plain(options.get("suffix"))
    if not before and not after:
        return column
    return replace(column, prompt=replace(column.prompt, user=f"{before}{column.prompt.user}{after}"))
