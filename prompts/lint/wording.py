"""Two golden rules about single words: no vague quantities, and quotation marks around what is to be copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompts.lint.text import Draft, Finding, edited, finding

# What is counted in an answer: a vague quantity of anything else ("some people think") is no flaw.
UNITS = (
    r"(?:short |brief |main |key |good |cool |frases? |ideas? )?"
    r"(?:sentences?|words?|lines?|paragraphs?|examples?|ideas?|points?|bullets?|bullet points?|items?|reasons?"
    r"|questions?|steps?|tips?|keywords?|pages?|titles?|synonyms?|facts?|verses?|suggestions?|options?|headlines?"
    r"|frases?|oraciones|palabras?|l[ií]neas?|p[aá]rrafos?|ejemplos?|puntos?|razones|preguntas?|pasos?|consejos?"
    r"|p[aá]ginas?|t[ií]tulos?|sin[oó]nimos?|datos|versos?|sugerencias?|opciones|titulares?)\b"
)
_SIZE = r"(?:short|long|brief|small|big|large|detailed|concise|wordy|lengthy)"
_SIZE_ES = r"(?:cort[oa]s?|larg[oa]s?|breves?|extens[oa]s?|detallad[oa]s?|concis[oa]s?|pequeñ[oa]s?|grandes?)"
_COUNT = re.compile(
    rf"\b(?:just )?(?:a few|several|some|a couple of|a handful of|a number of|various|(?<!how )many|a lot of|lots of)"
    rf"\s+{UNITS}"
    rf"|\b(?:(?:un(?:as|os) )?poc[oa]s|un par de|algun[oa]s|vari[oa]s|much[oa]s|bastantes|un puñado de|un(?:as|os)"
    rf"(?: cuant[oa]s)?)\s+{UNITS}",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    rf"\b(?:fairly|quite|rather|pretty|reasonably|relatively|somewhat|(?:not|n't) (?:too|very|so|that)|a bit|a little"
    rf"|kind of|sort of)\s+{_SIZE}\b"
    rf"|\b(?:m[aá]s bien|bastante|relativamente|algo|un poco|no (?:muy|tan)|(?:que )?(?:no )?(?:sea |ser )?demasiado)"
    rf"\s+{_SIZE_ES}\b",
    re.IGNORECASE,
)
_BRIEF = re.compile(
    r"\b(?:keep (?:it|this|the answer) (?:short|brief)|be brief|s[eé] breve|que sea (?:corto|breve))\b", re.IGNORECASE
)
_MORE = re.compile(
    r"(?:,?[ \t])?\b(?:and |but |y |pero )?"
    r"(?:not? (?:too )?(?:much|many)(?: more)?|no (?:muy largo|mucho(?: m[aá]s)?|demasiado))(?=\s*(?:[.,;\n]|$))",
    re.IGNORECASE,
)
_UNIT_AT_END = re.compile(rf"{UNITS}$", re.IGNORECASE)
_ENDS = re.compile(r"\s*(?:[.,;:!\n]|$|and\b|but\b|y\b|pero\b)")  # after it no noun comes
_LONG = {"en": "at most 60 words long", "es": "de 60 palabras como máximo"}
_USE = {"en": "use at most 60 words", "es": "usa 60 palabras como máximo"}

# "If there is none, return No answer": words to copy, in a sentence that says when.
_WHEN = re.compile(
    r"\b(?:if|when|otherwise|unless|in case|si|cuando|en caso|de lo contrario|en otro caso)\b", re.IGNORECASE
)
_LITERAL = re.compile(
    r"\b(?i:return|reply|answer|respond|say|write|output|print|devuelve|responde|contesta|di|escribe|pon)"
    r"(?i: only| just| exactly| simply| with| the words?| s[oó]lo| solamente| [uú]nicamente| exactamente"
    r"| simplemente| con)*:?\s+"
    r"(?P<words>(?!(?:JSON|XML|CSV|HTML|YAML|Markdown|English|Spanish|French|Python|SQL)\b)"
    r"[A-ZÁÉÍÓÚÑ][^\W_]*(?:[ '’/-][^\W_]+){0,4}"
    r"|(?i:no lo s[eé]|no s[eé]|no answer|not found|unknown|none|i don['’]?t know|ningun[oa]|sin respuesta))"
    r"(?=\s*(?:[.,;\n]|$))"
)


def vague(draft: Draft) -> Iterator[Finding]:
    """Find quantities and lengths that no two readers would count alike."""
    for text in draft.spoken:
        taken: list[tuple[int, int]] = []
        for pattern in (_COUNT, _LENGTH, _BRIEF, _MORE):
            for match in pattern.finditer(text.plain):
                if not any(start < match.end() and match.start() < end for start, end in taken):
                    taken.append(match.span())
        for span in sorted(taken):
            new = _exact(draft.lang, text.raw, *span)
            yield finding("vague", text, span, None if new is None else edited(draft.prompt, text.part, *span, new))


def _exact(lang: str, raw: str, start: int, end: int) -> str | None:
    """Return what to put in the place of a vague phrase, or None where the sentence would have to be rebuilt."""
    found = raw[start:end]
    unit = _UNIT_AT_END.search(found)
    if unit:
        return f"3 {unit.group()}"
    if _MORE.fullmatch(found):
        return ""
    if _BRIEF.fullmatch(found):
        return _USE[lang].capitalize() if found[0].isupper() else _USE[lang]
    return _LONG[lang] if _ENDS.match(raw, end) else None


def quotes(draft: Draft) -> Iterator[Finding]:
    """Find words to be returned as they stand that nothing sets off from the instruction."""
    for text in draft.spoken:
        for start, end, sentence in text.sentences():
            if not _WHEN.search(sentence):
                continue
            for match in _LITERAL.finditer(text.plain, start, end):
                span = match.span("words")
                new = f'"{text.raw[slice(*span)]}"'
                yield finding("quotes", text, span, edited(draft.prompt, text.part, *span, new), new=new)
