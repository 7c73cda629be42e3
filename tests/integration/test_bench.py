"""The bench on a question set of our own: the figures are there, and they are those of the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench import answers, gate, retrieval
from bench.squad import Question, contains_gold, draw, entails, normalise, read_squad, token_f1

ARTICLES = [
    [("El faro de Punta Serena mide 32 metros y se encendió en 1907.", "¿Cuánto mide el faro?", "32 metros")],
    [("La biblioteca Maruja abre a las nueve y cierra a las ocho.", "¿A qué hora abre la biblioteca?", "nueve")],
    [("El mercado de los jueves tiene 41 puestos de fruta.", "¿Cuántos puestos tiene el mercado?", "41")],
    [("La línea azul del tranvía cruza el río Tordo.", "¿Qué río cruza el tranvía?", "Tordo")],
]


@pytest.fixture
def squad(tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AULA_MODELS_DIR", str(models_dir))
    monkeypatch.setenv("AULA_OFFLINE", "1")
    data = [
        {
            "title": str(number),
            "paragraphs": [
                {
                    "context": context,
                    "qas": [
                        {
                            "id": f"{number}",
                            "question": question,
                            "answers": [{"text": gold, "answer_start": context.index(gold)}],
                            "is_impossible": False,
                        },
                        {"id": f"{number}x", "question": "¿Quién lo pagó?", "answers": [], "is_impossible": True},
                    ],
                }
                for context, question, gold in article
            ],
        }
        for number, article in enumerate(ARTICLES)
    ]
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    return path


def test_a_question_set_is_read_and_split_by_article(squad):
    whole, dev, test = (read_squad(squad, part) for part in ("all", "dev", "test"))
    assert len(whole.questions) == len(dev.questions) + len(test.questions) == 8
    assert dev.paragraphs == whole.paragraphs
    assert {question.article for question in dev.questions} == {0, 2}
    assert draw(whole.questions, 3, 1) == draw(whole.questions, 3, 1)
    assert [question.answerable for question in whole.questions[:2]] == [True, False]


def test_answers_are_judged_as_squad_does():
    assert normalise("¡El Faro, mide 32 m!", "es") == "faro mide 32 m"
    assert contains_gold("Mide 32 metros.", ["los 32 Metros"], "es")
    assert not contains_gold("Mide 320 metros.", ["32"], "es")
    assert not contains_gold("Algo", [""], "es")
    assert token_f1("mide 32 metros", ["32 metros"], "es") == pytest.approx(0.8)
    assert token_f1("nada", ["32 metros"], "es") == 0.0


def test_retrieval_ranks_the_right_paragraph_first(squad):
    result = retrieval.run(squad, "all-minilm-l6-v2")
    assert result["n"] == 4
    for name in ("dense", "lexical", "fused", "baseline"):
        assert set(result[name]) == {"hit@1", "hit@3", "hit@5", "mrr@10"}
    assert result["fused"]["hit@1"] == 1.0
    worse = retrieval.figures(read_squad(squad).questions[:1], [[3, 2, 1, 0]])
    assert worse == {"hit@1": 0.0, "hit@3": 0.0, "hit@5": 1.0, "mrr@10": 0.25}


def test_answers_are_counted_beside_the_baseline(squad):
    options = answers.Options(squad, "es", 2, "smollm2-135m-instruct", "all-minilm-l6-v2", off_corpus=1)
    result = answers.run(options)
    assert result["answerable"]["n"] == result["unanswerable"]["n"] == 2
    assert result["off_corpus"]["n"] == 1
    assert result["answerable"]["hit@3"] == 1.0
    assert result["citations"]["verbatim"] == 1.0
    assert result["ttft_s_median"] > 0
    assert set(result["citations"]) == set(result["baseline"]["citations"])
    assert result["baseline"]["citations"]["shown"] > 0
    assert set(result["baseline"]) == {"answerable", "unanswerable", "off_corpus", "citations", "ttft_s_median"}


def test_citations_are_counted_right_and_borne_out():
    question = Question("1", "¿Cuánto mide?", ("32 metros",), 0, 0)
    quotes = answers.Quotes()
    quotes.add(question, "Mide 32 metros.", [("El faro mide 32 metros.", True), ("Es rojo.", True)], "es")
    quotes.add(question, "32 metros", [("El faro mide 32 metros.", False)], "es")  # not on its page
    quotes.add(question, "Mide 30.", [], "es")
    quotes.add(Question("2", "¿Quién?", (), 0, 0), "Yo.", [("Es rojo.", True)], "es")
    figures = quotes.figures()
    assert figures == {"shown": 4, "precision": 0.3333, "recall": 0.5, "verbatim": 0.75, "gold": 0.6667}
    assert entails("a las nueve de la mañana", ["nueve de la tarde"], "es") is False
    assert entails("cuesta cuatro euros al mes", ["cuatro o euros mes"], "es")


def test_the_gate_is_fitted_to_what_tells_questions_apart(squad):
    options = gate.Options([(squad, "es")], 2, "smollm2-135m-instruct", "all-minilm-l6-v2", part="all")
    result = gate.run(options)
    assert set(result["refused"]) == {"es answerable", "es unanswerable", "es off_corpus"}
    assert result["gate"]["model"] == "smollm2-135m-instruct"
    assert result["toml"].startswith("gate = { coverage = ")
    rows = np.array([[0.0], [0.2], [0.8], [1.0]])
    slope, _ = gate.logistic(rows, np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4))
    assert slope > 0.5


def test_the_command_line_prints_one_json_object(squad, capsys, monkeypatch):
    from bench.__main__ import main

    run: Callable[[], None] = main
    command = f"bench retrieval --squad {squad} --lang es --embedding all-minilm-l6-v2 --no-baseline --json"
    monkeypatch.setattr("sys.argv", command.split(" "))
    run()
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert printed["settings"]["embedding"] == "all-minilm-l6-v2"
    assert printed["settings"]["squad"] == "squad.json"
    assert {"machine", "versions", "fused"} <= set(printed)
