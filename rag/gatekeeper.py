"""Lets a question pass to the model, and its answer begin, or not: what rag.gate says, at the two moments it is asked.

Before the model reads anything, where even a model without any doubt could not make up for the evidence; and after it
has read the prompt, when the probability of a "no" as its first word is known at no cost (after Kadavath et al. 2022,
"Language Models (Mostly) Know What They Know": what a model is about to say tells more than what it says).
"""

from __future__ import annotations

from typing import Any

from rag.finder import Found
from rag.refusals import OPENINGS

_NO_DOUBT = 16.0  # minus a log-probability: about one in ten million


class Gatekeeper:
    """Decides over one question."""

    def __init__(self, found: Found, model: str, language: str) -> None:
        """`language` is that of the answer; whole documents and what leans on a conversation are never refused."""
        self._evidence = found.evidence
        self._model = model
        self._openings = OPENINGS[language]
        self._lenient = found.whole or found.standalone.how != "as_asked"
        self._whole = found.whole

    @property
    def hopeless(self) -> bool:
        """Whether nothing that the model could do would let the answer pass."""
        return not self._lenient and self._evidence.asked(_NO_DOUBT, self._model).zone == "refuse"

    @property
    def caution(self) -> bool:
        """Whether the answer is to be shown with a caution."""
        return not self._whole and self._evidence.zone != "answer"

    def asking(self) -> dict[str, Any]:
        """Return what to hand to the model, so that it asks before its first word."""
        return {"openings": self._openings, "goes_on": self._goes_on}

    def _goes_on(self, opening: dict[str, float]) -> bool:
        doubt = -max(opening.values(), default=0.0)
        self._evidence = self._evidence.asked(doubt, self._model)
        return self._lenient or self._evidence.zone != "refuse"
