"""The strategies there are: the files of this package, and those of a folder of the user's own. It only reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prompts.strategy import Strategy
from rag.errors import FileNotText, PromptError, StrategyNotFound, StrategyUnreadable

SHIPPED = Path(__file__).parent / "templates"
_LARGEST = 200_000  # bytes; a strategy is a page or two


@dataclass(frozen=True)
class Library:
    """What could be read, in order, and what could not: each problem names its file, in words for a person."""

    strategies: tuple[Strategy, ...]
    problems: tuple[PromptError, ...] = ()


def shipped(extra: Path | None = None) -> tuple[Strategy, ...]:
    """Return the shipped strategies in order, with those of the folder `extra`; files that cannot be read are left out.

    `load` says which those are.
    """
    return load([extra] if extra else []).strategies


def load(folders: Iterable[Path] = ()) -> Library:
    """Return the shipped strategies and those of `folders`: a later file replaces an earlier one of the same name.

    A folder that is not there is empty.
    """
    libraries = [_shipped(), *map(_read, folders)]
    found = {one.name: one for library in libraries for one in library.strategies}
    ordered = sorted(found.values(), key=lambda one: (one.order, one.name))
    return Library(tuple(ordered), tuple(problem for library in libraries for problem in library.problems))


def strategy(name: str, extra: Path | None = None) -> Strategy:
    """Return one by its name. Raises StrategyNotFound."""
    for one in shipped(extra):
        if one.name == name:
            return one
    raise StrategyNotFound(name=name)


@cache
def _shipped() -> Library:
    return _read(SHIPPED)


def _read(folder: Path) -> Library:
    strategies: list[Strategy] = []
    problems: list[PromptError] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            strategies.append(Strategy.from_yaml(path.stem, _text(path)))
        except PromptError as error:
            problems.append(error)
    return Library(tuple(strategies), tuple(problems))


def _text(path: Path) -> str:
    """Return a file's text. Raises StrategyUnreadable."""
    try:
        if path.stat().st_size <= _LARGEST:
            return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path) from error
    raise _unreadable(path)


def _unreadable(path: Path) -> StrategyUnreadable:
    return StrategyUnreadable(file=path.name, reason=FileNotText(limit=f"{_LARGEST // 1000} kB"))
