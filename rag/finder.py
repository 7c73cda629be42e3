"""From a question in a conversation to what is read for it: made to stand alone, searched for, weighed, chosen.

It asks the model only for two short lines, and only where they are needed: a question that leans on the conversation,
and documents in another language than the question's. What the answer says it knows nothing of.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.evidence import Judge
from rag.followups import Standalone, stand_alone
from rag.gate import NOTHING, Evidence
from rag.language import question_language
from rag.overview import Sketcher
from rag.retrieval import Passage, Retriever
from rag.selection import Dropped, Excerpt, Selector
from rag.store import Store
from rag.translation import Translator, foreign_languages
from rag.whole import is_about_whole, without_name

if TYPE_CHECKING:
    from rag.llm import LlamaChat

PASSAGES = 5  # retrieved before sentences are chosen
Turn = tuple[str, str]  # (role, text)


@dataclass(frozen=True)
class Asked:
    """A question, its conversation, and the documents that it is asked of (None: all that are held)."""

    owner: str
    question: str
    documents: Sequence[str] | None = None
    history: Sequence[Turn] = ()
    sentences: int = 3


@dataclass(frozen=True)
class Found:
    """What was found. `excerpts` go into the prompt; `passages` are what citations may quote, best first."""

    standalone: Standalone
    evidence: Evidence = NOTHING
    excerpts: tuple[Excerpt, ...] = ()
    passages: tuple[Passage, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    whole: bool = False

    @classmethod
    def nothing(cls, question: str) -> Found:
        """Return that nothing was found."""
        return cls(Standalone(question, "as_asked", question))


class Finder:
    """Finds what bears on a question in what its owner holds."""

    def __init__(
        self,
        store: Store,
        retriever: Retriever,
        selector: Selector,
        judge: Judge,
        sketcher: Sketcher,
        translator: Translator,
    ) -> None:
        """Use these parts of the pipeline."""
        self._store = store
        self._retriever = retriever
        self._selector = selector
        self._judge = judge
        self._sketcher = sketcher
        self._translator = translator

    def find(
        self,
        model: LlamaChat,
        asked: Asked,
        cancel: threading.Event,
        progress: Callable[[int, int], None] | None = None,
    ) -> Found:
        """Return what is to be read. `progress` gets (sentences read, in all) where whole documents are summed up.

        Raises DocumentNotFound, Cancelled, ModelNotReady.
        """
        whole = self._whole_documents(asked)
        if whole is not None:
            found = self._whole(replace(asked, documents=whole or asked.documents), cancel, progress)
            if found.excerpts:  # a text without sentences or headings has no sketch: then its nearest passages
                return found
        tongue = question_language(asked.question)
        standalone = stand_alone(model, asked.question, asked.history, tongue, cancel)
        translations = self._translations(model, asked, standalone, tongue, cancel)
        passages = self._retriever.search(asked.owner, standalone.text, PASSAGES, asked.documents, cancel, translations)
        selection = self._selector.select(standalone.text, passages, asked.sentences, cancel)
        evidence = self._judge.weigh(standalone.text, tongue, passages, translations)
        return Found(standalone, evidence, selection.excerpts, tuple(passages), selection.dropped)

    def _whole_documents(self, asked: Asked) -> list[str] | None:
        """Return the documents named in a question about all of them; none named: []; another question: None."""
        named: list[str] = []
        question = asked.question
        for document in self._store.documents(asked.owner):
            if asked.documents is not None and document.id not in asked.documents:
                continue
            without = without_name(question, document.name)
            if without != question:
                named.append(document.id)
                question = without
        if is_about_whole(question, asked.history):
            return named
        # A document may be called "resumen.pdf": its name is then what is asked for, and not what is asked about.
        return [] if is_about_whole(asked.question, asked.history) else None

    def _translations(
        self, model: LlamaChat, asked: Asked, standalone: Standalone, tongue: str, cancel: threading.Event
    ) -> dict[str, str]:
        held = self._store.documents(asked.owner)
        if asked.documents is not None:
            held = [document for document in held if document.id in asked.documents]
        found = {}
        for language in foreign_languages(tongue, held):
            translated = self._translator.translate(model, standalone.text, language, cancel)
            if translated:
                found[language] = translated
        return found

    def _whole(self, asked: Asked, cancel: threading.Event, progress: Callable[[int, int], None] | None) -> Found:
        excerpts = self._sketcher.sketch(asked.owner, asked.documents, cancel=cancel, progress=progress)
        passages = [passage for excerpt in excerpts for passage in self._pieces(asked.owner, excerpt)]
        alone = Standalone(asked.question, "as_asked", asked.question)
        return Found(alone, NOTHING, tuple(excerpts), tuple(passages), whole=True)

    def _pieces(self, owner: str, excerpt: Excerpt) -> Iterator[Passage]:
        """Yield the pieces of a sketch as passages, for its citations."""
        language = self._store.document(owner, excerpt.document).language
        text = self._store.page_text(owner, excerpt.document, excerpt.page)
        for start, end in excerpt.spans:
            yield Passage(
                chunk=0,
                document=excerpt.document,
                name=excerpt.name,
                page=excerpt.page,
                text=text[start:end],
                start=start,
                end=end,
                score=excerpt.score,
                dense=0.0,
                lexical=0.0,
                language=language,
                unit=excerpt.unit,
                label=excerpt.label,
            )
