"""An answer's text with a numbered button after each sentence that a page bears out, and a mark under what none does.

It works on the plain form of Answer.to_json(); what a button opens is ui/viewer.py's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from ui.markdown import harmless
from ui.texts import say

Plain = Mapping[str, object]
_MATH = ("$$", "\\[", "\\(")


def cited_text(answer: Plain, lang: str) -> str:
    """Return the answer's Markdown, harmless, with its citations and what was not found marked."""
    text = str(answer.get("answer") or "")
    citations = {_whole(citation.get("n")): citation for citation in _items(answer.get("citations"))}
    marks = [mark for mark in _items(answer.get("marks")) if 0 <= _whole(mark.get("start")) < _whole(mark.get("end"))]
    parts: list[str] = []
    position = 0
    for index, mark in enumerate(marks):
        start, end, n = (_whole(mark.get(name)) for name in ("start", "end", "n"))
        if start < position or end > len(text):
            continue
        parts.append(harmless(text[position:start]))
        position = end
        sentence = harmless(text[start:end])
        last = index + 1 == len(marks) or _whole(marks[index + 1].get("n")) != 0
        parts.append(_cited(sentence, citations[n], lang) if n in citations else _unfound(sentence, last, lang))
    parts.append(harmless(text[position:]))
    return "".join(parts)


def chip(citation: Plain, lang: str) -> Markup:
    """Return the numbered button of a citation, for Markdown: of its attributes only plain ones survive there."""
    page = say(lang, "common.page", number=citation.get("page"))
    return Markup('<button class="aula-chip" type="button" value="{}" title="{}">{}</button>').format(
        place(citation), f"{citation.get('name')} · {page}", citation.get("n")
    )


def place(citation: Plain) -> str:
    """Return document:page:start-end, by which the viewer finds a citation."""
    span = f"{_whole(citation.get('start'))}-{_whole(citation.get('end'))}"
    return f"{citation.get('document')}:{_whole(citation.get('page'))}:{span}"


def link(citation: Plain, lang: str) -> Markup:
    """Return the button with a citation's document and page in words."""
    page = say(lang, "common.page", number=citation.get("page"))
    document, number, spans = place(citation).split(":")
    return Markup(
        '<button type="button" class="aula-link" data-cite data-document="{}" data-page="{}" data-spans="{}">'
        '<span class="aula-name">{}</span> · <span class="aula-page">{}</span></button>'
    ).format(document, number, spans, citation.get("name"), page)


def sources(citations: Sequence[Plain], title: str, lang: str) -> Markup:
    """Return the list of citations, each with its quote."""
    if not citations:
        return Markup("")
    items = Markup("").join(
        Markup("<li>{}<blockquote>{}</blockquote></li>").format(link(citation, lang), citation.get("quote"))
        for citation in citations
    )
    return Markup('<section class="aula-sources" aria-label="{}"><h4>{}</h4><ol>{}</ol></section>').format(
        title, title, items
    )


def _cited(sentence: str, citation: Plain, lang: str) -> str:
    return f"{sentence}&nbsp;{chip(citation, lang)}"


def _unfound(sentence: str, last: bool, lang: str) -> str:
    """Return the sentence underlined; the words for it stand once, after the last of several."""
    note = Markup(" <small>{}</small>").format(say(lang, "chat.unfound")) if last else ""
    if any(mark in sentence for mark in _MATH):  # a formula cannot stand inside of another element
        return f"{sentence}{note}"
    return f"<u>{sentence}</u>{note}"


def _items(value: object) -> list[Plain]:
    return list(_mappings(value)) if isinstance(value, Sequence) else []


def _mappings(value: Sequence[object]) -> Iterator[Plain]:
    return (item for item in value if isinstance(item, Mapping))


def _whole(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) else 0
