"""How a page would be cut: as it will be, in the model's tokens, and for nobody but its owner."""

from __future__ import annotations

import itertools
import re
from typing import cast

import pytest

from rag.chunking import Cut, chunk_page
from rag.dense import Dense
from rag.errors import DocumentNotFound
from rag.pages import PageText
from rag.preview import Previewer
from rag.store import Facts, Store
from rag.tokens import Estimate

DOCUMENT = "d" * 64
TEXT = "CURSO DE PLN\n" + " ".join(f"La frase número {n} dice algo que nadie más dice." for n in range(40)) + "\n7"
PAGE = PageText(2, TEXT, "text", "", (13, len(TEXT) - 2), ((13, 1),))


class Words:
    """A token a word."""

    limit = 500

    def count(self, text: str) -> int:
        return len(text.split())

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [found.span() for found in re.finditer(r"\S+", text)]


class Model:
    """An embedding model that is there, or on its way."""

    def __init__(self, state: str) -> None:
        self.state = state

    def tokens(self) -> Words | None:
        assert self.state == "ready", "a person would wait here"
        return Words()


@pytest.fixture
def store(database) -> Store:
    held = Store(database)
    held.save(Facts(DOCUMENT, ".pdf", 1, "", "page", "es", "ready"), [PageText(1, "", "empty"), PAGE], [])
    held.hold("ana", DOCUMENT, "curso.pdf")
    return held


def previewer(database: object, state: str) -> Previewer:
    return Previewer(database, cast(Dense, Model(state)))  # type: ignore[arg-type]


def test_the_preview_is_the_cut_that_will_be_made(database, store) -> None:
    found = previewer(database, "ready").cut("ana", DOCUMENT, 2, Cut(60, 20))
    spans, _ = chunk_page(PAGE, Cut(60, 20), Words())
    assert found.text == TEXT
    assert found.spans == tuple(spans)
    assert found.exact
    assert found.longest == max(len(TEXT[span.start : span.end].split()) for span in spans)
    assert found.shared == sum(len(TEXT[b.start : a.end].split()) for a, b in itertools.pairwise(spans)) > 0
    empty = previewer(database, "ready").cut("ana", DOCUMENT, 1, Cut())
    assert (empty.text, empty.spans, empty.longest, empty.shared) == ("", (), 0, 0)


def test_while_the_model_loads_tokens_are_estimated(database, store) -> None:
    found = previewer(database, "loading").cut("ana", DOCUMENT, 2, Cut(60, 20))
    assert not found.exact
    assert found.spans == tuple(chunk_page(PAGE, Cut(60, 20), Estimate())[0])


def test_nobody_elses_page_is_shown(database, store) -> None:
    for owner, document, number in (("berta", DOCUMENT, 2), ("ana", "e" * 64, 2), ("ana", DOCUMENT, 3)):
        with pytest.raises(DocumentNotFound):
            previewer(database, "ready").cut(owner, document, number, Cut())
