"""A turn of a kept conversation: what was said before goes along, question and answer are kept.

It knows neither the model nor the page. A question that could not be answered leaves no trace.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.answer import Answerer, AskOptions
from rag.collections import Collections
from rag.errors import ConversationNotFound, EmptyQuestion
from rag.history import History, Message
from rag.result import Answer


@dataclass(frozen=True)
class Turn:
    """An answer on its way, in its conversation. `earlier`: the messages before the question."""

    conversation: str
    question: str
    earlier: list[Message]
    answer: Answer


class Dialogue:
    """Asks within conversations. Every call names the owner; another's conversation is as one that is not there.

    `documents` may name collections too (see rag.collections.chosen). The choice is kept as it was made: what is in a
    collection is looked up anew for each question.
    """

    def __init__(self, history: History, answerer: Answerer, collections: Collections) -> None:
        """Keep in `history` what `answerer` says."""
        self._history = history
        self._answerer = answerer
        self._collections = collections

    def ask(
        self,
        owner: str,
        conversation: str,
        question: str,
        documents: Sequence[str] | None,
        options: AskOptions,
        cancel: threading.Event,
    ) -> Iterator[Turn]:
        """Answer a question; an empty `conversation` begins one.

        Raises what Answerer.ask does, ConversationNotFound, CollectionNotFound and CollectionEmpty.
        """
        earlier = self._history.messages(owner, conversation) if conversation else []
        yield from self._turn(owner, conversation, question, earlier, documents, options, cancel)

    def again(
        self,
        owner: str,
        conversation: str,
        question: str | None,
        documents: Sequence[str] | None,
        options: AskOptions,
        cancel: threading.Event,
    ) -> Iterator[Turn]:
        """Answer the last question anew, as it was or as `question`. The old answer goes once the new one begins."""
        if not conversation:
            raise EmptyQuestion
        messages = self._history.messages(owner, conversation)
        last = next((n for n in reversed(range(len(messages))) if messages[n].role == "user"), None)
        if last is None:
            raise EmptyQuestion
        text = messages[last].content if question is None else question
        replaced = messages[last].id
        yield from self._turn(owner, conversation, text, messages[:last], documents, options, cancel, replaced)

    def _turn(
        self,
        owner: str,
        conversation: str,
        question: str,
        earlier: list[Message],
        documents: Sequence[str] | None,
        options: AskOptions,
        cancel: threading.Event,
        replaced: int | None = None,
    ) -> Iterator[Turn]:
        asked = self._collections.expand(owner, documents)
        answers = self._answerer.ask(owner, question, asked, [(m.role, m.content) for m in earlier], options, cancel)
        last: Answer | None = None
        kept = False
        try:
            for last in answers:
                # Until here a question can still be refused (too long, no model): nothing is written before.
                if not kept and last.stage != "retrieving":
                    conversation = self._keep(owner, conversation, question, documents, replaced)
                    kept = True
                yield Turn(conversation, question, earlier, last)
        finally:  # also when the page was closed half-way: what was written until then is kept
            cancel.set()
            if kept and last is not None:
                self._keep_answer(owner, conversation, last)

    def _keep(
        self, owner: str, conversation: str, question: str, documents: Sequence[str] | None, replaced: int | None
    ) -> str:
        if not conversation:
            conversation = self._history.create(owner, question, documents)
        else:
            self._history.choose(owner, conversation, documents)
            if replaced is not None:
                self._history.cut(owner, conversation, replaced)
        self._history.append(owner, conversation, "user", question)
        return conversation

    def _keep_answer(self, owner: str, conversation: str, answer: Answer) -> None:
        meta = {key: value for key, value in answer.to_json().items() if key not in ("answer", "stage")}
        if answer.stage != "done":
            meta["stopped"] = True
        try:
            self._history.append(owner, conversation, "assistant", answer.text, meta)
        except ConversationNotFound:
            return  # deleted while it was being answered
