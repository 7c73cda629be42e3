"""The Steps panel: a text grown token by token, its branches as a tree, and finished answers looked at the same way.

It reads components and shows what comes; the moves are lab.walk's, the drawings steps_view's and tree_view's.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import gradio as gr

from lab import tree as trees
from lab.tree import Tree
from lab.walk import Walk, prompt_tokens
from rag.errors import BadOption, EmptyQuestion, NoAnswerYet
from rag.history import shorten
from ui.components import HIDDEN, action_list, block, clicked, guarded, language, owner_of
from ui.lab import steps_kept, steps_view
from ui.lab.shared import ASKING, QUIET, Shared, Told, intro, try_this
from ui.lab.steps_keys import KEYS
from ui.lab.steps_work import COLOURS, FEWEST, MOST, Look, StepsWork, Work, coloured, seen_of, shown
from ui.lab.tree_view import drawing
from ui.plain import items
from ui.texts import say, static

Updates = tuple[object, ...]
_USUAL = 8  # next tokens that are shown
_LONGEST = 8000  # characters of a text; a prompt that does not fit into the window is refused anyway
_KINDS = ("text", "chat")


class StepsPanel:
    """Its components and callbacks."""

    def __init__(self, shared: Shared) -> None:
        """Make the states outside of the tabs: on loading, what is in a tab does not know yet what was kept."""
        self._shared = shared
        self._work = StepsWork(shared)
        self.tree = gr.BrowserState(None, storage_key="aula_steps", secret="aula")  # noqa: S106 - no secret
        self.kept = gr.BrowserState([], storage_key="aula_steps_kept", secret="aula")  # noqa: S106 - no secret

    # -- layout ------------------------------------------------------------------------------------------------

    def layout(self) -> None:
        """Lay out the panel."""
        intro("steps")
        with gr.Row(elem_classes=["aula-tries"]):
            self.fable = try_this("steps", "fable")
            self.capital = try_this("steps", "capital")
        self.seen = gr.State(None)
        self.kind = gr.Radio(
            [(str(static(f"lab.steps.kind_{kind}")), kind) for kind in _KINDS],
            value="text",
            label=static("lab.steps.kind"),
            info=static("lab.steps.kind_info"),
            elem_id="aula-lab-steps-kind",
        )
        self.text = gr.Textbox(
            label=static("lab.steps.text"),
            info=static("lab.steps.text_info"),
            lines=2,
            max_lines=8,
            max_length=_LONGEST,
            elem_id="aula-lab-steps-text",
        )
        with gr.Row():
            self.begin = gr.Button(
                static("lab.steps.begin"), variant="primary", scale=0, elem_id="aula-lab-steps-begin"
            )
            self.stop = gr.Button(static("chat.stop"), scale=0, visible=HIDDEN, elem_id="aula-lab-steps-stop")
        self.told = block("", "aula-lab-steps-told")
        self.stage = action_list("aula-lab-steps-stage", KEYS)
        with gr.Row():
            self.colour = gr.Radio(
                [(str(static(f"lab.steps.colour_{name}")), name) for name in COLOURS],
                value="p",
                label=static("lab.steps.colour"),
                elem_id="aula-lab-steps-colour",
            )
            self.k = gr.Slider(FEWEST, MOST, _USUAL, step=1, label=static("lab.steps.k"), elem_id="aula-lab-steps-k")
        self.drawing = action_list("aula-lab-steps-tree", KEYS)
        self.list = action_list("aula-lab-steps-kept")

    # -- wiring ------------------------------------------------------------------------------------------------

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        looks = [self.k, self.colour]
        states = [self.tree, self.kept, self.seen, *looks]
        again = [self.renew, [self.tree, self.seen, *looks], self.stage]
        shown = [self.tree, self.seen, self.stage, self.drawing, self.told, self.begin, self.stop]
        listed = [*shown, self.kept, self.list]
        once = {**ASKING, "trigger_mode": "once"}
        for example, kind in ((self.fable, "text"), (self.capital, "chat")):
            key = f"lab.steps.{'fable' if kind == 'text' else 'capital'}_text"
            example.click(_example(kind, key), None, [self.kind, self.text], **QUIET).then(
                self.start, [self.kind, self.text, self._shared.model, *states], listed, **once
            ).then(*again, **QUIET)
        gr.on(
            [self.begin.click, self.text.submit],
            self.start,
            [self.kind, self.text, self._shared.model, *states],
            listed,
            **once,
        ).then(*again, **QUIET)
        # One after the other, see steps_keys; Gradio's own ways to wait lose either the move or what it was.
        moves = {**ASKING, "trigger_mode": "multiple"}
        clicks = [self.stage.click, self.drawing.click]
        gr.on(clicks, self.move, [self.tree, self.seen, *looks], shown, **moves).then(*again, **QUIET)
        self.list.click(self.manage, states, listed, **ASKING).then(*again, **QUIET)
        gr.on([self.k.change, self.colour.change], self.redraw, [self.tree, self.seen, *looks], self.stage, **QUIET)
        tabs = [tab for tab in (self._shared.page_tabs, self._shared.tabs) if tab is not None]
        packet = self._shared.to_steps
        packet.change(self.come, packet, tabs, **QUIET).then(self.take, [packet, *states], listed, **ASKING).then(
            *again, **QUIET
        )
        blocks.load(self.resume, [self.tree, self.kept, *looks], [self.stage, self.drawing, self.list], **QUIET)
        self.stop.click(self._work.halt, None, None, queue=False, **QUIET)
        blocks.unload(self._work.leave)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def start(
        self,
        request: gr.Request,
        kind: object,
        text: object,
        model: object,
        tree: object,
        kept: object,
        seen: object,
        k: object,
        colour: object,
    ) -> Iterator[Updates]:
        """Plant a tree of what was typed, and look at what may come first. Raises EmptyQuestion, BadOption."""
        said = str(text or "")
        if not said.strip():
            raise EmptyQuestion
        if len(said) > _LONGEST:
            raise BadOption(option="text", allowed=f"1 – {_LONGEST}")
        prompt = {"text": said} if kind != "chat" else _asked(said)

        def work(cancel: threading.Event, told: Told) -> Tree:
            chat = self._shared.chat(model)
            return steps_kept.planted(owner_of(request), shorten(said), chat.model, prompt)

        yield from self._begun(request, work, tree, kept, seen, k, colour)

    @guarded
    def take(
        self, request: gr.Request, packet: object, tree: object, kept: object, seen: object, k: object, colour: object
    ) -> Iterator[Updates]:
        """Open a finished answer that another tab has sent. Raises NoAnswerYet, ModelNotInstalled, ..."""
        if not isinstance(packet, Mapping):
            return
        owner = owner_of(request)
        here = steps_kept.open_tree(tree, owner)
        there = [*([] if here is None else [here]), *steps_kept.others(kept, owner)]
        yield from self._begun(request, self._opened(owner, packet, there), tree, kept, seen, k, colour)

    def _opened(self, owner: str, packet: Mapping[str, object], there: Sequence[Tree]) -> Work:
        """Return the work that opens an answer: where its tree is `there` already, that one with its branches."""
        messages = [{name: str(one.get(name, "")) for name in ("role", "content")} for one in items(packet["messages"])]
        prompt = {"messages": messages, "begin": str(packet.get("begin") or "")}

        def work(cancel: threading.Event, told: Told) -> Tree:
            chat = self._shared.chat(packet.get("model"))
            answer = chat.tokenize(str(packet.get("answer") or ""))
            if not answer:
                raise NoAnswerYet
            title, cut = shorten(str(packet.get("title") or "")), len(answer) > trees.LONGEST
            before = steps_kept.same(there, chat.model, prompt, answer[: trees.LONGEST])
            if before is not None:
                return before
            tree = steps_kept.planted(owner, title, chat.model, prompt, cut)
            return Walk(chat, prompt_tokens(chat, prompt), cancel, told).answered(tree, answer[: trees.LONGEST])

        return work

    @guarded
    def come(self, request: gr.Request, packet: object) -> Updates:
        """Bring this panel into view, for what another tab has sent."""
        del request
        if not isinstance(packet, Mapping):
            return gr.skip(), gr.skip()
        return gr.Tabs(selected="lab"), gr.Tabs(selected="steps")

    @guarded
    def move(
        self, request: gr.Request, event: gr.EventData, tree: object, seen: object, k: object, colour: object
    ) -> Iterator[Updates]:
        """Go a token on or back, take another one, or look elsewhere in the tree."""
        here = steps_kept.open_tree(tree, owner_of(request))
        do, key, _ = clicked(event)
        if here is None or (seen_of(seen) or {}).get("held"):
            return
        grown = here

        def work(cancel: threading.Event, told: Told) -> Tree:
            return self._work.walk(grown, cancel, told).moved(grown, do, int(key) if key.isdecimal() else 0)

        yield from self._work.shown(request, work, Look.of(request, here, seen, k, colour))

    @guarded
    def manage(
        self,
        request: gr.Request,
        event: gr.EventData,
        tree: object,
        kept: object,
        seen: object,
        k: object,
        colour: object,
    ) -> Iterator[Updates]:
        """Open a tree that was put away, or forget it."""
        do, key, _ = clicked(event)
        listed = steps_kept.others(kept, owner_of(request))
        found = next((one for one in listed if one["id"] == key), None)
        if do == "forget":
            left = [one for one in listed if one["id"] != key]
            yield (*(gr.skip() for _ in range(7)), left, steps_view.kept_list(left, language(request)))
        elif found is not None:
            yield from self._begun(request, lambda cancel, told: found, tree, kept, seen, k, colour)

    @guarded
    def redraw(self, request: gr.Request, tree: object, seen: object, k: object, colour: object) -> str:
        """Show the same in other colours or with more next tokens; the model is not asked."""
        here = steps_kept.open_tree(tree, owner_of(request))
        return steps_view.stage(here, seen_of(seen), shown(k), coloured(colour), language(request))

    @guarded
    def renew(self, request: gr.Request, tree: object, seen: object, k: object, colour: object) -> object:
        """Show what a run has brought as it is wanted now, where that was changed while it ran."""
        had = seen_of(seen) or {}
        if (had.get("k"), had.get("colour")) == (shown(k), coloured(colour)):
            return gr.skip()
        return self.redraw(request, tree, seen, k, colour)

    @guarded
    def resume(self, request: gr.Request, tree: object, kept: object, k: object, colour: object) -> Updates:
        """Show what this browser keeps; the model is asked with the first move."""
        owner, lang = owner_of(request), language(request)
        here = steps_kept.open_tree(tree, owner)
        return (
            steps_view.stage(here, None, shown(k), coloured(colour), lang),
            drawing(here, lang),
            steps_view.kept_list(steps_kept.others(kept, owner), lang),
        )

    # -- how ---------------------------------------------------------------------------------------------------

    def _begun(
        self, request: gr.Request, work: Work, tree: object, kept: object, seen: object, k: object, colour: object
    ) -> Iterator[Updates]:
        """Show another tree; the one that lay open is put away."""
        owner = owner_of(request)
        before, listed = steps_kept.open_tree(tree, owner), steps_kept.others(kept, owner)
        now: Tree | None = None

        def noted(cancel: threading.Event, told: Told) -> Tree:
            nonlocal now
            now = work(cancel, told)
            return now

        look = Look.of(request, before, seen, k, colour)
        for updates in self._work.shown(request, noted, look, focus=secrets.token_hex(4)):
            if now is None or updates[0] is not now:
                yield (*updates, gr.skip(), gr.skip())
                continue
            left = [one for one in steps_kept.put_away(listed, before) if one["id"] != now["id"]]
            yield (*updates, left, steps_view.kept_list(left, language(request)))


def _asked(question: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": question}], "begin": ""}


def _example(kind: str, key: str) -> Callable[[gr.Request], Updates]:
    def fill(request: gr.Request) -> Updates:
        return kind, say(language(request), key)

    return fill
