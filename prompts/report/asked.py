"""The report's account of what was asked: each column's prompt and settings, and in what they differ."""

from __future__ import annotations

import json

from markupsafe import Markup

from prompts.column import Column, differences
from prompts.experiment import Experiment
from prompts.prompt import Prompt
from prompts.promptfoo.expected import written
from prompts.report.bilingual import block, both, each, joined, terms
from prompts.words import say
from rag.settings import RANGES

_NAMED = ("system", "examples", "user", "begin", "model", "retrieval", "documents", "samples", "schema")


def asked(experiment: Experiment) -> Markup:
    """Return what differs, the checks for all rows, and the columns."""
    parts = [Markup("<p>{}</p>").format(_differing(experiment))]
    if experiment.checks:
        checks = joined(Markup("<li><code>{}</code></li>").format(written(one)) for one in experiment.checks)
        parts.append(Markup("<h3>{}</h3><ul>{}</ul>").format(both("report.checks"), checks))
    columns = joined(_column(column) for column in experiment.columns)
    return Markup('{}<div class="columns">{}</div>').format(joined(parts), columns)


def _differing(experiment: Experiment) -> Markup:
    found = differences(experiment.columns)
    if len(experiment.columns) < 2:
        return both("report.one_column")
    if not found:
        return both("report.differ_none")
    key = "report.differ_one" if len(found) == 1 else "report.differ_many"
    return each(lambda lang: say(lang, key, what=", ".join(_trait(name, lang) for name in found)))


def _trait(name: str, lang: str) -> str:
    return say(lang, f"report.part_{name}") if name in _NAMED else name


def _column(column: Column) -> Markup:
    return Markup("<section><h3>{}</h3>{}{}</section>").format(
        column.label, _prompt(column.prompt), terms(_settings(column))
    )


def _prompt(prompt: Prompt) -> Markup:
    parts: list[tuple[str, str]] = [("system", prompt.system)] if prompt.system else []
    for shot in prompt.shots:
        parts += [("shot_user", shot.user), ("shot_assistant", shot.assistant)]
    parts.append(("user", prompt.user))
    if prompt.begin:
        parts.append(("begin", prompt.begin))
    return joined(
        Markup('<p class="part">{}</p>{}').format(both(f"report.part_{name}"), block(text)) for name, text in parts
    )


def _settings(column: Column) -> list[tuple[str | Markup, str | Markup]]:
    found: list[tuple[str | Markup, str | Markup]] = []
    if column.strategy:
        found.append((both("report.strategy"), column.strategy))
    found.append((both("report.part_model"), column.model or both("report.model_in_use")))
    decoding = {name: getattr(column.decoding, name) for name in RANGES if name != "seed"}
    stop = [json.dumps(one, ensure_ascii=False) for one in column.decoding.stop]
    said = [f"{name} {value:g}" for name, value in decoding.items()] + ([f"stop {', '.join(stop)}"] if stop else [])
    found.append((both("report.decoding"), ", ".join(said)))
    found.append((both("report.parse"), both(f"check.parse_{column.parse}")))
    if column.samples > 1:
        found.append((both("report.part_samples"), str(column.samples)))
    if column.retrieval:
        which = both("report.documents_all") if column.documents is None else str(len(column.documents))
        found.append((both("report.part_retrieval"), which))
    if column.schema is not None:
        found.append((both("report.part_schema"), block(json.dumps(column.schema, ensure_ascii=False, indent=2))))
    return found
