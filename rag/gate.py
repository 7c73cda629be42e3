"""Whether to answer, to answer with a caution, or to say that it is not in the documents: arithmetic only.

A logistic score over what is known before the first word is written. Its numbers belong to an embedding model, stand
beside it in models.toml, and are fitted by `python -m bench gate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

Zone = Literal["answer", "caution", "refuse"]


@dataclass(frozen=True)
class Gate:
    """Weights of a score, in logits: below 0 is refused, below `caution` answered with a caution.

    `bias`: by the question's language, for cosines are not of one size in all; another language has the most lenient.
    `doubt` weighs how far the chat model `model` is from beginning its answer with "no": that is known of no other
    model, which counts as if it had the `usual` one.
    """

    coverage: float
    passage: float
    sentence: float
    doubt: float
    usual: float
    caution: float
    bias: Mapping[str, float]
    model: str = ""

    @classmethod
    def read(cls, table: Mapping[str, object]) -> Gate:
        """Read a table of the catalogue. Raises TypeError when it is not complete."""
        values = {field.name: table[field.name] for field in fields(cls) if field.name in table}
        return cls(**values)  # type: ignore[arg-type]

    def toml(self) -> str:
        """Return the line for the catalogue."""
        bias = ", ".join(f"{language} = {value}" for language, value in self.bias.items())
        shown = [f"{field.name} = {getattr(self, field.name)}" for field in fields(self)[:-2]]
        return f'gate = {{ {", ".join(shown)}, bias = {{ {bias} }}, model = "{self.model}" }}'


@dataclass(frozen=True)
class Evidence:
    """What is known of a question and the best that was found for it.

    `language`: the question's; `foreign`: the best passage is in another. `coverage` (0..1): the share of the
    question's terms, by inverse document frequency, that the best passage holds. `passage` is the best cosine of a
    passage, `sentence` the mean of the best three of a sentence: 0 without embeddings, both corrected for another
    language (EmbeddingSpec.abroad). `doubt`: minus the log-probability that the model begins its answer with "no";
    None while it has not been asked.
    """

    coverage: float = 0.0
    passage: float = 0.0
    sentence: float = 0.0
    language: str = ""
    foreign: bool = False
    doubt: float | None = None
    gate: Gate | None = None

    def asked(self, doubt: float, model: str) -> Evidence:
        """Return the same with what the model `model` would begin with."""
        known = self.gate is not None and model == self.gate.model
        return replace(self, doubt=doubt if known else None)

    @property
    def score(self) -> float:
        """The logit of the documents holding an answer; 0 without a gate."""
        if self.gate is None:
            return 0.0
        gate = self.gate
        doubt = gate.usual if self.doubt is None else self.doubt
        return (
            gate.bias.get(self.language, max(gate.bias.values()))
            + gate.coverage * self.coverage
            + gate.passage * self.passage
            + gate.sentence * self.sentence
            + gate.doubt * doubt
        )

    @property
    def zone(self) -> Zone:
        """What to do."""
        if self.gate is None or not self.passage:
            return "answer" if self.coverage >= _WORDS_ALONE else "caution"
        if self.score < (_ABROAD if self.foreign else 0.0):
            return "refuse"
        return "caution" if self.score < self.gate.caution else "answer"


# Without embeddings, coverage alone decides, and refuses nothing: on half of XQuAD, 0.7 of the questions about articles
# that were left out lie below 0.36.
_WORDS_ALONE = 0.36
# Gates are fitted within one language; across two the scores of good questions reach lower, those about nothing in the
# documents lie below -3 (samples that ship with the app).
_ABROAD = -2.0
NOTHING = Evidence()
