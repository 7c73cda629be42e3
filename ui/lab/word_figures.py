"""The drawings of the Words panel: bags of words, stems, and two rankings of the same passages. They count nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lab.words import Bags, Reading, Stem
from ui.lab.charts import WIDTH, Bar, bars, cut, heat, line, svg, text
from ui.lab.figure import Cell, figure
from ui.texts import count, decimal, say

_SHOWN = 12  # terms that are drawn; the table has more
_LISTED = 200
_STEMS = 12
_ROW = 24.0
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Ranked:
    """A passage in two rankings. `said` is what it is called; a rank counts from 1, None: it is not in that list.

    `adds`: what each word adds to the BM25 score, written out.
    """

    said: str
    lexical: float
    lexical_rank: int | None
    dense: float | None
    dense_rank: int | None
    adds: str


# -- counts ----------------------------------------------------------------------------------------------------------


def alike(cosines: Sequence[float | None], meaning: float | None, lang: str) -> Markup:
    """Return how near two texts are by their n-grams of each length, and for the embedding model if there is one."""
    named = [(say(lang, f"lab.words.by_{n}"), value) for n, value in enumerate(cosines, start=1)]
    if meaning is not None:
        named.append((say(lang, "lab.words.by_meaning"), meaning))
    rows: list[tuple[Cell, ...]] = list(named)
    drawn = bars(
        [Bar(name, value or 0.0, "–" if value is None else decimal(value, lang, 3)) for name, value in named],
        title=say(lang, "lab.words.alike"),
    )
    heads = [say(lang, "lab.words.counted_by"), say(lang, "inspect.cosine")]
    return figure(drawn, heads, rows, name="cosines", caption=say(lang, "lab.words.alike"), lang=lang, digits=3)


def bag(found: Bags, reading: Reading, lang: str) -> Markup:
    """Return the texts as vectors of counts: a row for each text, or bars for one alone."""
    names = [say(lang, "lab.words.text_a"), say(lang, "lab.words.text_b")][: len(found.vectors)]
    key = "lab.words.bag" if reading.n == 1 else "lab.words.bag_of"
    caption = say(lang, key, n=reading.n, terms=len(found.terms))
    terms = [" ".join(term) for term in found.terms]
    kind = say(lang, "lab.words.stem" if reading.stems else "inspect.word")
    rows: list[list[Cell]] = [
        [term, *(vector[place] for vector in found.vectors)] for place, term in enumerate(terms[:_LISTED])
    ]
    drawn = _bag_drawn(found, names, terms[:_SHOWN], caption)
    return figure(drawn, [kind, *names], rows, name="bag-of-words", caption=caption, lang=lang)


def _bag_drawn(found: Bags, names: Sequence[str], terms: Sequence[str], title: str) -> Markup:
    shown = [vector[: len(terms)] for vector in found.vectors]
    most = max((number for vector in shown for number in vector), default=1)
    if len(shown) == 1:
        return bars([Bar(term, n, str(n)) for term, n in zip(terms, shown[0], strict=True)], title=title, most=most)
    numbers = [[str(number) for number in vector] for vector in shown]
    return heat(shown, names, terms, title=title, low=0.0, high=float(most), show=numbers)


def stemmed(found: Sequence[Stem], lang: str) -> Markup:
    """Return which words fall together: words on the left, each with a line to its stem."""
    caption = say(lang, "lab.words.stems", words=sum(len(one.words) for one in found), stems=len(found))
    if len(found) > _STEMS:
        caption += " " + say(lang, "lab.words.stems_drawn", n=_STEMS, total=len(found))
    heads = [say(lang, "lab.words.stem"), say(lang, "lab.words.its_words"), say(lang, "lab.words.times")]
    rows: list[list[Cell]] = [[one.stem, ", ".join(word for word, _ in one.words), one.count] for one in found]
    drawn = _stems_drawn(found[:_STEMS], caption)
    whole = figure(drawn, heads, rows[:_LISTED], name="stems", caption=caption, lang=lang)
    return whole + told("aula-caption", say(lang, "lab.words.stems_note"))


def _stems_drawn(found: Sequence[Stem], title: str) -> Markup:
    body: list[Markup] = []
    top = 0.0
    for one in found:
        words = one.words[:6]
        middle = top + (len(words) - 1) * _ROW / 2 + 16
        for place, (word, number) in enumerate(words):
            y = top + place * _ROW + 16
            body.append(text(210, y, f"{cut(word, 22)} × {number}", "end", "label"))
            body.append(line(218, y - 4, 372, middle - 4, "line line-3"))
        body.append(text(380, middle, cut(one.stem, 24), "start", "label chosen"))
        top += len(words) * _ROW + 6
    return svg("stems", title, WIDTH, top + 4, body, least=320)


# -- two rankings ----------------------------------------------------------------------------------------------------


def two_rankings(found: Sequence[Ranked], lang: str) -> Markup:
    """Return the passages in BM25's order and in the embedding's, with a line from each to itself."""
    caption = say(lang, "lab.words.rankings")
    heads = [
        say(lang, "lab.words.passage"),
        "BM25",
        say(lang, "lab.words.rank_bm25"),
        say(lang, "inspect.cosine"),
        say(lang, "lab.words.rank_dense"),
        say(lang, "lab.words.adds"),
    ]
    rows: list[list[Cell]] = [
        [one.said, one.lexical, one.lexical_rank, one.dense, one.dense_rank, one.adds] for one in found
    ]
    return figure(_slopes(found, caption, lang), heads, rows, name="bm25-embedding", caption=caption, lang=lang)


def _slopes(found: Sequence[Ranked], title: str, lang: str) -> Markup:
    left = _places([one.lexical_rank for one in found])
    right = _places([one.dense_rank for one in found])
    body = [text(268, 14, "BM25", "end", "label chosen"), text(372, 14, "Embedding", "start", "label chosen")]
    for place, one in enumerate(found):
        first, second = 42 + left[place] * _ROW, 42 + right[place] * _ROW
        none, said = say(lang, "inspect.no_rank"), cut(one.said, 30 if one.lexical_rank else 22)
        words = one.lexical_rank or (none if one.lexical else say(lang, "lab.words.no_rank"))
        body.append(text(268, first, f"{said} · {words}", "end", _kind(one.lexical_rank)))
        body.append(text(372, second, f"{one.dense_rank or none} · {said}", "start", _kind(one.dense_rank)))
        if one.lexical_rank is not None and one.dense_rank is not None:
            body.append(line(276, first - 4, 364, second - 4, f"line line-{place % 6}"))
    return svg("rankings", title, WIDTH, 50 + len(found) * _ROW, body, least=520)


def _places(ranks: Sequence[int | None]) -> list[int]:
    """Return the row of each: by rank, and those without one below."""
    order = sorted(range(len(ranks)), key=lambda place: (ranks[place] is None, ranks[place] or 0))
    return [order.index(place) for place in range(len(ranks))]


def told(kind: str, said: str) -> Markup:
    """Return a sentence in the place of a drawing, or beside one; `kind` is a class of style.css."""
    return Markup('<p class="{}" role="status">{}</p>').format(kind, said)


def _kind(rank: int | None) -> str:
    return "axis" if rank is None else "label"


# -- from counting to transformers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """What one model needs for the held-out text. `length`: of its n-grams, 0 for a language model.

    `kinds`: n-grams that it has counted, `possible`: so many there could be, `seen`: the share of the held-out text's
    that it has met before.
    """

    name: str
    length: int
    perplexity: float
    bits_per_byte: float
    kinds: int | None = None
    possible: float | None = None
    seen: float | None = None


def compared(found: Sequence[Measured], lang: str) -> Markup:
    """Return bits per byte of each model as bars, with everything else in the table."""
    caption = say(lang, "lab.words.compared")
    heads = [
        say(lang, f"lab.words.{key}") for key in ("model", "bits", "perplexity", "kinds", "possible", "seen", "reads")
    ]
    rows: list[list[Cell]] = [
        [one.name, one.bits_per_byte, one.perplexity, one.kinds, _power(one.possible), one.seen, _reads(one, lang)]
        for one in found
    ]
    drawn = bars(
        [
            Bar(
                cut(one.name, 17),
                one.bits_per_byte,
                decimal(one.bits_per_byte, lang, 2),
                "" if one.length else "chosen",
            )
            for one in found
        ],
        title=caption,
        most=max((one.bits_per_byte for one in found), default=1.0),
    )
    return figure(drawn, heads, rows, name="ngrams-and-model", caption=caption, lang=lang, digits=2, opened=True)


def _power(value: float | None) -> str | None:
    if value is None:
        return None
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit} · 10{str(int(exponent)).translate(_RAISED)}"


def _reads(one: Measured, lang: str) -> str:
    return count(lang, "lab.words.before", one.length - 1) if one.length else say(lang, "lab.words.before_all")


def writings(found: Sequence[tuple[str, str]], begin: str, lang: str) -> Markup:
    """Return what each model, by its name, has written from the same beginning."""
    rows = Markup("").join(
        Markup("<dt>{}</dt><dd><b>{}</b>{}</dd>").format(name, begin, said.removeprefix(begin)) for name, said in found
    )
    return Markup('<h4 class="aula-caption">{}</h4><dl class="aula-writings">{}</dl>').format(
        say(lang, "lab.words.written"), rows
    )
