"""The bench's own questions: whole, spread over both parts, and without a word of the documents' text."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bench.lectures import read_questions
from bench.ranks import place, shares

SETS = sorted((Path(__file__).resolve().parents[2] / "bench" / "questions").glob("*.json"))


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_a_question_set_is_whole(path: Path) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    assert set(data) == {"lang", "about", "questions"}
    for row in data["questions"]:
        assert set(row) == {"file", "question", "pages", "part"}
        assert row["question"].startswith("¿") or data["lang"] != "es"
        assert row["question"].endswith("?")
        assert len(row["question"]) < 120  # a question, not a quotation
        assert row["pages"] == sorted(set(row["pages"]))
        assert min(row["pages"]) >= 1
    assert len({row["question"] for row in data["questions"]}) == len(data["questions"])
    counted = Counter(row["file"] for row in data["questions"])
    assert min(counted.values()) >= 25
    for file, count in counted.items():
        dev = [one for one in read_questions([path], "dev") if one.file == file]
        test = [one for one in read_questions([path], "test") if one.file == file]
        assert len(dev) + len(test) == count
        assert abs(len(dev) - len(test)) <= 1


def test_there_are_question_sets() -> None:
    assert len(SETS) >= 2


def test_the_first_right_one_counts() -> None:
    places = [place("abc", {"a"}), place("abc", {"c", "b"}), place("abc", {"x"}), place("k" * 10 + "a", {"a"})]
    assert places == [1, 2, 0, 0]
    assert shares(places) == {"hit@1": 0.25, "hit@3": 0.5, "hit@5": 0.5, "mrr@10": 0.375}
    assert shares([]) == {"hit@1": 0.0, "hit@3": 0.0, "hit@5": 0.0, "mrr@10": 0.0}
