"""What the model saw: the passages with their share of the prompt, what was left out, and the prompt itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from ui.places import place_name
from ui.plain import Plain, items, real
from ui.texts import grouped, say

REASONS = {"repeat": "seen.repeat", "weaker": "seen.weaker", "room": "seen.room"}


def seen(answer: Plain, lang: str) -> Markup:
    """Return the folded account of what the model read; empty where that was not kept."""
    reading = answer.get("reading")
    if not isinstance(reading, Mapping):  # it was not asked: at most there is what was searched for
        searched = _searched(answer, lang)
        return _folded(say(lang, "seen.search"), searched, "aula-seen") if searched else searched
    parts = [
        _searched(answer, lang),
        _passages(items(reading.get("passages")), lang),
        _dropped(items(reading.get("dropped")), lang),
        _prompt(reading, lang),
    ]
    return _folded(say(lang, "seen.title"), Markup("").join(parts), "aula-seen")


def _prompt(reading: Plain, lang: str) -> Markup:
    if not reading.get("prompt"):
        return Markup("")
    shown = Markup('<pre tabindex="0">{}</pre>').format(reading.get("prompt"))
    return _folded(say(lang, "seen.prompt"), shown)


def _searched(answer: Plain, lang: str) -> Markup:
    if not answer.get("searched"):
        return Markup("")
    how = "seen.rewritten" if answer.get("how") == "rewritten" else "seen.terms"
    return Markup("<p>{} <q>{}</q></p>").format(say(lang, how), answer.get("searched"))


def _passages(passages: Sequence[Plain], lang: str) -> Markup:
    if not passages:
        return Markup("")
    rows = Markup("").join(_passage(passage, lang) for passage in passages)
    return Markup("<h5>{}</h5><ol>{}</ol>").format(say(lang, "seen.passages"), rows)


def _passage(passage: Plain, lang: str) -> Markup:
    tokens, share = real(passage.get("tokens")), 100 * real(passage.get("share"))
    percent = f"{share:.0f} %" if lang == "es" else f"{share:.0f}%"
    facts = say(lang, "seen.share", tokens=grouped(int(tokens), lang), share=percent)
    return Markup(
        '<li><span class="aula-name">{}</span> · {} · <span class="aula-meta">{}</span>'
        '<span class="aula-share" aria-hidden="true"><span style="width:{}%"></span></span>'
        "<blockquote>{}</blockquote></li>"
    ).format(
        passage.get("name"),
        place_name(lang, passage.get("page"), passage.get("unit"), passage.get("label")),
        facts,
        f"{min(100.0, share):.1f}",
        passage.get("text"),
    )


def _dropped(dropped: Sequence[Plain], lang: str) -> Markup:
    if not dropped:
        return Markup("")
    rows = Markup("").join(
        Markup('<li><span class="aula-name">{}</span> · {} · <em>{}</em><blockquote>{}</blockquote></li>').format(
            one.get("name"),
            place_name(lang, one.get("page"), one.get("unit"), one.get("label")),
            _reason(one, lang),
            one.get("text"),
        )
        for one in dropped
    )
    return _folded(say(lang, "seen.dropped", n=len(dropped)), Markup("<ul>{}</ul>").format(rows))


def _reason(one: Plain, lang: str) -> str:
    reason = str(one.get("reason"))
    return say(lang, REASONS[reason]) if reason in REASONS else reason


def _folded(title: str, content: Markup, kind: str = "") -> Markup:
    return Markup('<details class="{}"><summary>{}</summary>{}</details>').format(kind, title, content)
