"""Checks of what an answer says against what it should say: equal, nearly equal, and how much of it is shared."""

from __future__ import annotations

from collections.abc import Callable

from prompts.checks.answers import MISSING, Read, canonical, json_values, loads, plain, read
from prompts.checks.kinds import Asked, Found, Kind, fact, not_run, outcome, text_of, texts_of, unread
from prompts.checks.number import number
from prompts.checks.overlap import bleu, edit_distance, gleu, rouge_n
from prompts.checks.squad import exact_match, token_f1
from prompts.words import Said
from rag.errors import BadCheck

_MOST_CELLS = 4_000_000  # of the table that an edit distance fills
_WRITTEN = ("text", "last_line", "label")  # readings that are words; others are compared as what they are


def _judged(asked: Asked, said: Read, strict: bool, lenient: bool, wanted: str, score: float | None = None) -> Found:
    """Return the outcomes of a reading, where what could not be read is not wrong."""
    if said.lenient is None:
        return unread(asked.column.parse)
    key = "check.equals" if lenient else "check.equals_not"
    return Found(
        strict=outcome(strict) if said.strict is not None else "unparsed",
        lenient=outcome(lenient),
        score=float(lenient) if score is None else score,
        reason=Said(key, {"got": said.lenient[:200], "value": wanted}),
        read=said.lenient,
    )


def _equals(asked: Asked) -> Found:
    """Strictly the same characters (promptfoo's equals); leniently the same but for case, blanks and punctuation."""
    if isinstance(asked.value, (dict, list)) or asked.column.parse == "json":
        return _equals_json(asked)
    wanted = text_of(asked)
    if asked.column.parse == "number":
        return number(asked)
    said = asked.said()
    if asked.column.parse == "label":
        label = read(wanted, "label", asked.labels).lenient
        return _judged(asked, said, said.strict == label, said.lenient == label, wanted)
    return _judged(asked, said, said.strict == wanted, plain(said.lenient) == plain(wanted), wanted)


def _equals_json(asked: Asked) -> Found:
    wanted = loads(canonical(asked.value) if isinstance(asked.value, (dict, list)) else text_of(asked))
    if wanted is MISSING:
        raise BadCheck(type="equals", reason="value: {…}")
    whole, held = loads(asked.text), json_values(asked.text)
    if whole is MISSING and not held:
        return unread("json")
    said = canonical(whole if whole is not MISSING else held[-1])
    holds = said == canonical(wanted)
    strict = outcome(holds) if whole is not MISSING else "unparsed"
    key = "check.json_equals" if holds else "check.json_equals_not"
    return Found(strict, outcome(holds), float(holds), Said(key), said)


def _written(asked: Asked) -> Read:
    return asked.said() if asked.column.parse in _WRITTEN else Read(asked.text, asked.text)


def _exact_match(asked: Asked) -> Found:
    golds, said = texts_of(asked), _written(asked)
    strict = said.strict is not None and exact_match(said.strict, golds, asked.lang)
    lenient = said.lenient is not None and exact_match(said.lenient, golds, asked.lang)
    return _judged(asked, said, strict, lenient, " / ".join(golds))


def _scored(name: str, score: Callable[[str, Asked], float], default: float) -> Callable[[Asked], Found]:
    """Return a check that a score of the reading reaches the threshold."""

    def judge(asked: Asked) -> Found:
        said, least = _written(asked), asked.threshold(default)
        if said.lenient is None:
            return unread(asked.column.parse)
        got = score(said.lenient, asked)
        strict = None if said.strict is None else got if said.strict == said.lenient else score(said.strict, asked)
        words = {"name": name, "got": round(got, 3), "least": least}
        return Found(
            strict="unparsed" if strict is None else outcome(strict >= least),
            lenient=outcome(got >= least),
            score=got,
            reason=Said("check.score" if got >= least else "check.score_not", words),
            read=said.lenient,
        )

    return judge


def _rouge(text: str, asked: Asked) -> float:
    n = asked.check.options.get("n", 1)
    return max(rouge_n(text, one, n if isinstance(n, int) and n > 0 else 1) for one in texts_of(asked))


def _levenshtein(asked: Asked) -> Found:
    wanted, text = text_of(asked), _written(asked).lenient
    most = asked.threshold(5)
    if text is None:
        return unread(asked.column.parse)
    if len(wanted) * len(text) > _MOST_CELLS:
        return not_run(Said("check.too_long"))
    distance = edit_distance(text, wanted)
    score = 1 - distance / max(len(text), len(wanted), 1)
    holds = distance <= most
    return fact(holds, "check.distance", "check.distance_not", score, text, got=distance, most=most, value=wanted)


KINDS = (
    Kind("equals", "text", _equals),
    Kind("exact-match", "texts", _exact_match, ours=True),
    Kind("f1", "texts", _scored("F1", lambda text, asked: token_f1(text, texts_of(asked), asked.lang), 0.5), 0.5, True),
    Kind("levenshtein", "text", _levenshtein, 5),
    Kind("rouge-n", "text", _scored("ROUGE-N", _rouge, 0.75), 0.75),
    Kind("bleu", "texts", _scored("BLEU", lambda text, asked: bleu(text, texts_of(asked)), 0.5), 0.5),
    Kind("gleu", "texts", _scored("GLEU", lambda text, asked: gleu(text, texts_of(asked)), 0.5), 0.5),
)
