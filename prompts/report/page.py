"""A run as one HTML file that needs no network and no script: to be read, printed and handed in, in both languages.

Everything from prompts, models and files is data: it goes through markupsafe, and a Content-Security-Policy forbids the
rest (https://www.w3.org/TR/CSP3/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from prompts.experiment import Place
from prompts.figures.charts import accuracy_svg, latency_svg
from prompts.figures.tally import ColumnSummary
from prompts.figures.verdict import Summary, points
from prompts.report.asked import asked
from prompts.report.bilingual import both, each, joined, said, terms
from prompts.report.pairs import pairs
from prompts.report.rows import rows
from prompts.runs.cell import Cell
from prompts.words import LANGUAGES, shown

if TYPE_CHECKING:
    from prompts.runs.store import RunRecord

_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_PAGE = Markup(
    '<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" content="{csp}">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n<title>{title}</title>\n<style>{css}</style>\n</head>\n'
    "<body>\n{switch}\n<main>{content}</main>\n</body>\n</html>\n"
)
_SWITCH = Markup('<input type="radio" name="lang" id="lang-{lang}"{checked}><label for="lang-{lang}">{name}</label>')
_NAMES = {"en": "English", "es": "Español"}
_SECTION = Markup('<section class="part-{name}"><h2>{title}</h2>{content}</section>')
_HEADS = (
    "items",
    "accuracy",
    "strict",
    "right",
    "wrong",
    "unparsed",
    "none",
    "errors",
    "seconds",
    "tokens",
    "speed",
)
_READING = ("accuracy", "interval", "difference", "unparsed", "strict", "chance")


def html(run: RunRecord, summary: Summary, cells: Mapping[Place, Cell], lang: str = "en") -> str:
    """Return the file. Both languages are in it; it opens in `lang`. `summary` is that of `cells`."""
    opens = lang if lang in LANGUAGES else "en"
    title = run.name or " | ".join(column.label for column in run.experiment.columns)
    sections = {
        "found": _found(summary),
        "figures": _figures(summary),
        "pairs": pairs(summary),
        "charts": _charts(summary),
        "asked": asked(run.experiment),
        "rows": rows(run.experiment, cells),
        "provenance": _provenance(run),
        "reading": _reading(),
    }
    return str(
        _PAGE.format(
            lang=opens,
            csp=_CSP,
            title=title,
            css=_css(),
            switch=joined(
                _SWITCH.format(lang=one, checked=Markup(" checked") if one == opens else "", name=_NAMES[one])
                for one in LANGUAGES
            ),
            content=_head(run, summary, title)
            + joined(
                _SECTION.format(name=name, title=both(f"report.{name}"), content=content)
                for name, content in sections.items()
                if content
            ),
        )
    )


@cache
def _css() -> Markup:
    return Markup((Path(__file__).parent / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _head(run: RunRecord, summary: Summary, title: str) -> Markup:
    experiment = run.experiment
    counts = both(
        "report.size",
        columns=len(experiment.columns),
        rows=len(experiment.rows),
        repeats=experiment.repeats,
        done=summary.done,
        size=summary.size,
    )
    when = f"{run.created:%Y-%m-%d %H:%M} UTC"
    return Markup("<header><p>Aula</p><h1>{}</h1><p>{} · {}</p></header>").format(title, when, counts)


def _found(summary: Summary) -> Markup:
    verdicts = joined(Markup('<p class="verdict">{}</p>').format(said(pair.verdict)) for pair in summary.pairs)
    notes = joined(Markup("<li>{}</li>").format(said(note)) for note in summary.notes)
    return verdicts + (Markup("<ul>{}</ul>").format(notes) if notes else Markup(""))


# -- figures ---------------------------------------------------------------------------------------------------------


def _figures(summary: Summary) -> Markup:
    """Return a line a figure, so that two columns stand side by side and four still fit on paper."""
    labels = joined(Markup('<th scope="col">{}</th>').format(column.label) for column in summary.columns)
    lines = zip(_HEADS, zip(*(_cells(column) for column in summary.columns), strict=True), strict=True)
    return Markup('<div class="wide"><table><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div>').format(
        labels, joined(_line(name, cells) for name, cells in lines)
    )


def _line(name: str, cells: Sequence[Markup]) -> Markup:
    figures = joined(Markup("<td>{}</td>").format(one) for one in cells)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(both(f"report.head_{name}"), figures)


def _cells(column: ColumnSummary) -> list[Markup]:
    counts = (column.right, column.wrong, column.unparsed, column.none, column.errors)
    return [
        Markup("{}").format(column.n),
        _share(column.accuracy, column.low, column.high),
        _share(column.strict_accuracy, column.strict_low, column.strict_high),
        *(Markup("{}").format(n) for n in counts),
        _number(column.seconds_median, 2),
        _number(column.tokens_median, 0),
        _number(column.tokens_per_s, 1),
    ]


def _share(share: float | None, low: float, high: float) -> Markup:
    if share is None:
        return Markup("–")
    return both("chart.accuracy_value", accuracy=points(share), low=points(low), high=points(high))


def _number(value: float | None, digits: int) -> Markup:
    if value is None:
        return Markup("–")
    rounded = round(value, digits) if digits else round(value)
    return each(lambda lang: shown(rounded, lang))


def _charts(summary: Summary) -> Markup:
    drawn = joined(_drawn(chart, summary) for chart in (accuracy_svg, latency_svg))
    return Markup('<div class="charts">{}</div>').format(drawn)


def _drawn(chart: Callable[[Summary, str], str], summary: Summary) -> Markup:
    """Return a chart in both languages; prompts.figures.charts escapes what it draws, and gives text."""
    return Markup("<figure>{}</figure>").format(each(lambda lang: Markup(chart(summary, lang)), "div"))  # noqa: S704


# -- where it comes from, and how to read it ---------------------------------------------------------------------------


def _provenance(run: RunRecord) -> Markup:
    if not run.provenance:
        return Markup("<p>{}</p>").format(both("report.provenance_none"))
    return Markup("<p>{}</p>{}").format(both("report.provenance_why"), terms(_flat(run.provenance)))


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str | Markup, str | Markup]]:
    found: list[tuple[str | Markup, str | Markup]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{before}{name} · ")
        elif isinstance(value, (list, tuple)) and any(isinstance(one, Mapping) for one in value):
            found += _flat({str(n): one for n, one in enumerate(value, 1)}, f"{before}{name} · ")
        else:
            found.append((f"{before}{name}", Markup("<code>{}</code>").format(_plainly(value))))
    return found


def _plainly(value: object) -> str:
    return ", ".join(str(one) for one in value) or "–" if isinstance(value, (list, tuple)) else str(value)


def _reading() -> Markup:
    return joined(Markup("<p>{}</p>").format(both(f"report.how_{name}")) for name in _READING)
