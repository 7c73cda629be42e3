"""The report's table of pairs: how far two columns lie apart, row by row, and how sure that is. It counts nothing."""

from __future__ import annotations

from markupsafe import Markup

from prompts.figures.verdict import Pair, Summary, points
from prompts.report.bilingual import both, each, joined
from prompts.words import say, shown

_HEADS = ("pair", "difference", "interval", "p", "p_adjusted", "only_a", "only_b")
_RARE = 0.001  # a p-value below is only said to be so


def pairs(summary: Summary) -> Markup:
    """Return a line a pair, as prompts.figures.verdict.Pair has it; nothing where there is one column only."""
    if not summary.pairs:
        return Markup("")
    labels = [column.label for column in summary.columns]
    heads = joined(Markup('<th scope="col">{}</th>').format(both(f"report.head_{name}")) for name in _HEADS)
    lines = joined(_line(pair, labels) for pair in summary.pairs)
    return Markup('<div class="wide pairs"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>').format(
        heads, lines
    )


def _line(pair: Pair, labels: list[str]) -> Markup:
    name = Markup('<th scope="row">{} → {}</th>').format(labels[pair.a], labels[pair.b])
    figures = [
        each(lambda lang: _signed(pair.difference, lang)),
        each(lambda lang: say(lang, "report.from_to", low=_signed(pair.low, lang), high=_signed(pair.high, lang))),
        each(lambda lang: _p(pair.p, lang)),
        each(lambda lang: _p(pair.p_adjusted, lang)),
        Markup("{}").format(pair.only_a),
        Markup("{}").format(pair.only_b),
    ]
    # Over no row at all there is no difference either.
    cells = figures if pair.n else [Markup("–")] * len(figures)
    return Markup("<tr>{}{}</tr>").format(name, joined(Markup("<td>{}</td>").format(one) for one in cells))


def _signed(share: float, lang: str) -> str:
    """Return a difference in points with its sign, a real minus among them."""
    value = points(share)
    return shown(abs(value), lang) if not value else f"{'+' if value > 0 else '−'}{shown(abs(value), lang)}"


def _p(value: float, lang: str) -> str:
    return f"< {shown(_RARE, lang)}" if value < _RARE else shown(round(value, 3), lang)
