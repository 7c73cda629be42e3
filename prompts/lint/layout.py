"""Where things stand in a prompt: the instruction before the text, and the text between delimiters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from prompts.lint.requests import INSTRUCTION
from prompts.lint.text import Draft, Finding, Text, edited, finding
from prompts.prompt import Prompt
from prompts.template import VARIABLE
from rag.lexical import fold

_CONTEXTS = (
    "context contexto passage passages pasaje pasajes document documents documento documentos source sources fuente"
    " fuentes fragment fragments fragmento fragmentos"
)
# Names of variables that carry text: sentences that could pass for instructions. One word or a name cannot.
_TEXTS_BESIDES = (
    "text texts article articles doc docs review reviews email mail message content input story contract report"
    " transcript paragraph essay letter post notes abstract code body page comment feedback conversation dialogue news"
    " speech chapter recipe poem description texto textos articulo articulos resena correo mensaje contenido entrada"
    " historia contrato informe transcripcion parrafo redaccion carta notas codigo pagina comentario conversacion"
    " dialogo noticia discurso capitulo cuento anuncio critica receta poema descripcion opinion"
)
CONTEXTS = frozenset(_CONTEXTS.split())
_TEXTS = CONTEXTS | frozenset(_TEXTS_BESIDES.split())
_LABELLED = re.compile(r"^[ \t]*(?:[-*#>] *)?\**[^\W\d][^:{}\n]{0,40}:\**[ \t]*$")
# What may follow a labelled text without blurring where it ends: more labels, separators, nothing.
_TAIL = re.compile(r"(?:\s*+(?:[#=*~_-]{2,}+|[^\W\d][^:{}\n]{0,40}:[ \t]*+(?:\{\{[^{}\n]*\}\})?[ \t]*+(?=\n|$)))*\s*")
_ABOVE = (
    (re.compile(r"\b(?:from|in) above\b|\babove\b", re.IGNORECASE), "below"),
    (re.compile(r"\b(?:previous|preceding)\b", re.IGNORECASE), "following"),
    (re.compile(r"\bde (?:m[aá]s )?arriba\b", re.IGNORECASE), "de abajo"),
    (re.compile(r"\banterior\b|\bprecedente\b", re.IGNORECASE), "siguiente"),
    (re.compile(r"\banteriores\b|\bprecedentes\b", re.IGNORECASE), "siguientes"),
)


def carries_text(name: str, among: frozenset[str] = _TEXTS) -> bool:
    """Tell by its name whether a variable holds sentences, as `customer_review` or `texto2` do."""
    return any(part.rstrip("0123456789") in among for part in re.split(r"[_-]", fold(name)))


def places(text: Text) -> Iterator[re.Match[str]]:
    """Yield where `text` has a variable that holds sentences."""
    return (match for match in VARIABLE.finditer(text.raw) if carries_text(match.group(1)))


def delimiters(draft: Draft) -> Iterator[Finding]:
    """Find texts put into the prompt with nothing that says where they begin and end."""
    for text in draft.spoken:
        if VARIABLE.fullmatch(text.raw.strip()):  # the whole message is the text
            continue
        for match in places(text):
            if not text.holds(*match.span()) and not _stands_apart(text.raw, *match.span()):
                alone = _line_before(text.raw, match.start()).strip() == "" and text.raw[match.end() :][:1] in (
                    "",
                    "\n",
                )
                new = f'"""\n{match.group()}\n"""' if alone else f'"""{match.group()}"""'
                fixed = edited(draft.prompt, text.part, *match.span(), new)
                yield finding("delimiters", text, match.span(), fixed)


def _stands_apart(raw: str, start: int, end: int) -> bool:
    """Tell whether the variable has a line and a label to itself, and nothing but labels comes after it."""
    return bool(_LABELLED.match(_line_before(raw, start)) and _TAIL.fullmatch(raw, end))


def _line_before(raw: str, position: int) -> str:
    return raw[raw.rfind("\n", 0, position) + 1 : position]


def instruction_first(draft: Draft) -> Iterator[Finding]:
    """Find an instruction that the model only reads after the text that it is about."""
    if draft.system.raw.strip() or draft.prompt.shots:  # the model has been told already
        return
    text = draft.user
    first = next(places(text), None)
    if first is None:
        return
    told = [(start, end) for start, end, words in text.sentences() if INSTRUCTION.match(words) or words.endswith("?")]
    orders = [span for span in told if INSTRUCTION.match(text.plain, *span)]
    if orders and told[0][0] > first.start():
        yield finding("instruction_first", text, orders[0], _moved(draft.prompt, orders[0][0]))


def _moved(prompt: Prompt, start: int) -> Prompt | None:
    """Return the prompt with the lines from `start` to the next blank one put first, "above" made "below"."""
    raw = prompt.user
    begin = raw.rfind("\n", 0, start) + 1
    if raw[begin:start].strip():  # it shares its line with something else
        return None
    gap = raw.find("\n\n", start)
    end = gap if gap >= 0 else len(raw)
    block, rest = raw[begin:end].strip(), "\n\n".join(part for part in (raw[:begin].strip(), raw[end:].strip()) if part)
    if VARIABLE.search(block):
        return None
    for pattern, new in _ABOVE:
        block = pattern.sub(new, block)
    return replace(prompt, user=f"{block}\n\n{rest}")
