"""python -m bench retrieval --pdf: does the page come first that answers a question of our own?

A question set names pages, never their text: the PDFs stay where they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.corpus import OWNER, Book, Corpus, shelved
from bench.ranks import DEPTH, place, shares
from rag.chunking import Cut
from rag.loaders import parse

_DEEP = 4 * DEPTH  # chunks, so that there are pages enough among them


@dataclass(frozen=True)
class Asked:
    """A question, and the pages of `file` that answer it, each alone."""

    file: str
    question: str
    pages: frozenset[int]


def read_questions(paths: Sequence[Path], part: str = "all") -> list[Asked]:
    """Read question sets; `part` keeps those that are marked dev or test."""
    rows = [row for path in paths for row in json.loads(path.read_text(encoding="utf-8"))["questions"]]
    return [
        Asked(row["file"], row["question"], frozenset(row["pages"])) for row in rows if part in ("all", row["part"])
    ]


def run(files: Sequence[Path], questions: Sequence[Path], embedding: str, part: str, cut: Cut) -> dict[str, Any]:
    """Return {n, chunks, hit@1, hit@3, hit@5, mrr@10} of pages, over all questions about these files."""
    names = [file.name for file in files]
    asked = [one for one in read_questions(questions, part) if one.file in names]
    with shelved([_book(file) for file in files], embedding, cut) as corpus:
        documents = dict(zip(names, corpus.ids, strict=True))
        places = [place(_pages(corpus, one.question), _right(documents[one.file], one)) for one in asked]
        return {"n": len(asked), "chunks": corpus.chunks, **shares(places)}


def _book(file: Path) -> Book:
    parsed = parse(file, file.name)
    return Book(file.name, parsed.pages, file.suffix, parsed.unit)


def _right(document: str, asked: Asked) -> set[tuple[str, int]]:
    return {(document, page) for page in asked.pages}


def _pages(corpus: Corpus, question: str) -> list[tuple[str, int]]:
    """Return (document, page), the best first."""
    found = corpus.retriever.search(OWNER, question, k=_DEEP)
    return list(dict.fromkeys((passage.document, passage.page) for passage in found))
