"""An answer cut into sentences that claim something, with the numbers and names that they name.

It knows nothing of passages. What is said about the answer itself ("Sure!", "It is not in your documents."), code and
headings claim nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rag import lexical
from rag.refusals import is_refusal
from rag.sentences import split_sentences

_CODE = re.compile(r"^[ \t]*(```|~~~).*?(^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)
_NO_PROSE = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\|)")
# What is never cut in two: formulas and code within a line.
_WHOLE = re.compile(r"\$\$.+?\$\$|\\\[.+?\\\]|\\\(.+?\\\)|`[^`\n]+`")
_LEAD = re.compile(r"[ \t]*(?:>[ \t]?|[-*+•][ \t]+|\d{1,3}[.)][ \t]+)*")
_NEGATIONS = frozenset({"not", "never", "no", "nunca", "jamas", "tampoco", "neither", "nor", "ni", "nadie", "nobody"})
_QUOTES = str.maketrans(dict.fromkeys('«»“”„"', " "))
_CLOSING = '»”"'
_NUMBER = re.compile(r"\d+(?:[.,]\d+|[ \u00a0\u202f]\d{3}(?!\d))*")  # thousands may stand apart
_NAME = re.compile(r"\b[A-ZÁÉÍÓÚÜÑ][\w'’-]*(?:[ \t]+(?:de|del|la|of|the|von|van)?[ \t]*[A-ZÁÉÍÓÚÜÑ][\w'’-]*)*")
# Numbers as words, in both languages, up to what is written out in prose. Folded. "one" and "uno" are left out: they
# are articles and pronouns more often than numbers.
_WORDED = {
    word: str(value)
    for value, words in enumerate(
        (
            "zero cero", "", "two dos", "three tres", "four cuatro", "five cinco", "six seis", "seven siete",
            "eight ocho", "nine nueve", "ten diez", "eleven once", "twelve doce", "thirteen trece",
            "fourteen catorce", "fifteen quince", "sixteen dieciseis", "seventeen diecisiete", "eighteen dieciocho",
            "nineteen diecinueve", "twenty veinte",
        )
    )
    for word in words.split()
}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A sentence of an answer: answer[start:end] == text. `ended`: more text would not change it.

    `words`: its folded content words; `numbers` in one form ("1,204" and "1.204" are 1204); `names`: the folded words
    of each capitalised name that does not begin the sentence; `negated`: it says that something is not so.
    """

    start: int
    end: int
    text: str
    ended: bool
    words: tuple[str, ...] = ()
    numbers: frozenset[str] = frozenset()
    names: tuple[tuple[str, ...], ...] = field(default=())
    negated: bool = False

    def stems(self, language: str) -> set[str]:
        """Return the content words, stemmed in `language`."""
        return set(lexical.stem(self.words, language))


def claims(answer: str, language: str) -> list[Claim]:
    """Return the sentences of `answer` that claim something, in order."""
    return [claim for claim in _sentences(answer, language) if _claims_something(claim)]


def numbers(text: str) -> frozenset[str]:
    """Return the numbers in `text` in one form: "1 204", "1.204" and "1,204" are "1204", "3,5" is "3.5", "five" "5"."""
    digits = (_one_form(found) for found in _NUMBER.findall(text))
    worded = (_WORDED[word] for word in lexical.words(text) if word in _WORDED)
    return frozenset([*digits, *worded])


def _one_form(number: str) -> str:
    """Return a number without its thousands' separators and with a point: a last group of three is thousands."""
    groups = re.split(r"\D", number)
    if all(len(group) == 3 for group in groups[1:]):
        return "".join(groups)
    return f"{''.join(groups[:-1])}.{groups[-1].rstrip('0')}".rstrip(".")


def _sentences(answer: str, language: str) -> Iterator[Claim]:
    for start, end in _lines(answer):
        # Without its quotation marks, so that sentences within one quotation are told apart.
        line = _WHOLE.sub(lambda match: "x" * len(match.group()), answer[start:end])
        found = split_sentences(line.translate(_QUOTES), language)
        for sentence in found:
            last = sentence is found[-1] and end == len(answer)
            closed = start + sentence.end
            while closed < end and answer[closed] in _CLOSING:
                closed += 1
            yield _claim(answer, start + sentence.start, closed, ended=not last)


def _lines(answer: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the lines of prose, without the marks of lists and quotations: no code, table or heading."""
    code = [match.span() for match in _CODE.finditer(answer)]
    position = 0
    for line in answer.splitlines(keepends=True):
        start, end = position, position + len(line.rstrip())
        position += len(line)
        if any(first <= start < last for first, last in code) or _NO_PROSE.match(line):
            continue
        lead = _LEAD.match(answer, start, end)
        start = lead.end() if lead else start
        if start < end:
            yield start, end


def negated(text: str) -> bool:
    """Tell whether a sentence denies something: with a "not" in it, its words alone mean the opposite."""
    return not _NEGATIONS.isdisjoint(lexical.words(text.replace("n't", " not").replace("n’t", " not")))


def _claim(answer: str, start: int, end: int, ended: bool) -> Claim:
    text = answer[start:end]
    words = tuple(word for word in lexical.words(text) if word not in lexical.STOP_WORDS)
    return Claim(start, end, text, ended, words, numbers(text), tuple(_names(text)), negated(text))


def _names(text: str) -> Iterator[tuple[str, ...]]:
    for found in _NAME.finditer(text):
        words = [word for word in lexical.words(found.group()) if word not in lexical.STOP_WORDS and len(word) > 1]
        # The first word of a sentence has its capital from its place, not from being a name.
        if found.start() == 0 or text[: found.start()].strip(" \"'«“¿¡(*_") == "":
            words = words[1:]
        if words:
            yield tuple(words)


def _claims_something(claim: Claim) -> bool:
    if not claim.words or is_refusal(claim.text):
        return False
    heading = claim.text.rstrip("*_ ").endswith(":")
    return not heading and not claim.text.endswith("?")
