"""A question to a streamed answer with its citations: find, prompt, generate, verify.

It knows nothing of the page; every step is yielded as a fuller Answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from rag.aside import Aside
from rag.citing import Cited, cite, closest
from rag.dense import Dense
from rag.errors import BadOption, EmptyQuestion
from rag.finder import Asked, Finder, Found
from rag.gatekeeper import Gatekeeper
from rag.language import question_language
from rag.prompt import QUESTION_SLOT
from rag.refusals import NO_ANSWER, is_refusal
from rag.result import Answer, Citation, LeftOut, Reading, Seen
from rag.said import places
from rag.selection import SENTENCES
from rag.settings import PRESETS, Decoding
from rag.store import Store
from rag.verify import Verifier
from rag.window import Ask, Fitted, Turn, fit

if TYPE_CHECKING:
    from collections.abc import Generator

    from langchain_core.messages import AIMessageChunk

    from rag.llm import LlamaChat

__all__ = ["Answer", "Answerer", "AskOptions", "Citation"]

_LANGUAGES = ("question", "es", "en")
_SENTENCE_ENDS = (".", "!", "?", "\n")


@dataclass(frozen=True)
class AskOptions:
    """How to answer. `language` is that of the answer; `k` the number of sentences that go into the prompt.

    For plain chat only: `shots`, worked examples (what was said, what was answered); `template`, which words the
    question in the place of `{{question}}` (see rag.prompt.worded); `begin`, with which the answer begins.
    """

    decoding: Decoding = PRESETS["precise"]
    system: str = ""
    language: str = "question"
    k: int = SENTENCES
    shots: tuple[tuple[str, str], ...] = ()
    template: str = ""
    begin: str = ""

    @classmethod
    def from_json(cls, options: Mapping[str, object] | None) -> AskOptions:
        """Read {preset, temperature, ..., system, language, k, shots, template, begin}.

        Raises BadOption, also for an unknown name.
        """
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
        shots, template = _shots(given.pop("shots", None)), _template(given.pop("template", None))
        begin = str(given.pop("begin", None) or "")
        unknown = given.keys() - Decoding.__dataclass_fields__.keys()
        if unknown:
            raise BadOption(option=sorted(unknown)[0], allowed=", ".join(Decoding.__dataclass_fields__))
        return cls(Decoding.from_options(given, PRESETS[preset]), system, language, k, shots, template, begin)


def _shots(data: object) -> tuple[tuple[str, str], ...]:
    """Return worked examples out of [{user, assistant}]. Raises BadOption."""
    listed = [] if data is None else data
    shots: list[tuple[str, str]] = []
    for one in listed if isinstance(listed, list) else [None]:
        said = [one.get(part) for part in ("user", "assistant")] if isinstance(one, Mapping) else []
        if len(said) != 2 or not all(isinstance(text, str) for text in said):
            raise BadOption(option="shots", allowed='[{"user": "…", "assistant": "…"}]')
        shots.append((str(said[0]), str(said[1])))
    return tuple(shots)


def _template(data: object) -> str:
    """Return the wording of the question, or an empty text. Raises BadOption where the question has no place in it."""
    template = str(data or "")
    if template and not QUESTION_SLOT.search(template):
        raise BadOption(option="template", allowed="… {{question}} …")
    return template


class Answerer:
    """Answers questions of an owner about what the owner holds, or about nothing in particular."""

    def __init__(self, store: Store, dense: Dense, finder: Finder, chat: Callable[[], LlamaChat]) -> None:
        """`chat` returns the model in use, or raises ModelNotReady."""
        self._store = store
        self._dense = dense
        self._finder = finder
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
        if documents == [] or (documents is None and not self._store.documents(owner)):
            fitted = fit(model, _plain(question, language, options), history)
            yield from self._write(model, fitted, _reading(model, fitted, None), options, cancel, None)
            return
        asked = Asked(owner, question, documents, history, options.k)
        yield from self._from_documents(model, asked, language, options, cancel)

    def _from_documents(
        self, model: LlamaChat, asked: Asked, language: str, options: AskOptions, cancel: threading.Event
    ) -> Iterator[Answer]:
        started = time.perf_counter()
        found = Found.nothing(asked.question)
        for step in self._find(model, asked, cancel):
            if isinstance(step, Found):
                found = step
            else:
                yield Answer("retrieving", progress=step)
        stats = {"retrieval_ms": round((time.perf_counter() - started) * 1000)}
        model = self._chat()  # again: another may have taken over meanwhile
        gatekeeper = Gatekeeper(found, model.model, language)
        if not found.excerpts or gatekeeper.hopeless:
            yield _refusal(found, language, {"model": model.model, "prompt_tokens": 0, "completion_tokens": 0} | stats)
            return
        question = found.standalone.text if found.standalone.how == "rewritten" else asked.question
        ask = Ask(question, language, found.excerpts, found.whole, options.system, _longest(options))
        fitted = fit(model, ask, asked.history)
        verifier = Verifier(self._dense, question, language, found.passages, cancel)
        state = replace(_reading(model, fitted, found), stats=stats)
        for answer in self._write(model, fitted, state, options, cancel, verifier, gatekeeper):
            if answer.stats.get("finish_reason") == "declined":
                yield replace(_refusal(found, language, answer.stats), window=answer.window, reading=answer.reading)
            else:
                yield answer

    def _find(self, model: LlamaChat, asked: Asked, cancel: threading.Event) -> Iterator[tuple[int, int] | Found]:
        """Yield (done, total) while whole documents are read, and what was found at the end."""
        with Aside(lambda told: self._finder.find(model, asked, cancel, told)) as aside:
            try:
                yield from aside.progress()
                yield aside.result()
            except GeneratorExit:
                cancel.set()  # else leaving the block would wait for work that nobody wants
                raise

    def _write(
        self,
        model: LlamaChat,
        fitted: Fitted,
        state: Answer,
        options: AskOptions,
        cancel: threading.Event,
        verifier: Verifier | None,
        gatekeeper: Gatekeeper | None = None,
    ) -> Iterator[Answer]:
        """Stream the model's text into `state`, verified as it grows; closing this generator frees the model."""
        yield state
        stats = dict(state.stats)
        text = fitted.begin
        cited = Cited()
        asking = gatekeeper.asking() if gatekeeper else {}
        if fitted.begin:
            asking["begin"] = fitted.begin
        stream = cast(
            "Generator[AIMessageChunk]",
            model.stream(fitted.prompt, decoding=options.decoding, cancel=cancel, **asking),
        )
        with closing(stream):
            for chunk in stream:
                text += str(chunk.text)
                stats |= chunk.response_metadata or {}
                if verifier is not None and any(mark in str(chunk.text) for mark in _SENTENCE_ENDS):
                    cited = cite(verifier.check(text, whole=False))
                if gatekeeper is not None:
                    state = replace(state, caution=gatekeeper.caution)
                if chunk.text:
                    yield replace(state, stage="writing", text=text, citations=cited.citations, marks=cited.marks)
        yield _finished(state, text.strip(), stats, verifier)


def _plain(question: str, language: str, options: AskOptions) -> Ask:
    return Ask(
        question,
        language,
        system=options.system,
        max_tokens=_longest(options),
        examples=options.shots,
        template=options.template,
        begin=options.begin,
    )


def _longest(options: AskOptions) -> int:
    return options.decoding.max_tokens


def _finished(state: Answer, text: str, stats: Mapping[str, object], verifier: Verifier | None) -> Answer:
    """Return the whole answer; one that says that it is not there has no citations but the closest pages."""
    window = state.window
    if window is not None:
        window = replace(window, answer=int(str(stats.get("completion_tokens", 0))))
    done = replace(
        state,
        stage="done",
        text=text,
        stats=dict(stats),
        window=window,
        stopped=stats.get("finish_reason") == "cancelled",
    )
    if verifier is None:
        return done
    if is_refusal(text):
        return replace(done, abstained=True, caution=False)
    cited = cite(verifier.check(text))
    nearest = () if cited.citations else state.closest
    return replace(done, citations=cited.citations, marks=cited.marks, closest=nearest)


def _reading(model: LlamaChat, fitted: Fitted, found: Found | None) -> Answer:
    """Return the answer before its first word: what the model is about to read."""
    total = fitted.window.used or 1
    seen = tuple(
        Seen(one.name, one.page, one.text, tokens, round(tokens / total, 4), one.document, one.unit, one.label)
        for one, tokens in zip(fitted.excerpts, fitted.tokens, strict=True)
    )
    dropped = [
        LeftOut(one.name, one.page, one.text, "room", one.document, one.unit, one.label) for one in fitted.left_out
    ]
    if found is not None:
        dropped += [
            LeftOut(one.name, one.page, one.text, one.reason, one.document, one.unit, one.label)
            for one in found.dropped
        ]
    rendered = model.render(fitted.prompt, begin=fitted.begin) if fitted.begin else model.render(fitted.prompt)
    turns = places(rendered, fitted.prompt, fitted.begin)
    reading = Reading(rendered, seen, tuple(dropped), turns)
    state = Answer("reading", window=fitted.window, reading=reading)
    if found is None:
        return state
    how = found.standalone.how
    searched = "" if how == "as_asked" else found.standalone.text
    return replace(state, searched=searched, how=how if searched else "", closest=closest(found))


def _refusal(found: Found, language: str, stats: Mapping[str, object]) -> Answer:
    """Return the answer that the model was not asked for, or whose first word it was not let say."""
    how = found.standalone.how
    return Answer(
        "done",
        NO_ANSWER[language],
        abstained=True,
        closest=closest(found),
        stats=dict(stats),
        searched="" if how == "as_asked" else found.standalone.text,
        how="" if how == "as_asked" else how,
    )
