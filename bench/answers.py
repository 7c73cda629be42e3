"""python -m bench answers: are the answers right, are the refusals, and how long to the first token?"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.baseline import BaselineChat, BaselineIndex
from bench.corpus import OWNER, Corpus, indexed
from bench.squad import Question, QuestionSet, contains_gold, draw, entails, left_out_articles, read_squad, token_f1
from rag.answer import Answerer, AskOptions
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.refusals import is_refusal
from rag.result import Answer
from rag.settings import Settings


@dataclass
class Tally:
    """What happened to one kind of question."""

    n: int = 0
    gold: int = 0
    f1: float = 0.0
    hit3: int = 0
    refused: int = 0
    waits: list[float] = field(default_factory=list)

    def answerable(self) -> dict[str, float]:
        """Return shares, rounded, for questions that the documents answer."""
        count = max(1, self.n)
        return {
            "n": self.n,
            "gold": round(self.gold / count, 4),
            "f1": round(self.f1 / count, 4),
            "hit@3": round(self.hit3 / count, 4),
            "refused": round(self.refused / count, 4),
        }

    def other(self) -> dict[str, float]:
        """Return the share refused, for questions that the documents do not answer."""
        return {"n": self.n, "refused": round(self.refused / max(1, self.n), 4)}


@dataclass
class Quotes:
    """What the shown citations are worth.

    A citation is right when its quote stands verbatim on its page and holds a gold answer, or most of its words
    (bench.squad.entails). Precision: the share of the shown ones that are right; recall: the share of the answers
    with a gold answer in them that have a right one (after Gao et al. 2023, "ALCE"). Both over questions that the
    documents answer; `verbatim` over every citation shown.
    """

    shown: int = 0
    verbatim: int = 0
    judged: int = 0
    right: int = 0
    answered: int = 0
    with_gold: int = 0
    correct: int = 0
    borne_out: int = 0

    def add(self, question: Question, text: str, cited: Sequence[tuple[str, bool]], lang: str) -> None:
        """Count an answer and its citations, each a quote and whether it stands on its page."""
        self.shown += len(cited)
        self.verbatim += sum(stands for _, stands in cited)
        if not question.answerable:
            return
        right = [stands and entails(quote, question.golds, lang) for quote, stands in cited]
        self.judged += len(cited)
        self.right += sum(right)
        self.answered += 1
        self.with_gold += any(contains_gold(quote, question.golds, lang) for quote, _ in cited)
        if contains_gold(text, question.golds, lang):
            self.correct += 1
            self.borne_out += any(right)

    def figures(self) -> dict[str, float]:
        """Return the shares; `gold`: answered questions whose quotes hold a gold answer."""
        return {
            "shown": self.shown,
            "precision": round(self.right / max(1, self.judged), 4),
            "recall": round(self.borne_out / max(1, self.correct), 4),
            "verbatim": round(self.verbatim / max(1, self.shown), 4),
            "gold": round(self.with_gold / max(1, self.answered), 4),
        }


@dataclass(frozen=True)
class Options:
    """What to ask. `n` answerable questions and as many unanswerable ones; `off_corpus` from left-out articles."""

    squad: Path
    lang: str
    n: int
    model: str
    embedding: str
    off_corpus: int = 0
    part: str = "all"
    seed: int = 0
    baseline: bool = True
    questions_from: Path | None = None
    show: bool = False


def run(options: Options) -> dict[str, Any]:
    """Return the figures of the app and, in the same run and question by question, of the tutorial pipeline."""
    texts = read_squad(options.squad, options.part)
    source = read_squad(options.questions_from, options.part) if options.questions_from else texts
    left_out, asked, off = _choose(source, options)
    model_path = Catalogue(Settings.from_env()).pull(options.model)
    tallies = {"answerable": Tally(), "unanswerable": Tally(), "off_corpus": Tally()}
    race = {"answerable": Tally(), "unanswerable": Tally(), "off_corpus": Tally()}
    quotes, rival_quotes = Quotes(), Quotes()
    with indexed(texts.paragraphs, options.embedding, left_out) as corpus:
        chat = LlamaChat.load(model_path, options.model)
        answerer = corpus.answerer(lambda: chat)
        rival = BaselineChat(BaselineIndex(texts.paragraphs, left_out), model_path) if options.baseline else None
        for question in [*asked, *off]:
            kind = "off_corpus" if question in off else "answerable" if question.answerable else "unanswerable"
            _ask(corpus, answerer, question, options, tallies[kind], quotes)
            if rival is not None:
                _ask_rival(rival, question, options.lang, race[kind], rival_quotes)
        chat.close()
    return _figures(tallies, quotes) | ({"baseline": _figures(race, rival_quotes)} if options.baseline else {})


def _choose(source: QuestionSet, options: Options) -> tuple[frozenset[int], list[Question], list[Question]]:
    """Return the paragraphs to leave out, the questions to ask, and those about what was left out."""
    gone = left_out_articles(source) if options.off_corpus else set()
    left_out = frozenset(i for i, article in enumerate(source.articles) if article in gone)
    kept = [question for question in source.questions if question.article not in gone]
    answerable = draw([question for question in kept if question.answerable], options.n, options.seed)
    impossible = draw([question for question in kept if not question.answerable], options.n, options.seed)
    off = [question for question in source.questions if question.article in gone and question.answerable]
    return left_out, answerable + impossible, draw(off, options.off_corpus, options.seed)


def _ask(
    corpus: Corpus, answerer: Answerer, question: Question, options: Options, tally: Tally, quotes: Quotes
) -> None:
    answer, wait = _timed(answerer.ask(OWNER, question.text, options=AskOptions(language=options.lang)))
    _count(tally, question, answer.text, answer.abstained, wait, options.lang)
    right = corpus.ids[question.paragraph]
    found = corpus.retriever.search(OWNER, question.text, k=5)
    tally.hit3 += right in list(dict.fromkeys(passage.document for passage in found))[:3]
    if not answer.abstained:
        _weigh(corpus, answer, question, options.lang, quotes)
    if options.show:
        print(f"{'ok ' if contains_gold(answer.text, question.golds, options.lang) else '-- '}{question.text}\n"
              f"    {answer.text!r}  gold {question.golds}")  # fmt: skip


def _timed(steps: Iterable[Answer]) -> tuple[Answer, float]:
    """Return the last step, and the seconds from asking to the first text by the clock on the wall."""
    started = time.perf_counter()
    first: float | None = None
    answer = Answer("done")
    for step in steps:
        answer = step
        if first is None and step.text:
            first = time.perf_counter() - started
    return answer, first if first is not None else time.perf_counter() - started


def _weigh(corpus: Corpus, answer: Answer, question: Question, lang: str, quotes: Quotes) -> None:
    cited = [
        (one.quote, corpus.store.page_text(OWNER, one.document, one.page)[one.start : one.end] == one.quote)
        for one in answer.citations
    ]
    quotes.add(question, answer.text, cited, lang)


def _ask_rival(rival: BaselineChat, question: Question, lang: str, tally: Tally, quotes: Quotes) -> None:
    text, first, found = rival.ask(question.text)
    refused = _baseline_refused(text)
    _count(tally, question, text, refused, first, lang)
    positions = [position for position, _ in found]
    tally.hit3 += question.paragraph in list(dict.fromkeys(positions))[:3]
    if not refused:  # the tutorial shows the splits that it stuffed as its sources
        quotes.add(question, text, [(split, True) for _, split in found], lang)


def _baseline_refused(text: str) -> bool:
    """Tell whether the tutorial's model said that it does not know, as its prompt asks it to."""
    said = text.casefold()
    known = ("i don't know", "i do not know", "no lo sé", "no sé", "desconozco")
    return is_refusal(text) or any(form in said for form in known)


def _count(tally: Tally, question: Question, text: str, refused: bool, wait: float, lang: str) -> None:
    tally.n += 1
    tally.refused += refused
    tally.waits.append(wait)
    tally.gold += contains_gold(text, question.golds, lang)
    tally.f1 += token_f1(text, question.golds, lang)


def _figures(tallies: dict[str, Tally], quotes: Quotes) -> dict[str, Any]:
    waits: Sequence[float] = [wait for tally in tallies.values() for wait in tally.waits]
    return {
        "answerable": tallies["answerable"].answerable(),
        "unanswerable": tallies["unanswerable"].other(),
        "off_corpus": tallies["off_corpus"].other(),
        "citations": quotes.figures(),
        "ttft_s_median": round(statistics.median(waits), 3) if waits else 0.0,
    }
