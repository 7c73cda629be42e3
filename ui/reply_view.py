"""A column's answer as HTML: its text, its votes, its figures, and the exact prompt behind it. It asks no model.

What a model or a document wrote is text here: everything goes through markupsafe.
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from prompts.reply import Reply, Source
from ui.components import button
from ui.places import place_name
from ui.plain import real, whole
from ui.texts import count, decimal, grouped, say

_STAGES = {
    "waiting": "play.stage_waiting",
    "searching": "chat.retrieving",
    "reading": "play.stage_reading",
    "writing": "play.stage_reading",
}


def answer(reply: Reply | None, letter: str, lang: str) -> str:
    """Return the answer of column `letter` as far as it has come; `None`: it was not asked yet."""
    if reply is None:
        return _section(letter, Markup('<p class="aula-empty">{}</p>').format(say(lang, "play.answer_empty")), lang)
    if reply.error:
        said = reply.error.get(lang) or reply.error.get("en", "")
        return _section(letter, Markup('<p class="aula-error" role="alert">{}</p>').format(said), lang)
    if reply.stage != "done":
        return _section(letter, _growing(reply, lang), lang)
    parts = [_text(reply, lang), _notes(reply, lang), _votes(reply, lang), figures(reply, lang), _prompt(reply, lang)]
    parts.append(_look(reply, letter, lang))
    return _section(letter, Markup("").join(parts), lang)


def skipped(letter: str, lang: str) -> str:
    """Return what stands where a column was not asked because all was stopped."""
    return _section(letter, Markup('<p class="aula-note">{}</p>').format(say(lang, "play.stage_skipped")), lang)


def _section(letter: str, content: Markup, lang: str) -> str:
    return str(
        Markup('<section class="aula-reply" aria-label="{0}"><h4>{0}</h4>{1}</section>').format(
            say(lang, "play.answer_of", letter=letter), content
        )
    )


def _growing(reply: Reply, lang: str) -> Markup:
    if not reply.text:
        return Markup('<p class="aula-caption aula-waiting">{}</p>').format(say(lang, _STAGES[reply.stage]))
    many = len(reply.samples) > 1
    note = say(lang, "play.sample_now", n=len(reply.samples)) if many else ""
    head = Markup('<p class="aula-caption">{}</p>').format(note) if many else Markup("")
    return head + Markup('<div class="aula-reply-text">{}</div>').format(reply.text)


def _text(reply: Reply, lang: str) -> Markup:
    if reply.text:
        return Markup('<div class="aula-reply-text">{}</div>').format(reply.text)
    key = "chat.stopped_empty" if reply.stopped else "play.answer_blank"
    return Markup('<p class="aula-empty">{}</p>').format(say(lang, key))


def _notes(reply: Reply, lang: str) -> Markup:
    if reply.stopped and reply.text:
        return Markup('<p class="aula-note">{}</p>').format(say(lang, "chat.stopped"))
    if reply.stats.get("finish_reason") == "length":
        return Markup('<p class="aula-note">{}</p>').format(say(lang, "chat.cut"))
    return Markup("")


def _votes(reply: Reply, lang: str) -> Markup:
    """Return how many samples said what, and each of them in a fold (self-consistency)."""
    if len(reply.samples) < 2:
        return Markup("")
    total = sum(reply.votes.values()) or 1
    rows = Markup("").join(
        Markup(
            '<li><b>{}</b> <span>{}</span><span class="aula-share" aria-hidden="true">'
            '<span style="width:{}%"></span></span></li>'
        ).format(_short(said), say(lang, "play.votes_of", n=n, total=total), f"{100 * n / total:.0f}")
        for said, n in reply.votes.items()
    )
    samples = Markup("").join(Markup("<li>{}</li>").format(text) for text in reply.samples)
    return Markup('<div class="aula-votes"><h5>{}</h5><ul>{}</ul></div>{}').format(
        say(lang, "play.votes"), rows, _folded(say(lang, "play.samples_all"), Markup("<ol>{}</ol>").format(samples))
    )


def _look(reply: Reply, letter: str, lang: str) -> Markup:
    if not reply.text or not reply.prompt:
        return Markup("")
    name = f"{say(lang, 'lab.steps.look_name')} ({letter})"
    return button(say(lang, "lab.steps.look"), "steps", label=name, kind="small")


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def figures(reply: Reply, lang: str) -> Markup:
    """Return model, tokens, time, tokens per second and time to the first token, as far as they are known."""
    stats: Mapping[str, object] = reply.stats
    parts = [reply.model] if reply.model else []
    if stats.get("completion_tokens"):
        parts.append(count(lang, "chat.stat_tokens", whole(stats["completion_tokens"])))
    if stats.get("prompt_tokens"):
        parts.append(say(lang, "play.stat_prompt", n=grouped(whole(stats["prompt_tokens"]), lang)))
    if reply.seconds:
        parts.append(say(lang, "play.stat_seconds", n=decimal(reply.seconds, lang)))
    if stats.get("tokens_per_s"):
        parts.append(say(lang, "chat.stat_speed", n=decimal(real(stats["tokens_per_s"]), lang)))
    if stats.get("ttft_s"):
        parts.append(say(lang, "chat.stat_ttft", n=decimal(real(stats["ttft_s"]), lang)))
    if stats.get("seed") is not None:
        parts.append(say(lang, "play.stat_seed", n=str(stats["seed"])))
    return Markup('<p class="aula-stats">{}</p>').format(" · ".join(parts)) if parts else Markup("")


def _prompt(reply: Reply, lang: str) -> Markup:
    """Return in folds what the model read: the passages, and the whole prompt after the chat template."""
    folds = Markup("")
    if reply.sources:
        rows = Markup("").join(_source(source, lang) for source in reply.sources)
        folds += _folded(say(lang, "seen.passages"), Markup("<ol>{}</ol>").format(rows))
    if reply.prompt:
        folds += _folded(say(lang, "seen.prompt"), Markup('<pre tabindex="0">{}</pre>').format(reply.prompt))
    return folds


def _source(source: Source, lang: str) -> Markup:
    return Markup('<li><span class="aula-name">{}</span> · {}<blockquote>{}</blockquote></li>').format(
        source.name or say(lang, "chat.source_deleted"),
        place_name(lang, source.page, source.unit, source.label),
        source.text,
    )


def _folded(title: str, content: Markup) -> Markup:
    return Markup('<details class="aula-seen"><summary>{}</summary>{}</details>').format(title, content)
