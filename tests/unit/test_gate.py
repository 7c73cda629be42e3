"""The gate's arithmetic, who asks it when, and what is never refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.finder import Found
from rag.followups import Standalone
from rag.gate import Evidence, Gate
from rag.gatekeeper import Gatekeeper

GATE = Gate(
    coverage=1.0,
    passage=10.0,
    sentence=10.0,
    doubt=0.5,
    usual=8.0,
    caution=2.0,
    bias={"es": -20.0, "en": -21.0},
    model="default",
)
STRONG = Evidence(
    coverage=1.0, passage=0.9, sentence=0.9, language="es", gate=GATE
)  # 1 + 9 + 9 - 20 = -1, and half of the doubt
WEAK = Evidence(coverage=0.0, passage=0.5, sentence=0.5, language="es", gate=GATE)


def found(evidence: Evidence, how: str = "as_asked", whole: bool = False) -> Found:
    return Found(Standalone("q", how, "q"), evidence, whole=whole)  # type: ignore[arg-type]


def test_zones_follow_the_score() -> None:
    assert STRONG.zone == "answer"  # the usual doubt: 3.0
    assert replace(STRONG, doubt=4.0).score == pytest.approx(1.0)
    assert replace(STRONG, doubt=4.0).zone == "caution"
    assert replace(STRONG, doubt=1.0).zone == "refuse"


def test_each_language_has_its_own_size_of_cosines() -> None:
    assert replace(STRONG, doubt=4.0, language="en").score == pytest.approx(0.0)
    assert replace(STRONG, doubt=4.0, language="fr").score == pytest.approx(1.0)  # the most lenient


def test_across_languages_only_what_is_far_off_is_refused() -> None:
    assert replace(STRONG, doubt=0.0).zone == "refuse"
    assert replace(STRONG, doubt=0.0, foreign=True).zone == "caution"
    assert replace(WEAK, foreign=True).zone == "refuse"


def test_another_models_doubt_is_not_known() -> None:
    assert STRONG.asked(1.0, "default").zone == "refuse"
    assert STRONG.asked(1.0, "another").zone == "answer"


def test_without_embeddings_words_decide_and_nothing_is_refused() -> None:
    words = replace(STRONG, passage=0.0, sentence=0.0)
    assert words.zone == "answer"
    assert replace(words, coverage=0.1).zone == "caution"
    assert Evidence(coverage=0.1).zone == "caution"


def test_what_no_model_could_make_up_for_is_refused_at_once() -> None:
    assert Gatekeeper(found(WEAK), "default", "es").hopeless
    assert not Gatekeeper(found(STRONG), "default", "es").hopeless


def test_the_models_own_first_word_decides() -> None:
    keeper = Gatekeeper(found(STRONG), "default", "es")
    asking = keeper.asking()
    assert asking["openings"] == ("No",)
    seen = [(asking["goes_on"]({"No": -doubt}), keeper.caution) for doubt in (8.0, 4.0, 0.5)]
    assert seen == [(True, False), (True, True), (False, True)]


@pytest.mark.parametrize(("how", "whole"), [("rewritten", False), ("terms", False), ("as_asked", True)])
def test_follow_ups_and_whole_documents_are_never_refused(how: str, whole: bool) -> None:
    keeper = Gatekeeper(found(WEAK, how, whole), "default", "en")
    assert not keeper.hopeless
    assert keeper.asking()["goes_on"]({"Not": -0.1, "No": -0.1})
    assert keeper.caution is not whole


def test_the_catalogue_knows_a_gate_for_the_default_models() -> None:
    from rag import entries
    from rag.settings import DEFAULT_EMBEDDING, DEFAULT_MODEL

    known = {entry.name: entry for entry in entries.load()}
    gate = known[DEFAULT_EMBEDDING].gate
    assert gate is not None
    assert gate.model == DEFAULT_MODEL
    assert gate.caution > 0
    assert set(gate.bias) == {"es", "en"}
    with pytest.raises(TypeError):
        Gate.read({"coverage": 1.0})
