"""What a run was run with: models by their hashes, chat templates, decoding, seed and versions. It runs nothing."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import rag
from prompts.column import Column
from prompts.experiment import Experiment
from prompts.runs.tools import JUDGE, asks_judge, compares_meaning, judge_of

if TYPE_CHECKING:
    from rag.llm import LlamaChat
    from rag.models import Catalogue

_LIBRARIES = ("llama-cpp-python",)
_WHEN = ("started", "changed")  # what says nothing about how the answers came about


def pinned(experiment: Experiment, model: str) -> Experiment:
    """Return the experiment with "the model in use" named: a run keeps the model that it began with.

    So does its judge, where a check asks one: its name stands in `extra` (see prompts.runs.tools.JUDGE).
    """
    columns = tuple(replace(column, model=column.model or model) for column in experiment.columns)
    judge = {JUDGE: model} if asks_judge(experiment) and not judge_of(experiment) else {}
    return replace(experiment, columns=columns, extra={**experiment.extra, **judge})


def describe(
    experiment: Experiment, chat: Callable[[str], LlamaChat], catalogue: Catalogue, embedding: str = ""
) -> dict[str, Any]:
    """Return {app, versions, machine, models, template, templates, decoding, seed, started} of a pinned experiment.

    `models` are {name: sha256 of the file}, with the judge's and the embedding model where a column or a check uses
    them; `judge` and `embedding` say which those are. `templates` are {name: sha256 of the chat template's source},
    `template` is that of the first column; `decoding` lists the columns' in their order. Raises ModelNotReady,
    ModelNotInstalled, ...
    """
    used = {}
    if asks_judge(experiment):
        used["judge"] = chat(judge_of(experiment)).model
    asked = [*(chat(column.model).model for column in experiment.columns), *used.values()]
    names = list(dict.fromkeys(asked))
    templates = {name: _sha256(chat(name).template) for name in names}
    if embedding and (compares_meaning(experiment) or any(column.retrieval for column in experiment.columns)):
        used["embedding"] = embedding
    return {
        "app": rag.__version__,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        "machine": f"{platform.system()} {platform.machine()}",
        "models": {name: catalogue.digest(name) for name in dict.fromkeys([*names, *used.values()])},
        **used,
        "template": templates[asked[0]],
        "templates": templates,
        "decoding": [_decoding(column) for column in experiment.columns],
        "seed": experiment.seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def differs(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what differs between two, by dotted names ("models.qwen", "versions.python"); not when they began."""
    first, second = dict(_flat(one)), dict(_flat(other))
    return tuple(sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if not before and name in _WHEN:
            continue
        if isinstance(value, (list, tuple)) and any(isinstance(one, Mapping) for one in value):
            value = {str(number): one for number, one in enumerate(value, 1)}
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, list(value) if isinstance(value, tuple) else value


def _decoding(column: Column) -> dict[str, Any]:
    """Return a column's label and decoding, without its own seed: a cell's follows from the experiment's."""
    values = {"label": column.label} | asdict(column.decoding) | {"stop": list(column.decoding.stop)}
    return {name: value for name, value in values.items() if name != "seed"}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
