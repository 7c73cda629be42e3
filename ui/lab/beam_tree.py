"""A beam search as a drawing: one column a step, what was kept above what was pruned. It searches nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

from markupsafe import Markup

from lab.search import ROOT, Beams, Node, pruned
from ui.lab.charts import cut, line, rect, svg, text
from ui.lab.figure import Cell, figure
from ui.texts import decimal, say

Named = Callable[[int], str]  # what a token is shown as
_STEP, _ROW, _WIDE, _TALL, _HEAD = 112.0, 30.0, 84.0, 22.0, 22.0
_LETTERS = 9  # that a box has room for


def tree(beams: Beams, named: Named, width: int, lang: str) -> Markup:
    """Return the figure of a search: the tree, and every token that was looked at in the table beneath."""
    fates = _fates(beams)
    return figure(
        _drawn(beams.nodes, fates, named, lang),
        [say(lang, f"lab.search.tree_{head}") for head in ("step", "token", "after", "p", "logprob", "fate")],
        [_row(beams.nodes, place, fates[place], named, lang) for place in range(len(beams.nodes))],
        name="beam-search",
        caption=say(lang, "lab.search.tree", width=width),
        lang=lang,
    )


def _fates(beams: Beams) -> list[str]:
    """Return what became of each token: "best", "found", "left" (kept for a while) or "out"."""
    on_way = [node.kept for node in pruned(beams).nodes]
    fates = ["found" if way else "left" if node.kept else "out" for node, way in zip(beams.nodes, on_way, strict=True)]
    first = next((one.node for one in beams.best if one.node is not None), None)
    if beams.best and beams.best[0].node is None:
        first = None  # greedy's own text, which the beam had let go
    while first is not None and first != ROOT:
        fates[first] = "best"
        first = beams.nodes[first].parent
    return fates


def _drawn(nodes: Sequence[Node], fates: Sequence[str], named: Named, lang: str) -> Markup:
    places = _places(nodes)
    steps = max(node.step for node in nodes) + 1
    height = _HEAD + max(y for _, y in places) + _TALL + 6
    width = (steps + 1) * _STEP - (_STEP - _WIDE)
    body = [text(_WIDE - 6, _HEAD + _TALL / 2 + 4, say(lang, "lab.search.tree_prompt"), "end", "label")]
    body += [text((step + 1) * _STEP + 2, 12, f"{step + 1}", "start", "axis") for step in range(steps)]
    for place, node in sorted(enumerate(nodes), key=lambda one: _ORDER.index(fates[one[0]])):
        body.append(_edge(places, node, places[place], fates[place]))
    for place, node in enumerate(nodes):
        body += _box(places[place], node, _p(nodes, node), fates[place], named, lang)
    return svg("beam", say(lang, "lab.search.tree_said", steps=steps), width, height, body, least=int(width))


_ORDER = ("out", "left", "found", "best")  # what matters most is drawn last


def _places(nodes: Sequence[Node]) -> list[tuple[float, float]]:
    """Return where each box stands: by its step, and in it by how likely it was."""
    found: list[tuple[float, float]] = []
    rows: dict[int, int] = {}
    for node in nodes:
        row = rows[node.step] = rows.get(node.step, -1) + 1
        found.append(((node.step + 1) * _STEP, row * _ROW))
    return found


def _edge(places: Sequence[tuple[float, float]], node: Node, place: tuple[float, float], fate: str) -> Markup:
    x, y = places[node.parent] if node.parent != ROOT else (0.0, 0.0)
    middle = _HEAD + _TALL / 2
    return line(x + _WIDE, y + middle, place[0], place[1] + middle, f"edge {fate}")


def _box(place: tuple[float, float], node: Node, p: float, fate: str, named: Named, lang: str) -> tuple[Markup, Markup]:
    x, y = place[0], place[1] + _HEAD
    shown = named(node.token)
    said = say(
        lang,
        "lab.search.tree_node",
        token=shown,
        p=decimal(100 * p, lang),
        logprob=decimal(node.logprob, lang, 2),
        fate=say(lang, f"lab.search.fate_{fate}"),
    )
    box = rect(x, y, _WIDE, _TALL, f"node {fate}", 0.16 if fate == "best" else 0.0, said)
    return box, text(x + 5, y + 15, cut(shown, _LETTERS), "start", f"label {'out' if fate == 'out' else fate}")


def _p(nodes: Sequence[Node], node: Node) -> float:
    """Return the probability of a token after the text before it."""
    return exp(node.logprob - (nodes[node.parent].logprob if node.parent != ROOT else 0.0))


def _row(nodes: Sequence[Node], place: int, fate: str, named: Named, lang: str) -> list[Cell]:
    node = nodes[place]
    before = say(lang, "lab.search.tree_prompt") if node.parent == ROOT else named(nodes[node.parent].token)
    said = say(lang, f"lab.search.fate_{fate}")
    return [node.step + 1, named(node.token), before, _p(nodes, node), node.logprob, said]
