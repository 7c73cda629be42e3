"""Tasks that a model does better when shown the form or given room: extraction, calculation, answers from a context."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from prompts.lint.examples import examples
from prompts.lint.layout import CONTEXTS, carries_text, places
from prompts.lint.text import Draft, Finding, Text, edited, finding
from prompts.prompt import Prompt

_EXTRACT = re.compile(
    r"\b(?:extract|identify|pull out|extrae|identifica|saca|localiza|obt[eé]n)\s+(?P<what>[^.\n]+)", re.IGNORECASE
)
_FROM = re.compile(
    r"(?<!\s)\s++(?:mentioned|from|in|of|that|which|se|que|del?|en|mencionad[oa]s?|appearing)\b.*$|(?:(?<!\s)\s+)?\{\{.*$",
    re.IGNORECASE,
)
_AND = re.compile(r"(?:(?<!\s)\s+)?,\s*(?:and\s+|y\s+|e\s+)?|(?<!\s)\s++(?:and|y|e)\s+", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|all|any|every|an?|el|la|los|las|tod[oa]s(?: l[oa]s)?|un|una)\s+", re.IGNORECASE)
# Things of which nobody can say how many there are, or how long, without having seen some.
_LOOSE = re.compile(
    r"\b(?:keywords?|key ?phrases?|entities|topics|themes|tags|terms|concepts|palabras clave|entidades|temas|etiquetas"
    r"|t[eé]rminos|conceptos)\b",
    re.IGNORECASE,
)
_LAYOUT = re.compile(
    r"\b(?:format|formato|template|plantilla|json|csv|xml|ya?ml|tables?|tabla|columns?|columnas|bullets?|bulleted|list|lista"
    r"|separated|separad[oa]s?|comma|comas|(?:one|each) (?:per|on (?:a|its own)) line|un[oa] por l[ií]nea)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"(?:^|[\"«“])[ \t]*[^\W\d][^:{}\n]{0,40}:[ \t]*(?:<[^<>\n]{1,80}>|-\|\|-|\[[^\]\n]{1,80}\]|…|\.\.\.)", re.MULTILINE
)
_HEAD = {"en": "Desired format:", "es": "Formato deseado:"}
_LIST = {"en": "<comma-separated list>", "es": "<lista separada por comas>"}

_COUNTED = re.compile(
    r"\b(?:how (?:many|much|long|old|far|fast|heavy)|calculate|compute|work out|cu[aá]nt[oa]s?|calcula|qu[eé] edad"
    r"|(?:what is|cu[aá]l es) (?:the|el|la) (?:new|final|total|average|mean|sum|difference|nuev[oa]|media"
    r"|suma|diferencia)"
    r"|(?:precio|cantidad|resultado) (?:final|total))\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\d+(?:[.,:]\d+)*|\b(?:two|three|four|five|six|seven|eight|nine|ten|twice|half|dos|tres|cuatro|cinco|seis|siete|ocho"
    r"|nueve|diez|doble|mitad)\b",
    re.IGNORECASE,
)
_STEPS = re.compile(
    r"\bstep[\s-]by[\s-]step\b|\bpaso a paso\b"
    r"|\b(?:reason(?:ing)?|think|show (?:your|the) work(?:ing)?|steps|razona(?:miento)?|piensa|justifica|operaciones"
    r"|pasos)\b"
    r"|\b(?:explain|explica) (?:how|your|c[oó]mo|tu)\b",
    re.IGNORECASE,
)
_BY_STEPS = {
    "en": "Think step by step, and then give the answer.",
    "es": "Piensa paso a paso y después da la respuesta.",
}

# A question about what is given, other than by a variable for it.
_ASKS = re.compile(
    r"\b(?:questions?|preguntas?)\b"
    r"|\b(?:using|according to|based on|from|seg[uú]n|a partir de|bas[aá]ndote en|con ayuda de)\s+"
    r"(?:only\s+|s[oó]lo\s+)?"
    r"(?:the|this|these|el|la|los|las|este|estos)\s+(?:\w+\s+)?"
    r"(?:context|passages?|documents?|sources?|contexto|pasajes?|documentos?|fuentes?|fragmentos?)\b[^.\n]*\?",
    re.IGNORECASE,
)
_QUESTIONS = frozenset({"question", "questions", "query", "pregunta", "preguntas", "consulta"})
# A way out: "if it is not there, ...", or words that can only be one.
_WHEN = re.compile(r"\b(?:if|when|where|in case|si|cuando|en caso)\b", re.IGNORECASE)
_NOT_THERE = re.compile(
    r"\b(?:not?|none|nothing|cannot|unknown|missing|lacks?|absent|unsure|neither|nada|ningun[oa]?|ning[uú]n|falta|ausente)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"\b(?:otherwise|unless|de lo contrario|en otro caso|a menos que|salvo que|don['’]?t know|do not know|no lo s[eé]"
    r"|no lo sabes|unanswerable|not in the (?:text|context|passages?|documents?))\b",
    re.IGNORECASE,
)
_SAY = {
    "en": 'If the answer is not there, say "I cannot find it".',
    "es": 'Si la respuesta no está ahí, di "No lo encuentro".',
}


def extraction(draft: Draft) -> Iterator[Finding]:
    """Find things to be extracted whose form is neither shown in a layout ("format") nor in examples ("examples")."""
    if draft.schema or draft.prompt.begin.strip() or any(examples(draft)) or _shown(draft):
        return
    for text in draft.spoken:
        for match in _EXTRACT.finditer(text.plain):
            kinds = _kinds(match["what"])
            span = match.start(), match.start() + len(match.group().rstrip())
            if len(kinds) > 1:
                yield finding("format", text, span, _laid_out(draft, text, kinds), kinds=", ".join(kinds))
                return
    for text in draft.spoken:
        for match in _EXTRACT.finditer(text.plain):
            if _LOOSE.search(match["what"]):
                yield finding("examples", text, (match.start(), match.start() + len(match.group().rstrip())))
                return


def _shown(draft: Draft) -> bool:
    """Tell whether the prompt says or shows how what it wants is to be laid out."""
    return bool(_LAYOUT.search(draft.said) or any(_PLACEHOLDER.search(text.raw) for text in draft.spoken))


def _kinds(what: str) -> list[str]:
    """Return the things to be extracted: "the price and the size of the flat" gives price, size."""
    listed = what.split(":", 1)[1] if ":" in what else _FROM.sub("", what)
    found = [_ARTICLE.sub("", one.strip(" .;\n")) for one in _AND.split(listed)]
    return [one for one in found if one and len(one) < 40]


def _laid_out(draft: Draft, text: Text, kinds: list[str]) -> Prompt:
    """Return the prompt with one labelled line for each kind, before the text that it is to be found in."""
    lines = [f"{kind[0].upper()}{kind[1:]}: {_LIST[draft.lang]}" for kind in kinds]
    block = "\n".join([_HEAD[draft.lang], *lines])
    first = next(places(text), None)
    at = text.raw.rfind("\n", 0, first.start()) + 1 if first else -1
    if at <= 0:
        return edited(draft.prompt, text.part, len(text.raw), len(text.raw), f"\n\n{block}")
    return edited(draft.prompt, text.part, at, at, f"{block}\n\n")


def steps(draft: Draft) -> Iterator[Finding]:
    """Find a calculation asked for, or shown in examples, with its result alone."""
    if _STEPS.search(draft.said) or _STEPS.search(draft.prompt.begin):
        return
    for text, found in examples(draft):
        for one in found:
            bare = len(one.answered.split()) < 8 and len(_FIGURE.findall(one.answered)) == 1
            if bare and _COUNTED.search(one.asked) and len(_FIGURE.findall(one.asked)) > 1:
                yield finding("steps", text, one.place)
                return
    if any(examples(draft)):  # the examples show the steps
        return
    text = draft.user
    for start, end, words in text.sentences():
        if _COUNTED.search(words) and len(_FIGURE.findall(text.plain)) > 1:
            fixed = replace(draft.prompt, user=f"{text.raw.rstrip()}\n\n{_BY_STEPS[draft.lang]}")
            yield finding("steps", text, (start, end), fixed)
            return


def way_out(draft: Draft) -> Iterator[Finding]:
    """Find a question about a given text with nothing to say where the text does not hold the answer."""
    if any(_has_way_out(text) for text in draft.spoken):
        return
    names = {name: carries_text(name, _QUESTIONS) for name in draft.prompt.variables}
    given = [match for text in draft.spoken for match in places(text)]
    contexts = [match for match in given if carries_text(match.group(1), CONTEXTS) or any(names.values())]
    if contexts and (any(names.values()) or _ASKS.search(draft.said)):
        text = draft.system if contexts[0].string == draft.system.raw else draft.user
        yield finding("way_out", text, contexts[0].span(), _with_way_out(draft), new=_SAY[draft.lang])


def _has_way_out(text: Text) -> bool:
    """Tell whether a sentence says what to do where there is no answer; what it quotes counts, as words to be said."""
    if _OTHERWISE.search(text.raw):
        return True
    whens = (_WHEN.search(words) for _, _, words in text.sentences())
    return any(when and _NOT_THERE.search(when.string, when.end()) for when in whens)


def _with_way_out(draft: Draft) -> Prompt:
    """Return the prompt with a way out after its first paragraph, or in the system message where there is one."""
    say = _SAY[draft.lang]
    if draft.prompt.system.strip():
        return replace(draft.prompt, system=f"{draft.prompt.system.rstrip()} {say}")
    first, gap, rest = draft.prompt.user.partition("\n\n")
    if "{{" in first or first.rstrip().endswith(":"):
        return replace(draft.prompt, user=f"{say}\n\n{draft.prompt.user}")
    return replace(draft.prompt, user=f"{first.rstrip()} {say}{gap}{rest}")
