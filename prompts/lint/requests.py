"""What is asked for, told by its verb: open requests, several things to extract, code, an expert's judgement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from prompts.lint.examples import examples_in
from prompts.lint.text import Draft, Finding, edited, finding
from prompts.lint.wording import vague

_POLITE = (
    r"[\W\d_]*(?:please,?\s+|por favor,?\s+|(?:can|could|would) you (?:please )?|(?:me )?(?:puedes|podr[ií]as)\s+)?"
)
_VERBS = (
    "summari[sz]e|translate|extract|classify|write|answer|list|explain|describe|rewrite|correct|identify|find|give|generate"
    "|create|compare|analy[sz]e|read|use|reply|return|tell|provide|determine|decide|convert|complete|paraphrase|label"
    "|rate|evaluate|discuss|make|draft|compose|suggest|count|calculate|compute|say|mark|fix|improve|shorten|simplify"
    "|res[uú]me(?:me)?|traduce|extrae|clasifica|escribe|responde|contesta|enumera|expl[ií]ca(?:me)?|describe|reescribe"
    "|corrige|identifica|busca|encuentra|da(?:me)?|genera|crea|compara|analiza|lee|usa|devuelve|di(?:me)?|determina"
    "|decide|convierte|completa|parafrasea|etiqueta|valora|eval[uú]a|comenta|haz|redacta|comp[oó]n|sugiere|calcula"
    "|indica|señala|mejora|acorta|simplifica|saca|ordena|elabora|resuma|traduzca|extraiga|clasifique|escriba|responda"
)
_ASKED = r"\W*(?:puedes|podr[ií]as|me puedes) [^\W\d_]+r(?:me|nos|l[oa]s?)?\b"  # "¿puedes resumir …?"
INSTRUCTION = re.compile(rf"{_POLITE}(?:{_VERBS})\b|{_ASKED}", re.IGNORECASE)

_PIECE = (
    r"(?:poems?|stor(?:y|ies)|essays?|articles?|texts?|emails?|letters?|posts?|descriptions?|songs?|speech(?:es)?|reports?"
    r"|overview|introduction|analysis|explanation|guide|biography|adverts?|advertisements?|summary|summaries|blog|tale"
    r"|information|something|dialogue|script for|poemas?|cuentos?|historias?|ensayos?|art[ií]culos?|textos?|correos?"
    r"|cartas?|entradas?|descripci[oó]n(?:es)?|canci[oó]n(?:es)?|discursos?|informes?|introducci[oó]n|an[aá]lisis"
    r"|explicaci[oó]n|gu[ií]as?|biograf[ií]as?|anuncios?|resumen|res[uú]menes|redacci[oó]n|informaci[oó]n|relatos?|algo"
    r"|di[aá]logos?)\b"
)
_OPEN = re.compile(
    rf"{_POLITE}(?:(?:describe|explain|discuss|talk|tell (?:me|us) (?:about|more|everything|something)|summari[sz]e"
    r"|descr[ií]be(?:me)?|expl[ií]ca(?:me|nos)?|h[aá]bla(?:me|nos)?|cu[eé]nta(?:me|nos)|comenta|res[uú]me(?:me|nos)?"
    r"|(?:explicar|describir|contar|hablar|resumir)(?:me|nos)?)\b"
    r"|(?:write|compose|create|generate|make|draft|provide|give (?:me|us)?|escr[ií]be(?:me)?|redacta|comp[oó]n|crea"
    rf"|genera|haz(?:me)?|elabora|da(?:me|nos)?)\b[^.\n]{{0,40}}?\b{_PIECE})",
    re.IGNORECASE,
)
_VERSE = re.compile(r"\b(?:poems?|songs?|poemas?|canci[oó]n|canciones)\b", re.IGNORECASE)
# What says how the answer should look: length, form, style, reader.
_FORM = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|ten|una?|dos|tres|cuatro|cinco|seis|siete|ocho|diez)"
    r"[\s-]+(?:\w+[\s-]+)?(?:sentences?|words?|lines?|paragraphs?|bullets?|points?|items?|ideas?|verses?|stanzas?|pages?"
    r"|characters?|tokens?|minutes?|frases?|oraci[oó]n|oraciones|palabras?|l[ií]neas?|p[aá]rrafos?|puntos?|versos?"
    r"|estrofas?|p[aá]ginas?|caracteres|minutos?)\b"
    r"|\b(?:json|csv|xml|ya?ml|markdown|tables?|tablas?|bullets?|bulleted|lists?|listas?|haiku|sonnet|soneto|limerick"
    r"|outline|esquema|headings?|format|formato|columns?|columnas?|steps|pasos)\b"
    r"|\b(?:style|tone|voice|formal|informal|friendly|estilo|tono|registro|cercan[oa])\b"
    r"|\b(?:audience|readers?|beginners?|children|child|students?|[\w-]*year-old|p[uú]blico|lectores|principiantes|niñ[oa]s?"
    r"|estudiantes|alumn[oa]s|a[ñn]os)\b",
    re.IGNORECASE,
)
ROLE = re.compile(
    r"\b(?:you are|you're|act as|imagine you|your role|as an? (?:\w+ ){0,2}(?:expert|teacher|professor|doctor|lawyer)"
    r"|eres|act[uú]a como|haz de|imagina que eres|tu papel|como (?:expert|profesor|abogad|m[eé]dic)\w*)\b",
    re.IGNORECASE,
)
_LENGTHS = {
    "en": ("Use 3 to 5 sentences.", "Use 8 to 12 lines."),
    "es": ("Usa entre 3 y 5 frases.", "Usa entre 8 y 12 versos."),
}

_CODE = re.compile(
    r"\b(?:write|create|generate|implement|make|give me|code|escr[ií]be(?:me)?|crea|genera|implementa|haz(?:me)?"
    r"|programa|dame)\b[^.\n]{0,60}?\b(?:functions?|scripts?|programs?|programmes?|class|quer(?:y|ies)|code|regex|funci[oó]n|programa"
    r"|clase|consulta|c[oó]digo|expresi[oó]n regular)\b",
    re.IGNORECASE,
)
_LANGUAGES = {
    "python": "import",
    "sql": "SELECT",
    "javascript": "```javascript\n",
    "java": "```java\n",
    "bash": "```bash\n",
}
_SEED = re.compile(
    r"^\s*(?:import|from|def|class|select|create|function|const|let|var|public|package|#include|<!doctype|<html|#!|```)"
    r"[^.?]*$",
    re.IGNORECASE,
)
_ONLY_CODE = re.compile(
    r"\b(?:only (?:the |with )?code|just the code|nothing but code|code block|s[oó]lo (?:el |con )?c[oó]digo"
    r"|[uú]nicamente (?:el )?c[oó]digo|bloque de c[oó]digo)\b",
    re.IGNORECASE,
)

_JUDGE = re.compile(
    r"\b(?:analysis|analy[sz]e|assess|assessment|diagnos\w*|interpret\w*|critique|advise|advice|evaluate|audit|review"
    r"|an[aá]lisis|analiza|eval[uú]a|evaluaci[oó]n|diagn[oó]stic\w*|interpreta\w*|cr[ií]tica|aconseja|asesora|audita|revisa"
    r"|valora)\b",
    re.IGNORECASE,
)
_FIELDS: tuple[tuple[re.Pattern[str], dict[str, str]], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), role)
    for words, role in (
        (
            r"themes?|narrative|literary|novel|poem|narrativ[oa]s?|literari[oa]s?|novela|poema",
            {"en": "You are a literature professor.", "es": "Eres catedrático de literatura."},
        ),
        (
            r"contract|clauses?|legal|lawsuit|lease|contrato|cl[aá]usulas?|jur[ií]dic[oa]s?|demanda judicial|alquiler",
            {"en": "You are a lawyer.", "es": "Eres abogada."},
        ),
        (
            r"symptoms?|patient|treatment|medical|s[ií]ntomas?|paciente|tratamiento|cl[ií]nic[oa]s?|m[eé]dic[oa]s?",
            {"en": "You are an experienced doctor.", "es": "Eres una médica con experiencia."},
        ),
        (
            r"investments?|balance sheet|tax(?:es)?|portfolio|financial|inversi[oó]n|inversiones|balance|impuestos"
            r"|financier[oa]s?",
            {"en": "You are a financial analyst.", "es": "Eres analista financiera."},
        ),
        (
            r"architecture|vulnerabilit\w+|source code|software design|arquitectura|vulnerabilidad\w*|c[oó]digo fuente",
            {"en": "You are a senior software engineer.", "es": "Eres una ingeniera de software con experiencia."},
        ),
    )
)


def concrete(draft: Draft) -> Iterator[Finding]:
    """Find an open request that says nothing of how the answer should look."""
    prompt = draft.prompt
    if draft.schema or prompt.begin.strip() or prompt.shots or _FORM.search(draft.said) or ROLE.search(draft.said):
        return
    if any(vague(draft)):  # it says how long, if badly
        return
    for text in draft.spoken:
        if any(examples_in(text)) or _CODE.search(text.plain):
            return
        for start, end, words in text.sentences():
            if _OPEN.match(words):
                added = f"{_end(text.raw, end)} {_LENGTHS[draft.lang][bool(_VERSE.search(words))]}"
                yield finding("concrete", text, (start, end), edited(prompt, text.part, end, end, added))
                return


def _end(raw: str, position: int) -> str:
    """Return the full stop that a sentence lacks which something is to follow."""
    return "" if raw[position - 1] in ".!?" else "."


def seed(draft: Draft) -> Iterator[Finding]:
    """Find a request for code whose answer is not begun."""
    prompt, text = draft.prompt, draft.user
    if draft.schema or prompt.begin.strip() or prompt.shots or _ONLY_CODE.search(draft.said):
        return
    lines = text.raw.rstrip().splitlines() or [""]
    match = _CODE.search(text.plain)
    if match is None or (len(lines) > 1 and _SEED.match(lines[-1])):
        return
    begin = next((word for name, word in _LANGUAGES.items() if re.search(rf"\b{name}\b", text.raw, re.I)), "```\n")
    yield finding("seed", text, match.span(), replace(prompt, begin=begin), new=begin.strip())


def role(draft: Draft) -> Iterator[Finding]:
    """Find an expert's task given to nobody in particular."""
    prompt, text = draft.prompt, draft.user
    if ROLE.search(draft.said) or prompt.system.strip() or prompt.shots:
        return
    for start, end, words in text.sentences():
        if not _JUDGE.search(words):
            continue
        for field, roles in _FIELDS:
            if field.search(words):
                new = roles[draft.lang]
                yield finding("role", text, (start, end), replace(prompt, system=new), new=new)
                return
