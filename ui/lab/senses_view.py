"""One word in several sentences as drawings: its vectors layer by layer. They ask no model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from lab.attention import Senses
from ui.lab.charts import Line, lines
from ui.lab.figure import Cell, figure
from ui.texts import decimal, say

if TYPE_CHECKING:
    import numpy.typing as npt


def senses_figures(found: Senses, word: str, sentences: Sequence[str], lang: str) -> Markup:
    """Return how near the word stays to the one in the first sentence, what that is worth, and what a layer moves."""
    names = [say(lang, "lab.attention.sentence", n=place) for place in range(1, len(found.moves) + 1)]
    # A sentence has one colour and dash in every figure: hence the first one, at 1, among those held against it.
    near = [_line(name, row, 0) for name, row in zip(names, [np.ones_like(found.others), *found.cosines], strict=True)]
    moved = [_line(name, row, 1) for name, row in zip(names, found.moves, strict=True)]
    cosine = "lab.attention.cosine"
    figures = [_layered(near, "senses", say(lang, "lab.attention.near", word=word), cosine, lang)]
    figures.append(Markup('<p class="aula-caption">{}</p>').format(_told(found, lang)))
    if not np.isnan(found.others).any():
        beside = [*near, _line(say(lang, "lab.attention.others"), found.others, 0)]
        caption = say(lang, "lab.attention.beside", word=word)
        figures.append(_layered(beside, "senses-beside", caption, cosine, lang))
    caption = say(lang, "lab.attention.moves", word=word)
    figures.append(_layered(moved, "senses-moves", caption, "lab.attention.turned", lang))
    listed = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in sentences)
    return Markup('<ol class="aula-sentences">{}</ol>{}').format(listed, Markup("").join(figures))


def _line(label: str, values: npt.NDArray[np.float64], first: int) -> Line:
    """Return a line over the layers, the first of which has the number `first`."""
    return Line(label, [(float(first + place), float(value)) for place, value in enumerate(values)])


def _layered(series: Sequence[Line], name: str, caption: str, y_key: str, lang: str) -> Markup:
    low = math.floor(20 * min(y for one in series for _, y in one.points)) / 20  # what differs is seen from near
    y_label = say(lang, y_key)
    if low:
        y_label = say(lang, "lab.attention.not_from_0", what=y_label, low=decimal(low, lang, 2))
    drawn = lines(series, title=caption, x_label=say(lang, "lab.attention.layer"), y_label=y_label, lang=lang, low=low)
    heads = [say(lang, "lab.attention.layer"), *(one.label for one in series)]
    rows: list[list[Cell]] = [
        [str(round(x)), *(one.points[place][1] for one in series)] for place, (x, _) in enumerate(series[0].points)
    ]
    return figure(drawn, heads, rows, name=name, caption=caption, lang=lang)


def _told(found: Senses, lang: str) -> str:
    """Return in words which sentence's word lies nearest to the first one's in the end, where there is a choice."""
    last = [float(row[-1]) for row in found.cosines]
    layers = found.moves.shape[1]
    if len(last) < 2:
        return say(lang, "lab.attention.told_one", layers=layers)
    order = sorted(range(len(last)), key=lambda one: -last[one])
    return say(lang, "lab.attention.told", nearest=order[0] + 2, farthest=order[-1] + 2, layers=layers)
