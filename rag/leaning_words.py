"""The words and phrases by which a question leans on the conversation. It knows nothing of how they are weighed.

Spanish and English stand side by side: a fragment such as "why?" is too short to tell a language by. Patterns read
folded text: lower case, no accents, one space between words, no punctuation.
"""

from __future__ import annotations

import re

from rag import lexical


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in parts))


# What a person calls a document by: "what is this text about?" points at it and not at what was said.
_SELF = r"(document|text|pdf|file|slides?|paper|article|book|report|guide|handbook|lecture|presentation|course)"
_THAT = r"(it|this|that|them|those|these)"
_ESO = r"(eso|ello|esto|aquello|lo anterior|lo mismo)"
_ESOS = r"(ellos|ellas|esos|esas|estos|estas)"
_POINT = r"(punto|paso|motivo|opcion|ejemplo|parte|idea|caso|cosa|razon)"
# What an assistant may be asked to do with its last answer.
_ASK = (
    r"(explic|aclar|resum|traduc|simplific|detall|ampli|desarroll|repit|repet|acort|reformul|reescrib|corrig|compar|"
    r"complet|conviert|escrib|dig|cuent|cont|prueb|justific|demuestr|ensen|orden|list)"
)
_DO = (
    r"(explain|clarify|simplify|summari[sz]e|translate|repeat|rephrase|rewrite|shorten|expand|elaborate|compare|"
    r"describe|show|say|put|make|turn|prove|justify|mean)"
)
_SAID = r"(answer|reply|response|explanation|summary|respuesta|contestacion|explicacion|resumen)"
_HOW = (
    r"again|further|please|otra vez|de nuevo|por favor|better|mejor|mas|more|simply|in|to|into|en|al|a|one|una|un|"
    r"simpler|palabras|words|frase|sentence|terms|terminos|espanol|english|ingles|spanish|simples?|sencill[ao]s?"
)

JOINED = _pattern(
    r"^(y(?! chromosome)|o|pero|entonces|ademas(?! de)|tambien|tampoco|o sea|and|but|so|then|also)\b(?! [a-z]$)",
    r"^(what|how) about\b",
    r"^(que hay|que pasa|que tal|que me dices) (de|del|con|sobre)\b",
    r"\b(tampoco|either|too)$",
    r"^(in that case|en ese caso|if so|if not|si no|de ser asi)\b",
)
ABOUT_ANSWER = _pattern(
    rf"\b(pon|haz|di|{_ASK}[a-z]*?[aei]r?)(me|nos)?(lo|los|la|las)"
    r"($| (mas|menos|en|con|de|a|al|como|para|otra|mejor|por|un|todo)\b)",
    rf"\b{_ASK}[a-z]* {_ESO}\b",
    rf"\b{_DO}( me)?( on)?( more)?( about)? {_THAT}\b(?! {_SELF})(?! [a-z]+ (is|are|was)\b)",
    rf"\b(your|that|tu|esa|ese|this|the previous|the last|tu ultima) {_SAID}\b|\b{_SAID} anterior\b",
    rf"\b({_DO}|{_ASK}[a-z]*) (the|la|el) {_SAID}$",
    r"\b(more|mas) (detail|details|simply|briefly|examples|detalles?|despacio|sencillo|simple|ejemplos|slowly)$",
    r"^(tell me|give me|show me|say|dime|cuentame|dame|quiero|quiero saber|i want|i want to know) "
    r"(some |algo |un poco )?(more|mas)( examples?| ejemplos?| details?| detalles?)?$",
    r"^((please )?(can|could) you |por favor )?(explain|simplify|elaborate|continue|go on|keep going|summari[sz]e|"
    rf"translate|repeat|explica|continua|sigue|repite|resume|traduce|prosigue)( ({_HOW}))*$",
    r"^(\w+ ){0,3}(un |an |another |otro |algun |any |more |mas |some |one |por |for )?(examples?|ejemplos?)"
    r"( please| por favor)?$",
    r"^(en|in|with|con) .{0,12}\b(frase|linea|palabras|sentence|words|line|parrafo|paragraph|ingles|english|espanol|"
    r"spanish|lista|list|tabla|table|detail|detalle)\b.{0,12}$",
    r"\byou (just )?(said|mean|meant|mentioned|told)\b|\b(has|acabas de|me) (dicho|mencionado|decir|mencionar)\b",
    r"\b(dijiste|mencionaste|quieres decir|are you sure|estas segur[oa]|seguro que|como lo sabes|how do you know)\b",
    r"^(i )?(don.t|do not|didn.t|did not) (understand|get)( it| that)?\b.{0,20}$",
    r"^no (lo |la )?(entiendo|comprendo|pillo)\b",
    r"\b(shorter|simpler|longer|mas (corto|breve|largo|claro|facil)|con otras palabras|in other words|otra vez|again)$",
    r"^(really|seguro|de verdad|en serio|ok|vale|si|no|yes|is that (so|true|right|all)|es (cierto|verdad|asi|todo))$",
)
POINTING = _pattern(
    r"\b(that|this|the (first|second|third|fourth|last|other|former|latter|next|previous|same|whole)) "
    r"(one|ones|two|point|step|reason|option|example|part|item|idea|case|thing)\b(?! of)",
    r"\b(which|whose) (one|ones)\b|\b(which|any|some|all|both|each|most|many|one|none|out) of (them|these|those)\b",
    r"\b(the (other|first|second|third|last|former|latter|rest|others)|another|others|else)$",
    r"\b(el|la|los|las) (primer[oa]s?|segund[oa]s?|tercer[oa]?s?|ultim[oa]s?|otr[oa]s?|anterior|anteriores|"
    rf"siguientes?|mism[oa]s?|resto|dos|tres)( {_POINT}s?)?$",
    rf"\b(el|la) (primera?|segund[oa]|tercera?|ultim[oa]|otr[oa]) {_POINT}\b(?! de)",
    r"\b(ambos|ambas|otro|otra|otros|otras|cual de (los|las) (dos|tres|otros))$",
    rf"\b(cual|cuales|cuantos|quien|uno|alguno|todos|ninguno|dos) de {_ESOS}\b",
    r"^cual de (los|las) (dos|tres) (es|son|era|fue|tiene|me)\b",
    r"^(los|las) (dos|tres|demas) (son|estan|tienen|fueron)\b",
    r"^(cual|cuales|which) (es|son|era|eran|fue|seria|is|are|was|were) (the |el |la |los |las )?"
    r"(mas|menos|mejor|peor|better|best|worse|worst|more|most|less|[a-z]+er|[a-z]+est)\b"
    r"(?!.* (o|or|and|y|of|de|in|en|to|para|the|el|la) )",
    r"^(cual|cuales|which) (me|te|do|does|did|would|should|prefieres|recomiendas|eliges) ?(you|i|we|recomiendas)?\b"
    r"(?!.* (the|el|la|los|las|a|un|una) )",
    r"^(quien|quienes|que|donde|cuando|como|who|what|where|how|why) (mas|else)\b(?! (grande|importante|de))",
    r"\b(are|were|do|did|is) both\b(?!.* and )",
    r"(?<!are )(?<!were )(?<!is )(?<!was )\bthere$|\b(one|ones|next|afterwards)$|^(another|otro|otra)( one| mas)?$",
    r"\b(?<!say )(?<!said )(?<!mean )(?<!so )that [a-z]+$|\bcalled (that|this)$",
    r"\b(does|did|do|is|was|were|has|had|can) (that|those|these) [a-z]+ [a-z]+$",
    r"^(which|why|how|where|when) (that|those|these)$",
    rf"^(is|was|does|did|isn.t|wasn.t|doesn.t) (that|this)\b(?! {_SELF})",
    r"\b(is|was|of|like|about|by|with|for|does|did|do|to|from|in|after|before|besides|than) (that|those|these|this)$",
    rf"\b(why|how|when|where|what) (is|was|does|did|would|are|do) (that|those|these|this)\b(?! {_SELF})",
    r"\b(tiene|tienen|tenia|es|era|fue|hace|hizo) (ese|esa|esos|esas) \w+$",
)

GENERIC = _set(
    """year years month day date time century kind type sort name title age amount number part place way reason purpose
    color colour language country city ano anos mes dia fecha hora siglo tipo clase nombre titulo edad cantidad numero
    parte lugar manera forma razon motivo proposito color idioma pais ciudad porcentaje percentage"""
)
RELATIONAL = _set(
    """difference differences advantage advantages disadvantage disadvantages drawback drawbacks cause causes reason
    reasons consequence consequences effect effects result results limitation limitations price cost benefit benefits
    meaning purpose example examples step steps exception exceptions problem problems solution solutions alternative
    alternatives relation formula source diferencia diferencias ventaja ventajas desventaja desventajas inconveniente
    inconvenientes causa causas razon razones motivo motivos consecuencia consecuencias efecto efectos resultado
    resultados limitacion limitaciones precio coste costo beneficio beneficios significado ejemplo ejemplos paso pasos
    excepcion excepciones problema problemas solucion soluciones alternativa alternativas relacion formula fuente
    maximo minimo limite maximum minimum limit autor autores author authors plazo horario deadline capital
    page pagina paginas pages"""
)
WH = _set(
    """what which who whom whose when where why how que cual cuales quien quienes cuando donde como cuanto cuanta
    cuantos cuantas adonde"""
)
DETERMINERS = _set(
    """the a an el la los las un una unos unas del al each every some any all most many few several both two three this
    these esta este estos estas what which que cual cuales cuantos cuantas cuanto cuanta cada algun alguna todo toda
    todos todas muchos muchas dos tres lo"""
)
ARTICLES = _set("el la los las un una unos unas este esta estos estas todo todos toda todas cada mi mis")
PRO_DROP = _set(
    """es son era eran fue fueron esta estan sera seran sirve sirven tiene tienen tenia cuesta cuestan vale valen dura
    duro funciona funcionan puede pueden podria cierra cierran abre abren caduca existe"""
)
PREPOSITIONS = _set(
    """in on at of to for from by with about during after before under through into a ante con contra de desde durante
    en entre hacia hasta para por segun sin sobre tras"""
)
AUXILIARIES = _set("do does did is are was were has have had can could will would should may might must")
# Words that ask, join or modify and are no subject of their own, besides the stop words.
FUNCTION = (
    lexical.STOP_WORDS
    | WH
    | _set(
        """exactly exactamente total please favor mean means significa happen happened happens pasa paso pasar
        sucede ocurre sucedio ocurrio main principal principales mas more long far much often later despues luego antes
        ahora now today hoy really realmente tal else next afterwards still aun todavia siempre always never nunca there
        alli ahi dan da daba tuvo tener ser estar hace hacer hecho puede pueden podria could should may might must let
        cuesta costo cost costs cuestan vale valen happening final fin exactamente concretamente first finally
        approximately aproximadamente mejor peor better worse best worst worth use used usa sirve sirven"""
    )
)
SUBJECTS = _set("he she it they")
PRONOUNS = _set("him them himself themselves itself theirs hers ellos ellas ello")
POSSESSIVES = _set("his its their su sus suyo suya suyos suyas cuyo")
POINTERS = _set("ese esa esos esas aquel aquella aquellos aquellas")
NOT_AFTER_LO = _set(
    """que cual cuales mas menos mejor peor mismo siguiente anterior unico primero ultimo largo contrario posible
    normal bueno malo importante esencial"""
)
ENCLITIC = re.compile(r"^\w{3,}([aei]r|ndo)(me|te|se|nos)?(lo|la|los|las)$")
EXPLETIVE = re.compile(
    r"\bit (called|known|mean|take|matter|possible|necessary|important|said|thought|estimated|believed|considered)\b"
    r".*\b(when|if|for|to|that|is|are|who|where)\b|\bit (is|was) \w+ (that|to|for|who)\b"
)
NEUTER = _set("eso aquello ello")
VERB_END = re.compile(r"(ó|aron|ieron|eron|aban?|ían?|ará|arán|erá|irá|irán)$")
