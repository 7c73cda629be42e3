"""Question sets in SQuAD's format (v1.1 and v2) and how answers are judged by them."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prompts.checks.squad import overlap_f1

_ARTICLES = {
    "es": r"\b(el|la|los|las|un|una|unos|unas|lo|al|del)\b",
    "en": r"\b(a|an|the)\b",
}


@dataclass(frozen=True)
class Question:
    """`golds` is empty for an unanswerable question; `paragraph` and `article` are positions in the file."""

    id: str
    text: str
    golds: tuple[str, ...]
    paragraph: int
    article: int

    @property
    def answerable(self) -> bool:
        """Whether its paragraph answers it."""
        return bool(self.golds)


@dataclass(frozen=True)
class QuestionSet:
    """`paragraphs` in the file's order, `articles[i]` the article of paragraph i."""

    paragraphs: tuple[str, ...]
    articles: tuple[int, ...]
    questions: tuple[Question, ...]


def read_squad(path: Path, part: str = "all") -> QuestionSet:
    """Read a SQuAD file; `part` keeps the questions of even ("dev") or odd ("test") articles, and every paragraph."""
    data = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs: list[str] = []
    articles: list[int] = []
    questions: list[Question] = []
    for number, article in enumerate(data):
        for paragraph in article["paragraphs"]:
            for item in paragraph["qas"]:
                golds = () if item.get("is_impossible") else tuple({answer["text"] for answer in item["answers"]})
                questions.append(Question(str(item["id"]), item["question"], golds, len(paragraphs), number))
            paragraphs.append(paragraph["context"])
            articles.append(number)
    wanted = {"all": (0, 1), "dev": (0,), "test": (1,)}[part]
    kept = tuple(question for question in questions if question.article % 2 in wanted)
    return QuestionSet(tuple(paragraphs), tuple(articles), kept)


def left_out_articles(source: QuestionSet) -> set[int]:
    """Return up to four articles, spread over those that are asked about, to be left out of an index."""
    articles = sorted({question.article for question in source.questions})
    return set(articles[:: max(2, len(articles) // 4)][:4])


def draw(questions: Sequence[Question], n: int, seed: int = 0) -> list[Question]:
    """Draw `n` questions (all of them if there are fewer), the same ones for the same seed."""
    if n >= len(questions):
        return list(questions)
    return random.Random(seed).sample(list(questions), n)  # noqa: S311  # a draw that can be repeated


def normalise(text: str, lang: str) -> str:
    """SQuAD's normalisation without accents and with contracted articles, so that a free answer is found as well.

    The definition itself is prompts.checks.squad's; what is measured here is measured by this one from the start.
    """
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    plain = "".join(character if character.isalnum() else " " for character in plain)
    return " ".join(re.sub(_ARTICLES.get(lang, _ARTICLES["en"]), " ", plain).split())


def contains_gold(answer: str, golds: Sequence[str], lang: str) -> bool:
    """Tell whether the normalised answer holds a normalised gold answer as whole words."""
    text = f" {normalise(answer, lang)} "
    return any(gold and f" {gold} " in text for gold in (normalise(gold, lang) for gold in golds))


def entails(quote: str, golds: Sequence[str], lang: str) -> bool:
    """Tell whether a quote bears a gold answer out: it contains it, or three quarters of its words."""
    if contains_gold(quote, golds, lang):
        return True
    held = set(normalise(quote, lang).split())
    wanted = [set(normalise(gold, lang).split()) for gold in golds]
    return any(words and len(words & held) >= 0.75 * len(words) for words in wanted)


def token_f1(answer: str, golds: Sequence[str], lang: str) -> float:
    """Return the best token F1 of `answer` against a gold (Rajpurkar et al. 2016)."""
    words = normalise(answer, lang).split()
    return max((overlap_f1(words, normalise(gold, lang).split()) for gold in golds), default=0.0)
