"""bench retrieval --pdf: real pages, cut, indexed and asked through the app's own code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.pdf_bytes import document, text

TOPICS = ("faro", "mercado", "puente", "museo")


@pytest.fixture
def lecture(tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AULA_MODELS_DIR", str(models_dir))
    monkeypatch.setenv("AULA_OFFLINE", "1")
    pages = [text(f"El {topic} del pueblo abre a las {n} de la mañana.") for n, topic in enumerate(TOPICS, start=7)]
    path = tmp_path / "pueblo.pdf"
    path.write_bytes(document(pages))
    return path


def test_pages_are_ranked_and_the_command_line_prints_them(lecture, tmp_path, capsys, monkeypatch) -> None:
    from bench.__main__ import main

    rows = [
        {"file": "pueblo.pdf", "question": f"¿Cuándo abre el {topic}?", "pages": [n], "part": ("dev", "test")[n % 2]}
        for n, topic in enumerate(TOPICS, start=1)
    ]
    wrong = {"file": "pueblo.pdf", "question": "¿Cuándo abre el faro, dime?", "pages": [4], "part": "dev"}
    other = {"file": "otro.pdf", "question": "¿Cuándo abre el teatro?", "pages": [1], "part": "dev"}
    questions = tmp_path / "questions.json"
    questions.write_text(json.dumps({"questions": [*rows, wrong, other]}), encoding="utf-8")
    command = f"bench retrieval --pdf {lecture} --questions {questions} --embedding all-minilm-l6-v2 --size 64 --json"
    found = {}
    for part in ("dev", "test"):
        monkeypatch.setattr(sys, "argv", [*command.split(" "), "--overlap", "8", "--part", part])
        main()
        found[part] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["test"]["n"] == 2
    assert found["test"]["hit@1"] == 1.0
    assert found["test"]["chunks"] == 4
    assert found["dev"]["n"] == 3
    assert found["dev"]["hit@1"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["dev"]["settings"]["pdf"] == ["pueblo.pdf"]
    assert (found["dev"]["settings"]["size"], found["dev"]["settings"]["overlap"]) == (64, 8)


def test_without_questions_it_says_what_is_missing(monkeypatch) -> None:
    from bench.__main__ import main

    monkeypatch.setattr(sys, "argv", ["bench", "retrieval"])
    with pytest.raises(SystemExit, match="--questions"):
        main()
