"""A question that leans on the conversation, made to stand alone for retrieval. It knows nothing of documents.

The model rewrites it in one short line. Nothing is taken on trust: a line that brings in words of its own, changes the
language or drops what was asked is not used, and the last question's words are added to this one's instead.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag import lexical
from rag.helper import messages, one_line
from rag.language import question_language
from rag.leaning import Turn, leans
from rag.leaning_words import ABOUT_ANSWER, FUNCTION

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from rag.llm import LlamaChat

__all__ = ["Standalone", "leans", "stand_alone"]

EXCHANGES = 2
ANSWER_WORDS = 60
LONGEST = 300  # characters
_TERMS = 12  # content words of earlier questions that are added when the model fails
_BACK = 3  # earlier questions that they may come from
_STEM = 4  # letters that must agree for two words to count as forms of one

_SYSTEM = (
    "Rewrite the last question so that it can be understood without the conversation. Keep it in {language}. "
    "Do not answer it."
)
_NAMES = {"es": "Spanish", "en": "English"}
# (question, answer, last question, rewritten): the three ways of leaning that are worth a model's time.
_SHOTS = {
    "es": (
        (
            "¿Quién construyó el puente de Alcántara?",
            "Lo construyó Cayo Julio Lácer.",
            "¿y cuánto costó?",
            "¿Cuánto costó el puente de Alcántara?",
        ),
        (
            "¿Qué autor escribió Niebla?",
            "Miguel de Unamuno, en 1907.",
            "¿quién era su mujer?",
            "¿Quién era la mujer de Miguel de Unamuno?",
        ),
        (
            "¿Cuánto cuesta la piscina para los niños?",
            "Tres euros al día.",
            "¿y los jubilados?",
            "¿Cuánto cuesta la piscina para los jubilados?",
        ),
    ),
    "en": (
        (
            "Who built the Forth Bridge?",
            "It was built by Sir William Arrol.",
            "and how much did it cost?",
            "How much did the Forth Bridge cost?",
        ),
        ("Who wrote Emma?", "Jane Austen, in 1815.", "who was her sister?", "Who was Jane Austen's sister?"),
        (
            "How much is the pool for children?",
            "Three pounds a day.",
            "and pensioners?",
            "How much is the pool for pensioners?",
        ),
    ),
}
# A question and nothing else; in Spanish not with the "y" that joins it to the last one.
_GRAMMAR = {"es": r'root ::= "¿" [^\n?¿yY] [^\n?¿]* "?"', "en": r'root ::= [^\n?]+ "?"'}
_LABELS = {"es": ("Pregunta", "Respuesta", "Última pregunta"), "en": ("Question", "Answer", "Last question")}


@dataclass(frozen=True)
class Standalone:
    """What to search for. `how`: "as_asked", "rewritten" by the model, or "terms" of the last question were added."""

    text: str
    how: Literal["as_asked", "rewritten", "terms"]
    original: str


def stand_alone(
    model: LlamaChat,
    question: str,
    history: Sequence[Turn],
    language: str,
    cancel: threading.Event | None = None,
) -> Standalone:
    """Return `question` so that it can be searched for without `history`; one that does not lean costs nothing.

    `language` ("es" or "en") is the question's. Raises Cancelled, ModelNotReady.
    """
    question = question.strip()
    if not leans(question, history):
        return Standalone(question, "as_asked", question)
    if not _bare(question):
        line = one_line(model, rewrite_prompt(question, history, language), cancel, _GRAMMAR[language])
        if _acceptable(line, question, history, language):
            return Standalone(line, "rewritten", question)
    return Standalone(with_terms(question, history), "terms", question)


def rewrite_prompt(question: str, history: Sequence[Turn], language: str) -> list[BaseMessage]:
    """Return the few-shot prompt: the fixed part, then the last two exchanges, answers cut short."""
    asked, answered, last = _LABELS[language]
    shots = [
        (f"{asked}: {before}\n{answered}: {answer}\n{last}: {leaning}", whole)
        for before, answer, leaning, whole in _SHOTS[language]
    ]
    lines = []
    for role, text in _recent(history):
        label, kept = (answered, _cut(text)) if role == "assistant" else (asked, text)
        lines.append(f"{label}: {' '.join(kept.split())}")
    lines.append(f"{last}: {question}")
    return messages(_SYSTEM.format(language=_NAMES[language]), shots, "\n".join(lines))


def with_terms(question: str, history: Sequence[Turn]) -> str:
    """Return the question followed by the content words of the last one, as they were written.

    Where the last one leaned too, those of the one before it are added, as far back as one that stands alone.
    """
    seen = set(lexical.words(question))
    added: list[str] = []
    asked = [i for i, (role, _) in enumerate(history) if role == "user"]
    for i in reversed(asked[-_BACK:]):
        for word in re.findall(r"\w+", history[i][1]):
            folded = lexical.fold(word)
            if folded not in lexical.STOP_WORDS and folded not in seen:
                seen.add(folded)
                added.append(word)
        if not leans(history[i][1], history[:i]):
            break
    return " ".join([question, *added[:_TERMS]])


def _bare(question: str) -> bool:
    """Tell whether only the last topic can be searched for: "why?", "explain that more simply"."""
    folded = lexical.words(question)
    return len(folded) < 3 or bool(ABOUT_ANSWER.search(" ".join(folded)))


def _recent(history: Sequence[Turn]) -> Sequence[Turn]:
    """Return the last exchanges, from a question on."""
    asked = [i for i, (role, _) in enumerate(history) if role == "user"]
    return history[asked[-EXCHANGES:][0] :] if asked else []


def _cut(text: str) -> str:
    words = text.split()
    return " ".join(words[:ANSWER_WORDS]) + (" …" if len(words) > ANSWER_WORDS else "")


def _acceptable(line: str, question: str, history: Sequence[Turn], language: str) -> bool:
    """Tell whether a rewritten question says more than the question did, and nothing that nobody said."""
    if not line or len(line) > LONGEST or question_language(line) != language:
        return False
    asked = set(lexical.words(question))
    said = asked.union(*(lexical.words(text) for _, text in _recent(history)))
    written, wanted = _content(line), _content(question)
    kept = sum(_known(word, written) for word in wanted)
    # Something of the conversation must have come in and nothing else, and the question must still be there.
    return bool(written - asked) and all(_known(word, said) for word in written) and 2 * kept >= len(wanted)


def _content(text: str) -> set[str]:
    return {word for word in lexical.words(text) if word not in FUNCTION and len(word) > 1}


def _known(word: str, said: set[str]) -> bool:
    """Tell whether the word, or another form of it, was said: "construido" after "construyó"."""
    if word in said or len(word) < _STEM or any(character.isdigit() for character in word):
        return word in said
    stem = max(_STEM, round(len(word) * 0.6))
    return any(other[:stem] == word[:stem] for other in said)
