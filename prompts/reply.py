"""What a column answered to a row: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rag.said import Place

Stage = Literal["waiting", "searching", "reading", "writing", "done"]


@dataclass(frozen=True)
class Source:
    """A passage that retrieval put into the prompt."""

    document: str
    name: str
    page: int
    text: str
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class Reply:
    """One answer. `prompt` is what the model read, control tokens spelled out; `seconds` without waiting for a turn.

    `turns`: who says what in the prompt (see rag.said); empty for what an older Aula kept.

    With self-consistency `samples` holds every answer, `votes` how many of them said what, and `text` the first one
    that says what most say. `stats` are LlamaChat's, summed over samples. `error`: what stopped it, in both
    languages.
    """

    stage: Stage = "waiting"
    text: str = ""
    prompt: str = ""
    model: str = ""
    seed: int = 0
    seconds: float = 0.0
    samples: tuple[str, ...] = ()
    votes: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    stats: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, str] = field(default_factory=dict)
    turns: tuple[Place, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether it was cut short by whoever asked."""
        return self.stats.get("finish_reason") == "cancelled"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON that `from_json` reads."""
        return {
            "stage": self.stage,
            "text": self.text,
            "prompt": self.prompt,
            "model": self.model,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "samples": list(self.samples),
            "votes": dict(self.votes),
            "sources": [vars(source) for source in self.sources],
            "stats": dict(self.stats),
            "error": dict(self.error),
            "turns": [list(place) for place in self.turns],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reply:
        """Read what `to_json` gave."""
        return cls(
            stage=data["stage"],
            text=data["text"],
            prompt=data["prompt"],
            model=data["model"],
            seed=data["seed"],
            seconds=data["seconds"],
            samples=tuple(data["samples"]),
            votes=data["votes"],
            sources=tuple(Source(**source) for source in data["sources"]),
            stats=data["stats"],
            error=data["error"],
            turns=_places(data.get("turns")),
        )


def _places(kept: object) -> tuple[Place, ...]:
    """Return who says what as it was kept; none where it is no list of triples."""
    listed = kept if isinstance(kept, list | tuple) else ()
    if not all(isinstance(one, list | tuple) and len(one) == 3 for one in listed):
        return ()
    return tuple((role, start, end) for role, start, end in listed)
