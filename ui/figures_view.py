"""A run's figures as HTML: verdicts in words, accuracies with intervals, pairs and charts. It counts nothing.

What the figures mean, and where the methods come from, is prompts/figures/verdict.py's and prompts/figures/stats.py's.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from prompts.figures.charts import accuracy_svg, latency_svg
from prompts.figures.tally import ColumnSummary
from prompts.figures.verdict import Pair, Summary
from ui.outcomes import share
from ui.texts import decimal, grouped, say

_RARE = 0.001  # a p-value below is only said to be so


def figures(summary: Summary, lang: str) -> Markup:
    """Return verdicts, tables and charts."""
    drawn = accuracy_svg(summary, lang) + latency_svg(summary, lang)
    charts = Markup(f'<div class="aula-charts">{drawn}</div>')  # noqa: S704 - escaped where it is drawn
    return _verdicts(summary, lang) + _columns(summary.columns, lang) + _pairs(summary, lang) + charts


def _verdicts(summary: Summary, lang: str) -> Markup:
    said = Markup("").join(Markup("<li>{}</li>").format(pair.verdict.text(lang)) for pair in summary.pairs)
    notes = Markup("").join(Markup("<li>{}</li>").format(note.text(lang)) for note in summary.notes)
    verdicts = Markup('<ul class="aula-verdicts">{}</ul>').format(said) if said else Markup("")
    return Markup('<h3>{}</h3>{}<ul class="aula-run-notes">{}</ul>').format(
        say(lang, "result.verdict"), verdicts, notes
    )


def _columns(columns: Sequence[ColumnSummary], lang: str) -> Markup:
    heads = (
        "result.column",
        "result.accuracy",
        "result.interval",
        "result.strict_accuracy",
        "result.right",
        "result.wrong",
        "result.unparsed",
        "result.errors",
        "result.seconds",
        "result.tokens",
        "result.speed",
    )
    return _table("result.accuracies", heads, [_column(column, lang) for column in columns], lang)


def _column(column: ColumnSummary, lang: str) -> list[str]:
    return [
        column.label,
        share(column.accuracy, lang),
        _range(column.low, column.high, lang) if column.n else "–",
        share(column.strict_accuracy, lang),
        *(grouped(n, lang) for n in (column.right, column.wrong, column.unparsed, column.errors)),
        _decimal(column.seconds_median, lang),
        _decimal(column.tokens_median, lang, 0),
        _decimal(column.tokens_per_s, lang),
    ]


def _pairs(summary: Summary, lang: str) -> Markup:
    if not summary.pairs:
        return Markup("")
    heads = (
        "result.pair",
        "result.difference",
        "result.interval",
        "result.only_first",
        "result.only_second",
        "result.p",
        "result.p_adjusted",
    )
    labels = [column.label for column in summary.columns]
    return _table("result.differences", heads, [_pair(pair, labels, lang) for pair in summary.pairs], lang)


def _pair(pair: Pair, labels: Sequence[str], lang: str) -> list[str]:
    return [
        f"{labels[pair.a]} → {labels[pair.b]}",
        say(lang, "result.points", n=_signed(pair.difference, lang)),
        say(lang, "result.from_to", low=_signed(pair.low, lang), high=_signed(pair.high, lang)),
        grouped(pair.only_a, lang),
        grouped(pair.only_b, lang),
        _p(pair.p, lang),
        _p(pair.p_adjusted, lang),
    ]


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], lang: str) -> Markup:
    """Return a table that scrolls inside its own box; the first cell of a row is its head."""
    top = Markup("").join(Markup('<th scope="col">{}</th>').format(say(lang, head)) for head in heads)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(value) for value in row[1:])
        )
        for row in rows
    )
    return Markup(
        '<h3>{}</h3><div class="aula-figures" id="{}" role="region" tabindex="0" aria-label="{}"><table><thead>'
        "<tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(say(lang, title), title.replace(".", "-"), say(lang, title), top, body)


def _range(low: float, high: float, lang: str) -> str:
    return say(lang, "result.from_to", low=share(low, lang), high=share(high, lang))


def _signed(part: float, lang: str) -> str:
    """Return a difference in points with its sign, a real minus among them."""
    text = decimal(abs(100 * part), lang, 0)
    return text if text == "0" else f"{'+' if part > 0 else '−'}{text}"


def _decimal(value: float | None, lang: str, digits: int = 1) -> str:
    return "–" if value is None else decimal(value, lang, digits)


def _p(value: float, lang: str) -> str:
    return f"< {decimal(_RARE, lang, 3)}" if value < _RARE else decimal(value, lang, 3)
