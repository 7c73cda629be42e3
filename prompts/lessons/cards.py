"""Replication cards: published findings as small experiments, read from cards/*.yaml over the test sets in sets/.

It asks no model and judges no answer; what a run of a card says about the finding is in prompts/lessons/conclude.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from prompts.column import Column
from prompts.experiment import Experiment, Row, read_check
from prompts.words import LANGUAGES
from rag.errors import StrategyNotFound

_FOLDER = Path(__file__).parent
EXPECTS = ("better", "same", "varies")
CARD = "card"  # where a run of a card keeps its name, in the experiment's `extra`
_NOTES = ("work",)  # what a set notes of a row for its test, not for the model
_SEED = 1


@dataclass(frozen=True)
class Card:
    """One finding. Texts are by language; `minutes` is what the default model takes on two cores, about.

    `expects`: in every pair of columns (a, b) b is "better" than a, or both are the "same"; or accuracy "varies"
    between some of them. `figures`: the published accuracy of the first pair's a and b in percent, where there is one.
    """

    name: str
    order: int
    title: Mapping[str, str]
    why: Mapping[str, str]
    source: str
    published: Mapping[str, str]
    expects: str
    pairs: tuple[tuple[int, int], ...]
    minutes: int
    figures: Mapping[str, float] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def experiment(self, lang: str, limit: int | None = None) -> Experiment:
        """Return what is run, in a language (one that is not known reads English); at most `limit` rows."""
        said = _in(self.data, lang if lang in LANGUAGES else "en")
        rows = _rows(said["set"], lang if lang in LANGUAGES else "en")[: limit or said.get("limit")]
        return Experiment(
            columns=tuple(Column.from_json(one, n) for n, one in enumerate(said["columns"], start=1)),
            rows=tuple(rows),
            checks=(read_check(said["check"]),),
            seed=_SEED,
            name=said["title"],
            extra={CARD: self.name},
        )

    @property
    def items(self) -> int:
        """How many rows it has."""
        return len(self.experiment("en").rows)


@cache
def cards() -> tuple[Card, ...]:
    """Return the cards that ship, by `order`."""
    found = [_card(path.stem, _read(path)) for path in (_FOLDER / "cards").glob("*.yaml")]
    return tuple(sorted(found, key=lambda card: card.order))


def card(name: str) -> Card:
    """Return a card by name. Raises StrategyNotFound."""
    for one in cards():
        if one.name == name:
            return one
    raise StrategyNotFound(name=name)


def _card(name: str, data: Mapping[str, Any]) -> Card:
    texts = {key: data[key] for key in ("title", "why", "published")}
    return Card(
        name=name,
        order=data["order"],
        source=data["source"],
        expects=data["expects"],
        pairs=tuple((a, b) for a, b in data["pairs"]),
        minutes=data["minutes"],
        figures=data.get("figures", {}),
        data=data,
        **texts,
    )


def _rows(name: str, lang: str) -> list[Row]:
    """Return the rows of a set. `others: x` gives each the other rows' x, half `before` and half `after` its own."""
    data = read_set(name)
    rows = [
        {key: str(value) for key, value in one.items() if key not in _NOTES} for one in (_in(data["rows"], lang) or [])
    ]
    if data.get("others"):
        rows = [row | _among([one[data["others"]] for one in rows], at) for at, row in enumerate(rows)]
    return [Row(values=row) for row in rows]


def _among(passages: Sequence[str], at: int) -> dict[str, str]:
    turned = [*passages[at + 1 :], *passages[:at]]  # so that no passage is always near the question
    rest = [one for one in dict.fromkeys(turned) if one != passages[at]]
    half = len(rest) // 2
    return {"before": "\n\n".join(rest[:half]), "after": "\n\n".join(rest[half:])}


def read_set(name: str) -> dict[str, Any]:
    """Return a test set as it is written: {source, licence, rows, others}. `name` comes from a card that ships."""
    return _read(_FOLDER / "sets" / f"{name}.yaml")


def _in(data: Any, lang: str) -> Any:  # noqa: ANN401 - YAML holds anything
    """Return the data with every {en: …, es: …} replaced by the text of one language."""
    if isinstance(data, Mapping):
        if set(data) == set(LANGUAGES):
            return _in(data[lang], lang)
        return {key: _in(value, lang) for key, value in data.items()}
    if isinstance(data, list):
        return [_in(value, lang) for value in data]
    return data


@cache
def _read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded
