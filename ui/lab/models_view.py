"""Two models held against each other as HTML: their figures, how a text surprises them, where they part."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from lab.comparison import Both, Divergence, Place, growing, in_common
from lab.tokens import visible
from ui.components import size
from ui.lab.charts import Bar, Line, bars, lines
from ui.lab.figure import Cell, figure
from ui.texts import count, decimal, grouped, say

_POINTS = 24  # of a line
_PLACES = 8  # where two models are furthest apart
_BEFORE = 32  # characters of the text before such a place


@dataclass(frozen=True)
class Figures:
    """What is known of a model besides what it was measured at; sizes in bytes, the window in tokens."""

    title: str
    quantisation: str
    parameters: int
    file: int
    weights: int
    cache: int
    window: int
    vocabulary: int


def drawn(models: tuple[Figures, Figures], both: Both, lang: str) -> Markup:
    """Return all of a comparison."""
    names = _names(models)
    parts = [
        _figures(names, models, both, lang),
        _growth(names, both, lang),
        _apart(names, both.divergence, lang) if both.divergence else _no_divergence(models, lang),
        _answers(names, both, lang),
    ]
    return Markup("").join(parts)


def _names(models: tuple[Figures, Figures]) -> tuple[str, str]:
    """Return the titles with a number before them: a chart cuts long ones at their end, where they differ."""
    first, second = (model.title for model in models)
    return f"1. {first}", f"2. {second}"


def _figures(names: tuple[str, str], models: tuple[Figures, Figures], both: Both, lang: str) -> Markup:
    caption = say(lang, "lab.models.caption_bits")
    values = [reading.bits_per_byte for reading in both.readings]
    drawing = bars(
        [Bar(name, value, decimal(value, lang, 3)) for name, value in zip(names, values, strict=True)],
        title=caption,
        most=max(values),
    )
    heads = [say(lang, "lab.models.col_what"), *names]
    rows = [*_sizes(models, lang), *_measured(both, lang)]
    return figure(drawing, heads, rows, name="models", caption=caption, lang=lang, digits=2, opened=True)


def _sizes(models: tuple[Figures, Figures], lang: str) -> list[list[Cell]]:
    return [
        [say(lang, "lab.models.quantisation"), *(model.quantisation or "–" for model in models)],
        [say(lang, "lab.models.parameters"), *(model.parameters / 1e6 for model in models)],
        [say(lang, "lab.models.file"), *(size(model.file, lang) for model in models)],
        [say(lang, "lab.models.weights"), *(size(model.weights, lang) for model in models)],
        [say(lang, "lab.models.cache"), *(size(model.cache, lang) for model in models)],
        [say(lang, "lab.models.window"), *(model.window for model in models)],
        [say(lang, "lab.models.vocabulary"), *(model.vocabulary for model in models)],
    ]


def _measured(both: Both, lang: str) -> list[list[Cell]]:
    rows: list[list[Cell]] = [
        [say(lang, "lab.models.read"), *(pace.read for pace in both.paces)],
        [say(lang, "lab.models.write"), *(pace.write for pace in both.paces)],
        [say(lang, "lab.models.tokens"), *(len(reading.spans) for reading in both.readings)],
        [say(lang, "lab.models.perplexity"), *(reading.perplexity for reading in both.readings)],
        [say(lang, "lab.models.bits"), *(reading.bits_per_byte for reading in both.readings)],
    ]
    if both.divergence is not None:
        rows.append([say(lang, "lab.models.agreement"), 100 * both.divergence.agreement, None])
        rows.append([say(lang, "lab.models.kl"), both.divergence.mean, None])
    return rows


def _growth(names: tuple[str, str], both: Both, lang: str) -> Markup:
    caption = say(lang, "lab.models.caption_growth")
    series = [Line(name, growing(reading, _POINTS)) for name, reading in zip(names, both.readings, strict=True)]
    read, told = say(lang, "lab.models.axis_bytes"), say(lang, "lab.models.axis_bits")
    drawing = lines(series, title=caption, x_label=read, y_label=told, lang=lang)
    heads = [say(lang, f"lab.models.col_{name}") for name in ("model", "bytes", "told")]
    rows: list[list[Cell]] = [[one.label, int(x), y] for one in series for x, y in one.points]
    return figure(drawing, heads, rows, name="surprise", caption=caption, lang=lang, digits=1)


def _apart(names: tuple[str, str], found: Divergence, lang: str) -> Markup:
    caption = say(lang, "lab.models.caption_apart")
    furthest = found.furthest(_PLACES)
    drawing = bars(
        [
            Bar(
                f"{place.number}. {visible(place.token.text)}",
                place.divergence,
                say(lang, "lab.models.in_bits", n=decimal(place.divergence, lang, 2)),
            )
            for place in furthest
        ],
        title=caption,
        most=max(place.divergence for place in furthest),
    )
    said = say(
        lang,
        "lab.models.apart",
        share=decimal(100 * found.agreement, lang, 1),
        kl=decimal(found.mean, lang, 4),
        n=grouped(len(found.places), lang),
    )
    heads = [say(lang, f"lab.models.col_{name}") for name in ("place", "before", "token")]
    heads += [say(lang, "lab.models.col_top", model=name) for name in names]
    heads.append(say(lang, "lab.models.kl"))
    rows = [_place(found, place) for place in furthest]
    drawn_ = figure(drawing, heads, rows, name="divergence", caption=caption, lang=lang)
    return Markup('<p class="aula-note-plain">{}</p>').format(said) + drawn_


def _place(found: Divergence, place: Place) -> list[Cell]:
    """Return where two models part: the words before, the token that follows, and what each expected."""
    before = b"".join(one.token.bytes for one in found.places[: place.number - 1][-_BEFORE:])
    said = visible(before.decode("utf-8", errors="replace")[-_BEFORE:])
    tops = (visible(one.text) for one in (place.first, place.second))
    return [place.number, f"…{said}", visible(place.token.text), *tops, place.divergence]


def _no_divergence(models: tuple[Figures, Figures], lang: str) -> Markup:
    said = say(
        lang,
        "lab.models.no_divergence",
        first=grouped(models[0].vocabulary, lang),
        second=grouped(models[1].vocabulary, lang),
    )
    return Markup('<p class="aula-note-plain">{}</p>').format(said)


def _answers(names: tuple[str, str], both: Both, lang: str) -> Markup:
    """Return what each writes, one beside the other."""
    each = [
        Markup("<dt>{}</dt><dd>{}</dd>").format(name, answer.text.strip() or say(lang, "lab.models.silent"))
        for name, answer in zip(names, both.answers, strict=True)
    ]
    said = Markup("")
    if both.divergence is not None:
        common = count(lang, "lab.models.common", in_common(both.answers))
        said = Markup('<p class="aula-note-plain">{}</p>').format(common)
    return Markup('<h3>{}</h3>{}<dl class="aula-writings">{}</dl>').format(
        say(lang, "lab.models.answers"), said, Markup("").join(each)
    )
