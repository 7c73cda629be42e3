"""What a column can be filled with: shipped strategies, pairs of the golden rules, and what a person has saved.

It lists and finds; it knows no components.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from prompts import library
from prompts.column import Column
from prompts.prompt import Prompt
from prompts.rules import Rule, rules
from prompts.services import Services
from prompts.strategy import Strategy
from rag.errors import StrategyNotFound
from rag.settings import PRESETS
from ui.texts import say

_GROUPS = {"strategy": "play.group_strategy", "task": "play.group_task"}
_STRATEGY, _RULE, _SAVED = "strategy:", "rule:", "saved:"
SAVED_KIND: Literal["strategy"] = "strategy"


@dataclass(frozen=True)
class Picked:
    """What a choice puts into the page: one column, or the two of a pair, and values for their variables."""

    columns: tuple[Column, ...]
    values: Mapping[str, str] = field(default_factory=dict)


class StrategyChoices:
    """The choices of one person's strategy list. Every call names the owner: saved ones are the owner's."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; files are read at every look, so that an edited one counts at once."""
        self._services = services

    def choices(self, owner: str, lang: str) -> list[tuple[str, str]]:
        """Return (name, value) of each choice: strategies, tasks, golden rules, the owner's."""
        found = [(_titled(lang, _GROUPS[one.kind], one.title[lang]), _STRATEGY + one.name) for one in self._shipped()]
        found += [(_titled(lang, "play.group_rule", one.title[lang]), _RULE + one.name) for one in rules()]
        saved = self._services.saved.list(owner, SAVED_KIND)
        found += [(_titled(lang, "play.group_saved", item.name), _SAVED + item.key) for item in saved]
        return found

    def problems(self, lang: str) -> list[str]:
        """Return in words which files of the person's own folder cannot be read."""
        return [problem.text(lang) for problem in self._library().problems]

    def pick(self, value: str, owner: str, lang: str) -> Picked:
        """Return what a choice stands for. Raises StrategyNotFound, and what a saved column cannot be read for."""
        if value.startswith(_RULE):
            return _pair(_rule(value.removeprefix(_RULE)), lang)
        if value.startswith(_SAVED):
            item = self._services.saved.get(owner, value.removeprefix(_SAVED))
            return Picked((Column.from_json(item.content),))
        strategy = self._strategy(value.removeprefix(_STRATEGY))
        return Picked((strategy.column(lang),), strategy.worked[lang].values)

    def about(self, name: str, lang: str) -> str:
        """Return title, why and source of what a column came from, folded; nothing for what is not known any more."""
        if not name:
            return ""
        try:
            if name.startswith(_RULE):
                rule = _rule(name.removeprefix(_RULE).partition("/")[0])
                return _about(rule.why[lang], _text(rule.source, lang), "", lang)
            strategy = self._strategy(name)
        except StrategyNotFound:
            return ""
        return _about(strategy.why[lang], strategy.source, strategy.worked[lang].answer, lang)

    def _library(self) -> library.Library:
        return library.load([self._services.settings.strategies_dir])

    def _shipped(self) -> tuple[Strategy, ...]:
        """Return the strategies, the ways of asking before the tasks."""
        return tuple(sorted(self._library().strategies, key=lambda one: one.kind != "strategy"))

    def _strategy(self, name: str) -> Strategy:
        return library.strategy(name, self._services.settings.strategies_dir)


def chosen(name: str, choices: Sequence[tuple[str, str]]) -> str | None:
    """Return the choice that a column with `Column.strategy` `name` came from, if it is still there."""
    value = name.partition("/")[0] if name.startswith(_RULE) else _STRATEGY + name
    return value if value in {known for _, known in choices} else None


def _rule(name: str) -> Rule:
    for rule in rules():
        if rule.name == name:
            return rule
    raise StrategyNotFound(name=name)


def _pair(rule: Rule, lang: str) -> Picked:
    """Return the less effective form and the better one, which differ in their prompt only."""

    def column(prompt: Prompt, key: str, half: str) -> Column:
        return Column(say(lang, key), prompt, strategy=f"{_RULE}{rule.name}/{half}", decoding=PRESETS["precise"])

    return Picked(
        (column(rule.less[lang], "play.rule_less", "less"), column(rule.better[lang], "play.rule_better", "better")),
        rule.values[lang],
    )


def _titled(lang: str, group: str, title: str) -> str:
    return f"{say(lang, group)} · {title}"


def _text(source: object, lang: str) -> str:
    return str(source.get(lang, "")) if isinstance(source, Mapping) else str(source)


def _about(why: str, source: str, expected: str, lang: str) -> str:
    example = Markup("<p>{} <q>{}</q></p>").format(say(lang, "play.expected"), expected) if expected else Markup("")
    return str(
        Markup(
            '<details class="aula-about"><summary>{}</summary><p>{}</p>{}<p class="aula-caption">{}</p></details>'
        ).format(say(lang, "play.why"), why, example, say(lang, "play.source", source=source))
    )
