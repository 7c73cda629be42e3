"""The tree of branches as a drawing, whose boxes are buttons: a click or Enter goes there. It asks no model.

Tokens without a branch between them stand in one box, so that a long answer stays one box until one branches off.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass

from markupsafe import Markup

from lab import tree as trees
from lab.tokens import visible
from lab.tree import Run, Tree
from ui.lab.charts import cut
from ui.lab.figure import figure
from ui.lab.steps_view import chance, label, power, rows
from ui.texts import count, say

_ROW, _BOX, _GAP = 54.0, 40.0, 34.0  # units: one is a pixel at the drawing's own size
_LABEL, _VALUE, _EDGE = 13.0, 12.0, 10.0  # the letters of a box's two lines, as in style.css; what is left beside them
_LONGEST = 26  # letters of a box
_SHOWN = 300  # boxes; a drawing of more is no help, and the table has all
_HEADS = ("node", "parent", "piece", "id", "p", "ln", "entropy", "rank", "sum", "shown")


@dataclass(frozen=True)
class _Place:
    x: float
    y: float
    width: float


def drawing(tree: Tree | None, lang: str, held: bool = False) -> str:
    """Return the tree as a figure; nothing while it has no tokens. `held`: its boxes cannot be clicked."""
    if tree is None or len(tree["nodes"]) < 2:
        return ""
    heads = [say(lang, f"lab.steps.head_{name}") for name in _HEADS]
    caption = say(lang, "lab.steps.tree")
    drawn = _drawn(tree, caption, lang)
    shown = figure(drawn, heads, rows(tree, lang), name="aula-branches", caption=caption, lang=lang, digits=5)
    return str(Markup("<div inert>{}</div>").format(shown) if held else shown)


def _drawn(tree: Tree, caption: str, lang: str) -> Markup:
    found = trees.runs(tree)[:_SHOWN]
    texts = [(_text(tree, run, lang), _chance(tree, run, lang)) for run in found]
    begin = say(lang, "lab.steps.prompt")
    root = _Place(0.0, 0.0, _wide(begin, ""))
    placed = _placed(found, [_wide(*lines) for lines in texts], root)
    marked = set(trees.path(tree, int(tree["at"])))
    body = [_link(placed[run.parent] if run.parent >= 0 else root, placed[at]) for at, run in enumerate(found)]
    body.append(_box(root, begin, "", 0, _kind(tree, 0, True), say(lang, "lab.steps.to_prompt")))
    for run, place, (said, p) in zip(found, placed, texts, strict=True):
        last = run.nodes[-1]
        kind = _kind(tree, last, last in marked or run.nodes[0] in marked, int(tree["look"]) in run.nodes)
        body.append(_box(place, said, p, last, kind, _name(tree, run, lang)))
    width = max(place.x + place.width for place in [root, *placed]) + 4
    height = max(place.y for place in [root, *placed]) + _BOX + 6
    return Markup(
        '<svg class="aula-plot aula-tree" role="group" aria-label="{title}" viewBox="0 0 {width:.0f} {height:.0f}" '
        'style="width:{width:.0f}px;max-width:none" xmlns="http://www.w3.org/2000/svg">'
        "<title>{title}</title>{body}</svg>"
    ).format(title=caption, width=width, height=height, body=Markup("").join(body))


def _placed(found: list[Run], widths: list[float], root: _Place) -> list[_Place]:
    """Return each run's place: the first one that goes on from another stands beside it, the others below."""
    placed: list[_Place] = []
    lines = 0
    begun: set[int] = set()
    for run, width in zip(found, widths, strict=True):
        before = placed[run.parent] if run.parent >= 0 else root
        if run.parent in begun:
            lines += 1
        begun.add(run.parent)
        placed.append(_Place(before.x + before.width + _GAP, lines * _ROW, width))
    return placed


def _wide(said: str, below: str) -> float:
    """Return how wide a box is that holds both of its lines, in letters as wide as any usual font has them."""
    return max(60.0, 2 * _EDGE + max(_LABEL * sum(map(_em, said)), _VALUE * sum(map(_em, below))))


def _em(letter: str) -> float:
    """Return the width of a letter as a share of its size."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.98 if letter in "mwMW@%…␣↵⏹" else 0.78 if letter.isupper() else 0.64


def _text(tree: Tree, run: Run, lang: str) -> str:
    if len(run.nodes) == 1:
        return cut(label(tree["nodes"][run.nodes[0]], lang), _LONGEST)
    whole = visible(trees.text(tree, run.nodes))
    ended = f" {say(lang, 'lab.steps.end')}" if tree["nodes"][run.nodes[-1]]["end"] else ""
    room = _LONGEST - len(ended)
    return (whole if len(whole) <= room else f"{whole[: room // 2]}…{whole[len(whole) - room // 2 :]}") + ended


def _chance(tree: Tree, run: Run, lang: str) -> str:
    logarithm = trees.logprob(tree, run.nodes)
    if not math.isfinite(logarithm):
        return "0"
    shown = chance(math.exp(logarithm), lang) if logarithm > -700 else power(logarithm, lang)
    return shown if len(run.nodes) == 1 else f"{shown} · {count(lang, 'lab.steps.tokens', len(run.nodes))}"


def _name(tree: Tree, run: Run, lang: str) -> str:
    whole = trees.logprob(tree, trees.path(tree, run.nodes[-1]))
    p = chance(math.exp(whole), lang) if whole > -700 else power(whole, lang) if math.isfinite(whole) else "0"
    return say(lang, "lab.steps.to_node", text=trees.text(tree, run.nodes).strip()[:80], p=p)


def _kind(tree: Tree, node: int, marked: bool, here: bool = False) -> str:
    here = here or node == int(tree["look"])
    return f"node{' on' if marked else ''}{' here' if here else ''}"


def _link(start: _Place, end: _Place) -> Markup:
    x, y = start.x + start.width, start.y + _BOX / 2
    middle = end.x - _GAP / 2
    return Markup('<path class="link" d="M{:.1f} {:.1f} H{:.1f} V{:.1f} H{:.1f}"/>').format(
        x, y, middle, end.y + _BOX / 2, end.x
    )


def _box(place: _Place, said: str, below: str, node: int, kind: str, name: str) -> Markup:
    height = _BOX
    return Markup(
        '<g class="{}" role="button" tabindex="0" data-do="node" data-id="{}" aria-label="{}"><title>{}</title>'
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="6"/>'
        '<text class="label" x="{:.1f}" y="{:.1f}">{}</text><text class="value" x="{:.1f}" y="{:.1f}">{}</text></g>'
    ).format(
        kind,
        node,
        name,
        name,
        place.x + 1,
        place.y + 1,
        place.width - 2,
        height - 2,
        place.x + _EDGE,
        place.y + (17 if below else 25),
        said,
        place.x + _EDGE,
        place.y + 33,
        below,
    )
