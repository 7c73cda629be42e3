"""Improve with the model: streams a proposal for a column's prompt, shows what it changes, takes it or leaves it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping

import gradio as gr

from prompts.lint import improve
from prompts.prompt import Prompt
from prompts.services import Services
from rag.errors import NothingToRun
from ui.column_editor import MOST, PROMPT, ColumnEditor, Fields, prompt_of
from ui.column_filling import put_prompt, updates
from ui.compare_run import PACE_S
from ui.components import PLAY, PLAY_LIMIT, Keywords, Running, clicked, guarded, language, owner_of
from ui.desk import Desk
from ui.lint_view import proposal, refused, writing
from ui.texts import say

Updates = tuple[object, ...]


class Improving:
    """The callbacks of every column's proposal."""

    def __init__(self, services: Services, running: Running, desk: Desk) -> None:
        """Use the lower layers; the components are the columns' own."""
        self._services = services
        self._running = running
        self._desk = desk

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        for editor in self._desk.editors:
            self._wire(editor)
        blocks.unload(self.end)

    def _wire(self, editor: ColumnEditor) -> None:
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
        own = [editor.which, *self._desk.inputs]
        editor.improve.click(
            self.propose,
            own,
            [editor.proposal, editor.proposed, editor.improve, editor.halt],
            concurrency_id=PLAY,
            concurrency_limit=PLAY_LIMIT,
            trigger_mode="once",
            **quiet,
        )
        editor.halt.click(self.halt, editor.which, None, queue=False, **quiet)
        prompt = [editor.parts[name] for name in PROMPT]
        editor.proposal.click(
            self.decide,
            [editor.proposed, *own],
            [*prompt, editor.proposal, editor.proposed, *self._desk.around],
            **quiet,
        )

    def halt(self, request: gr.Request, which: int) -> None:
        """Stop the proposal for column `which` of this page."""
        self._running.stop(_key(request, which))

    def end(self, request: gr.Request) -> None:
        """Stop every proposal of this page: it was closed, or its columns are others now."""
        for which in range(MOST):
            self.halt(request, which)

    @guarded
    def propose(self, request: gr.Request, which: int, *values: object) -> Iterator[Updates]:
        """Stream the model's proposal, then show it as a difference; however it ends, the button comes back."""
        lang = language(request)
        row = self._desk.split(values)[0][which]
        if not prompt_of(row).user.strip():
            raise NothingToRun
        with self._running.event(_key(request, which)) as cancel:
            yield writing("", lang), None, *_buttons(busy=True)
            try:
                for shown, proposed in self._written(row, lang, cancel):
                    yield shown, proposed, gr.skip(), gr.skip()
            except Exception:
                yield "", None, *_buttons(busy=False)
                raise
            last = ("", None) if cancel.is_set() else (gr.skip(), gr.skip())
            yield *last, *_buttons(busy=False)

    def _written(self, row: Fields, lang: str, cancel: threading.Event) -> Iterator[tuple[str, object]]:
        """Yield what is shown of the proposal, and at its end what `decide` takes."""
        mine = prompt_of(row)
        text, seen = "", 0.0
        model = self._services.lender.chat(str(row["model"] or ""))
        for text in improve.improve(model, mine, self._desk.lint(row), lang, cancel):
            if time.monotonic() - seen >= PACE_S:
                seen = time.monotonic()
                yield writing(text, lang), None
        if cancel.is_set():
            return
        found = improve.reading(text, mine)
        if found.kept is not None:
            yield refused(found.kept.text(lang)), None
        else:
            yield proposal(mine, found.prompt, lang), {"mine": mine.to_json(), "theirs": found.prompt.to_json()}

    @guarded
    def decide(
        self, request: gr.Request, event: gr.EventData, proposed: object, which: int, *values: object
    ) -> Updates:
        """Put the proposal into the column, or leave the column as it is; both end the proposal.

        A proposal is for the prompt that it was made of: another one that stands there now is left alone.
        """
        lang = language(request)
        rows, _, boxes = self._desk.split(values)
        left = (*(gr.skip() for _ in PROMPT), "", None, *(gr.skip() for _ in self._desk.around))
        if clicked(event)[0] != "accept" or not isinstance(proposed, Mapping) or which >= len(rows):
            return left
        if prompt_of(rows[which]).to_json() != proposed["mine"]:
            gr.Warning(say(lang, "play.proposal_old"), title=say(lang, "notice.title"))
            return left
        rows[which] |= put_prompt(Prompt.from_json(proposed["theirs"]), rows[which]["kept"])
        around = self._desk.seen(rows, boxes, owner_of(request), lang)
        return (*updates(rows[which], PROMPT), "", None, *around)


def _buttons(busy: bool) -> tuple[gr.Button, gr.Button]:
    """Return the updates of Improve and Stop.

    Not `buttons`: when a column comes, Gradio shows whatever in it is mounted, and a hidden Stop would be.
    """
    return gr.Button(visible=not busy), gr.Button(visible=busy)


def _key(request: gr.Request, which: int) -> str:
    """Return what names the proposal for a column of one page."""
    return f"{request.session_hash}:improve:{which}"
