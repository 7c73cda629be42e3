"""A text's tokens as HTML: coloured and in a table, with their ids and bytes, and what they cost under each model.

It reads nothing itself. Tokens are data: everything goes through markupsafe.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lab.readings import Reading
from lab.tokens import Token, visible
from ui.lab.charts import Bar, bars
from ui.lab.figure import Cell, figure, table
from ui.texts import count, decimal, grouped, say

DRAWN = 600  # tokens of a text that are drawn for each model; all are counted

# The arrow keys go from token to token, and what one points at is said beneath; nothing of it needs Python.
SCRIPT = """
const tell = span => {
  const said = span.closest('.aula-reading').querySelector('output');
  if (said) said.textContent = span.title;
};
const over = event => { const span = event.target.closest('.aula-tk'); if (span) tell(span); };
element.addEventListener('pointerover', over);
element.addEventListener('click', over);
element.addEventListener('focusin', over);
element.addEventListener('keydown', event => {
  const all = event.target.closest('.aula-tokens');
  if (!all) return;
  const spans = [...all.querySelectorAll('.aula-tk')];
  const at = spans.indexOf(event.target);
  const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: spans.length - 1}[event.key];
  if (to === undefined || !spans[to]) return;
  event.preventDefault();
  spans[to].focus();
});
"""


def found(readings: Sequence[Sequence[Reading]], lang: str) -> str:
    """Return what each model makes of one text or two: `readings` has a list of them for each model."""
    if not readings:
        return str(Markup('<p class="aula-empty">{}</p>').format(say(lang, "lab.tokens.none")))
    each = Markup("").join(_model(one, lang) for one in readings)
    cards = Markup('<div class="aula-readings">{}</div>').format(each)
    legend = Markup('<p class="aula-caption">{}</p>').format(say(lang, "lab.tokens.legend"))
    return str(_told(readings, lang) + _costs(readings, lang) + legend + cards)


def _told(readings: Sequence[Sequence[Reading]], lang: str) -> Markup:
    """Return what two texts cost beside each other, in a sentence for each model."""
    pairs = [(one[0], one[1]) for one in readings if len(one) == 2 and one[0].tokens and one[1].tokens]
    items = Markup("").join(Markup("<li>{}</li>").format(_ratio(*pair, lang)) for pair in pairs)
    return Markup('<ul class="aula-verdicts" role="status">{}</ul>').format(items) if items else Markup("")


def _ratio(first: Reading, second: Reading, lang: str) -> str:
    more = len(second.tokens) / len(first.tokens) - 1
    key = "same" if abs(more) < 0.005 else "more" if more > 0 else "fewer"
    values = {"model": first.title, "a": grouped(len(first.tokens), lang), "b": grouped(len(second.tokens), lang)}
    return say(lang, f"lab.tokens.{key}", share=decimal(100 * abs(more), lang, 0), **values)


def _costs(readings: Sequence[Sequence[Reading]], lang: str) -> Markup:
    flat = [(place, one) for each in readings for place, one in enumerate(each, start=1) if one.error is None]
    if not flat:
        return Markup("")
    two = max(place for place, _ in flat) > 1
    most = max(1, *(len(one.tokens) for _, one in flat))
    drawn = bars(
        [_bar(place if two else 0, one, lang) for place, one in flat], title=say(lang, "lab.tokens.costs"), most=most
    )
    rows: list[list[Cell]] = [[one.title, *([str(place)] if two else []), *_numbers(one)] for place, one in flat]
    columns = ("model", *(["text"] if two else []), "tokens", "characters", "length", "window", "share")
    heads = [say(lang, f"lab.tokens.col_{name}") for name in columns]
    caption = say(lang, "lab.tokens.costs_two" if two else "lab.tokens.costs")
    return figure(drawn, heads, rows, name="tokens", caption=caption, lang=lang, digits=2)


def _bar(place: int, one: Reading, lang: str) -> Bar:
    label = f"{place} · {one.title}" if place else one.title
    return Bar(label, len(one.tokens), count(lang, "lab.tokens.count", len(one.tokens)), "tail" if place == 2 else "")


def _numbers(one: Reading) -> list[Cell]:
    length = one.characters / len(one.tokens) if one.tokens else None
    return [len(one.tokens), one.characters, length, one.window, 100 * one.share]


def _model(each: Sequence[Reading], lang: str) -> Markup:
    kind = say(lang, f"lab.tokens.kind_{each[0].kind}")
    parts = Markup("").join(_reading(place, one, len(each) > 1, lang) for place, one in enumerate(each, start=1))
    return Markup('<section class="aula-reading-model"><h4>{} <small>{}</small></h4>{}</section>').format(
        each[0].title, kind, parts
    )


def _reading(place: int, one: Reading, two: bool, lang: str) -> Markup:
    if one.error is not None:
        return Markup('<p class="aula-error" role="alert">{}</p>').format(one.error.text(lang))
    meta = say(
        lang,
        "lab.tokens.meta",
        tokens=count(lang, "lab.tokens.count", len(one.tokens)),
        characters=count(lang, "lab.tokens.characters", one.characters),
        share=decimal(100 * one.share, lang),
        window=grouped(one.window, lang),
    )
    meta = f"{place} · {meta}" if two else meta
    label = say(lang, "lab.tokens.walk", model=one.title)
    spans = Markup("").join(_span(token, lang) for token in one.tokens[:DRAWN])
    return Markup(
        '<figure class="aula-figure aula-reading" data-name="tokens-{}"><figcaption>{}</figcaption>'
        '<div class="aula-tokens" role="group" tabindex="0" aria-label="{}">{}</div>'
        '<output class="aula-caption" aria-live="polite"></output>{}{}</figure>'
    ).format(_file_name(one.name), meta, label, spans, _cut(one, lang), _list(one, lang))


def _file_name(name: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())


def _span(token: Token, lang: str) -> Markup:
    kind = " special" if token.special else ""
    after = Markup("<br>") if token.text.endswith("\n") else Markup("")
    return Markup('<span class="aula-tk{}" tabindex="-1" title="{}">{}</span>{}').format(
        kind, _said(token, lang), visible(token.text) or "∅", after
    )


def _said(token: Token, lang: str) -> str:
    key = "lab.tokens.said_special" if token.special else "lab.tokens.said"
    return say(lang, key, token=visible(token.text) or "∅", id=token.id, bytes=_hex(token))


def _hex(token: Token) -> str:
    return token.bytes.hex(" ").upper()


def _cut(one: Reading, lang: str) -> Markup:
    if len(one.tokens) <= DRAWN:
        return Markup("")
    said = say(lang, "lab.tokens.cut", n=grouped(DRAWN, lang), total=grouped(len(one.tokens), lang))
    return Markup('<p class="aula-caption">{}</p>').format(said)


def _list(one: Reading, lang: str) -> Markup:
    """Return the folded table of the tokens, with a button that saves it."""
    heads = [say(lang, f"lab.tokens.col_{name}") for name in ("number", "token", "id", "bytes", "special")]
    marks = {True: say(lang, "lab.tokens.yes"), False: ""}
    # An id is a name and not an amount: it is written without the points of thousands.
    rows: list[list[Cell]] = [
        [place, visible(token.text) or "∅", str(token.id), _hex(token), marks[token.special]]
        for place, token in enumerate(one.tokens[:DRAWN], start=1)
    ]
    caption = say(lang, "lab.tokens.table", model=one.title)
    return Markup(
        "<details><summary>{}</summary>{}"
        '<div class="aula-take"><button type="button" class="aula-button quiet" data-save="csv" aria-label="{}">CSV'
        "</button></div></details>"
    ).format(
        say(lang, "lab.tokens.list"),
        table(heads, rows, caption=caption, lang=lang),
        say(lang, "lab.csv", what=caption),
    )
