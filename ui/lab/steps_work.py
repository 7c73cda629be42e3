"""Work on a tree of the Steps panel: done aside, told of while it takes long, and shown with what may come next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import gradio as gr
from markupsafe import Markup

from lab.tree import Tree
from lab.walk import Walk, prompt_tokens
from ui.components import language, progress_bar, time_left
from ui.lab import steps_view
from ui.lab.shared import Shared, Told, worked
from ui.lab.steps_view import Seen
from ui.lab.tree_view import drawing
from ui.plain import mapping, whole
from ui.texts import say

Updates = tuple[object, ...]
Work = Callable[[threading.Event, Told], Tree]
FEWEST, MOST = 3, 20  # next tokens that are shown
COLOURS = ("p", "entropy")


class StepsWork:
    """Shows a tree after some work on it: tree, next tokens, stage, drawing, progress, Begin, Stop."""

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share."""
        self._shared = shared

    def shown(self, request: gr.Request, work: Work, k: object, colour: object, focus: str = "") -> Iterator[Updates]:
        """Do the work aside, then show its tree with what may come next; Stop is there while it takes long.

        `focus`: a nonce when this begins another tree, which may have to load its model and is to have the keyboard.
        """
        lang, began = language(request), time.monotonic()
        if focus:
            yield _told(progress_bar(0, 0, say(lang, "lab.steps.waiting")), say(lang, "lab.steps.waiting"))

        def whole_work(told: Told) -> tuple[Tree, Seen]:
            tree = work(cancel, told)
            return tree, self._ahead(tree, cancel, told)

        with self._shared.running.event(request.session_hash) as cancel:
            try:
                tree, seen = yield from worked(whole_work, lambda done, total: _busy(done, total, began, lang))
            except Exception:
                yield (*(gr.skip() for _ in range(4)), "", gr.Button(visible=True), gr.Button(visible=False))
                raise
        yield (
            tree,
            seen,
            steps_view.stage(tree, seen, shown(k), coloured(colour), lang, focus),
            drawing(tree, lang),
            "",
            gr.Button(visible=True),
            gr.Button(visible=False),
        )

    def walk(self, tree: Tree, cancel: threading.Event, told: Told) -> Walk:
        """Return what moves through a tree: its own model, loaded if it has to be. Raises ModelNotInstalled, ..."""
        chat = self._shared.chat(tree["model"])
        return Walk(chat, prompt_tokens(chat, tree["prompt"]), cancel, told)

    def _ahead(self, tree: Tree, cancel: threading.Event, told: Told) -> Seen:
        found = self.walk(tree, cancel, told).ahead(tree, MOST)
        top = [
            {"token": one.token.id, "bytes": one.token.bytes.hex(), "p": one.p, "rank": one.rank, "end": one.end}
            for one in found.top
        ]
        return {"tree": tree["id"], "look": tree["look"], "top": top, "entropy": found.entropy}


def _busy(done: int, total: int, began: float, lang: str) -> Updates:
    """Return how far it is; a single step is over too soon to be told of."""
    if done >= total:
        return tuple(gr.skip() for _ in range(7))
    taken = time.monotonic() - began
    left = f" {time_left(taken * (total - done) / done, lang)}" if taken > 2 and done else ""
    said = say(lang, "lab.steps.reading", done=done, total=total) + left
    return _told(progress_bar(done, total, said), said)


def _told(bar: Markup, said: str) -> Updates:
    told = Markup('<p class="aula-caption" role="status">{}</p>{}').format(said, bar)
    return (*(gr.skip() for _ in range(4)), str(told), gr.Button(visible=False), gr.Button(visible=True))


def seen_of(value: object) -> Seen | None:
    """Return the next tokens that a page holds, if it holds any."""
    seen = mapping(value)
    return dict(seen) if seen else None


def shown(k: object) -> int:
    """Return how many next tokens are shown."""
    return min(MOST, max(FEWEST, whole(k)))


def coloured(colour: object) -> str:
    """Return what the tokens are coloured by."""
    return str(colour) if colour in COLOURS else "p"
