"""A run's figures as lines of text: a row for each column, then what they show in words."""

from __future__ import annotations

from prompts.figures.tally import ColumnSummary
from prompts.figures.verdict import Summary
from prompts.words import say

_HEAD = ("label", "right", "wrong", "unparsed", "accuracy", "strict", "seconds", "tokens")


def table(summary: Summary, lang: str) -> str:
    """Return the table, the verdict on every two columns and what one must know to read them."""
    rows = [[say(lang, f"cli.head_{name}") for name in _HEAD]]
    rows += [_row(column, lang) for column in summary.columns]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    lines = [
        "  ".join(_placed(text, width, at) for at, (text, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    lines += ["", *(pair.verdict.text(lang) for pair in summary.pairs)]
    lines += [note.text(lang) for note in summary.notes]
    return "\n".join(line.rstrip() for line in lines).rstrip()


def _placed(text: str, width: int, at: int) -> str:
    return text.ljust(width) if at == 0 else text.rjust(width)


def _row(column: ColumnSummary, lang: str) -> list[str]:
    accuracy = "–"
    if column.accuracy is not None:
        accuracy = f"{percent(column.accuracy, lang)} ({percent(column.low, lang)}–{percent(column.high, lang)})"
    return [
        column.label,
        str(column.right),
        str(column.wrong),
        str(column.unparsed),
        accuracy,
        percent(column.strict_accuracy, lang),
        decimal(column.seconds_median, lang),
        decimal(column.tokens_median, lang, 0),
    ]


def percent(share: float | None, lang: str) -> str:
    """Return a share (0..1) in percent with one decimal, as `lang` writes it; – where there is none."""
    return "–" if share is None else f"{decimal(100 * share, lang)} %"


def decimal(value: float | None, lang: str, places: int = 1) -> str:
    """Return a number with `places` decimals, as `lang` writes it; – where there is none."""
    if value is None:
        return "–"
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if lang == "es" else text
