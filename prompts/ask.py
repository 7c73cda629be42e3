"""One column asks one row: fill in, retrieve, render, stream, vote. It knows nothing of tables, checks or pages."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from prompts.checks.votes import readings
from prompts.column import Column
from prompts.grammar import gbnf
from prompts.prompt import CONTEXT, Prompt
from prompts.reply import Reply, Source
from rag.errors import AulaError, Cancelled
from rag.language import question_language
from rag.said import places
from rag.settings import Decoding

if TYPE_CHECKING:
    from collections.abc import Generator

    from langchain_core.messages import AIMessageChunk

    from rag.llm import LlamaChat

# Gives the passages for (owner, question, documents, cancel): their text between delimiters, and where they stand.
Find = Callable[[str, str, "Sequence[str] | None", threading.Event], tuple[str, tuple[Source, ...]]]
_SUMMED = ("prompt_tokens", "completion_tokens", "reused_tokens", "waited_s")


@dataclass(frozen=True)
class Asker:
    """Asks models. `chat` gives a model by name ("": the one in use) or raises ModelNotReady, ModelNotInstalled."""

    chat: Callable[[str], LlamaChat]
    find: Find | None = None

    def ask(
        self,
        column: Column,
        values: Mapping[str, str],
        seeds: Sequence[int] = (0,),
        owner: str = "",
        cancel: threading.Event | None = None,
    ) -> Iterator[Reply]:
        """Yield the reply as it grows; the last one has stage "done". One seed a sample (see Experiment.cell_seed).

        Raises what makes the column impossible: TemplateCode, VariableMissing, ModelNotReady, QuestionTooLong, ...
        """
        cancel = cancel or threading.Event()
        began = time.perf_counter()
        model = self.chat(column.model)
        prompt = column.prompt
        sources: tuple[Source, ...] = ()
        lang = question_language(" ".join([prompt.user, *values.values()]))
        values = dict(values)
        if column.retrieval and self.find is not None:
            yield Reply("searching", model=model.model)
            values[CONTEXT], sources = self.find(owner, _question(column, values), column.documents, cancel)
            prompt = _with_context(prompt)
        filled = prompt.filled(values)
        state = Reply("reading", model=model.model, seed=seeds[0], sources=sources)
        rendered = model.render(filled.messages(), begin=filled.begin)
        state = replace(state, prompt=rendered, turns=places(rendered, filled.messages(), filled.begin))
        replies: list[Reply] = []
        for seed in seeds:
            last = state
            for last in _stream(model, filled, column, replace(state, seed=seed), cancel):
                yield replace(last, stage="writing", samples=(*(one.text for one in replies), last.text))
            replies.append(last)
            if last.stopped:
                break
        yield _whole(column, replies, time.perf_counter() - began, lang)

    def whole(
        self,
        column: Column,
        values: Mapping[str, str],
        seeds: Sequence[int] = (0,),
        owner: str = "",
        cancel: threading.Event | None = None,
    ) -> Reply:
        """Return the finished reply; what went wrong stands in its `error`. Raises Cancelled."""
        reply = Reply()
        try:
            for reply in self.ask(column, values, seeds, owner, cancel):  # noqa: B007 - the last one counts
                pass
        except Cancelled:
            raise
        except AulaError as error:
            return failed(error, column)
        if cancel is not None and cancel.is_set():
            raise Cancelled
        return reply


def failed(error: AulaError, column: Column) -> Reply:
    """Return the reply of a column that could not answer."""
    return Reply("done", model=column.model, error={lang: error.text(lang) for lang in ("en", "es")})


def _question(column: Column, values: Mapping[str, str]) -> str:
    """Return what to search for: the variable called question, else the first one, else the request itself."""
    for name in ("question", "pregunta", *column.variables):
        if values.get(name):
            return values[name]
    return column.prompt.user


def _with_context(prompt: Prompt) -> Prompt:
    if CONTEXT in prompt.variables:
        return prompt
    return replace(prompt, user=f"{{{{{CONTEXT}}}}}\n\n{prompt.user}")


def _stream(model: LlamaChat, prompt: Prompt, column: Column, state: Reply, cancel: threading.Event) -> Iterator[Reply]:
    decoding: Decoding = replace(column.decoding, seed=state.seed)
    options: dict[str, Any] = {"decoding": decoding, "cancel": cancel}
    if prompt.begin:
        options["begin"] = prompt.begin
    if column.schema is not None:
        options["grammar"] = gbnf(column.schema)
    stream = cast("Generator[AIMessageChunk]", model.stream(prompt.messages(), **options))
    text, stats = prompt.begin, dict(state.stats)
    with closing(stream):
        for chunk in stream:
            text += str(chunk.text)
            stats |= chunk.response_metadata or {}
            yield replace(state, text=text, stats=stats)


def _whole(column: Column, replies: Sequence[Reply], seconds: float, lang: str = "") -> Reply:
    """Return the reply that most samples agree on, with what all of them took (Wang et al. 2022, self-consistency)."""
    said = _readings(column, replies, lang)
    votes = Counter(one for one in said if one is not None)
    best = max(votes.values())
    chosen = next(reply for reply, one in zip(replies, said, strict=True) if one is not None and votes[one] == best)
    stats = dict(chosen.stats)
    for name in _SUMMED:
        stats[name] = sum(reply.stats.get(name) or 0 for reply in replies)
    stats["ttft_s"] = replies[0].stats.get("ttft_s")
    if any(reply.stopped for reply in replies):
        stats["finish_reason"] = "cancelled"
    many = len(replies) > 1
    return replace(
        chosen,
        stage="done",
        text=chosen.text.strip(),
        seed=replies[0].seed,
        seconds=max(0.0, seconds - float(stats["waited_s"])),
        samples=tuple(reply.text.strip() for reply in replies) if many else (),
        votes=dict(votes.most_common()) if many else {},
        stats=stats,
    )


def _readings(column: Column, replies: Sequence[Reply], lang: str) -> list[str | None]:
    """Return what each answer says, so that two that say the same in other words count together; None: no vote."""
    cut = [reply.stats.get("finish_reason") == "length" for reply in replies]
    return readings([reply.text for reply in replies], column.parse, lang, cut)
