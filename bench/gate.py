"""python -m bench gate: fit the numbers that decide between answering and refusing (rag/gate.py), and print them.

A logistic regression (ridge, Newton's method) over what is known before the first word, on questions that the indexed
paragraphs answer, on unanswerable ones where a file has them, and on questions about articles that are left out. Fit
on one part of a set and report on another: `python -m bench answers --part test`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.corpus import OWNER, Corpus, indexed
from bench.squad import Question, QuestionSet, draw, read_squad
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
_FEATURES = ("coverage", "passage", "sentence", "doubt")


@dataclass(frozen=True)
class Case:
    """A question's features, in the order of _FEATURES, and what it is: answerable, unanswerable or off_corpus."""

    kind: str
    lang: str
    features: tuple[float, ...]


@dataclass(frozen=True)
class Options:
    """`sets`: (file, language); `n` questions of each kind and set; shares of answerable ones to refuse and caution."""

    sets: Sequence[tuple[Path, str]]
    n: int
    model: str
    embedding: str
    part: str = "dev"
    seed: int = 0
    refuse: float = 0.07
    caution: float = 0.2


def run(options: Options) -> dict[str, Any]:
    """Return {gate, toml, refused}: the fitted numbers, the line for models.toml, and what they do to these cases."""
    path = Catalogue(Settings.from_env()).pull(options.model)
    chat = LlamaChat.load(path, options.model)
    cases = [case for squad, lang in options.sets for case in _cases(squad, lang, chat, options)]
    chat.close()
    gate = fit_gate(cases, options)
    shown = ", ".join(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in
                      asdict(gate).items())  # fmt: skip
    return {"gate": asdict(gate), "toml": f"gate = {{ {shown} }}", "refused": _refused(cases, gate)}


def _cases(squad: Path, lang: str, chat: LlamaChat, options: Options) -> Iterator[Case]:
    texts = read_squad(squad, options.part)
    answerable = [question for question in texts.questions if question.answerable]
    impossible = [question for question in texts.questions if not question.answerable]
    chosen = {
        "answerable": draw(answerable, options.n, options.seed),
        "unanswerable": draw(impossible, options.n, options.seed),
        "off_corpus": draw(answerable, options.n, options.seed + 1),
    }
    with indexed(texts.paragraphs, options.embedding) as corpus:
        for kind, questions in chosen.items():
            for question in questions:
                documents = _elsewhere(corpus, texts, question) if kind == "off_corpus" else None
                yield Case(kind, lang, _features(corpus, chat, question, lang, documents))


def _elsewhere(corpus: Corpus, texts: QuestionSet, question: Question) -> list[str]:
    """Return the documents of all other articles, as if the question's own had been left out."""
    return [key for key, article in zip(corpus.ids, texts.articles, strict=True) if article != question.article]


def _features(
    corpus: Corpus, chat: LlamaChat, question: Question, lang: str, documents: list[str] | None
) -> tuple[float, ...]:
    finder = build_finder(corpus.store, corpus.dense, corpus.retriever)
    found = finder.find(chat, Asked(OWNER, question.text, documents), threading.Event())
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
    """Fit the weights, then place both thresholds at shares of the answerable questions of the worst-off language.

    Left-out articles are many and easy: they weigh half, so that the unanswerable ones are heard.
    """
    features = np.array([case.features for case in cases])
    labels = np.array([case.kind == "answerable" for case in cases], dtype=float)
    counts = np.array([0.5 if case.kind == "off_corpus" else 1.0 for case in cases])
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    weights = logistic((features - mean) / spread, labels, counts)
    slopes = weights[:-1] / spread
    gate = Gate(
        **{name: round(float(slope), 3) for name, slope in zip(_FEATURES, slopes, strict=True)},
        bias=round(float(weights[-1] - (slopes * mean).sum()), 3),
        usual=round(float(features[labels == 1.0, 3].mean()), 2),
        refuse=0.0,
        caution=0.0,
        model=options.model,
    )
    scores = score(cases, gate)
    languages = sorted({case.lang for case in cases})
    held = [scores[[case.kind == "answerable" and case.lang == lang for case in cases]] for lang in languages]
    refuse, caution = (
        min(float(np.quantile(one, share)) for one in held) for share in (options.refuse, options.caution)
    )
    return replace(gate, refuse=round(refuse, 3), caution=round(caution, 3))


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
    return np.asarray(np.array([case.features for case in cases]) @ slopes + gate.bias)


def _refused(cases: Sequence[Case], gate: Gate) -> dict[str, float]:
    scores = score(cases, gate)
    kinds = sorted({(case.lang, case.kind) for case in cases})
    return {
        f"{lang} {kind}": round(
            float((scores[[(case.lang, case.kind) == (lang, kind) for case in cases]] < gate.refuse).mean()), 3
        )
        for lang, kind in kinds
    }
