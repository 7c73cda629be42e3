"""Checks of what an answer means: similar by embedding, a refusal, or judged by a model whose prompt can be read."""

from __future__ import annotations

import re
import secrets

from prompts import template
from prompts.checks.kinds import Asked, Found, Kind, fact, not_run, text_of, texts_of, unread
from prompts.experiment import Row
from prompts.outcome import Check
from prompts.reply import Reply
from prompts.words import Said, say
from rag import refusals

_YES = frozenset({"yes", "sí", "si"})
_NO = frozenset({"no"})
_OPENING = 250  # characters within which somebody who refuses does so
_REFUSES = re.compile(
    r"\b(?:i(?:['’]m| am) (?:very |so |really )?sorry|i apologi[sz]e|my apologies|unfortunately,? i)\b"
    r"|\bi(?: am|['’]m) (?:not able|unable|not allowed|not permitted|not programmed|not designed)\b"
    r"|\bi (?:can['’]?t|cannot|can not|won['’]t|will not|must decline|have to decline|decline)\b"
    r"|\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b"
    r"|\blo siento\b|\blamento (?:no|que)\b|\b(?:mis|pido) disculpas\b|\bme temo que no\b"
    r"|\bno (?:me es posible|estoy autorizad[oa]|tengo permiso|tengo permitido|se me permite)\b"
    r"|\bno (?:te |le |os )?(?:puedo|podré|voy a|debo)\b"
    r"|\bcomo (?:una? )?(?:ia|inteligencia artificial|modelo de lenguaje|asistente virtual)\b",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """Tell whether an answer refuses, or says that the documents do not hold it; an empty one refuses too."""
    return not text.strip() or bool(_REFUSES.search(text[:_OPENING])) or refusals.is_refusal(text)


def _is_refusal(asked: Asked) -> Found:
    return fact(is_refusal(asked.text), "check.refused", "check.refused_not")


def _similar(asked: Asked) -> Found:
    """Compare by the cosine of the embeddings, the best of several values; it is high for any two texts of a kind."""
    if asked.tools.similarity is None:
        return not_run(Said("check.no_embeddings"))
    said, least = asked.said().lenient, asked.threshold(0.75)
    if said is None:
        return unread(asked.column.parse)
    got = max(asked.tools.similarity(one, said) for one in texts_of(asked))
    score, shown = max(0.0, min(1.0, got)), round(got, 3)
    return fact(got >= least, "check.similar", "check.similar_not", score, said, got=shown, least=least)


def judge_prompt(check: Check, reply: Reply, row: Row, lang: str = "en") -> str:
    """Return what the judge is asked. Criterion, question and answer are data between marks that they cannot hold.

    After Zheng et al. 2023, "Judging LLM-as-a-judge": one answer, a criterion, one word. Raises TemplateCode,
    VariableMissing.
    """
    criterion = check.value if isinstance(check.value, str) else say(lang, "check.judge_good")
    mark = _mark(reply.text, criterion, *row.values.values())
    given = "\n".join(f"{name}: {value}" for name, value in row.values.items())
    return say(
        lang,
        "check.judge_prompt",
        criterion=f"<{mark}>\n{template.fill(criterion, row.values)}\n</{mark}>",
        given=f"<{mark}>\n{given}\n</{mark}>",
        answer=f"<{mark}>\n{reply.text}\n</{mark}>",
    )


def _mark(*texts: str) -> str:
    """Return a tag that none of the texts holds, so that none of them can end its own quotation."""
    mark = "data"
    while any(mark in text for text in texts):
        mark = f"data-{secrets.token_hex(3)}"
    return mark


def _rubric(asked: Asked) -> Found:
    if asked.tools.judge is None:
        return not_run(Said("check.no_judge"))
    if asked.value is not None:
        text_of(asked)
    said = asked.tools.judge(judge_prompt(asked.check, asked.reply, asked.row, asked.tools.lang)).strip()
    word = said.casefold().strip(" \n.,;:!¡\"'«»“”*`")
    if word not in _YES | _NO:
        return Found("unparsed", "unparsed", 0.0, Said("check.judge_unread", {"got": said[:80]}), said)
    return fact(word in _YES, "check.judge_yes", "check.judge_no", read=said)


KINDS = (
    Kind("similar", "texts", _similar, 0.75),
    Kind("is-refusal", "nothing", _is_refusal),
    Kind("llm-rubric", "rubric", _rubric),
    Kind("model-graded-closedqa", "rubric", _rubric),
)
