"""A question to a streamed answer with its sources: retrieve, choose sentences, prompt, generate.

It knows nothing of the page; every step is yielded as a fuller Answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, cast

from rag.errors import BadOption, EmptyQuestion
from rag.evidence import Judge
from rag.language import question_language
from rag.refusals import NO_ANSWER, is_refusal
from rag.retrieval import Retriever
from rag.selection import SENTENCES, Excerpt, Selector
from rag.settings import PRESETS, Decoding
from rag.store import Store
from rag.window import Ask, Turn, Window, fit

if TYPE_CHECKING:
    from collections.abc import Generator

    from langchain_core.messages import AIMessageChunk, BaseMessage

    from rag.llm import LlamaChat

PASSAGES = 5  # retrieved before sentences are chosen
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

    def __init__(
        self, store: Store, retriever: Retriever, selector: Selector, judge: Judge, chat: Callable[[], LlamaChat]
    ) -> None:
        """`chat` returns the model in use, or raises ModelNotReady."""
        self._store = store
        self._retriever = retriever
        self._selector = selector
        self._judge = judge
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
        plain = documents == [] or (documents is None and not self._store.documents(owner))
        ask = Ask(question, language, system=options.system, max_tokens=options.decoding.max_tokens)
        if not plain:
            ask = self._with_evidence(ask, owner, documents, options.k, cancel)
        retrieval_ms = round((time.perf_counter() - started) * 1000)
        if not ask.excerpts and not plain:
            yield _nothing_found(language, retrieval_ms, model)
            return
        model = self._chat()  # again: another may have taken over meanwhile
        prompt, window, kept = fit(model, ask, history)
        citations = tuple(_citation(number, excerpt) for number, excerpt in enumerate(kept, 1))
        state = Answer("reading", citations=citations, window=window, stats={"retrieval_ms": retrieval_ms})
        yield state
        yield from self._write(model, prompt, state, options, cancel)

    def _with_evidence(
        self, ask: Ask, owner: str, documents: Sequence[str] | None, sentences: int, cancel: threading.Event
    ) -> Ask:
        """Return `ask` with the sentences that bear on it, and how well they do."""
        passages = self._retriever.search(owner, ask.question, PASSAGES, documents, cancel)
        excerpts = self._selector.select(ask.question, passages, sentences, cancel)
        return replace(ask, excerpts=tuple(excerpts), strong=self._judge.strong(ask.question, passages))

    def _write(
        self,
        model: LlamaChat,
        prompt: list[BaseMessage],
        state: Answer,
        options: AskOptions,
        cancel: threading.Event,
    ) -> Iterator[Answer]:
        """Stream the model's text into `state`; closing this generator frees the model."""
        stats = dict(state.stats)
        text = ""
        stream = cast("Generator[AIMessageChunk]", model.stream(prompt, decoding=options.decoding, cancel=cancel))
        with closing(stream):
            for chunk in stream:
                text += str(chunk.text)
                stats |= chunk.response_metadata or {}
                if chunk.text:
                    yield replace(state, stage="writing", text=text)
        stopped = stats.get("finish_reason") == "cancelled"
        abstained = bool(state.citations) and is_refusal(text)
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
