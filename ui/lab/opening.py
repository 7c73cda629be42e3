"""Finished answers of Chat and Playground on their way to the Steps panel: what it needs, out of what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from prompts.reply import Reply
from rag import said
from rag.errors import AnswerNotKept, NoAnswerYet
from rag.history import History, Message, shorten
from ui.components import Keywords, action_list, clicked, guarded, owner_of
from ui.lab.shared import Shared, steps_packet
from ui.plain import mapping
from ui.texts import static

Json = dict[str, Any]


def of_reply(reply: Reply | None, title: str) -> Json:
    """Return what opens a reply of the Playground. Raises NoAnswerYet, AnswerNotKept."""
    if reply is None or reply.stage != "done" or reply.error or not reply.text:
        raise NoAnswerYet
    return _packet(title, reply.model, reply.text, reply.prompt, reply.turns)


def of_messages(messages: Sequence[Message], number: int = 0) -> Json:
    """Return what opens an answer of a conversation: the message of that number, or the last one.

    Raises NoAnswerYet, AnswerNotKept.
    """
    upto = [one for one in messages if not number or one.id <= number]  # numbers grow along a conversation
    found = upto[-1] if upto else None
    if number and (found is None or found.id != number):  # another window has cut the conversation
        raise AnswerNotKept
    if found is None or found.role != "assistant" or not found.content:
        raise NoAnswerYet
    question = next((one.content for one in reversed(upto) if one.role == "user"), "")
    stats, reading = mapping(found.meta.get("stats")), mapping(found.meta.get("reading"))
    if stats.get("finish_reason") == "declined":  # the sentence that it is not there is Aula's
        raise AnswerNotKept
    model = str(stats.get("model") or "")
    return _packet(shorten(question), model, found.content, str(reading.get("prompt") or ""), reading.get("turns"))


def _packet(title: str, model: str, text: str, prompt: str, turns: object) -> Json:
    messages, begin = said.messages(prompt, turns)
    if not messages or not model:  # without a name another model's probabilities would pass for its own
        raise AnswerNotKept
    # An answer is kept with its beginning, and without the white space around both.
    begun = begin.lstrip()
    written = text[len(begun) :] if begun and text.startswith(begun) else "" if begun.startswith(text) else text
    return steps_packet(title, model, messages, written, begin)


def in_answer(replies: object, number: int) -> Reply | None:
    """Return a reply of those that the Compare tab keeps as JSON; none where there is none."""
    one = replies[number] if isinstance(replies, list) and 0 <= number < len(replies) else None
    return Reply.from_json(one) if isinstance(one, Mapping) else None


class LookAtTokens:
    """What opens an answer of the chat in the Lab: a button below it for the last, a link in each of the others."""

    def __init__(self, history: History) -> None:
        """Use the kept conversations; nothing is laid out yet."""
        self._history = history

    def layout(self) -> None:
        """Lay out the button, and what a click on a link goes through: the chat's own HTML cannot call Python."""
        self.look = gr.Button(static("lab.steps.look"), size="sm", scale=0, elem_id="aula-to-steps")
        self.earlier = action_list("aula-look-earlier", value='<button type="button" hidden data-do="look"></button>')

    def wire(self, shared: Shared, conversation: gr.BrowserState) -> None:
        """Connect the callbacks; `conversation` is the open one's id."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        self.look.click(self.open, conversation, shared.to_steps, **quiet)
        self.earlier.click(self.open_earlier, conversation, shared.to_steps, **quiet)

    @guarded
    def open(self, request: gr.Request, conversation: str) -> Json:
        """Hand the last answer over. Raises NoAnswerYet, AnswerNotKept, ConversationNotFound."""
        return self._packet(request, conversation)

    @guarded
    def open_earlier(self, request: gr.Request, conversation: str, event: gr.EventData) -> Json:
        """Hand the answer over whose link was clicked. Raises as `open`."""
        number = clicked(event)[1]
        if not number.isdecimal():
            raise NoAnswerYet
        return self._packet(request, conversation, int(number))

    def _packet(self, request: gr.Request, conversation: str, number: int = 0) -> Json:
        return of_messages(self._history.messages(owner_of(request), conversation) if conversation else [], number)
