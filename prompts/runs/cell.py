"""One cell of a run: what a column answered to a row, and how that was judged. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts.experiment import Place, read_check
from prompts.outcome import Grade, Outcome, together
from prompts.reply import Reply
from prompts.words import Said


class Told(Said):
    """A sentence as it was said when the cell was judged: its `values` are the texts, by language.

    A later Aula may say it in other words, or not at all; what is kept stays as it was.
    """

    def text(self, lang: str) -> str:
        """Return it in `lang`; a language that is not known reads English."""
        return str(self.values.get(lang) or self.values.get("en", ""))


@dataclass(frozen=True)
class Cell:
    """`strict` and `lenient` are the outcomes of all its grades together (see outcome.together).

    A cell whose reply has an error was not answered: it has no grades, and both outcomes are "none".
    """

    place: Place
    reply: Reply
    grades: tuple[Grade, ...] = ()
    strict: Outcome = "none"
    lenient: Outcome = "none"

    @classmethod
    def judged(cls, place: Place, reply: Reply, grades: Sequence[Grade], threshold: object = None) -> Cell:
        """Return the cell of an answer and its grades. `threshold`: the share of them that its row asks for.

        As in promptfoo, it stands in place of "all of them", and a threshold of 0 is none.
        """
        least = float(threshold) if isinstance(threshold, (int, float)) and threshold else None
        strict = together([(one.strict, one) for one in grades], least)
        lenient = together([(one.lenient, one) for one in grades], least)
        return cls(place, reply, tuple(grades), strict, lenient)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON that `from_json` reads: {column, row, repeat, reply, grades, strict, lenient}."""
        return {
            **vars(self.place),
            "reply": self.reply.to_json(),
            "grades": [grade.to_json() for grade in self.grades],
            "strict": self.strict,
            "lenient": self.lenient,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cell:
        """Read what `to_json` gave."""
        return cls(
            place=Place(data["column"], data["row"], data["repeat"]),
            reply=Reply.from_json(data["reply"]),
            grades=tuple(_grade(one) for one in data["grades"]),
            strict=data["strict"],
            lenient=data["lenient"],
        )


def _grade(data: Mapping[str, Any]) -> Grade:
    return Grade(
        check=read_check(data["check"]),
        strict=data["strict"],
        lenient=data["lenient"],
        score=data["score"],
        reason=Told("", data["reason"]),
        read=data["read"],
    )
