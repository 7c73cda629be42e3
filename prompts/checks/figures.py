"""Checks of how an answer came about: how long it took, and why it ended."""

from __future__ import annotations

from prompts.checks.kinds import Asked, Found, Kind, fact, not_run, text_of
from prompts.words import Said
from rag.errors import BadCheck


def _latency(asked: Asked) -> Found:
    """Milliseconds from asking to the end of the answer, without waiting for a turn."""
    most = asked.check.threshold
    if most is None:
        raise BadCheck(type="latency", reason="threshold: 5000")
    got = round(asked.reply.seconds * 1000)
    return fact(got <= most, "check.latency", "check.latency_not", got=got, most=most)


def _finish_reason(asked: Asked) -> Found:
    """Compare with stop (it had said all), length (the limit of tokens) or another that the model gives."""
    wanted = text_of(asked)
    got = str(asked.reply.stats.get("finish_reason") or "")
    if not got:
        return not_run(Said("check.no_finish_reason"))
    return fact(got.casefold() == wanted.casefold(), "check.finish", "check.finish_not", got=got, value=wanted)


KINDS = (
    Kind("latency", "nothing", _latency),
    Kind("finish-reason", "text", _finish_reason),
)
