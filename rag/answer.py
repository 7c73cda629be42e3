"""A question to a streamed answer with its sources: retrieve, choose sentences, prompt, generate.

It knows nothing of the page; every step is yielded as a fuller Answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from rag.errors import BadOption, EmptyQuestion, QuestionTooLong
from rag.language import question_language
from rag.retrieval import Retriever
from rag.selection import SENTENCES, Excerpt, Selector
from rag.settings import PRESETS, Decoding
from rag.store import Store

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from rag.llm import LlamaChat

Turn = tuple[str, str]  # (role, text)
PASSAGES = 5  # retrieved before sentences are chosen
_MIN_ANSWER = 64  # tokens that are kept free for the answer, at the least
_LANGUAGES = ("question", "es", "en")


@dataclass(frozen=True)
class AskOptions:
    """How to answer. `language` is that of the answer; `k` the number of sentences that go into the prompt."""

    decoding: Decoding = PRESETS["precise"]
    system: str = ""
    language: str = "question"
    k: int = SENTENCES

    @classmethod
    def from_json(cls, options: Mapping[str, object] | None) -> AskOptions:
        """Read {preset, temperature, ..., system, language, k}. Raises BadOption, also for an unknown name."""
        given = dict(options or {})
        preset = str(given.pop("preset", None) or "precise")
        if preset not in PRESETS:
            raise BadOption(option="preset", allowed=", ".join(PRESETS))
        language = str(given.pop("language", None) or "question")
        if language not in _LANGUAGES:
            raise BadOption(option="language", allowed=", ".join(_LANGUAGES))
        k = given.pop("k", None)
        k = SENTENCES if k is None else k
        if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= 20:
            raise BadOption(option="k", allowed="1 – 20")
        system = str(given.pop("system", None) or "")
        unknown = given.keys() - Decoding.__dataclass_fields__.keys()
        if unknown:
            raise BadOption(option=sorted(unknown)[0], allowed=", ".join(Decoding.__dataclass_fields__))
        return cls(Decoding.from_options(given, PRESETS[preset]), system, language, k)


@dataclass(frozen=True)
class Citation:
    """A source of the answer: `quote` stands verbatim on that page, `text` is what the model read of it."""

    n: int
    document: str
    name: str
    page: int
    quote: str
    score: float
    text: str = ""


@dataclass(frozen=True)
class Window:
    """How the context window is used, in tokens; `dropped` counts the messages that no longer fit."""

    context: int
    system: int = 0
    history: int = 0
    passages: int = 0
    question: int = 0
    answer: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Answer:
    """An answer on its way. `stage`: retrieving | reading | writing | done."""

    stage: str
    text: str = ""
    abstained: bool = False
    citations: tuple[Citation, ...] = ()
    unsupported: tuple[str, ...] = ()
    stats: Mapping[str, object] = field(default_factory=dict)
    window: Window | None = None
    stopped: bool = False

    def to_json(self) -> dict[str, object]:
        """Return the form of the web API's /ask."""
        return {
            "stage": self.stage,
            "answer": self.text,
            "abstained": self.abstained,
            "citations": [asdict(citation) for citation in self.citations],
            "unsupported": list(self.unsupported),
            "stats": dict(self.stats),
            "window": asdict(self.window) if self.window else None,
            "stopped": self.stopped,
        }


class Answerer:
    """Answers questions of an owner about what the owner holds, or about nothing in particular."""

    def __init__(self, store: Store, retriever: Retriever, selector: Selector, chat: Callable[[], LlamaChat]) -> None:
        """`chat` returns the model in use, or raises ModelNotReady."""
        self._store = store
        self._retriever = retriever
        self._selector = selector
        self._chat = chat

    def ask(
        self,
        owner: str,
        question: str,
        documents: Sequence[str] | None = None,
        history: Sequence[Turn] = (),
        options: AskOptions | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Answer]:
        """Yield the answer as it comes; the last one has stage "done".

        `documents`: None asks all that `owner` holds, an empty list asks the model alone. Raises EmptyQuestion,
        DocumentNotFound, ModelNotReady, QuestionTooLong, Cancelled (before anything was written).
        """
        options = options or AskOptions()
        cancel = cancel or threading.Event()
        question = question.strip()
        if not question:
            raise EmptyQuestion
        model = self._chat()
        language = question_language(question) if options.language == "question" else options.language
        yield Answer("retrieving")
        started = time.perf_counter()
        excerpts, plain = self._evidence(owner, question, documents, options, cancel)
        retrieval_ms = round((time.perf_counter() - started) * 1000)
        citations = tuple(_citation(number, excerpt) for number, excerpt in enumerate(excerpts, 1))
        if not excerpts and not plain:
            yield _nothing_found(language, retrieval_ms, model)
            return
        model = self._chat()  # again: another may have taken over meanwhile
        prompt, window, excerpts = _fit(model, question, excerpts, history, language, options)
        citations = citations[: len(excerpts)]
        state = Answer("reading", citations=citations, window=window, stats={"retrieval_ms": retrieval_ms})
        yield state
        yield from self._write(model, prompt, state, options, cancel, plain)

    def _evidence(
        self,
        owner: str,
        question: str,
        documents: Sequence[str] | None,
        options: AskOptions,
        cancel: threading.Event,
    ) -> tuple[list[Excerpt], bool]:
        """Return the excerpts, and whether this is a chat without documents."""
        if documents is not None and not documents:
            return [], True
        if documents is None and not self._store.documents(owner):
            return [], True
        passages = self._retriever.search(owner, question, PASSAGES, documents, cancel)
        return self._selector.select(question, passages, options.k, cancel), False

    def _write(
        self,
        model: LlamaChat,
        prompt: list[BaseMessage],
        state: Answer,
        options: AskOptions,
        cancel: threading.Event,
        plain: bool,
    ) -> Iterator[Answer]:
        """Stream the model's text into `state`; closing this generator frees the model."""
        stats = dict(state.stats)
        text = ""
        for chunk in model.stream(prompt, decoding=options.decoding, cancel=cancel):
            text += str(chunk.text)
            if chunk.response_metadata:
                stats |= chunk.response_metadata
            if chunk.text:
                yield replace(state, stage="writing", text=text)
        from rag.prompt import is_refusal

        stopped = stats.get("finish_reason") == "cancelled"
        abstained = not plain and is_refusal(text)
        window = replace(state.window, answer=int(str(stats.get("completion_tokens", 0)))) if state.window else None
        yield replace(
            state,
            stage="done",
            text=text.strip(),
            abstained=abstained,
            stats=stats,
            window=window,
            stopped=stopped,
        )


def _nothing_found(language: str, retrieval_ms: int, model: LlamaChat) -> Answer:
    from rag.prompt import NO_ANSWER

    stats = {"model": model.model, "prompt_tokens": 0, "completion_tokens": 0, "retrieval_ms": retrieval_ms}
    return Answer("done", NO_ANSWER[language], abstained=True, stats=stats)


def _citation(number: int, excerpt: Excerpt) -> Citation:
    return Citation(
        n=number,
        document=excerpt.document,
        name=excerpt.name,
        page=excerpt.page,
        quote=excerpt.quote,
        score=round(excerpt.score, 4),
        text=excerpt.text,
    )


def _fit(
    model: LlamaChat,
    question: str,
    excerpts: Sequence[Excerpt],
    history: Sequence[Turn],
    language: str,
    options: AskOptions,
) -> tuple[list[BaseMessage], Window, list[Excerpt]]:
    """Build the prompt, dropping the last excerpts and the oldest turns until it and the answer fit.

    Returns the excerpts that are left, too. Raises QuestionTooLong.
    """
    from rag.prompt import documents_prompt, plain_prompt

    left = list(excerpts)

    def build(turns: Sequence[Turn]) -> list[BaseMessage]:
        if left:
            return documents_prompt(question, left, turns, language, options.system)
        return plain_prompt(question, turns, language, options.system)

    bare = model.count_messages(build(()))
    while len(left) > 1 and model.context - bare < _MIN_ANSWER:
        left.pop()
        bare = model.count_messages(build(()))
    reserve = max(_MIN_ANSWER, min(options.decoding.max_tokens, model.context // 4))
    room = model.context - bare - reserve
    if model.context - bare < _MIN_ANSWER:
        raise QuestionTooLong(tokens=bare, room=model.context - _MIN_ANSWER)
    kept = _keep_last(model, history, room)
    prompt = build(kept)
    total = model.count_messages(prompt)
    passages = sum(model.count_tokens(excerpt.text) for excerpt in left)
    asked = model.count_tokens(question)
    window = Window(
        context=model.context,
        system=max(0, bare - passages - asked),
        history=total - bare,
        passages=passages,
        question=asked,
        dropped=len(history) - len(kept),
    )
    return prompt, window, left


def _keep_last(model: LlamaChat, history: Sequence[Turn], room: int) -> list[Turn]:
    """Return the newest whole exchanges that fit into `room` tokens; a kept history begins with the user."""
    kept: list[Turn] = []
    used = 0
    for role, text in reversed(history):
        used += model.count_tokens(text) + 8  # the template's own tokens around a message
        if used > room:
            break
        kept.insert(0, (role, text))
    while kept and kept[0][0] != "user":
        kept.pop(0)
    return kept
