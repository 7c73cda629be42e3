"""lab/tree.py and what a browser keeps of it: growing, ways, probabilities, and what is not read again."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest

from lab import tree as trees
from lab.tokens import Token
from lab.trace import Trace, Traced, perplexity
from rag.errors import TreeFull
from ui.lab import steps_kept, steps_view
from ui.lab.tree_view import drawing


def token(number: int, p: float = 0.5, said: str | bytes = "", end: bool = False) -> Traced:
    raw = said.encode() if isinstance(said, str) else said
    return Traced(
        Token(number, "", raw or f" t{number}".encode(), end), math.log(p) if p else -math.inf, p, 1, 1.0, (), end
    )


def planted(owner: str = "ana", title: str = "A fox", text: str = "Once") -> trees.Tree:
    return steps_kept.planted(owner, title, "tiny", {"text": text})


def branched() -> trees.Tree:
    """Prompt - 1 - 2 - 3, and 4 - 5 after 1."""
    tree, _ = trees.grown(planted(), 0, [token(11, 0.5), token(12, 0.25), token(13, 0.5)])
    tree, leaf = trees.grown(tree, 1, [token(14, 0.125), token(15, 0.5)])
    return tree | {"at": leaf, "look": leaf}


def test_a_tree_grows_and_the_one_before_stays_what_it_was() -> None:
    first = planted()
    second, node = trees.grow(first, 0, token(7, 0.25))
    assert (node, len(first["nodes"]), len(second["nodes"])) == (1, 1, 2)
    same, again = trees.grow(second, 0, token(7, 0.25))
    assert (same, again) == (second, 1)
    _, node = trees.grow(second, 1, token(7, 0.25))  # the same token after another one is another node
    assert node == 2


def test_probabilities_multiply_along_a_way() -> None:
    tree = branched()
    assert trees.path(tree, 0) == []
    assert trees.path(tree, 5) == [1, 4, 5]
    assert trees.ids(tree, 5) == [11, 14, 15]
    assert math.isclose(trees.probability(tree, 5), 0.5 * 0.125 * 0.5)
    assert math.isclose(trees.perplexity_of(tree, 5), (0.5 * 0.125 * 0.5) ** (-1 / 3))
    assert trees.probability(tree, 0) == trees.perplexity_of(tree, 0) == 1.0
    never, node = trees.grow(tree, 5, token(1, 0.0))
    assert trees.probability(never, node) == 0.0


def test_long_answers_do_not_vanish_on_the_way() -> None:
    tree, leaf = trees.grown(planted(), 0, [token(n, 1e-4) for n in range(300)])
    assert math.isclose(trees.logprob(tree, trees.path(tree, leaf)), 300 * math.log(1e-4), rel_tol=1e-9)
    assert math.isclose(trees.perplexity_of(tree, leaf), 1e4, rel_tol=1e-6)
    found = Trace(tuple(token(n, 1e-4) for n in range(300)))
    assert math.isclose(found.perplexity, 1e4, rel_tol=1e-9)
    assert perplexity(0.0, 0) == 1.0
    assert "⁻¹²⁰⁰" in steps_view.figures(tree | {"look": leaf}, "en")


def test_ways_and_leaves() -> None:
    tree = branched()
    assert [trees.next_on(tree, node, 5) for node in (0, 1, 4, 5, 2)] == [1, 4, 5, 5, 5]
    assert (trees.leaf(tree, 0), trees.leaf(tree, 1), trees.leaf(tree, 4)) == (3, 3, 5)
    assert [(run.nodes, run.parent) for run in trees.runs(tree)] == [((1,), -1), ((2, 3), 0), ((4, 5), 0)]
    assert trees.runs(planted()) == []


def test_letters_in_parts_come_together() -> None:
    tree, leaf = trees.grown(planted(), 0, [token(1, said=b"\xc3"), token(2, said=b"\xb1u")])
    assert trees.text(tree, trees.path(tree, leaf)) == "ñu"
    assert steps_view.label(tree["nodes"][1], "en") == "\\xc3"


def test_a_full_tree_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST", 3)
    tree, _ = trees.grown(planted(), 0, [token(1), token(2)])
    with pytest.raises(TreeFull, match="3"):
        trees.grow(tree, 0, token(3))
    assert trees.grow(tree, 0, token(1))[1] == 1  # what is there already needs no room


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("parent", 2),  # itself: the way to the prompt would never end
        ("parent", 4),
        ("parent", -1),
        ("parent", True),
        ("token", -3),
        ("token", "1"),
        ("p", 1.5),
        ("p", float("nan")),
        ("entropy", None),
        ("bytes", "zz"),
        ("bytes", 3),
        ("bytes", "aa" * 2000),
        ("end", 1),
    ],
)
def test_what_is_no_tree_is_not_opened(where: str, value: object) -> None:
    data: dict[str, Any] = json.loads(json.dumps(branched()))
    assert steps_kept.open_tree(data, "ana") == data
    data["nodes"][2][where] = value
    assert steps_kept.open_tree(data, "ana") is None


@pytest.mark.parametrize(
    "change",
    [
        {"nodes": []},
        {"nodes": "x"},
        {"nodes": [{}]},
        {"look": 6},
        {"at": -1},
        {"at": 1.0},
        {"title": None},
        {"prompt": "x"},
        {"prompt": {}},
        {"prompt": {"messages": [{"role": "user"}], "begin": ""}},
        {"owner": "berta"},
    ],
)
def test_what_is_around_a_tree_is_looked_through_too(change: dict[str, Any]) -> None:
    assert steps_kept.open_tree(branched() | change, "ana") is None
    assert steps_kept.open_tree("tree", "ana") is None


def test_trees_are_put_away_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert steps_kept.put_away([], planted()) == []  # nothing was grown
    kept: list[trees.Tree] = []
    made = [branched() | {"title": str(n)} for n in range(steps_kept.MOST + 2)]
    for one in made:
        kept = steps_kept.put_away(kept, one)
    assert [one["title"] for one in kept] == [one["title"] for one in reversed(made)][: steps_kept.MOST]
    assert steps_kept.put_away(kept, kept[3])[0] == kept[3]
    assert len(steps_kept.put_away(kept, kept[3])) == steps_kept.MOST
    monkeypatch.setattr(steps_kept, "LONGEST", len(json.dumps(kept[:3])) + 10)
    assert steps_kept.put_away(kept, None) == kept[:3]
    assert steps_kept.others([*kept[:2], "x", kept[2] | {"owner": "berta"}], "ana") == kept[:2]


def test_a_finished_answer_is_kept_once_and_only_with_branches() -> None:
    answer, _ = trees.grown(planted(), 0, [token(11), token(12)])
    answer |= {"answer": 2}
    assert steps_kept.open_tree(answer, "ana") == answer
    assert steps_kept.open_tree(answer | {"answer": 9}, "ana") is None
    assert steps_kept.open_tree(answer | {"answer": "2"}, "ana") is None
    assert steps_kept.put_away([], answer) == []  # it can be handed over again
    grown, _ = trees.grow(answer, 1, token(13))
    assert steps_kept.put_away([], grown) == [grown]
    there = [branched(), grown]
    assert steps_kept.same(there, "tiny", {"text": "Once"}, [11, 12]) is grown
    assert steps_kept.same(there, "tiny", {"text": "Once"}, [11]) is None
    assert steps_kept.same(there, "tiny", {"text": "Twice"}, [11, 12]) is None
    assert steps_kept.same(there, "other", {"text": "Once"}, [11, 12]) is None


def test_the_drawing_has_a_box_for_every_run_and_the_table_every_node() -> None:
    tree, _ = trees.grow(branched(), 5, token(16, 0.5, said="</svg><script>", end=False))
    shown = drawing(tree, "en")
    assert shown.count("<g ") == 4  # the prompt and three runs
    assert shown.count("<tr>") == 1 + 6
    assert "<script" not in shown
    assert 'data-id="3"' in shown
    assert drawing(planted(), "en") == drawing(None, "en") == ""


@pytest.mark.parametrize(("said", "p"), [("i", 0.0001), (" mmmm mmmm mmmm", 0.5), (" 見出し見出し", 0.5)])
def test_a_box_holds_both_of_its_lines(said: str, p: float) -> None:
    tree, leaf = trees.grown(planted(), 0, [token(1, p, said), token(2, 0.5, "i"), token(3, 0.5, "i")])
    shown = drawing(tree | {"at": leaf, "look": leaf}, "es")
    label, below = re.findall(r'<text class="(?:label|value)"[^>]*>([^<]*)</text>', shown)[-2:]
    start, width = map(float, re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', shown)[-1])
    letter = 13 if "見" in said else 12 if "m" in said else 7
    assert "3 tokens" in below
    assert width >= max(letter * len(label.rstrip("i").replace("␣", "")), 6.2 * len(below)) + 18
    assert float(re.findall(r'viewBox="0 0 (\d+)', shown)[0]) >= start + width


def test_a_long_prompt_is_cut_between_two_words() -> None:
    shown = steps_view.shown_prompt(planted(text="every word of it is whole " * 20))
    assert shown.startswith("… ")
    assert shown.split()[1] in ("every", "word", "of", "it", "is", "whole")
    assert 200 < len(shown) <= 242
    assert steps_view.shown_prompt(planted(text="ab" * 300)) == "… " + "ab" * 120
    assert steps_view.shown_prompt(planted(text="Once upon")) == "Once upon"


def test_the_bars_of_what_may_come_are_shares_of_the_whole() -> None:
    tree = branched()
    top = [{"token": 98, "bytes": b" x".hex(), "p": 0.2, "rank": 1, "end": False}]
    shown = steps_view.stage(tree, {"tree": tree["id"], "look": 5, "top": top, "entropy": 2.0}, 3, "p", "en")
    assert "width:20.0%" in shown


def test_the_stage_marks_what_was_written_and_says_what_the_rest_has() -> None:
    tree = branched() | {"look": 1}
    top = [
        {"token": 12, "bytes": b" <b>".hex(), "p": 0.25, "rank": 1, "end": False},
        {"token": 99, "bytes": b"".hex(), "p": 0.2, "rank": 2, "end": True},
        {"token": 98, "bytes": b" x".hex(), "p": 0.1, "rank": 3, "end": False},
    ]
    seen = {"tree": tree["id"], "look": 1, "top": top, "entropy": 2.0}
    shown = steps_view.stage(tree, seen, 3, "p", "es")
    assert shown.count('class="aula-choice"') == 3
    assert shown.count('class="aula-choice taken"') == 1  # it is not among the first three
    assert "␣&lt;b&gt;" in shown
    assert "⏹ fin" in shown
    assert "45 %" in shown  # 1 - 0.25 - 0.2 - 0.1
    assert "4,0 tokens" in shown
    assert "12 %" in shown or "13 %" in shown  # of the written one
    assert steps_view.stage(tree | {"look": 5}, seen, 3, "p", "es").count("aula-choice") == 0
    assert "aula-walk" not in steps_view.stage(None, None, 3, "p", "es")
    entropy = steps_view.stage(tree, seen, 3, "entropy", "en")
    assert "1.0 bits</small>" in entropy


@pytest.mark.parametrize(
    ("p", "en", "es"),
    [
        (1.0, "100%", "100 %"),
        (0.34, "34%", "34 %"),
        (0.0512, "5.1%", "5,1 %"),
        (2.96e-7, "3.0·10⁻⁷", "3,0·10⁻⁷"),
        (0.0, "0%", "0 %"),
    ],
)
def test_probabilities_are_written_for_people(p: float, en: str, es: str) -> None:
    if p == 0:
        assert steps_view.chance(p, "en") == "0"
        return
    assert (steps_view.chance(p, "en"), steps_view.chance(p, "es")) == (en, es)
    assert steps_view.power(math.log(9.99e-9), "en") == "1.0·10⁻⁸"
