"""An answer's text with a numbered button after each sentence that a page bears out, and a mark under what none does.

It works on the plain form of Answer.to_json(); what a button opens is ui/viewer.py's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from ui.markdown import harmless
from ui.places import place_name
from ui.plain import Plain, items, whole
from ui.texts import say

_MATH = ("$$", "\\[", "\\(")
# Where marks go is kept by private characters while the text as a whole is made harmless: piece by piece, what begins
# a piece would pass for what begins a line.
_BEGIN, _END, _STOP = "\ue000", "\ue001", "\ue002"
_PLACE = re.compile(f"({_BEGIN}|{_END})(\\d+){_STOP}")


def cited_text(answer: Plain, lang: str) -> str:
    """Return the answer's Markdown, harmless, with its citations and what was not found marked."""
    text = str(answer.get("answer") or "")
    marks = _in_order(items(answer.get("marks")), len(text))
    if any(character in text for character in (_BEGIN, _END, _STOP)):
        return harmless(re.sub(f"[{_BEGIN}{_END}{_STOP}]", "", text))  # nobody writes them; then there are no marks
    citations = {whole(citation.get("n")): citation for citation in items(answer.get("citations"))}
    placed, position = "", 0
    for index, mark in enumerate(marks):
        start, end = whole(mark.get("start")), whole(mark.get("end"))
        placed += f"{text[position:start]}{_BEGIN}{index}{_STOP}{text[start:end]}{_END}{index}{_STOP}"
        position = end
    around = [_around(text, marks, index, citations, lang) for index in range(len(marks))]
    return _PLACE.sub(lambda at: around[int(at[2])][at[1] == _END], harmless(placed + text[position:]))


def _in_order(marks: Sequence[Plain], length: int) -> list[Plain]:
    """Return the marks that lie within the text, none of them within another."""
    found: list[Plain] = []
    for mark in marks:
        begun = whole(found[-1].get("end")) if found else 0
        if begun <= whole(mark.get("start")) < whole(mark.get("end")) <= length:
            found.append(mark)
    return found


def _around(
    text: str, marks: Sequence[Plain], index: int, citations: Mapping[int, Plain], lang: str
) -> tuple[str, str]:
    """Return what stands before and after a sentence; of several not found, only the last has the words for it."""
    mark = marks[index]
    n = whole(mark.get("n"))
    if n in citations:
        return "", f"&nbsp;{chip(citations[n], lang)}"
    last = index + 1 == len(marks) or whole(marks[index + 1].get("n")) != 0
    note = str(Markup(" <small>{}</small>").format(say(lang, "chat.unfound"))) if last else ""
    sentence = text[whole(mark.get("start")) : whole(mark.get("end"))]
    # A formula cannot stand inside of another element, nor one half of what is set in bold.
    if any(one in sentence for one in _MATH) or sentence.count("**") % 2 or sentence.count("__") % 2:
        return "", note
    return "<u>", f"</u>{note}"


def chip(citation: Plain, lang: str) -> Markup:
    """Return the numbered button of a citation, for Markdown: of its attributes only plain ones survive there."""
    page = place_name(lang, citation.get("page"), citation.get("unit"), citation.get("label"))
    return Markup('<button class="aula-chip" type="button" value="{}" title="{}">{}</button>').format(
        place(citation), f"{_named(citation, lang)} · {page}", citation.get("n")
    )


def place(citation: Plain) -> str:
    """Return document:page:start-end, by which the viewer finds a citation."""
    span = f"{whole(citation.get('start'))}-{whole(citation.get('end'))}"
    return f"{citation.get('document')}:{whole(citation.get('page'))}:{span}"


def link(citation: Plain, lang: str) -> Markup:
    """Return the button with a citation's document and page in words."""
    page = place_name(lang, citation.get("page"), citation.get("unit"), citation.get("label"))
    if citation.get("deleted"):  # there is nothing to open any more
        return Markup('<em class="aula-page">{} · {}</em>').format(_named(citation, lang), page)
    document, number, spans = place(citation).split(":")
    return Markup(
        '<button type="button" class="aula-link" data-cite data-document="{}" data-page="{}" data-spans="{}">'
        '<span class="aula-name">{}</span> · <span class="aula-page">{}</span></button>'
    ).format(document, number, spans, citation.get("name"), page)


def sources(citations: Sequence[Plain], title: str, lang: str) -> Markup:
    """Return the list of citations, each with its quote."""
    if not citations:
        return Markup("")
    rows = Markup("").join(Markup("<li>{}{}</li>").format(link(one, lang), _quote(one)) for one in citations)
    return Markup('<section class="aula-sources" aria-label="{}"><h4>{}</h4><ol>{}</ol></section>').format(
        title, title, rows
    )


def _quote(citation: Plain) -> Markup:
    quote = citation.get("quote")
    return Markup("<blockquote>{}</blockquote>").format(quote) if quote else Markup("")


def _named(citation: Plain, lang: str) -> str:
    """Return a document's name; with a document that is deleted its name has gone too."""
    return str(citation.get("name") or say(lang, "chat.source_deleted"))
