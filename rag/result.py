"""What an answer is made of, at every stage: values only, and their plain form for the web API and the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from rag.said import Place
from rag.window import Window


@dataclass(frozen=True)
class Citation:
    """A passage that the answer rests on, or that came closest to it.

    `quote` is page_text[start:end] of that page, word for word; `score` (0..1) says how well it fits. `unit`: page |
    slide | sheet | section, which `page` counts; `label`: the name of a sheet.
    """

    n: int
    document: str
    name: str
    page: int
    quote: str
    start: int
    end: int
    score: float
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class Mark:
    """What is known of a sentence of the answer, answer[start:end]: its citation, or 0 for not found."""

    start: int
    end: int
    n: int


@dataclass(frozen=True)
class Seen:
    """A passage as the model read it, with the share of the prompt's tokens that it took (0..1)."""

    name: str
    page: int
    text: str
    tokens: int
    share: float
    document: str = ""
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class LeftOut:
    """A passage that was found and not given to the model. `reason`: repeat | weaker | room."""

    name: str
    page: int
    text: str
    reason: str
    document: str = ""
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class Reading:
    """What the model saw: the exact prompt, control tokens spelled out, and what became of each passage.

    `turns`: who says what in it (see rag.said); empty where that is not known.
    """

    prompt: str
    passages: tuple[Seen, ...] = ()
    dropped: tuple[LeftOut, ...] = ()
    turns: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Answer:
    """An answer on its way. `stage`: retrieving | reading | writing | done.

    `abstained`: the documents do not hold it, and `closest` says which pages come nearest. `caution`: the evidence is
    weak. `searched`: what was searched for, where that is not the question; `how`: rewritten | terms.
    """

    stage: str
    text: str = ""
    abstained: bool = False
    caution: bool = False
    citations: tuple[Citation, ...] = ()
    marks: tuple[Mark, ...] = ()
    closest: tuple[Citation, ...] = ()
    stats: Mapping[str, object] = field(default_factory=dict)
    window: Window | None = None
    stopped: bool = False
    searched: str = ""
    how: str = ""
    progress: tuple[int, int] = (0, 0)
    reading: Reading | None = None

    @property
    def unsupported(self) -> tuple[str, ...]:
        """The sentences for which nothing was found."""
        return tuple(self.text[mark.start : mark.end] for mark in self.marks if not mark.n)

    def to_json(self) -> dict[str, object]:
        """Return the form of the web API's /ask."""
        return {
            "stage": self.stage,
            "answer": self.text,
            "abstained": self.abstained,
            "caution": self.caution,
            "citations": [asdict(citation) for citation in self.citations],
            "unsupported": list(self.unsupported),
            "marks": [asdict(mark) for mark in self.marks],
            "closest": [asdict(citation) for citation in self.closest],
            "stats": dict(self.stats),
            "window": asdict(self.window) if self.window else None,
            "stopped": self.stopped,
            "searched": self.searched,
            "how": self.how,
            "progress": list(self.progress),
            "reading": asdict(self.reading) if self.reading else None,
        }
