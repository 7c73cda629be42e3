"""The guessing game's levels, secrets and attacks, read from levels.yaml and attacks.yaml. It asks no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from prompts.lessons.defence import Defence
from prompts.prompt import Prompt
from rag.errors import StrategyNotFound

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Level:
    """One level: what it `teaches` in two sentences, by language, and how it defends the secret.

    `reads` is what the player writes: a "message", or a "document" that stands among the model's passages.
    """

    number: int
    name: str
    title: Mapping[str, str]
    teaches: Mapping[str, str]
    source: str
    reads: str
    defences: Mapping[str, Defence]

    def defence(self, lang: str) -> Defence:
        """Return the defence in a language; one that is not known reads English."""
        return self.defences.get(lang, self.defences["en"])


@dataclass(frozen=True)
class Probe:
    """A text that a defence is tried with. `wants` empty: an attack; else one of them tells that it was answered."""

    text: str
    wants: tuple[str, ...] = ()

    @property
    def attack(self) -> bool:
        """Whether it is after the secret."""
        return not self.wants


@cache
def levels() -> tuple[Level, ...]:
    """Return the levels in order, numbered from 1."""
    data = _read("levels.yaml")
    return tuple(_level(n, one, data["asking"]) for n, one in enumerate(data["levels"], start=1))


def level(number: int) -> Level:
    """Return a level by its number. Raises StrategyNotFound."""
    found = levels()
    if not 1 <= number <= len(found):
        raise StrategyNotFound(name=str(number))
    return found[number - 1]


@cache
def secrets() -> tuple[Mapping[str, str], ...]:
    """Return the secret words, each in every language."""
    return tuple(_read("levels.yaml")["secrets"])


def scored() -> Mapping[str, str]:
    """Return the word that defences are scored with, which no player has to guess."""
    found: Mapping[str, str] = _read("levels.yaml")["scored"]
    return found


@cache
def probes(reads: str, lang: str) -> tuple[Probe, ...]:
    """Return the attacks and the harmless texts for levels that read messages or documents, one of each by turns."""
    data = _read("attacks.yaml")[reads]
    attacks = [Probe(text) for text in data["attacks"][lang]]
    harmless = [Probe(one["text"], tuple(one["wants"])) for one in data["harmless"][lang]]
    longest = max(len(attacks), len(harmless))
    return tuple(group[at] for at in range(longest) for group in (attacks, harmless) if at < len(group))


def _level(number: int, data: Mapping[str, Any], asking: Mapping[str, list[str]]) -> Level:
    filters = {lang: tuple(words) if data.get("input") else () for lang, words in asking.items()}
    return Level(
        number=number,
        name=data["name"],
        title=data["title"],
        teaches=data["teaches"],
        source=data["source"],
        reads=data["reads"],
        defences={
            lang: Defence(Prompt.from_json(prompt), filters[lang], bool(data.get("output")))
            for lang, prompt in data["prompt"].items()
        },
    )


def asking(lang: str) -> tuple[str, ...]:
    """Return the words that the input filter looks for."""
    return tuple(_read("levels.yaml")["asking"][lang])


@cache
def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))
    return loaded
