"""python -m bench gate: fit the numbers that decide between answering and refusing (rag/gate.py), and print them.

A logistic regression (ridge, Newton's method) over what is known before the first word, on questions that the indexed
paragraphs answer, on unanswerable ones where a file has them, and on questions about articles that are left out. Fit
on one part of a set and report on another: `python -m bench answers --part test`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.corpus import OWNER, Corpus, indexed
from bench.squad import Question, draw, left_out_articles, read_squad
from rag.finder import Asked, Found
from rag.gate import Gate
from rag.gatekeeper import Gatekeeper
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.services import build_finder
from rag.settings import Settings
from rag.window import Ask, fit

if TYPE_CHECKING:
    import numpy.typing as npt

_RIDGE = 1.0
# Of the questions about what is not there, at all. More costs answers: on a small library of one's own, where pages are
# short, the scores of good questions lie lower than on encyclopaedia articles.
_ENOUGH = 0.92
_FEATURES = ("coverage", "passage", "sentence", "doubt")


@dataclass(frozen=True)
class Case:
    """A question's features, in the order of _FEATURES, and what it is: answerable, unanswerable or off_corpus."""

    kind: str
    lang: str
    features: tuple[float, ...]


@dataclass(frozen=True)
class Options:
    """`sets`: (file, language); `n` questions of each kind and set; shares of answerable ones to refuse and caution.

    `cases`: a file that keeps what was measured, to fit again without the model.
    """

    sets: Sequence[tuple[Path, str]]
    n: int
    model: str
    embedding: str
    part: str = "dev"
    seed: int = 0
    refuse: float = 0.08
    caution: float = 0.2
    cases: Path | None = None


def run(options: Options) -> dict[str, Any]:
    """Return {gate, toml, refused}: the fitted numbers, the line for models.toml, and what they do to these cases."""
    cases = _kept(options.cases) or _measured(options)
    if options.cases is not None:
        options.cases.write_text(json.dumps([asdict(case) for case in cases]), encoding="utf-8")
    gate = fit_gate(cases, options)
    return {"gate": asdict(gate), "toml": gate.toml(), "refused": _refused(cases, gate)}


def _kept(path: Path | None) -> list[Case]:
    if path is None or not path.is_file():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Case(row["kind"], row["lang"], tuple(row["features"])) for row in rows]


def _measured(options: Options) -> list[Case]:
    path = Catalogue(Settings.from_env()).pull(options.model)
    chat = LlamaChat.load(path, options.model)
    try:
        return [case for squad, lang in options.sets for case in _cases(squad, lang, chat, options)]
    finally:
        chat.close()


def _cases(squad: Path, lang: str, chat: LlamaChat, options: Options) -> Iterator[Case]:
    texts = read_squad(squad, options.part)
    gone = left_out_articles(texts)
    absent = frozenset(i for i, article in enumerate(texts.articles) if article in gone)
    answerable = [question for question in texts.questions if question.answerable]
    chosen = {
        "answerable": draw(answerable, options.n, options.seed),
        "unanswerable": draw([one for one in texts.questions if not one.answerable], options.n, options.seed),
    }
    off = draw([question for question in answerable if question.article in gone], options.n, options.seed + 1)
    for left_out, asked in ((frozenset[int](), chosen), (absent, {"off_corpus": off})):
        with indexed(texts.paragraphs, options.embedding, left_out) as corpus:
            for kind, questions in asked.items():
                for question in questions:
                    yield Case(kind, lang, _features(corpus, chat, question, lang))


def _features(corpus: Corpus, chat: LlamaChat, question: Question, lang: str) -> tuple[float, ...]:
    finder = build_finder(corpus.store, corpus.dense, corpus.retriever)
    found = finder.find(chat, Asked(OWNER, question.text), threading.Event())
    doubt = _doubt(chat, found, lang)
    evidence = found.evidence
    return evidence.coverage, evidence.passage, evidence.sentence, doubt


def _doubt(chat: LlamaChat, found: Found, lang: str) -> float:
    """Return minus the log-probability of a "no" as the first word; nothing is written."""
    told: list[float] = []

    def listen(opening: dict[str, float]) -> bool:
        told.append(-max(opening.values()))
        return False

    fitted = fit(chat, Ask(found.standalone.text, lang, found.excerpts), ())
    openings = Gatekeeper(found, chat.model, lang).asking()["openings"]
    chat.invoke(fitted.prompt, openings=openings, goes_on=listen)
    return told[0]


def fit_gate(cases: Sequence[Case], options: Options) -> Gate:
    """Fit the weights; in each language the score is 0 where no more answerable questions are refused than must be.

    Left-out articles are many and easy: they weigh a quarter, so that the unanswerable ones are heard.
    """
    features = np.array([case.features for case in cases])
    labels = np.array([case.kind == "answerable" for case in cases], dtype=float)
    counts = np.array([0.25 if case.kind == "off_corpus" else 1.0 for case in cases])
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    slopes = logistic((features - mean) / spread, labels, counts)[:-1] / spread
    slopes[0] = max(0.0, slopes[0])  # more of the question's words never speaks against an answer
    scores = features @ slopes
    held, zero = {}, {}
    for lang in sorted({case.lang for case in cases}):
        by_kind = {
            kind: scores[[(case.lang, case.kind) == (lang, kind) for case in cases]]
            for kind in {case.kind for case in cases if case.lang == lang}
        }
        held[lang] = by_kind.pop("answerable")
        zero[lang] = threshold(held[lang], by_kind["off_corpus"], options.refuse)
    caution = min(float(np.quantile(one, options.caution)) - zero[lang] for lang, one in held.items())
    return Gate(
        **{name: round(float(slope), 3) for name, slope in zip(_FEATURES, slopes, strict=True)},
        usual=round(float(features[labels == 1.0, 3].mean()), 2),
        caution=round(caution, 3),
        bias={lang: round(-value, 3) for lang, value in zero.items()},
        model=options.model,
    )


def threshold(answerable: npt.NDArray[np.float64], off_corpus: npt.NDArray[np.float64], most: float) -> float:
    """Return the score below which to refuse: enough of `off_corpus`, and at most the share `most` of `answerable`."""
    return min(float(np.quantile(off_corpus, _ENOUGH)), float(np.quantile(answerable, most)))


def logistic(
    features: npt.NDArray[np.float64], labels: npt.NDArray[np.float64], counts: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the weights (features + 1, the last the bias) of a ridge logistic regression of (n, features) rows."""
    rows = np.c_[features, np.ones(len(features))]
    weights = np.zeros(rows.shape[1])
    ridge = np.diag([_RIDGE] * features.shape[1] + [1e-6])
    for _ in range(50):
        likely = 1.0 / (1.0 + np.exp(-rows @ weights))
        slope = rows.T @ (counts * (likely - labels)) + ridge @ weights
        curve = (rows * (counts * likely * (1.0 - likely))[:, None]).T @ rows + ridge
        weights -= np.linalg.solve(curve, slope)
    return weights


def score(cases: Sequence[Case], gate: Gate) -> npt.NDArray[np.float64]:
    """Return the gate's score of each case."""
    slopes = np.array([getattr(gate, name) for name in _FEATURES])
    return np.array([float(np.dot(case.features, slopes)) + gate.bias[case.lang] for case in cases])


def _refused(cases: Sequence[Case], gate: Gate) -> dict[str, float]:
    scores = score(cases, gate)
    kinds = sorted({(case.lang, case.kind) for case in cases})
    return {
        f"{lang} {kind}": round(
            float((scores[[(case.lang, case.kind) == (lang, kind) for case in cases]] < 0.0).mean()), 3
        )
        for lang, kind in kinds
    }
