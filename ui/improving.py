"""Improve with the model: streams a proposal for a column's prompt, shows what it changes, takes it or leaves it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import gradio as gr

from prompts.lint import improve
from prompts.prompt import Prompt
from prompts.services import Services
from rag.errors import NothingToRun
from ui.column_editor import PROMPT, ColumnEditor, prompt_of
from ui.column_filling import put_prompt, updates
from ui.compare_run import PACE_S, key_of
from ui.components import MODEL, MODEL_LIMIT, Keywords, Running, clicked, guarded, language
from ui.desk import Desk
from ui.lint_view import proposal, refused, writing

Updates = tuple[object, ...]


class Improving:
    """The callbacks of every column's proposal."""

    def __init__(self, services: Services, running: Running, desk: Desk) -> None:
        """Use the lower layers; the components are the columns' own."""
        self._services = services
        self._running = running
        self._desk = desk

    def wire(self) -> None:
        """Connect the callbacks."""
        for editor in self._desk.editors:
            self._wire(editor)

    def _wire(self, editor: ColumnEditor) -> None:
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
        own = [editor.which, *self._desk.inputs]
        editor.improve.click(
            self.propose,
            own,
            [editor.proposal, editor.proposed],
            concurrency_id=MODEL,
            concurrency_limit=MODEL_LIMIT,
            trigger_mode="once",
            **quiet,
        )
        prompt = [editor.parts[name] for name in PROMPT]
        editor.proposal.click(
            self.decide,
            [editor.proposed, *own],
            [*prompt, editor.proposal, editor.proposed, *self._desk.around],
            **quiet,
        )

    @guarded
    def propose(self, request: gr.Request, which: int, *values: object) -> Iterator[Updates]:
        """Stream the model's proposal, then show it as a difference."""
        lang = language(request)
        row = self._desk.split(values)[0][which]
        mine = prompt_of(row)
        if not mine.user.strip():
            raise NothingToRun
        model = self._services.lender.chat(str(row["model"] or ""))
        yield writing("", lang), None
        text = ""
        with self._running.event(key_of(request)) as cancel:
            shown = 0.0
            for text in improve.improve(model, mine, self._desk.lint(row), lang, cancel):
                if time.monotonic() - shown >= PACE_S:
                    shown = time.monotonic()
                    yield writing(text, lang), None
            if cancel.is_set():
                yield "", None
                return
        found = improve.reading(text, mine)
        if found.kept is not None:
            yield refused(found.kept.text(lang)), None
        else:
            yield proposal(mine, found.prompt, lang), found.prompt.to_json()

    @guarded
    def decide(
        self, request: gr.Request, event: gr.EventData, proposed: object, which: int, *values: object
    ) -> Updates:
        """Put the proposal into the column, or leave the column as it is; both end the proposal."""
        lang = language(request)
        rows, _, boxes = self._desk.split(values)
        if clicked(event)[0] != "accept" or not proposed or which >= len(rows):
            return (*(gr.skip() for _ in PROMPT), "", None, *(gr.skip() for _ in self._desk.around))
        rows[which] |= put_prompt(Prompt.from_json(proposed), rows[which]["kept"])
        return (*updates(rows[which], PROMPT), "", None, *self._desk.seen(rows, boxes, lang))
