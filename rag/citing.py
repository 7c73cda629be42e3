"""Verdicts to numbered citations, and what was found to the closest pages; it judges nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.finder import Found
from rag.result import Citation, Mark
from rag.verify import Evidence, Verdict

_CLOSEST = 3
_GLANCE = 280  # characters


@dataclass(frozen=True)
class Cited:
    """The citations of an answer in the order of their first use, and which sentence rests on which."""

    citations: tuple[Citation, ...] = ()
    marks: tuple[Mark, ...] = ()


def cite(verdicts: Sequence[Verdict]) -> Cited:
    """Number the evidence; the same quote has the same number wherever it is used."""
    numbers: dict[tuple[str, int, int, int], int] = {}
    citations: list[Citation] = []
    marks: list[Mark] = []
    for verdict in verdicts:
        evidence = verdict.evidence
        n = 0
        if evidence is not None:
            key = (evidence.document, evidence.page, evidence.start, evidence.end)
            n = numbers.setdefault(key, len(numbers) + 1)
            if n > len(citations):
                citations.append(_citation(n, evidence))
        marks.append(Mark(verdict.start, verdict.end, n))
    return Cited(tuple(citations), tuple(marks))


def _citation(n: int, evidence: Evidence) -> Citation:
    return Citation(
        n=n,
        document=evidence.document,
        name=evidence.name,
        page=evidence.page,
        quote=evidence.quote,
        start=evidence.start,
        end=evidence.end,
        score=evidence.score,
        unit=evidence.unit,
        label=evidence.label,
    )


def closest(found: Found) -> tuple[Citation, ...]:
    """Return the pages that came nearest to the question, best first, each with what was found on it."""
    pages: dict[tuple[str, int], Citation] = {}
    for passage in found.passages:
        key = (passage.document, passage.page)
        if key not in pages and len(pages) < _CLOSEST:
            pages[key] = Citation(
                n=len(pages) + 1,
                document=passage.document,
                name=passage.name,
                page=passage.page,
                quote=(quote := _beginning(passage.text)),
                start=passage.start,
                end=passage.start + len(quote),
                score=round(passage.score, 4),
                unit=passage.unit,
                label=passage.label,
            )
    return tuple(pages.values())


def _beginning(text: str) -> str:
    """Return as much of a passage as is read at a glance, cut after a word."""
    return text if len(text) <= _GLANCE else text[: text.rfind(" ", 0, _GLANCE)] or text[:_GLANCE]
