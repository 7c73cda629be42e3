"""An answer as it is shown: its text, its sources, its figures, and how it fills the context window.

It works on the plain form of Answer.to_json(), which is also what is kept with a message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

import gradio as gr
from markupsafe import Markup

from rag import said
from rag.history import Message
from ui.citations import cited_text, sources
from ui.components import block
from ui.markdown import harmless
from ui.plain import items, mapping, real, whole
from ui.seen import seen
from ui.texts import count, decimal, grouped, say

PARTS = ("system", "history", "passages", "question", "answer")


class ChatLine(TypedDict):
    """A message in the form that gr.Chatbot takes."""

    role: str
    content: list[str | gr.HTML]


def question_line(text: str) -> ChatLine:
    """Return a person's message."""
    return {"role": "user", "content": [harmless(text)]}


def answer_line(answer: Mapping[str, object], lang: str, plain: bool = False) -> ChatLine:
    """Return a model's message; `plain`: no documents are asked, so there is nothing to look for."""
    text = cited_text(answer, lang)
    if answer.get("stage") != "done":
        return {"role": "assistant", "content": [text or f"*{_waiting(answer, lang, plain)}*"]}
    foot = _foot(answer, lang)
    if not text:
        text = f"*{say(lang, 'chat.stopped_empty')}*"
    return {"role": "assistant", "content": [text, block(str(foot))] if foot else [text]}


def lines(messages: Sequence[Message], lang: str, last: bool = True) -> list[ChatLine]:
    """Return a kept conversation as it is shown.

    The last answer is shown with its exact prompt, for prompts are long, and the page has a button for its tokens; the
    others have a link for theirs. `last`: whether the last one here is the last there is.
    """
    newest = messages[-1].id if messages and last else 0
    return [
        question_line(message.content)
        if message.role == "user"
        else answer_line(_kept(message, message.id == newest), lang)
        for message in messages
    ]


def _kept(message: Message, last: bool) -> dict[str, object]:
    answer = {"stage": "done", **message.meta, "answer": message.content}
    reading = answer.get("reading")
    if isinstance(reading, dict) and not last:
        answer["reading"] = {**reading, "prompt": ""}
        there, _ = said.messages(str(reading.get("prompt") or ""), reading.get("turns"))
        asked = mapping(message.meta.get("stats")).get("finish_reason") != "declined"
        answer["opens"] = message.id if there and asked and message.content else 0
    return answer


def _waiting(answer: Mapping[str, object], lang: str, plain: bool) -> str:
    if plain:
        return say(lang, "chat.thinking")
    done, total = (whole(n) for n in cast("Sequence[object]", answer.get("progress") or (0, 0)))
    if total:
        return say(lang, "chat.sketching", done=grouped(done, lang), total=grouped(total, lang))
    return say(lang, "chat.retrieving" if answer.get("stage") == "retrieving" else "chat.reading")


def _foot(answer: Mapping[str, object], lang: str) -> Markup:
    parts = [_notes(answer, lang), _sources(answer, lang), seen(answer, lang), _figures(answer, lang)]
    return Markup("").join(part for part in parts if part)


def _notes(answer: Mapping[str, object], lang: str) -> Markup:
    """Return what the reader has to know about the answer: stopped, cut, or history left out."""
    stats = mapping(answer.get("stats"))
    notes = []
    if answer.get("caution"):
        notes.append(say(lang, "chat.caution"))
    if answer.get("stopped") and answer.get("answer"):
        notes.append(say(lang, "chat.stopped"))
    elif stats.get("finish_reason") == "length":
        notes.append(say(lang, "chat.cut"))
    dropped = whole(mapping(answer.get("window")).get("dropped"))
    if dropped:
        notes.append(count(lang, "chat.dropped", dropped))
    return Markup("").join(Markup('<p class="aula-note">{}</p>').format(note) for note in notes)


def _sources(answer: Mapping[str, object], lang: str) -> Markup:
    """Return the quotes that the answer rests on; of one that is not there, the pages that come closest."""
    citations = items(answer.get("citations"))
    if citations and not answer.get("abstained"):
        return sources(citations, say(lang, "chat.sources"), lang)
    return sources(items(answer.get("closest")), say(lang, "chat.closest"), lang)


def _figures(answer: Mapping[str, object], lang: str) -> Markup:
    stats = mapping(answer.get("stats"))
    if not stats.get("model"):
        return Markup("")
    parts = [str(stats["model"])]
    if stats.get("completion_tokens"):
        parts.append(count(lang, "chat.stat_tokens", whole(stats["completion_tokens"])))
    if stats.get("ttft_s"):
        parts.append(say(lang, "chat.stat_ttft", n=decimal(real(stats["ttft_s"]), lang)))
    if stats.get("tokens_per_s"):
        parts.append(say(lang, "chat.stat_speed", n=decimal(real(stats["tokens_per_s"]), lang)))
    told: list[str | Markup] = [" · ".join(parts)]
    if answer.get("opens"):
        link = Markup('<button type="button" class="aula-link" data-tokens="{}" aria-label="{}">{}</button>')
        told.append(link.format(answer["opens"], say(lang, "lab.steps.look_name"), say(lang, "lab.steps.look")))
    return Markup('<p class="aula-stats">{}</p>').format(Markup(" · ").join(told))


def window_bar(window: Mapping[str, object] | None, lang: str) -> str:
    """Return the context window as a bar with its parts in tokens, written out below it; empty when unknown."""
    total = whole(window.get("context")) if window else 0
    if not window or total <= 0:
        return ""
    tokens = {part: whole(window.get(part)) for part in PARTS}
    used = sum(tokens.values())
    tokens["free"] = max(0, total - used)
    bars = Markup("").join(
        Markup('<span class="aula-part {}" style="width:{}%"></span>').format(part, f"{100 * n / total:.2f}")
        for part, n in tokens.items()
        if n
    )
    legend = Markup("").join(
        Markup('<li><span class="aula-key {}" aria-hidden="true"></span>{}</li>').format(
            part, say(lang, "window.part", name=say(lang, f"window.{part}"), n=grouped(n, lang))
        )
        for part, n in tokens.items()
    )
    title = say(lang, "window.title", used=grouped(used, lang), total=grouped(total, lang))
    dropped = whole(window.get("dropped"))
    note = Markup('<p class="aula-note">{}</p>').format(count(lang, "chat.dropped", dropped)) if dropped else ""
    return str(
        Markup(
            '<section class="aula-window" aria-label="{}"><p class="aula-caption">{}</p>'
            '<div class="aula-bar" aria-hidden="true">{}</div><ul>{}</ul>{}</section>'
        ).format(title, title, bars, legend, note)
    )


def last_window(messages: Sequence[Message]) -> Mapping[str, object] | None:
    """Return the context window of the newest answer that has one."""
    for message in reversed(messages):
        window = mapping(message.meta.get("window"))
        if window:
            return window
    return None
