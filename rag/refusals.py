"""How a model says that the documents do not hold an answer, in English and Spanish."""

from __future__ import annotations

import re

NO_ANSWER = {"en": "It is not in your documents.", "es": "No está en tus documentos."}

# With which words an answer begins that there is none, whatever follows.
OPENINGS = {"en": ("Not", "No"), "es": ("No",)}

# How models say that they found nothing, whatever words they were asked to use.
_REFUSALS = re.compile(
    r"no est[áa] en (tus|los|sus) documentos|not in (your|the) documents"
    r"|(fragmentos?|documentos?|textos?|pasajes?) (proporcionad\w+ |anterior\w* )?no "
    r"(contien|mencion|proporcion|incluy|especific|indic|ofrec|dicen?\b|dan?\b)"
    r"|no se (menciona|especifica|proporciona|indica|dice|incluye)n? .{0,60}\b(fragmento|documento|texto|pasaje)"
    r"|(passages?|documents?|texts?) (provided )?(do(es)?n[o'’]t|do(es)? not) "
    r"(contain|mention|provide|say|include|specify|state)"
    r"|not (mentioned|specified|stated|provided|included) in the (passage|document|text)",
    re.IGNORECASE,
)


# What is quoted is the documents' own word: "«El documento no incluye el seguro.»" refuses nothing.
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"")


def is_refusal(answer: str) -> bool:
    """Tell whether the answer says, in English or Spanish, that the documents do not hold it."""
    return bool(_REFUSALS.search(_QUOTED.sub(" ", answer)[:300]))
