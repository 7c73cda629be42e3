"""The lecture's golden rules, each a ready pair to run: rules/*.yaml. What finds their flaws is prompts.lint.linter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from prompts.prompt import Prompt
from prompts.words import LANGUAGES
from rag.errors import ExperimentInvalid

_FOLDER = Path(__file__).parent / "rules"


@dataclass(frozen=True)
class Rule:
    """A golden rule. `less` and `better` are the pair by language, `values` what fills their variables.

    `finds` names the findings of prompts.lint that are breaches of this rule; `source` is a title with its address.
    """

    name: str
    order: int
    title: Mapping[str, str]
    why: Mapping[str, str]
    source: str
    less: Mapping[str, Prompt]
    better: Mapping[str, Prompt]
    values: Mapping[str, Mapping[str, str]]
    finds: tuple[str, ...]

    @classmethod
    def from_yaml(cls, name: str, text: str) -> Rule:
        """Read a rule's file. Raises ExperimentInvalid naming the file and the field, TemplateCode."""
        data = yaml.safe_load(text)
        if not isinstance(data, Mapping):
            raise ExperimentInvalid(where=f"{name}.yaml", wanted="order: 1 …")
        return cls(
            name=name,
            order=int(data.get("order", 0)),
            title=_both(name, data, "title"),
            why=_both(name, data, "why"),
            source=str(data.get("source", "")),
            less={lang: Prompt.from_json(one) for lang, one in _both(name, data, "less").items()},
            better={lang: Prompt.from_json(one) for lang, one in _both(name, data, "better").items()},
            values={
                lang: {str(key): str(value) for key, value in one.items()}
                for lang, one in _both(name, data, "values").items()
            },
            finds=tuple(str(one) for one in data.get("finds", ())),
        )


@cache
def rules() -> tuple[Rule, ...]:
    """Return the golden rules in the lecture's order."""
    found = [Rule.from_yaml(path.stem, path.read_text(encoding="utf-8")) for path in _FOLDER.glob("*.yaml")]
    return tuple(sorted(found, key=lambda rule: rule.order))


def rule_of(finding: str) -> Rule | None:
    """Return the golden rule that a finding of prompts.lint belongs to, or None: some are about test sets alone."""
    return next((rule for rule in rules() if finding in rule.finds), None)


def _both(name: str, data: Mapping[str, Any], field: str) -> dict[str, Any]:
    found = data.get(field)
    if not isinstance(found, Mapping) or not set(LANGUAGES) <= set(found):
        raise ExperimentInvalid(where=f"{name}.yaml: {field}", wanted="{en: …, es: …}")
    return {lang: found[lang] for lang in LANGUAGES}
