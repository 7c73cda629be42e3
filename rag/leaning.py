"""Whether a question leans on what was said before it, by its words alone. It knows no model and no documents.

Spanish and English are looked for at once: a fragment such as "why?" is too short to tell a language by. The rules are
those of anaphora and ellipsis: a pronoun without an antecedent in its own sentence, a conjunction that joins the
question to the last one, a question word with nothing to ask about, a request about the answer itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rag import lexical
from rag.leaning_words import (
    ABOUT_ANSWER,
    ARTICLES,
    AUXILIARIES,
    DETERMINERS,
    ENCLITIC,
    EXPLETIVE,
    FUNCTION,
    GENERIC,
    JOINED,
    NEUTER,
    NOT_AFTER_LO,
    POINTERS,
    POINTING,
    POSSESSIVES,
    PREPOSITIONS,
    PRO_DROP,
    PRONOUNS,
    RELATIONAL,
    SUBJECTS,
    VERB_END,
    WH,
)

Turn = tuple[str, str]  # (role, text)

_LONGEST = 400  # characters that are looked at: what comes after that much seldom decides
_COURTESY = re.compile(
    r"^(?:(?:gracias|thanks|thank you|ok|okay|vale|perfecto|genial|bien|great|hola|hi)[,.;! ]+)+", re.I
)
_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")


@dataclass(frozen=True)
class _Words:
    """A question's words, as written and folded."""

    written: tuple[str, ...]

    @cached_property
    def folded(self) -> tuple[str, ...]:
        return tuple(lexical.fold(word).replace("’", "'") for word in self.written)

    @cached_property
    def content(self) -> tuple[int, ...]:
        """Positions of the words that name something."""
        return tuple(i for i, word in enumerate(self.folded) if word not in FUNCTION and not self._light(word))

    @cached_property
    def named(self) -> tuple[int, ...]:
        """Positions of names, codes and numbers: what stands for itself."""
        return tuple(
            i
            for i, word in enumerate(self.written)
            if any(c.isdigit() for c in word)
            or (i > 0 and word[0].isupper() and self.folded[i] not in FUNCTION)
            or (word.isupper() and len(word) > 1)
            or (i == 0 and word.endswith(("’s", "'s")) and self.folded[0].split("'")[0] not in FUNCTION | SUBJECTS)
        )

    @staticmethod
    def _light(word: str) -> bool:
        head = word.split("'")[0]
        return head in FUNCTION or head in SUBJECTS | PRONOUNS | POSSESSIVES | POINTERS

    def anchored(self, end: int) -> bool:
        """Tell whether something before position `end` can be what a pronoun there stands for."""
        if any(i < end for i in self.named):
            return True
        return any(i < end and self._noun(i) for i in self.content)

    def _noun(self, i: int) -> bool:
        if i == 0:
            return False
        before = self.folded[i - 1]
        if self.folded[i] in GENERIC and before in WH | {"the", "el", "la", "los", "las"}:
            return False
        if before in WH:
            if VERB_END.search(self.written[i]):
                return False
            return i < 2 or self.folded[i - 2] not in PREPOSITIONS  # "in what year" is no antecedent
        plural = self.folded[i].endswith("s") and before in AUXILIARIES
        return before in DETERMINERS or before in PREPOSITIONS or plural or self._second_of_pair(i)

    def _second_of_pair(self, i: int) -> bool:
        """Tell whether an adjective stands between the word and its determiner."""
        return i > 1 and i - 1 in self.content and self.folded[i - 2] in DETERMINERS | AUXILIARIES


def leans(question: str, history: Sequence[Turn]) -> bool:
    """Tell whether `question` needs the conversation to be understood. An empty `history` never does.

    Microseconds, no model. On XQuAD's questions, which all stand alone, 0.01 to 0.02 are taken for follow-ups.
    """
    text = _COURTESY.sub("", question.strip())[:_LONGEST]
    if not history or not text:
        return False
    text = text.lower() if text.isupper() else text  # shouted: the capitals say nothing of names
    words = _Words(tuple(_WORD.findall(text)))
    if not words.written:
        return True  # "?"
    folded = " ".join(words.folded)
    if JOINED.search(folded) or ABOUT_ANSWER.search(folded):
        return True
    return (bool(POINTING.search(folded)) and not words.named) or _refers(words) or _elliptical(words, text)


def _refers(words: _Words) -> bool:
    """Tell whether a pronoun, clitic, possessive or demonstrative has nothing to stand for in the question."""
    if NEUTER & set(words.folded) and not words.named and "por eso" not in " ".join(words.folded):
        return True
    return any(_is_reference(words, i) and not words.anchored(i) for i in range(len(words.written)))


def _is_reference(words: _Words, i: int) -> bool:
    word = words.folded[i].split("'")[0]
    before = words.folded[i - 1] if i else ""
    after = words.folded[i + 1] if i + 1 < len(words.folded) else ""
    if word in SUBJECTS:
        return word != "it" or not (before == "that" or EXPLETIVE.search(" ".join(words.folded)))
    if word in PRONOUNS | POSSESSIVES | POINTERS or words.written[i] in {"él", "ella", "her"}:
        return True
    if word in {"alli", "ahi", "alla", "there"}:
        return before not in AUXILIARIES and after not in AUXILIARIES
    if ENCLITIC.search(word):
        return True
    if word in {"le", "les"}:
        # Said twice in Spanish: "¿qué le pasó a Tesla?", "¿a quién le toca?"
        return not {"a", "al"} & {*words.folded[i + 1 :], *words.folded[:1]}
    return word in {"lo", "la", "los", "las"} and _is_clitic(words, i, before, after)


def _is_clitic(words: _Words, i: int, before: str, after: str) -> bool:
    """Tell whether lo, la, los or las is an object ("cuándo lo construyeron") and no article ("la casa")."""
    if not after:
        return False
    if words.folded[i] == "lo":
        return after not in NOT_AFTER_LO and not after.endswith(("ado", "ido"))
    if words.folded[i] in {"los", "las"} and words.written[i + 1].islower() and not after.endswith("s"):
        return True  # "los devuelve": a noun would be in the plural too
    if before in {"quien", "quienes", "se", "me", "te", "no"} and after not in NOT_AFTER_LO:
        return True
    return before in WH | {"que"} and bool(VERB_END.search(words.written[i + 1]))


def _elliptical(words: _Words, text: str) -> bool:
    """Tell whether the question asks with nothing to ask about: "why?", "¿cuándo murió?", "what is the difference?"."""
    if words.named:
        return False
    content, folded = words.content, words.folded
    asks = folded[0] in WH or (len(folded) > 1 and folded[0] in PREPOSITIONS and folded[1] in WH)
    if not content:
        return asks or len(folded) <= 4
    if all(folded[i] in RELATIONAL for i in content) and len(content) == 1:
        return content[0] == len(folded) - 1 or folded[content[0] + 1] not in {"of", "de", "del", "between", "entre"}
    if len(content) == 1 and folded[content[0]] in GENERIC and asks:
        return True
    if folded[0] in PRO_DROP and not _has_subject(folded):
        return True
    if not asks:
        return len(folded) == 1 and text.endswith("?")
    return _bare_verb(words)


def _has_subject(folded: Sequence[str]) -> bool:
    """Tell whether a determiner opens a phrase that hangs on no preposition: "es obligatorio el carné"."""
    return any(
        word in ARTICLES and folded[i - 1] not in PREPOSITIONS | {"a", "de"}
        for i, word in enumerate(folded)
        if i < len(folded) - 1
    )


def _bare_verb(words: _Words) -> bool:
    """Tell whether all that follows the question word is a verb without subject or object."""
    content, folded = words.content, words.folded
    last = content[-1]
    if last != len(folded) - 1 and not all(word in FUNCTION for word in folded[last + 1 :]):
        return False
    before = folded[last - 1] if last else ""
    if len(content) == 1:
        return before in WH | {"se", "me", "te", "nos", "no", "ha", "han", "habia", "lo"}
    adverbial = content[0] > 1 and folded[content[0] - 2] in PREPOSITIONS and folded[content[0] - 1] in WH
    measured = folded[content[0]] in GENERIC and folded[content[0] - 1] in WH
    return len(content) == 2 and last == content[0] + 1 and (adverbial or measured)
