"""Attention as drawings: lines from word to word, the grid of a head, the mask, all heads. They ask no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from lab.attention import HABITS, Reading, Weights, habits, masked, merged
from ui.components import button
from ui.lab.charts import cut, heat, line, rect, text
from ui.lab.figure import Cell, figure
from ui.texts import say

_WIDTH, _ROW, _HEAD = 420.0, 24.0, 26.0
_FROM, _TO = 136.0, 270.0  # where the lines begin and end
_FAINT = 0.02  # less than that is not drawn
_LISTED = 3  # so many are told of a word in words
_LEAST = 0.005  # in the table of the lines

HABIT_NAMES = {
    "marks": "lab.attention.habit_marks",
    "before": "lab.attention.habit_before",
    "itself": "lab.attention.habit_itself",
    "after": "lab.attention.habit_after",
}
# A caption each: "a" and "el" grow together in Spanish, so that no sentence can be put together from the names above.
_CAPTIONS = {
    "marks": "lab.attention.heads_marks",
    "before": "lab.attention.heads_before",
    "itself": "lab.attention.heads_itself",
    "after": "lab.attention.heads_after",
}
# Pointing at a word or going there by the keyboard shows its lines alone; a click or Enter keeps it so.
SCRIPT = """
let pinned = null, over = null, inside = null;
const rows = () => [...element.querySelectorAll('.aula-looks .from')];
const draw = () => {
  const one = over ?? inside ?? pinned;
  let found = false;
  for (const row of rows()) {
    found ||= row.dataset.row === one;
    row.classList.toggle('shown', row.dataset.row === one);
    row.setAttribute('aria-pressed', row.dataset.row === pinned);
  }
  element.querySelector('.aula-looks')?.classList.toggle('one', found);
};
const at = event => event.target.closest?.('.aula-looks .from') ?? null;
const pin = row => { pinned = pinned === row.dataset.row ? null : row.dataset.row; draw(); };
element.addEventListener('click', event => { if (at(event)) pin(at(event)); });
element.addEventListener('pointerover', event => {
  over = event.pointerType === 'mouse' ? at(event)?.dataset.row ?? null : null;
  draw();
});
element.addEventListener('pointerleave', () => { over = null; draw(); });
element.addEventListener('focusin', event => {
  inside = event.target.matches(':focus-visible') ? at(event)?.dataset.row ?? null : null;
  draw();
});
element.addEventListener('focusout', () => { inside = null; draw(); });
element.addEventListener('keydown', event => {
  const row = at(event), step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (!row || !(step || ['Enter', ' '].includes(event.key))) return;
  event.preventDefault();
  if (step) rows()[rows().indexOf(row) + step]?.focus();
  else pin(row);
});
watch('value', () => requestAnimationFrame(draw));
"""


@dataclass(frozen=True)
class Look:
    """What is looked at: layer from 1, head from 1 or 0 for the mean of all; by pieces or words; with the marks."""

    layer: int = 1
    head: int = 0
    pieces: bool = False
    marks: bool = True

    def within(self, reading: Reading) -> Look:
        """Return the choices as far as this model has them."""
        layer = min(max(1, self.layer), reading.layers)
        return Look(layer, self.head if 0 <= self.head <= reading.heads else 0, self.pieces, self.marks)


def share(value: float, lang: str) -> str:
    """Return a part of one as a whole percentage, as `lang` writes it."""
    return f"{round(100 * value)} %" if lang == "es" else f"{round(100 * value)}%"


def head_name(look: Look, lang: str) -> str:
    """Return "layer 3, head 7" in words."""
    key = "lab.attention.which_mean" if look.head == 0 else "lab.attention.which"
    return say(lang, key, layer=look.layer, head=look.head)


@dataclass(frozen=True)
class _Grid:
    """What is drawn: (n, n) weights of the units that are shown, their names, and what goes to the marks left out."""

    weights: Weights
    names: list[str]
    rest: list[float] | None


def _grid(reading: Reading, look: Look) -> _Grid:
    seen = reading if look.pieces else merged(reading)
    weights = seen.head(look.layer, look.head)
    names = [f"##{unit.text}" if unit.goes_on else unit.text for unit in seen.units]
    if look.marks:
        return _Grid(weights, names, None)
    kept = [place for place, unit in enumerate(seen.units) if not unit.mark]
    inner = weights[np.ix_(kept, kept)]
    rest = [max(0.0, float(value)) for value in 1.0 - inner.sum(axis=1)]
    return _Grid(inner, [names[place] for place in kept], rest)


# -- lines -----------------------------------------------------------------------------------------------------------


def looks(reading: Reading, look: Look, lang: str) -> Markup:
    """Return the figure of lines: on the left who looks, on the right at whom, the thicker the more."""
    grid = _grid(reading, look)
    most = float(grid.weights.max()) or 1.0
    height = _HEAD + len(grid.names) * _ROW + 4
    caption = say(lang, "lab.attention.lines", which=head_name(look, lang))
    body = [
        text(_FROM - 6, 14, say(lang, "lab.attention.from"), "end", "axis"),
        text(_TO + 6, 14, say(lang, "lab.attention.to"), "start", "axis"),
        *(text(_TO + 6, _middle(place) + 4, cut(name, 14), "start", "label") for place, name in enumerate(grid.names)),
        *(_row(grid, place, most, lang) for place in range(len(grid.names))),
    ]
    drawn = Markup(
        '<svg class="aula-plot aula-looks" role="group" aria-label="{}" viewBox="0 0 {:.0f} {:.0f}" '
        'style="width:100%;min-width:280px;max-width:{:.0f}px" xmlns="http://www.w3.org/2000/svg">{}</svg>'
    ).format(caption, _WIDTH, height, _WIDTH * 1.25, Markup("").join(body))
    heads = [say(lang, key) for key in ("lab.attention.from", "lab.attention.to", "lab.attention.weight")]
    return figure(drawn, heads, _pairs(grid), name="attention-lines", caption=caption, lang=lang)


def _middle(place: int) -> float:
    return _HEAD + (place + 0.5) * _ROW


def _row(grid: _Grid, place: int, most: float, lang: str) -> Markup:
    """Return a word that looks, with its lines and the numbers that only show while it is looked at alone."""
    weights = [float(value) for value in grid.weights[place]]
    y = _middle(place)
    best = sorted(range(len(weights)), key=lambda other: -weights[other])[:_LISTED]
    said = ", ".join(f"{grid.names[other]} {share(weights[other], lang)}" for other in best if weights[other] >= _LEAST)
    rays = Markup("").join(
        Markup('<g class="ray" stroke-opacity="{:.3f}" stroke-width="{:.2f}">{}</g>').format(
            max(0.08, value / most), 0.6 + 4.4 * value / most, line(_FROM, y, _TO, _middle(other), "way")
        )
        for other, value in enumerate(weights)
        if value >= _FAINT
    )
    shares = Markup("").join(
        text(_WIDTH - 4, _middle(other) + 4, share(value, lang), "end", "share") for other, value in enumerate(weights)
    )
    return Markup(
        '<g class="from" role="button" tabindex="{}" aria-pressed="false" data-row="{}" aria-label="{}">{}{}{}{}</g>'
    ).format(
        -1 if place else 0,
        place,
        say(lang, "lab.attention.looks_at", word=grid.names[place], others=said),
        rect(1, y - _ROW / 2 + 1, _FROM - 4, _ROW - 2, "hit"),
        text(_FROM - 6, y + 4, cut(grid.names[place], 14), "end", "label"),
        rays,
        shares,
    )


def _pairs(grid: _Grid) -> list[list[Cell]]:
    """Return every pair that counts, of each word the heaviest first."""
    found: list[list[Cell]] = []
    for place, name in enumerate(grid.names):
        row = grid.weights[place]
        found += [[name, grid.names[other], float(row[other])] for other in np.argsort(-row) if row[other] >= _LEAST]
    return found


# -- grids -----------------------------------------------------------------------------------------------------------


def grid_figure(reading: Reading, look: Look, lang: str, decoder: bool = False) -> Markup:
    """Return the grid of a head: a row looks, a column is looked at. `decoder`: with the mask on its scores."""
    grid = _grid(masked(reading) if decoder else reading, look)
    size = len(grid.names)
    cells = [[None if decoder and x > y else float(grid.weights[y, x]) for x in range(size)] for y in range(size)]
    key = "lab.attention.masked" if decoder else "lab.attention.grid"
    caption = say(lang, key, which=head_name(look, lang))
    hidden = say(lang, "lab.attention.hidden")
    drawn = heat(
        cells,
        grid.names,
        grid.names,
        title=caption,
        low=0.0,
        high=float(grid.weights.max()),
        show=[[hidden if value is None else share(value, lang) for value in row] for row in cells]
        if size > 14
        else [["" if value is None else share(value, lang) for value in row] for row in cells],
    )
    heads = [say(lang, "lab.attention.from"), *grid.names]
    rows: list[list[Cell]] = [[name, *row] for name, row in zip(grid.names, cells, strict=True)]
    if grid.rest is not None:
        heads.append(say(lang, "lab.attention.rest"))
        rows = [[*row, rest] for row, rest in zip(rows, grid.rest, strict=True)]
    name = "attention-mask" if decoder else "attention-grid"
    return figure(drawn, heads, rows, name=name, caption=caption, lang=lang, digits=3)


def heads_figure(reading: Reading, habit: str, lang: str) -> Markup:
    """Return the grid of all heads: how much each of them does of one habit, and buttons to the one that does most."""
    found = habits(reading)
    shares = found[habit]
    caption = say(lang, _CAPTIONS[habit])
    columns = [str(head + 1) for head in range(reading.heads)]
    rows = [say(lang, "lab.attention.layer_n", n=layer + 1) for layer in range(reading.layers)]
    cells = [[float(value) for value in row] for row in shares]
    drawn = heat(
        cells,
        rows,
        columns,
        title=caption,
        low=0.0,
        high=1.0,
        show=[[share(value, lang) for value in row] for row in cells],
        corner=say(lang, "lab.attention.head"),
    )
    heads = [say(lang, "lab.attention.layer"), *columns]
    table: list[list[Cell]] = [[name, *row] for name, row in zip(rows, cells, strict=True)]
    shown = figure(drawn, heads, table, name=f"attention-heads-{habit}", caption=caption, lang=lang, digits=3)
    return shown + Markup('<p class="aula-caption">{}</p><p class="aula-jumps">{}</p>').format(
        say(lang, "lab.attention.strongest"),
        Markup(" ").join(_jump(found[name], name, lang) for name in HABITS),
    )


def habit_name(habit: str, lang: str) -> str:
    """Return what a head of that habit looks at."""
    return say(lang, HABIT_NAMES[habit])


def strongest(shares: Weights) -> tuple[int, int]:
    """Return the layer and the head, from 1, that do most of a habit."""
    layer, head = np.unravel_index(int(shares.argmax()), shares.shape)
    return int(layer) + 1, int(head) + 1


def _jump(shares: Weights, habit: str, lang: str) -> Markup:
    layer, head = strongest(shares)
    which = head_name(Look(layer, head), lang)
    said = f"{habit_name(habit, lang)}: {which} ({share(float(shares.max()), lang)})"
    return button(said, "head", f"{layer}-{head}")
