"""Work on a tree of the Steps panel: done aside, told of while it takes long, and shown with what may come next."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import gradio as gr
from markupsafe import Markup

from lab.tree import Tree
from lab.walk import Walk, prompt_tokens
from rag.errors import Cancelled
from ui.components import buttons, language, progress_bar, time_left
from ui.lab import steps_view
from ui.lab.shared import Shared, Told, run_key, worked
from ui.lab.steps_view import Seen
from ui.lab.tree_view import drawing
from ui.plain import mapping, whole
from ui.texts import say

Updates = tuple[object, ...]
Work = Callable[[threading.Event, Told], Tree]
FEWEST, MOST = 3, 20  # next tokens that are shown
COLOURS = ("p", "entropy")


@dataclass(frozen=True)
class Look:
    """What lies open before some work, and how it is shown."""

    tree: Tree | None
    seen: Seen | None
    k: int
    colour: str
    lang: str

    @classmethod
    def of(cls, request: gr.Request, tree: Tree | None, seen: object, k: object, colour: object) -> Look:
        """Read what the page sends."""
        return cls(tree, seen_of(seen), shown(k), coloured(colour), language(request))

    def drawn(self, focus: str = "", held: bool = False) -> Updates:
        """Return next tokens, stage and drawing, with another nonce: the browser sees that the move has ended.

        `held`: the move has only begun, and nothing can be clicked until it has ended.
        """
        nonce = str((self.seen or {}).get("drawn", "")) if held else secrets.token_hex(4)
        seen = {**(self.seen or {}), "drawn": nonce, "k": self.k, "colour": self.colour, "held": held}
        stage = steps_view.stage(self.tree, seen, self.k, self.colour, self.lang, focus)
        return seen, stage, drawing(self.tree, self.lang, held)


class StepsWork:
    """Shows a tree after some work on it: tree, next tokens, stage, drawing, progress, Begin, Stop.

    Only the last run of a page counts: what an earlier one still brings belongs to a tree that has gone on or away.
    """

    def __init__(self, shared: Shared) -> None:
        """Use what the panels share."""
        self._shared = shared
        self._turns: dict[str, str] = {}

    def shown(self, request: gr.Request, work: Work, look: Look, focus: str = "") -> Iterator[Updates]:
        """Do the work aside, then show its tree with what may come next; Stop is there while it takes long.

        `focus`: a nonce when this begins another tree, which may have to load its model and is to have the keyboard.
        Where the work fails, what lay open is shown again.
        """
        lang, began, key = look.lang, time.monotonic(), run_key(request, "steps")
        turn = self._turns[key] = secrets.token_hex(4)
        self._shared.running.stop(key)

        def whole_work(told: Told) -> tuple[Tree, Seen]:
            tree = work(cancel, told)
            return tree, self._ahead(tree, cancel, told)

        with self._shared.running.event(key) as cancel:
            if focus:
                said = say(lang, "lab.steps.waiting")
                yield (gr.skip(), *look.drawn(held=True), *_told(progress_bar(0, 0, said), said)[4:])
            try:
                tree, seen = yield from worked(whole_work, lambda done, total: _busy(done, total, began, lang))
            except Exception:
                if self._turns.get(key) == turn:
                    yield gr.skip(), *look.drawn(), *_over()
                raise
        if self._turns.get(key) == turn:
            yield tree, *replace(look, tree=tree, seen=seen).drawn(focus), *_over()

    def halt(self, request: gr.Request) -> None:
        """Stop what a page is waiting for."""
        self._shared.running.stop(run_key(request, "steps"))

    def leave(self, request: gr.Request) -> None:
        """Forget a page that was closed."""
        self.halt(request)
        self._turns.pop(run_key(request, "steps"), None)

    def walk(self, tree: Tree, cancel: threading.Event, told: Told) -> Walk:
        """Return what moves through a tree: its own model, loaded if it has to be.

        Raises ModelNotInstalled, ..., and Cancelled where it was stopped while the model was loaded.
        """
        chat = self._shared.chat(tree["model"])
        if cancel.is_set():
            raise Cancelled
        return Walk(chat, prompt_tokens(chat, tree["prompt"]), cancel, told)

    def _ahead(self, tree: Tree, cancel: threading.Event, told: Told) -> Seen:
        found = self.walk(tree, cancel, told).ahead(tree, MOST)
        top = [
            {"token": one.token.id, "bytes": one.token.bytes.hex(), "p": one.p, "rank": one.rank, "end": one.end}
            for one in found.top
        ]
        return {"tree": tree["id"], "look": tree["look"], "top": top, "entropy": found.entropy}


def _over() -> Updates:
    """Return the progress gone, and Begin back in the place of Stop."""
    return "", *buttons(busy=False)


def _busy(done: int, total: int, began: float, lang: str) -> Updates:
    """Return how far it is; a single step is over too soon to be told of."""
    if done >= total:
        return tuple(gr.skip() for _ in range(7))
    taken = time.monotonic() - began
    left = f", {time_left(taken * (total - done) / done, lang)}" if taken > 2 and done else ""
    said = f"{say(lang, 'lab.steps.reading', done=done, total=total)}{left}."
    return _told(progress_bar(done, total, said), said)


def _told(bar: Markup, said: str) -> Updates:
    told = Markup('<p class="aula-caption" role="status">{}</p>{}').format(said, bar)
    return (*(gr.skip() for _ in range(4)), str(told), *buttons(busy=True))


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
