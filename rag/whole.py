"""Whether a question asks about a document as a whole: its summary, subject, main points, structure or conclusions.

Its words alone decide, Spanish and English side by side. It knows nothing of documents, nor of how they are summed up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rag import lexical

Turn = tuple[str, str]  # (role, text)

_LONGEST = 300  # characters: what is asked at more length asks for more than a summary
_FILE = re.compile(r"\S+\.(pdf|docx?|txt|md|markdown|html?)\b", re.IGNORECASE)
_EXTENSION = re.compile(r"\.\w{1,8}$")
_SHORTEST_NAME = 6  # letters: a file called a.txt is not named by saying "a"
_QUOTED = re.compile(r"[«“\"][^»”\"\n]{1,120}[»”\"]")

# Pieces of folded text: lower case, no accents, one space between words.
_NOUN = (
    r"(documentos?|textos?|pdfs?|archivos?|ficheros?|diapositivas|transparencias|presentacion(es)?|apuntes|folletos?|"
    r"documents?|texts?|files?|slides?|slide deck|deck|presentations?|handouts?|leaflets?|notes|uploads?)"
)
# What may be a document and may be what one is about: not with anything after it but how it was added.
_LOOSE = (
    r"(libros?|articulos?|informes?|guias?|manual(es)?|clase|leccion|curso|charla|material(es)?|trabajo|paper|tesis|"
    r"books?|articles?|reports?|guides?|handbooks?|lectures?|talk|course|class|thesis|chapters? and all)"
)
_THE = (
    r"((todo|toda|todos|todas|all|all of|cada|each|both|each of|ambos|whole|entire) )?"
    r"((el|la|los|las|lo|este|esta|estos|estas|ese|esa|esos|esas|mi|mis|tu|tus|un|the|this|that|these|those|"
    r"my|your|a) )?"
    r"((dos|tres|two|three|whole|entire|full|attached|uploaded|complete|present|pdf|word|following|siguiente) )?"
)
_ADDED = (
    r"( (completo|completa|entero|entera|completos|adjunto|adjunta|adjuntos|subido|subidos|entire|fully|q|"
    r"(que )?(te )?(he|hemos) (subido|adjuntado|cargado|pasado)|(that |which )?(i|we) (have |ve |just )?"
    r"(uploaded|added|gave you|sent|attached)))?"
)
_PART = r"(pagina|seccion|capitulo|apartado|parte|tema|punto|page|section|chapter|part|slide \d|figur[ea]|tabla|table)"
_OF = rf"( (de|del|sobre|about|on|of|from|called|titulado)(?! .*\b{_PART}\b)( [a-z0-9_]+){{1,6}})?"
_DOC = rf"({_THE}({_NOUN}{_ADDED}{_OF}|{_LOOSE}{_ADDED})|(todo )?esto|todo|this|everything|it all|all of it|all this)"
_BARE = rf"({_THE}({_NOUN}|{_LOOSE}){_ADDED}|(todo )?esto)"
_IN = rf" (de|del|en|in|of|from|for|to|a|al|por|by|within) {_DOC}"

_MANY = (
    r"(\d+|un|una|uno|dos|tres|cuatro|cinco|seis|diez|pocas|pocos|a|one|two|three|four|five|six|ten|a few|some|unas)"
)
_UNIT = (
    r"(frases?|lineas?|palabras|puntos?|parrafos?|oraciones|ideas|sentences?|words?|lines?|points?|bullet points?|"
    r"bullets|paragraphs?|minutos?|minutes?)"
)
_TAIL = (
    rf"( (por favor|please|brevemente|briefly|en general|in general|overall|para mi|for me|a grandes rasgos|general|"
    rf"rapidamente|quickly|shortly|concisely|en detalle|in detail|en resumen|basically|basicamente|mainly|"
    rf"principalmente|exactamente|exactly|(en|in|con|with|using|as) (unas |about )?{_MANY} {_UNIT}( o menos| or less)?|"
    rf"(en|in|into|al) (espanol|ingles|castellano|english|spanish|bullet points|bullets|breve|short|brief|"
    rf"plain english)|(para|for) (un |a |mi |my )?(nino|ninos|examen|child|children|beginners?|principiantes?|exam|"
    rf"test)))*"
)
_LEAD = (
    r"((hola|hello|hi|oye|por favor|please|vale|ok) )*((me )?(puedes|podrias|puede|haces|das|sabrias|quiero|necesito|"
    r"quisiera|can you|could you|would you|i need|i want|i would like|id like|i d like|give( me)?|show me|tell me|"
    r"write me|write|make me|make|prepare|dime|dame|hazme|haz|hacerme|hacer|darme|decirme|prepara|preparame|escribe|"
    r"escribeme|explica|explicame|explicarme|cuentame|contarme|muestrame|ensename|que me|me|you to|to know|saber|to|"
    r"provide|get|genera|generate|create|crea|elabora|list|lista|enumera|describe|explain|i d love|identify|identifica|"
    r"extract|extrae) )*"
)
_SUMMARY = (
    r"((un|una|el|la|a|an|the|some) )?((breve|corto|pequeno|buen|short|brief|quick|general|rapido|concise|good|one|"
    r"(one|a) paragraph|"
    rf"{_MANY} {_UNIT}) )?"
    r"(resumen|sintesis|esquema|esbozo|panoramica|vision general|vista general|panorama|indice|idea general|summary|"
    r"overview|outline|synopsis|abstract|recap|digest|gist|tl dr|tldr|table of contents|general idea|sinopsis)"
    r"( (breve|corto|general|rapido|completo|detallado|sencillo|corta|"
    rf"(de|en|in|of) (unas |about )?{_MANY} {_UNIT}))?"
)
_MAIN = r"(principal(es)?|centrales|central|clave|fundamentales|mas importantes?|basic[ao]s|general(es)?|esenciales)"
_POINTS = (
    rf"((el|la|los|las|sus|the|its|some) )?(((main|key|central|most important|principal|core|major|overall|general|"
    rf"primary|big|basic) )(ideas?|points?|topics?|themes?|subjects?|messages?|takeaways?|conclusions?|findings|"
    rf"arguments?|concepts?|contents?|thesis|parts|sections|lessons)|takeaways|"
    rf"(ideas?|puntos?|temas?|mensajes?|conclusion(es)?|argumentos?|conceptos?|contenidos?|asuntos?|partes|secciones|"
    rf"apartados|tesis|aspectos) {_MAIN}|principales (ideas|temas|puntos|conclusiones|conceptos|"
    rf"apartados|argumentos))"
)
_PARTS = (
    r"((el|la|los|las|sus|the|its) )?(temas?|topics?|themes?|subjects?|subject matter|conclusion(es|s)?|estructura|"
    r"structure|contenidos?|contents?|secciones|sections|apartados|capitulos|chapters|partes|parts|mensaje|message|"
    r"objetivo|purpose|aim|proposito|tesis|thesis|indice|ideas|finalidad|point|headings|titulos|organi[sz]ation|asunto)"
)
_BE = r"(que|cual|cuales|what|which|whats|what s) ?(es|son|is|are|serian|seria)?"
_HAS = r"(tiene|tienen|contiene|contienen|hay en|aparece en|da|dan|ofrece|incluye)"
_SEEN = r"(explica|dice|cuenta|trata|ve|aprende|describe|cubre|aborda|habla|presenta|concluye)n?"
_MOST = (
    r"(lo (mas|esencial|principal|fundamental)( (importante|relevante|destacado|esencial))?|the (most important|"
    r"main|essential|key) (things?|parts?|information|facts?|stuff))"
)
_SUM = (
    r"(resum(e|eme|en|id|ir|irme|irlo|amos|as|a)|sintetiza(r|me)?|summari[sz](e|ing)|sum up|recap|outline|esquematiza|"
    r"condense|abstract|boil down|give an overview of|resumir)"
)
_VERB_ABOUT = r"(trata|tratan|va|van|habla|hablan|versa|se trata)"
_TELLS = (
    r"(contiene|explica|cuenta|ensena|cubre|aborda|trata|dice|describe|incluye|contienen|explican|dicen|tratan|"
    r"presenta|expone|concluye|defiende|plantea)"
)
_TELL = (
    r"(contain|explain|cover|teach|say|discuss|deal with|describe|include|argue|conclude|present|address|talk about)"
)

_WHOLE = [
    rf"{_SUM}( me)?{_TAIL} {_DOC}",
    rf"{_SUM}( me)?( the| las?| los)? {_POINTS}({_IN})?",
    rf"{_SUMMARY}({_IN})?",
    rf"{_SUM}",
    rf"(el |la |the )?{_SUMMARY} (de |of )?{_DOC}",
    rf"((de|sobre|acerca de) que|que) {_VERB_ABOUT}( {_DOC})?",
    rf"({_DOC} )(de|sobre) que {_VERB_ABOUT}",
    rf"what (is|are|s)( {_DOC}| it) (all )?(about|for|on)",
    rf"what (does|do) {_DOC} {_TELL}( overall| about)?",
    rf"what {_DOC} (is|are) (all )?about",
    rf"que {_TELLS} {_BARE}",
    rf"({_BE} )?{_POINTS}( (discussed|covered|addressed|tratad[oa]s))?({_IN})?( (about|trata))?",
    rf"que {_POINTS} {_HAS} {_BARE}",
    rf"what (are|is) {_BARE} s {_POINTS}",
    rf"que se {_SEEN} {_IN[1:]}",
    rf"what (is|gets) (covered|discussed|explained|described|said|presented) {_IN[1:]}",
    rf"(({_SUM}|que es|cual es|what is|what s) )?{_MOST}{_IN}",
    rf"{_SUM} (el|los|the) (contenidos?|contents?){_IN}",
    rf"que informacion {_HAS} {_BARE}|what information (does|do) {_BARE} (contain|give|have|provide|include)",
    rf"what should i (know|remember) (about|from|of) {_BARE}|que (debo|deberia|tengo que) saber (de|del|sobre) {_BARE}",
    rf"({_BE} )?{_PARTS}{_IN}",
    rf"{_BE} ((las|la|the) )?(conclusion|conclusiones|conclusions|takeaways|topic|subject|el tema)",
    rf"(que|cuales|what|which|los|the) (temas|topics|subjects|themes|ideas|contenidos|asuntos) (son |are |se )?"
    rf"({_TELLS}|tratados?|tratan|abordan|cubren|tocan|toca|mencionan|covered|discussed|addressed|presented|treated|"
    rf"(does|do) {_DOC} {_TELL}|hay|aparecen|are there)({_IN}| {_DOC})?",
    rf"what topics (does|do) {_DOC} {_TELL}",
    rf"(que|cuantas|cuantos|what|how many|which|en que|in what) (secciones|apartados|partes|capitulos|temas|sections|"
    rf"chapters|parts|headings) (tiene|tienen|hay|incluye|contiene|se divide|esta dividido|(does|do)|are there|is) ?"
    rf"({_DOC}|{_IN[1:]})( have| contain| include| divided into)?",
    rf"como (esta|estan|se) (organizad[oa]s?|estructurad[oa]s?|dividid[oa]s?|organiza|estructura|divide) {_DOC}",
    rf"how (is|are) {_DOC} (organi[sz]ed|structured|divided|laid out|arranged)",
    rf"(que|what|cual) (es|is|are|son) (this|este|esta|the|el|la|estos|these|that|ese) {_NOUN}{_ADDED}",
    rf"a que (conclusion|conclusiones) (llega|llegan) {_DOC}",
    rf"what (conclusion|conclusions) (does|do) {_DOC} (reach|draw|come to)",
    r"(explica|explicame|describe|describeme|explain|presenta|introduce|cuentame|analiza|analy[sz]e) "
    rf"{_THE}{_NOUN}{_ADDED}",
    rf"que (puedo |voy a |se puede )?(aprend\w+|encontrar|encontrare) (en|con|de|leyendo) {_DOC}",
    rf"what (can|will|could) i (learn|find) (in|from|with|by reading) {_DOC}",
    r"(tl dr|tldr|en resumen|in summary|in short|en pocas palabras|in a nutshell)( {0})?".replace("{0}", _DOC),
    rf"(que|what) (hay|is|s) (en|in|inside) {_THE}{_NOUN}{_ADDED}",
]
_ASKED = re.compile(rf"{_LEAD}(?:{'|'.join(_WHOLE)}){_TAIL}")
# Of what was just said, where something was: "resúmelo" after an answer is about that answer.
_OF_IT = re.compile(rf"{_LEAD}(resum(elo|irlo|emelo|irmelo)|{_SUM} (it|esto|this|that|lo)){_TAIL}")


def without_name(question: str, name: str) -> str:
    """Return the question with a document's name, as people say it, replaced by "documento".

    "Resume la guía de la biblioteca" asks about all of guia-de-la-biblioteca.pdf, not about a topic in it.
    """
    said = lexical.words(_EXTENSION.sub("", name).replace("_", " "))
    if not said or sum(map(len, said)) < _SHORTEST_NAME:
        return question
    words = _Said.of(question)
    for i in range(len(words) - len(said) + 1):
        if [word.folded for word in words[i : i + len(said)]] == said:
            return f"{question[: words[i].start]}documento{question[words[i + len(said) - 1].end :]}"
    return question


class _Said(NamedTuple):
    """A word of a question, folded, and its characters there."""

    folded: str
    start: int
    end: int

    @classmethod
    def of(cls, question: str) -> list[_Said]:
        return [cls(*found) for found in lexical.located_words(question)]


def is_about_whole(question: str, history: Sequence[Turn] = ()) -> bool:
    """Tell whether `question` is about a whole document, and so not to be answered from the nearest passages.

    A topic inside ("resume la vida de Cervantes") is none. With a `history`, "summarise it" is about the last answer.
    """
    if len(question) > _LONGEST:
        return False
    text = _QUOTED.sub(" q ", _FILE.sub(" el documento ", question))
    folded = re.sub(r"\b(el|la|los|este|the|this) el documento\b", "el documento", " ".join(lexical.words(text)))
    folded = re.sub(r"\b(del|documento|archivo|fichero|pdf|document|file) el documento\b", r"\1", folded)
    if _OF_IT.fullmatch(folded):
        return not history
    return bool(folded) and bool(_ASKED.fullmatch(folded))
