"""The page viewer: what a click on a citation opens. It shows a PageView; how the dialog moves is in page_viewer.js.

The picture travels inside the answer of a private callback, for its owner alone: it has no address of its own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

import gradio as gr
from markupsafe import Markup, escape

from rag.errors import AulaError
from rag.page_view import PageView
from rag.services import Services
from ui.components import apology, block, language, owner_of
from ui.places import place_of_all
from ui.texts import say

# The component only carries: page_viewer.js asks through it, and takes what comes into its dialog.
_CONNECT = "window.aula.viewer.connect(element, data => trigger('click', data), watch);"
_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")
_PIXELS = 4 / 3  # of a screen at 100 %, for each point of the page
_MARKED = Markup("<mark>{}</mark>")


class Viewer:
    """Its component and callback."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._viewer = services.viewer

    def layout(self) -> None:
        """Lay out the component, which itself is never seen."""
        self.carrier = block("", "aula-viewer", _CONNECT)

    def wire(self) -> None:
        """Connect the callback. Every request is answered: the dialog waits for its own and has one at a time."""
        self.carrier.click(
            self.show, None, self.carrier, show_progress="hidden", api_visibility="private", trigger_mode="multiple"
        )

    def show(self, request: gr.Request, event: gr.EventData) -> str:
        """Return the page that was asked for; whatever fails is said in the dialog, which would hide a toast."""
        asked = event._data if isinstance(event._data, Mapping) else {}
        number, lang = _whole(asked.get("request")), language(request)
        document, page = str(asked.get("document", "")), _whole(asked.get("page"))
        try:
            return viewing(self._viewer.view(owner_of(request), document, page, spans(asked)), number, lang)
        except AulaError as error:
            return failure(error.text(lang), number, lang)
        except Exception as error:
            return failure(str(apology(error, lang).message), number, lang)


def spans(asked: Mapping[str, object]) -> list[tuple[int, int]]:
    """Return the ranges of characters out of "120-187 250-301"."""
    return [(int(start), int(end)) for start, end in _SPAN.findall(str(asked.get("spans", ""))[:2000])]


def _whole(value: object) -> int:
    try:
        return int(str(value)[:9])
    except ValueError:
        return 0


def viewing(view: PageView, number: int, lang: str) -> str:
    """Return a page for the dialog that asked with `number`."""
    where = place_of_all(lang, view.page, view.pages, view.unit)
    quote = " … ".join(view.text[start:end] for start, end in view.spans)
    inside = _drawn(view, quote, where, lang) if view.image is not None else _written(view, where, lang)
    return str(
        Markup('<article data-request="{}" data-page="{}" data-pages="{}" data-said="{}">{}{}</article>').format(
            number, view.page, view.pages, f"{where}. {quote}", _head(view, where, lang), inside
        )
    )


def failure(text: str, number: int, lang: str) -> str:
    """Return why there is nothing to show."""
    return str(
        Markup(
            '<article data-request="{}" data-said="{}"><header><div class="aula-viewer-title"><h2>{}</h2></div>'
            '<div class="aula-viewer-tools">{}</div></header><div class="aula-viewer-body">'
            '<div class="aula-viewer-pane" tabindex="0"><p>{}</p></div></div></article>'
        ).format(number, text, say(lang, "error.title"), _tool("close", "✕", say(lang, "viewer.close")), text)
    )


def _head(view: PageView, where: str, lang: str) -> Markup:
    turn = _tool("previous", "‹", say(lang, "viewer.previous"), disabled=view.page <= 1)
    turn += _tool("next", "›", say(lang, "viewer.next"), disabled=view.page >= view.pages)
    zoom = Markup("")
    if view.image is not None:
        zoom = _tool("out", "−", say(lang, "viewer.zoom_out")) + _tool("in", "+", say(lang, "viewer.zoom_in"))
        zoom += _tool("fit", say(lang, "viewer.fit"), say(lang, "viewer.fit_name"))
        zoom += _tool("actual", say(lang, "viewer.actual"), say(lang, "viewer.actual_name"))
    return Markup(
        '<header><div class="aula-viewer-title"><h2>{}</h2><p>{}</p></div><div class="aula-viewer-tools">'
        '<div role="group">{}</div><div role="group">{}</div>{}</div></header>'
    ).format(view.name, where, turn, zoom, _tool("close", "✕", say(lang, "viewer.close")))


def _tool(what: str, text: str, name: str, disabled: bool = False) -> Markup:
    return Markup(
        '<button type="button" class="aula-button" data-view="{}" aria-label="{}" title="{}"{}>{}</button>'
    ).format(what, name, name, Markup(" disabled") if disabled else "", text)


def _drawn(view: PageView, quote: str, where: str, lang: str) -> Markup:
    """Return the passage, the page's text and its picture, in the order in which they are read out."""
    passage = Markup("")
    if quote:
        lost = "" if view.boxes else Markup('<p class="aula-note">{}</p>').format(say(lang, "viewer.unmarked"))
        passage = Markup("<h3>{}</h3><blockquote>{}</blockquote>{}").format(say(lang, "viewer.passage"), quote, lost)
    return Markup(
        '<div class="aula-viewer-body"><aside>{}<details><summary>{}</summary>{}</details></aside>'
        '<div class="aula-viewer-pane" tabindex="0" role="region" aria-label="{}">{}</div></div>'
    ).format(passage, say(lang, "viewer.text"), _text(view, lang), where, _sheet(view, lang))


def _sheet(view: PageView, lang: str) -> Markup:
    """Return the picture with a box over each line of the passage, placed in shares of the page."""
    source = f"data:{view.type};base64,{base64.b64encode(view.image or b'').decode('ascii')}"
    lines = Markup("").join(
        Markup(
            '<span class="aula-highlight" style="left:{:.3f}%;top:{:.3f}%;width:{:.3f}%;height:{:.3f}%"></span>'
        ).format(100 * box.left, 100 * box.top, 100 * (box.right - box.left), 100 * (box.bottom - box.top))
        for box in view.boxes
    )
    return Markup(
        '<figure class="aula-sheet" data-width="{}"><img src="{}" alt="{}" width="{}" height="{}">'
        '<div aria-hidden="true">{}</div></figure>'
    ).format(
        round(view.width * _PIXELS),
        source,
        say(lang, "viewer.picture", page=view.page, name=view.name),
        round(view.width * _PIXELS),
        round(view.height * _PIXELS),
        lines,
    )


def _written(view: PageView, where: str, lang: str) -> Markup:
    """Return the page as text alone, with the reason where there should be a picture."""
    note = Markup('<p class="aula-note">{}</p>').format(view.reason.text(lang)) if view.reason else ""
    return Markup(
        '<div class="aula-viewer-body"><div class="aula-viewer-pane" tabindex="0" role="region" aria-label="{}">'
        "{}{}</div></div>"
    ).format(where, note, _text(view, lang))


def _text(view: PageView, lang: str) -> Markup:
    if not view.text.strip():
        return Markup('<p class="aula-caption">{}</p>').format(say(lang, "viewer.no_text"))
    parts, done = [], 0
    for start, end in view.spans:
        parts += [escape(view.text[done:start]), _MARKED.format(view.text[start:end])]
        done = end
    return Markup('<div class="aula-page-text">{}</div>').format(Markup("").join([*parts, escape(view.text[done:])]))
