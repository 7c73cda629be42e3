"""The map of passages as HTML: a canvas, its legend, its list and its table. Page_map.js draws what stands here.

Names and passages are data: everything goes through markupsafe.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from lab.chunk_map import MOST, NEIGHBOURS, Cloud, Plane, document_order
from ui.lab.figure import Cell, figure
from ui.places import place_name
from ui.texts import count, decimal, grouped, say

if TYPE_CHECKING:
    from lab.chunk_map import Points

PCA, UMAP = "pca", "umap"
_WORDS = {
    "middle": "lab.embeddings.near_middle",
    "beside": "lab.embeddings.near_point",
    "found": "lab.embeddings.near_found",
}
_TOOLS = (
    ("in", "+", "lab.embeddings.zoom_in"),
    ("out", "−", "lab.embeddings.zoom_out"),
    ("all", "lab.embeddings.zoom_all", "lab.embeddings.zoom_all_name"),
)
_CANVAS = Markup(
    '<div class="aula-map" data-map="{data}"><div class="aula-map-left"><div class="aula-map-paper">'
    '<canvas tabindex="0" role="application" aria-label="{label}">{label}</canvas>'
    '<p class="aula-map-tip" hidden></p></div><div class="aula-map-tools" role="group">{tools}</div></div>'
    '<div class="aula-map-beside">{legend}<section class="aula-map-near" aria-live="polite"></section></div></div>'
)


@dataclass(frozen=True)
class Shown:
    """A map to draw. `way`: "pca" or "umap"; `points` (n, 2) of the cloud's chunks; `kept`: see kept_neighbours.

    `found`: chunk ids that the search found for `question`, best first; `asked` (1, 2) where the question lies.
    """

    way: str
    cloud: Cloud
    points: Points
    plane: Plane
    kept: float
    question: str = ""
    found: tuple[int, ...] = ()
    asked: Points | None = None


def drawing(shown: Shown, lang: str) -> str:
    """Return the figure with what is to be said of it."""
    titles = {PCA: "lab.embeddings.caption_pca", UMAP: "lab.embeddings.caption_umap"}
    caption = say(lang, titles[shown.way], passages=count(lang, "docs.chunks", len(shown.cloud.chunks)))
    heads = [say(lang, key) for key in _HEADS]
    drawn = figure(
        _canvas(shown, caption, lang), heads, _rows(shown, lang), name=f"map-{shown.way}", caption=caption, lang=lang
    )
    return str(drawn + _told(shown, lang))


_HEADS = (
    "lab.embeddings.head_document",
    "lab.embeddings.head_place",
    "lab.embeddings.head_x",
    "lab.embeddings.head_y",
    "lab.embeddings.head_rank",
    "lab.embeddings.head_text",
)


def _canvas(shown: Shown, caption: str, lang: str) -> Markup:
    data = json.dumps(_data(shown, lang), ensure_ascii=False, separators=(",", ":"))
    return _CANVAS.format(
        data=data,
        label=f"{caption}. {say(lang, 'lab.embeddings.map_keys')}",
        tools=Markup("").join(_tool(what, text, key, lang) for what, text, key in _TOOLS),
        legend=_legend(shown, lang),
    )


def _tool(what: str, text: str, key: str, lang: str) -> Markup:
    said = say(lang, text) if text.startswith("lab.") else text
    return Markup(
        '<button type="button" class="aula-button" data-map="{}" aria-label="{}" title="{}">{}</button>'
    ).format(what, say(lang, key), say(lang, key), said)


def _data(shown: Shown, lang: str) -> dict[str, object]:
    """Return what the table does not say of the points, in the order of its rows."""
    chunks = shown.cloud.chunks
    order = document_order(chunks)
    places = {chunk.id: place for place, chunk in enumerate(chunks)}
    names = {chunk.document: chunk.name for chunk in chunks}
    asked = None if shown.asked is None else {"x": float(shown.asked[0, 0]), "y": float(shown.asked[0, 1])}
    return {
        "ids": list(order),
        "names": [names[document] for document in order],
        "document": [order[chunk.document] for chunk in chunks],
        "page": [chunk.page for chunk in chunks],
        "start": [chunk.start for chunk in chunks],
        "end": [chunk.end for chunk in chunks],
        "found": [places[chunk] for chunk in shown.found if chunk in places],
        "question": asked,
        "words": {name: say(lang, key) for name, key in _WORDS.items()},
    }


def _rows(shown: Shown, lang: str) -> list[Sequence[Cell]]:
    ranks = {chunk: rank for rank, chunk in enumerate(shown.found, start=1)}
    rows: list[Sequence[Cell]] = [
        (
            chunk.name,
            place_name(lang, chunk.page, chunk.unit, chunk.label),
            round(float(x), 5),
            round(float(y), 5),
            ranks.get(chunk.id),
            " ".join(chunk.text.split()),
        )
        for chunk, (x, y) in zip(shown.cloud.chunks, shown.points, strict=True)
    ]
    if shown.asked is not None:
        place = (round(float(value), 5) for value in shown.asked[0])
        rows.append((say(lang, "lab.embeddings.question"), "–", *place, None, shown.question))
    return rows


def _legend(shown: Shown, lang: str) -> Markup:
    """Return the documents with their marks, each of which can be taken out of the map."""
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for chunk in shown.cloud.chunks:
        counts[chunk.document] = counts.get(chunk.document, 0) + 1
        names[chunk.document] = chunk.name
    items = Markup("").join(
        Markup(
            '<li><label><input type="checkbox" value="{}" checked><span class="aula-map-icon" aria-hidden="true">'
            '</span><span class="aula-name">{}</span> <span class="aula-caption">{}</span></label></li>'
        ).format(number, names[document], grouped(counts[document], lang))
        for document, number in document_order(shown.cloud.chunks).items()
    )
    return Markup('<h4>{}</h4><ul class="aula-map-legend">{}</ul>').format(say(lang, "lab.embeddings.legend"), items)


def _told(shown: Shown, lang: str) -> Markup:
    """Return how much of what the vectors say is left in the plane."""
    kept = say(lang, "lab.embeddings.kept", k=NEIGHBOURS, share=_percent(shown.kept, lang))
    if shown.way == PCA:
        first, second = (_percent(share, lang) for share in shown.plane.shares)
        both = _percent(shown.plane.kept, lang)
        said = [say(lang, "lab.embeddings.variance", both=both, first=first, second=second), kept]
    else:
        said = [say(lang, "lab.embeddings.umap_told"), kept]
        if shown.asked is not None:
            said.append(say(lang, "lab.embeddings.umap_question"))
    if shown.cloud.total > len(shown.cloud.chunks):
        said.append(
            say(lang, "lab.embeddings.left_out", drawn=grouped(MOST, lang), all=grouped(shown.cloud.total, lang))
        )
    items = Markup("").join(Markup("<li>{}</li>").format(one) for one in said)
    return Markup('<ul class="aula-lab-told">{}</ul>').format(items)


def _percent(share: float, lang: str) -> str:
    """Return a share for people, with a decimal: the two axes keep little."""
    return f"{decimal(100 * share, lang)} %" if lang == "es" else f"{decimal(100 * share, lang)}%"
