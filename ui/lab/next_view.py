"""What the Next-token panel shows, as HTML: the distribution after a text, and what each stage of the sampler does.

It draws what it is given and asks no model. Tokens are data: markupsafe escapes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from lab.distribution import Candidate, Distribution, distribution, entropy, log_softmax, strongest
from lab.sampler import Settings, Stage, pipeline
from lab.tokens import Token, token, visible
from ui.components import button
from ui.lab.charts import Bar, bars, heat
from ui.lab.figure import Cell, figure
from ui.texts import count, decimal, grouped, say

if TYPE_CHECKING:
    from lab.distribution import Floats
    from rag.llama.sequences import Row
    from rag.llama.vocabulary import Vocabulary

_READ = 60  # tokens of what the model has read that are shown
_NAMED = 8  # tokens that a stage crosses out and that are named
_LEAST, _MOST = 0.0001, 0.9999  # what is beyond is only said to be
# What a stage is told, by its name in lab.sampler.STAGES.
TOLD = {
    "penalties": ("repeat_penalty", "frequency_penalty", "presence_penalty"),
    "top_k": ("top_k",),
    "typical": ("typical_p",),
    "top_p": ("top_p",),
    "min_p": ("min_p",),
    "temperature": ("temperature",),
}


@dataclass(frozen=True)
class Seen:
    """What was looked at: the model's title and tokens, the prompt with what was chosen after it, and the scores.

    `counted` are the tokens that penalties look at; `k` is how many tokens are shown.
    """

    model: str
    vocabulary: Vocabulary
    prompt: Sequence[int]
    chosen: Sequence[int]
    counted: Sequence[int]
    row: Row
    k: int


def looked(seen: Seen, lang: str) -> str:
    """Return the end of what the model has read, and how probable each token is to come next."""
    found = distribution(seen.row, seen.vocabulary, seen.k)
    return str(_read(seen, lang) + _summary(found, lang) + _bars(seen.model, found, lang) + _buttons(found, lang))


def _read(seen: Seen, lang: str) -> Markup:
    """Return the last tokens as boxes, those that were chosen here marked, and a gap where the next one goes."""
    whole = [*seen.prompt, *seen.chosen]
    first = max(0, len(whole) - _READ)
    boxes = [
        _box(token(seen.vocabulary, number), place >= len(seen.prompt), lang)
        for place, number in enumerate(whole[first:], start=first)
    ]
    before = Markup('<span aria-hidden="true">… </span>') if first else Markup("")
    said = count(lang, "lab.next.read", len(whole))
    return Markup(
        '<p class="aula-caption">{}</p><div class="aula-tokens aula-next-read" role="region" tabindex="0" '
        'aria-label="{}">{}{}<span class="aula-next-gap" title="{}">?</span></div>'
    ).format(said, said, before, Markup("").join(boxes), say(lang, "lab.next.gap"))


def _box(one: Token, chosen: bool, lang: str) -> Markup:
    kind = f"{' special' if one.special else ''}{' chosen' if chosen else ''}"
    hint = f"{say(lang, 'lab.next.chosen')} · {one.id}" if chosen else str(one.id)
    after = Markup("<br>") if one.text.endswith("\n") else Markup("")
    return Markup('<span class="aula-tk{}" title="{}">{}</span>{}').format(kind, hint, visible(one.text) or "∅", after)


def _summary(found: Distribution, lang: str) -> Markup:
    said = say(
        lang,
        "lab.next.summary",
        size=grouped(found.size, lang),
        n=len(found.top),
        top=percent(1.0 - found.tail, lang),
        tail=percent(found.tail, lang),
    )
    return Markup('<p class="aula-stats" role="status">{} {}</p>').format(said, open_words(found.entropy, lang))


def percent(p: float, lang: str) -> str:
    """Return a probability for people, in per cent however small: 34 %, 2,1 %, 0,02 %; the table has it exactly.

    Nearly all does not read as all, and next to nothing not as nothing.
    """
    if 0.0 < p < _LEAST:
        shown = f"< {decimal(100 * _LEAST, lang, 2)}"
    elif _MOST < p < 1.0:
        shown = f"> {decimal(100 * _MOST, lang, 2)}"
    elif p in (0.0, 1.0) or 0.1 <= p < 0.99:
        shown = decimal(100 * p, lang, 0)
    else:
        shown = decimal(100 * p, lang, 1 if 0.001 <= p < 0.9995 else 2)
    return f"{shown} %" if lang == "es" else f"{shown}%"


def open_words(bits: float, lang: str) -> str:
    """Return an entropy in words: how many sides a fair die would need to be as open."""
    sides, shown = 2.0**bits, decimal(bits, lang, 2)
    if sides < 1.5:
        return say(lang, "lab.next.entropy_sure", bits=shown)
    return say(lang, "lab.next.entropy", bits=shown, sides=grouped(round(sides), lang))


def _bars(model: str, found: Distribution, lang: str) -> Markup:
    rows = [Bar(_label(one), one.p, _value(one, lang), key=str(one.token.id)) for one in found.top]
    if found.tail > 0:
        rows.append(Bar(say(lang, "lab.next.others"), found.tail, percent(found.tail, lang), "tail"))
    caption = say(lang, "lab.next.bars", model=model)
    most = max(bar.value for bar in rows)
    heads = [say(lang, f"lab.next.col_{name}") for name in ("token", "id", "p", "logit", "end")]
    ends = {True: say(lang, "lab.next.yes"), False: ""}
    cells: list[list[Cell]] = [[_label(one), str(one.token.id), one.p, one.logit, ends[one.end]] for one in found.top]
    cells.append([say(lang, "lab.next.others"), "", found.tail, None, ""])
    return figure(
        bars(rows, title=caption, most=most), heads, cells, name="next-token", caption=caption, lang=lang, digits=6
    )


def _label(one: Candidate) -> str:
    return visible(one.token.text) or "∅"


def _value(one: Candidate, lang: str) -> str:
    return percent(one.p, lang) + (f" · {say(lang, 'lab.next.ends')}" if one.end else "")


def _buttons(found: Distribution, lang: str) -> Markup:
    """Return a button for each token, for those who cannot click on a bar."""
    parts = (
        button(
            _label(one),
            "take",
            str(one.token.id),
            label=say(lang, "lab.next.take", token=_label(one), p=percent(one.p, lang)),
            kind="aula-next-take",
        )
        for one in found.top
    )
    return Markup('<div class="aula-next-on" role="group" aria-label="{0}"><span>{0}</span>{1}</div>').format(
        say(lang, "lab.next.on"), Markup("").join(parts)
    )


# -- the sampler ---------------------------------------------------------------------------------------------------


def stages(seen: Seen, settings: Settings, lang: str) -> str:
    """Return what each stage crosses out and what remains, in words and as a grid of the tokens."""
    logs = log_softmax(seen.row)
    found = pipeline(seen.row, settings, seen.counted)
    items, before = [], entropy(logs)
    for stage in found:
        after = _entropy(stage)
        items.append(_stage(stage, settings, (before, after), seen.vocabulary, lang))
        before = after
    drawn = _grid(seen, np.exp(logs), found, lang)
    return str(Markup('<ol class="aula-next-stages">{}</ol>').format(Markup("").join(items)) + drawn)


def _entropy(stage: Stage) -> float:
    return entropy(np.log(stage.p[stage.p > 0]))


def _stage(stage: Stage, settings: Settings, bits: tuple[float, float], vocabulary: Vocabulary, lang: str) -> Markup:
    told = [getattr(settings, name) for name in TOLD[stage.name]]
    on = told != [getattr(Settings(), name) for name in TOLD[stage.name]]
    values = " · ".join(f"{one}" if isinstance(one, int) else decimal(one, lang, 2) for one in told)
    head = Markup("<strong>{}</strong> <small>{}</small>").format(
        say(lang, f"lab.next.stage_{stage.name}"), values if on else say(lang, "lab.next.off")
    )
    said = _does(stage, bits, vocabulary, lang) if on else Markup("")
    return Markup('<li class="{}" data-stage="{}">{}{}</li>').format("" if on else "off", stage.name, head, said)


def _does(stage: Stage, bits: tuple[float, float], vocabulary: Vocabulary, lang: str) -> Markup:
    out = len(stage.out)
    parts = [Markup("{}").format(say(lang, "lab.next.none_out"))]
    if out:
        share = say(lang, "lab.next.out_share_one" if out == 1 else "lab.next.out_share", p=percent(stage.mass, lang))
        parts = [Markup("{}").format(f"{count(lang, 'lab.next.out', out)}{share}"), _named(stage, vocabulary, lang)]
    left = count(lang, "lab.next.left", len(stage.ids))
    moved = say(lang, "lab.next.moved", before=decimal(bits[0], lang, 2), after=decimal(bits[1], lang, 2))
    return Markup("<p>{}</p><p>{} {}</p>").format(Markup(": ").join(parts), left, moved)


def _named(stage: Stage, vocabulary: Vocabulary, lang: str) -> Markup:
    """Return the most probable of the tokens that a stage crosses out, crossed out."""
    names = (visible(token(vocabulary, int(number)).text) or "∅" for number in stage.out[:_NAMED])
    struck = Markup(" ").join(Markup("<s>{}</s>").format(name) for name in names)
    return struck + (" …" if len(stage.out) > _NAMED else "")


def _grid(seen: Seen, raw: Floats, found: Sequence[Stage], lang: str) -> Markup:
    """Return the most probable tokens with their probability after each stage; what is crossed out has none."""
    ids = [int(number) for number in strongest(seen.row, seen.k)]
    columns = [raw, *(_by_id(stage, len(raw)) for stage in found)]
    values = [[_left(column, number) for column in columns] for number in ids]
    names = [visible(token(seen.vocabulary, number).text) or "∅" for number in ids]
    heads = [say(lang, f"lab.next.stage_{name}") for name in ("model", *(stage.name for stage in found))]
    caption = say(lang, "lab.next.grid")
    highest = max((value for line in values for value in line if value is not None), default=1.0)
    shown = [["×" if value is None else _short(value, lang) for value in line] for line in values]
    drawn = heat(values, names, heads, title=caption, low=0.0, high=highest, show=shown, corner="%")
    rows: list[list[Cell]] = [[name, *line] for name, line in zip(names, values, strict=True)]
    head = [say(lang, "lab.next.col_token"), *heads]
    return figure(drawn, head, rows, name="sampler", caption=caption, lang=lang)


def _by_id(stage: Stage, size: int) -> Floats:
    p = np.full(size, np.nan)
    p[stage.ids] = stage.p
    return p


def _left(column: Floats, number: int) -> float | None:
    return None if np.isnan(column[number]) else float(column[number])


def _short(p: float, lang: str) -> str:
    """Return a probability in per cent that fits into a cell."""
    return decimal(100 * p, lang, 0 if p >= 0.0995 else 1) if p >= 0.0005 else "~0"
