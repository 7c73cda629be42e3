"""Claims, their evidence, and the property that no quote is ever anything but the page's own characters."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from rag.candidates import LONGEST, candidates, without_repeats
from rag.chunking import Cut, chunk_page
from rag.citing import cite
from rag.claims import claims, numbers
from rag.dense import Dense
from rag.pages import PageText
from rag.retrieval import Passage
from rag.tokens import Estimate
from rag.verify import Verdict, Verifier

ROOT = Path(__file__).resolve().parents[2]
PAGE = (
    "The lighthouse was built in 1907 by Marta Roldán. It is 32 metres tall. Nobody has lived there since the war. "
    "The keeper, Ivo Prat, painted it red. A visit costs four euros and lasts an hour. The island has 1,204 sheep."
)


class Words:
    """No embeddings: words alone decide."""

    def get(self, cancel: threading.Event | None = None) -> None:
        return None


class Meaning:
    """Sentences lie near to each other when they share a topic word of either language."""

    TOPICS = ({"lighthouse", "faro", "built", "construyó"}, {"visit", "visita", "cuesta", "costs"}, {"sheep", "ovejas"})

    def get(self, cancel: threading.Event | None = None) -> tuple[SimpleNamespace, None]:
        return SimpleNamespace(encode_sentences=self._encode), None

    def _encode(self, texts: list[str]) -> np.ndarray:
        rows = np.array(
            [[float(any(word in text.lower() for word in topic)) for topic in self.TOPICS] for text in texts]
        )
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def passage(text: str = PAGE, start: int = 0, language: str = "en", page: int = 1, chunk: int = 1) -> Passage:
    return Passage(chunk, "d" * 64, "faro.pdf", page, text, start, start + len(text), 1.0, 0.5, 1.0, language)


def check(
    answer: str, question: str = "?", language: str = "en", dense: object = None, *passages: Passage
) -> list[Verdict]:
    verifier = Verifier(cast(Dense, dense or Words()), question, language, passages or (passage(),), None)
    return verifier.check(answer)


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("The lighthouse was built in 1907.", "The lighthouse was built in 1907 by Marta Roldán."),
        ("It measures 32 metres: it is 32 metres tall.", "It is 32 metres tall."),
        ("Visits cost 4 euros.", "A visit costs four euros and lasts an hour."),
        ("There are 1.204 sheep on the island.", "The island has 1,204 sheep."),
        ("Ivo Prat painted it red.", "The keeper, Ivo Prat, painted it red."),
    ],
)
def test_a_sentence_that_the_page_says_is_quoted(said: str, quote: str) -> None:
    (verdict,) = check(said)
    assert verdict.evidence is not None
    assert verdict.evidence.quote == quote
    assert PAGE[verdict.evidence.start : verdict.evidence.end] == quote


@pytest.mark.parametrize(
    "said",
    [
        "The lighthouse was built in 1908.",  # another number
        "The lighthouse was built in 1907 by Clara Montes.",  # another name
        "The lighthouse was built in 1907 by Marta Montes.",  # half of it another
        "The lighthouse was not built in 1907 by Marta Roldán.",  # the opposite
        "The island has 1,205 sheep.",
        "The lamp runs on whale oil.",
        "Its gardener planted forty roses.",
    ],
)
def test_a_sentence_that_the_page_does_not_say_is_not(said: str) -> None:
    (verdict,) = check(said)
    assert verdict.evidence is None


def test_a_short_answer_is_read_with_its_question() -> None:
    (verdict,) = check("1907", "When was the lighthouse built?")
    assert verdict.evidence is not None
    assert "1907" in verdict.evidence.quote


def test_what_two_sentences_say_together_is_quoted_whole() -> None:
    (verdict,) = check("The lighthouse, built in 1907 by Marta Roldán, is 32 metres tall.")
    assert verdict.evidence is not None
    assert verdict.evidence.quote == "The lighthouse was built in 1907 by Marta Roldán. It is 32 metres tall."


def test_across_languages_meaning_decides_and_numbers_must_agree() -> None:
    (right,) = check("El faro se construyó en 1907.", "¿Cuándo?", "es", Meaning())
    assert right.evidence is not None
    assert right.evidence.quote.startswith("The lighthouse was built in 1907")
    (wrong,) = check("El faro se construyó en 1909.", "¿Cuándo?", "es", Meaning())
    assert wrong.evidence is None
    (foreign,) = check("La luna es de queso.", "¿De qué?", "es", Meaning())
    assert foreign.evidence is None


def test_a_formula_or_code_is_never_cut_in_two() -> None:
    said = [claim.text for claim in claims("With $$x = 3. Y = 4$$ it holds. Call `a. b` twice.", "en")]
    assert said == ["With $$x = 3. Y = 4$$ it holds.", "Call `a. b` twice."]


def test_sentences_within_a_quotation_are_judged_each() -> None:
    said = [claim.text for claim in claims("«Mide 32 metros. Es rojo.» Así que es rojo.", "es")]
    assert said == ["Mide 32 metros.", "Es rojo.»", "Así que es rojo."]


@pytest.mark.parametrize(("said", "borne_out"), [("3.5", True), ("3,50", True), ("35", False), ("5", False)])
def test_a_number_counts_whole(said: str, borne_out: bool) -> None:
    page = passage("A visit costs 3.5 euros.")
    (verdict,) = check(f"A visit costs {said} euros.", "?", "en", None, page)
    assert (verdict.evidence is not None) is borne_out


def test_a_page_of_unknown_language_is_not_a_foreign_one() -> None:
    page = passage("Ivo Prat built the boats.", language="")
    assert check("Marta Roldán built the gardens.", "?", "en", Meaning(), page)[0].evidence is None


def test_what_claims_nothing_is_not_judged() -> None:
    text = "Answer:\n\n- It is 32 metres tall.\n\n```py\nx = 1.\n```\n\nWhy?\n\n## Cost\n\n| a | b. c |\n"
    assert [claim.text for claim in claims(text, "en")] == ["It is 32 metres tall."]
    assert check("It is not in your documents.") == []


def test_sentences_are_judged_once_they_are_ended() -> None:
    verifier = Verifier(cast(Dense, Words()), "?", "en", (passage(),), None)
    assert verifier.check("It is 32 metres", whole=False) == []
    first = verifier.check("It is 32 metres tall. A vis", whole=False)
    assert [verdict.text for verdict in first] == ["It is 32 metres tall."]
    assert len(verifier.check("It is 32 metres tall. A visit costs four euros.")) == 2


def test_numbers_have_one_form() -> None:
    assert numbers("1.204, 1,204 and 1 204; five, cinco; 3,5 %") == {"1204", "5", "3.5"}


def test_the_same_quote_has_the_same_number() -> None:
    cited = cite(check("It is 32 metres tall. The lamp runs on whale oil. The lighthouse is 32 metres tall."))
    assert [mark.n for mark in cited.marks] == [1, 0, 1]
    assert [citation.n for citation in cited.citations] == [1]


def test_what_follows_from_a_quote_rests_on_the_same_one() -> None:
    page = passage("The lighthouse is red and was built in 1907. Built in 1907, the old church has two bells.")
    first, second = check(
        "The lighthouse is red and was built in 1907. So it was built in 1907.", "?", "en", None, page
    )
    assert first.evidence == second.evidence
    (alone,) = check("The old church was built in 1907.", "?", "en", None, page)
    assert alone.evidence is not None
    assert "church" in alone.evidence.quote


def test_every_quote_is_the_pages_own_text() -> None:
    """Random answers from random pieces of random pages, chunks with overlap: whatever is quoted stands there."""
    draw = random.Random(7)
    pages = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "documents").rglob("*.html"))]
    assert len(pages) > 1
    words = [word for page in pages for word in page.split()]
    quoted = 0
    for _ in range(60):
        number = draw.randrange(len(pages))
        text = pages[number]
        spans, _ = chunk_page(PageText(1, text, "text"), Cut(128, 32), Estimate())
        chunks = draw.sample(spans, k=min(4, len(spans)))
        found = [passage(text[span.start : span.end], span.start, "es", 1, i) for i, span in enumerate(chunks)]
        pool = candidates(found)
        said = [draw.choice(pool).text for _ in range(3)] + [" ".join(draw.choices(words, k=8)) + "."]
        draw.shuffle(said)
        for verdict in check(" ".join(said), "?", "es", Meaning(), *found):
            if verdict.evidence is not None:
                quoted += 1
                assert text[verdict.evidence.start : verdict.evidence.end] == verdict.evidence.quote
    assert quoted > 30


def test_a_table_is_cut_into_pieces_that_stand_on_the_page() -> None:
    table = "\n".join(f"row {i} | {i * 7} | {i * 11}" for i in range(120))
    pool = candidates([passage(table)])
    assert len(pool) > 3
    assert max(len(candidate.text) for candidate in pool) <= LONGEST
    assert all(table[candidate.start : candidate.end] == candidate.text for candidate in pool)


def test_near_repeats_are_put_aside() -> None:
    pool = candidates(
        [passage("The old mill makes paper of cotton."), passage("The old mill makes paper of Cotton!", page=2)]
    )
    kept, repeats = without_repeats(pool)
    assert len(kept) == len(repeats) == 1
